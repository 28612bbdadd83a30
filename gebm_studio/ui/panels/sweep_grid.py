"""Scores of optimiser settings by methods: mean, interval and every seed."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.messages import SweepPart
from gebm_studio.ui import theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
HALF = theme.GRID // 2
WIDEST = "100 ± 100"
WORST = "worst"
"""The last row: each method's least mean over the settings, which says how robust it is."""


class SweepGrid(QWidget):
    """A row for each setting, a column for each method; bars reach from 0 to 100, the dashed line is the threshold."""

    pointed = Signal(object)
    """The (row, method) under the pointer, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._part: SweepPart | None = None
        self._threshold = 0.0
        self._at: tuple[int, int] | None = None

    def show_part(self, part: SweepPart, threshold: float) -> None:
        """Show the scores so far."""
        self._part, self._threshold = part, threshold
        self.setToolTip(
            "Mean score over seeds with its 95 % t-interval; a tick is one training. Dashed: the threshold.\n"
            f"{WORST}: a method's least mean over the settings tried. Settings from memory, not verified.\n"
            + part.protocol
        )
        said = [f"{name} at worst {text}" for name, text in zip(part.methods, self.worst, strict=True)]
        self.setAccessibleName(", ".join(said))
        self.update()

    @property
    def worst(self) -> list[str]:
        """Each method's least mean over the settings that all methods have trained; a dash before there is one."""
        if self._part is None:
            return []
        means = self._part.means[:, :, 0]
        whole = means[np.isfinite(means).all(axis=1)]
        return [f"{value:.0f}" for value in whole.min(axis=0)] if len(whole) else ["–"] * means.shape[1]

    def sizeHint(self) -> QSize:
        return QSize(520, 8 * 28)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 8 * 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        part = self._part
        if part is None:
            return
        look = theme.current()
        painter = QPainter(self)
        painter.setFont(look.number_font)
        names = self._names(part)
        left, width, each = self._spaces(part)
        painter.setPen(look.pen(look.muted))
        for place, name in enumerate(part.methods):
            painter.drawText(QRectF(left + place * width + HALF, 0, width - theme.GRID, each), LEFT, name)
        for row, name in enumerate(names):
            painter.setPen(look.pen(look.text))
            painter.drawText(QRectF(HALF, (row + 1) * each, left - theme.GRID, each), LEFT, name)
            for place in range(len(part.methods)):
                cell = QRectF(left + place * width + HALF, (row + 1) * each + 2, width - theme.GRID, each - 4)
                self._paint_cell(painter, look, part, (row, place), cell)
        top = (len(names) + 1) * each
        painter.setPen(look.pen(look.axis))
        painter.drawLine(QPointF(0, top), QPointF(self.width(), top))
        painter.setPen(look.pen(look.muted))
        painter.drawText(QRectF(HALF, top, left, each), LEFT, WORST)
        painter.setPen(look.pen(look.text))
        for place, text in enumerate(self.worst):
            painter.drawText(QRectF(left + place * width + HALF, top, width - theme.GRID, each), RIGHT, text)
        painter.end()

    def _paint_cell(
        self, painter: QPainter, look: theme.Theme, part: SweepPart, at: tuple[int, int], cell: QRectF
    ) -> None:
        mean, half = part.means[at]
        if at == self._at:
            painter.fillRect(cell.adjusted(-2, -2, 2, 2), look.brush(look.control))
        wide = theme.text_width(look.number_font, WIDEST)
        short = theme.text_width(look.number_font, "100")
        text = f"{mean:.0f}" if math.isnan(half) else f"{mean:.0f} ± {half:.0f}"
        if cell.width() < 2 * wide:
            wide, text = short, f"{mean:.0f}"
        room = cell.adjusted(0, 0, -wide - HALF, 0)
        painter.fillRect(room, look.brush(look.plot))
        if math.isnan(mean):
            return

        def across(score: float) -> float:
            return room.left() + room.width() * min(max(score, 0.0), 100.0) / 100

        tone = look.first if mean >= self._threshold else look.neutral
        bar = QRectF(room.left(), room.top(), across(mean) - room.left(), room.height())
        painter.fillRect(bar, look.brush(tone, 130))
        painter.setPen(look.pen(look.muted))
        for score in part.scores[at[0], :, at[1]]:
            if math.isfinite(score):
                painter.drawLine(QPointF(across(score), room.bottom() - 4), QPointF(across(score), room.bottom()))
        if math.isfinite(half):
            painter.setPen(look.pen(look.text, 1.6))
            middle = room.center().y()
            painter.drawLine(QPointF(across(mean - half), middle), QPointF(across(mean + half), middle))
        painter.setPen(look.pen(look.accent, 1.0, True))
        painter.drawLine(QPointF(across(self._threshold), room.top()), QPointF(across(self._threshold), room.bottom()))
        painter.setPen(look.pen(look.text))
        painter.drawText(QRectF(room.right(), cell.top(), wide + HALF, cell.height()), RIGHT, text)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        part = self._part
        if part is None:
            return
        left, width, each = self._spaces(part)
        row, place = int(event.position().y() // each) - 1, math.floor((event.position().x() - left) / width)
        inside = 0 <= row < len(part.rows) and 0 <= place < len(part.methods)
        self._point((row, place) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    def _point(self, at: tuple[int, int] | None) -> None:
        if at != self._at:
            self._at = at
            self.pointed.emit(at)
            self.update()

    def _names(self, part: SweepPart) -> list[str]:
        """The settings in full where there is room, else by their letters."""
        font = theme.current().number_font
        widest = max(theme.text_width(font, row) for row in part.rows) + 2 * theme.GRID
        column = max(theme.text_width(font, text) for text in (*part.methods, WIDEST)) + 2 * theme.GRID
        fits = widest + column * len(part.methods) <= self.width()
        return list(part.rows) if fits else [row.partition(":")[0] for row in part.rows]

    def _spaces(self, part: SweepPart) -> tuple[float, float, float]:
        """Room of the names, width of a column, height of a row."""
        font = theme.current().number_font
        names = [*self._names(part), WORST]
        left = max(theme.text_width(font, name) for name in names) + 2 * theme.GRID
        each = min(max(self.height() / (len(part.rows) + 2), theme.line_height(font)), 40.0)
        return left, (self.width() - left) / len(part.methods), each
