"""Shares of classes or factors in data, base and GEBM, in groups of bars."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import FactorShares, Interval
from gebm_studio.ui import theme
from gebm_studio.ui.panels.card import CHIP, Card, paint_whisker
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.quality_words import Shown, half_text, interval_text
from gebm_studio.ui.panels.table import nice_range
from gebm_studio.ui.panels.tiles import LEFT, RIGHT
from gebm_studio.ui.theme import GRID, Theme

TALL = 96.0
"""Height from which a factor may have a row of its own."""
LEAST = 24.0
"""Width for each value below which the scale gives its room to the bars."""
LAWS = ("data", "base", "gebm")
MARK = "TV, %"


class FactorsCard(Card):
    """Groups of three bars a value: truth, base, GEBM; over each factor its total variation."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Factors", "Shares of what the classifier sees, with 95 % intervals. TV: total variation, half of the sum "
            "of all differences to the truth; lower is better.", parent,
        )  # fmt: skip
        self._shown: Shown | None = None

    def show_measured(self, shown: Shown) -> None:
        """Show the shares of a measurement."""
        self._shown = shown
        factors = shown.measured.factors
        none = "" if factors else "No classifier for these images: what they show cannot be counted."
        truth = "truth" if factors and all(factor.exact for factor in factors) else "data"
        self.say("", none, ((truth, "data"), ("base", "base"), ("GEBM", "gebm")))
        self.setAccessibleDescription("; ".join(f"{factor.name} {_said(factor)}" for factor in factors))

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        factors = self._shown.measured.factors if self._shown is not None else ()
        for factor, part in zip(factors, _parts(factors, room), strict=True):
            self._paint_factor(painter, part, look, factor)

    def _paint_factor(self, painter: QPainter, room: QRectF, look: Theme, factor: FactorShares) -> None:
        line = theme.line_height(look.text_font)
        top = self._paint_variation(painter, room, look, factor)
        bottom = room.bottom() - line
        plot = QRectF(room.left(), top, room.width(), bottom - top)
        highest = _highest(factor)
        if plot.height() > 2.5 * line:
            plot = _with_axis(painter, plot, look, highest, len(factor.values))
        painter.setPen(theme.on_page(look.pen(look.axis)))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        pitch = plot.width() / max(len(factor.values), 1)
        names = _names(factor.values, pitch, look)
        for place, name in enumerate(names):
            group = QRectF(plot.left() + place * pitch, plot.top(), pitch, plot.height())
            self._paint_group(painter, group, look, factor, place, highest)
            painter.setFont(look.text_font)
            painter.setPen(look.pen(look.muted))
            below = QRectF(group.left(), bottom, pitch, line)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, name)
            self.explain(group.united(below), _tip(factor, place, self._note()))

    def _paint_variation(self, painter: QPainter, room: QRectF, look: Theme, factor: FactorShares) -> float:
        """The name with both total variations, on as many lines as they need; where the picture begins."""
        line = float(theme.line_height(look.text_font))
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text))
        painter.drawText(QRectF(room.left(), room.top(), room.width(), line), LEFT, factor.name)
        said = [
            (law, half_text(value, 100.0))
            for law in ("base", "gebm")
            if (value := factor.variation.get(law)) is not None
        ]
        widths = [CHIP + 4 + theme.text_width(look.number_font, text) + GRID for _, text in said]
        named = theme.text_width(look.text_font, factor.name) + GRID
        head = QRectF(room.left(), room.top(), room.width(), line)
        beside = named + theme.text_width(look.text_font, MARK) + 4 + sum(widths) <= room.width() + GRID
        x, y = room.right() + GRID - sum(widths), room.top()
        marked = QRectF(x - theme.text_width(look.text_font, MARK) - 4, y, room.width(), line)
        if not beside:
            marked = QRectF(room.left() + named, y, room.width() - named, line)
            x, y = room.left(), y + line
        painter.setPen(look.pen(look.muted))
        painter.drawText(marked, LEFT, MARK)
        stacked = sum(widths) > room.width() + GRID
        for (law, text), width in zip(said, widths, strict=True):
            painter.fillRect(QRectF(x, y + (line - CHIP) / 2, CHIP, CHIP), look.brush(getattr(look, law)))
            painter.setFont(look.number_font)
            painter.setPen(look.pen(look.text))
            painter.drawText(QRectF(x + CHIP + 4, y, width, line), LEFT, text)
            head = head.united(QRectF(x, y, min(width, room.right() - x), line))
            x, y = (x, y + line) if stacked else (x + width, y)
        self.explain(head, _tv_tip(factor, self._note()))
        return head.bottom() + 3

    def _paint_group(
        self, painter: QPainter, group: QRectF, look: Theme, factor: FactorShares, place: int, highest: float
    ) -> None:
        gap = min(0.22 * group.width(), 2.0 * GRID)
        width = (group.width() - gap) / len(LAWS)
        for at, law in enumerate(LAWS):
            middle, low, high = _share(factor, law, place)
            left = group.left() + gap / 2 + at * width
            height = group.height() * max(middle, 0.0) / highest
            slim = min(1.0, 0.1 * width)
            bar = QRectF(left + slim, group.bottom() - height, width - 2 * slim, height)
            painter.fillRect(bar, look.brush(getattr(look, law)))
            if high > low:
                x = left + width / 2
                ends = [QPointF(x, group.bottom() - group.height() * max(end, 0.0) / highest) for end in (low, high)]
                paint_whisker(painter, look, (ends[0], ends[1]), min(3.0, width / 3))

    def _note(self) -> str:
        return self._shown.note("factors") if self._shown is not None else ""


def _parts(factors: tuple[FactorShares, ...], room: QRectF) -> list[QRectF]:
    """A room for each factor: below each other where they are tall enough, else beside, as wide as their values ask."""
    if not factors:
        return []
    if len(factors) > 1 and room.height() / len(factors) >= TALL:
        each = (room.height() + GRID) / len(factors)
        return [QRectF(room.left(), room.top() + k * each, room.width(), each - GRID) for k in range(len(factors))]
    asked = [len(factor.values) + 1.5 for factor in factors]
    free = room.width() - 2 * GRID * (len(factors) - 1)
    parts, left = [], room.left()
    for ask in asked:
        width = free * ask / sum(asked)
        parts.append(QRectF(left, room.top(), width, room.height()))
        left += width + 2 * GRID
    return parts


def _share(factor: FactorShares, law: str, place: int) -> Interval:
    if law == "data":
        return (factor.truth[place],) * 3
    value: Interval = getattr(factor, law)[place]
    return value


def _highest(factor: FactorShares) -> float:
    ends = [number for law in LAWS for place in range(len(factor.values)) for number in _share(factor, law, place)]
    known = [end for end in ends if math.isfinite(end)]
    return nice_range(0.0, max(known))[1] if known and max(known) > 0 else 1.0


def _with_axis(painter: QPainter, plot: QRectF, look: Theme, highest: float, values: int) -> QRectF:
    """Write the scale in per cent, beside the bars or above them where they are many; the room that is left."""
    line = theme.line_height(look.number_font)
    text = f"{short(100 * highest, 2)} %"
    width = theme.text_width(look.number_font, text) + 2
    painter.setFont(look.number_font)
    painter.setPen(look.pen(look.muted))
    if plot.width() - width < LEAST * values:
        painter.drawText(QRectF(plot.left(), plot.top() - 3, plot.width(), line), LEFT, text)
        below = plot.adjusted(0, line - 2, 0, 0)
        painter.setPen(theme.on_page(look.pen(look.line)))
        painter.drawLine(below.topLeft(), below.topRight())
        return below
    painter.drawText(QRectF(plot.left(), plot.top() - 2, width, line), RIGHT, text)
    painter.drawText(QRectF(plot.left(), plot.bottom() - line + 2, width, line), RIGHT, "0")
    return plot.adjusted(width + 4, 2, 0, 0)


def _names(values: tuple[str, ...], pitch: float, look: Theme) -> list[str]:
    """Names of values, all cut to the length that has room for all of them."""
    longest = max((len(value) for value in values), default=0)
    for length in range(longest, 1, -1):
        names = [value[:length] for value in values]
        if all(theme.text_width(look.text_font, name) <= pitch - 2 for name in names):
            return names
    return [value[:1] for value in values]


def _said(factor: FactorShares) -> str:
    return ", ".join(f"{law} {interval_text(value)}" for law, value in factor.variation.items())


def _tv_tip(factor: FactorShares, note: str) -> str:
    truth = "its exact masses" if factor.exact else "the shares of held-out images"
    said = [f"{'GEBM' if law == 'gebm' else law} {interval_text(value)}" for law, value in factor.variation.items()]
    return f"Total variation of {factor.name} to {truth}, with 95 % intervals: {'; '.join(said)}. {note}".strip()


def _tip(factor: FactorShares, place: int, note: str) -> str:
    truth = "exactly" if factor.exact else "of held-out images"
    parts = [f"{factor.name} {factor.values[place]}: {100 * factor.truth[place]:.1f} % {truth}"]
    for law, name in (("base", "base"), ("gebm", "GEBM")):
        parts.append(f"{name} {interval_text(_share(factor, law, place), 100.0)} %")
    return f"{'; '.join(parts)}. {note}".strip()
