"""Every divergence of a pair: its value, its error, and how it was found."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gebm_studio.divergences import knn_kl
from gebm_studio.experiments.lab.found import Found, half, root
from gebm_studio.experiments.lab.kernel_values import features_of, kale_of, lipschitz_of, mmd2_of
from gebm_studio.experiments.lab.later import Pieces, finished
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.phi import phi_by_quadrature, phi_of
from gebm_studio.experiments.lab.transports import is_assigned, sinkhorn_of, sliced_of, w1_of, w2_of
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.messages.divergences import Value
from gebm_studio.schema.measures import PHI, Measure, Phi

_FEW = 400
"""Points up to which neighbours and sorted slices take a frame's time; sums of kernels do for twice as many."""


class Values:
    """The values of one pair, each found once."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self._known: dict[Measure, Value] = {}
        self._phi: dict[Phi, Found] | None = None

    def known(self, name: Measure) -> Value | None:
        """What has been found already."""
        return self._known.get(name)

    def value(self, name: Measure) -> Value:
        """One divergence, found now where it is not known."""
        return finished(self.in_pieces(name))

    def in_pieces(self, name: Measure) -> Pieces[Value]:
        """One divergence, a piece at a time."""
        if name not in self._known:
            try:
                found = yield from self._find(name)
            except Unknown as reason:
                found = Found(math.nan, math.nan, "", str(reason))
            except ValueError as error:
                # What the formulas refuse, such as more neighbours than points, is told beside the name.
                found = Found(math.nan, math.nan, "", str(error))
            self._known[name] = Value(name, found.value, found.error, found.protocol, found.note)
        return self._known[name]

    def all_in_pieces(self, names: Iterable[Measure]) -> Pieces[None]:
        """Several divergences, at least a piece for each."""
        for name in names:
            yield from self.in_pieces(name)
            yield

    def is_slow(self, name: Measure) -> bool:
        """Whether a value takes longer than a frame may."""
        if name in self._known:
            return False
        pair = self.pair
        if name in ("sinkhorn", "kale_features"):
            return True
        if name in PHI:
            return pair.dimension == 2 and not pair.missing and not pair.by_samples and not self._has_formula(name)
        if name in ("w1", "w2"):
            return is_assigned(pair, 1 if name == "w1" else 2)
        if name in ("kale", "lipschitz_w1"):
            return pair.has_slow_critic or (name == "lipschitz_w1" and is_assigned(pair, 1))
        if name in ("knn_kl", "sliced_w2"):
            return max(pair.size, pair.preset.measure.samples) > _FEW
        return name in ("mmd", "half_mmd2") and pair.size > 2 * _FEW

    def _has_formula(self, name: Phi) -> bool:
        try:
            return phi_of(self.pair, name) is not None
        except Unknown:
            return True

    def _find(self, name: Measure) -> Pieces[Found]:
        pair = self.pair
        match name:
            case "w1":
                return w1_of(pair)
            case "w2":
                return w2_of(pair)
            case "sliced_w2":
                return sliced_of(pair)
            case "sinkhorn":
                return sinkhorn_of(pair)
            case "mmd":
                return root(mmd2_of(pair))
            case "half_mmd2":
                return half(mmd2_of(pair))
            case "kale":
                return (yield from kale_of(pair))
            case "lipschitz_w1":
                return (yield from lipschitz_of(pair))
            case "kale_features":
                return features_of(pair)
            case "knn_kl":
                return _neighbours(pair)
        found = phi_of(pair, name)
        if found is not None:
            return found
        if self._phi is None:
            self._phi = yield from phi_by_quadrature(pair)
        return self._phi[name]


def _neighbours(pair: Pair) -> Found:
    measure = pair.preset.measure
    x, y = pair.draws(measure.samples)
    if min(len(x.points) - 1, len(y.points)) < measure.neighbours:
        raise Unknown(
            f"needs more than k = {measure.neighbours} points of P and k of Q, got {len(x.points)} and "
            f"{len(y.points)}; take more points or a smaller k"
        )
    found = knn_kl(x.points, y.points, measure.neighbours)
    protocol = f"n = {len(x.points)} and {len(y.points)}, k = {measure.neighbours}"
    return Found(found.value, found.stderr, protocol, "an estimate from draws, biased where KL is large")
