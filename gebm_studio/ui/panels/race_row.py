"""One row of the race: the sampler with what a person may change of it, its pictures, its numbers."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QToolButton, QToolTip, QWidget

from gebm_studio.messages import LaneResult, RacePart
from gebm_studio.schema import Lane, describe
from gebm_studio.schema.sampling import symbols, title
from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import ValueLine, calm, number_text, parse_number
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.race_columns import Bar, Slot, score_bar
from gebm_studio.ui.panels.race_picture import LittlePicture

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
CHIP = 10
LAWS = {
    "exact": "exact: its law is ν, however large the step",
    "biased": "biased: its law differs from ν by the step size, or by a finite pool",
    "other": "other law: it is not made to sample ν",
}
EDITED = ("step_size", "friction")
"""Settings that a row lets a person change."""


class Numbers(QWidget):
    """The numbers of a row, repainted only when one of them reads differently."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slots: list[Slot] = []
        self._texts: list[tuple[str, bool]] = []
        self._instead = ""
        self._bar: Bar | None = None

    @property
    def bar(self) -> Bar | None:
        """The score that is drawn as a bar."""
        return self._bar

    @property
    def texts(self) -> dict[str, str]:
        """What is written, by the titles of the columns."""
        return {slot.column.title: text for slot, (text, _) in zip(self._slots, self._texts, strict=False)}

    @property
    def marked(self) -> set[str]:
        """The titles of the columns that are marked."""
        return {slot.column.title for slot, (_, marked) in zip(self._slots, self._texts, strict=False) if marked}

    @property
    def instead(self) -> str:
        """What is said in place of numbers."""
        return self._instead

    def show_texts(
        self, slots: list[Slot], texts: list[tuple[str, bool]], instead: str = "", bar: Bar | None = None
    ) -> None:
        """Show texts, each marked or not; `instead` takes the place of all; a bar stands below a barred column."""
        if (slots, texts, instead, bar) != (self._slots, self._texts, self._instead, self._bar):
            self._slots, self._texts, self._instead, self._bar = slots, texts, instead, bar
            said = [f"{slot.column.title} {text}" for slot, (text, _) in zip(slots, texts, strict=True)]
            self.setAccessibleName(instead or ", ".join(said))
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        if self._instead:
            painter.setFont(look.text_font)
            painter.setPen(look.pen(look.warning))
            painter.drawText(QRectF(self.rect()).adjusted(theme.GRID, 0, 0, 0), LEFT, self._instead)
        else:
            painter.setFont(look.number_font)
            for slot, (text, marked) in zip(self._slots, self._texts, strict=False):
                painter.setPen(look.pen(look.warning if marked else look.text))
                room = slot_room(slot, self.height())
                painter.drawText(room, RIGHT, text)
                if slot.column.barred and self._bar is not None:
                    paint_bar(
                        painter,
                        QRectF(room.left() + theme.GRID, room.bottom() + 2, room.width() - theme.GRID, 6),
                        self._bar,
                    )
        painter.end()


def paint_bar(painter: QPainter, room: QRectF, bar: Bar) -> None:
    """A score on a scale from 0 to a fifth beyond the base's: bar, interval, the base's 100, published marks."""
    look = theme.current()

    def across(percent: float) -> float:
        return room.left() + room.width() * min(max(percent, 0.0), 120.0) / 120.0

    middle = room.center().y()
    painter.fillRect(
        QRectF(room.left(), room.top(), across(bar.value) - room.left(), room.height()), look.brush(look.gebm)
    )
    painter.setPen(look.pen(look.text, 1.5))
    painter.drawLine(QPointF(across(bar.low), middle), QPointF(across(bar.high), middle))
    painter.setPen(look.pen(look.axis))
    painter.drawLine(QPointF(across(100), room.top() - 2), QPointF(across(100), room.bottom() + 2))
    painter.setPen(look.pen(look.muted, 1.0))
    for value in bar.published:
        painter.drawLine(QPointF(across(value), room.top() - 2), QPointF(across(value), room.bottom() + 2))


def slot_room(slot: Slot, height: float) -> QRectF:
    """Where a column's text stands in a row of a height; lines stand close together around its middle."""
    line = theme.line_height(theme.current().number_font)
    top = height / 2 + (slot.line - slot.lines / 2) * line
    return QRectF(slot.left, top, slot.width, line)


class RaceRow(QWidget):
    """A lane, or the exact law where there is no lane."""

    edited = Signal(str, object)
    """A setting of the lane by name, and its new value."""
    removed = Signal()
    refused = Signal(str)

    def __init__(self, colour: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour, self._lane = colour, Lane()
        self.name = QLabel(self)
        self.latent, self.data = LittlePicture(self), LittlePicture(self)
        self.latent.setToolTip("Latent space: where the chains were, and where they are now.")
        self.data.setToolTip("Data space: G(z) of the chains now; behind them draws of the exact law, where known.")
        self.numbers = Numbers(self)
        self.lines: dict[str, ValueLine] = {}
        self._symbols: dict[str, QLabel] = {}
        self.remove = QToolButton(self)
        self.remove.setText("×")
        self.remove.setAutoRaise(True)
        self.remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.remove.clicked.connect(lambda _checked: self.removed.emit())
        self.remove.setVisible(bool(colour))
        if colour:
            for name in EDITED:
                self._add_line(name)

    def _add_line(self, name: str) -> None:
        line, label = ValueLine(self), QLabel(self)
        line.setFont(theme.current().number_font)
        line.setFrame(False)
        line.setTextMargins(2, 0, 2, 0)
        calm(line)
        line.taken.connect(lambda text, name=name: self._typed(name, text))
        self.lines[name], self._symbols[name] = line, label

    def show_lane(self, lane: Lane) -> None:
        """Show the settings of a lane."""
        self._lane = lane
        what, acting = title(lane), symbols(lane)
        self.name.setText(what.replace(", ", "\n"))
        self.remove.setToolTip(f"Take {what} out of the race")
        self.remove.setAccessibleName(f"Take {what} out of the race")
        for name, line in self.lines.items():
            shown = name in acting
            setting = describe(name, Lane.model_fields[name])
            line.setVisible(shown)
            self._symbols[name].setVisible(shown)
            self._symbols[name].setText(acting.get(name, ""))
            line.show_text(number_text(getattr(lane, name)))
            line.setAccessibleName(f"{setting.label} of {what}")
            line.setToolTip(f"{setting.help} Allowed: {setting.range_text()}. The lane begins again.")

    def show_result(self, lane: LaneResult, part: RacePart, slots: list[Slot], highest: float) -> None:
        """Show where the lane is and what is said of it."""
        self.latent.show_points(lane.latents, part.latent_home)
        self.latent.show_density(lane.density, highest)
        if len(lane.images):
            self.data.show_images(lane.images)
        else:
            self.data.show_points(lane.samples, part.data_home, part.exact_samples)
        texts = [(slot.column.write(lane, part), slot.column.marked(lane, part)) for slot in slots]
        noun = "chain has" if lane.diverged == 1 else "chains have"
        gone = f"{count(lane.diverged)} {noun} diverged: lower the step size"
        bar = score_bar(lane, self._lane.name)
        self.numbers.show_texts(slots, texts, gone if lane.diverged else "", bar)
        tip = f"{lane.label}: {LAWS[lane.law]}."
        if lane.step_size == lane.step_size and number_text(lane.step_size) != number_text(self._lane.step_size):
            tip += f" Adapted step size: {short(lane.step_size)}."
        if lane.nonfinite:
            tip += f" {count(lane.nonfinite)} moves met an energy that is not finite and were refused."
        if self.name.toolTip() != tip:
            self.name.setToolTip(tip)

    def show_exact(self, part: RacePart, slots: list[Slot], highest: float) -> None:
        """Show the exact law."""
        known = bool(part.exact_density.size) or part.exact_energy == part.exact_energy
        self.name.setText("exact law")
        self.name.setToolTip(f"ν_β: {part.truth}." if part.truth else "ν_β: not known yet.")
        self.latent.show_points(part.exact_latents, part.latent_home)
        self.latent.show_density(part.exact_density, highest)
        if len(part.exact_images):
            self.data.show_images(part.exact_images)
        else:
            self.data.show_points(part.exact_samples, part.data_home)
        self.numbers.show_texts(slots, [(slot.column.exact(part) if known else "", False) for slot in slots])

    def arrange(self, left: int, pictures: int, wide: int) -> None:
        """Give all parts their place: width of the sampler's part, side of the pictures, width of the data's."""
        height, number = self.height(), theme.current().number_font
        line = theme.line_height(number) + 1
        first = CHIP + theme.GRID
        shown = [name for name in symbols(self._lane) if name in self.lines]
        named = 1 + self.name.text().count("\n")
        top = (height - line * (named + bool(shown))) // 2
        self.name.setGeometry(first, top, left - first - 2, named * line)
        x = first
        for name in shown:
            wide_symbol = int(theme.text_width(theme.current().text_font, self._symbols[name].text())) + 3
            self._symbols[name].setGeometry(x, top + line, wide_symbol, line)
            width = int(theme.text_width(number, "0.0000")) + 6
            self.lines[name].setGeometry(x + wide_symbol, top + line, width, line)
            x += wide_symbol + width + 4
        gap = theme.GRID // 2
        edge = (height - pictures) // 2
        self.latent.setGeometry(left, edge, pictures, pictures)
        self.data.setGeometry(left + pictures + gap, edge, wide, pictures)
        begin = left + pictures + wide + 2 * gap
        button = self.remove.sizeHint().width()
        self.numbers.setGeometry(begin, 0, self.width() - begin - button - gap, height)
        self.remove.setGeometry(self.width() - button, (height - line) // 2, button, line)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setPen(look.pen(look.line))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        colour = QColor(self._colour or look.gebm)
        painter.fillRect(QRectF(0, self.height() / 2 - CHIP / 2, CHIP, CHIP), colour)
        painter.end()

    def _typed(self, name: str, text: str) -> None:
        try:
            value = parse_number(describe(name, Lane.model_fields[name]), text)
        except ValueError as error:
            self.refused.emit(str(error))
            return
        self.lines[name].accept()
        self.refused.emit("")
        if value != getattr(self._lane, name):
            self.edited.emit(name, value)
        else:
            self.lines[name].show_text(number_text(getattr(self._lane, name)))


class Heads(QWidget):
    """The titles of the columns; each explains itself in a tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slots: list[Slot] = []
        self._left = 0.0
        self._pictures: list[tuple[str, QRectF]] = []
        self._part: RacePart | None = None

    def show_slots(self, slots: list[Slot], row: RaceRow, part: RacePart | None) -> None:
        """Show the titles of columns where a row has them."""
        self._part = part
        left = float(row.numbers.x())
        pictures = [("latent", QRectF(row.latent.geometry())), ("data", QRectF(row.data.geometry()))]
        if (slots, left, pictures) != (self._slots, self._left, self._pictures):
            self._slots, self._left, self._pictures = slots, left, pictures
            line = theme.line_height(theme.current().text_font)
            self.setFixedHeight(line * max((slot.lines for slot in slots), default=1) + 4)
            self.update()

    def tip_at(self, spot: QPoint) -> str:
        """The explanation of the column at a point."""
        for slot in self._slots:
            if slot_room(slot, self.height()).translated(self._left, 0).contains(spot):
                return slot.column.explain(self._part)
        return ""

    def event(self, event: object) -> bool:  # type: ignore[override]
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.muted))
        metrics = QFontMetrics(look.text_font)
        for slot in self._slots:
            room = slot_room(slot, self.height()).translated(self._left, 0)
            title = metrics.elidedText(slot.column.title, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, RIGHT, title)
        for title, place in self._pictures:
            width = max(theme.text_width(look.text_font, title), place.width())
            middle = QRectF(place.center().x() - width / 2, 0, width, self.height())
            painter.drawText(middle, Qt.AlignmentFlag.AlignCenter, title)
        painter.end()
