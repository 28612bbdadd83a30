"""A transport plan as bands from P to Q."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import PlanPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.plan_pieces import LEVELS, STEPS, nearest, shades, strength, ways
from gebm_studio.ui.panels.plan_plot import REACH, PiecesPlot
from gebm_studio.ui.panels.primitives import PointSet, Segments

ABOVE, BELOW = 1.12, -0.12
"""The picture reaches so far beyond the lines of P and Q."""
SMOOTH, ROOMY = 32, 120
"""Pieces up to which bands have smooth edges, which take long to paint, and are two pixels thick."""
LONGEST = "−00.0"
"""Numbers at the left axes have room for this, so that bands and critic end at the same places."""


class Smooth(Segments):
    """Lines with smooth edges, unless they are so many that edges cannot be told apart."""

    def paint(self, painter: QPainter, *args: Any) -> None:
        smooth = sum(len(lines) for lines, _ in self.bands) <= SMOOTH * STEPS
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        super().paint(painter, *args)


class BandsPlot(PiecesPlot):
    """P as a line above, Q as a line below, and between them a band for each piece, stronger where it has more mass."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Pieces of the plan from P to Q; the arrow keys go from one to the next", parent)
        self.view.setMouseEnabled(x=True, y=False)
        self.bands, self.lines, self.marked = Smooth(), Segments(), Smooth()
        self.ends = {"data": PointSet(5.0), "base": PointSet(5.0)}
        for item in (self.bands, self.lines, *self.ends.values(), self.marked):
            self.add(item)
        self.restyle(theme.current())

    def show_part(self, part: PlanPart, sides: tuple[float, float]) -> None:
        """Draw a plan between two ends of the line."""
        self.part = part
        if self.piece is not None and self.piece >= len(part.plan):
            self.piece = None
        self.set_home((*sides, BELOW, ABOVE))
        for column, (name, height) in enumerate((("data", 1.0), ("base", 0.0))):
            places = part.plan[:, column].astype(np.float64)
            self.ends[name].set_points(np.stack([places, np.full(len(places), height)], axis=1))
        self._draw()

    def find(self, x: float, y: float) -> int | None:
        return None if self.part is None else nearest(self.part.plan, x, y, REACH * self.view.viewPixelSize()[0])

    def single_out(self, piece: int | None) -> None:
        super().single_out(piece)
        self._mark()

    def forget(self) -> None:
        """Show nothing."""
        self.part = self.piece = None
        for item in (self.bands, self.lines, self.marked):
            item.set_bands([])
        for points in self.ends.values():
            points.set_points(np.empty((0, 2)))
        self.go_home()

    def show_axes(self) -> None:
        super().show_axes()
        self.axis("bottom").hide()  # the critic below has the same

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "ends"):
            return
        left = self.axis("left")
        left.setWidth(int(theme.text_width(look.number_font, LONGEST)) + 10)
        left.setStyle(tickLength=0)
        left.setTicks([[(1.0, "P"), (0.0, "Q")]])
        left.setPen(look.pen(look.plot))
        for name, points in self.ends.items():
            points.set_colours(getattr(look, name))
        self._draw()

    def _draw(self) -> None:
        part, look = self.part, theme.current()
        if part is None:
            return
        x, heights = ways(part.plan)
        shade = shades(part.plan[:, 2])
        tones, width = _tones(look), 2.0 if len(part.plan) <= ROOMY else 1.0
        bands = []
        for level in range(LEVELS):
            chosen = x[shade == level]
            if not len(chosen):
                continue
            for step in range(STEPS):
                stretch = np.empty((len(chosen), 4))
                stretch[:, 0], stretch[:, 1] = chosen[:, step], heights[step]
                stretch[:, 2], stretch[:, 3] = chosen[:, step + 1], heights[step + 1]
                bands.append((stretch, look.pen(tones[level][step], width)))
        self.bands.set_bands(bands)
        left, right, _, _ = self._home
        reach = right - left
        rows = np.array([[left - reach, y, right + reach, y] for y in (1.0, 0.0)])
        self.lines.set_bands([(rows[:1], look.pen(look.data, 1.6)), (rows[1:], look.pen(look.base, 1.6))])
        self._mark()

    def _mark(self) -> None:
        part, look = self.part, theme.current()
        if part is None or self.piece is None:
            self.marked.set_bands([])
            return
        x, heights = ways(part.plan[self.piece : self.piece + 1])
        lines = np.stack([x[0, :-1], heights[:-1], x[0, 1:], heights[1:]], axis=1)
        self.marked.set_bands([(lines, look.pen(look.text, 2.4))])


@cache
def _tones(look: theme.Theme) -> tuple[tuple[str, ...], ...]:
    """The colours of a band along its way, for each shade."""
    way = [theme.mixed(look.data, look.base, (step + 0.5) / STEPS) for step in range(STEPS)]
    return tuple(tuple(theme.mixed(look.plot, colour, strength(level)) for colour in way) for level in range(LEVELS))
