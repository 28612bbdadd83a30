"""One method's score against the other's, a point for each random network."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.messages import Doubles, Flags, SweepPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.sweep_counts import tones

TICKS = (0, 25, 50, 75, 100)
DOT, NEAR = 3.5, 10.0
"""Radius of a point, and how near to one the pointer must be, in pixels."""
CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class SweepScatter(QWidget):
    """Scores of the first method to the right, of the second upwards, both from 0 to 100; dashed: the threshold."""

    pointed = Signal(object)
    """The row of the network under the pointer, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._scores: Doubles = np.empty((0, 2))
        self._methods = ("", "")
        self._threshold = math.nan
        self._singled: int | None = None

    @property
    def classes(self) -> list[int]:
        """Of each network tried by both: 0 the first alone succeeds, 1 the second alone, 2 both, 3 neither."""
        reached = self._scores[self._known()] >= self._threshold
        return [(3, 1, 0, 2)[2 * int(first) + int(second)] for first, second in reached]

    def show_part(self, part: SweepPart, threshold: float) -> None:
        """Show the networks tried so far."""
        self._scores, self._methods = part.scores[:, 0, :2], (part.methods[0], part.methods[1])
        self._threshold = threshold
        self.setToolTip(
            f"A point is a network: its score, 0 to 100, by {self._methods[0]} to the right and by {self._methods[1]} "
            "upwards. Dashed: the threshold.\n" + part.protocol
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(130, 110)

    def spot(self, row: int, plot: QRectF | None = None) -> QPointF:
        """Where a network stands; whoever asks for many measures the picture once."""
        plot = plot or self._plot()
        x, y = self._scores[row]
        return QPointF(plot.left() + plot.width() * x / 100, plot.bottom() - plot.height() * y / 100)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        plot = self._plot()
        painter.fillRect(plot, look.brush(look.plot))
        self._paint_axes(painter, look, plot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = tones(look)
        painter.setPen(look.pen(look.plot, 1.0))
        rows = np.flatnonzero(self._known())
        for row, kind in zip(rows.tolist(), self.classes, strict=True):
            painter.setBrush(look.brush(colours[kind]))
            painter.drawEllipse(self.spot(row, plot), DOT, DOT)
        if self._singled is not None and self._singled in rows:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.pen(look.chains, 2.0))
            painter.drawEllipse(self.spot(self._singled, plot), DOT + 3, DOT + 3)
        painter.end()

    def _paint_axes(self, painter: QPainter, look: theme.Theme, plot: QRectF) -> None:
        painter.setFont(look.number_font)
        line = theme.line_height(look.number_font)
        for tick in TICKS:
            x, y = plot.left() + plot.width() * tick / 100, plot.bottom() - plot.height() * tick / 100
            painter.setPen(look.pen(look.line))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(look.pen(look.muted))
            painter.drawText(QRectF(x - 20, plot.bottom() + 1, 40, line), CENTRE, str(tick))
            painter.drawText(QRectF(0, y - line / 2, plot.left() - 4, line), RIGHT, str(tick))
        painter.drawLine(plot.bottomLeft(), plot.topRight())
        painter.drawText(QRectF(0, 0, self.width(), line), LEFT, f"{self._methods[1]} score")
        below = QRectF(plot.left(), plot.bottom() + line, plot.width(), line)
        painter.drawText(below, CENTRE, f"{self._methods[0]} score")
        if math.isfinite(self._threshold):
            share = self._threshold / 100
            painter.setPen(look.pen(look.accent, 1.4, True))
            x, y = plot.left() + plot.width() * share, plot.bottom() - plot.height() * share
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        rows, at, plot = np.flatnonzero(self._known()), event.position(), self._plot()
        spots = [self.spot(row, plot) for row in rows.tolist()]
        gaps = [math.hypot(spot.x() - at.x(), spot.y() - at.y()) for spot in spots]
        nearest = int(np.argmin(gaps)) if gaps else 0
        self._single_out(int(rows[nearest]) if gaps and gaps[nearest] <= NEAR else None)

    def leaveEvent(self, event: QEvent) -> None:
        self._single_out(None)

    def _single_out(self, row: int | None) -> None:
        if row != self._singled:
            self._singled = row
            self.pointed.emit(row)
            self.update()

    def _known(self) -> Flags:
        """Which networks both methods have trained, (rows,)."""
        known: Flags = np.all(np.isfinite(self._scores), axis=1)
        return known

    def _plot(self) -> QRectF:
        """The picture inside its axes, a square as large as there is room for."""
        font = theme.current().number_font
        line = theme.line_height(font)
        left = theme.text_width(font, "100") + theme.GRID
        wide, tall = self.width() - left - 1.5 * theme.GRID, self.height() - 3 * line - theme.GRID
        side = max(min(wide, tall), 20.0)
        return QRectF(left, line + theme.GRID / 2, side, side)
