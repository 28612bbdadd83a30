"""Grids of small images, drawn pixel for pixel at a whole zoom."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.messages import Bytes
from gebm_studio.ui import theme
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.tiles import fitted
from gebm_studio.ui.theme import GRID

GAP = 1
"""Device-independent pixels between two images."""


class Mosaic(QWidget):
    """Images under a heading, in a grid that fills the widget as well as a whole zoom allows."""

    clicked = Signal(int)

    def __init__(self, heading: str, role: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = heading
        self._role = role
        self._images: Bytes = np.empty((0, 1, 1), dtype=np.uint8)
        self._marked: int | None = None
        self.selectable = False
        self.setAccessibleName(f"{heading} images")
        self.setMinimumSize(48, 48)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(160, 160)

    @property
    def images(self) -> Bytes:
        """What is shown, (n, h, w)."""
        return self._images

    def set_selectable(self) -> None:
        """Let a click or the arrow keys choose one image."""
        self.selectable = True
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_images(self, images: Bytes) -> None:
        """Show images (n, h, w) of grey values."""
        self._images = images
        self.update()

    def mark(self, place: int | None) -> None:
        """Frame one image."""
        if place != self._marked:
            self._marked = place
            self.update()

    def place_at(self, spot: QPoint) -> int | None:
        """The image at a point of the widget."""
        for place, cell in enumerate(self._cells()):
            if cell.adjusted(0, 0, GAP, GAP).contains(QPointF(spot)):
                return place
        return None

    def cell(self, place: int) -> QRectF:
        """Where an image is drawn."""
        return self._cells()[place]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().toPoint())
        if self.selectable and place is not None:
            self.clicked.emit(place)
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if self.selectable and move is not None and len(self._images):
            self.clicked.emit(0 if self._marked is None else self._marked + move)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        line = theme.line_height(look.text_font)
        painter.fillRect(QRectF(0, line / 2 - 4, 8, 8), QColor(getattr(look, self._role)))
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text))
        painter.drawText(QRectF(14, 0, self.width() - 14, line), fitted(self.heading, look, self.width() - 14))
        cells = self._cells()
        for image, cell in zip(self._images, cells, strict=False):
            _paint_image(painter, cell, image)
        if self._marked is not None and self._marked < len(cells):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.pen(look.accent, 2.0))
            painter.drawRect(cells[self._marked].adjusted(-1, -1, 1, 1))
        painter.end()

    def _cells(self) -> list[QRectF]:
        count, rows, columns = self._images.shape
        if not count:
            return []
        top = theme.line_height(theme.current().text_font) + 3
        across, zoom = best_grid(count, columns, rows, self.width(), self.height() - top, self.devicePixelRatioF())
        width, height = columns * zoom + GAP, rows * zoom + GAP
        return [
            QRectF((place % across) * width + 1, top + (place // across) * height + 1, width - GAP, height - GAP)
            for place in range(count)
        ]


class FilmStrip(QWidget):
    """The states of one chain from early to late, with its steps and energies."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._film: Bytes = np.empty((0, 1, 1), dtype=np.uint8)
        self._captions: list[tuple[str, str]] = []
        self._heading = ""
        self._small = False
        self.setMinimumSize(48, 40)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(320, (24 if self._small else 64) + GRID + 3 * theme.line_height(theme.current().text_font))

    def set_small(self, small: bool) -> None:
        """Take less height, for smaller pictures."""
        if small != self._small:
            self._small = small
            self.updateGeometry()

    @property
    def shown(self) -> int:
        """How many states fit now."""
        return len(self._chosen()[0])

    @property
    def heading(self) -> str:
        """What the strip says above its pictures."""
        return self._heading

    def show_film(self, film: Bytes, heading: str, captions: list[tuple[str, str]]) -> None:
        """Show states (f, h, w), each with two short captions."""
        self._film, self._heading, self._captions = film, heading, captions
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        line = theme.line_height(look.text_font)
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text))
        if not len(self._film):
            painter.setPen(look.pen(look.muted))
            painter.drawText(
                QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._heading
            )
            painter.end()
            return
        painter.drawText(QRectF(0, 0, self.width(), line), fitted(self._heading, look, self.width()))
        places, pitch, zoom = self._chosen()
        painter.setFont(look.number_font)
        painter.setPen(look.pen(look.muted))
        rows, columns = self._film.shape[1:]
        for slot, place in enumerate(places):
            left, top = slot * pitch, line + 4
            _paint_image(painter, QRectF(left, top, columns * zoom, rows * zoom), self._film[place])
            for row, caption in enumerate(self._captions[place]):
                room = QRectF(left, top + rows * zoom + 2 + row * line, pitch - 2, line)
                painter.drawText(room, fitted(caption, look, pitch - 2))
        painter.end()

    def _chosen(self) -> tuple[list[int], float, float]:
        """Which states are shown, the distance between two, and the zoom: even over the film, with both ends."""
        count, rows, columns = self._film.shape
        if not count:
            return [], 1.0, 1.0
        look = theme.current()
        line = theme.line_height(look.text_font)
        ratio = self.devicePixelRatioF()
        zoom = max(1, math.floor((self.height() - 3 * line - 8) * ratio / rows)) / ratio
        widest = max(
            (theme.text_width(look.number_font, text) for pair in self._captions for text in pair), default=0.0
        )
        pitch = max(columns * zoom, widest) + GRID
        fitting = max(1, int((self.width() + GRID) // pitch))
        places = np.unique(np.linspace(0, count - 1, min(fitting, count)).round().astype(int)).tolist()
        return places if fitting > 1 else [count - 1], pitch, zoom


def captions(steps: list[int], energies: list[float]) -> list[tuple[str, str]]:
    """The two lines under each state."""
    return [(f"step {step}", f"E {short(energy)}") for step, energy in zip(steps, energies, strict=True)]


def best_grid(count: int, width: int, height: int, room_x: float, room_y: float, ratio: float) -> tuple[int, float]:
    """Columns and zoom for `count` images of a size; the zoom is whole in pixels of the screen.

    Where not even a zoom of one pixel fits, the grid keeps that zoom and is cut at its end.
    """
    best = (0.0, 0, 0, 1)
    for across in range(1, count + 1):
        down = math.ceil(count / across)
        free_x, free_y = room_x - across * GAP, room_y - down * GAP
        zoom = math.floor(min(free_x / (across * width), free_y / (down * height)) * ratio) / ratio
        # Of grids with one zoom the one that leaves fewest places empty looks best, and then the squarest.
        best = max(best, (zoom, count - across * down, -abs(across - down), across))
    if best[0] <= 0:
        return max(1, int(room_x // (width / ratio + GAP))), 1.0 / ratio
    return best[3], best[0]


def _paint_image(painter: QPainter, cell: QRectF, image: Bytes) -> None:
    pixels = np.ascontiguousarray(image)
    height, width = pixels.shape
    # The picture only borrows the array, which therefore has to outlive the drawing.
    picture = QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8)
    painter.drawImage(cell, picture, QRectF(QRect(0, 0, width, height)))
