"""Undo and redo of changes to settings; dragging one slider is one change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from PySide6.QtGui import QUndoCommand, QUndoStack

from gebm_studio.ui.session import Session

PAUSE = 1.0
"""Changes of one setting that follow each other within so many seconds are one change."""


class SettingChange(QUndoCommand):
    """One setting from one value to another."""

    def __init__(self, session: Session, path: str, old: Any, new: Any, grasp: int) -> None:
        super().__init__(f"change of {path}")
        self._session = session
        self.path, self.old, self.new, self.grasp = path, old, new, grasp
        self.at = time.monotonic()
        self._done = True  # the change was made, and found good, before it came here

    def id(self) -> int:
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, SettingChange) or (other.path, other.grasp) != (self.path, self.grasp):
            return False
        if not self.grasp and other.at - self.at > PAUSE:
            return False
        self.new, self.at = other.new, other.at
        return True

    def redo(self) -> None:
        if not self._done:
            self._session.change(self.path, self.new)
        self._done = True

    def undo(self) -> None:
        self._session.change(self.path, self.old)
        self._done = False


class UndoableChanges:
    """Changes of a session's settings that can be taken back until another run is opened."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.stack = QUndoStack(session)
        self.stack.setUndoLimit(200)
        self._grasps = 0
        self._grasp = 0

    def hold(self, on: bool) -> None:
        """While a person holds something, changes of one setting are one change, however slow the hand."""
        self._grasps += on
        self._grasp = self._grasps if on else 0

    def change(self, path: str, value: Any) -> list[str]:
        """Change one setting; returns the problems, with any of which nothing was changed."""
        old = self._session.settings.shown(path) if path.count(".") else self._kind_or_value(path)
        problems = self._session.change(path, value)
        if not problems and old != value:
            self.stack.push(SettingChange(self._session, path, old, value, self._grasp))
        return problems

    def change_together(self, changes: Sequence[tuple[str, Any]]) -> None:
        """Change several settings, one after the other, as one step to undo."""
        self.stack.beginMacro(f"change of {', '.join(path for path, _ in changes)}")
        for path, value in changes:
            self.change(path, value)
        self.stack.endMacro()

    def _kind_or_value(self, path: str) -> Any:
        """The kind of a group, the value of anything else."""
        value = self._session.settings.shown(path)
        return getattr(value, "kind", value)
