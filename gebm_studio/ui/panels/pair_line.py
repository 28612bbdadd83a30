"""Two laws on the line: their densities and atoms with handles, and below them functions of both."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gebm_studio.messages import Extent, LawShown, PairPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.function_plot import Curves, FunctionPlot, room_at_left
from gebm_studio.ui.panels.handle_plot import HandlePlot
from gebm_studio.ui.panels.handles import NAMES, Name, row_middles, strip_below
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.primitives import Line, PointSet, Segments
from gebm_studio.ui.panels.table import nice_step

STEM = 0.72
"""Height of the stems of atoms, as a share of the picture's."""
NEAR = 6.0
"""A stem is held within so many pixels; so far above the axis begins the body of a density."""
ALPHA: dict[Name, int] = {"p": 70, "q": 55}
LOW = 220
"""Pictures lower than so many pixels leave the numbers of x to the one below."""
TICKS = 48
"""Pixels between the numbers at the left axis, or more."""

Doubles = NDArray[np.float64]


class DensitiesPlot(HandlePlot):
    """Densities as filled curves, atoms as stems, draws as points in the row of their law's handles."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(equal=False, parent=parent)
        self.view.setMouseEnabled(x=True, y=False)
        self.legend = FlowBar()
        self.lines: dict[Name, Line] = {name: Line() for name in NAMES}
        self.stems: dict[Name, Segments] = {name: Segments() for name in NAMES}
        self.rugs: dict[Name, PointSet] = {name: PointSet(4.0) for name in NAMES}
        for items in (self.lines, self.stems, self.rugs):
            for item in items.values():
                self.add(item)
        self.fits = Curves(self, self.legend, 1.4)
        self._part: PairPart | None = None
        self._sides = (-1.0, 1.0)
        self._top = 0.0
        self.view.sigResized.connect(self._refit)
        self.restyle(theme.current())

    def show_part(self, part: PairPart, held: bool) -> None:
        """Draw both laws and the fits; while the hand holds a law, the picture keeps its sides."""
        if not held or self._part is None:
            self._sides = part.home[:2]
        self._part, self._top = part, part.home[3] if part.home[3] > 0 else 1.0
        self._set_home()
        x = part.x.astype(np.float64)
        for name in NAMES:
            law: LawShown = getattr(part, name)
            known = len(law.density) == len(x) and bool(np.isfinite(law.density).any())
            heights = np.nan_to_num(law.density.astype(np.float64), neginf=0.0).clip(0.0, 9 * self._top)
            self.lines[name].setData(*(x, heights) if known else ([], []), fillLevel=0.0)
        self.fits.show(x, part.fits, 0.0, self._top)
        self._show_points()

    @property
    def sides(self) -> tuple[float, float]:
        """Left and right end of the home."""
        return self._sides

    def read(self, at: float) -> str:
        """The densities at the place nearest to a pointer."""
        part = self._part
        if part is None or not len(part.x):
            return ""
        place = int(np.argmin(np.abs(part.x - at)))
        named = [("p", part.p.density), ("q", part.q.density), *((fit.label, fit.values) for fit in part.fits)]
        values = [f"{name} {short(float(one[place]))}" for name, one in named if len(one) == len(part.x)]
        return f"x = {short(float(part.x[place]))}: " + " · ".join(values)

    def body(self, at: QPointF, spot: QPointF) -> Name | None:
        if self._part is None:
            return None
        under = {name: self._under(name, at, spot) for name in NAMES}
        best = min(under, key=lambda name: (under[name], name != self.handles.chosen))
        return best if math.isfinite(under[best]) else None

    def forget(self) -> None:
        """Show nothing."""
        self._part = None
        self._top = 0.0
        self.let_go()
        for name in NAMES:
            self.lines[name].setData([], [])
            self.stems[name].set_bands([])
            self.rugs[name].set_points(np.empty((0, 2)))
            self.handles.set_stand(name, None)
        self.fits.clear()
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        self.axis("left").setWidth(room_at_left(look))
        if not hasattr(self, "_part"):
            return
        for name, role in zip(NAMES, (look.data, look.base), strict=True):
            self.lines[name].setPen(look.pen(role, 2.0))
            self.lines[name].setBrush(look.brush(role, ALPHA[name]))
            self.rugs[name].set_colours(role)
        self.fits.restyle(look)
        self._show_points()

    def _refit(self, *_: object) -> None:
        """The rows of the handles keep their height, the densities take the rest."""
        if self._part is not None:
            self._set_home()
            self._show_points()

    def show_axes(self) -> None:
        super().show_axes()
        if self.height() < LOW and self.axis("bottom").isVisible():
            self.axis("bottom").hide()  # the picture below has the same

    def _set_home(self) -> None:
        self.set_home((*self._sides, -strip_below(self.view.height(), self._top), self._top))
        if self.touched:
            # A person may have chosen another stretch of the line, but never another height.
            _, _, bottom, top = self._home
            self.view.setYRange(bottom, top, padding=0)
        # A density has no numbers below zero, where its handles are, and stems of atoms have no height at all.
        dense = self._part is not None and bool(len(self._part.p.density) or len(self._part.q.density))
        step = nice_step(self._top * TICKS / max(self.view.height(), TICKS))
        ticks = np.arange(0.0, self._top, step).tolist() if dense else [0.0]
        self.axis("left").setTicks([[(at, f"{at:.6g}") for at in ticks]])

    def _show_points(self) -> None:
        part = self._part
        if part is None:
            return
        look = theme.current()
        rows = row_middles(self.view.viewRect(), self.view.height())
        for name, row, role in zip(NAMES, rows, (look.data, look.base), strict=True):
            law: LawShown = getattr(part, name)
            places = law.points[:, 0].astype(np.float64) if law.points.ndim == 2 and law.points.size else np.empty(0)
            stems = places if law.atoms else places[:0]
            ends = np.stack([stems, np.zeros(len(stems)), stems, np.full(len(stems), STEM * self._top)], axis=1)
            self.stems[name].set_bands([(ends, look.pen(role, 2.2 if len(stems) <= 60 else 1.0))])
            self.rugs[name].set_points(np.stack([places, np.full(len(places), row)], axis=1))

    def _under(self, name: Name, at: QPointF, spot: QPointF) -> float:
        """How far below the curve of a law a point is; infinite where it is not in its body."""
        part = self._part
        if part is None:
            return math.inf
        law: LawShown = getattr(part, name)
        across, up = self.view.viewPixelSize()
        if law.atoms and law.points.size:
            off = float(np.abs(law.points[:, 0] - at.x()).min()) / across
            return off * up if off <= NEAR and NEAR * up < at.y() <= STEM * self._top else math.inf
        if len(law.density) != len(part.x) or not len(part.x):
            return math.inf
        height = float(np.interp(at.x(), part.x, np.nan_to_num(law.density, neginf=0.0)))
        return height - at.y() if NEAR * up < at.y() <= height + NEAR * up else math.inf


class PairLineView(QWidget):
    """The densities above, functions below, on one axis; the line between them can be moved.

    Signals:
        pointed: x under the pointer, None once it leaves.
    """

    pointed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.densities, self.functions = DensitiesPlot(), FunctionPlot()
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(theme.GRID)
        for plot, share in ((self.densities, 3), (self.functions, 2)):
            pane = QWidget()
            column = QVBoxLayout(pane)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(theme.GRID // 2)
            column.addWidget(plot.legend)
            column.addWidget(plot, 1)
            split.addWidget(pane)
            split.setStretchFactor(split.count() - 1, share)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)
        self.split = split
        for plot in (self.densities, self.functions):
            plot.pointed.connect(self._point)
            plot.moved.connect(self._link)

    def show_part(self, part: PairPart, held: bool) -> None:
        """Draw a part; while the hand holds a law, the pictures keep their sides."""
        self.densities.show_part(part, held)
        mass = np.zeros(len(part.x))
        for law in (part.p, part.q):
            if len(law.density) == len(mass):
                density = np.nan_to_num(law.density.astype(np.float64), posinf=0.0, neginf=0.0)
                mass += density / max(float(density.sum()), 1e-300)
        self.functions.show_functions(part.x, part.below, part.below_label, mass, self.densities.sides)

    def read(self, x: float) -> str:
        """All values at the place nearest to a pointer."""
        return " · ".join(filter(None, (self.densities.read(x), self.functions.read(x))))

    def go_home(self) -> None:
        """Show everything."""
        self.densities.go_home()
        self.functions.go_home()

    def forget(self) -> None:
        """Show nothing of the last run."""
        self.densities.forget()
        self.functions.forget()

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        self.densities.restyle(look)
        self.functions.restyle(look)

    def _point(self, at: tuple[float, float] | None) -> None:
        for plot in (self.densities, self.functions):
            if at is None or plot is self.sender():
                plot.crosshair.point_at(at)
            else:
                _, _, bottom, top = plot.extent
                plot.crosshair.point_at((at[0], bottom - (top - bottom)))  # its level line lies outside
        self.pointed.emit(None if at is None else at[0])

    def _link(self, extent: Extent | None) -> None:
        other = self.functions if self.sender() is self.densities else self.densities
        if extent is None:
            other.go_home()
        else:
            other.go_to((*extent[:2], *other.extent[2:]))
