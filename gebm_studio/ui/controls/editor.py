"""What every editor of one value is: a widget that shows a value and tells when a person changed it."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QSlider, QWidget

from gebm_studio.schema import Setting

STEPS = 1000
"""Positions of a slider of real numbers."""
_Reason = Qt.FocusReason
_TAB = (_Reason.TabFocusReason, _Reason.BacktabFocusReason, _Reason.ShortcutFocusReason)
_SAME_FOCUS = (_Reason.PopupFocusReason, _Reason.ActiveWindowFocusReason, _Reason.MenuBarFocusReason)


class Editor(QWidget):
    """Shows one value; `edited` carries a new one, `refused` the reason why a typed text is none."""

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting

    def show_value(self, value: Any) -> None:
        """Show a value without telling anyone; a text that is being typed stays."""
        raise NotImplementedError

    def held(self) -> bool:
        """Whether a person holds the control right now (dragging, or typing an unfinished text)."""
        return False


class ValueLine(QLineEdit):
    """A line of text that is taken with Enter or on leaving, and given up with Escape."""

    taken = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.editingFinished.connect(self._finish)

    def show_text(self, text: str) -> None:
        """Show a value's text, unless another one is being typed."""
        self._shown = text
        if not self.unfinished() and self.text() != text:
            self.setText(text)
            self.setCursorPosition(0)

    def unfinished(self) -> bool:
        """Whether a text stands here that was not yet taken, or was refused."""
        return self.isModified()

    def accept(self) -> None:
        """The text was taken."""
        self.setModified(False)

    def give_up(self) -> None:
        """Show the value again in place of what was typed."""
        self.setText(self._shown)
        self.setModified(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.give_up()
            self.taken.emit(self._shown)
            return
        super().keyPressEvent(event)

    def _finish(self) -> None:
        if self.isModified():
            self.taken.emit(self.text())


class CalmWheel(QObject):
    """Lets the wheel scroll the panel instead of changing values, unless the control has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent) and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


class KeepKeys(QObject):
    """Keeps the keys that a control needs from acting as the window's shortcuts.

    Only a control that was reached with Tab needs them: after a click, space runs and pauses as everywhere.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._by_keyboard = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent) and event.gotFocus() and event.reason() not in _SAME_FOCUS:
            self._by_keyboard = event.reason() in _TAB
        if self._by_keyboard and event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
            letters = isinstance(watched, QComboBox) and event.text().isprintable() and event.text() != ""
            if plain and (event.key() == Qt.Key.Key_Space or letters):
                event.accept()
                return True
        return False


def calm(widget: QWidget) -> None:
    """Make a control leave the wheel and the window's shortcuts alone."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(CalmWheel(widget))
    if not isinstance(widget, QSlider):
        widget.installEventFilter(KeepKeys(widget))


def number_text(value: float) -> str:
    """A number as a person would type it: shortest exact text, ∞ for infinity."""
    if isinstance(value, float):
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        text = f"{value:.6g}"
        return text if float(text) == value else repr(value)
    return str(value)


def parse_number(setting: Setting, text: str) -> float | int:
    """The number of a typed text.

    Raises:
        ValueError: With one line that names the setting, the text and what is allowed.
    """
    plain = text.strip().replace("∞", "inf").replace("−", "-").replace(" ", "")
    allowed = setting.range_text()
    advice = f"a whole number {allowed}" if setting.kind == "int" else f"a number {allowed}"
    try:
        value: float | int = int(plain) if setting.kind == "int" else float(plain)
    except ValueError:
        raise ValueError(f"{setting.label} must be {advice}, got {text.strip() or 'nothing'}".strip()) from None
    if not inside(setting, value):
        raise ValueError(f"{setting.label} must be {advice}, got {text.strip()}".strip())
    return value


def inside(setting: Setting, value: float) -> bool:
    """Whether a number keeps the setting's bounds."""
    if math.isnan(value):
        return False
    above = setting.low is None or (value > setting.low if setting.low_open else value >= setting.low)
    below = setting.high is None or (value < setting.high if setting.high_open else value <= setting.high)
    return above and below
