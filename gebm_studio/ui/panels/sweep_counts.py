"""How many random networks succeed by which method, by threshold: ours beside the published counts."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.messages import Counts, SweepPart
from gebm_studio.published import Stability, stability, stability_certainty
from gebm_studio.ui import theme
from gebm_studio.ui.panels.numbers import short

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
WRAPPED = LEFT | Qt.TextFlag.TextWordWrap
LOWEST, HIGHEST = 20, 34
"""Heights between which a row stretches."""
WIDE = 88
"""Width from which a cell has room for an outline under its numbers."""
HALF = theme.GRID // 2


@dataclass(frozen=True)
class CountRow:
    """A threshold with what it counts; `published` is what stands beside it, `chosen` the one moved by hand."""

    threshold: float
    counts: Counts
    published: Stability | None
    chosen: bool


def rows_of(part: SweepPart, thresholds: tuple[float, ...], chosen: float) -> list[CountRow]:
    """The row moved by hand, then one for each threshold, each beside a published one where there are as many."""
    published = stability()
    beside: tuple[Stability | None, ...] = published if len(thresholds) == len(published) else (None,) * len(thresholds)
    return [
        CountRow(chosen, part.counts(chosen), None, True),
        *(CountRow(least, part.counts(least), row, False) for least, row in zip(thresholds, beside, strict=True)),
    ]


def tones(look: theme.Theme) -> tuple[str, str, str, str]:
    """Colours of: the first method alone, the second alone, both, neither."""
    return look.second, look.first, theme.mixed(look.text, look.plot, 0.25), look.neutral


def titles(part: SweepPart) -> tuple[str, str, str, str]:
    """What the four counts are called."""
    first, second = part.methods[:2]
    return f"{first} only", f"{second} only", "both", "neither"


class CountsTable(QWidget):
    """The table; a filled bar is the share of the networks tried, a dashed outline that of the published 200."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[CountRow] = []
        self._titles = ("", "", "", "")
        self._tried = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def rows(self) -> list[CountRow]:
        """What is written."""
        return self._rows

    def show_rows(self, rows: list[CountRow], part: SweepPart) -> None:
        """Show a table; nothing is drawn anew where it reads the same."""
        if (rows, titles(part), part.tried) != (self._rows, self._titles, self._tried):
            self._rows, self._titles, self._tried = rows, titles(part), part.tried
            self.setToolTip(
                f"Of {part.tried} networks tried by both methods, how many reach a least score, and by which.\n"
                f"Faint: the published counts of 200 networks by least Inception score ({stability_certainty()}), "
                "on images, of other data and networks: a direction to compare with.\n" + part.protocol
            )
            said = [f"from {row.threshold:g}: {', '.join(map(str, row.counts))}" for row in rows]
            self.setAccessibleName("; ".join(said))
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, 7 * 28)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, (len(self._rows) + 2) * LOWEST)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setFont(look.number_font)
        font = look.number_font
        widest = max((_least(row) for row in self._rows), key=len, default="")
        first = max(theme.text_width(font, text) for text in (widest, "score")) + 2 * theme.GRID
        ghost = theme.text_width(font, "Inception ≥ 9") + 2 * theme.GRID
        ghost = ghost if self.width() > first + ghost + 4 * WIDE and any(row.published for row in self._rows) else 0.0
        width = (self.width() - first - ghost) / 4
        line = theme.line_height(font)
        head = line if max(theme.text_width(font, title) for title in self._titles) < width - HALF else 2 * line
        each = min(max((self.height() - head) / max(len(self._rows), 1), LOWEST), HIGHEST)
        painter.setPen(look.pen(look.muted))
        painter.drawText(QRectF(HALF, 0, first, head), LEFT, "score")
        for place, title in enumerate(self._titles):
            painter.drawText(QRectF(first + place * width, 0, width - HALF, head), WRAPPED, title)
        if ghost:
            painter.drawText(QRectF(self.width() - ghost, 0, ghost, head), RIGHT, "published")
        for place, row in enumerate(self._rows):
            top = head + place * each
            self._paint_row(painter, look, row, QRectF(0, top, self.width() - ghost, each), first)
            if ghost and row.published is not None:
                painter.setPen(look.pen(look.muted))
                room = QRectF(self.width() - ghost, top, ghost, each)
                painter.drawText(room, RIGHT, f"Inception ≥ {short(row.published.min_score, 1)}")
        painter.end()

    def _paint_row(self, painter: QPainter, look: theme.Theme, row: CountRow, room: QRectF, first: float) -> None:
        if row.chosen:
            painter.fillRect(room, look.brush(look.control))
        painter.setPen(look.pen(look.accent if row.chosen else look.text))
        painter.drawText(QRectF(HALF, room.top(), first, room.height()), LEFT, _least(row))
        width = (room.width() - first) / 4
        published = row.published[1:] if row.published is not None else (None,) * 4
        for place, (count, theirs, tone) in enumerate(zip(row.counts, published, tones(look), strict=True)):
            cell = QRectF(first + place * width, room.top() + 2, width - HALF, room.height() - 4)
            share = count / self._tried if self._tried else 0.0
            painter.fillRect(QRectF(cell.left(), cell.top(), cell.width() * share, cell.height()), look.brush(tone, 90))
            if theirs and cell.width() >= WIDE - HALF:
                painter.setPen(look.pen(look.muted, 1.0, True))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(cell.left(), cell.top(), cell.width() * theirs / 200, cell.height() - 1))
            painter.setPen(look.pen(look.text))
            painter.drawText(cell.adjusted(HALF, 0, 0, 0), LEFT, str(count) if self._tried else "–")
            if theirs is not None:
                painter.setPen(look.pen(look.muted))
                painter.drawText(cell.adjusted(0, 0, -HALF, 0), RIGHT, f"({theirs})")


def _least(row: CountRow) -> str:
    return f"≥ {row.threshold:g}"
