"""The coordinates of swept curves: what the axes show of a part, and what a place along them means."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import Doubles, SweptPart
from gebm_studio.ui.panels.bars_scale import Range, crowd
from gebm_studio.ui.panels.table import nice_range

FAR = 5.0
"""A curve whose largest value is more than this times its 90th percentile leaves the top."""
FALL = 6.0
"""Decades below the highest value that a logarithmic axis shows at most."""
CUT = 20.0
"""Curves are cut so many heights of the picture away: beyond, a screen has no numbers for them."""


def against_kl(part: SweptPart) -> bool:
    """Whether the horizontal axis is a divergence, and not the parameter."""
    return not np.array_equal(part.horizontal, part.values, equal_nan=True)


@dataclass(frozen=True)
class Axes:
    """Which axes of a part are logarithmic; places in the picture are decimal logarithms there."""

    part: SweptPart
    logarithmic_x: bool
    logarithmic_y: bool

    @property
    def against(self) -> bool:
        """Whether the horizontal axis is KL."""
        return against_kl(self.part)

    def x(self, values: Doubles | float) -> Doubles:
        """Values of the horizontal axis as places in the picture, NaN where they have none."""
        return _places(values, self.logarithmic_x)

    def y(self, values: Doubles | float) -> Doubles:
        """Values of divergences as places in the picture, NaN where they have none and ∞ where they are infinite."""
        return _places(values, self.logarithmic_y)

    def home(self, heights: Range) -> tuple[float, float, float, float]:
        """What shows everything: left, right, and the lowest and highest place of the curves."""
        places = self.x(self.part.horizontal)
        places = places[np.isfinite(places)]
        left, right = (float(places.min()), float(places.max())) if len(places) else (0.0, 1.0)
        if self.against and not self.logarithmic_x:
            left, right = 0.0, 1.03 * right if right > 0 else 1.0
        low, high = heights
        if self.logarithmic_y:
            return left, right, math.floor(4 * low) / 4, math.ceil(4 * high) / 4
        low, high = min(low, 0.0), max(high, 0.0)
        if self.against:  # the diagonal is what the curves are compared with
            high = max(high, min(right, 1.6 * high))
        return left, right, *nice_range(low, high)

    def parameter(self, x: float, near: float) -> float:
        """The parameter at a place of the horizontal axis, of several the one that is nearest to `near`."""
        values = self.part.values
        if not self.against:
            value = 10.0**x if self.logarithmic_x else x
            return float(np.clip(value, values[0], values[-1]))
        places, steps = self.x(self.part.horizontal), _steps(values, self.part.logarithmic)
        first, last = places[:-1], places[1:]
        with np.errstate(invalid="ignore"):
            crossed = np.flatnonzero((np.minimum(first, last) <= x) & (x <= np.maximum(first, last)))
        if not len(crossed):
            away = np.where(np.isfinite(places), np.abs(places - x), np.inf)
            return float(values[int(np.argmin(away))])
        rise = last[crossed] - first[crossed]
        share = np.where(rise == 0, 0.0, (x - first[crossed]) / np.where(rise == 0, 1.0, rise))
        found = steps[crossed] + share * (steps[crossed + 1] - steps[crossed])
        chosen = float(found[int(np.argmin(np.abs(found - _steps(np.array([near]), self.part.logarithmic)[0])))])
        return math.exp(chosen) if self.part.logarithmic else chosen

    def place(self, parameter: float) -> float:
        """Where a parameter stands on the horizontal axis, between the places that are computed."""
        if not self.against:
            return float(self.x(parameter))
        places, steps = self.x(self.part.horizontal), _steps(self.part.values, self.part.logarithmic)
        known = np.isfinite(places)
        if not known.any():
            return math.nan
        return float(np.interp(_steps(np.array([parameter]), self.part.logarithmic)[0], steps[known], places[known]))

    def sample(self, parameter: float) -> int:
        """The computed value of the parameter that is nearest."""
        steps = _steps(self.part.values, self.part.logarithmic)
        return int(np.argmin(np.abs(steps - _steps(np.array([parameter]), self.part.logarithmic)[0])))


def heights(axes: Axes) -> Range | None:
    """The lowest and highest place that the picture needs; curves that explode leave it. None without a value."""
    curves = [curve for curve in axes.part.curves if not (axes.against and curve.name == "kl")]  # it is the diagonal
    drawn = [axes.y(curve.values) for curve in curves or axes.part.curves]
    places = [one[np.isfinite(one)] for one in drawn]
    places = [one for one in places if len(one)]
    if not places:  # the values at the running point are there before any curve
        now = axes.y(np.array(axes.part.now))
        places = [now[np.isfinite(now)]]
    if not len(places[0]):
        return None
    if axes.logarithmic_y:
        high = max(float(one.max()) for one in places)
        return max(min(float(one.min()) for one in places), high - FALL), high
    high = max(crowd(_reach(one) for one in places))
    return min(float(np.percentile(one, 2)) for one in places), 1.05 * high


def cut(places: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Places without what is far outside of a range; no place is above everything or nothing at all."""
    reach = CUT * (high - low)
    return np.clip(np.nan_to_num(places, nan=low), low - reach, high + reach)


def _reach(places: NDArray[np.float64]) -> float:
    """The height that a curve needs; one that shoots up at an end is let go."""
    highest, usual = float(places.max()), float(np.percentile(places, 90))
    return highest if highest <= FAR * usual or usual <= 0 else 1.5 * usual


def _places(values: Doubles | float, logarithmic: bool) -> Doubles:
    places = np.array(values, dtype=np.float64)
    if not logarithmic:
        return places
    good = places > 0
    return np.where(good, np.log10(np.where(good, places, 1.0)), np.nan)


def _steps(values: Doubles, logarithmic: bool) -> Doubles:
    """The parameter as it is spaced."""
    return np.log(values) if logarithmic else values
