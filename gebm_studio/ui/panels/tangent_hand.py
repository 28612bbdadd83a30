"""A picture on which a slope is held with the mouse and moved with the keyboard."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import TangentPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.labels import Labels
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Segments
from gebm_studio.ui.panels.tangent_lines import Tangents
from gebm_studio.ui.panels.tangent_marks import Marks

LEAP = 10
"""How many key presses one with Shift is."""

Key = Qt.Key
KEYS = {Key.Key_Left: -1, Key.Key_Down: -1, Key.Key_Right: 1, Key.Key_Up: 1}


@dataclass(frozen=True)
class Grip:
    """What can be held, in the scene's pixels; `side` of a line is +1 right of where it touches, −1 left of it."""

    at: QPointF
    side: int = 0


class SlopePlot(Plot):
    """A picture on which a slope can be held.

    Signals:
        dragged: The slope that the hand wishes.
        dropped: The hand has let go.
        nudged: How many steps the arrow keys go.
    """

    dragged = Signal(float)
    dropped = Signal()
    nudged = Signal(int)

    def __init__(self, marks: Marks, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.marks, self.labels = marks, Labels()
        self._axes_lines = Segments()
        for item in (self._axes_lines, self.marks, self.labels):
            self.add(item)
        self.tangents: Tangents | None = None
        self._name = ""
        self._hold: Grip | None = None
        self._off = QPointF()
        self._before = math.nan
        self._focused = False

    @property
    def busy(self) -> bool:
        """Whether the mouse holds the slope."""
        return self._hold is not None

    @abstractmethod
    def grip(self, spot: QPointF) -> Grip | None:
        """What can be held at a spot of the scene."""

    @abstractmethod
    def follow(self, at: QPointF, side: int) -> float:
        """The slope that the hand wishes at (x, y) with the side that it holds; NaN for none."""

    def begin(self, part: TangentPart) -> None:
        """Take up another divergence: nothing that was seen of the last one says anything of it."""
        if part.name != self._name:
            self._name = part.name
            self.let_go()
            self.go_home()

    def let_go(self) -> None:
        """Drop what is held."""
        self._hold = None

    def forget(self) -> None:
        """Show nothing."""
        self.let_go()
        self.tangents, self._name = None, ""
        self.marks.show_tangent(None)
        self.labels.set_labels()
        self._axes_lines.set_bands([])
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if hasattr(self, "labels"):
            for item in (self.marks, self.labels):
                item.restyle(look)

    def draw_axes(self) -> None:
        """Lines through zero."""
        look = theme.current()
        lines = np.array([[0.0, -1e6, 0.0, 1e6], [-1e6, 0.0, 1e6, 0.0]])
        self._axes_lines.set_bands([(lines, look.pen(look.axis))])

    @property
    def pixel(self) -> float:
        """What a pixel across is on the picture."""
        return float(self.view.viewPixelSize()[0])

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._take(event):
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        spot = QPointF(self.mapToScene(event.position().toPoint()))
        if self._hold is not None:
            self._wish(self.follow(self.view.mapSceneToView(spot - self._off), self._hold.side))
            return
        super().mouseMoveEvent(event)
        if not event.buttons():
            self._heat(self.grip(spot) is not None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._hold is None:
            super().mouseReleaseEvent(event)
            return
        self.let_go()
        self.dropped.emit()
        self._heat(self.grip(QPointF(self.mapToScene(event.position().toPoint()))) is not None)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # Two quick clicks on the tangent are two clicks.
        if self._take(event):
            event.accept()
        else:
            super().mouseDoubleClickEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self._hold is None:
            self._heat(False)

    def _take(self, event: QMouseEvent) -> bool:
        spot = QPointF(self.mapToScene(event.position().toPoint()))
        held = self.grip(spot) if event.button() == Qt.MouseButton.LeftButton else None
        if held is None or self.marks.tangent is None:
            return False
        self._hold, self._off, self._before = held, spot - held.at, self.marks.tangent.slope
        self.crosshair.point_at(None)
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def _wish(self, slope: float) -> None:
        if math.isfinite(slope):
            self.dragged.emit(slope)

    def _heat(self, hot: bool) -> None:
        self.marks.heat(hot, self._focused)
        if hot:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.viewport().unsetCursor()

    def on_scene(self, x: float, y: float) -> QPointF:
        """A point of the picture in the scene's pixels."""
        return QPointF(self.view.mapViewToScene(QPointF(x, y)))

    # The keyboard

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._understands(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._understands(event):
            super().keyPressEvent(event)
            return
        event.accept()
        if event.key() == Key.Key_Escape:
            self.let_go()
            self._wish(self._before)
            self.dropped.emit()
        else:
            leap = LEAP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.nudged.emit(KEYS[Key(event.key())] * leap)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focused = event.reason() != Qt.FocusReason.MouseFocusReason
        self.marks.heat(self.marks.hot, self._focused)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._focused = False
        self.marks.heat(self.marks.hot, False)

    def _understands(self, event: QKeyEvent) -> bool:
        if event.key() == Key.Key_Escape:
            return self.busy
        plain = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        return event.key() in KEYS and not plain and self.marks.tangent is not None
