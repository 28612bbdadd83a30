"""The state of a film that is looked at, large, and the training image that is nearest to the last one."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.messages import Bytes, Film, frozen
from gebm_studio.ui import theme
from gebm_studio.ui.panels.film_reel import Reel, nearest_text, nearness
from gebm_studio.ui.panels.film_strip import OLD
from gebm_studio.ui.panels.image_sheet import NONE, Sheet, on_pixels
from gebm_studio.ui.panels.tiles import fitted
from gebm_studio.ui.theme import GRID

WIDEST = 200
"""A stage's image is no wider than this many pixels, however high the panel is, or one pixel for each of its own."""

CAPTIONS = ("step 0000", "E −0.000"), ("nearest in training", "00 grey levels")
"""Captions of usual length, of a state and of the nearest training image."""


class FilmStage(QWidget):
    """One state at a large whole zoom, and beside it, where there is room, the nearest training image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reel: Reel | None = None
        self._sheet, self._nearest = Sheet(), Sheet()
        self._training: Bytes = NONE
        self._at = 0
        self.setAccessibleName("State of the film")
        self.setMinimumSize(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    @property
    def at(self) -> int:
        """The state that is shown."""
        return self._at

    def show_reel(self, reel: Reel | None, sheet: Sheet) -> None:
        """Show a film whose images are on a sheet."""
        if reel is self._reel:
            return
        before = None if self._reel is None else self._reel.film
        self._reel, self._sheet = reel, sheet
        training = NONE if reel is None else reel.film.nearest
        if training.size:
            if training is not self._training:
                self._nearest = Sheet(frozen(training[None]))
        elif reel is None or before is None or not _same_choice(before, reel.film):
            self._nearest = Sheet()  # else the one of the pass before stays until it is known anew
        self._training = training
        said = "" if reel is None else nearest_text(reel.film)
        tip = "The state that is looked at." + (f" Of the last one: {said}, root mean square a pixel." if said else "")
        if tip != self.toolTip():
            self.setToolTip(tip)
            self.setAccessibleDescription(tip)
        self.update()

    def show_frame(self, frame: int) -> None:
        """Show a state."""
        if frame != self._at:
            self._at = frame
            self.update()

    def wished_width(self, height: float, most: float) -> float:
        """Width that is filled at a height: by two images, by one where two would be wider than `most`, or by none."""
        _, alone, slot = self._sizes(height)
        return next((width for width in (2 * slot + GRID, alone) if width <= most), 0.0)

    def cells(self) -> tuple[QRectF, QRectF | None]:
        """Where the state is drawn, and the nearest training image, where there is room for it."""
        zoom, _, slot = self._sizes(self.height())
        size = QSizeF(self._sheet.width * zoom, self._sheet.height * zoom)
        state = QRectF(on_pixels(self, 1, 1), size)
        if 2 * slot + GRID > self.width() + 1:
            return state, None
        return state, QRectF(on_pixels(self, 1 + slot + GRID, 1), size)

    def paintEvent(self, event: QPaintEvent) -> None:
        reel, look = self._reel, theme.current()
        if reel is None or self._at >= reel.ready:
            return
        painter = QPainter(self)
        cell, beside = self.cells()
        painter.setOpacity(1.0 if self._at < reel.fresh else OLD)
        self._sheet.paint(painter, self._at, cell)
        painter.setOpacity(1.0)
        self._say(painter, look, cell, reel.captions[self._at], self.width() if beside is None else beside.left())
        if beside is not None:
            self._paint_nearest(painter, look, reel, beside)
        painter.end()

    def _paint_nearest(self, painter: QPainter, look: theme.Theme, reel: Reel, cell: QRectF) -> None:
        distance, usual = nearness(reel.film)
        if len(self._nearest):
            painter.setOpacity(1.0 if distance else OLD)
            self._nearest.paint(painter, 0, cell)
            painter.setOpacity(1.0)
        else:
            painter.fillRect(cell, look.brush(look.control))
        texts = ("nearest in training", distance or "…", f"held-out: {usual}" if usual else "")
        self._say(painter, look, cell, texts, self.width())

    def _say(self, painter: QPainter, look: theme.Theme, cell: QRectF, texts: tuple[str, ...], right: float) -> None:
        line = theme.line_height(look.number_font)
        painter.setFont(look.number_font)
        for row, text in enumerate(texts):
            painter.setPen(look.pen(look.text if row == 2 or text.startswith("nearest") else look.muted))
            room = QRectF(cell.left(), cell.bottom() + 2 + row * line, right - cell.left() - 2, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, fitted(text, look, room.width()))

    def _sizes(self, height: float) -> tuple[float, float, float]:
        """The zoom at a height; the width of an image with the captions of a state, and with all captions."""
        look, ratio, sheet = theme.current(), self.devicePixelRatioF(), self._sheet
        free = height - 2 - 3 * theme.line_height(look.number_font) - 2
        most = min(free / sheet.height, max(WIDEST / sheet.width, 1.0))
        zoom = max(1, math.floor(most * ratio)) / ratio
        alone, both = (max(theme.text_width(look.number_font, text) + 4 for text in texts) for texts in CAPTIONS)
        return zoom, max(sheet.width * zoom + 2, alone), max(sheet.width * zoom + 2, alone, both)


def _same_choice(one: Film, other: Film) -> bool:
    return (one.mode, one.first, one.second) == (other.mode, other.first, other.second)
