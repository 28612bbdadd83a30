"""A plot whose laws are moved with the mouse and the keyboard, and that can be drawn on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.handles import Grip, Handles, Name, Spot, Stand
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.table import nice_step

TURN = math.pi / 36
"""What one key press turns a law by."""

KEYS = "P or Q chooses a law; the arrow keys move it, with Shift they change its width, with Control they turn it."

Key = Qt.Key
Cursor = Qt.CursorShape
ARROWS = {Key.Key_Left: (-1, 0), Key.Key_Right: (1, 0), Key.Key_Up: (0, 1), Key.Key_Down: (0, -1)}
CHOICES: dict[Key, Name] = {Key.Key_P: "p", Key.Key_Q: "q"}


@dataclass
class _Hand:
    """What is held: a handle, how far from its middle it was taken, and how the law stood."""

    spot: Spot
    off: QPointF
    before: Stand


class HandlePlot(Plot):
    """A plot with handles.

    Signals:
        grasped: The mouse has taken a law or put the brush down.
        dragged: A law, a grip and its new value: (x, y), a length, or radians.
        dropped: The hand has let go.
        brushed: (x, y) of a stroke of the brush, and whether it erases.
    """

    grasped = Signal()
    dragged = Signal(str, str, object)
    dropped = Signal()
    brushed = Signal(object, bool)

    def __init__(self, equal: bool, parent: QWidget | None = None) -> None:
        super().__init__(equal=equal, parent=parent)
        self._flat = not equal
        self.handles = Handles(in_rows=self._flat)
        self.add(self.handles)
        self.brush: Literal["", "draw", "erase"] = ""
        self._hand: _Hand | None = None
        self._stroke: bool | None = None
        self.handles.restyle(theme.current())
        self.setAccessibleName("The laws P and Q")
        self.setAccessibleDescription(KEYS)

    @property
    def busy(self) -> bool:
        """Whether the mouse holds a law or a brush."""
        return self._hand is not None or self._stroke is not None

    def body(self, at: QPointF, spot: QPointF) -> Name | None:
        """The law whose body is at a point (x, y), which is a spot of the scene."""
        return None

    def set_brush(self, brush: Literal["", "draw", "erase"]) -> None:
        """Take a brush into the hand, or put it away."""
        self.brush = brush
        self.handles.heat(None)
        self._show_cursor(None)

    def let_go(self) -> None:
        """Drop what is held: what is shown has become another thing."""
        self._hand = self._stroke = None

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if hasattr(self, "handles"):
            self.handles.restyle(look)

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._brush_down(event) or self._take(event):
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at, spot = self._places(event)
        if self._stroke is not None:
            self.brushed.emit((at.x(), at.y()), self._stroke)
            self.pointed.emit((at.x(), at.y()))
        elif self._hand is not None:
            self._move(self._hand, spot)
        else:
            super().mouseMoveEvent(event)
            if not event.buttons():
                self._hover(at, spot)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self.busy:
            super().mouseReleaseEvent(event)
            return
        self.let_go()
        self.dropped.emit()
        self._hover(*self._places(event))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # Two quick clicks of a brush, or on a handle, are two clicks.
        on_handle = self.handles.find(self._places(event)[1]) is not None
        if self._brush_down(event) or (on_handle and self._take(event)):
            event.accept()
        else:
            super().mouseDoubleClickEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.busy:
            self.handles.heat(None)

    def _places(self, event: QMouseEvent) -> tuple[QPointF, QPointF]:
        """The pointer in the picture's units, and in the scene's pixels."""
        spot = QPointF(self.mapToScene(event.position().toPoint()))
        return self.view.mapSceneToView(spot), spot

    def _brush_down(self, event: QMouseEvent) -> bool:
        buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        at, spot = self._places(event)
        if not self.brush or event.button() not in buttons or not self.view.sceneBoundingRect().contains(spot):
            return False
        self._stroke = self.brush == "erase" or event.button() == Qt.MouseButton.RightButton
        self.grasped.emit()
        self.brushed.emit((at.x(), at.y()), self._stroke)
        return True

    def _take(self, event: QMouseEvent) -> bool:
        at, spot = self._places(event)
        found = self._found(at, spot) if event.button() == Qt.MouseButton.LeftButton and not self.brush else None
        stand = None if found is None else self.handles.stand(found.law)
        if found is None or stand is None:
            return False
        self.handles.choose(found.law)
        self.handles.heat((found.law, found.grip))
        self._hand = _Hand(found, spot - self._true_spot(found, stand), stand)
        self.viewport().setCursor(Cursor.ClosedHandCursor)
        self.pointed.emit(None)  # lines through the pointer would lie over what is moved
        self.grasped.emit()
        return True

    def _found(self, at: QPointF, spot: QPointF) -> Spot | None:
        """The handle at a spot, or the body of a law as the handle of its place."""
        if not self.view.sceneBoundingRect().contains(spot):
            return None
        found = self.handles.find(spot)
        if found is not None:
            return found
        law = self.body(at, spot)
        return None if law is None else Spot(law, "at", spot)

    def _true_spot(self, found: Spot, stand: Stand) -> QPointF:
        """Where a handle would be without room for the finger: a narrow law has its bars away from its edges."""
        if found.grip == "width":
            across, up = stand.axis
            reach = found.side * stand.width
            return self._on_scene(stand.x + reach * across, stand.y + reach * up)
        return self._on_scene(stand.x, stand.y) if found.grip == "at" else found.at

    def _on_scene(self, x: float, y: float) -> QPointF:
        return QPointF(self.view.mapViewToScene(QPointF(x, y)))

    def _move(self, hand: _Hand, spot: QPointF) -> None:
        at = self.view.mapSceneToView(spot - hand.off)
        name, grip, before = hand.spot.law, hand.spot.grip, hand.before
        stand = self.handles.stand(name) or before
        if grip == "at":
            self.dragged.emit(name, grip, (at.x(), stand.y if self._flat else at.y()))
        elif grip == "width":
            across, up = stand.axis
            reach = (at.x() - stand.x) * across + (0.0 if self._flat else (at.y() - stand.y) * up)
            self.dragged.emit(name, grip, max(hand.spot.side * reach, 0.0))
        else:
            self.dragged.emit(name, grip, math.atan2(at.y() - stand.y, at.x() - stand.x))

    def _hover(self, at: QPointF, spot: QPointF) -> None:
        found = None if self.brush else self._found(at, spot)
        self.handles.heat(None if found is None else (found.law, found.grip))
        self._show_cursor(found)

    def _show_cursor(self, found: Spot | None) -> None:
        if self.brush:
            self.viewport().setCursor(Cursor.CrossCursor)
        elif found is None:
            self.viewport().unsetCursor()
        elif found.grip == "at":
            self.viewport().setCursor(Cursor.OpenHandCursor)
        else:
            self.viewport().setCursor(Cursor.SizeHorCursor if self._flat else Cursor.PointingHandCursor)

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
            self._give_back()
        elif event.key() in CHOICES:
            self.handles.choose(CHOICES[Key(event.key())])
        else:
            self._nudge(ARROWS[Key(event.key())], event.modifiers())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.handles.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.handles.update()

    def _understands(self, event: QKeyEvent) -> bool:
        plain = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if event.key() == Key.Key_Escape:
            return self._hand is not None
        if event.key() in CHOICES:
            return not event.modifiers()
        turning = plain == Qt.KeyboardModifier.ControlModifier and event.key() in (Key.Key_Left, Key.Key_Right)
        return event.key() in ARROWS and (not plain or turning)

    def _give_back(self) -> None:
        """Put what is held back to where it was taken."""
        hand, self._hand = self._hand, None
        if hand is not None:
            before = hand.before
            old = {"at": (before.x, before.y), "width": before.width, "angle": before.angle}
            self.dragged.emit(hand.spot.law, hand.spot.grip, old[hand.spot.grip])
            self.dropped.emit()
            self.viewport().unsetCursor()

    def _nudge(self, direction: tuple[int, int], modifiers: Qt.KeyboardModifier) -> None:
        """Move the chosen law by a round step; with Shift change its width, with Control turn it."""
        law = self.handles.chosen
        stand = self.handles.stand(law)
        if stand is None:
            return
        across, up = direction
        left, right, _, _ = self.extent
        step = nice_step((right - left) / 100)
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            if not math.isnan(stand.angle):
                self._set(law, "angle", math.remainder(stand.angle - across * TURN, 2 * math.pi))
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            if not math.isnan(stand.width):
                self._set(law, "width", max(stand.width + step * (across + up), 0.0))
        elif across or not self._flat:
            self._set(law, "at", (stand.x + step * across, stand.y + step * up))

    def _set(self, law: Name, grip: Grip, value: object) -> None:
        """Drag a handle to a value in one go."""
        self.dragged.emit(law, grip, value)
        self.dropped.emit()
