"""A plot with a line across that a hand, or the arrow keys, move along the axis."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.swept_axes import Axes
from gebm_studio.ui.panels.swept_cursor import REACH, SweptCursor

KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
STEPS, LEAP = 200, 10
"""Key presses from end to end, and how many of them one with Shift is."""


class CursorPlot(Plot):
    """The line is taken near it, or brought by a click on the numbers of the axis.

    Signals:
        dragged: The parameter that the hand holds.
        dropped: The hand has let go.

    Attributes:
        axes: What the axes show, None before there is anything.
        at: The parameter at which the line stands.
        held: Whether the hand holds the line.
    """

    dragged = Signal(float)
    dropped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Curves of divergences; the arrow keys move the running point")
        self.axes: Axes | None = None
        self.at = math.nan
        self.held = self._focused = False
        self.cursor_line = SweptCursor()
        self.add(self.cursor_line)

    def move_line(self, at: float) -> None:
        """Put the line to a parameter, before the engine has the values there."""
        self.at = at
        if self.axes is not None:
            self.cursor_line.show_line(self.axes.place(at))

    def let_go(self) -> None:
        """Drop the line: what is shown has become another thing."""
        self.held = False

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = self._spot(event)
        if event.button() == Qt.MouseButton.LeftButton and (self._on_line(spot) or self._below(spot)):
            self.held = True
            self._drag_to(spot)
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        spot = self._spot(event)
        if self.held:
            self._drag_to(spot)
            return
        super().mouseMoveEvent(event)
        if not event.buttons():
            self._heat(self._on_line(spot), self._below(spot))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self.held:
            super().mouseReleaseEvent(event)
            return
        self.held = False
        self.dropped.emit()
        spot = self._spot(event)
        self._heat(self._on_line(spot), self._below(spot))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        spot = self._spot(event)
        if self._on_line(spot) or self._below(spot):
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.held:
            self._heat(False, False)

    def _spot(self, event: QMouseEvent) -> QPointF:
        return QPointF(self.mapToScene(event.position().toPoint()))

    def _on_line(self, spot: QPointF) -> bool:
        """Whether a spot of the scene is near enough to the line to take it."""
        if self.axes is None or not math.isfinite(self.cursor_line.x):
            return False
        room = self.view.sceneBoundingRect()
        line = self.view.mapViewToScene(QPointF(self.cursor_line.x, 0.0)).x()
        line = min(max(line, room.left()), room.right())
        return bool(room.adjusted(-REACH, 0, REACH, 0).contains(spot)) and abs(spot.x() - line) <= REACH

    def _below(self, spot: QPointF) -> bool:
        """Whether a spot is on the numbers of the axis: a click there brings the line."""
        room = self.view.sceneBoundingRect()
        return self.axes is not None and spot.y() > room.bottom() and room.left() <= spot.x() <= room.right()

    def _drag_to(self, spot: QPointF) -> None:
        if self.axes is not None:
            x = float(self.view.mapSceneToView(spot).x())
            self._go_to(self.axes.parameter(x, self.at))
            self._heat(True, False)

    def _go_to(self, parameter: float) -> None:
        self.move_line(parameter)
        self.dragged.emit(parameter)

    def _heat(self, line: bool, axis: bool) -> None:
        self.cursor_line.heat(line, self._focused)
        if line:
            self.viewport().setCursor(Qt.CursorShape.SizeHorCursor)
        elif axis:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.viewport().unsetCursor()

    # The keyboard

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._understands(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.axes is None or not self._understands(event):
            super().keyPressEvent(event)
            return
        event.accept()
        part = self.axes.part
        values = np.log(part.values) if part.logarithmic else part.values
        now = math.log(self.at) if part.logarithmic else self.at
        leap = LEAP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        goal = now + KEYS[Qt.Key(event.key())] * leap * (values[-1] - values[0]) / STEPS
        goal = float(min(max(goal, values[0]), values[-1]))
        self._go_to(math.exp(goal) if part.logarithmic else goal)
        self.dropped.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focused = event.reason() != Qt.FocusReason.MouseFocusReason
        self.cursor_line.heat(False, self._focused)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._focused = False
        self.cursor_line.heat(False, False)

    def _understands(self, event: QKeyEvent) -> bool:
        plain = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        return event.key() in KEYS and not plain
