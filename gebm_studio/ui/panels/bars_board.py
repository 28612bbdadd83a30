"""The board of bars: a line for each divergence, in one widget that a click, the arrow keys and an export know."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gebm_studio.messages import Value
from gebm_studio.schema.measures import ABOUT
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bars_paint import Columns, paint_bracket, paint_heading, paint_value
from gebm_studio.ui.panels.bars_rows import BRACKETS, Heading, Row, Unit, can_be_chosen, in_family, number, tip, unit_of
from gebm_studio.ui.panels.bars_scale import Scale

LOWEST, HIGHEST = 16, 27
"""Heights between which a line stretches."""
GUTTER = 18
"""Room for the brackets of the two families."""
BAR_SHARE = 0.45
"""Where less of the width than this is left to bars, numbers stand without their errors."""
GAP = theme.GRID
LEAST_BARS, LEAST_LABELS = 96.0, 64.0
"""Where less than the first is left to bars, labels are cut, but not to less than the second."""


class BarsBoard(QWidget):
    """Headings and bars; what is chosen is marked."""

    chosen = Signal(str)
    """A φ-divergence that was clicked, or reached by the arrow keys."""
    hovered = Signal(object)
    """The value under the pointer, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._scales: Mapping[Unit, Scale] = {}
        self._marked = ""
        self._under: str = ""
        self._widest = [0.0, 0.0]
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Divergences between P and Q")

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is drawn, top to bottom."""
        return self._rows

    @property
    def scales(self) -> Mapping[Unit, Scale]:
        """The scale of each unit."""
        return self._scales

    @property
    def marked(self) -> str:
        """The divergence that is chosen."""
        return self._marked

    def show_rows(self, rows: tuple[Row, ...], scales: Mapping[Unit, Scale], marked: str) -> None:
        """Show lines; room once taken by numbers is kept, so that no bar jumps while they change."""
        if len(rows) != len(self._rows):
            self._rows = rows
            self.updateGeometry()
            self.setMinimumHeight(len(rows) * LOWEST)
        self._rows, self._scales, self._marked = rows, scales, marked
        font = theme.current().number_font
        for place, errors in enumerate((True, False)):
            texts = [number(row, errors) for row in rows if isinstance(row, Value)]
            widest = max((theme.text_width(font, text) for text in texts), default=0.0)
            self._widest[place] = max(self._widest[place], widest)
        self.update()

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._rows, self._under, self._widest = (), "", [0.0, 0.0]
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(380, len(self._rows) * LOWEST)

    # Where things are

    @property
    def line(self) -> float:
        """Height of a line."""
        return min(max(self.height() / max(len(self._rows), 1), LOWEST), HIGHEST)

    @property
    def with_errors(self) -> bool:
        """Whether there is room for errors behind the numbers."""
        return self._columns(self._widest[0]).width >= BAR_SHARE * self.width()

    @property
    def columns(self) -> Columns:
        """Where labels, bars and numbers stand."""
        return self._columns(self._widest[0 if self.with_errors else 1])

    def _columns(self, numbers: float) -> Columns:
        font = theme.current().text_font
        shown = [row for row in self._rows if isinstance(row, Value)]
        labels = max((theme.text_width(font, ABOUT[row.name].label) for row in shown), default=0.0)
        right = self.width() - numbers - 1.5 * GAP
        labels = min(labels, max(right - LEAST_BARS - GUTTER - GAP, LEAST_LABELS))
        left = GUTTER + labels + GAP
        return Columns(float(GUTTER), left, max(right, left + 1.0), self.width() - GAP / 2)

    def room_of(self, place: int) -> QRectF:
        """Where a line stands."""
        return QRectF(0.0, place * self.line, self.width(), self.line)

    def marked_room(self) -> QRectF:
        """Where the chosen divergence stands; empty where it is not shown."""
        places = (k for k, row in enumerate(self._rows) if isinstance(row, Value) and row.name == self._marked)
        return next((self.room_of(place) for place in places), QRectF())

    def row_at(self, spot: QPoint) -> Row | None:
        """The line at a point."""
        place = int(spot.y() // self.line)
        return self._rows[place] if 0 <= place < len(self._rows) else None

    # What a person does

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().toPoint())
        value = row if isinstance(row, Value) else None
        can = value is not None and can_be_chosen(value.name)
        self.setCursor(Qt.CursorShape.PointingHandCursor if can else Qt.CursorShape.ArrowCursor)
        self._hover(value)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and isinstance(row, Value) and can_be_chosen(row.name):
            self.chosen.emit(row.name)
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        names = [row.name for row in self._rows if isinstance(row, Value) and can_be_chosen(row.name)]
        at = next((place for place, name in enumerate(names) if name == self._marked), -1)
        goals = {
            Qt.Key.Key_Up: max(at - 1, 0), Qt.Key.Key_Down: min(at + 1, len(names) - 1),
            Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(names) - 1,
        }  # fmt: skip
        goal = goals.get(Qt.Key(event.key()), at)
        if not names or goal == at or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            self.chosen.emit(names[goal])

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            row = self.row_at(event.pos())
            QToolTip.showText(event.globalPos(), tip(row) if row is not None else "", self)
            return True
        return super().event(event)

    def _hover(self, value: Value | None) -> None:
        name = value.name if value is not None else ""
        if name != self._under:
            self._under = name
            self.hovered.emit(value)
            self.update()

    # The picture

    def paintEvent(self, event: QPaintEvent) -> None:
        look, columns = theme.current(), self.columns
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        numbered: set[Unit] = set()
        for place, row in enumerate(self._rows):
            room = self.room_of(place)
            if isinstance(row, Heading):
                unit = unit_of(row.group.measures[0])
                paint_heading(painter, look, row, room, columns, None if unit in numbered else self._scales[unit])
                numbered.add(unit)
                continue
            if row.name in (self._marked, self._under):
                tone = look.control if row.name == self._marked else theme.mixed(look.window, look.control, 0.5)
                painter.fillRect(room.adjusted(GUTTER - 4, 0, 0, 0), look.brush(tone))
            text = number(row, self.with_errors)
            paint_value(painter, look, row, text, room, columns, self._scales[unit_of(row.name)])
            if row.name == self._marked:
                painter.fillRect(QRectF(GUTTER - 4, room.top(), 2, room.height()), look.brush(look.accent))
        self._paint_brackets(painter, look)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.pen(look.accent))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_brackets(self, painter: QPainter, look: theme.Theme) -> None:
        """One for each family, side by side where a divergence belongs to both."""
        for column, families in enumerate(BRACKETS):
            members = [
                place
                for place, row in enumerate(self._rows)
                if isinstance(row, Value) and in_family(row.name, families)
            ]
            if members:
                top, bottom = self.room_of(members[0]).top() + 2, self.room_of(members[-1]).bottom() - 2
                paint_bracket(painter, look, 2.0 + 6 * column, top, bottom)
