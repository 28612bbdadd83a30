"""Functions over the line: any number of curves of one kind, each with its entry in the legend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import Floats, Function
from gebm_studio.schema.measures import ABOUT, Measure
from gebm_studio.ui import theme
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.measure_colours import LOOKS, Look
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, Segments
from gebm_studio.ui.panels.table import nice_range

TAILS = (0.01, 0.99)
"""Shares of the mass of P and Q together between which a function's height sets the scale."""
BEYOND = 20.0
"""Curves are cut so many heights of the picture away: beyond, a screen has no numbers for them."""
COLOURS = ("first", "#8a63c7", "#B8860B", "#5E8C31", "#A33B20")
"""Colours of curves that stand for no divergence: a role of the theme, then such as stay apart from each other."""
NAMED: dict[str, Measure] = {about.label: name for name, about in ABOUT.items()}
"""The divergences by the names of their curves."""
LONGEST = "−0.0000"
"""The numbers at the left axes of linked pictures have room for this, so that the pictures end at the same places."""

Doubles = NDArray[np.float64]


class Curves:
    """Curves in a plot; those once made are used again.

    Arguments:
        plot: Where they are drawn.
        legend: Where their entries stand.
        width: Of their pens.
    """

    def __init__(self, plot: Plot, legend: FlowBar, width: float) -> None:
        self._plot, self._legend, self._width = plot, legend, width
        self._lines: list[Line] = []
        self._entries: list[Entry] = []
        self._styles: list[tuple[str, Look]] = []

    @property
    def lines(self) -> list[Line]:
        """The curves, of which the last may be empty."""
        return self._lines

    @property
    def names(self) -> list[str]:
        """What the legend names."""
        return [entry.text() for entry in self._entries if not entry.isHidden()]

    def show(self, x: Doubles, functions: tuple[Function, ...], low: float, high: float) -> None:
        """Draw functions over x, cut far outside of a range."""
        while len(self._lines) < len(functions):
            self._add()
        reach = BEYOND * (high - low)
        free = 0
        for place, (line, entry) in enumerate(zip(self._lines, self._entries, strict=True)):
            there = place < len(functions)
            entry.setVisible(there)
            if not there:
                line.setData([], [])
                continue
            one = functions[place]
            if one.label in NAMED:
                style = LOOKS[NAMED[one.label]]
            else:
                style = Look("second", True) if one.tight else Look(COLOURS[free % len(COLOURS)], free >= len(COLOURS))
                free += not one.tight
            self._dress(place, one.label, style)
            line.setData(x, _cut(one.values, low - reach, high + reach), connect=_joined(one.values))

    def clear(self) -> None:
        """Draw nothing."""
        for line, entry in zip(self._lines, self._entries, strict=True):
            line.setData([], [])
            entry.hide()

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        for place in range(len(self._lines)):
            self._paint(place, look)

    def _add(self) -> None:
        line, entry = Line(), Entry("", "first", "line", parent=self._legend)
        entry.hide()
        self._legend.add(entry)
        self._plot.add(line)
        self._lines.append(line)
        self._entries.append(entry)
        self._styles.append(("", Look("first")))

    def _dress(self, place: int, name: str, style: Look) -> None:
        if self._styles[place] != (name, style):
            self._styles[place] = (name, style)
            self._entries[place].set_name(name)
            self._entries[place].set_swatch("dashed" if style.dashed else "line")
            self._paint(place, theme.current())

    def _paint(self, place: int, look: theme.Theme) -> None:
        name, style = self._styles[place]
        colour = style.colour(look) if name in NAMED else getattr(look, style.hue, style.hue)
        self._lines[place].setPen(look.pen(colour, self._width, style.dashed))
        self._entries[place].set_colour(colour)


class FunctionPlot(Plot):
    """Functions over a line, with the zero line where zero is among their values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.view.setMouseEnabled(x=True, y=False)
        self.legend = FlowBar()
        self._zero = Segments()
        self.add(self._zero)
        self.curves = Curves(self, self.legend, 2.0)
        self._range = (0.0, 0.0)
        self._label = ""
        self._x: Floats = np.empty(0, dtype=np.float32)
        self._functions: tuple[Function, ...] = ()
        self.restyle(theme.current())

    def show_functions(
        self, x: Floats, functions: tuple[Function, ...], label: str, mass: Doubles, home: tuple[float, float]
    ) -> None:
        """Draw functions over x (n,).

        Arguments:
            x: Rising.
            functions: What to draw.
            label: What they are all together; with a new one the scale begins anew.
            mass: (n,) how much of P and Q is at each x: where there is none, a function does not set the scale.
            home: Left and right end of the picture.
        """
        if label != self._label:
            self._label, self._range = label, (0.0, 0.0)
        self._x, self._functions = x, functions
        low, high = self._scale(functions, mass)
        self.curves.show(x.astype(np.float64), functions, low, high)
        self.set_home((*home, low, high))

    def read(self, at: float) -> str:
        """The values at the place nearest to a pointer."""
        if not len(self._x):
            return ""
        place = int(np.argmin(np.abs(self._x - at)))
        return " · ".join(f"{one.label} {short(float(one.values[place]))}" for one in self._functions)

    def forget(self) -> None:
        """Show nothing."""
        self._label, self._range, self._functions = "", (0.0, 0.0), ()
        self._x = np.empty(0, dtype=np.float32)
        self.curves.clear()
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_x"):
            return
        self.axis("left").setWidth(room_at_left(look))
        self.curves.restyle(look)
        self._zero.set_bands([(np.array([[-1e6, 0.0, 1e6, 0.0]]), look.pen(look.axis))])

    def _scale(self, functions: tuple[Function, ...], mass: Doubles) -> tuple[float, float]:
        """Round ends of a range that holds zero and the functions where there is mass; it changes only when it must."""
        ends = [_quantiles(one.values, mass) for one in functions if np.isfinite(one.values).any()]
        low, high = min((end[0] for end in ends), default=0.0), max((end[1] for end in ends), default=1.0)
        low, high = min(low, 0.0), max(high, 0.0)
        room = 0.06 * (high - low)
        low, high = low - room * (low < 0), high + room
        old_low, old_high = self._range
        if not (old_low <= low and high <= old_high and high - low > 0.4 * (old_high - old_low)):
            self._range = nice_range(low, high)
        return self._range


def room_at_left(look: theme.Theme) -> int:
    """Pixels of the left axis of linked pictures."""
    return int(theme.text_width(look.number_font, LONGEST)) + 10


def _quantiles(values: Floats, mass: Doubles) -> tuple[float, float]:
    """The values below which the shares `TAILS` of some mass lie."""
    known = np.isfinite(values)
    heights, weights = values[known].astype(np.float64), mass[known]
    if not weights.sum() > 0:
        weights = np.ones(len(heights))
    order = np.argsort(heights)
    share = weights[order].cumsum()
    low, high = heights[order][np.minimum(np.searchsorted(share / share[-1], TAILS), len(order) - 1)]
    return float(low), float(high)


def _cut(values: Floats, low: float, high: float) -> Doubles:
    """Values within a range; ±∞ become its ends."""
    whole = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=high, neginf=low)
    return np.clip(whole, low, high)


def _joined(values: Floats) -> str | NDArray[np.bool_]:
    """Which values are joined to the next: all, but for those that are no numbers."""
    known = ~np.isnan(values)
    if known.all():
        return "all"
    return known & np.append(known[1:], False)
