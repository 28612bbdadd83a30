"""Legends that can be read, and switched where they stand for layers."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.numbers import short

Swatch = Literal["box", "line", "dashed", "dot"]
_BOX = 11
_GAP = 5


class Entry(QAbstractButton):
    """A swatch, a name and a value that may change; with `checkable` it switches a layer."""

    def __init__(
        self, name: str, role: str, swatch: Swatch = "box", checkable: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setText(name)
        self.setAccessibleName(name)
        self._role = role
        self._swatch = swatch
        self._value = ""
        self._widest = 0.0
        self.setCheckable(checkable)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if checkable else Qt.FocusPolicy.NoFocus)
        if checkable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def value(self) -> str:
        """The value that stands behind the name."""
        return self._value

    def set_value(self, value: str) -> None:
        """Show a value; room once taken is kept, so that nothing jumps while numbers change."""
        if value == self._value:
            return
        self._value = value
        width = theme.text_width(theme.current().number_font, value)
        if width > self._widest:
            self._widest = width
            self.updateGeometry()
        self.setAccessibleName(f"{self.text()} {value}".strip())
        self.update()

    def set_colour(self, colour: str) -> None:
        """Change the swatch to the colour of another role, or to one that stands for none."""
        if colour != self._role:
            self._role = colour
            self.update()

    def set_swatch(self, swatch: Swatch) -> None:
        """Change the form of the swatch."""
        if swatch != self._swatch:
            self._swatch = swatch
            self.update()

    def set_name(self, name: str) -> None:
        """Change the name."""
        if name != self.text():
            self.setText(name)
            self.setAccessibleName(f"{name} {self._value}".strip())
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        look = theme.current()
        width = _BOX + _GAP + theme.text_width(look.text_font, self.text()) + 2
        if self._widest:
            width += _GAP + self._widest
        return QSize(int(width + 4), theme.line_height(look.text_font) + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_swatch(painter, look)
        on = self.isChecked() or not self.isCheckable()
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text if on else look.muted))
        left = float(_BOX + _GAP)
        room = QRectF(left, 0, self.width() - left, self.height())
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, middle, self.text())
        if self._value:
            left += theme.text_width(look.text_font, self.text()) + _GAP
            painter.setFont(look.number_font)
            painter.setPen(look.pen(look.muted))
            painter.drawText(QRectF(left, 0, self.width() - left + 4, self.height()), middle, self._value)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.pen(look.accent))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.end()

    def _paint_swatch(self, painter: QPainter, look: theme.Theme) -> None:
        colour = QColor(getattr(look, self._role, self._role))
        middle = self.height() / 2
        if self._swatch in ("line", "dashed"):
            pen = QPen(colour, 2.0)
            if self._swatch == "dashed":
                pen.setDashPattern([1.6, 1.2])
            painter.setPen(pen)
            painter.drawLine(QPointF(0, middle), QPointF(_BOX + 1, middle))
            return
        if self._swatch == "dot":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(_BOX / 2 + 0.5, middle), 4.0, 4.0)
            return
        box = QRectF(1.0, middle - _BOX / 2, _BOX - 1.0, _BOX - 1.0)
        painter.setPen(QPen(colour, 1.4))
        painter.setBrush(colour if self.isChecked() or not self.isCheckable() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 2.0, 2.0)
        if self.isCheckable() and self.isChecked():
            light = colour.lightnessF() > 0.62
            painter.setPen(QPen(QColor("#14171b" if light else "#ffffff"), 1.6))
            x, y = box.left(), box.top()
            painter.drawPolyline([QPointF(x + 2.4, y + 5.2), QPointF(x + 4.4, y + 7.4), QPointF(x + 7.8, y + 2.8)])


class ColourKey(QWidget):
    """A colour scale with the numbers at its ends, and a zero where it has a middle."""

    WIDTH = 72

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: NDArray[np.uint8] = np.zeros((2, 3), dtype=np.uint8)
        self._low = self._high = self._name = ""
        self._widest = [0.0, 0.0]
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def texts(self) -> tuple[str, str, str]:
        """The name and the two numbers."""
        return self._name, self._low, self._high

    def show_scale(self, name: str, table: NDArray[np.uint8], low: float, high: float, signed: bool = False) -> None:
        """Show a table of colours from low to high; `signed` writes a plus before the upper end."""
        texts = name, short(low, 2), ("+" if signed and high > 0 else "") + short(high, 2)
        if texts == (self._name, self._low, self._high) and table is self._table:
            return
        renamed = name != self._name
        self._name, self._low, self._high = texts
        self._table = table
        font = theme.current().number_font
        widths = [theme.text_width(font, self._low), theme.text_width(font, self._high)]
        if renamed or any(new > old for new, old in zip(widths, self._widest, strict=True)):
            self._widest = [max(new, old) for new, old in zip(widths, self._widest, strict=True)]
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        look = theme.current()
        width = theme.text_width(look.text_font, self._name) + sum(self._widest) + self.WIDTH + 3 * _GAP
        return QSize(int(width) + 4, theme.line_height(look.text_font) + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text))
        middle = Qt.AlignmentFlag.AlignVCenter
        name_width = theme.text_width(look.text_font, self._name)
        painter.drawText(QRectF(0, 0, name_width + 2, self.height()), middle | Qt.AlignmentFlag.AlignLeft, self._name)
        painter.setFont(look.number_font)
        painter.setPen(look.pen(look.muted))
        low = QRectF(name_width + _GAP, 0, self._widest[0] + 2, self.height())
        painter.drawText(low, middle | Qt.AlignmentFlag.AlignRight, self._low)
        bar = QRectF(low.right() + _GAP - 2, self.height() / 2 - 4, self.WIDTH, 8)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for place in np.linspace(0, len(self._table) - 1, 9).astype(int):
            gradient.setColorAt(place / (len(self._table) - 1), QColor(*map(int, self._table[place])))
        painter.fillRect(bar, gradient)
        painter.setPen(look.pen(look.line))
        painter.drawRect(bar)
        painter.setPen(look.pen(look.muted))
        high = QRectF(bar.right() + _GAP, 0, self._widest[1] + 4, self.height())
        painter.drawText(high, middle | Qt.AlignmentFlag.AlignLeft, self._high)
        painter.end()
