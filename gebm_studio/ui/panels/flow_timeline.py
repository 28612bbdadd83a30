"""The bar below particle flows: which recorded frame is looked at, or that it is the present."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStyle, QStyleOptionSlider, QToolButton, QWidget

from gebm_studio.messages import Floats
from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import KeepKeys, calm
from gebm_studio.ui.icons import icon
from gebm_studio.ui.panels.numbers import count

LIVE = -1
"""Stands for the present in place of a recorded frame."""
RATE = 25
"""Recorded frames a second while they are played."""
KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)
LEAP = 10
"""Frames that one press of an arrow key with Shift goes."""


class ScrubSlider(QSlider):
    """A slider whose handle comes to where a person clicks."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        part, control = QStyle.SubControl, QStyle.ComplexControl.CC_Slider
        handle = self.style().subControlRect(control, option, part.SC_SliderHandle, self)
        spot = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton and not handle.contains(spot):
            span = self.width() - handle.width()
            at = QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), spot.x() - handle.width() // 2, span)
            self.setValue(at)
        super().mousePressEvent(event)  # which takes the handle, now under the pointer

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if Qt.Key(event.key()) in KEYS:
            event.ignore()  # the panel acts on them, wherever the focus is
        else:
            super().keyPressEvent(event)


class Timeline(QWidget):
    """A slider over the recorded frames, a button that plays them, and one that returns to the present.

    What is looked at is kept as a step: frames change their number when the record thins out. The right end of the
    slider is the present.
    """

    moved = Signal()
    """What is looked at has changed, by a person or because the record plays."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: Floats = np.zeros(1, dtype=np.float32)
        self._step: float | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1000 // RATE)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._play_on)
        self.play_button, self.live_button = QToolButton(self), QToolButton(self)
        self.play_button.setToolTip(f"Play the recorded frames again and again, {RATE} a second")
        self.play_button.setAccessibleName("Play the recorded frames")
        self.live_button.setText("live")
        self.live_button.setToolTip("Follow the flows as they are now (End)")
        for button, act in ((self.play_button, self._toggle), (self.live_button, self.go_live)):
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.installEventFilter(KeepKeys(button))
            button.clicked.connect(lambda _checked, button=button, act=act: self._pressed(button, act))
        self.slider = ScrubSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Recorded frame")
        self.slider.setToolTip("Look back along the flows (← and →, Shift: ten frames, Home); they go on meanwhile")
        self.slider.setMinimumWidth(1)
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(self._show)
        calm(self.slider)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(self.play_button)
        row.addWidget(self.slider, 1)
        row.addWidget(self.live_button)
        self.restyle()
        self._show()

    # What is looked at

    @property
    def at(self) -> int:
        """The recorded frame that is looked at, counted from 0; −1 is the present."""
        return LIVE if self._step is None else int(np.abs(self._steps - self._step).argmin())

    @property
    def step(self) -> float | None:
        """The step of the recorded frame that is looked at, None for the present."""
        return self._step

    @property
    def playing(self) -> bool:
        """Whether the record is played."""
        return self._timer.isActive()

    def show_record(self, steps: Floats) -> None:
        """Take over the steps (f,) of all recorded frames; a record that has begun again is followed live."""
        # A record that thins out may lose its last frame, and no more than that.
        begun_again = steps[-1] < self._steps[-1] / 2
        self._steps = steps
        if self._step is not None and (begun_again or self._step > steps[-1]):
            self.go_live()
        self._show()

    def forget(self) -> None:
        """Begin with an empty record, live."""
        self.play(False)
        self._steps, self._step = np.zeros(1, dtype=np.float32), None
        self._show()

    # What a person does

    def go_live(self) -> None:
        """Return to the present."""
        self.play(False)
        self._look_at(None)

    def look_at(self, frame: int) -> None:
        """Look at a recorded frame; at the last one and beyond, the present."""
        self.play(False)
        last = len(self._steps) - 1
        self._look_at(None if frame >= last else float(self._steps[max(frame, 0)]))

    def go(self, frames: int) -> None:
        """Go so many frames on, or back."""
        last = len(self._steps) - 1
        self.look_at((last if self._step is None else self.at) + frames)

    def play(self, on: bool) -> None:
        """Play the record from where it stands, from its begin where that is the present; or stop."""
        if on and len(self._steps) > 1:
            self._timer.start()
        else:
            self._timer.stop()
        self.restyle()
        self._show()

    def take_key(self, event: QKeyEvent) -> bool:
        """Act on a key, and whether it was one of the bar's."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        shift = Qt.KeyboardModifier.ShiftModifier
        if modifiers & ~shift:
            return False
        leap = LEAP if modifiers & shift else 1
        acts = {
            Qt.Key.Key_Left: lambda: self.go(-leap),
            Qt.Key.Key_Right: lambda: self.go(leap),
            Qt.Key.Key_Home: lambda: self.look_at(0),
            Qt.Key.Key_End: self.go_live,
        }
        act = acts.get(Qt.Key(event.key()))
        if act is None:
            return False
        act()
        return True

    # How it looks

    def restyle(self) -> None:
        """Draw the sign of the button in the colours of the theme."""
        self.play_button.setIcon(icon("pause" if self.playing else "run"))

    def hideEvent(self, event: QHideEvent) -> None:
        self.play(False)
        super().hideEvent(event)

    def _toggle(self) -> None:
        self.play(not self.playing)

    def _pressed(self, button: QToolButton, act: Callable[[], None]) -> None:
        act()
        self._show()  # also where nothing changed: a click has turned the button round
        if not button.hasFocus():
            self.slider.setFocus(Qt.FocusReason.MouseFocusReason)  # so that the arrow keys go on from there

    def _look_at(self, step: float | None) -> None:
        changed = step != self._step
        self._step = step
        self._show()
        if changed:
            self.moved.emit()

    def _slid(self, position: int) -> None:
        if position != self._position():
            self.look_at(position)

    def _play_on(self) -> None:
        frame = (self.at + 1) % len(self._steps)  # the present is −1: the record begins at its first frame
        self._look_at(float(self._steps[frame]))

    def _position(self) -> int:
        return len(self._steps) - 1 if self._step is None else self.at

    def _show(self) -> None:
        """Bring slider and buttons up to date; a slider that a hand holds keeps its length until it is let go."""
        last = len(self._steps) - 1
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setRange(0, last)
            self.slider.setValue(self._position())
            self.slider.blockSignals(False)
        self.slider.setEnabled(last > 0)
        self.play_button.setEnabled(last > 0)
        self.play_button.setChecked(self.playing)
        self.live_button.setChecked(self._step is None)


def step_text(step: int, of: int) -> str:
    """How far along the flows something is."""
    return f"step {count(step)}" + (f" of {count(of)}" if step != of else "")
