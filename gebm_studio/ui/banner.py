"""Messages where the eye is: a strip above the panels, one line for each topic, never in the way."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.icons import icon

MOST = 3
BRIEF = 8000
"""Milliseconds that good news stays."""

Action = tuple[str, Callable[[], None]]


class Message(QWidget):
    """One message with its buttons; a coloured edge tells its level."""

    def __init__(self, level: str, text: str, actions: tuple[Action, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.level = level
        self.text = QLabel(text)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.GRID, theme.GRID // 2, theme.GRID // 2, theme.GRID // 2)
        row.setSpacing(theme.GRID)
        row.addWidget(self.text, 1)
        self.buttons: dict[str, QPushButton] = {}
        for name, action in actions:
            self.buttons[name] = QPushButton(name)
            self.buttons[name].setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.buttons[name].clicked.connect(action)
            row.addWidget(self.buttons[name])
        self.close_button = QToolButton()
        self.close_button.setAutoRaise(True)
        self.close_button.setIcon(icon("close"))
        self.close_button.setToolTip("Dismiss; the message stays in the run log")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.close_button)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "close_button"):
            self.close_button.setIcon(icon("close"))
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        colour = {"error": look.error, "warning": look.warning}.get(self.level, look.accent)
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.brush(theme.mixed(look.window, colour, 0.12)))
        painter.fillRect(0, 0, theme.GRID // 2, self.height(), look.brush(colour))
        painter.end()


class Banner(QWidget):
    """At most a few messages, the newest on top; a new one on the same topic replaces the old one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messages: dict[str, Message] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self.hide()

    def say(self, level: str, text: str, *, topic: str, actions: tuple[Action, ...] = ()) -> Message:
        """Show a message; an informative one goes by itself after a while."""
        self.dismiss(topic)
        message = Message(level, text, actions, self)
        message.close_button.clicked.connect(lambda: self.dismiss(topic))
        self._messages[topic] = message
        self._column.insertWidget(0, message)
        for old in list(self._messages)[:-MOST]:
            self.dismiss(old)
        if level == "info":
            timer = QTimer(message)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: self._expire(topic, message))
            timer.start(BRIEF)
        self.show()
        return message

    def dismiss(self, topic: str) -> None:
        """Take a message away."""
        message = self._messages.pop(topic, None)
        if message is not None:
            message.hide()
            self._column.removeWidget(message)
            message.deleteLater()
        self.setVisible(bool(self._messages))

    def texts(self) -> list[str]:
        """What is shown, oldest first."""
        return [message.text.text() for message in self._messages.values()]

    def message(self, topic: str) -> Message | None:
        """The message on a topic, if it is shown."""
        return self._messages.get(topic)

    def _expire(self, topic: str, message: Message) -> None:
        if self._messages.get(topic) is message:
            self.dismiss(topic)
