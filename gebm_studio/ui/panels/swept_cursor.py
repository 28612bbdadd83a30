"""The running point: a line that a hand can take hold of, and a marker on each curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from gebm_studio.ui import theme
from gebm_studio.ui.panels.primitives import Item

REACH = 8.0
"""The line is held within so many pixels."""
RADIUS, IN_STRIP = 4.5, 3.2
"""Of markers on curves, and on the strip for ∞."""


@dataclass(frozen=True)
class Marker:
    """A point on a curve; `y` is ∞ on the strip, `lane` pixels below the top, and NaN where there is none."""

    x: float
    y: float
    colour: str
    hollow: bool = False
    lane: float = 0.0


class SweptCursor(Item):
    """The line stands where the hand holds it, the markers where the engine's values are."""

    def __init__(self) -> None:
        super().__init__()
        self._x = math.nan
        self._markers: list[Marker] = []
        self._hot = self._focused = False
        self._look = theme.current()
        self.setZValue(60)

    @property
    def x(self) -> float:
        """Where the line is, NaN where there is none."""
        return self._x

    @property
    def markers(self) -> list[Marker]:
        """The markers, one for each curve."""
        return self._markers

    @property
    def hot(self) -> bool:
        """Whether the pointer can take the line."""
        return self._hot

    def show_line(self, x: float) -> None:
        """Put the line somewhere."""
        if x != self._x:
            self._x = x
            self.update()

    def show_markers(self, markers: list[Marker]) -> None:
        """Put the markers somewhere."""
        self._markers = markers
        self.update()

    def heat(self, hot: bool, focused: bool = False) -> None:
        """Show that the line can be taken, or that the arrow keys move it."""
        if (hot, focused) != (self._hot, self._focused):
            self._hot, self._focused = hot, focused
            self.update()

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        self._look = look
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        place = painter.worldTransform()
        room = place.mapRect(self.boundingRect())
        painter.save()
        painter.setWorldTransform(QTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if math.isfinite(self._x):
            self._paint_line(painter, place.map(QPointF(self._x, 0.0)).x(), room)
        for marker in self._markers:
            if math.isfinite(marker.x) and not math.isnan(marker.y):
                self._paint_marker(painter, marker, place, room)
        painter.restore()

    def _paint_line(self, painter: QPainter, x: float, room: QRectF) -> None:
        look = self._look
        x = min(max(x, room.left()), room.right())
        painter.setPen(QPen(QColor(look.accent), 2.4 if self._hot or self._focused else 1.4))
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        if not self.exporting:
            painter.setBrush(QColor(look.accent))
            painter.setPen(QPen(QColor(look.plot), 1.0))
            grip = [(0, -12), (5.5, -6), (5.5, 0), (-5.5, 0), (-5.5, -6)]
            painter.drawPolygon(QPolygonF([QPointF(x + dx, room.bottom() + dy) for dx, dy in grip]))

    def _paint_marker(self, painter: QPainter, marker: Marker, place: QTransform, room: QRectF) -> None:
        look, colour = self._look, QColor(marker.colour)
        if math.isinf(marker.y):
            at = QPointF(place.map(QPointF(marker.x, 0.0)).x(), room.top() + marker.lane)
        else:
            at = place.map(QPointF(marker.x, marker.y))
        at.setX(min(max(at.x(), room.left()), room.right()))
        painter.setPen(QPen(colour, 1.8) if marker.hollow else QPen(QColor(look.plot), 1.4))
        painter.setBrush(QColor(look.plot) if marker.hollow else colour)
        if at.y() < room.top() and not math.isinf(marker.y):
            top = room.top() + 2  # the curve leaves the picture: an arrow says where to
            painter.drawPolygon(QPolygonF([QPointF(at.x() + dx, top + dy) for dx, dy in ((0, 0), (6, 9), (-6, 9))]))
        else:
            radius = IN_STRIP if math.isinf(marker.y) else RADIUS
            painter.drawEllipse(at, radius, radius)
