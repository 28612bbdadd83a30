"""Small images, grey or in colour, ready to be painted pixel for pixel."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import Bytes

NONE: Bytes = np.empty((0, 1, 1), dtype=np.uint8)


class Sheet:
    """Images (n, h, w) grey or (n, h, w, 3) colour, uint8, converted once and painted often."""

    def __init__(self, images: Bytes = NONE) -> None:
        self.images = images
        # The pictures only borrow these pixels, which therefore live as long as the sheet.
        self._pixels = np.ascontiguousarray(images)
        self.height, self.width = self._pixels.shape[1:3]
        colour = self._pixels.ndim == 4
        form = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
        stride = self.width * (3 if colour else 1)
        self._pictures = [QImage(image.data, self.width, self.height, stride, form) for image in self._pixels]

    def __len__(self) -> int:
        return len(self._pictures)

    def showing(self, images: Bytes) -> Sheet:
        """The sheet of images: this one, where they are the same."""
        return self if images is self.images else Sheet(images)

    def paint(self, painter: QPainter, place: int, room: QRectF) -> None:
        """Paint one image over a room, each of its pixels as one even square."""
        painter.drawImage(room, self._pictures[place])


def on_pixels(widget: QWidget, x: float, y: float) -> QPointF:
    """The place in a widget, nearest to a given one, where a pixel of the screen begins.

    Where the screen has no whole number of pixels to one of the window, a widget itself may begin between two.
    """
    ratio, corner = widget.devicePixelRatioF(), widget.mapTo(widget.window(), QPoint(0, 0))
    return QPointF(
        round((corner.x() + x) * ratio) / ratio - corner.x(), round((corner.y() + y) * ratio) / ratio - corner.y()
    )
