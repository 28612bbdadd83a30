"""A number: a slider for the hand, a line for the exact value."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from gebm_studio.schema import Setting
from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import STEPS, Editor, ValueLine, calm, inside, number_text, parse_number

WIDEST = "0.0000000"
"""What a line has room for."""
TYPED = 12
"""Characters that a person may have typed; more than that comes of a computation."""


class SliderScale:
    """Slider positions ↔ values, linear or logarithmic, whole numbers where the setting is one."""

    def __init__(self, low: float, high: float, *, log: bool, whole: bool) -> None:
        self.low, self.high, self.log, self.whole = low, high, log, whole
        self.steps = int(high - low) if whole and not log else STEPS

    def position(self, value: float) -> int:
        """The position nearest to a value; the ends stand for all that lies beyond."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return round(self.steps * math.log(value / self.low) / math.log(self.high / self.low))
        return round(self.steps * (value - self.low) / (self.high - self.low))

    def value(self, position: int) -> float | int:
        """The value of a position, rounded to what a person would have typed."""
        share = position / self.steps
        if self.log:
            value = self.low * (self.high / self.low) ** share
            return round(value) if self.whole else float(f"{value:.3g}")
        value = self.low + share * (self.high - self.low)
        return round(value) if self.whole else float(f"{value:.4g}")


def slider_scale(setting: Setting) -> SliderScale | None:
    """How a setting's slider runs; None for one that is only typed (no range, or one too wide to drag)."""
    low, high = setting.slider or (setting.low, setting.high)
    if low is None or high is None or not low < high:
        return None
    log, whole = setting.scale == "log" and low > 0, setting.kind == "int"
    if whole and not log and high - low > STEPS and setting.slider is None:
        return None
    return SliderScale(low, high, log=log, whole=whole)


def short_text(value: float) -> str:
    """A number's text, in six digits where it has more than a person types."""
    text = number_text(value)
    return text if len(text) <= TYPED else f"{value:.6g}"


class NumberEditor(Editor):
    """Slider and line show the same number; the slider never changes a value by being shown one.

    A number of more digits than a person types, such as T = 1/1.87, is shown in six and stays what it is.
    """

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.scale = slider_scale(setting)
        self._value: Any = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        self.slider: QSlider | None = None
        if self.scale is not None:
            self.slider = QSlider(Qt.Orientation.Horizontal)
            self.slider.setRange(0, self.scale.steps)
            self.slider.setPageStep(max(1, self.scale.steps // 10))
            self.slider.setMinimumWidth(6 * theme.GRID)
            self.slider.valueChanged.connect(self._slid)
            calm(self.slider)
            row.addWidget(self.slider, 1)
        self.line = ValueLine()
        self.line.setFont(theme.current().number_font)
        self.line.setFixedWidth(round(theme.text_width(self.line.font(), WIDEST)) + 2 * theme.GRID)
        self.line.taken.connect(self._typed)
        row.addWidget(self.line, 0)
        if self.scale is None:
            row.addStretch(1)

    def show_value(self, value: Any) -> None:
        self._show_text(value)
        if self.slider is not None and self.scale is not None and not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setValue(self.scale.position(float(value)))
            self.slider.blockSignals(False)

    def held(self) -> bool:
        return self.line.unfinished() or (self.slider is not None and self.slider.isSliderDown())

    def _slid(self, position: int) -> None:
        if self.scale is None:
            return
        value = self.scale.value(position)
        if inside(self.setting, value):
            self.line.give_up()
            self._show_text(value)
            self.edited.emit(value)

    def _show_text(self, value: float) -> None:
        self._value = value
        exact, shown = number_text(value), short_text(value)
        self.line.show_text(shown)
        self.line.setToolTip("" if shown == exact else exact)

    def _typed(self, text: str) -> None:
        try:
            same = self._value is not None and text.strip() == short_text(self._value)
            value = self._value if same else parse_number(self.setting, text)
        except ValueError as error:
            self.refused.emit(str(error))
            return
        self.line.accept()
        self.edited.emit(value)
