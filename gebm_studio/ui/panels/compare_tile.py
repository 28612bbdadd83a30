"""One run of a comparison: its name, its state, and data space as it sees it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from gebm_studio.messages import ComparedRun, DataPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.data_line import DataLineView
from gebm_studio.ui.panels.picture import Picture

BAR = 4
"""Height of the colour under the name of a run."""
CLICK = 4
"""Pixels that the pointer may move in a click."""
LAWS = {"gebm": "its GEBM is judged", "base": "its base alone is judged"}


class Name(QAbstractButton):
    """The name of a run over its colour; the one in front is bold, one that stands still says so."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour, self._front, self._state = colour, False, ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def state(self) -> str:
        """What is written after the name."""
        return self._state

    def show_run(self, run: ComparedRun, front: bool) -> None:
        """Take over a run."""
        state = "diverged" if run.stopped else ""
        changes = "\n".join(run.changes) or "the preset as it is"
        why = f"\n\nStands at iteration {run.iteration}: {run.stopped}" if run.stopped else ""
        place = "In front: the other panels show it." if front else "Click to bring it to the front."
        self.setToolTip(f"{run.label}, {LAWS[run.law]}\n{changes}\n\n{place}{why}")
        if (run.label, front, state) != (self.text(), self._front, self._state):
            self.setText(run.label)
            self._front, self._state = front, state
            self.setAccessibleName(f"{run.label}{', in front' if front else ''}{', ' + state if state else ''}")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, theme.line_height(theme.current().text_font) + BAR + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        font = look.text_font
        if self._front:
            font = type(font)(font)
            font.setBold(True)
        painter.setFont(font)
        painter.setPen(look.pen(look.text if self._front else look.muted))
        room = QRectF(0, 0, self.width(), self.height() - BAR)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, left, painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight,
                                                                      int(room.width())))  # fmt: skip
        if self._state:
            used = painter.fontMetrics().horizontalAdvance(self.text()) + theme.GRID
            painter.setFont(look.text_font)
            painter.setPen(look.pen(look.error))
            painter.drawText(room.adjusted(used, 0, 0, 0), left, self._state)
        colour = QColor(self._colour)
        height = BAR if self._front else BAR / 2
        painter.fillRect(QRectF(0, self.height() - height, self.width(), height), colour)
        if self.hasFocus():
            painter.setPen(look.pen(look.accent))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()


class Tile(QWidget):
    """A run's picture under its name."""

    chosen = Signal()
    """The person wants it in front."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = Name(colour, self)
        self.name.clicked.connect(lambda _checked: self.chosen.emit())
        self.picture, self.line = Picture(self), DataLineView(self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.picture)
        self._pages.addWidget(self.line)
        self._pressed: QPointF | None = None
        for plot in (self.picture, self.line):
            plot.viewport().installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.name)
        column.addWidget(self._pages, 1)

    def show_run(self, run: ComparedRun, front: bool, layers: AbstractSet[str], function: str) -> None:
        """Take over a run; the law that is judged is drawn of base and GEBM, and the data."""
        self.name.show_run(run, front)
        if run.picture is None:
            return
        shown = layers & {"data", run.law}
        if run.picture.line is not None:
            self._pages.setCurrentWidget(self.line)
            self.line.show_part(run.picture, shown, function)
            self.line.setToolTip(run.picture.line.note)
        else:
            self._pages.setCurrentWidget(self.picture)
            self._show_plane(run.picture, shown, function)

    def _show_plane(self, part: DataPart, shown: AbstractSet[str], function: str) -> None:
        self.picture.show_layers(shown)
        self.picture.set_home(part.home)
        self.picture.show_part(part, 1.0)
        if part.map is not None:
            self.picture.map.show_map(part.map, theme.current())
        elif function == "none":
            self.picture.map.forget()

    def forget(self) -> None:
        """Show nothing of the last run."""
        self.picture.forget()
        self.picture.go_home()
        self.line.forget()

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        self.picture.restyle(look)
        self.line.restyle(look)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press and a release at one place choose the run; a drag moves the picture."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed = event.position()
            elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
                moved = event.position() - self._pressed
                self._pressed = None
                if abs(moved.x()) + abs(moved.y()) < CLICK:
                    self.chosen.emit()
        return super().eventFilter(watched, event)
