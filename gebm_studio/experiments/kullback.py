"""KL(P‖G) and KL(P‖Q) of a GEBM against its target: exact where it can be, else estimated, else infinite."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.divergences import Quadrature, kl_1d, kl_on_grid, knn_kl
from gebm_studio.experiments.maps import grid
from gebm_studio.models import Gebm
from gebm_studio.models.bases import Circle
from gebm_studio.targets import Target, VonMises

CELLS = 400
NODES = 4096
NEIGHBOUR_DIMENSIONS = 4
NEIGHBOUR_LIMIT = 1.0
"""Nats up to which the neighbour estimate's bias stays small; at 4 nats it was measured to be −0.7 to −1.1."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class KlPair:
    """KL(P‖G) and KL(P‖Q) in nats, each with how it was found, or NaN with why it is not shown."""

    base: float
    gebm: float
    base_note: str
    gebm_note: str


class Remembered:
    """The quadrature of a model that has not moved since: on some targets it takes most of a second."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._found: tuple[KlPair, float] | None = None

    def of(self, version: int | None, compute: Callable[[], tuple[KlPair, float]]) -> tuple[KlPair, float]:
        """What `compute` gives, once for each version of the model; every time where the version is None."""
        if self._found is None or version is None or version != self._version:
            self._found, self._version = compute(), version
        return self._found


@torch.no_grad()
def kl_pair(
    model: Gebm,
    target: Target,
    generator: torch.Generator,
    bound: float,
    bound_stderr: float,
    remembered: Remembered,
    version: int | None = None,
) -> Callable[[], KlPair | None]:
    """Both divergences of the model as it is now, or None where no trustworthy number is to be had.

    What is returned computes them; only the slow search for neighbours waits until it is called.

    Arguments:
        model: The GEBM.
        target: Its target P.
        generator: Draws the base's sample of the neighbour estimate.
        bound: L(E) on held-out data, for KL(P‖Q) = KL(P‖G) − L(E).
        bound_stderr: Its standard error.
        remembered: The quadrature of before.
        version: Of the model, another one whenever it has moved; None where that is not known.
    """
    base = model.base
    if isinstance(target, VonMises) and isinstance(base, Circle):
        return _known(_on_circle(model, base, target))
    if target.intrinsic_dim < target.dim or base.latent_dim < target.dim:
        why = "∞: data and base do not share a support of full dimension"
        return _known(KlPair(math.inf, math.inf, why, why))
    if target.has_density and base.has_density and target.dim == 2:
        return _known(_in_plane(model, target, bound, bound_stderr, lambda compute: remembered.of(version, compute)))
    if target.dim > NEIGHBOUR_DIMENSIONS:
        return _known(None)
    x = _array(target.held_out)
    y = _array(base(model.prior(len(x), generator)))
    return lambda: _by_neighbours(x, y, bound, bound_stderr)


def _known(pair: KlPair | None) -> Callable[[], KlPair | None]:
    return lambda: pair


def _by_neighbours(x: Array, y: Array, bound: float, bound_stderr: float) -> KlPair:
    value, error = knn_kl(x, y)
    if max(value, bound) > NEIGHBOUR_LIMIT:
        # L(E) is a lower bound on KL(P‖G): where it is large the neighbours' small value is only their bias.
        why = f"not shown: above {NEIGHBOUR_LIMIT:g} nat nearest neighbours fall short (n = {len(x)})"
        return KlPair(math.nan, math.nan, why, why)
    return KlPair(
        value,
        value - bound,
        f"nearest neighbours, n = {len(x)}, standard error {error:.2g}",
        f"KL(P‖G) − L(E), standard error {math.hypot(error, bound_stderr):.2g}",
    )


def _on_circle(model: Gebm, base: Circle, target: VonMises) -> KlPair:
    where = torch.cat((base.center, base.log_radius.exp().reshape(1))).cpu()
    if not torch.allclose(where, torch.tensor([*target.center, target.radius]), rtol=0, atol=1e-6):
        why = "∞: data and base live on different circles"
        return KlPair(math.inf, math.inf, why, why)

    def energy(angle: Array) -> Array:
        return _array(model.energy(base.at_angle(torch.as_tensor(angle).to(where).to(model.device))))

    def log_p(angle: Array) -> Array:
        return _array(target.angle_log_density(torch.as_tensor(angle)))

    angles: Array = (np.arange(NODES, dtype=np.float64) + 0.5) * (2 * math.pi / NODES) - math.pi
    pair, _ = _by_quadrature(
        lambda log_q: kl_1d(log_p, log_q, -math.pi, math.pi),
        lambda angle: np.full_like(angle, -math.log(2 * math.pi)),
        energy,
        angles,
        2 * math.pi / NODES,
        "quadrature on the circle",
    )
    return pair


def _in_plane(
    model: Gebm,
    target: Target,
    bound: float,
    bound_stderr: float,
    once: Callable[[Callable[[], tuple[KlPair, float]]], tuple[KlPair, float]],
) -> KlPair:
    # Half as wide again as the picture that shows nearly all of the data.
    left, right, bottom, top = target.home
    x, y = (right - left) / 4, (top - bottom) / 4
    extent = (left - x, right + x, bottom - y, top + y)

    def energy(points: Array) -> Array:
        return _array(model.energy(torch.as_tensor(points, dtype=torch.float32, device=model.device)))

    def log_g(points: Array) -> Array:
        return _array(model.base.log_density(torch.as_tensor(points, device=model.device)))

    def log_p(points: Array) -> Array:
        return _array(target.log_density(torch.as_tensor(points)))

    # Where the target's tails reach far beyond its picture, as a funnel's do, the mean over the
    # held-out points knows more than a grid that cuts them.
    terms = log_p(_array(target.held_out)) - log_g(_array(target.held_out))
    stderr = float(terms.std()) / math.sqrt(len(terms))
    cell = (extent[1] - extent[0]) * (extent[3] - extent[2]) / CELLS**2
    pair, error = once(
        lambda: _by_quadrature(
            lambda log_q: kl_on_grid(log_p, log_q, extent, CELLS),
            log_g,
            energy,
            _array(grid(extent, CELLS, torch.device("cpu"))),
            cell,
            f"quadrature on {CELLS} × {CELLS} cells",
        )
    )
    if error <= stderr:
        return pair
    value = float(terms.mean())
    return KlPair(
        value,
        value - bound,
        f"mean of log p − log g over {len(terms)} held-out points, standard error {stderr:.2g}",
        f"KL(P‖G) − L(E), standard error {math.hypot(stderr, bound_stderr):.2g}",
    )


def _by_quadrature(
    kl: Callable[[Callable[[Array], Array]], Quadrature],
    log_g: Callable[[Array], Array],
    energy: Callable[[Array], Array],
    nodes: Array,
    cell: float,
    how: str,
) -> tuple[KlPair, float]:
    """Both divergences with log q = log g − E − log Z, log Z over the same support, and the larger error."""
    exponents = log_g(nodes) - energy(nodes)
    log_z = float(np.logaddexp.reduce(exponents)) + math.log(cell)
    base, gebm = kl(log_g), kl(lambda x: log_g(x) - energy(x) - log_z)
    pair = KlPair(
        base.value, gebm.value, f"{how}, error about {base.error:.1g}", f"{how}, error about {gebm.error:.1g}"
    )
    return pair, max(base.error, gebm.error)


def _array(x: Tensor) -> NDArray[Any]:
    flat = x.detach().flatten(1) if x.dim() > 1 else x.detach()
    array: NDArray[Any] = flat.double().cpu().numpy()
    return array
