"""A menu in which divergences are ticked, by family; it stays open while a person ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from gebm_studio.schema.measures import ABOUT, Measure
from gebm_studio.ui.panels.bars_rows import GROUPS, ORDER
from gebm_studio.ui.panels.header import MenuButton


class MeasuresButton(MenuButton):
    """A button with the menu of all divergences.

    Arguments:
        text: What the button says.
        tip: What it is for.
        chosen: Hears of the person's choices only: the names in the order of the groups.
        least: How many must stay ticked.
        most: How many can be.
        parent: Where it stands.
    """

    def __init__(
        self, text: str, tip: str, chosen: Callable[[tuple[Measure, ...]], None], *, least: int, most: int,
        parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(tip, parent)
        self.setText(f"{text} ▾")
        self._chosen, self._least, self._most = chosen, least, most
        self._menu = _StayingMenu(self)
        self._menu.setToolTipsVisible(True)
        self.actions_of: dict[Measure, QAction] = {}
        for group in GROUPS:
            self._menu.addSection(group.title)
            for name in group.measures:
                action = self._menu.addAction(ABOUT[name].label)
                action.setToolTip(ABOUT[name].formula)
                action.setCheckable(True)
                self.actions_of[name] = action
        self._menu.triggered.connect(self._ticked)
        self.setMenu(self._menu)

    def ticked(self) -> tuple[Measure, ...]:
        """What is ticked."""
        return tuple(name for name in ORDER if self.actions_of[name].isChecked())

    def choose(self, names: Iterable[Measure]) -> None:
        """Show what is ticked, telling nobody."""
        wanted = frozenset(names)
        for name, action in self.actions_of.items():
            action.setChecked(name in wanted)
        self._bound()

    def _ticked(self, action: QAction) -> None:
        self._bound()
        self._chosen(self.ticked())

    def _bound(self) -> None:
        """Let nobody tick too many, or take the last away."""
        ticked = len(self.ticked())
        for action in self.actions_of.values():
            action.setEnabled(ticked > self._least if action.isChecked() else ticked < self._most)


class _StayingMenu(QMenu):
    """A menu that a tick does not close."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable() and action.isEnabled():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        ticks = event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if ticks and action is not None and action.isCheckable() and action.isEnabled():
            action.trigger()
        else:
            super().keyPressEvent(event)
