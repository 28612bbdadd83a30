"""The optimal transport of P to Q on the line, and the critic whose gain is its cost."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gebm_studio.messages import Extent, Frame, PlanPart
from gebm_studio.schema import DivergencesPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.caption import Caption, Words
from gebm_studio.ui.panels.legend import ColourKey
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.panel import Panel
from gebm_studio.ui.panels.plan_bands import BandsPlot
from gebm_studio.ui.panels.plan_critic import CriticPlot
from gebm_studio.ui.panels.plan_matrix import MatrixPlot, mass_table
from gebm_studio.ui.panels.plot import Plot

BANDS, MATRIX = "bands", "matrix"
WIDE, HIGH = 460, 280
"""From so many pixels on there is room for more words, and for a line of its own about the critic."""
ROOM = 0.04
"""Room beside the outermost pieces, as a share of the range of all."""


class PlanPanel(Panel[DivergencesPreset]):
    """Bands over the critic, on one axis; or the plan as a matrix."""

    kind = "divergences"
    part = "plan"
    title = "Transport"
    empty = "The cheapest way to move P to Q on the line appears here, with the critic that proves it. Open F33."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: PlanPart | None = None
        self._x: float | None = None
        self._sides = (0.0, 0.0)
        self.choice = self.header.choice(
            ((BANDS, "bands and critic"), (MATRIX, "matrix")),
            "The plan as bands from P to Q over the critic, or as a matrix of P by Q.",
            lambda _value: self._draw(),
        )
        self.header.home("Show everything (double-click in a picture)", self._go_home)
        self.bands, self.matrix, self.critic = BandsPlot(), MatrixPlot(), CriticPlot()
        self.caption, self.slope_caption, self.key = Caption(self.canvas), Caption(self.canvas), ColourKey(self.canvas)
        pair = QWidget()
        column = QVBoxLayout(pair)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.bands, 6)
        column.addWidget(self.slope_caption)
        column.addWidget(self.critic, 5)
        self._pictures = QStackedWidget(self.canvas)
        for picture in (pair, self.matrix):
            self._pictures.addWidget(picture)
        top = QHBoxLayout()
        top.setSpacing(theme.GRID)
        top.addWidget(self.caption, 1)
        top.addWidget(self.key)
        whole = QVBoxLayout(self.canvas)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GRID // 2)
        whole.addLayout(top)
        whole.addWidget(self._pictures, 1)
        self.slope_caption.say(
            Words("critic f", "first"), Words("its slope is at most 1: |f(x) − f(y)| ≤ |x − y|", "muted", dashed=True)
        )
        self.critic.setToolTip(self.slope_caption.text)
        for plot in (self.bands, self.matrix):
            plot.chosen.connect(self._choose)
        self.bands.moved.connect(self._link)
        self.critic.moved.connect(self._link)
        for plot in (self.bands, self.critic):
            plot.pointed.connect(self._point)

    @property
    def as_matrix(self) -> bool:
        """Whether the plan is shown as a matrix."""
        return self.choice.value() == MATRIX

    @property
    def piece(self) -> int | None:
        """The piece that is singled out."""
        return self.bands.piece

    def take(self, part: PlanPart, frame: Frame) -> None:
        if self._part is None or part.version != self._part.version:
            self._part = part
            self._draw()

    def clear(self) -> None:
        self._part = self._x = None
        self._sides = (0.0, 0.0)
        for plot in (self.bands, self.matrix, self.critic):
            plot.forget()
        self.caption.say()
        self.readout.say("")

    def restyle(self, look: theme.Theme) -> None:
        for plot in (self.bands, self.matrix, self.critic):
            plot.restyle(look)
        self._draw()

    def _draw(self) -> None:
        part = self._part
        if part is None:
            return
        if not len(part.plan):
            self.say_empty(part.note or "There is no plan to show: W₁ needs both laws on the line.")
            return
        self.show_canvas()
        self._pictures.setCurrentIndex(1 if self.as_matrix else 0)
        self.key.setVisible(self.as_matrix and self.width() >= WIDE)
        if self.as_matrix:
            self.matrix.show_part(part)
            self.key.show_scale("mass", mass_table(theme.current()), 0.0, self.matrix.heaviest)
        else:
            self._choose_sides(part)
            self.bands.show_part(part, self._sides)
            self.critic.show_part(part, self._sides)
        self._choose(self.piece)
        self._show_cost(part)

    def _show_cost(self, part: PlanPart) -> None:
        wide = self.width() >= WIDE and not self.as_matrix  # the key of the matrix takes its room
        names = ("cost of the plan", "gain of the critic", "difference"), ("cost", "gain", "Δ")
        values = short(part.cost, 5), short(part.gain, 5), short(part.cost - part.gain, 2)
        roles = "base", "first", ""
        said = zip(names[not wide], values, roles, strict=True)
        tip = " · ".join(f"{name} {value}" for name, value in zip(names[0], values, strict=True))
        self.caption.say(*(Words(f"{name} {value}", role) for name, value, role in said), tip=tip)

    def _choose_sides(self, part: PlanPart) -> None:
        """Both ends of the line; they change only when they must, or the picture would creep while a law is dragged."""
        places = part.plan[:, :2]
        low, high = float(places.min()), float(places.max())
        room = ROOM * (high - low) or 0.5
        low, high = low - room, high + room
        old_low, old_high = self._sides
        if not (old_low <= low and high <= old_high and high - low > 0.6 * (old_high - old_low)):
            self._sides = (low - room, high + room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.slope_caption.setVisible(event.size().height() >= HIGH)
        self.key.setVisible(self.as_matrix and self.width() >= WIDE)
        if self._part is not None:
            self._show_cost(self._part)

    # What a person does

    def _choose(self, piece: int | None) -> None:
        part = self._part
        if part is None or (piece is not None and piece >= len(part.plan)):
            piece = None
        for plot in (self.bands, self.matrix):
            plot.single_out(piece)
        self.critic.mark(() if part is None or piece is None else tuple(map(float, part.plan[piece, :2])))
        self._say()

    def _point(self, at: tuple[float, float] | None) -> None:
        self._x = None if at is None else at[0]
        self.critic.point_at(self._x)
        self._say()

    def _link(self, extent: Extent | None) -> None:
        other: Plot = self.critic if self.sender() is self.bands else self.bands
        if extent is None:
            other.go_home()
        else:
            other.go_to((*extent[:2], *other.extent[2:]))

    def _go_home(self) -> None:
        for plot in (self.bands, self.matrix, self.critic):
            plot.go_home()

    def _say(self) -> None:
        part, piece = self._part, self.piece
        if part is None:
            return
        said = []
        if piece is not None:
            source, target, mass = map(float, part.plan[piece])
            said.append(f"{short(mass)} of the mass goes from {short(source)} to {short(target)}")
            said.append(f"f falls by {short(self.critic.value(source) - self.critic.value(target))}")
        elif self._x is not None:
            said.append(self.critic.read(self._x))
        said.append(part.note)
        self.readout.say(" · ".join(filter(None, said)))
