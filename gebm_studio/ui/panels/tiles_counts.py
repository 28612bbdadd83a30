"""Small multiples of counts: how long chains stayed, where their ranks are, which rungs swap."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import Floats, Ints, Ladder
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import weight_shades, weight_table
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.tiles import BarsTile, Tile, TimelineTile
from gebm_studio.ui.theme import Theme

ROWS = 8
"""Chains whose ranks are shown."""


class ScaledBars(BarsTile):
    """Bars over a scale whose numbers stand below them, where there is room for them."""

    scale = False

    def __init__(self, title: str, tip: str, role: str, parent: QWidget | None = None) -> None:
        super().__init__(title, tip, role, parent)
        self.labels: list[tuple[float, str]] = []
        """Places from 0 to the number of bars, each with what is written there."""

    def bars_in(self, room: QRectF, look: Theme) -> QRectF:
        """The part of the room that is left to the bars."""
        line = theme.line_height(look.number_font)
        return room if room.height() < 2.5 * line else room.adjusted(0, 0, 0, -line)

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        bars = self.bars_in(room, look)
        super().paint_body(painter, bars, look)
        if bars == room:
            return
        line = theme.line_height(look.number_font)
        painter.setFont(look.number_font)
        painter.setPen(look.pen(look.muted))
        pitch, free = room.width() / len(self.bars), room.left()
        for place, text in self.labels:
            width = theme.text_width(look.number_font, text)
            left = min(max(room.left() + place * pitch - width / 2, room.left()), room.right() - width)
            if left >= free:
                painter.drawText(QRectF(left, room.bottom() - line, width + 2, line), Qt.AlignmentFlag.AlignLeft, text)
                free = left + width + 4


class DwellTile(ScaledBars):
    """How many stays had which length, and a line at their mean."""

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(title, tip, "first", parent)
        self._mean: float | None = None

    def show_dwell(self, dwell: Ints, edges: Floats, mean: float, why_empty: str) -> None:
        """Show counts (b,) of stays between the edges (b + 1,), without the empty ends."""
        found = np.flatnonzero(dwell)
        self._mean = None
        if not len(found):
            self.show_bars(np.empty(0), np.empty(0), "", why_empty)
            return
        first, last = int(found[0]), int(found[-1]) + 1
        self.labels = [(float(place), count(int(edges[first + place]))) for place in range(last - first + 1)]
        if math.isfinite(mean):
            self._mean = math.log2(max(mean, 1.0)) - math.log2(edges[first])
        self.show_bars(dwell[first:last].astype(np.float64), np.empty(0), f"mean {short(mean)} steps", "", short(mean))

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        super().paint_body(painter, room, look)
        if self._mean is not None and 0 <= self._mean <= len(self.bars):
            x = room.left() + self._mean * room.width() / len(self.bars)
            painter.setPen(look.pen(look.text, 1.0, True))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, self.bars_in(room, look).bottom()))


class SwapsTile(ScaledBars):
    """The swap acceptance between neighbouring rungs, from the target to the prior."""

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(title, tip, "first", parent)

    def show_ladder(self, ladder: Ladder | None) -> None:
        """Show the bars between K rungs, whose share of the energy stands below."""
        if ladder is None:
            self.show_bars(np.empty(0), np.empty(0), "", "no ladder")
            return
        swaps = ladder.swaps.astype(np.float64)
        self.labels = [(float(rung), f"{share:.2g}") for rung, share in enumerate(ladder.share.tolist())]
        mean = np.full(len(swaps), swaps.mean())
        text = f"{100 * swaps.min():.0f}–{100 * swaps.max():.0f} %"
        self.show_bars(swaps, mean, f"{text}, evening out" if ladder.adapting else text, "", text)


class WalkersTile(TimelineTile):
    """Who stood on each rung, a row a rung from the target down, with the way of the first walker as a line."""

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        super().paint_body(painter, room, look)
        rounds, rungs = self.timeline.shape
        standing = self.timeline == 0
        rung = np.where(standing.any(axis=1), standing.argmax(axis=1), -1)
        way = [
            QPointF(room.left() + (t + 0.5) * room.width() / rounds, room.top() + (k + 0.5) * room.height() / rungs)
            for t, k in enumerate(rung.tolist())
            if k >= 0
        ]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.pen(look.plot, 3.0))
        painter.drawPolyline(QPolygonF(way))
        painter.setPen(look.pen(look.text, 1.5))
        painter.drawPolyline(QPolygonF(way))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


class RanksTile(Tile):
    """Rank histograms, a row a chain: neutral where a chain has its even share of the ranks, blue less, orange more."""

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(title, tip, parent)
        self._ranks: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)

    @property
    def ranks(self) -> NDArray[np.float32]:
        """What is drawn, a row each."""
        return self._ranks

    def show_ranks(self, ranks: Floats, why_empty: str) -> None:
        """Show histograms (chains, bins), 1 where they are even."""
        self._ranks = ranks[:ROWS]
        self.say(f"{len(self._ranks)} chains" if ranks.size else "", "" if ranks.size else why_empty)

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        rgb = np.ascontiguousarray(weight_table(look)[weight_shades(self._ranks - 1, 1.0)])
        height, width = rgb.shape[:2]
        # The image only borrows the array, which therefore has to outlive the drawing.
        image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        painter.drawImage(room, image)
        painter.setPen(look.pen(look.plot))
        for row in range(1, height):
            y = room.top() + row * room.height() / height
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
