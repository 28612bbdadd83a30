"""A line for each fitted Gaussian: its divergence, mean and deviation, beside the best that there are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gebm_studio.messages import FitRow
from gebm_studio.schema.measures import ABOUT, Measure
from gebm_studio.ui import theme
from gebm_studio.ui.panels.measure_colours import LOOKS
from gebm_studio.ui.panels.numbers import MINUS

LOWEST, HIGHEST, TWOFOLD = 16, 24, 32
"""Heights between which a line stretches, farther where the best numbers have no room but below."""
SWATCH, GAP, APART = 20.0, 6.0, 12.0
"""Pixels of a swatch with its gap, between a number and the best one, and between columns."""
SHORTEST = 72.0
"""Names are cut to no less than this before numbers are left out."""
BAR = 45
"""Opacity, of 255, of the bars behind the numbers."""
HEADS = ("value", "μ", "σ")
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip


@dataclass(frozen=True)
class Columns:
    """Widths of the names and of a number, its places, and whether the best ones stand beside."""

    names: float
    number: float
    places: int
    both: bool

    def cells(self, room: QRectF, column: int) -> tuple[QRectF, QRectF]:
        """Where a number of a column and the best one stand."""
        width = self.number + APART + (self.number + GAP if self.both else 0.0)
        now = QRectF(self.names + column * width + APART, room.top(), self.number, room.height())
        return now, now.translated(self.number + GAP, 0)


class FitsTable(QWidget):
    """Numbers as they are, the best ones behind them, on a bar that shrinks as a divergence falls to its least."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fits: tuple[FitRow, ...] = ()
        self._highest: dict[Measure, float] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Fitted Gaussians")

    @property
    def fits(self) -> tuple[FitRow, ...]:
        """What is shown, top to bottom."""
        return self._fits

    def show_fits(self, fits: tuple[FitRow, ...]) -> None:
        """Show fits, in the colours of their divergences."""
        if len(fits) != len(self._fits):
            self.setMinimumHeight((len(fits) + 1) * LOWEST)
        self._fits = fits
        for fit in fits:
            if math.isfinite(fit.value):
                self._highest[fit.name] = max(self._highest.get(fit.name, -math.inf), fit.value)
        self.setAccessibleDescription("; ".join(map(sentence, fits)))
        self.update()

    def begin(self) -> None:
        """Measure the way that is left from here on."""
        self._highest.clear()

    def share(self, fit: FitRow) -> float:
        """How much is left of the way that its divergence has to fall, from 0 to 1; NaN where that is not known."""
        left = fit.value - fit.best_value
        if not math.isfinite(left):
            return math.nan
        whole = self._highest.get(fit.name, fit.value) - fit.best_value
        return min(max(left / whole, 0.0), 1.0) if whole > 0 else 0.0

    @property
    def line(self) -> float:
        """Height of a line."""
        highest = HIGHEST if self.columns.both else TWOFOLD
        return min(max(self.height() / (len(self._fits) + 1), LOWEST), highest)

    @property
    def below(self) -> bool:
        """Whether the best numbers stand below the others."""
        return not self.columns.both and self.line >= TWOFOLD - 4

    @property
    def columns(self) -> Columns:
        """The first that fits: best numbers beside, with four places or three; else the numbers alone."""
        look = theme.current()
        labels = max((theme.text_width(look.text_font, ABOUT[fit.name].label) for fit in self._fits), default=0.0)
        full = SWATCH + labels + GAP
        for places, both, least in ((4, True, full), (3, True, min(full, SHORTEST)), (4, False, min(full, SHORTEST))):
            number = theme.text_width(look.number_font, f"0.{'0' * places}")
            room = self.width() - GAP - 3 * (number + APART + (number + GAP if both else 0.0))
            if room >= least or not both:
                return Columns(min(max(room, least), full), number, places, both)
        raise AssertionError("the last of the choices always fits")

    def sizeHint(self) -> QSize:
        return QSize(360, (len(self._fits) + 1) * LOWEST)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            fit = self.fit_at(event.pos())
            QToolTip.showText(event.globalPos(), sentence(fit) if fit is not None else "", self)
            return True
        return super().event(event)

    def fit_at(self, spot: QPoint) -> FitRow | None:
        """The fit whose line is at a point."""
        place = int(spot.y() // self.line) - 1
        return self._fits[place] if 0 <= place < len(self._fits) else None

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._fits:
            return
        look, columns, line = theme.current(), self.columns, self.line
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(look.number_font)
        painter.setPen(look.pen(look.muted))
        for column, head in enumerate(HEADS):
            now, best = columns.cells(QRectF(0, 0, self.width(), line), column)
            painter.drawText(now, RIGHT, f"{head}, best" if self.below and column == 0 else head)
            if columns.both:
                painter.drawText(best, RIGHT, "best")
        painter.setPen(look.pen(look.line))
        painter.drawLine(QPointF(0, line - 0.5), QPointF(self.width(), line - 0.5))
        for place, fit in enumerate(self._fits):
            self._paint_fit(painter, look, fit, QRectF(0, (place + 1) * line, self.width(), line), columns)
        painter.end()

    def _paint_fit(self, painter: QPainter, look: theme.Theme, fit: FitRow, room: QRectF, columns: Columns) -> None:
        measure, share = LOOKS[fit.name], self.share(fit)
        colour = measure.colour(look)
        if share > 0:
            bar = QRectF(room.left(), room.top() + 1, share * room.width(), room.height() - 2)
            painter.fillRect(bar, look.brush(colour, BAR))
        pen = QPen(QColor(colour), 2.0)
        if measure.dashed:
            pen.setDashPattern([1.6, 1.2])
        painter.setPen(pen)
        middle = room.center().y()
        painter.drawLine(QPointF(0, middle), QPointF(SWATCH - GAP, middle))
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text))
        label, width = ABOUT[fit.name].label, columns.names - SWATCH
        name = QFontMetricsF(look.text_font).elidedText(label, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(SWATCH, room.top(), width + 1, room.height()), LEFT, name)
        painter.setFont(look.number_font)
        pairs = ((fit.value, fit.best_value), (fit.mean, fit.best_mean), (fit.std, fit.best_std))
        for column, (now, best) in enumerate(pairs):
            cells = columns.cells(room, column)
            if self.below:
                cells = cells[0].adjusted(0, 0, 0, -room.height() / 2), cells[0].adjusted(0, room.height() / 2, 0, 0)
            painter.setPen(look.pen(look.text))
            painter.drawText(cells[0], RIGHT, placed(now, columns.places))
            if columns.both or self.below:
                painter.setPen(look.pen(look.muted))
                painter.drawText(cells[1], RIGHT, placed(best, columns.places))


def placed(value: float, places: int = 4) -> str:
    """A number with so many places, so that those of a column stand under each other."""
    if math.isnan(value):
        return "—"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    return (f"{value:.{places}f}" if abs(value) < 1000 else f"{value:.1e}").replace("-", MINUS)


def sentence(fit: FitRow) -> str:
    """Where a fit is and what is left of its way, in words."""
    about = ABOUT[fit.name]
    now = f"{about.label} = {placed(fit.value)} at μ = {placed(fit.mean)}, σ = {placed(fit.std)}"
    if math.isnan(fit.best_value):
        return f"{now}; the best fit is not known"
    best = f"{placed(fit.best_value)} at μ = {placed(fit.best_mean)}, σ = {placed(fit.best_std)}"
    return f"{now}; the best fit has {best}"
