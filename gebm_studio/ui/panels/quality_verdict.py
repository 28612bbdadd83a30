"""The line that says what was found, and the line that says how far a measurement is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.quality_words import Tone


class Verdict(QLabel):
    """One sentence with a mark in the colour of what it says."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setContentsMargins(theme.GRID + 2, 0, 0, 0)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.tone: Tone = "open"
        self.fit(0, True)

    def show_verdict(self, text: str, tone: Tone, tip: str) -> None:
        """Say a verdict, with how it was measured and what speaks against a claim."""
        self.tone = tone
        self.setText(text)
        self.setToolTip(tip)
        self.update()

    def fit(self, width: int, low: bool) -> None:
        """Write it as a heading where that takes one line, else as bold text."""
        look = theme.current()
        one_line = theme.text_width(look.heading_font, self.text()) + 3 * theme.GRID <= width
        font = QFont(look.heading_font if one_line and not low else look.text_font)
        font.setBold(True)
        if font != self.font():
            self.setFont(font)

    def colour(self, look: theme.Theme) -> str:
        """The colour of the mark."""
        return {"better": look.gebm, "worse": look.error, "open": look.neutral, "unsettled": look.warning}[self.tone]

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.fillRect(QRectF(0, 1, 4, self.height() - 2), QColor(self.colour(theme.current())))
        painter.end()


class ProgressLine(QWidget):
    """A thin line as long as the share of a piece of work that is done; it keeps its room when there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(3)
        self.share = 0.0

    def show_share(self, share: float) -> None:
        """Show a share from 0, nothing under way, to 1."""
        if share != self.share:
            self.share = share
            self.setAccessibleName(f"{100 * share:.0f} % measured" if share else "")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.share <= 0:
            return
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.control))
        painter.fillRect(QRectF(0, 0, self.width() * self.share, self.height()), QColor(look.accent))
        painter.end()
