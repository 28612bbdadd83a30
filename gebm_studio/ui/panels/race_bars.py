"""The scores of the race as one chart: a bar for each sampler, in per cent of the base, large enough for a wall."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gebm_studio.messages import RacePart
from gebm_studio.published import RelativeScore
from gebm_studio.schema import Lane
from gebm_studio.ui import theme
from gebm_studio.ui.panels.card import CHIP, paint_whisker
from gebm_studio.ui.panels.image_grid import arranged
from gebm_studio.ui.panels.image_sheet import Sheet
from gebm_studio.ui.panels.quality_words import interval_text
from gebm_studio.ui.panels.race_bars_rows import AXIS_TIP, HEADINGS, LEGEND, PROVISO, Row, base_row, number, row_of
from gebm_studio.ui.panels.race_columns import MIXED
from gebm_studio.ui.panels.table import nice_step
from gebm_studio.ui.panels.tiles import LEFT, RIGHT
from gebm_studio.ui.theme import GRID, Theme

CENTRE = Qt.AlignmentFlag.AlignCenter
LOWEST, TALLEST = 14.0, 104.0
"""Heights between which a row stretches."""
ROOMY = 30.0
"""Height of a row from which published scores are bars below its own; else they are marks on it."""
LOW, BELOW = 220, 2.7
"""Height from which a heading stands above, and lines of words that stand below the rows."""
LARGEST, AROUND = 2.0, 1.3
"""Times the usual size that names and numbers grow to in tall rows, and that the words around them do."""
LEAST_END = 120.0
"""The axis reaches at least so far, so that what lies above the base has a place."""
PALE = 0.55
"""How far a published bar is mixed into the ground: it is no measurement of ours."""
PICTURES_FROM = 620
"""Width from which images of the lanes stand beside their names."""


class RaceBars(QWidget):
    """The base at 100 %, and below it the samplers in the order of the race."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._sheets: dict[int, Sheet] = {}
        self._ghosts = True
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 96)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is drawn, top to bottom."""
        return self._rows

    def show_part(self, part: RacePart, lanes: Sequence[Lane]) -> None:
        """Show the scores of a race."""
        scored = any(not math.isnan(lane.score[0]) for lane in part.lanes)
        self._note = part.note if not scored else ""
        self._sheets = {k: self._sheets.get(k, Sheet()).showing(lane.images) for k, lane in enumerate(part.lanes)}
        pairs = enumerate(zip(part.lanes, lanes, strict=True))
        self._rows = (base_row(), *(row_of(result, lane, self._sheets[k]) for k, (result, lane) in pairs))
        said = [f"{row.name} {row.instead or interval_text(row.score)}" for row in self._rows]
        self.setAccessibleName(f"FD in per cent of the base: {'; '.join(said)}")
        self.update()

    def show_published(self, shown: bool) -> None:
        """Draw published scores as ghosts, or leave them out."""
        self._ghosts = shown
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, 320)

    # Where things are

    @property
    def end(self) -> float:
        """Where the axis ends, in per cent."""
        shown = [number for row in self._rows for number in row.score if math.isfinite(number)]
        highest = max([LEAST_END, *shown])
        step = nice_step(highest / 6)
        return step * math.ceil(highest / step - 1e-9)

    @property
    def _line(self) -> float:
        """Height of a line of the words around the rows."""
        return float(theme.line_height(_sized(theme.current().text_font, self._around)))

    @property
    def _around(self) -> float:
        return min(max(min(self.width() / 800.0, self.height() / 420.0), 1.0), AROUND)

    @property
    def _each(self) -> float:
        room = self.height() - self._top - BELOW * self._line
        return min(max(room / max(len(self._rows), 1), LOWEST), TALLEST)

    @property
    def _top(self) -> float:
        """Where the rows begin: below the name of the base's line, and below the heading where there is room."""
        return (1.2 if self.height() < LOW else 2.3) * self._line + GRID / 2

    def _fonts(self) -> tuple[QFont, QFont, QFont]:
        """For names, numbers and the lines around: as large as the rows allow."""
        look = theme.current()
        larger = min(max(self._each / 26.0, 1.0), LARGEST, max(self.width() / 560.0, 1.0))
        return tuple(
            _sized(font, size)
            for font, size in ((look.text_font, larger), (look.number_font, larger), (look.text_font, self._around))
        )  # type: ignore[return-value]

    def plot(self) -> QRectF:
        """The room of the bars."""
        names, numbers, _ = self._fonts()
        left = max((theme.text_width(names, row.name) for row in self._rows), default=0.0) + 2 * GRID
        left = min(left, 0.34 * self.width()) + self._pictures()
        right = max((theme.text_width(numbers, number(row)) for row in self._rows), default=0.0) + 2 * GRID
        return QRectF(left, self._top, max(self.width() - left - right, 32.0), self._each * len(self._rows))

    def room_of(self, place: int) -> QRectF:
        """Where a row stands, with its name and its number."""
        plot = self.plot()
        return QRectF(0, plot.top() + place * self._each, self.width(), self._each)

    def across(self, percent: float) -> float:
        """The place of a score."""
        plot = self.plot()
        return plot.left() + plot.width() * min(max(percent / self.end, 0.0), 1.0)

    def tip_at(self, spot: QPoint) -> str:
        """The explanation of a row."""
        places = (k for k in range(len(self._rows)) if self.room_of(k).contains(QPointF(spot)))
        place = next(places, None)
        return AXIS_TIP if place is None else self._rows[place].tip

    def _pictures(self) -> float:
        """Width of the images beside names."""
        some = any(len(row.images) for row in self._rows)
        return 2.6 * self._each if some and self.width() >= PICTURES_FROM else 0.0

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return super().event(event)

    # The picture

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(self.rect()), look.brush(look.plot))
        plot = self.plot()
        names, numbers, around = self._fonts()
        painter.setFont(around)
        painter.setPen(look.pen(look.muted))
        heading = QRectF(GRID, 2, self.width() - 2 * GRID, 1.2 * self._line)
        if self.height() >= LOW:
            painter.drawText(heading, LEFT, _fitting(HEADINGS, around, heading.width()))
        self._paint_axis(painter, plot, look, around)
        for place, row in enumerate(self._rows):
            self._paint_row(painter, self.room_of(place), plot, row, look, (names, numbers))
        self._paint_base_line(painter, plot, look, around)
        self._paint_legend(painter, plot, look, around)
        painter.end()

    def _paint_axis(self, painter: QPainter, plot: QRectF, look: Theme, font: QFont) -> None:
        """Faint lines at round numbers, which stand below the rows."""
        step = nice_step(self.end / 6)
        painter.setFont(font)
        for k in range(round(self.end / step) + 1):
            x = self.across(k * step)
            painter.setPen(_pen(look, look.axis if k == 0 else look.line))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(look.pen(look.muted))
            painter.drawText(QRectF(x - 30, plot.bottom() + 1, 60, 1.1 * self._line), CENTRE, f"{k * step:g}")

    def _paint_row(
        self, painter: QPainter, room: QRectF, plot: QRectF, row: Row, look: Theme, fonts: tuple[QFont, QFont]
    ) -> None:
        ghosts = row.published if self._ghosts else ()
        stacked = bool(ghosts) and room.height() >= ROOMY
        painter.setFont(fonts[0])
        painter.setPen(look.pen(look.text))
        painter.drawText(room.adjusted(GRID, 0, 0, 0), LEFT, row.name)
        self._paint_images(painter, room, plot, row)
        if row.instead:
            painter.setFont(look.text_font)
            painter.setPen(look.pen(look.warning if row.warning else look.muted))
            painter.drawText(
                QRectF(plot.left() + GRID, room.top(), self.width() - plot.left(), room.height()), LEFT, row.instead
            )
        else:
            share = 0.46 if stacked else 0.62
            bar = QRectF(plot.left(), room.top() + 0.12 * room.height(), 0.0, share * room.height())
            if not stacked:
                bar.moveTop(room.top() + (1 - share) / 2 * room.height())
            bar.setRight(self.across(row.score[0]))
            painter.fillRect(bar, look.brush(getattr(look, row.role)))
            middle, (_, low, high) = bar.center().y(), row.score
            ends = (QPointF(self.across(low), middle), QPointF(self.across(high), middle))
            if math.isfinite(low) and math.isfinite(high):
                paint_whisker(painter, look, ends, 0.28 * bar.height())
            painter.setFont(fonts[1])
            painter.setPen(look.pen(look.warning if row.warning else look.text))
            painter.drawText(
                QRectF(plot.right(), room.top(), self.width() - plot.right() - GRID, room.height()), RIGHT, number(row)
            )
        if stacked:
            self._paint_ghost_bars(painter, room, plot, ghosts, look)
        else:
            painter.setPen(_pen(look, look.muted, 1.4))
            for score in ghosts:
                x = self.across(score.value)
                painter.drawLine(
                    QPointF(x, room.top() + 0.1 * room.height()), QPointF(x, room.bottom() - 0.1 * room.height())
                )

    def _paint_ghost_bars(
        self, painter: QPainter, room: QRectF, plot: QRectF, ghosts: Sequence[RelativeScore], look: Theme
    ) -> None:
        """Pale bars below that of the row, one for each data set, in the order of the legend."""
        tone = theme.mixed(look.muted, look.plot, PALE)
        top, height = room.top() + 0.62 * room.height(), 0.3 * room.height() / len(ghosts)
        for place, score in enumerate(ghosts):
            bar = QRectF(plot.left(), top + place * height, self.across(score.value) - plot.left(), 0.62 * height)
            painter.fillRect(bar, look.brush(tone))

    def _paint_images(self, painter: QPainter, room: QRectF, plot: QRectF, row: Row) -> None:
        width, sheet = self._pictures(), row.images
        if not width or not len(sheet):
            return
        place = QRectF(plot.left() - width, room.top() + 2, width - GRID, room.height() - 4)
        grid = arranged(len(sheet), sheet.width, sheet.height, place.width(), place.height(), self.devicePixelRatioF())
        down = place.top() + (place.height() - grid.size[1]) / 2
        for k in range(min(len(sheet), grid.across * grid.rows)):
            sheet.paint(painter, k, grid.cell(k).translated(place.left(), round(down)))

    def _paint_base_line(self, painter: QPainter, plot: QRectF, look: Theme, font: QFont) -> None:
        """The line at 100 %, through all rows, with its name."""
        x = self.across(100.0)
        painter.setPen(_pen(look, look.base, 2.0, dashed=True))
        painter.drawLine(QPointF(x, plot.top() - 2), QPointF(x, plot.bottom()))
        painter.setFont(font)
        painter.setPen(look.pen(look.text))
        label = QRectF(x - 80, plot.top() - self._line - 1, 160, self._line)
        painter.drawText(label, CENTRE, "base = 100 %")

    def _paint_legend(self, painter: QPainter, plot: QRectF, look: Theme, font: QFont) -> None:
        """What colours mean; of published bars, that they are not verified."""
        roles = {row.role for row in self._rows}
        ghosts = [score for row in self._rows for score in row.published] if self._ghosts else []
        data = ", ".join(dict.fromkeys(score.data_title for score in ghosts))
        stacked = self._each >= ROOMY  # else they are marks, whose order cannot be seen
        tone = theme.mixed(look.muted, look.plot, PALE) if stacked else look.muted
        entries = [(name, getattr(look, role)) for role, name in LEGEND if role in roles]
        warned = any(row.warning and not row.instead for row in self._rows)
        mark = f"⚠ R-hat above {MIXED}" if warned else ""
        room = QRectF(GRID, plot.bottom() + 1.25 * self._line, self.width() - 2 * GRID, 1.2 * self._line)
        used = sum(CHIP + 4 + theme.text_width(font, name) + 2 * GRID for name, _ in entries)
        used += theme.text_width(font, mark) + 2 * GRID if mark else 0.0
        if ghosts:
            order = (f"{PROVISO}: {data}, top to bottom",) if stacked else ()
            forms = (*order, f"{PROVISO}: {data}", PROVISO, "not verified")
            entries.append((_fitting(forms, font, room.width() - used - CHIP - 4), tone))
        painter.setFont(font)
        x, middle = room.left(), room.center().y()
        for name, colour in entries:
            painter.fillRect(QRectF(x, middle - CHIP / 2, CHIP, CHIP), look.brush(colour))
            painter.setPen(look.pen(look.muted))
            painter.drawText(QRectF(x + CHIP + 4, room.top(), room.right() - x, room.height()), LEFT, name)
            x += CHIP + 4 + theme.text_width(font, name) + 2 * GRID
        painter.setPen(look.pen(look.warning))
        painter.drawText(QRectF(x, room.top(), room.right() - x, room.height()), LEFT, mark)
        if self._note:
            painter.setPen(look.pen(look.muted))
            painter.drawText(plot, CENTRE, self._note)


def _fitting(texts: Sequence[str], font: QFont, width: float) -> str:
    """The first of some texts that fits, else the last."""
    return next((text for text in texts if theme.text_width(font, text) <= width), texts[-1])


def _sized(font: QFont, times: float) -> QFont:
    larger = QFont(font)
    larger.setPointSizeF(font.pointSizeF() * times)
    return larger


def _pen(look: Theme, colour: str, width: float = 1.0, dashed: bool = False) -> QPen:
    """A pen that grows with the picture where it is exported larger."""
    return theme.on_page(look.pen(colour, width, dashed))
