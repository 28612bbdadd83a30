"""Curves of divergences over a parameter, computed from the present value outwards."""

from __future__ import annotations

import math

import numpy as np

from gebm_studio.experiments.lab.later import Later, Pieces
from gebm_studio.experiments.lab.moving import allowed, moved_unchecked, present, values_over
from gebm_studio.experiments.lab.needs import needs_of
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.present import Present
from gebm_studio.experiments.lab.values import Values
from gebm_studio.messages.arrays import frozen
from gebm_studio.messages.divergences import Inset, SweptCurve, SweptPart
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.divergences import MOVED
from gebm_studio.schema.measures import ABOUT, Measure

_ACROSS = 201
"""Points of the inset's x."""
_HIGHEST = 1e30


class _Curve:
    """One curve: what it was computed under, and which of its values are."""

    def __init__(self, over: Doubles) -> None:
        self.values: Doubles = np.full(len(over), math.nan)
        self.fresh = np.zeros(len(over), dtype=bool)
        self.needs: tuple[object, ...] = ()

    @property
    def is_mixed(self) -> bool:
        """Whether values of earlier settings stand among its own."""
        return bool((~self.fresh & ~np.isnan(self.values)).any())


class SweptCurves:
    """All curves that are drawn, kept while only the swept parameter itself changes.

    Attributes:
        changes: How often something has changed.
        over: Values of the parameter (m,).
    """

    def __init__(self) -> None:
        self.changes = 0
        self.over: Doubles = np.empty(0)
        self._geometry: tuple[object, ...] = ()
        self._curves: dict[Measure, _Curve] = {}
        self._later: Later[None] = Later()

    def take(self, pair: Pair) -> None:
        """Speak of another pair from now on; curves that do not depend on the change stay."""
        preset, swept = pair.preset, pair.preset.swept
        self._pair = pair
        geometry = (swept.over, swept.low, swept.high, swept.points, swept.spacing, preset.space)
        if geometry != self._geometry:
            self._geometry, self._curves, self.over = geometry, {}, values_over(swept)
            self.changes += 1
        low, high = allowed(preset)
        self._able = (self.over >= low) & (self.over <= high)
        # The parameter itself, at any one value: what is left is all that the curves depend on.
        fixed = moved_unchecked(preset, float(self.over[0]))
        dropped = False
        for name in needed(preset):
            curve = self._curves.setdefault(name, _Curve(self.over))
            needs = needs_of(name, fixed)
            if needs != curve.needs:
                curve.needs, curve.fresh = needs, ~self._able
                self.changes += 1
                dropped = True
        if dropped:
            self._later = Later()

    @property
    def done(self) -> float:
        """The share that is computed."""
        curves = self._wanted()
        return float(np.mean([curve.fresh.mean() for curve in curves])) if curves else 1.0

    @property
    def pending(self) -> bool:
        """Whether something is left to compute."""
        return not all(curve.fresh.all() for curve in self._wanted())

    def work(self, seconds: float) -> None:
        """Go on for so long."""
        if not self._later.pending:
            self._later.want(None, self._find())
        self._later.work(seconds)

    def finish(self) -> Pieces[None]:
        """All that is left, a piece at a time."""
        while self.pending:
            self.work(0.0)
            yield

    def table(self) -> dict[Measure, Doubles]:
        """Each curve's values (m,) by name, NaN where not computed."""
        return {name: self._curves[name].values.copy() for name in self._pair.preset.swept.curves}

    def part(self, now: Present, version: int) -> SweptPart:
        """What the panel shows, with the exact values at the present parameter."""
        preset, swept = self._pair.preset, self._pair.preset.swept
        at, by_kl = present(preset), swept.against == "kl"
        horizontal = self._curves["kl"].values if by_kl else self.over
        return SweptPart(
            parameter=MOVED[swept.over],
            values=frozen(self.over.copy()),
            horizontal=frozen(horizontal.copy()),
            horizontal_label=ABOUT["kl"].label if by_kl else MOVED[swept.over],
            logarithmic=swept.spacing == "log" and not by_kl,
            curves=tuple(self._shown(name) for name in swept.curves),
            at=at,
            now=tuple(self._now(name, now, at) for name in swept.curves),
            now_horizontal=self._now("kl", now, at) if by_kl else at,
            done=self.done,
            version=version,
            note=self._note(preset),
            inset=_inset(self._pair) if by_kl else None,
        )

    def _shown(self, name: Measure) -> SweptCurve:
        curve = self._curves[name]
        return SweptCurve(name, frozen(curve.values.copy()), fresh=not curve.is_mixed)

    def _now(self, name: Measure, now: Present, at: float) -> float:
        """The exact value where it is known, else what the curve has there, else NaN."""
        if now.is_fresh(name):
            return now.value(name).value
        values = self._curves[name].values
        if not np.isfinite(values).all():
            return math.nan
        return float(np.interp(at, self.over, values, left=math.nan, right=math.nan))

    def _note(self, preset: DivergencesPreset) -> str:
        if self._pair.missing:
            return self._pair.missing
        if self._able.all():
            return ""
        low, high = allowed(preset)
        return f"{preset.swept.over} lies from {low:g} to {high:g}: beyond there is no curve"

    def _wanted(self) -> list[_Curve]:
        return [self._curves[name] for name in needed(self._pair.preset)]

    def _find(self) -> Pieces[None]:
        pair, names = self._pair, needed(self._pair.preset)
        away = np.abs(_scale(pair.preset, self.over) - _scale(pair.preset, np.array([present(pair.preset)])))
        for index in np.argsort(away, kind="stable"):
            missing = [name for name in names if not self._curves[name].fresh[index]]
            if not missing:
                continue
            values = Values(Pair(moved_unchecked(pair.preset, float(self.over[index])), of=pair))
            for name in missing:
                value = yield from values.in_pieces(name)
                self._curves[name].values[index] = value.value
                self._curves[name].fresh[index] = True
                self.changes += 1
                yield


def _inset(pair: Pair) -> Inset | None:
    """The densities as they are now; None in the plane, or where a law has none."""
    if pair.dimension == 2 or not (pair.p.has_density and pair.q.has_density):
        return None
    homes = [law.home for law in (pair.p, pair.q)]
    x = np.linspace(min(low[0] for low, _ in homes), max(high[0] for _, high in homes), _ACROSS)
    p, q = (np.minimum(np.exp(law.log_density(x[:, None])), _HIGHEST) for law in (pair.p, pair.q))
    return Inset(*(frozen(values.astype(np.float32)) for values in (x, p, q)))


def needed(preset: DivergencesPreset) -> tuple[Measure, ...]:
    """The divergences behind the curves, with KL where it is the axis."""
    curves = preset.swept.curves
    return curves if preset.swept.against == "parameter" or "kl" in curves else (*curves, "kl")


def _scale(preset: DivergencesPreset, values: Doubles) -> Doubles:
    return np.log(np.maximum(values, 1e-300)) if preset.swept.spacing == "log" else values
