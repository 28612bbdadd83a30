"""What a slope looks like: the tangent with its intercept on one picture, a point with its height on the other."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF, QTransform

from gebm_studio.ui import theme
from gebm_studio.ui.panels.primitives import Item
from gebm_studio.ui.panels.tangent_lines import Tangent

RADIUS, HOT = 5.0, 6.5
ARROW = 9.0
BAR = 4.0
"""Thickness of the bars whose lengths are φ*(v)."""


class Marks(Item):
    """Something of a tangent, painted in pixels over the curves."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(60)
        self.tangent: Tangent | None = None
        self._hot = self._focused = False
        self._look = theme.current()

    @property
    def hot(self) -> bool:
        """Whether the pointer can take hold."""
        return self._hot

    def show_tangent(self, tangent: Tangent | None) -> None:
        """Show another tangent, or none."""
        self.tangent = tangent
        self.update()

    def heat(self, hot: bool, focused: bool) -> None:
        """Show that the tangent can be taken, or that the arrow keys turn it."""
        if (hot, focused) != (self._hot, self._focused):
            self._hot, self._focused = hot, focused
            self.update()

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        self._look = look
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        if self.tangent is None:
            return
        place = painter.worldTransform()
        painter.save()
        painter.setWorldTransform(QTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_tangent(painter, self.tangent, place, place.mapRect(self.boundingRect()))
        painter.restore()

    @abstractmethod
    def paint_tangent(self, painter: QPainter, tangent: Tangent, place: QTransform, room: QRectF) -> None:
        """Paint it into the pixels that a transform leads to."""

    def paint_bar(self, painter: QPainter, first: QPointF, second: QPointF) -> None:
        """A bar whose length is |φ*(v)|."""
        pen = QPen(QColor(self._look.gebm), BAR)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLine(first, second)

    def paint_point(self, painter: QPainter, at: QPointF, room: QRectF, fill: str, *, grip: bool) -> None:
        """A point, or an arrow at the edge that it lies beyond; `grip`: the one that the hand holds."""
        look = self._look
        hot = grip and self._hot and not self.exporting
        focused = grip and self._focused and not self.exporting
        painter.setBrush(QBrush(QColor(fill)))
        painter.setPen(QPen(QColor(look.accent if focused else look.plot), 2.0 if grip else 1.4))
        inside = room.adjusted(-1, -1, 1, 1).contains(at)
        if inside:
            radius = (HOT if hot else RADIUS) if grip else RADIUS - 1
            painter.drawEllipse(at, radius, radius)
        else:
            painter.drawPolygon(_arrow(at, room))

    def paint_stroke(self, painter: QPainter, first: QPointF, second: QPointF, colour: str, dashed: bool) -> None:
        """A line of the tangent's pen."""
        pen = QPen(QColor(colour), 2.6 if self._hot and not self.exporting else 1.8)
        if dashed:
            pen.setDashPattern([4.0, 3.0])
        painter.setPen(pen)
        painter.drawLine(first, second)


class TangentMarks(Marks):
    """The tangent on φ: a line, the point where it touches, and its intercept with a bar from zero.

    Without a finite φ*(v) the line is broken and stands at `hanging`, where it touches nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hanging = math.nan

    @property
    def intercept(self) -> float:
        """Where the line that is drawn meets the vertical axis."""
        if self.tangent is None:
            return math.nan
        return -self.tangent.conjugate if math.isfinite(self.tangent.conjugate) else self.hanging

    def paint_tangent(self, painter: QPainter, tangent: Tangent, place: QTransform, room: QRectF) -> None:
        look, finite = self._look, math.isfinite(tangent.conjugate)
        intercept = self.intercept
        if math.isnan(intercept):
            return
        zero, meets = place.map(QPointF(0.0, 0.0)), place.map(QPointF(0.0, intercept))
        view = self.boundingRect()
        ends = [place.map(QPointF(u, tangent.slope * u + intercept)) for u in (view.left(), view.right())]
        if finite:
            self.paint_bar(
                painter, QPointF(zero.x(), _within(zero.y(), room)), QPointF(zero.x(), _within(meets.y(), room))
            )
        self.paint_stroke(painter, ends[0], ends[1], look.text if finite else look.error, not finite)
        below = QPointF(zero.x(), room.bottom() + 2 * ARROW)
        self.paint_point(painter, meets if finite else below, room, look.gebm if finite else look.error, grip=False)
        if finite and math.isfinite(tangent.touches):
            at = place.map(QPointF(tangent.touches, tangent.height))
            if room.adjusted(-1, -1, 1, 1).contains(at):
                self.paint_point(painter, at, room, look.text, grip=True)


class PointMarks(Marks):
    """The slope on φ*: the point (v, φ*(v)) on a line at v, a bar from zero to it, and where φ* is infinite."""

    def __init__(self) -> None:
        super().__init__()
        self.domain = (-math.inf, math.inf)

    def paint_tangent(self, painter: QPainter, tangent: Tangent, place: QTransform, room: QRectF) -> None:
        look = self._look
        self._paint_beyond(painter, place, room)
        zero = place.map(QPointF(tangent.slope, 0.0))
        if self._hot and not self.exporting:
            painter.setPen(look.pen(look.axis))
            painter.drawLine(QPointF(zero.x(), room.top()), QPointF(zero.x(), room.bottom()))
        if math.isnan(tangent.conjugate):
            return
        finite = math.isfinite(tangent.conjugate)
        at = place.map(QPointF(tangent.slope, tangent.conjugate)) if finite else QPointF(zero.x(), room.top() - ARROW)
        if room.left() <= zero.x() <= room.right():
            foot = QPointF(zero.x(), _within(zero.y(), room))
            if finite:
                self.paint_bar(painter, foot, QPointF(zero.x(), _within(at.y(), room)))
            else:
                self.paint_stroke(painter, foot, QPointF(zero.x(), room.top()), look.error, True)
        self.paint_point(painter, at, room, look.text if finite else look.error, grip=True)

    def _paint_beyond(self, painter: QPainter, place: QTransform, room: QRectF) -> None:
        """Hatch what lies outside the domain of φ*."""
        low, high = self.domain
        edges = [place.map(QPointF(end, 0.0)).x() if math.isfinite(end) else math.nan for end in (low, high)]
        outside = []
        if edges[0] > room.left():
            outside.append(QRectF(room.left(), room.top(), min(edges[0], room.right()) - room.left(), room.height()))
        if edges[1] < room.right():
            left = max(edges[1], room.left())
            outside.append(QRectF(left, room.top(), room.right() - left, room.height()))
        for one in outside:
            painter.fillRect(one, self._look.brush(self._look.control, 150))
        painter.setPen(self._look.pen(self._look.axis, 1.0, True))
        for edge in edges:
            if room.left() < edge < room.right():
                painter.drawLine(QPointF(edge, room.top()), QPointF(edge, room.bottom()))


def _within(y: float, room: QRectF) -> float:
    return min(max(y, room.top()), room.bottom())


def _arrow(at: QPointF, room: QRectF) -> QPolygonF:
    """A small arrow at the edge of a room, towards a point beyond it."""
    x, y = min(max(at.x(), room.left() + 2), room.right() - 2), min(max(at.y(), room.top() + 2), room.bottom() - 2)
    if at.y() > room.bottom() or at.y() < room.top():
        ahead, across = QPointF(0.0, 1.0 if at.y() > room.bottom() else -1.0), QPointF(1.0, 0.0)
    else:
        ahead, across = QPointF(1.0 if at.x() > room.right() else -1.0, 0.0), QPointF(0.0, 1.0)
    tip = QPointF(x, y)
    back = tip - ahead * ARROW
    return QPolygonF([tip, back + across * (ARROW * 0.6), back - across * (ARROW * 0.6)])
