"""Scores of base, GEBM and data as bars with intervals, each score on an axis of its own."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import Interval
from gebm_studio.ui import theme
from gebm_studio.ui.panels.card import Card, paint_whisker
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.quality_words import LAWS, SCORES, Score, Shown, half_text, interval_text
from gebm_studio.ui.panels.table import nice_range
from gebm_studio.ui.panels.tiles import LEFT, RIGHT, fitted
from gebm_studio.ui.theme import GRID, Theme

NARROW, BARS = 128.0, 32.0
"""Least widths of a block of bars, and of the bars in it beside their numbers."""
LOWEST = 12.5
"""Height of a row below which fewer scores are shown."""
TALLEST = 26.0
"""Height beyond which a row does not stretch."""
PALE = 90
"""Opacity, of 255, of a bar whose chains are not in equilibrium."""


class ScoresCard(Card):
    """Fréchet and kernel distance, precision and recall."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Scores", "Of as many images of base and GEBM, against held-out data; data: what training images score.",
            parent,
        )  # fmt: skip
        self._shown: Shown | None = None
        self._written: dict[tuple[str, str], str] = {}

    @property
    def written(self) -> dict[tuple[str, str], str]:
        """The number beside each bar as it was painted last, by score and law."""
        return self._written

    def show_measured(self, shown: Shown) -> None:
        """Show the scores of a measurement."""
        self._shown = shown
        known = [score for score in SCORES if not math.isnan(shown.score("base", score.name)[0])]
        self.say("95 % intervals", "" if known else "No score could be measured.")
        said = [
            f"{score.title} {law} {interval_text(shown.score(law, score.name))}" for score in known for law, _ in LAWS
        ]
        self.setAccessibleDescription("; ".join(said))

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        if self._shown is None:
            return
        self._written.clear()
        across, shown = _grid(room)
        down = -(-shown // across)
        width, height = (room.width() + 2 * GRID) / across, (room.height() + GRID / 2) / down
        for place, score in enumerate(SCORES[:shown]):
            left, top = room.left() + place % across * width, room.top() + place // across * height
            self._paint_score(painter, QRectF(left, top, width - 2 * GRID, height - GRID / 2), look, self._shown, score)

    def _paint_score(self, painter: QPainter, room: QRectF, look: Theme, shown: Shown, score: Score) -> None:
        line = theme.line_height(look.text_font)
        head = QRectF(room.left(), room.top(), room.width(), min(line, room.height() / 4))
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text))
        widths = [theme.text_width(look.text_font, heading) + 2 * GRID for heading in score.headings]
        place = 0 if widths[0] <= head.width() else 1
        painter.drawText(head, LEFT, fitted(score.headings[place], look, head.width()))
        free = head.width() - widths[place] + GRID
        arrow = "↓" if score.lower else "↑"
        painter.setPen(look.pen(look.muted))
        whole = f"{arrow} {score.direction}"
        painter.drawText(head, RIGHT, whole if theme.text_width(look.text_font, whole) <= free else arrow)
        self.explain(head, f"{score.tip} {score.direction[:1].upper()}{score.direction[1:]}. {shown.note(score.name)}")
        values = {law: _scaled(shown.score(law, score.name), score) for law, _ in LAWS}
        ghosts = {law: _scaled(shown.ghost(law, score.name), score) for law, _ in LAWS}
        low, high = _scale(score, [*values.values(), *ghosts.values()])
        left = room.left() + max(theme.text_width(look.text_font, name) for _, name in LAWS) + 6
        changes = {law: _scaled(shown.change(law, score.name), score) for law, _ in LAWS}
        texts, numbers = _numbers(values, changes, room.right() - left, look)
        bars = QRectF(left, head.bottom(), max(room.right() - numbers - left, 8.0), room.bottom() - head.bottom())
        axis = line if bars.height() >= 4 * line + 6 else 0.0
        each = min((bars.height() - axis) / len(LAWS), TALLEST)
        bars.setHeight(each * len(LAWS))
        self._paint_axis(painter, bars, look, (low, high), bool(axis))
        for place, (law, name) in enumerate(LAWS):
            row = QRectF(room.left(), bars.top() + place * each, room.width(), each)
            painter.setFont(look.text_font)
            painter.setPen(look.pen(look.muted))
            painter.drawText(row, LEFT, name)
            bar = QRectF(bars.left(), row.top() + 0.18 * each, bars.width(), 0.64 * each)
            pale = law == "gebm" and not shown.settled
            _paint_bar(painter, bar, look, law, values[law], ghosts[law], (low, high), pale)
            painter.setFont(look.number_font)
            painter.setPen(look.pen(look.text))
            painter.drawText(row, RIGHT, texts[law])
            self._written[score.name, law] = texts[law]
            self.explain(row, _tip(shown, score, law, name))

    def _paint_axis(
        self, painter: QPainter, bars: QRectF, look: Theme, ends: tuple[float, float], numbered: bool
    ) -> None:
        """The zero, and the ends of the scale below where there is room for them."""
        painter.setPen(theme.on_page(look.pen(look.axis)))
        zero = _across_of(0.0, bars, ends)
        painter.drawLine(QPointF(zero, bars.top()), QPointF(zero, bars.bottom()))
        if not numbered:
            return
        painter.drawLine(bars.bottomLeft(), bars.bottomRight())
        painter.setFont(look.number_font)
        painter.setPen(look.pen(look.muted))
        line = theme.line_height(look.number_font)
        free = bars.left() - 40
        for value in dict.fromkeys((0.0, *ends)):
            text = short(value, 2)
            half = theme.text_width(look.number_font, text) / 2
            x = _across_of(value, bars, ends)
            if x - half >= free:
                painter.drawText(
                    QRectF(x - half - 2, bars.bottom() + 1, 2 * half + 4, line), Qt.AlignmentFlag.AlignCenter, text
                )
                free = x + half + 4


def _grid(room: QRectF) -> tuple[int, int]:
    """Blocks side by side, and how many in all: as many as have room, in the grid that makes rows tallest."""
    choices = []
    for across in (1, 2, 4):
        if across > 1 and room.width() / across < NARROW:
            continue
        lines = room.height() / (len(LAWS) + 1)
        down = min(max(int(lines // LOWEST), 1), -(-len(SCORES) // across))
        choices.append((min(across * down, len(SCORES)), min(lines / down, 1.2 * LOWEST), -across, across))
    shown, _, _, across = max(choices)
    return across, shown


def _scale(score: Score, values: list[Interval]) -> tuple[float, float]:
    """The ends of an axis that holds zero and all intervals; shares reach from 0 to 100 %."""
    if not score.lower:
        return 0.0, 100.0
    known = [number for value in values for number in value if math.isfinite(number)]
    low, high = min([0.0, *known]), max([0.0, *known])
    top = nice_range(0.0, high)[1] if high > 0 else 0.0
    return low, top if top > low else low + 1.0


def _numbers(
    values: dict[str, Interval], changes: dict[str, Interval], room: float, look: Theme
) -> tuple[dict[str, str], float]:
    """Numbers as long as leave room for bars, and how wide they are."""
    whole = {law: interval_text(value) for law, value in values.items()}
    changed = {law: f"{text}   {_change(changes[law])}".rstrip() for law, text in whole.items()}
    halves = {law: half_text(value) for law, value in values.items()}
    bare = {law: text.partition(" ")[0] for law, text in whole.items()}
    choices = ((changed, 4 * BARS), (whole, 3 * BARS), (halves, BARS), (bare, -math.inf))
    widths = [max(theme.text_width(look.number_font, text) for text in texts.values()) + 6 for texts, _ in choices]
    place = next(k for k, (_, least) in enumerate(choices) if room - widths[k] >= least)
    return choices[place][0], widths[place]


def _change(change: Interval) -> str:
    return "" if math.isnan(change[0]) else f"Δ {half_text(change)}"


def _paint_bar(
    painter: QPainter, bar: QRectF, look: Theme, law: str, value: Interval, ghost: Interval,
    ends: tuple[float, float], pale: bool,
) -> None:  # fmt: skip
    middle, low, high = value
    zero = _across_of(0.0, bar, ends)
    colour = getattr(look, law)
    if math.isfinite(middle):
        x = _across_of(middle, bar, ends)
        filled = QRectF(min(zero, x), bar.top(), abs(x - zero), bar.height())
        painter.fillRect(filled, look.brush(colour, PALE if pale else 255))
    if math.isfinite(ghost[0]):
        x = _across_of(ghost[0], bar, ends)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme.on_page(look.pen(look.text, 1.0, True)))
        painter.drawRect(QRectF(min(zero, x), bar.top() - 1.5, abs(x - zero), bar.height() + 3))
    if math.isfinite(low) and math.isfinite(high):
        y = bar.center().y()
        spots = (QPointF(_across_of(low, bar, ends), y), QPointF(_across_of(high, bar, ends), y))
        paint_whisker(painter, look, spots, min(3.0, bar.height() / 3))


def _across_of(value: float, bars: QRectF, ends: tuple[float, float]) -> float:
    low, high = ends
    return bars.left() + bars.width() * min(max((value - low) / (high - low), 0.0), 1.0)


def _scaled(value: Interval, score: Score) -> Interval:
    middle, low, high = value
    return score.scale * middle, score.scale * low, score.scale * high


def _tip(shown: Shown, score: Score, law: str, name: str) -> str:
    value = interval_text(_scaled(shown.score(law, score.name), score))
    said = [f"{score.headings[0]}, of {name}: {value}, with its 95 % interval."]
    ghost = shown.ghost(law, score.name)
    if not math.isnan(ghost[0]):
        change = interval_text(_scaled(shown.change(law, score.name), score), signed=True)
        ghost = _scaled(ghost, score)
        said.append(f"Reference: {interval_text(ghost)}; difference {change}, as of independent measurements.")
    if law == "data":
        said.append("What training images score: the floor, or the ceiling of a share.")
    if law == "gebm" and not shown.settled:
        said.append("Pale: its chains are not in equilibrium.")
    said += [f"{note[:1].upper()}{note[1:]}." for note in (shown.note(law), shown.note(score.name)) if note]
    return " ".join(said)
