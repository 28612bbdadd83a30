"""What all panels share: header, picture, reading line, and what to say while there is nothing to see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from gebm_studio.messages import Frame, Part, Reading
from gebm_studio.schema import Preset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.header import Header

Probe = tuple[str, tuple[float, ...]]
P = TypeVar("P", bound=Preset)


class Panel(QWidget, Generic[P]):
    """One view of a run of one kind of preset. A panel that is not visible is neither updated nor asked for."""

    kind: ClassVar[str] = "training"
    """The kind of preset that it speaks of; a run of another kind leaves it as it is."""

    part: ClassVar[Part]
    title: ClassVar[str]
    empty: ClassVar[str]
    """What will appear here and how to get it."""

    hovered = Signal(object)
    """The probe under the pointer or None; also sent when anything else in `pull_fields` has changed."""

    setting_changed = Signal(str, object)

    settings_changed = Signal(object)
    """Paths and values of settings that change together, in their order: one change to undo."""

    held = Signal(bool)
    """Whether a hand holds something: what it changes of one setting until it lets go is one change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(200, 140)
        self.preset: P | None = None
        self.header = Header(self)
        self.canvas = QWidget(self)
        self.readout = Readout(self)
        self._note = QLabel(self.empty, self)
        self._note.setWordWrap(True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setMargin(2 * theme.GRID)
        self._note.setMinimumSize(1, 1)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._note)
        self._pages.addWidget(self.canvas)
        column = QVBoxLayout(self)
        half = theme.GRID // 2
        column.setContentsMargins(theme.GRID, half, theme.GRID, half)
        column.setSpacing(half)
        column.addWidget(self.header)
        column.addWidget(self._pages, 1)
        column.addWidget(self.readout)
        self._look: theme.Theme | None = None

    def sizeHint(self) -> QSize:
        return QSize(420, 340)

    @property
    def is_empty(self) -> bool:
        """Whether the panel says what will appear in place of showing it."""
        return self._pages.currentWidget() is not self.canvas

    def show_frame(self, frame: Frame) -> None:
        """Show this panel's part of a frame, if the panel is visible and the frame holds it."""
        part = getattr(frame, self.part)
        if part is None or not self.isVisible():
            return
        self.take(part, frame)

    def take(self, part: Any, frame: Frame) -> None:
        """Show one part of a frame; called only while visible."""
        raise NotImplementedError

    def start_run(self, preset: P) -> None:
        """Forget the last run and take the view that the preset asks for."""
        self.preset = preset
        self.say_empty(self.empty)
        self.clear()
        self.readout.say("")  # last: the pointer left the picture as it went away, of which its panel may speak
        self.update_settings(preset)

    def clear(self) -> None:
        """Forget what was shown of the last run."""

    def change_front(self) -> None:
        """Forget what was shown of one run of a comparison: what comes now is of another."""
        self.clear()

    def update_settings(self, preset: P) -> None:
        """Take over settings that the engine now uses."""
        self.preset = preset

    def pull_fields(self) -> dict[str, object]:
        """What this panel adds to the next request, by the names of `messages.Pull`."""
        return {}

    def show_reading(self, reading: Reading | None) -> None:
        """Show an exact reading at the pointer."""

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""

    def say_empty(self, text: str) -> None:
        """Say why there is nothing to see, in place of the picture."""
        self._note.setText(text)
        self._pages.setCurrentWidget(self._note)

    def show_canvas(self) -> None:
        """Show the picture."""
        if self.is_empty:
            self._pages.setCurrentWidget(self.canvas)

    def figure(self) -> QWidget:
        """What an export holds: the picture with its legend, without buttons."""
        return self._pages.currentWidget()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_theme()

    def showEvent(self, event: QShowEvent) -> None:
        self._follow_theme()
        super().showEvent(event)

    def _follow_theme(self) -> None:
        # The palette also changes while the panel is being built, before it has parts to colour.
        if hasattr(self, "_look") and self._look is not theme.current():
            self._look = theme.current()
            palette = self._note.palette()
            palette.setColor(self._note.foregroundRole(), self._look.muted)
            self._note.setPalette(palette)
            self.restyle(self._look)


class Readout(QWidget):
    """One line of text that is cut with an ellipsis where it does not fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """The whole line."""
        return self._text

    def say(self, text: str) -> None:
        """Show a line; the whole of it is in the tooltip."""
        if text != self._text:
            self._text = text
            self.setToolTip(text)
            self.setAccessibleName(text)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, theme.line_height(theme.current().number_font))

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setFont(look.number_font)
        painter.setPen(look.pen(look.muted))
        fitting = QFontMetrics(look.number_font).elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fitting)
        painter.end()


class Throttle(QObject):
    """Calls a function at most once in so many milliseconds, and never forgets the last call."""

    def __init__(self, interval: int, function: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._interval = interval
        self._function = function
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.now)

    def request(self) -> None:
        """Call now if the last call is long enough ago, else as soon as it is."""
        if self._timer.isActive():
            return
        waited = self._clock.elapsed() if self._clock.isValid() else self._interval
        if waited >= self._interval:
            self.now()
        else:
            self._timer.start(self._interval - int(waited))

    def now(self) -> None:
        """Call at once."""
        self._timer.stop()
        self._clock.start()
        self._function()

    def stop(self) -> None:
        """Drop a call that is still waiting."""
        self._timer.stop()


class ThrottledPanel(Panel[P]):
    """A panel whose picture is redrawn a few times a second, however often its numbers come."""

    INTERVAL: ClassVar[int] = 200

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.throttle = Throttle(self.INTERVAL, self.redraw, self)

    def redraw(self) -> None:
        """Draw what is held."""
        raise NotImplementedError

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.throttle.request()

    def hideEvent(self, event: QHideEvent) -> None:
        self.throttle.stop()
        super().hideEvent(event)
