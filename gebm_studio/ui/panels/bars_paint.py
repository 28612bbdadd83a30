"""How a line of the board is painted: its label, its bar or why there is none, and its number."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF

from gebm_studio.messages import Value
from gebm_studio.schema.measures import ABOUT
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bars_rows import Heading
from gebm_studio.ui.panels.bars_scale import Scale
from gebm_studio.ui.panels.measure_colours import LOOKS
from gebm_studio.ui.panels.numbers import short

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
BEYOND = 24.0
"""Pixels at the end of all bars that only infinite ones reach."""
CUT, PIECE, SLANT = 3.0, 5.0, 4.0
"""Width of a cut through an infinite bar, of what is left between two, and how far a cut leans."""
STALE = 0.45
"""Opacity of a value of an earlier pair."""
PALE = 110
"""Opacity, of 255, of a bar whose measure is drawn with a broken stroke."""
LEAST = 2.0
"""A value that is not zero shows at least so many pixels."""
APART = 36
"""Pixels between the numbers of a scale."""


@dataclass(frozen=True)
class Columns:
    """Where labels begin, where bars begin and end, and where numbers end, in pixels."""

    labels: float
    left: float
    right: float
    numbers: float

    @property
    def width(self) -> float:
        """Room for bars."""
        return self.right - self.left

    @property
    def end(self) -> float:
        """Where the scale of finite values ends."""
        return max(self.right - BEYOND, self.left + 1.0)

    def across(self, share: float) -> float:
        """The place of a share of the scale."""
        return self.left + share * (self.end - self.left)


def paint_heading(
    painter: QPainter, look: theme.Theme, heading: Heading, room: QRectF, columns: Columns, scale: Scale | None
) -> None:
    """The title of a group, and the numbers of the scale that its bars stand on, where it is the first with them."""
    font = _bold(look)
    painter.setFont(font)
    painter.setPen(look.pen(look.muted))
    title = heading.group.title
    if scale is not None and theme.text_width(font, title) > columns.left - columns.labels + 0.4 * columns.width:
        title = title.partition(",")[0]  # the scale needs the room
    width = theme.text_width(font, title)
    free = columns.labels + width + theme.GRID
    painter.drawText(room.adjusted(columns.labels, 0, 0, 0), LEFT, title)
    if scale is None:
        return
    painter.setFont(look.number_font)
    for share, text in scale.ticks(_most(columns)):
        half = theme.text_width(look.number_font, text) / 2 + 2
        x = columns.across(share)
        if x - half >= free and x + half <= columns.right:
            painter.drawText(QRectF(x - half, room.top(), 2 * half, room.height()), CENTRE, text)
            free = x + half
    if columns.right > free:
        painter.drawText(QRectF(columns.right + 3, room.top(), 40, room.height()), LEFT, "∞")


def paint_value(
    painter: QPainter, look: theme.Theme, value: Value, text: str, room: QRectF, columns: Columns, scale: Scale
) -> None:
    """One line: label, grid, bar with its whisker, number."""
    _paint_grid(painter, look, room, columns, scale)
    painter.save()
    painter.setOpacity(1.0 if value.fresh else STALE)
    painter.setFont(look.text_font)
    painter.setPen(look.pen(look.text))
    label = QFontMetrics(look.text_font).elidedText(
        ABOUT[value.name].label, Qt.TextElideMode.ElideRight, round(columns.left - columns.labels) - 4
    )
    painter.drawText(room.adjusted(columns.labels, 0, 0, 0), LEFT, label)
    bar = QRectF(columns.left, room.top() + room.height() * 0.2, columns.width, room.height() * 0.6)
    if math.isnan(value.value):
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.muted))
        free = columns.numbers - columns.left - theme.GRID
        said = QFontMetrics(look.text_font).elidedText(
            value.note or "not known", Qt.TextElideMode.ElideRight, int(free)
        )
        painter.drawText(QRectF(columns.left + 4, room.top(), free, room.height()), LEFT, said)
    elif math.isinf(value.value):
        _paint_infinite(painter, look, value, bar)
        painter.setFont(look.heading_font)
        painter.setPen(look.pen(look.text))
        painter.drawText(QRectF(columns.right + 3, room.top(), 40, room.height()), LEFT, short(value.value))
    else:
        _paint_bar(painter, look, value, bar, columns, scale)
        painter.setFont(look.number_font)
        painter.setPen(look.pen(look.text))
        painter.drawText(QRectF(columns.right, room.top(), columns.numbers - columns.right, room.height()), RIGHT, text)
    if not value.fresh:
        _paint_stale(painter, look, columns, room)
    painter.restore()


def paint_bracket(painter: QPainter, look: theme.Theme, x: float, top: float, bottom: float) -> None:
    """A bracket around the lines of one family."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(look.pen(look.axis, 1.5))
    painter.drawPolyline(QPolygonF([QPointF(x + 4, top), QPointF(x, top), QPointF(x, bottom), QPointF(x + 4, bottom)]))


def _paint_grid(painter: QPainter, look: theme.Theme, room: QRectF, columns: Columns, scale: Scale) -> None:
    painter.setPen(look.pen(look.line))
    for share, _ in scale.ticks(_most(columns)):
        x = columns.across(share)
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
    if not scale.logarithmic and scale.low < 0:
        painter.setPen(look.pen(look.axis))
        x = columns.across(scale.origin)
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))


def _paint_bar(painter: QPainter, look: theme.Theme, value: Value, bar: QRectF, columns: Columns, scale: Scale) -> None:
    """From the origin to the value; on a logarithmic scale a negative one is hollow. One beyond the scale is cut."""
    if not scale.holds(value.value):
        _paint_beyond(painter, look, value, bar)
        return
    start, end = columns.across(scale.origin), columns.across(scale.place(value.value))
    if value.value != 0 and abs(end - start) < LEAST:
        end = start + math.copysign(LEAST, 1.0 if scale.logarithmic else value.value)
    filled = QRectF(min(start, end), bar.top(), abs(end - start), bar.height())
    if value.value != 0:
        _fill(painter, look, value, filled, hollow=scale.logarithmic and value.value < 0)
    if value.error > 0:
        _paint_whisker(painter, look, value, bar, columns, scale)


def _fill(painter: QPainter, look: theme.Theme, value: Value, room: QRectF, hollow: bool = False) -> None:
    measure = LOOKS[value.name]
    tone = measure.colour(look)
    opacity = PALE if measure.dashed else 255
    if not hollow:
        painter.fillRect(room, look.brush(tone, opacity))
    if hollow or measure.dashed:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(look.pen(tone, 1.2, dashed=hollow))
        painter.drawRect(room.adjusted(0.5, 0.5, -0.5, -0.5))


def _paint_whisker(
    painter: QPainter, look: theme.Theme, value: Value, bar: QRectF, columns: Columns, scale: Scale
) -> None:
    low, high = value.value - value.error, value.value + value.error
    if scale.logarithmic:
        sides = (abs(value.value) - value.error, abs(value.value) + value.error)
        low, high = max(sides[0], 0.0), sides[1]
    left, right = columns.across(scale.place(low)), columns.across(scale.place(high))
    if right - left < LEAST + 1:
        return
    middle, half = bar.center().y(), bar.height() / 4
    lines = [(left, middle, right, middle), (right, middle - half, right, middle + half)]
    if not (scale.logarithmic and low == 0):
        lines.append((left, middle - half, left, middle + half))
    for pen in (QPen(QColor(look.window), 3.0 * theme.screen_ratio()), look.pen(look.text, 1.2)):
        pen = QPen(pen)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for x1, y1, x2, y2 in lines:
            painter.drawLine(QPointF(x1, y1), QPointF(x2, y2))


def _paint_beyond(painter: QPainter, look: theme.Theme, value: Value, bar: QRectF) -> None:
    """A bar that is longer than its scale: cut through once near its end."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.brush(LOOKS[value.name].colour(look), PALE if LOOKS[value.name].dashed else 255))
    cut = bar.right() - BEYOND
    painter.drawPolygon(_slanted(bar, bar.left() - SLANT, cut, straight=True))
    painter.drawPolygon(_slanted(bar, cut + CUT, bar.right() - SLANT))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_infinite(painter: QPainter, look: theme.Theme, value: Value, bar: QRectF) -> None:
    """A bar to the very edge, cut through twice near its end, which is an arrow."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.brush(LOOKS[value.name].colour(look), PALE if LOOKS[value.name].dashed else 255))
    cuts = [bar.right() - BEYOND + k * (PIECE + CUT) for k in range(3)]
    painter.drawPolygon(_slanted(bar, bar.left() - SLANT, cuts[0], straight=True))
    painter.drawPolygon(_slanted(bar, cuts[0] + CUT, cuts[1]))
    left, middle = cuts[1] + CUT, bar.center().y()
    outline = [(left + SLANT, bar.top()), (cuts[2], bar.top()), (bar.right() + 1, middle), (cuts[2], bar.bottom())]
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in (*outline, (left, bar.bottom()))]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _slanted(bar: QRectF, left: float, right: float, straight: bool = False) -> QPolygonF:
    """The piece of a bar between two slanted cuts, or from its straight beginning to one."""
    lower = left + SLANT if straight else left
    return QPolygonF(
        [
            QPointF(left + SLANT, bar.top()),
            QPointF(right + SLANT, bar.top()),
            QPointF(right, bar.bottom()),
            QPointF(lower, bar.bottom()),
        ]
    )


def _paint_stale(painter: QPainter, look: theme.Theme, columns: Columns, room: QRectF) -> None:
    """A small open ring before the number: it is of an earlier pair."""
    painter.setOpacity(1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(look.pen(look.muted, 1.4))
    painter.drawEllipse(QPointF(columns.right + 6, room.center().y()), 2.0, 2.0)


def _most(columns: Columns) -> int:
    return max(2, int((columns.end - columns.left) // APART))


def _bold(look: theme.Theme) -> QFont:
    font = QFont(look.text_font)
    font.setBold(True)
    return font
