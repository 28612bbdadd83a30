"""The row in which a person changes the numbers of one flow while it runs."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from gebm_studio.schema import Setting
from gebm_studio.schema.particles import Flow
from gebm_studio.ui import theme
from gebm_studio.ui.controls.number import NumberEditor
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.particle_tile import LIVE, live_settings, short_name

GAP = theme.GRID // 2
"""Between two parts."""
LEAST, MOST, STEP = 144, 260, 4
"""Widths of a slider with its number, in pixels."""


class Field(QWidget):
    """The symbol of a setting, a slider and a line for the exact value."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        self.editor = NumberEditor(setting, self)
        self.set_width(LEAST)
        name = QLabel(short_name(setting), self)
        unit = f" ({setting.unit})" if setting.unit else ""
        self.setToolTip(f"{setting.label}{unit}. {setting.help} Allowed: {setting.range_text()}.")
        self.editor.line.setAccessibleName(setting.label)
        if self.editor.slider is not None:
            self.editor.slider.setAccessibleName(setting.label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, theme.GRID, 0)
        row.setSpacing(GAP)
        row.addWidget(name)
        row.addWidget(self.editor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_width(self, width: int) -> None:
        """Make slider and number so wide together."""
        self.editor.setFixedWidth(width)


class FlowEditor(FlowBar):
    """Fields for what acts at once of a flow; what its rule does not know is left out.

    Signals:
        edited: The name of a setting and its new value.
        refused: Why a typed text is no value; empty once one is.
        held: Whether a hand holds a slider.
        closed: The person is done.
    """

    edited = Signal(str, object)
    refused = Signal(str)
    held = Signal(bool)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = Entry("", "base", "line", parent=self)
        self.add(self.name)
        self.close_button = QToolButton(self)
        self.close_button.setText("×")
        self.close_button.setToolTip("Put the numbers away (Escape)")
        self.close_button.setAutoRaise(True)
        self.close_button.clicked.connect(lambda _checked: self.closed.emit())
        self.add(self.close_button)
        self.fields: dict[str, Field] = {}
        for setting in LIVE:
            self.fields[setting.path] = field = Field(setting, self)
            field.editor.edited.connect(partial(self._edited, setting.path))
            field.editor.refused.connect(self.refused)
            if field.editor.slider is not None:
                field.editor.slider.sliderPressed.connect(partial(self.held.emit, True))
                field.editor.slider.sliderReleased.connect(partial(self.held.emit, False))
            self.add(field)

    def show_flow(self, flow: Flow, label: str, colour: str) -> None:
        """Show the numbers of a flow; one that a hand holds, or that is being typed, stays."""
        self.name.set_name(label)
        self.name.set_colour(colour)
        acting = {setting.path for setting in live_settings(flow)}
        for name, field in self.fields.items():
            field.setVisible(name in acting)
            field.editor.show_value(getattr(flow, name))
        self._fit()

    def _edited(self, name: str, value: object) -> None:
        self.refused.emit("")
        self.edited.emit(name, value)

    def _fit(self) -> None:
        """Make the sliders as long as they can be without another line."""
        fields = [field for field in self.fields.values() if not field.isHidden()]
        first = [part.sizeHint().width() for part in (self.name, self.close_button)]
        beside = [field.sizeHint().width() - field.editor.width() for field in fields]

        def lines(width: int) -> int:
            count, used = 1, 0
            for wide in [*first, *(other + width for other in beside)]:
                if used and used + wide > self.width():
                    count, used = count + 1, 0
                used += wide + GAP
            return count

        width = max(width for width in range(LEAST, MOST + 1, STEP) if lines(width) == lines(LEAST))
        for field in fields:
            field.set_width(width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
