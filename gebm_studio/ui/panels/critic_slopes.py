"""How steep the critic is: between data and samples as a histogram, and its loss layer by layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import CriticPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import RUN_COLOURS
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import count, short, with_error
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, PointSet, Segments
from gebm_studio.ui.panels.table import log_ticks, nice_range
from gebm_studio.ui.theme import mixed

BINS = 48
TINY = 1e-30

Doubles = NDArray[np.float64]


class SegmentsView(Plot):
    """A histogram of |∇V| at random points of the segments, with its mean and the norm that is wished for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.bars, self.lines = Line(), Segments()
        items: tuple[Any, ...] = (self.bars, self.lines)
        for item in items:
            self.add(item)
        self._values: Doubles = np.empty(0)
        self._wanted = math.nan
        self._end = 0.0
        self._top = 0.0
        self._entries: list[Entry] = []
        self.restyle(theme.current())

    def make_entries(self, parent: QWidget) -> list[Entry]:
        """The legend's entries."""
        named = (
            ("|∇V|", "data", "box", "Norm of the critic's gradient at random points of the segments from data to base "
             "draws; share of the points in each bin."),
            ("mean", "first", "line", "Mean of |∇V| ± its standard error over the points."),
            ("wished for", "second", "dashed", "The norm that the penalty λ E(|∇V| − 1)² asks for."),
        )  # fmt: skip
        for name, role, swatch, tip in named:
            entry = Entry(name, role, swatch, parent=parent)  # type: ignore[arg-type]
            entry.setToolTip(tip)
            self._entries.append(entry)
        return self._entries

    def entries_wanted(self) -> list[tuple[Entry, bool]]:
        """Each entry, and whether there is anything to see."""
        some = bool(len(self._values))
        return list(zip(self._entries, (some, some, some and not math.isnan(self._wanted)), strict=True))

    def show_part(self, part: CriticPart, chosen: str = "") -> None:
        """Draw the histogram."""
        if part.segments is None or not len(part.segments):
            self.forget()
            return
        self._values, self._wanted = part.segments.astype(np.float64), part.wanted
        highest = float(np.percentile(self._values, 99.5))
        needed = max(highest, 1.3 * (self._wanted if self._wanted > 0 else 0.0), 1e-9)
        if not 0.5 * self._end < needed <= self._end:
            self._end = nice_range(0.0, 1.15 * needed)[1]
        counts, edges = np.histogram(np.clip(self._values, 0, self._end), BINS, (0.0, self._end))
        share = counts / len(self._values)
        if not 0.5 * self._top < share.max() <= self._top:
            self._top = nice_range(0.0, 1.15 * float(share.max()))[1]
        self.bars.setData(np.repeat(edges, 2)[1:-1], np.repeat(share, 2), fillLevel=0.0)
        self.set_home((0.0, self._end, 0.0, self._top))
        self._draw_lines()
        mean, error = self.mean
        self._entries[0].set_value(f"n = {count(len(self._values))}")
        self._entries[1].set_value(with_error(mean, error))
        self._entries[2].set_value(short(self._wanted))

    @property
    def mean(self) -> tuple[float, float]:
        """The mean of |∇V| and its standard error."""
        values = self._values
        return float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan

    def read(self, at: tuple[float, float]) -> str:
        """The share of points below the pointer."""
        if not len(self._values):
            return ""
        return f"|∇V| {short(max(at[0], 0.0))}: {100 * float((self._values <= at[0]).mean()):.0f} % of points are below"

    def say(self) -> str:
        """What the picture shows, in one line."""
        if not len(self._values):
            return ""
        spread = f"spread {short(float(self._values.std()))}, largest {short(float(self._values.max()))}"
        return f"|∇V| between data and base draws: mean {with_error(*self.mean)}, {spread}"

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._values, self._end, self._top = np.empty(0), 0.0, 0.0
        self.bars.setData([], [])
        self.lines.set_bands([])
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_entries"):
            return
        self.bars.setPen(look.pen(look.data))
        self.bars.setBrush(look.brush(look.data, 90))
        self._draw_lines()

    def _draw_lines(self) -> None:
        look = theme.current()
        if not len(self._values):
            return
        mean, high = self.mean[0], 10 * self._top
        bands = [(np.array([[mean, 0.0, mean, high]]), look.pen(look.first, 2.0))]
        if not math.isnan(self._wanted):
            bands.append((np.array([[self._wanted, 0.0, self._wanted, high]]), look.pen(look.second, 2.0, True)))
        self.lines.set_bands(bands)


class LayersView(Plot):
    """Gradient norms over the layers' numbers, on a logarithmic axis, one curve for each run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.axis("left").setLogMode(True)
        self.curves = [Line() for _ in RUN_COLOURS]
        self.points = PointSet(6.0)
        items: tuple[Any, ...] = (*self.curves, self.points)
        for item in items:
            self.add(item)
        self._part: CriticPart | None = None
        self._entries: list[Entry] = []
        self.restyle(theme.current())

    def make_entries(self, parent: QWidget) -> list[Entry]:
        """The legend's entries."""
        for colour in RUN_COLOURS:
            entry = Entry("", colour, "line", parent=parent)
            entry.setToolTip(
                "Root mean square over a batch of |∂ℓ/∂hₗ|, the critic's loss by the output of layer ℓ. Behind it: the "
                "factor from one layer to the one before, fitted to the logarithms; below 1 the gradient vanishes on "
                "its way back, above 1 it explodes."
            )
            self._entries.append(entry)
        return self._entries

    def entries_wanted(self) -> list[tuple[Entry, bool]]:
        """Each entry, and whether there is anything to see."""
        shown = 0 if self._part is None else len(self._part.layers)
        return [(entry, place < shown) for place, entry in enumerate(self._entries)]

    def show_part(self, part: CriticPart, chosen: str = "") -> None:
        """Draw all runs."""
        if not part.layers:
            self.forget()
            return
        self._part = part
        heights, spots, shades = [], [], []
        for place, curve in enumerate(self.curves):
            norms = part.layers[place].norms.astype(np.float64) if place < len(part.layers) else np.empty(0)
            layer = np.arange(1, len(norms) + 1, dtype=np.float64)
            known = norms > TINY
            height = np.log10(norms[known])
            curve.setData(layer[known], height)
            heights.append(height)
            spots.append(np.stack([layer[known], height], axis=1))
            shades.append(np.full(len(height), place))
        self.points.set_points(np.concatenate(spots), np.concatenate(shades).astype(np.intp))
        for entry, run in zip(self._entries, part.layers, strict=False):
            entry.set_name(run.label or "this run")
            entry.set_value(f"× {short(factor(run.norms), 2)} a layer back")
        reached = np.concatenate(heights)
        most = max(len(run.norms) for run in part.layers)
        if len(reached):
            low, high = float(reached.min()), float(reached.max())
            middle, half = (low + high) / 2, max((high - low) / 2 * 1.1, 0.55)
            bottom, top = math.floor(4 * (middle - half)) / 4, math.ceil(4 * (middle + half)) / 4
            self.axis("left").setTicks(log_ticks(bottom, top))
            self.set_home((0.5, most + 0.5, bottom, top))

    def read(self, at: tuple[float, float]) -> str:
        """The norms at the layer nearest to the pointer."""
        if self._part is None:
            return ""
        most = max(len(run.norms) for run in self._part.layers)
        layer = min(max(round(at[0]), 1), most)
        texts = [
            f"{run.label or 'norm'} {short(float(run.norms[layer - 1]))}"
            for run in self._part.layers
            if layer <= len(run.norms)
        ]
        return f"layer {layer}: " + " · ".join(texts)

    def say(self) -> str:
        """What the picture shows, in one line."""
        if self._part is None:
            return ""
        points = self._part.layers[0].points
        return f"Gradient norm of the critic's loss over layers, 1 at the input; {points} data and {points} base draws"

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._part = None
        for curve in self.curves:
            curve.setData([], [])
        self.points.set_points(np.empty((0, 2)))
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_entries"):
            return
        for curve, colour in zip(self.curves, RUN_COLOURS, strict=True):
            curve.setPen(look.pen(mixed(colour, look.plot, 0.2), 1.6))
        table = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in RUN_COLOURS], dtype=np.uint8)
        self.points.set_colours(table)


def factor(norms: NDArray[np.float32]) -> float:
    """The factor of the gradient's norm from one layer to the one before, by least squares on its logarithms."""
    known = norms > TINY
    if known.sum() < 2:
        return math.nan
    layer = np.flatnonzero(known).astype(np.float64)
    return math.exp(-float(np.polyfit(layer, np.log(norms[known].astype(np.float64)), 1)[0]))
