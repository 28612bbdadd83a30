"""W₂ to the posterior against time on a logarithmic axis: a straight line falls at the posterior's own rate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gebm_studio.messages import DecayCurve, DecayPart, Floats, Frame
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import ramp
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import MINUS, short
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, PointSet
from gebm_studio.ui.panels.table import nice_range

MOST = 6
"""Curves at most, as the preset may wish for."""
STOPS = {"light": ("#e2a400", "#cc4a3c", "#4a2480"), "dark": ("#ffdb6b", "#f47f63", "#a476e8")}
"""Ends and middle of the scale for dimensions: ordered to the eye, and the colour of no role."""
LOW = 300
"""Below this height the legend has slopes only."""
TINY = 1e-9
BELOW = 0.6
"""Decades under the lowest floor that are shown: farther down there is only chance."""

Doubles = NDArray[np.float64]


class DecayPanel(ThrottledPanel[TrainingPreset]):
    """Measured distances, what theory says of them, and what exact draws would show."""

    part = "decay"
    title = "W₂ decay"
    empty = (
        "W₂ from the chains to the posterior appears here against time, one curve for each latent dimension. "
        "Open F10, or give W₂ decay some dimensions, and press run."
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: DecayPart | None = None
        self._at: tuple[float, float] | None = None
        self._axes = QLabel(self.header)
        self.header.add(self._axes)
        self.header.home("Show everything (double-click in the picture)", self._go_home)
        self.view = DecayView(self.canvas)
        self.view.pointed.connect(self._point)
        legend = FlowBar(self.canvas)
        slopes = QLabel("slope of log W₂ (theory):", legend)
        legend.add(slopes)
        self.entries = [Entry("", "muted", "dot", parent=legend) for _ in range(MOST)]
        for label in (slopes, *self.entries):
            label.setToolTip(
                "Slope of log W₂: fitted by least squares to what lies above three floors, ± its standard error over "
                "batches of chains, and in parentheses theory's over the same times."
            )
        for entry in self.entries:
            legend.add(entry)
        self.theory = Entry("theory", "muted", "line", parent=legend)
        self.floor = Entry("exact draws", "muted", "dashed", parent=legend)
        self.floor.setToolTip("W₂ that as many exact draws of the posterior show: no chain can be seen to be closer.")
        for entry in (self.theory, self.floor):
            legend.add(entry)
        self._spared = (slopes, self.theory, self.floor)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(legend)
        column.addWidget(self.view, 1)

    def take(self, part: DecayPart, frame: Frame) -> None:
        if part is not self._part:
            self._part = part
            self.throttle.request()

    def clear(self) -> None:
        self.throttle.stop()
        self._part = None
        self.view.forget()

    def restyle(self, look: theme.Theme) -> None:
        self.view.restyle(look)
        self.redraw()

    def redraw(self) -> None:
        part = self._part
        if part is None:
            return
        self.show_canvas()
        self._axes.setText(f"W₂ (log scale) over {part.axis}")
        self._axes.setToolTip(
            "Distance between the Gaussians of the chains and of the posterior, in units of z, after k steps."
        )
        self.view.show_part(part)
        tones = tones_of(theme.current(), len(part.curves))
        for place, entry in enumerate(self.entries):
            entry.setVisible(place < len(part.curves))
            if place < len(part.curves):
                curve = part.curves[place]
                entry.set_name(f"d = {curve.dim}")
                entry.set_colour(tones[place])
                entry.set_value(_slopes(curve))
        self.theory.setToolTip(part.note)
        self._fit_legend()
        self._say()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_legend()

    def _fit_legend(self) -> None:
        """In a low panel the picture needs the room of all that the tooltips say as well."""
        part, roomy = self._part, self.height() >= LOW
        for label in self._spared:
            label.setVisible(roomy)
        if part is not None and not any(np.isfinite(curve.theory).any() for curve in part.curves):
            self.theory.hide()

    def _go_home(self) -> None:
        self.view.go_home()

    def _point(self, at: tuple[float, float] | None) -> None:
        self._at = at
        self.view.crosshair.point_at(at)
        self._say()

    def _say(self) -> None:
        part = self._part
        if part is None:
            self.readout.say("")
        elif self._at is not None:
            self.readout.say(_read(part, self._at[0]))
        else:
            in_the_end = "" if math.isnan(part.rate) else f" In the end theory falls at {short(part.rate)}."
            diffusion = f" The overdamped diffusion falls at {short(part.continuous)} per unit of its time."
            self.readout.say(part.note + in_the_end + diffusion)


class DecayView(Plot):
    """The curves over time, logarithms on the left axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.axis("left").setLogMode(True)
        self.axis("left").logTickStrings = _powers
        self.floors, self.theories = [Line() for _ in range(MOST)], [Line() for _ in range(MOST)]
        self.points = PointSet(4.0)
        items: tuple[Any, ...] = (*self.floors, *self.theories, self.points)
        for item in items:
            self.add(item)
        self._part: DecayPart | None = None
        self.restyle(theme.current())

    def show_part(self, part: DecayPart) -> None:
        """Draw all curves."""
        self._part = part
        drawn = [_points(curve.times, curve.measured) for curve in part.curves]
        shades = np.repeat(np.arange(len(drawn)), [len(points) for points in drawn])
        self.points.set_points(np.concatenate(drawn), shades)
        self._colour(len(part.curves))
        heights = [points[:, 1] for points in drawn if len(points)]
        last = max((float(points[-1, 0]) for points in drawn if len(points)), default=0.0)
        end = nice_range(0.0, last)[1] if last > 0 else 1.0
        for place in range(MOST):
            curve = part.curves[place] if place < len(part.curves) else None
            line = np.empty((0, 2)) if curve is None else _points(curve.times, curve.theory)
            self.theories[place].setData(line[:, 0], line[:, 1])
            known = curve is not None and curve.floor > 0
            level = np.log10(np.full(2, curve.floor)) if known and curve is not None else np.empty(0)
            self.floors[place].setData(np.array([0.0, end])[: len(level)], level)
            heights.append(level)
        reached = np.concatenate(heights) if heights else np.empty(0)
        if len(reached):
            lowest = min((float(level[0]) for level in heights[len(drawn) :] if len(level)), default=-6.0) - BELOW
            low, high = max(float(reached.min()), lowest), float(reached.max())
            self.set_home((0.0, end, math.floor(4 * low) / 4, math.ceil(4 * high) / 4))

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._part = None
        self.points.set_points(np.empty((0, 2)))
        for line in (*self.floors, *self.theories):
            line.setData([], [])
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if hasattr(self, "_part"):
            self._colour(len(self._part.curves) if self._part is not None else MOST)

    def _colour(self, count: int) -> None:
        look = theme.current()
        tones = tones_of(look, count)
        self.points.set_colours(np.array([[int(tone[i : i + 2], 16) for i in (1, 3, 5)] for tone in tones], np.uint8))
        for tone, floor, line in zip(tones, self.floors, self.theories, strict=False):
            floor.setPen(look.pen(tone, 1.0, True))
            line.setPen(look.pen(tone, 1.4))


def tones_of(look: theme.Theme, count: int) -> list[str]:
    """A colour for each of some curves, in the order of their dimensions."""
    rows = ramp(STOPS[look.name], max(count, 2))[:count]
    return ["#{:02x}{:02x}{:02x}".format(*row) for row in rows]


def _points(times: Floats, distances: Floats) -> Doubles:
    """Times and decimal logarithms of distances (n, 2), where there are any."""
    known = distances > TINY
    return np.stack([times[known].astype(np.float64), np.log10(distances[known].astype(np.float64))], axis=1)


def _powers(values: list[float], scale: float, spacing: float) -> list[str]:
    """Ticks of a logarithmic axis as plain numbers."""
    return [f"{10.0**value:g}" for value in values]


def _slopes(curve: DecayCurve) -> str:
    if math.isnan(curve.slope):
        return "—"
    # The last digit that is shown is the first one of the error.
    places = max(0, -math.floor(math.log10(curve.slope_error))) if curve.slope_error > 0 else 3
    theory = "" if math.isnan(curve.slope_theory) else f" ({curve.slope_theory:.{places}f})"
    return f"{curve.slope:.{places}f} ± {curve.slope_error:.{places}f}{theory}".replace("-", MINUS)


def _read(part: DecayPart, time: float) -> str:
    """The distances at the times nearest to the pointer."""
    texts = [f"t = {short(max(time, 0.0))}"]
    for curve in part.curves:
        if len(curve.times):
            place = int(np.argmin(np.abs(curve.times - time)))
            texts.append(f"d = {curve.dim}: {short(float(curve.measured[place]))}, floor {short(curve.floor)}")
    return " · ".join(texts)
