"""The critic that proves the cost of a plan, with the bound on its slope."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import PlanPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.numbers import MINUS, short
from gebm_studio.ui.panels.plan_bands import LONGEST
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, PointSet, Segments
from gebm_studio.ui.panels.table import nice_range

FEW = 75
"""A picture lower than so many pixels has numbers only at the ends of its axis."""


class CriticPlot(Plot):
    """The 1-Lipschitz critic, in the cone that its slope bound leaves it around a point."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName("The 1-Lipschitz critic along the line")
        self.view.setMouseEnabled(x=True, y=False)
        self.cone, self.critic, self.pair = Segments(), Line(), PointSet(8.0)
        for item in (self.cone, self.critic, self.pair):
            self.add(item)
        self._part: PlanPart | None = None
        self._at: float | None = None
        self._range = (0.0, 0.0)
        self.restyle(theme.current())

    def show_part(self, part: PlanPart, sides: tuple[float, float]) -> None:
        """Draw a critic between two ends of the line."""
        self._part = part
        height = part.critic[np.isfinite(part.critic)]
        low, high = (float(height.min()), float(height.max())) if len(height) else (0.0, 1.0)
        old_low, old_high = self._range
        if not (old_low <= low and high <= old_high and high - low > 0.4 * (old_high - old_low)):
            self._range = nice_range(low, high + 0.15 * (high - low))
        self.set_home((*sides, *self._range))
        self._choose_ticks()
        self.critic.setData(part.x.astype(np.float64), np.nan_to_num(part.critic.astype(np.float64)), antialias=True)
        self.point_at(self._at)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_range"):
            self._choose_ticks()

    def _choose_ticks(self) -> None:
        """Numbers at both ends alone where more would lie on each other."""
        ends = [[(end, f"{end:g}".replace("-", MINUS)) for end in self._range]]
        self.axis("left").setTicks(ends if self.view.height() < FEW else None)

    def point_at(self, x: float | None) -> None:
        """Draw the cone of slopes ±1 around the critic at x, in the middle without one."""
        self._at, part, look = x, self._part, theme.current()
        if part is None or not len(part.x):
            self.cone.set_bands([])
            return
        left, right, _, _ = self._home
        tip = x if x is not None else (left + right) / 2
        f, reach = self.value(tip), right - left
        lines = np.array([[tip - reach, f + s * reach, tip + reach, f - s * reach] for s in (-1.0, 1.0)])
        self.cone.set_bands([(lines, look.pen(look.muted, 1.2, True))])

    def mark(self, places: tuple[float, ...]) -> None:
        """Mark the critic where a piece comes from and where it goes."""
        spots = np.array([(place, self.value(place)) for place in places]).reshape(-1, 2)
        self.pair.set_points(spots, np.arange(len(spots)) % 2)

    def value(self, x: float) -> float:
        """The critic at x, between samples."""
        part = self._part
        return math.nan if part is None or not len(part.x) else float(np.interp(x, part.x, part.critic))

    def read(self, x: float) -> str:
        """The critic at a pointer."""
        return "" if math.isnan(self.value(x)) else f"x = {short(x)}: f {short(self.value(x), 4)}"

    def forget(self) -> None:
        """Show nothing."""
        self._part, self._at, self._range = None, None, (0.0, 0.0)
        self.critic.setData([], [])
        self.cone.set_bands([])
        self.mark(())
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_range"):
            return
        self.axis("left").setWidth(int(theme.text_width(look.number_font, LONGEST)) + 10)
        self.critic.setPen(look.pen(look.first, 2.0))
        colours = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (look.data, look.base)]
        self.pair.set_colours(np.array(colours, dtype=np.uint8), rim=look.text)
        self.point_at(self._at)
