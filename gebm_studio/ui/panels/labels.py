"""A few words at places of a picture, where they cover as little as they can."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QTransform

from gebm_studio.ui import theme
from gebm_studio.ui.panels.primitives import Item

GAP, EDGE = 5.0, 3.0
"""Pixels between a place and its words, and between words and the edges of the picture."""
GROUND = 160
"""Opacity, of 255, of what lies behind words."""
CENTRE = Qt.AlignmentFlag.AlignCenter

Side = tuple[int, int]
"""Where words stand beside a place: −1 left, 0 over it, 1 right; −1 below, 0 level, 1 above."""


@dataclass(frozen=True)
class Label:
    """Words at (x, y) of the view, of which ∞ and −∞ are edges; of several sides the one is taken that covers least."""

    text: str
    x: float
    y: float
    sides: tuple[Side, ...]
    role: str = "muted"


class Labels(Item):
    """All words of a picture, painted in pixels over its curves."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: tuple[Label, ...] = ()
        self._avoid: NDArray[np.float64] = np.empty((0, 2))
        self._look = theme.current()
        self.setZValue(70)

    @property
    def labels(self) -> tuple[Label, ...]:
        """What is written."""
        return self._labels

    @property
    def texts(self) -> list[str]:
        """The words alone."""
        return [label.text for label in self._labels]

    def set_labels(self, *labels: Label, avoid: NDArray[np.float64] | None = None) -> None:
        """Write words; `avoid` (n, 2) are points of the view that they should not lie on."""
        self._labels = labels
        self._avoid = np.empty((0, 2)) if avoid is None else avoid[np.isfinite(avoid).all(axis=1)]
        self.update()

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        self._look = look
        self.update()

    def places(self, place: QTransform) -> list[QRectF]:
        """Where the words stand in the pixels that a transform leads to."""
        room = place.mapRect(self.boundingRect())
        spots = _mapped(place, self._avoid)
        taken: list[QRectF] = []
        for label in self._labels:
            choices = [self._beside(label, side, place, room) for side in label.sides]
            covers = [_covered(choice, spots) + 1000 * sum(choice.intersects(other) for other in taken)
                      for choice in choices]  # fmt: skip
            taken.append(choices[covers.index(min(covers))])
        return taken

    def paint(self, painter: QPainter, *_: Any) -> None:
        if not self._labels:
            return
        look, place = self._look, painter.worldTransform()
        rooms = self.places(place)
        painter.save()
        painter.setWorldTransform(QTransform())
        painter.setFont(look.number_font)
        for label, room in zip(self._labels, rooms, strict=True):
            painter.fillRect(room, look.brush(look.plot, GROUND))
            painter.setPen(look.pen(getattr(look, label.role)))
            width = room.width() - 2
            text = QFontMetricsF(look.number_font).elidedText(label.text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(room, CENTRE, text)
        painter.restore()

    def _beside(self, label: Label, side: Side, place: QTransform, room: QRectF) -> QRectF:
        """The rectangle of words on one side of their place, moved into the picture."""
        font = self._look.number_font
        width = min(theme.text_width(font, label.text) + 4, max(room.width() - 2 * EDGE, 0.0))
        height = theme.line_height(font)
        spot = place.map(QPointF(_or_zero(label.x), _or_zero(label.y)))
        x = {math.inf: room.right(), -math.inf: room.left()}.get(label.x, spot.x())
        y = {math.inf: room.top(), -math.inf: room.bottom()}.get(label.y, spot.y())
        across, up = side
        left = x + (across - 1) * width / 2 + across * GAP
        top = y - (up + 1) * height / 2 - up * GAP
        left = min(max(left, room.left() + EDGE), max(room.right() - width - EDGE, room.left() + EDGE))
        top = min(max(top, room.top() + EDGE), max(room.bottom() - height - EDGE, room.top() + EDGE))
        return QRectF(left, top, width, height)


def _or_zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _covered(room: QRectF, spots: NDArray[np.float64]) -> int:
    """How many spots lie under a rectangle."""
    x, y = spots[:, 0], spots[:, 1]
    return int(((x >= room.left()) & (x <= room.right()) & (y >= room.top()) & (y <= room.bottom())).sum())


def _mapped(place: QTransform, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, 2) in pixels; views are never turned."""
    return points * np.array([place.m11(), place.m22()]) + np.array([place.dx(), place.dy()])
