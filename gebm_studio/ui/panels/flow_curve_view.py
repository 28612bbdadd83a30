"""The picture of one measure of all flows over steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, Segments
from gebm_studio.ui.panels.table import CurveTable, Doubles, log_ticks, nice_range, nice_step, thinned

FAR = 1e9
"""How far the line across reaches up and down: beyond any picture."""

NEAR, MOSTLY, FEWEST = 0.015, 0.8, 3
"""Curves coincide that are nearer than this share of the height in that share of their rows, of so many at least."""
DECADES = 300.0
"""Beyond so many decades, where a person may zoom to, there are no numbers to write."""


class FlowCurveView(Plot):
    """A line a flow, with gaps where nothing could be measured, and one across at a step that is looked at.

    Attributes:
        dashed: Which curves are broken, since they would hide one that they lie on.
        left_out: How many values the logarithmic axis does not show, being zero or negative.
    """

    def __init__(self, colours: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._colours = colours
        self.lines, self.mark = [Line() for _ in colours], Segments()
        self.add(self.mark)
        for line in self.lines:
            self.add(line)
        self._table = CurveTable()
        self._columns: Sequence[str] = ()
        self._logarithmic = False
        self._step: float | None = None
        self.dashed = [False] * len(colours)
        self.left_out = 0
        self.view.sigYRangeChanged.connect(lambda *_: self._write_ticks())
        self.restyle(theme.current())

    def show_table(self, table: CurveTable, columns: Sequence[str], logarithmic: bool) -> bool:
        """Draw columns of a table; False where none of them holds a value that can be drawn."""
        if logarithmic != self._logarithmic:
            self._logarithmic = logarithmic
            self.go_home()
        self._table, self._columns, self.left_out = table, columns, 0
        steps = table.column("iteration")
        heights = [self._heights(table.column(column)) for column in columns]
        drawn = np.concatenate([*heights, np.empty(0)])
        drawn = drawn[np.isfinite(drawn)]
        if not len(drawn):
            return False
        low, high = self._range(drawn)
        self.dashed = coinciding(heights, NEAR * (high - low))
        for place, line in enumerate(self.lines):
            self._draw(line, steps, heights[place] if place < len(heights) else np.empty(0))
        self.set_home((0.0, max(float(steps[-1]), 1.0), low, high))
        self._colour()
        self._write_ticks()
        return True

    def read(self, x: float) -> tuple[int, list[float]]:
        """The step of the row nearest to a place of the axis, and the values of all flows in it."""
        steps = self._table.column("iteration")
        row = int(np.argmin(np.abs(steps - x)))
        return int(steps[row]), [float(self._table.column(column)[row]) for column in self._columns]

    def mark_step(self, step: float | None) -> None:
        """Put the line across at a step, or take it away."""
        self._step = step
        look = theme.current()
        line = np.array([[step, -FAR, step, FAR]]) if step is not None else np.empty((0, 4))
        self.mark.set_bands([(line, look.pen(look.accent, 1.4))])

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._table, self._columns, self.left_out = CurveTable(), (), 0
        for line in self.lines:
            line.setData([], [])
        self.mark_step(None)
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "left_out"):
            return
        self._colour()
        self.mark_step(self._step)

    def _heights(self, values: Doubles) -> Doubles:
        """The places of values on the axis, NaN where they have none."""
        known = np.isfinite(values)
        if not self._logarithmic:
            return np.where(known, values, np.nan)
        positive = known & (values > 0)
        self.left_out += int((known & ~positive).sum())
        return np.log10(np.where(positive, values, np.nan))

    def _draw(self, line: Line, steps: Doubles, heights: Doubles) -> None:
        known = np.isfinite(heights)
        rows = np.flatnonzero(known)
        if not len(rows):
            line.setData([], [])
            return
        places, y = thinned(np.arange(len(rows), dtype=np.float64), heights[rows], max(int(self.view.width()), 100))
        kept = rows[places.astype(np.intp)]
        x = steps[kept]
        # Curves have a gap where a row between two others has no value.
        missing = np.cumsum(~known)
        joined = np.append(missing[kept[1:]] == missing[kept[:-1]], True)
        if len(x) == 1:  # one value alone would show no line at all
            short = max(0.03 * float(steps[-1]), 0.03)
            x, y = max(x[0] - short, 0.0) + np.array([0.0, short]), np.repeat(y, 2)
            joined = np.ones(2, dtype=bool)
        line.setData(x, y, connect=joined)

    def _colour(self) -> None:
        look = theme.current()
        for line, colour, dashed in zip(self.lines, self._colours, self.dashed, strict=False):
            line.setPen(look.pen(colour, 2.0, dashed))

    def _range(self, heights: Doubles) -> tuple[float, float]:
        low, high = float(heights.min()), float(heights.max())
        if not self._logarithmic:
            return nice_range(min(low, 0.0), max(high, 0.0))
        low, high = math.floor(4 * low) / 4, math.ceil(4 * high) / 4
        return (low, high) if high > low else (low - 0.25, high + 0.25)

    def _write_ticks(self) -> None:
        _, _, low, high = self.extent
        low, high = max(low, -DECADES), min(high, DECADES)
        self.axis("left").setTicks(log_numbers(low, high) if self._logarithmic and low < high else None)


def coinciding(curves: Sequence[Doubles], near: float) -> list[bool]:
    """Which curves lie on an earlier one nearly everywhere: their distance is no more than `near`."""

    def together(first: Doubles, second: Doubles) -> bool:
        apart = np.abs(first - second)
        apart = apart[np.isfinite(apart)]
        return len(apart) >= FEWEST and float((apart <= near).mean()) >= MOSTLY

    return [any(together(curve, other) for other in curves[:place]) for place, curve in enumerate(curves)]


def log_numbers(low: float, high: float) -> list[list[tuple[float, str]]]:
    """Ticks between two decimal logarithms; where hardly any of 1, 2 and 5 falls between, even steps of the value."""
    ticks = log_ticks(low, high)
    if sum(low <= place <= high for place, _ in ticks[0]) >= 3:
        return ticks
    first, last = 10.0**low, 10.0**high
    step = nice_step((last - first) / 4)
    values = np.arange(math.ceil(first / step), math.floor(last / step) + 1) * step
    return [[(float(np.log10(value)), f"{value:g}") for value in values if value > 0]]
