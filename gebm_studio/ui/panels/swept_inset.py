"""Both densities in small, in the corner of the curves that is free."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from gebm_studio.messages import Floats, Inset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.primitives import Item

Corner = Literal["upper left", "lower right", "upper right", "lower left"]
CORNERS: tuple[Corner, ...] = ("upper left", "lower right", "upper right", "lower left")
WIDE, HIGH = 150.0, 84.0
SHARE = 0.36
"""An inset takes no more than this of the picture's width and height."""
LEAST = (70.0, 36.0)
"""Below this size it would show nothing."""
EDGE = 8.0


class InsetPicture(Item):
    """P in grey behind, Q in its colour before it."""

    def __init__(self) -> None:
        super().__init__()
        self._inset: Inset | None = None
        self._corner: Corner = CORNERS[0]
        self._top = 0.0
        self._highest = 0.0
        self._look = theme.current()
        self.setZValue(70)

    @property
    def inset(self) -> Inset | None:
        """What is shown."""
        return self._inset

    @property
    def corner(self) -> Corner:
        """Where it stands."""
        return self._corner

    def show(self, inset: Inset | None, spots: NDArray[np.float64], room: QRectF, below: float) -> None:
        """Show densities in a corner where fewest of some spots (n, 2), in pixels, lie; it stays where it is free."""
        self._inset, self._top = inset, below
        if inset is None:
            self._highest = 0.0
        else:
            now = float(max(inset.p.max(initial=0.0), inset.q.max(initial=0.0)))
            if not 0.4 * self._highest < now <= self._highest:  # the scale follows only what leaves it
                self._highest = 1.1 * now
            covered = {corner: _inside(spots, self.frame(room, corner)) for corner in CORNERS}
            if covered[self._corner]:
                self._corner = min(CORNERS, key=lambda corner: covered[corner])
        self.update()

    def frame(self, room: QRectF, corner: Corner) -> QRectF:
        """The rectangle in a corner of the picture, which is `room` in pixels."""
        width, height = min(WIDE, SHARE * room.width()), min(HIGH, SHARE * room.height())
        left = room.left() + EDGE if corner.endswith("left") else room.right() - EDGE - width
        upper = corner.startswith("upper")
        top = room.top() + self._top + EDGE if upper else room.bottom() - 2.5 * EDGE - height
        return QRectF(left, top, width, height)

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        self._look = look
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        inset, look = self._inset, self._look
        room = painter.worldTransform().mapRect(self.boundingRect())
        frame = self.frame(room, self._corner)
        if inset is None or not len(inset.x) or frame.width() < LEAST[0] or frame.height() < LEAST[1]:
            return
        painter.save()
        painter.setWorldTransform(QTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.pen(look.line))
        painter.setBrush(look.brush(look.plot, 235))
        painter.drawRoundedRect(frame, 3, 3)
        for density, role, filled in ((inset.p, look.data, True), (inset.q, look.base, False)):
            line = self._line(inset.x, density, frame)
            painter.setPen(QPen(QColor(role), 1.6))
            painter.setBrush(look.brush(role, 70) if filled else Qt.BrushStyle.NoBrush)
            if filled:
                ends = [QPointF(line[-1].x(), frame.bottom() - 3), QPointF(line[0].x(), frame.bottom() - 3)]
                painter.setPen(Qt.PenStyle.NoPen)
                painter.drawPolygon(QPolygonF([*line, *ends]))
                painter.setPen(QPen(QColor(role), 1.6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(line))
        painter.setFont(look.text_font)
        for place, (name, role) in enumerate((("P", look.data), ("Q", look.base))):
            painter.setPen(QColor(role))
            painter.drawText(QPointF(frame.left() + 6 + 13 * place, frame.top() + 14), name)
        painter.restore()

    def _line(self, x: Floats, density: Floats, frame: QRectF) -> list[QPointF]:
        left, right = float(x[0]), float(x[-1])
        across = frame.left() + 3 + (x.astype(np.float64) - left) / (right - left) * (frame.width() - 6)
        share = np.nan_to_num(density.astype(np.float64) / self._highest, nan=0.0, posinf=1.0)
        up = frame.bottom() - 3 - np.minimum(share, 1.0) * (frame.height() - 10)
        return [QPointF(a, b) for a, b in zip(across.tolist(), up.tolist(), strict=True)]


def _inside(spots: NDArray[np.float64], frame: QRectF) -> int:
    """How many spots lie in a rectangle, or near it."""
    room = frame.adjusted(-6, -6, 6, 6)
    x, y = spots[:, 0], spots[:, 1]
    return int(((x > room.left()) & (x < room.right()) & (y > room.top()) & (y < room.bottom())).sum())
