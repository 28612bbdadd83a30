"""One setting on the panel: its label, its editor, and a line for what was wrong."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gebm_studio.schema import Setting
from gebm_studio.ui import theme
from gebm_studio.ui.controls.adapters import editor_for
from gebm_studio.ui.controls.number import NumberEditor

Change = Callable[[str, Any], list[str]]
"""Takes a path and a value; returns the problems, with any of which nothing was changed."""


class NameLabel(QLabel):
    """A setting's name; a double click asks for the default."""

    double_clicked = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.double_clicked.emit()


class Row(QWidget):
    """Shows the run's value and sends what a person enters; a bad entry stays, with the reason in red."""

    def __init__(self, setting: Setting, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        self._change = change
        self._pending = False
        self._note = ""
        self._value: Any = None
        self.label = NameLabel()
        self.label.double_clicked.connect(self.restore_default)
        self.editor = editor_for(setting)
        self.editor.edited.connect(self._edited)
        self.editor.refused.connect(self._refuse)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.setToolTip(tooltip(setting))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID // 4)
        # A slider needs the whole width; all else fits beside its label.
        number = getattr(self.editor, "inner", self.editor)
        dragged = isinstance(number, NumberEditor) and number.slider is not None
        wide = dragged or setting.kind in ("numbers", "text")
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.editor, *((1, 0, 1, 2) if wide else (0, 1)))
        grid.addWidget(self.problem, 2, 0, 1, 2)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        self._restyle()

    def show_value(self, value: Any, pending: bool) -> None:
        """Show the value in force, or the one that waits for a restart, unless a person holds the control."""
        if self.editor.held():
            return
        if value != self._value:  # a run sends its settings often: what was wrong is read more slowly
            self._value = value
            self.problem.hide()
        self.editor.show_value(value)
        if pending != self._pending:
            self._pending = pending
            self._write_label()

    def set_note(self, note: str) -> None:
        """Say a word on the value beside its name."""
        if note != self._note:
            self._note = note
            self._write_label()

    def restore_default(self) -> None:
        """Bring the setting back to its default."""
        self._edited(self.setting.default)
        self.editor.show_value(self.setting.default)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "problem"):
            self._restyle()
        super().changeEvent(event)

    def _edited(self, value: Any) -> None:
        problems = self._change(self.setting.path, value)
        self._refuse("\n".join(problems))

    def _refuse(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def _write_label(self) -> None:
        setting, look = self.setting, theme.current()
        symbol = f"  <i>{escape(setting.symbol)}</i>" if setting.symbol else ""
        unit = setting.unit if setting.unit not in setting.label.lower() else ""
        muted = " · ".join(filter(None, (unit, self._note)))
        said = f"  <span style='color: {look.muted}'>{escape(muted)}</span>" if muted else ""
        name = escape(setting.label) + symbol
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setText((f"<b>{name} •</b>" if self._pending else name) + said)

    def _restyle(self) -> None:
        self._write_label()
        palette = QPalette(self.problem.palette())
        palette.setColor(QPalette.ColorRole.WindowText, theme.current().error)
        self.problem.setPalette(palette)


def tooltip(setting: Setting) -> str:
    """Help with the formula, allowed values, unit, default, and when a change acts."""
    lines = [escape(setting.help)]
    allowed = setting.range_text()
    if allowed:
        lines.append(f"Allowed: {escape(allowed)}{f' {escape(setting.unit)}' if setting.unit else ''}.")
    lines.append("Acts at once." if setting.live else "Needs a restart.")
    lines.append("Double-click the name for the default.")
    return "<p>" + "<br>".join(lines) + "</p>"
