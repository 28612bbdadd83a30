"""Small multiples that paint themselves: a title, a number, and a little picture or why there is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import CATEGORIES, mode_table
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.theme import GRID, Theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Tile(QWidget):
    """One quantity."""

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self._value = self._brief = ""
        self._why = ""
        self._tip = f"{title[:1].upper()}{title[1:]}: {tip}"
        self.setToolTip(self._tip)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(104, 64)

    @property
    def value(self) -> str:
        """The number beside the title."""
        return self._value

    @property
    def why_empty(self) -> str:
        """Why the tile shows no picture; empty where it does."""
        return self._why

    def say(self, value: str, why_empty: str = "", brief: str = "") -> None:
        """Set the number beside the title, a short form of it, and why there is no picture where there is none."""
        self._value, self._why, self._brief = value, why_empty, brief or value
        self.setAccessibleName(f"{self.title} {value}".strip())
        self.update()

    def explain(self, protocol: str) -> None:
        """Say in the tooltip of what and of how many the numbers are."""
        self.setToolTip(f"{self._tip} {protocol}")

    def sizeHint(self) -> QSize:
        return QSize(200, 72)

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        """Draw the picture into its room."""

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        frame = QRectF(self.rect())
        painter.fillRect(frame, QColor(look.plot))
        pad = GRID / 2 + 2
        line = theme.line_height(look.text_font)
        head = QRectF(pad, 3, self.width() - 2 * pad, line)
        painter.setFont(look.number_font)
        painter.setPen(look.pen(look.muted))
        beside = head.width() - theme.text_width(look.text_font, self.title) - GRID
        whole = theme.text_width(look.number_font, self._value) <= beside
        value = fitted(self._value if whole else self._brief, look, max(beside, head.width() * 0.45))
        painter.drawText(head, RIGHT, value)
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text))
        used = theme.text_width(look.number_font, value) + (GRID if value else 0)
        painter.drawText(head, LEFT, fitted(self.title, look, head.width() - used))
        room = QRectF(pad, head.bottom() + 3, self.width() - 2 * pad, self.height() - head.bottom() - pad - 2)
        if self._why:
            painter.setPen(look.pen(look.muted))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._why)
        elif room.height() > 4:
            self.paint_body(painter, room, look)
        painter.end()


class HistoryTile(Tile):
    """A number over the last sampler rounds, or over lags, with a line to compare it with."""

    def __init__(self, title: str, tip: str, reference: float | None = None, parent: QWidget | None = None) -> None:
        super().__init__(title, tip, parent)
        self.reference = reference
        self._values: NDArray[np.float64] = np.empty(0)

    @property
    def values(self) -> NDArray[np.float64]:
        """What is drawn."""
        return self._values

    def show_history(self, values: NDArray[np.float32], why_empty: str, value: str | None = None) -> None:
        """Show a history with its last number, or another `value`; `why_empty` says why, where it holds no number."""
        finite = values[np.isfinite(values)]
        self._values = values.astype(np.float64)
        last = (short(float(values[-1])) if value is None else value) if len(finite) else ""
        self.say(last, "" if len(finite) else why_empty)

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        paint_lines(painter, room, look, [(self._values, look.first)], self.reference)


class TraceTile(Tile):
    """A few chains over the last rounds, each in a muted colour of its own."""

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(title, tip, parent)
        self._traces: NDArray[np.float64] = np.empty((0, 0))

    @property
    def traces(self) -> NDArray[np.float64]:
        """What is drawn, a column each."""
        return self._traces

    def show_traces(self, traces: NDArray[np.float32], why_empty: str) -> None:
        """Show traces (t, k); `why_empty` says why, where they hold no number."""
        self._traces = traces.astype(np.float64)
        some = bool(np.isfinite(traces).any())
        self.say(f"{traces.shape[1]} chains" if some else "", "" if some else why_empty)

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        colours = [theme.mixed(colour, look.plot, 0.35) for colour in CATEGORIES]
        traces = [(trace, colours[place % len(colours)]) for place, trace in enumerate(self._traces.T)]
        # Without the few highest, which are of the way from a far start.
        paint_lines(painter, room, look, traces, within=99.5)


class TimelineTile(Tile):
    """Where each of some things was: one row a thing, time to the right, one colour a place."""

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(title, tip, parent)
        self._timeline: NDArray[np.int32] = np.empty((0, 0), dtype=np.int32)

    @property
    def timeline(self) -> NDArray[np.int32]:
        """Place by round and thing."""
        return self._timeline

    def show_timeline(self, timeline: NDArray[np.int32], why_empty: str, value: str = "", brief: str = "") -> None:
        """Show a timeline (t, k); `why_empty` says why, where it names no place."""
        self._timeline = timeline
        empty = not timeline.size or bool((timeline < 0).all())
        self.say("" if empty else value, why_empty if empty else "", brief)

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        table = mode_table(look)
        places = self._timeline.T + 1
        places = np.where(places < len(table), places, 1 + (places - 1) % (len(table) - 1))
        rgb = np.ascontiguousarray(table[np.maximum(places, 0)])
        height, width = rgb.shape[:2]
        # The image only borrows the array, which therefore has to outlive the drawing.
        image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        painter.drawImage(room, image)


class BarsTile(Tile):
    """Bars, with a mark on each for what it ought to be."""

    scale = True
    """Whether the ends of the scale stand at the left."""

    def __init__(self, title: str, tip: str, role: str, parent: QWidget | None = None) -> None:
        super().__init__(title, tip, parent)
        self._role = role
        self._bars: NDArray[np.float64] = np.empty(0)
        self._marks: NDArray[np.float64] = np.empty(0)

    @property
    def bars(self) -> NDArray[np.float64]:
        """The heights."""
        return self._bars

    def show_bars(
        self,
        bars: NDArray[np.float64],
        marks: NDArray[np.float64],
        value: str,
        why_empty: str = "",
        brief: str = "",
    ) -> None:
        """Show bars, and marks of the same number or none; `brief` takes the value's place where that is too long."""
        self._bars, self._marks = bars, marks
        self.say(value, why_empty, brief)

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        count = len(self._bars)
        highest = float(np.nanmax(np.concatenate([self._bars, self._marks, [0.0]]), initial=0.0)) or 1.0
        if self.scale and room.height() > 3 * theme.line_height(look.number_font):
            room = with_scale(painter, room, look, 0.0, highest)
        pitch = room.width() / count
        gap = 0.0 if pitch < 3 else min(0.25 * pitch, 4.0)
        colour, bottom = QColor(getattr(look, self._role)), room.bottom()
        for place, bar in enumerate(np.nan_to_num(self._bars).tolist()):
            height = room.height() * bar / highest
            painter.fillRect(
                QRectF(room.left() + place * pitch + gap / 2, bottom - height, pitch - gap, height), colour
            )
        painter.setPen(QPen(QColor(look.text), 2.0))
        for place, mark in enumerate(self._marks.tolist()):
            y, x = bottom - room.height() * mark / highest, room.left() + place * pitch
            painter.drawLine(QPointF(x + 1, y), QPointF(x + pitch - 1, y))
        painter.setPen(look.pen(look.axis))
        painter.drawLine(room.bottomLeft(), room.bottomRight())


def fitted(text: str, look: Theme, width: float) -> str:
    """A text cut with an ellipsis where it does not fit."""
    return QFontMetrics(look.text_font).elidedText(text, Qt.TextElideMode.ElideRight, int(width))


def paint_lines(
    painter: QPainter,
    room: QRectF,
    look: Theme,
    lines: list[tuple[NDArray[np.float64], str]],
    reference: float | None = None,
    within: float = 100.0,
) -> None:
    """Draw lines of equal length over their places, on one scale that fits them and the reference.

    Values above their percentile `within` may leave the picture.
    """
    finite = np.concatenate([values[np.isfinite(values)] for values, _ in lines])
    low, high = float(finite.min()), float(np.percentile(finite, within))
    if reference is not None:
        low, high = min(low, reference), max(high, reference)
    margin = 0.08 * (high - low) or 0.1
    low, high = low - margin, high + margin
    if room.height() > 3 * theme.line_height(look.number_font):
        room = with_scale(painter, room, look, low, high)

    def height(value: float) -> float:
        return room.bottom() - (value - low) / (high - low) * room.height()

    if reference is not None:
        painter.setPen(look.pen(look.axis, 1.0, True))
        painter.drawLine(QPointF(room.left(), height(reference)), QPointF(room.right(), height(reference)))
    painter.setClipRect(room.adjusted(-2, -2, 2, 2))
    for values, colour in lines:
        across = np.linspace(room.left(), room.right(), len(values)) if len(values) > 1 else [room.center().x()]
        points = [QPointF(x, height(v)) for x, v in zip(across, values.tolist(), strict=True) if np.isfinite(v)]
        painter.setPen(look.pen(colour))
        if len(points) == 1:
            painter.setBrush(look.brush(colour))
            painter.drawEllipse(points[0], 2.0, 2.0)
        painter.drawPolyline(QPolygonF(points))
    painter.setClipping(False)


def with_scale(painter: QPainter, room: QRectF, look: Theme, low: float, high: float) -> QRectF:
    """Write the ends of the scale at the left, and give back the room that is left."""
    line = theme.line_height(look.number_font)
    # As many digits as tell the ends apart.
    digits = next((digits for digits in range(2, 7) if short(low, digits) != short(high, digits)), 2)
    texts = [f"{end:.0f}" if end == round(end) and abs(end) < 1000 else short(end, digits) for end in (low, high)]
    width = max(theme.text_width(look.number_font, text) for text in texts) + 2
    painter.setPen(look.pen(look.muted))
    painter.setFont(look.number_font)
    painter.drawText(QRectF(room.left(), room.top() - 1, width, line), RIGHT, texts[1])
    painter.drawText(QRectF(room.left(), room.bottom() - line + 1, width, line), RIGHT, texts[0])
    return room.adjusted(width + 4, 2, 0, -2)
