"""The energy along a film, with a mark at the state that is looked at."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.film_reel import Reel
from gebm_studio.ui.panels.film_strip import OLD
from gebm_studio.ui.panels.tiles import fitted, with_scale

LEAST = 44
"""Height below which a curve says nothing."""
MARGIN = 4
TITLE = "energy E(G(z)) along the film"


class FilmCurve(QWidget):
    """E(G(z)) over the steps of a film; a click or a drag looks at the nearest state."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reel: Reel | None = None
        self._at = 0
        self._room = QRectF()
        self.setAccessibleName("Energy along the film")
        self.setToolTip(
            "E(G(z)) along the film. Ticks below: the classifier's word changes. Click or drag to look at a state."
        )
        self.setMinimumSize(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def at(self) -> int:
        """The state that is marked."""
        return self._at

    def show_reel(self, reel: Reel | None) -> None:
        """Show the energies of a film."""
        if reel is not self._reel:
            self._reel = reel
            self.update()

    def show_frame(self, frame: int) -> None:
        """Mark a state."""
        if frame != self._at:
            self._at = frame
            self.update()

    def spot(self, frame: int) -> QPointF:
        """Where a state is drawn, once the curve has been."""
        return self._points()[frame]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pick(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pick(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, reel = theme.current(), self._reel
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.plot))
        if reel is None or not reel.ready:
            painter.end()
            return
        line = theme.line_height(look.text_font)
        room = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        if room.height() > 4 * line:
            painter.setFont(look.text_font)
            painter.setPen(look.pen(look.muted))
            painter.drawText(
                room, Qt.AlignmentFlag.AlignTop, fitted("energy E(G(z)) along the film", look, room.width())
            )
            room.adjust(0, line, 0, 0)
        low, high = self._ends()
        self._room = with_scale(painter, room, look, low, high) if room.height() > 2 * line else room
        points = self._points()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.on_page(look.pen(look.axis)))
        bottom = self._room.bottom()
        for frame in reel.turns:
            painter.drawLine(QPointF(points[frame].x(), bottom - 4), QPointF(points[frame].x(), bottom + 2))
        painter.setOpacity(OLD)
        self._paint_line(painter, look, points[max(reel.fresh - 1, 0) :])
        painter.setOpacity(1.0)
        self._paint_line(painter, look, points[: reel.fresh])
        self._paint_mark(painter, look, points)
        painter.end()

    def _paint_line(self, painter: QPainter, look: theme.Theme, points: list[QPointF]) -> None:
        painter.setPen(theme.on_page(look.pen(look.gebm, 1.6)))
        finite = [point for point in points if np.isfinite(point.y())]
        painter.drawPolyline(QPolygonF(finite))

    def _paint_mark(self, painter: QPainter, look: theme.Theme, points: list[QPointF]) -> None:
        if self._at >= len(points):
            return
        here = points[self._at]
        painter.setPen(theme.on_page(look.pen(look.accent)))
        painter.drawLine(QPointF(here.x(), self._room.top()), QPointF(here.x(), self._room.bottom()))
        if np.isfinite(here.y()):
            painter.setBrush(look.brush(look.accent))
            painter.drawEllipse(here, 3.0, 3.0)

    def _ends(self) -> tuple[float, float]:
        """The ends of the scale, of what is finite."""
        energy = np.empty(0) if self._reel is None else self._reel.film.energy
        finite = energy[np.isfinite(energy)]
        if not len(finite):
            return 0.0, 1.0
        low, high = float(finite.min()), float(finite.max())
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def _points(self) -> list[QPointF]:
        reel, room = self._reel, self._room
        if reel is None:
            return []
        low, high = self._ends()
        at = reel.film.at.astype(np.float64)
        first, last = (float(at.min()), float(at.max())) if len(at) else (0.0, 1.0)
        across = room.left() + (at - first) / max(last - first, 1.0) * room.width()
        down = room.bottom() - (reel.film.energy.astype(np.float64) - low) / (high - low) * room.height()
        return [QPointF(x, y) for x, y in zip(across.tolist(), down.tolist(), strict=True)]

    def _pick(self, event: QMouseEvent) -> None:
        points = self._points()
        if points and event.buttons() & Qt.MouseButton.LeftButton:
            x = event.position().x()
            self.picked.emit(min(range(len(points)), key=lambda frame: abs(points[frame].x() - x)))
