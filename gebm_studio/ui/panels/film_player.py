"""The bar below a film: which state is looked at, and a button that plays all of them."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import calm
from gebm_studio.ui.icons import icon
from gebm_studio.ui.panels.flow_timeline import ScrubSlider

SECONDS = 5.0
"""How long a film takes to play, within the rates below."""
RATES = 6.0, 30.0
"""The slowest and the fastest states a second."""


class FilmPlayer(QWidget):
    """A slider over the states of a film. At its right end it follows the last state, whatever their number."""

    moved = Signal(int)
    """The state that is looked at, by a person or because the film plays."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frames = 0
        self._at: int | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._play_on)
        self.button = QToolButton(self)
        self.button.setAutoRaise(True)
        self.button.setCheckable(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setToolTip("Play the film again and again (Space, in the gallery)")
        self.button.setAccessibleName("Play the film")
        self.button.clicked.connect(self.play)
        self.slider = ScrubSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("State of the film")
        self.slider.setToolTip("Look at any state (← and →, Home, End)")
        self.slider.setMinimumWidth(1)
        self.slider.valueChanged.connect(self._slid)
        calm(self.slider)
        self.text = QLabel(self)
        self.text.setFont(theme.current().number_font)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(self.button)
        row.addWidget(self.slider, 1)
        row.addWidget(self.text)
        self.restyle()

    @property
    def at(self) -> int:
        """The state that is looked at."""
        last = max(self._frames - 1, 0)
        return last if self._at is None else min(self._at, last)

    @property
    def playing(self) -> bool:
        """Whether the film plays."""
        return self._timer.isActive()

    def show_frames(self, frames: int) -> None:
        """Take over how many states there are."""
        if frames == self._frames:
            return
        if self._at is not None and self._frames > 1 and frames > 1:  # stay at the same share of the film
            self._at = round(self._at * (frames - 1) / (self._frames - 1))
        self._frames = frames
        self._timer.setInterval(round(1000 / min(max(frames / SECONDS, RATES[0]), RATES[1])))
        widest = f"{frames} / {frames}"
        self.text.setFixedWidth(round(theme.text_width(self.text.font(), widest)) + theme.GRID // 2)
        if frames < 2:
            self.play(False)
        self._show()

    def forget(self) -> None:
        """Look at the last state, without playing."""
        self.play(False)
        self._at = None
        self._show()

    def look_at(self, frame: int) -> None:
        """Look at a state, and play no more."""
        self.play(False)
        self._look_at(frame)

    def play(self, on: bool) -> None:
        """Play on from the state that is looked at, from the first one where that is the last; or stop."""
        if on and self._frames > 1:
            self._timer.start()
        else:
            self._timer.stop()
        self.restyle()
        self.button.setChecked(self.playing)

    def restyle(self) -> None:
        """Draw the sign of the button in the colours of the theme."""
        self.button.setIcon(icon("pause" if self.playing else "run"))

    def hideEvent(self, event: QHideEvent) -> None:
        self.play(False)
        super().hideEvent(event)

    def _play_on(self) -> None:
        self._look_at((self.at + 1) % self._frames)

    def _look_at(self, frame: int) -> None:
        before, last = self.at, self._frames - 1
        frame = min(max(frame, 0), last)
        self._at = None if frame == last and not self.playing else frame
        self._show()
        if self.at != before:
            self.moved.emit(self.at)

    def _slid(self, position: int) -> None:
        if position != self.at:
            self.look_at(position)

    def _show(self) -> None:
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setRange(0, max(self._frames - 1, 0))
            self.slider.setValue(self.at)
            self.slider.blockSignals(False)
        self.slider.setEnabled(self._frames > 1)
        self.button.setEnabled(self._frames > 1)
        self.text.setText(f"{self.at + 1} / {self._frames}" if self._frames else "")
