"""A bound over steps, climbing to the value that it bounds, with the gap between them filled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import BoundPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.labels import Label, Labels
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, Segments
from gebm_studio.ui.panels.table import nice_range, thinned

SETTLED, FLAT = 24, 40.0
"""From so many rows on the first third may leave the picture, where it would take so many times the rest's height."""
WORDLESS = 100
"""A picture lower than this has no room for words: the legend has to do."""
AHEAD = 1.02
"""The axis of steps reaches so many times as far as the steps do."""

Doubles = NDArray[np.float64]


class ClimbView(Plot):
    """The curve, the dashed line of the exact value, the gap."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName("The bound over steps")
        self.gap, self.curve = Line(), Line()
        self.exact, self.labels = Segments(), Labels()
        for item in (self.gap, self.exact, self.curve, self.labels):
            self.add(item)
        self._steps: Doubles = np.empty(0)
        self._bounds: Doubles = np.empty(0)
        self._exact = math.nan
        self.restyle(theme.current())

    def show_rows(self, steps: Doubles, bounds: Doubles, part: BoundPart) -> None:
        """Draw a bound (m,) over steps (m,), finite where it is drawn, beside the exact value of a part."""
        known = np.isfinite(bounds)
        self._steps, self._bounds, self._exact = steps[known], bounds[known], part.exact
        x, y = thinned(self._steps, self._bounds, max(int(self.view.width()), 100))
        last = float(self._steps[-1]) if len(x) else 1.0
        if len(x) == 1:
            # One value alone would show no line at all.
            x, y = np.array([x[0], x[0] + 0.03]), np.repeat(y, 2)
        self.curve.setData(x, y, antialias=True)
        finite = math.isfinite(part.exact)
        self.gap.setData(x if finite else x[:0], y if finite else y[:0], fillLevel=part.exact if finite else 0.0)
        low, high = self._heights()
        self.set_home((0.0, AHEAD * max(last, 1.0), low, high))
        self._draw_exact()
        self._write(part, x, y)

    def read(self, at: float) -> str:
        """The bound and its gap at the row nearest to a step."""
        if not len(self._steps):
            return ""
        place = int(np.argmin(np.abs(self._steps - at)))
        bound = float(self._bounds[place])
        said = f"step {count(int(self._steps[place]))}: bound {short(bound, 4)}"
        return said if math.isnan(self._exact) else f"{said}, {short(self._exact - bound)} below"

    def forget(self) -> None:
        """Show nothing."""
        self._steps = self._bounds = np.empty(0)
        self._exact = math.nan
        for line in (self.gap, self.curve):
            line.setData([], [])
        self.exact.set_bands([])
        self.labels.set_labels()
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_exact"):
            return
        self.curve.setPen(look.pen(look.first, 2.0))
        self.gap.setPen(None)
        self.gap.setBrush(look.brush(look.first, 45))
        self.labels.restyle(look)
        self._draw_exact()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if hasattr(self, "labels"):
            self.labels.setVisible(self.height() >= WORDLESS)

    def _draw_exact(self) -> None:
        look = theme.current()
        # Not to the ends of the world: the dashes of so long a line would run into each other.
        last = float(self._steps[-1]) if len(self._steps) else 1.0
        line = np.array([[-last - 1, self._exact, 3 * last + 1, self._exact]])
        self.exact.set_bands([(line, look.pen(look.second, 1.6, True))] if math.isfinite(self._exact) else [])

    def _write(self, part: BoundPart, x: Doubles, y: Doubles) -> None:
        """Name the axis and the exact value, which may be out of reach."""
        labels = [Label("step", math.inf, -math.inf, ((-1, 1), (-1, 3)))]
        if math.isfinite(part.exact):
            labels.append(Label(part.exact_label, math.inf, part.exact, ((-1, 1), (-1, -1)), "text"))
        elif math.isinf(part.exact):
            beyond = f"{part.exact_label} = {short(part.exact)}, out of reach"
            labels.append(Label(beyond, math.inf, math.inf, ((-1, -1),), "text"))
        self.labels.set_labels(*labels, avoid=np.stack([x, y], axis=1))

    def _heights(self) -> tuple[float, float]:
        """Round ends of a range of all bounds and the exact value, unless the start would flatten the rest."""
        bounds = self._bounds
        late = bounds[len(bounds) // 3 :] if len(bounds) >= SETTLED else bounds
        spans = [self._span(part) for part in (bounds, late)]
        low, high = spans[1] if np.ptp(spans[0]) > FLAT * np.ptp(spans[1]) else spans[0]
        room = (0.3 if math.isinf(self._exact) else 0.12) * (high - low)  # for the words at the top
        return nice_range(low, high + room)

    def _span(self, bounds: Doubles) -> tuple[float, float]:
        ends = [float(bounds.min()), float(bounds.max())] if len(bounds) else []
        ends += [self._exact] if math.isfinite(self._exact) else []
        return (min(ends), max(ends)) if ends else (0.0, 1.0)
