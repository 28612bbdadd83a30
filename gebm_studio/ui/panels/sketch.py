"""Points that a person draws: spaced along a stroke, rubbed out within a reach, never too many."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gebm_studio.schema.law import MOST_POINTS

Point = tuple[float, ...]


class Sketch:
    """The points of one law in the hand, in the picture's units.

    Arguments:
        points: (n, d), d of 1 or 2: on the line only the first number of a place counts.
        most: How many points there may be.
    """

    def __init__(self, points: NDArray[np.float64], most: int = MOST_POINTS) -> None:
        self._points = np.array(points, dtype=np.float64)
        self._most = most
        self._last: NDArray[np.float64] | None = None

    @property
    def points(self) -> NDArray[np.float64]:
        """The points, (n, d)."""
        return self._points

    @property
    def is_full(self) -> bool:
        """Whether no point can be added."""
        return len(self._points) >= self._most

    def draw(self, at: Point, spacing: float) -> bool:
        """Begin or continue a stroke: a point where it begins, then one whenever it went so far; whether any came."""
        here = np.array(at[: self._points.shape[1]])
        if self._last is None:
            new = here[None]
        else:
            way = here - self._last
            length = math.sqrt(float(way @ way))
            steps = np.arange(1, math.floor(length / spacing + 1e-9) + 1)[:, None]
            new = self._last + steps * spacing * way / max(length, 1e-300)
        new = new[: self._most - len(self._points)]
        if len(new):
            self._last = new[-1]
            self._points = np.concatenate([self._points, new])
        return bool(len(new))

    def erase(self, at: Point, reach: float) -> bool:
        """Rub out what is within reach; whether anything was."""
        here = np.array(at[: self._points.shape[1]])
        far = ((self._points - here) ** 2).sum(axis=1) > reach**2
        gone = not far.all()
        if gone:
            self._points = self._points[far]
        return gone

    def end(self) -> None:
        """The stroke is over; the next begins with a point of its own."""
        self._last = None


def placed(points: NDArray[np.float64], at: Point, width: float) -> NDArray[np.float64]:
    """Where points (n, d) of a form stand on the picture: at + width·y."""
    return np.asarray(np.array(at[: points.shape[1]]) + width * points)


def unplaced(points: NDArray[np.float64], at: Point, width: float, pixel: float) -> tuple[Point, ...]:
    """The points of the form that stand at given places, rounded to less than a pixel.

    Arguments:
        points: (n, d) on the picture.
        at: The law's place.
        width: Its width, positive.
        pixel: What a pixel is on the picture.
    """
    digits = decimals(pixel / width)
    form = np.round((points - np.array(at[: points.shape[1]])) / width, digits)
    return tuple(tuple(row) for row in form.tolist())


def decimals(pixel: float) -> int:
    """How many decimals tell a tenth of a pixel."""
    return max(0, 1 - math.floor(math.log10(pixel)))
