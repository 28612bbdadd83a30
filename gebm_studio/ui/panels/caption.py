"""A line of words with swatches that is cut with an ellipsis where it does not fit."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.ui import theme

SWATCH, GAP, APART = 12.0, 5.0, 12.0
"""Pixels of a swatch, between it and its words, and between one and the next."""
MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


@dataclass(frozen=True)
class Words:
    """Some words, behind a stroke in the colour of a role where they have one."""

    text: str
    role: str = ""
    dashed: bool = False


class Caption(QWidget):
    """Words one after the other; where they do not fit, the longest are cut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[Words, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """All words."""
        return " · ".join(words.text for words in self._words)

    def say(self, *words: Words, tip: str = "") -> None:
        """Show words; all of them are in the tooltip, unless it says more."""
        if words != self._words:
            self._words = words
            self.setAccessibleName(self.text)
            self.update()
        self.setToolTip(tip or self.text)

    def sizeHint(self) -> QSize:
        return QSize(120, theme.line_height(theme.current().number_font) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(look.number_font)
        left = 0.0
        for words, width in zip(self._words, self.shares(), strict=True):
            if words.role:
                self._paint_swatch(painter, look, words, left)
                left += SWATCH + GAP
            text = QFontMetricsF(look.number_font).elidedText(words.text, Qt.TextElideMode.ElideRight, width)
            painter.setPen(look.pen(look.text if words.role else look.muted))
            painter.drawText(QRectF(left, 0, width + 1, self.height()), MIDDLE, text)
            left += width + APART
        painter.end()

    def shares(self) -> list[float]:
        """The width of each of the words, without swatches."""
        font = theme.current().number_font
        wanted = [theme.text_width(font, words.text) + 1 for words in self._words]
        fixed = sum(SWATCH + GAP for words in self._words if words.role) + APART * max(len(wanted) - 1, 0)
        room = max(self.width() - fixed, 0.0)
        for place, width in enumerate(sorted(wanted)):
            level = room / (len(wanted) - place)
            if width > level:
                return [min(one, level) for one in wanted]
            room -= width
        return wanted

    def _paint_swatch(self, painter: QPainter, look: theme.Theme, words: Words, left: float) -> None:
        pen = QPen(QColor(getattr(look, words.role, words.role)), 2.0)
        if words.dashed:
            pen.setDashPattern([1.6, 1.2])
        painter.setPen(pen)
        middle = self.height() / 2
        painter.drawLine(QPointF(left, middle), QPointF(left + SWATCH, middle))
