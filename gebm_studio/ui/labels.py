"""A line of text that changes often: painted in its place, never asking the window for a new layout."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.ui import theme


class Line(QWidget):
    """One line that ends with an ellipsis where it does not fit; the whole of it is in the tooltip.

    Arguments:
        font: The font.
        widest: Room is kept for this text; without it the line takes what room there is.
        right: Whether the text stands at the right end.
    """

    def __init__(self, font: QFont, *, widest: str = "", right: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._font, self._text = font, ""
        self._width = round(theme.text_width(font, widest)) + 2 * theme.GRID if widest else 0
        self._right = right
        across = QSizePolicy.Policy.Fixed if widest else QSizePolicy.Policy.Expanding
        self.setSizePolicy(across, QSizePolicy.Policy.Preferred)

    def text(self) -> str:
        """The whole line."""
        return self._text

    def show_text(self, text: str) -> None:
        """Show a line."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            if not self._width:
                self.setToolTip(text)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._width or 24 * theme.GRID, theme.line_height(self._font))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width or 6 * theme.GRID, theme.line_height(self._font))

    def paintEvent(self, event: QPaintEvent) -> None:
        room = self.rect().adjusted(theme.GRID, 0, -theme.GRID, 0)
        line = QFontMetrics(self._font).elidedText(self._text, Qt.TextElideMode.ElideRight, room.width())
        side = Qt.AlignmentFlag.AlignRight if self._right else Qt.AlignmentFlag.AlignLeft
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | side, line)
        painter.end()
