"""The few signs on the buttons, drawn in the colours of the palette."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from gebm_studio.ui import theme

SIDE = 16


def icon(name: str) -> QIcon:
    """The sign of a name in the colours of the present theme, sharp up to three times the size."""
    result = QIcon()
    look = theme.current()
    faint = theme.mixed(look.muted, look.window, 0.5)
    for mode, colour in ((QIcon.Mode.Normal, look.text), (QIcon.Mode.Disabled, faint)):
        for ratio in (1.0, 1.5, 2.0, 3.0):
            pixmap = QPixmap(round(SIDE * ratio), round(SIDE * ratio))
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            _SIGNS[name](painter, QColor(colour))
            painter.end()
            result.addPixmap(pixmap, mode)
    return result


def _run(painter: QPainter, _: QColor) -> None:
    painter.drawPolygon(QPolygonF([QPointF(4, 2), QPointF(14, 8), QPointF(4, 14)]))


def _pause(painter: QPainter, _: QColor) -> None:
    painter.drawRect(QRectF(3, 2, 4, 12))
    painter.drawRect(QRectF(9, 2, 4, 12))


def _step(painter: QPainter, _: QColor) -> None:
    painter.drawPolygon(QPolygonF([QPointF(3, 2), QPointF(10, 8), QPointF(3, 14)]))
    painter.drawRect(QRectF(11, 2, 3, 12))


def _reset(painter: QPainter, colour: QColor) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 2))
    painter.drawArc(QRectF(3, 3, 10, 10), 40 * 16, 290 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(9.5, 0.5), QPointF(15, 3.5), QPointF(10.5, 7)]))


def _slow(painter: QPainter, colour: QColor) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.6))
    painter.drawEllipse(QRectF(2, 2, 12, 12))
    painter.drawLine(QPointF(8, 8), QPointF(8, 4.5))
    painter.drawLine(QPointF(8, 8), QPointF(11, 9.5))


def _close(painter: QPainter, colour: QColor) -> None:
    painter.setPen(QPen(colour, 1.6))
    painter.drawLine(QPointF(4, 4), QPointF(12, 12))
    painter.drawLine(QPointF(12, 4), QPointF(4, 12))


def _studio(painter: QPainter, _: QColor) -> None:
    """A ring of unequal masses: what the studio opens with."""
    painter.setBrush(QColor(theme.DARK.window))
    painter.drawRoundedRect(QRectF(0, 0, 16, 16), 3, 3)
    places = [(8, 3.2), (11.4, 4.6), (12.8, 8), (11.4, 11.4), (8, 12.8), (4.6, 11.4), (3.2, 8), (4.6, 4.6)]
    for (x, y), mass in zip(places, (1.9, 0.9, 1.5, 1.1, 1.7, 0.9, 1.3, 1.1), strict=True):
        painter.setBrush(QColor(theme.LIGHT.gebm if mass > 1.2 else theme.LIGHT.base))
        painter.drawEllipse(QPointF(x, y), mass, mass)


_SIGNS: dict[str, Callable[[QPainter, QColor], None]] = {
    "run": _run,
    "pause": _pause,
    "step": _step,
    "reset": _reset,
    "slow": _slow,
    "close": _close,
    "studio": _studio,
}
