"""The states of a film from early to late, with steps, energies and words."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.film_reel import Reel
from gebm_studio.ui.panels.image_sheet import Sheet, on_pixels
from gebm_studio.ui.panels.tiles import fitted
from gebm_studio.ui.theme import GRID

OLD = 0.4
"""Opacity of a state that is of the pass before."""
WORD = 2
"""The line of the captions in which the classifier's word stands."""
EDGE = 2
"""Room around an image for its frame."""


class Slots(NamedTuple):
    """The states that are shown, what lies between two of them, and the zoom of an image."""

    places: tuple[int, ...]
    pitch: float
    zoom: float


class FilmStrip(QWidget):
    """As many states as fit, even over the film, with both ends; a click picks one of them."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reel: Reel | None = None
        self._sheet = Sheet()
        self._at = 0
        self._alone = False
        self._slots = Slots((), 1.0, 1.0)
        self._caption_width = 0.0
        self.setAccessibleName("Film strip")
        self.setToolTip("The states from early to late. Click one to look at it; space plays.")
        self.setMinimumSize(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def places(self) -> tuple[int, ...]:
        """The states that are shown now."""
        return self._slots.places

    @property
    def caption_width(self) -> float:
        """Room for the widest caption so far: room once taken is kept, so that nothing jumps while numbers change."""
        return self._caption_width

    def show_reel(self, reel: Reel | None, sheet: Sheet) -> None:
        """Show a film whose images are on a sheet."""
        if reel is not self._reel:
            if reel is None or self._reel is None or reel.film.mode != self._reel.film.mode:
                self._caption_width = 0.0
            self._reel, self._sheet = reel, sheet
            self._measure()
            self._arrange()
            self.update()

    def show_frame(self, frame: int, alone: bool) -> None:
        """Frame the state that is looked at; `alone`, it is in the strip in any case, as it is seen nowhere else."""
        if (frame, alone) != (self._at, self._alone):
            self._at, self._alone = frame, alone
            self._arrange()
            self.update()

    def wished_height(self, width: float, height: float) -> float:
        """Height with images as large as lets some of them stand side by side, of at most `height`."""
        return self._slots_in(width, height).zoom * self._sheet.height + self._below() + 2 * EDGE

    def cell(self, slot: int) -> QRectF:
        """Where the image of a slot is drawn."""
        zoom = self._slots.zoom
        corner = on_pixels(self, slot * self._slots.pitch + EDGE, EDGE)
        return QRectF(corner, QSizeF(self._sheet.width * zoom, self._sheet.height * zoom))

    def resizeEvent(self, event: object) -> None:
        self._arrange()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        slot = int(event.position().x() // self._slots.pitch)
        if self._slots.places and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(self._slots.places[min(max(slot, 0), len(self._slots.places) - 1)])
        else:
            super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        reel = self._reel
        if reel is None:
            return
        look = theme.current()
        painter = QPainter(self)
        for slot, place in enumerate(self._slots.places):
            cell = self.cell(slot)
            if place >= reel.ready:
                painter.fillRect(cell, look.brush(look.control))
                continue
            painter.setOpacity(1.0 if place < reel.fresh else OLD)
            self._sheet.paint(painter, place, cell)
            before = self._slots.places[slot - 1] if slot else place
            self._paint_captions(painter, look, reel.captions[place], reel.captions[before], cell)
            painter.setOpacity(1.0)
            if place == self._at:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(theme.on_page(look.pen(look.accent, 2.0 if self.hasFocus() else 1.0)))
                painter.drawRect(cell.adjusted(-1, -1, 1, 1))
        painter.end()

    def _paint_captions(
        self, painter: QPainter, look: theme.Theme, texts: tuple[str, ...], before: tuple[str, ...], cell: QRectF
    ) -> None:
        """The lines below a state; a word that is not that of the state shown before it stands out."""
        line, width = theme.line_height(look.number_font), self._slots.pitch - 2
        for row, text in enumerate(texts):
            turned = row == WORD and text != before[row]
            painter.setFont(_bold(look.number_font) if turned else look.number_font)
            painter.setPen(look.pen(look.accent if turned else look.text if row == WORD else look.muted))
            room = QRectF(cell.left(), cell.bottom() + EDGE + row * line, width, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, fitted(text, look, width))

    def _measure(self) -> None:
        if self._reel is not None:
            font = theme.current().number_font
            captions = {(row, text) for lines in self._reel.captions for row, text in enumerate(lines)}
            longest = sorted(captions, key=lambda caption: len(caption[1]))[-4:]
            widths = (theme.text_width(_bold(font) if row == WORD else font, text) for row, text in longest)
            self._caption_width = max(self._caption_width, *widths, 0.0)

    def _below(self) -> float:
        """Room below an image."""
        rows = 2 if self._reel is None or not self._reel.film.labels else 3
        return EDGE + rows * theme.line_height(theme.current().number_font)

    def _slots_in(self, width: float, height: float) -> Slots:
        reel, sheet = self._reel, self._sheet
        if reel is None or not reel.total:
            return Slots((), 1.0, 1.0)
        ratio = self.devicePixelRatioF()
        free = width + GRID - 2 * EDGE
        some = min(reel.total, max(2, int(free // max(64.0, self._caption_width + GRID))))
        by_height = (height - self._below() - 2 * EDGE) / sheet.height
        by_width = (free / some - GRID) / sheet.width
        zoom = max(1, math.floor(min(by_height, by_width) * ratio)) / ratio
        pitch = max(sheet.width * zoom, self._caption_width) + GRID
        fitting = max(1, int(free // pitch))
        chosen = np.unique(np.linspace(0, reel.total - 1, min(fitting, reel.total)).round().astype(int)).tolist()
        if fitting == 1:
            chosen = [reel.total - 1]
        elif fitting > len(chosen):
            pitch = max(pitch, min(free / len(chosen), 1.5 * pitch))
        if self._alone and self._at not in chosen and self._at < reel.total:
            nearest = min(range(len(chosen)), key=lambda slot: abs(chosen[slot] - self._at))
            chosen[nearest] = self._at
        return Slots(tuple(chosen), pitch, zoom)

    def _arrange(self) -> None:
        self._slots = self._slots_in(self.width(), self.height())


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setBold(True)
    return bold
