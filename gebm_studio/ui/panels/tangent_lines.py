"""Tangents of a sampled convex function: where a slope touches, and which slope a hand wishes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import TangentPart

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Tangent:
    """The line v·u − φ*(v): its slope v, φ*(v), and the u where it touches φ; NaN is unknown, or nowhere."""

    slope: float
    conjugate: float
    touches: float

    @property
    def height(self) -> float:
        """φ where it touches."""
        return self.slope * self.touches - self.conjugate

    def at(self, u: float) -> float:
        """The line's height."""
        return self.slope * u - self.conjugate


class Tangents:
    """The tangents of a part, from its samples: for what the hand wishes before the engine has the numbers.

    Arguments:
        part: φ over u and φ* over t.
    """

    def __init__(self, part: TangentPart) -> None:
        self._part = part
        known = np.isfinite(part.generator)
        u, height = part.u[known].astype(np.float64), part.generator[known].astype(np.float64)
        self._u, self._height = u, height
        # Of a convex function the slopes between samples rise; rounding shall not break that.
        self._slopes = np.maximum.accumulate(np.diff(height) / np.diff(u))
        self._middles = (u[1:] + u[:-1]) / 2
        finite = np.isfinite(part.conjugate)
        self._t, self._conjugate = part.t[finite].astype(np.float64), part.conjugate[finite].astype(np.float64)

    def tangent(self, slope: float) -> Tangent:
        """The tangent of a slope: the engine's where it has it, else between samples."""
        part = self._part
        if math.isclose(slope, part.slope, rel_tol=1e-9, abs_tol=1e-12):
            return Tangent(part.slope, part.conjugate_there, part.touches)
        return Tangent(slope, self._conjugate_at(slope), self._touch(slope))

    def slope_at(self, u: float) -> float:
        """The slope of φ itself."""
        return float(np.interp(u, self._middles, self._slopes)) if len(self._slopes) else math.nan

    def slope_through(self, u: float, height: float, side: int) -> float:
        """The slope of the tangent through a point below φ.

        Arguments:
            u: Where the point is.
            height: How high it is; above φ the tangent at u is meant.
            side: +1 where the point is to the right of where the tangent touches, −1 where it is to the left.
        """
        if not len(self._t):
            return math.nan
        heights = u * self._t - self._conjugate
        top = int(np.argmax(heights))
        if height >= heights[top]:
            return self.slope_at(u)
        if side > 0:
            return float(np.interp(height, np.maximum.accumulate(heights[: top + 1]), self._t[: top + 1]))
        falling = np.maximum.accumulate(heights[top:][::-1])
        return float(np.interp(height, falling, self._t[top:][::-1]))

    def below(self, slope: float, left: float, right: float) -> float:
        """Where a line of a slope meets the vertical axis that touches φ between two ends; NaN without samples."""
        seen = (self._u >= left) & (self._u <= right)
        return float((self._height[seen] - slope * self._u[seen]).min()) if seen.any() else math.nan

    def _conjugate_at(self, slope: float) -> float:
        low, high = self._part.domain
        if not low <= slope <= high:
            return math.inf
        if len(self._t) < 2:
            return math.nan
        # Beyond the samples it goes on straight, until the engine has the number.
        place = min(max(int(np.searchsorted(self._t, slope)), 1), len(self._t) - 1)
        (t, beyond), (height, next_height) = self._t[place - 1 : place + 1], self._conjugate[place - 1 : place + 1]
        return float(height + (slope - t) / (beyond - t) * (next_height - height))

    def _touch(self, slope: float) -> float:
        slopes = self._slopes
        if not len(slopes) or not slopes[0] <= slope <= slopes[-1]:
            return math.nan
        return float(np.interp(slope, slopes, self._middles))
