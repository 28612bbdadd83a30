"""A picture of a transport plan on which one of its pieces can be singled out."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import PlanPart
from gebm_studio.ui.panels.plot import Plot

REACH = 10.0
"""A piece is singled out within so many pixels of the pointer."""

Key = Qt.Key
KEYS = {Key.Key_Left: -1, Key.Key_Right: 1}


class PiecesPlot(Plot):
    """A picture of a plan on which one piece can be singled out.

    Signals:
        chosen: The place of a piece, or None; by the pointer or by the arrow keys.
    """

    chosen = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.part: PlanPart | None = None
        self.piece: int | None = None

    @abstractmethod
    def find(self, x: float, y: float) -> int | None:
        """The piece at (x, y) of the picture."""

    def single_out(self, piece: int | None) -> None:
        """Mark a piece, or none."""
        self.piece = piece

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        spot = self.mapToScene(event.position().toPoint())
        if not event.buttons() and self.part is not None:
            at = self.view.mapSceneToView(spot)
            inside = self.view.sceneBoundingRect().contains(spot)
            self.chosen.emit(self.find(at.x(), at.y()) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.chosen.emit(None)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._understands(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.part is None or not self._understands(event):
            super().keyPressEvent(event)
            return
        event.accept()
        if event.key() == Key.Key_Escape:
            self.chosen.emit(None)
        else:
            step = KEYS[Key(event.key())]
            before = self.piece if self.piece is not None else (-1 if step > 0 else len(self.part.plan))
            self.chosen.emit(min(max(before + step, 0), len(self.part.plan) - 1))

    def _understands(self, event: QKeyEvent) -> bool:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self.part is None or not len(self.part.plan):
            return False
        return plain and (event.key() in KEYS or (event.key() == Key.Key_Escape and self.piece is not None))
