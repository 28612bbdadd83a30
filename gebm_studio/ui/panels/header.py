"""The line of small buttons above a panel's picture."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QMenu, QStyle, QStyleOptionToolButton, QStylePainter, QToolButton, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.flow import FlowBar


class Header(FlowBar):
    """Choices, switches and the home button of a panel."""

    def choice(self, options: Sequence[tuple[str, str]], tip: str, chosen: Callable[[str], None]) -> Choice:
        """Add a choice between (value, text) pairs; `chosen` hears of the person's choices only."""
        button = Choice(options, tip, chosen, self)
        self.add(button)
        return button

    def button(self, text: str, tip: str) -> QToolButton:
        """Add a button that does something when it is clicked."""
        button = _plain_button(self, text, tip)
        self.add(button)
        return button

    def switch(self, text: str, tip: str, switched: Callable[[bool], None]) -> QToolButton:
        """Add a button that stays down; `switched` hears of the person's clicks only."""
        button = _plain_button(self, text, tip)
        button.setCheckable(True)
        button.clicked.connect(switched)
        self.add(button)
        return button

    def home(self, tip: str, pressed: Callable[[], None]) -> QToolButton:
        """Add the button that brings the view back to show everything."""
        button = HomeButton(self)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda _checked: pressed())
        self.add(button)
        return button


class MenuButton(QToolButton):
    """A button that opens a menu."""

    def __init__(self, tip: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoRaise(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)

    def paintEvent(self, event: QPaintEvent) -> None:
        # The style's own menu mark would lie over the text of so small a button.
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.features &= ~QStyleOptionToolButton.ToolButtonFeature.HasMenu  # type: ignore[attr-defined]
        QStylePainter(self).drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)


class Choice(MenuButton):
    """A button that shows the chosen value and opens a menu of all."""

    def __init__(
        self, options: Sequence[tuple[str, str]], tip: str, chosen: Callable[[str], None], parent: QWidget
    ) -> None:
        super().__init__(tip, parent)
        self._chosen = chosen
        menu = QMenu(self)
        self._group = QActionGroup(self)
        for value, text in options:
            action = QAction(text, self._group)
            action.setCheckable(True)
            action.setData(value)
            menu.addAction(action)
        self._group.triggered.connect(self._picked)
        self.setMenu(menu)
        self.choose(options[0][0])

    def value(self) -> str:
        """The chosen value."""
        action = self._group.checkedAction()
        return str(action.data()) if action is not None else ""

    def name(self) -> str:
        """The chosen value as the button names it."""
        action = self._group.checkedAction()
        return action.text() if action is not None else ""

    def choose(self, value: str) -> None:
        """Show a value as chosen, telling nobody; unknown values are left alone."""
        for action in self._group.actions():
            if action.data() == value:
                action.setChecked(True)
                self.setText(f"{action.text()} ▾")

    def offer(self, values: Collection[str]) -> None:
        """Let only some values be chosen."""
        for action in self._group.actions():
            action.setVisible(action.data() in values)

    def pick(self, value: str) -> None:
        """Choose a value as a person would, telling whoever listens."""
        self.choose(value)
        self._chosen(value)

    def _picked(self, action: QAction) -> None:
        self.pick(str(action.data()))


class HomeButton(QToolButton):
    """A small drawn house, so that no icon font is needed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoRaise(True)

    def sizeHint(self) -> QSize:
        side = theme.line_height(self.font()) + theme.GRID
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().buttonText().color(), 1.4))
        painter.translate(self.width() / 2, self.height() / 2)
        roof = [QPointF(-6, 0), QPointF(0, -5.5), QPointF(6, 0)]
        walls = [QPointF(-4, 0), QPointF(-4, 5), QPointF(4, 5), QPointF(4, 0)]
        painter.drawPolyline(QPolygonF(roof))
        painter.drawPolyline(QPolygonF(walls))
        painter.end()


def _plain_button(parent: QWidget, text: str, tip: str) -> QToolButton:
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAutoRaise(True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    return button
