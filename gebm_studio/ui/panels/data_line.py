"""Data space of one dimension: densities over a line, and the energy or the critic to a scale of its own."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import DataLine, DataPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, PointSet

RUG = 0.09
"""Height of the strip for chains under the axis, as a share of the highest density."""
DEEP = 12.0
"""So far above its least value an energy is shown: what lies higher is never visited."""

Doubles = NDArray[np.float64]


class DataLineView(Plot):
    """p as a filled histogram with its exact curve, g, q, the chains in a strip, and E or V on the right axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(right=True, parent=parent)
        self.view.setMouseEnabled(x=True, y=False)
        self.histogram, self.p, self.g, self.q, self.curve = Line(), Line(), Line(), Line(), Line()
        self.best, self.rug = Line(), PointSet(6.0)
        for item in (self.histogram, self.g, self.p, self.q, self.best, self.curve, self.rug):
            self.add(item)
        self._line: DataLine | None = None
        self._top = 0.0
        self._range = (0.0, 0.0)
        self._shown = ""
        self.restyle(theme.current())

    def show_part(self, part: DataPart, layers: AbstractSet[str], function: str) -> None:
        """Draw the layers that are on and a function: energy, critic, or none."""
        line = part.line
        if line is None:
            self.forget()
            return
        self._line = line
        x = line.x.astype(np.float64)
        home = (x >= part.home[0]) & (x <= part.home[1])
        self._choose_top([values[home] for values in (line.histogram, line.p, line.g, line.q)])
        for item, values, layer in (
            (self.histogram, line.histogram, "data"), (self.p, line.p, "data"), (self.g, line.g, "base"),
            (self.q, line.q, "gebm"),
        ):  # fmt: skip
            known = layer in layers and bool(np.isfinite(values).any())
            filled = 0.0 if item in (self.histogram, self.g) else None
            heights = np.minimum(np.nan_to_num(values.astype(np.float64)), 9 * self._top)
            item.setData(x if known else [], heights if known else [], fillLevel=filled)
        best = line.best.astype(np.float64) if "base" in layers else np.empty(0)
        self.best.setData(x[: len(best)], best)
        chains = part.chains[:, :1].astype(np.float64) if "chains" in layers else np.empty((0, 1))
        self.rug.set_points(np.hstack([chains, np.full((len(chains), 1), -0.5 * RUG * self._top)]))
        self._show_function(x, home, line, function)
        self.set_home((part.home[0], part.home[1], -RUG * self._top, self._top))

    def read(self, at: tuple[float, float]) -> str:
        """The densities at the place nearest to the pointer."""
        line = self._line
        if line is None:
            return ""
        place = int(np.argmin(np.abs(line.x - at[0])))
        named = (("p", line.p), ("g", line.g), ("q", line.q), ("E", line.energy), ("V", line.critic))
        values = [f"{name} {short(float(one[place]))}" for name, one in named if np.isfinite(one[place])]
        return f"x = {short(float(line.x[place]))}: " + " · ".join(values)

    def say(self, ess_fraction: float) -> str:
        """What the picture shows, in one line."""
        ess = "" if np.isnan(ess_fraction) else f" · ESS {100 * ess_fraction:.0f} % of base draws"
        if self._line is None:
            return ""
        return f"{'' if len(self._line.best) else 'densities over x · '}{self._line.note}{ess}"

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._line = None
        self._top, self._range = 0.0, (0.0, 0.0)
        for item in (self.histogram, self.p, self.g, self.q, self.best, self.curve):
            item.setData([], [])
        self.rug.set_points(np.empty((0, 2)))
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_range"):
            return
        self.histogram.setPen(None)
        self.histogram.setBrush(look.brush(look.data, 70))
        self.p.setPen(look.pen(look.data, 2.0))
        self.g.setPen(look.pen(look.base, 2.0))
        self.g.setBrush(look.brush(look.base, 40))
        self.q.setPen(look.pen(look.gebm, 2.0))
        self.best.setPen(look.pen(look.chains, 1.4, True))
        self.curve.setPen(look.pen(look.first, 1.4, True))
        self.rug.set_colours(look.chains, rim=look.plot)
        self.axis("right").setTextPen(look.pen(look.first))

    def _choose_top(self, densities: list[NDArray[np.float32]]) -> None:
        """The height of the densities; it follows them only where they leave it or shrink far below it."""
        peaks = [float(np.nanmax(values)) for values in densities if np.isfinite(values).any()]
        # A base that is still a spike would flatten the data: it is cut off instead.
        highest = min(max(peaks, default=1.0), 2.5 * max(peaks[: max(1, len(peaks) - 2)], default=1.0))
        if not 0.6 * self._top < highest <= self._top:
            self._top = 1.12 * max(highest, 1e-12)

    def _show_function(self, x: Doubles, home: NDArray[np.bool_], line: DataLine, function: str) -> None:
        values = {"energy": line.energy, "critic": line.critic}.get(function)
        finite = None if values is None else values[home & np.isfinite(values)].astype(np.float64)
        right = self.axis("right")
        right.setStyle(showValues=finite is not None and bool(len(finite)))
        if values is None or finite is None or not len(finite):
            self.curve.setData([], [])
            self._shown = ""
            return
        low, high = float(finite.min()), float(finite.max())
        if function == "energy":
            high = min(high, low + DEEP)
        if function != self._shown:
            self._shown, self._range = function, (0.0, 0.0)
        if not (self._range[0] <= low and high <= self._range[1] and high - low > 0.6 * np.ptp(self._range)):
            room = 0.08 * max(high - low, 1e-6)
            self._range = (low - room, high + room)
        low, high = self._range
        right.setRange(low - RUG * (high - low), high)
        scaled = np.nan_to_num((values.astype(np.float64) - low) / (high - low), nan=9.0, posinf=9.0, neginf=-9.0)
        self.curve.setData(x, np.clip(scaled, -9.0, 9.0) * self._top)
