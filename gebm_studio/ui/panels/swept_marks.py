"""What lies over swept curves: the strip for ∞ with risers up to it, and how much is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from gebm_studio.ui import theme
from gebm_studio.ui.panels.primitives import Item

STRIP = 17.0
"""Height of the strip for ∞ in pixels."""
LANE = 3.0
"""Thickness of an infinite stretch."""
CENTRE = Qt.AlignmentFlag.AlignCenter

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Infinite:
    """Where one curve is infinite: places (n,) along x and along y, the latter finite, ∞ or NaN."""

    colour: str
    x: Doubles
    y: Doubles
    dashed: bool = False

    @property
    def anywhere(self) -> bool:
        """Whether it is infinite at all."""
        return bool(np.isposinf(self.y).any())

    def stretches(self) -> list[tuple[float, float]]:
        """From where to where it is infinite."""
        found = np.isposinf(self.y) & np.isfinite(self.x)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], found, [False]]).astype(np.int8)))
        return [(float(self.x[a]), float(self.x[b - 1])) for a, b in edges.reshape(-1, 2)]

    def risers(self) -> list[tuple[float, float, float]]:
        """Jumps: x and y of the last finite value, and x of the infinite one beside it."""
        infinite, finite = np.isposinf(self.y) & np.isfinite(self.x), np.isfinite(self.y) & np.isfinite(self.x)
        up = [(k, k + 1) for k in np.flatnonzero(finite[:-1] & infinite[1:])]
        down = [(k + 1, k) for k in np.flatnonzero(infinite[:-1] & finite[1:])]
        return [(float(self.x[a]), float(self.y[a]), float(self.x[b])) for a, b in (*up, *down)]

    def alone(self) -> list[tuple[float, float]]:
        """Finite values without a finite neighbour, which no line shows."""
        finite = np.isfinite(self.y) & np.isfinite(self.x)
        padded = np.concatenate([[False], finite, [False]])
        lonely = np.flatnonzero(finite & ~padded[:-2] & ~padded[2:])
        return [(float(self.x[k]), float(self.y[k])) for k in lonely]


class Marks(Item):
    """All of it, painted in pixels over the curves."""

    def __init__(self) -> None:
        super().__init__()
        self._infinite: list[Infinite] = []
        self._strip = False
        self._diagonal = ""
        self._done = 1.0
        self._look = theme.current()
        self.setZValue(40)

    @property
    def strip(self) -> bool:
        """Whether there is a strip for ∞."""
        return self._strip

    @property
    def infinite(self) -> list[Infinite]:
        """The curves as the strip knows them."""
        return self._infinite

    @property
    def done(self) -> float:
        """The share that is computed."""
        return self._done

    def show(self, infinite: list[Infinite], strip: bool, diagonal: str, done: float) -> None:
        """Take over what is to be painted; `diagonal` is written at the upper end of the line x = y."""
        self._infinite, self._strip, self._diagonal, self._done = infinite, strip, diagonal, done
        self.update()

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        self._look = look
        self.update()

    def lane(self, place: int) -> float:
        """How far below the top the middle of a curve's lane is; only curves that are infinite somewhere have one."""
        sharing = [k for k, one in enumerate(self._infinite) if one.anywhere]
        return STRIP * (sharing.index(place) + 1) / (len(sharing) + 1) if place in sharing else STRIP / 2

    def paint(self, painter: QPainter, *_: Any) -> None:
        place = painter.worldTransform()
        room = place.mapRect(self.boundingRect())
        painter.save()
        painter.setWorldTransform(QTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._strip:
            self._paint_strip(painter, place, room)
        for one in self._infinite:
            self._paint_alone(painter, place, one)
        if self._diagonal:
            self._paint_diagonal(painter, place, room)
        if self._done < 1 and not self.exporting:
            painter.fillRect(QRectF(room.left(), room.bottom() - 2, room.width(), 2), self._look.brush(self._look.line))
            share = room.width() * max(self._done, 0.0)
            painter.fillRect(QRectF(room.left(), room.bottom() - 2, share, 2), self._look.brush(self._look.accent))
        painter.restore()

    def _paint_strip(self, painter: QPainter, place: QTransform, room: QRectF) -> None:
        look = self._look
        strip = QRectF(room.left(), room.top(), room.width(), STRIP)
        painter.fillRect(strip, look.brush(look.window))
        painter.setPen(look.pen(look.line))
        painter.drawLine(strip.bottomLeft(), strip.bottomRight())
        for lane, one in enumerate(self._infinite):
            y = room.top() + self.lane(lane)
            painter.setPen(_pen(one.colour, 1.6, Qt.PenStyle.DotLine))
            for x, height, beside in one.risers():
                painter.drawLine(place.map(QPointF(x, height)), QPointF(place.map(QPointF(beside, 0)).x(), y))
            painter.setPen(_pen(one.colour, LANE, Qt.PenStyle.DashLine if one.dashed else Qt.PenStyle.SolidLine))
            for left, right in one.stretches():
                ends = [place.map(QPointF(x, 0)).x() for x in (left, right)]
                if ends[1] - ends[0] < LANE:
                    ends = [ends[0] - LANE, ends[1] + LANE]
                painter.drawLine(QPointF(ends[0], y), QPointF(ends[1], y))
        painter.setFont(look.heading_font)
        label = QRectF(strip.left(), strip.top(), 22, STRIP)
        painter.fillRect(label.adjusted(0, 0, 0, -1), look.brush(look.window))
        painter.setPen(look.pen(look.text))
        painter.drawText(label, CENTRE, "∞")

    def _paint_alone(self, painter: QPainter, place: QTransform, one: Infinite) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(one.colour))
        for x, y in one.alone():
            painter.drawEllipse(place.map(QPointF(x, y)), 2.5, 2.5)

    def _paint_diagonal(self, painter: QPainter, place: QTransform, room: QRectF) -> None:
        """The name of the line x = y beside its upper end: right of it, or left of it where that is out of sight."""
        look, view = self._look, self.boundingRect()
        end = min(view.right(), max(view.top(), view.bottom()))
        begin = max(view.left(), min(view.top(), view.bottom()))
        first, last = place.map(QPointF(begin, begin)), place.map(QPointF(end, end))
        width, line = theme.text_width(look.text_font, self._diagonal), theme.line_height(look.text_font)
        left, top = last.x() + theme.GRID, max(last.y(), room.top() + STRIP * self._strip) + theme.GRID / 2
        if left + width > room.right() and first.y() > last.y():
            under = (top + line - last.y()) / (first.y() - last.y())  # the line passes below the text
            left = last.x() - under * (last.x() - first.x()) - width - theme.GRID
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.muted))
        painter.drawText(QRectF(left, top, width + 4, line), CENTRE, self._diagonal)


def _pen(colour: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(QColor(colour), width, style)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen
