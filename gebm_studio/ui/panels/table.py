"""The curve table as the window holds it: rows are added at the end, none is lost or doubled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import CurvesPart

Doubles = NDArray[np.float64]


class CurveTable:
    """Columns by name, in arrays that grow by doubling."""

    def __init__(self) -> None:
        self._rows: Doubles = np.empty((256, 0))
        self._names: tuple[str, ...] = ()
        self._count = 0
        self.notes: dict[str, str] = {}

    def __len__(self) -> int:
        return self._count

    def clear(self) -> None:
        """Forget all rows."""
        self._count = 0
        self._names = ()
        self.notes = {}

    def add(self, part: CurvesPart) -> bool:
        """Take over rows; whether there was anything new.

        Rows that are held already are replaced (a restored run may go back), and rows that would
        leave a gap are refused: the next request asks for all since what is held.
        """
        self.notes.update(part.notes)
        if part.columns != self._names:
            if part.since:
                return False
            self._names = part.columns
            self._rows = np.empty((256, len(part.columns)))
            self._count = 0
        if part.since > self._count:
            return False
        end = part.since + len(part.rows)
        if end == self._count and not len(part.rows):
            return False
        if end > len(self._rows):
            grown = np.empty((max(end, 2 * len(self._rows)), self._rows.shape[1]))
            grown[: self._count] = self._rows[: self._count]
            self._rows = grown
        self._rows[part.since : end] = part.rows
        self._count = end
        return True

    def column(self, name: str) -> Doubles:
        """A column as held now; empty where the table has none of that name."""
        if name not in self._names:
            return np.empty(0)
        return self._rows[: self._count, self._names.index(name)]

    def last(self, name: str) -> float:
        """The newest value of a column that was measured, NaN where there is none."""
        column = self.column(name)
        # Measured rows are never far from the end.
        for start in (max(0, len(column) - 512), 0):
            measured = np.flatnonzero(~np.isnan(column[start:]))
            if len(measured):
                return float(column[start + measured[-1]])
        return float("nan")

    def measured(self, name: str) -> tuple[Doubles, Doubles]:
        """Iterations and values (copies) where a column holds a finite number."""
        values, iterations = self.column(name), self.column("iteration")
        if not len(values) or not len(iterations):
            return np.empty(0), np.empty(0)
        finite = np.isfinite(values)
        return iterations[finite], values[finite]


def thinned(x: Doubles, y: Doubles, pixels: int) -> tuple[Doubles, Doubles]:
    """At most two samples for each pixel: the lowest and the highest of each stretch, in order.

    A plain stride would drop the spikes, which are what a person looks for.
    """
    pixels = max(pixels, 2)
    if len(y) <= 2 * pixels:
        return x, y
    stretch = len(y) // pixels
    whole = stretch * pixels
    blocks = y[:whole].reshape(pixels, stretch)
    starts = np.arange(pixels) * stretch
    places = np.stack([starts + blocks.argmin(axis=1), starts + blocks.argmax(axis=1)], axis=1)
    places = np.concatenate([np.sort(places, axis=1).ravel(), np.arange(whole, len(y))[-1:]])
    return x[places], y[places]


def nice_range(low: float, high: float, ticks: int = 5) -> tuple[float, float]:
    """The range widened to round numbers, so that an axis does not creep with every new value."""
    if not high > low:
        room = max(abs(low) * 0.1, 0.1)
        low, high = low - room, high + room
    step = nice_step((high - low) / ticks)
    return float(np.floor(low / step + 1e-9) * step), float(np.ceil(high / step - 1e-9) * step)


def nice_step(rough: float) -> float:
    """The nearest of 1, 2 or 5 times a power of ten that is not below a step."""
    power = 10.0 ** np.floor(np.log10(rough))
    return float(next(step for step in (1, 2, 5, 10) if step * power >= rough * 0.999) * power)


def log_ticks(low: float, high: float, most: int = 6) -> list[list[tuple[float, str]]]:
    """Ticks of a logarithmic axis between two decimal logarithms: powers of ten, or 1, 2 and 5 where there are few."""
    first, last = int(np.floor(low)), int(np.ceil(high))
    if high - low <= 2.0:
        steps = [(decade, digit) for decade in range(first, last + 1) for digit in (1, 2, 5)]
        values = [digit * 10.0**decade for decade, digit in steps]
    else:
        stride = -(-(last - first + 1) // most)
        values = [10.0**decade for decade in range(first - first % stride, last + 1, stride)]
    return [[(float(np.log10(value)), f"{value:g}") for value in values]]
