"""Where the pointer is, and what is singled out there."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QTransform

from gebm_studio.ui.panels.primitives import Item


class Crosshair(Item):
    """Two thin lines through the pointer, and a ring around a point that is singled out."""

    def __init__(self) -> None:
        super().__init__()
        self._at: tuple[float, float] | None = None
        self._ring: tuple[float, float] | None = None
        self._pen = QPen()
        self._ring_pen = QPen()

    @property
    def ring(self) -> tuple[float, float] | None:
        """The point that is singled out."""
        return self._ring

    def set_pens(self, lines: QPen, ring: QPen) -> None:
        """The pens of the two lines and of the ring."""
        self._pen, self._ring_pen = lines, ring
        self.update()

    def point_at(self, at: tuple[float, float] | None) -> None:
        """Move the lines, or take them away."""
        if at != self._at:
            self._at = at
            self.update()

    def single_out(self, ring: tuple[float, float] | None) -> None:
        """Put the ring around a point, or take it away."""
        if ring != self._ring:
            self._ring = ring
            self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        view = self.boundingRect()
        if self._at is not None and not self.exporting:
            x, y = self._at
            painter.setPen(self._pen)
            painter.drawLine(QPointF(x, view.top()), QPointF(x, view.bottom()))
            painter.drawLine(QPointF(view.left(), y), QPointF(view.right(), y))
        if self._ring is not None:
            spot = painter.worldTransform().map(QPointF(*self._ring))
            painter.save()
            painter.setWorldTransform(QTransform())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self._ring_pen)
            painter.drawEllipse(spot, 6.0, 6.0)
            painter.restore()
