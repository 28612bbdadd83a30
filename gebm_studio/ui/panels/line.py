"""A latent space of one dimension: the potential, the exact density, and where the chains are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import Extent, Floats, LatentPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, PointSet
from gebm_studio.ui.panels.proposals import Refused

RUG = 0.09
"""Height of the strip for the chains under the axis, as a share of the highest density."""


class LineView(Plot):
    """Densities on the left axis; the potential is drawn to its own scale, on the right axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(right=True, parent=parent)
        self.view.setMouseEnabled(x=True, y=False)
        self.histogram = Line()
        self.density = Line()
        self.potential = Line()
        self.rug, self.mark, self.refused = PointSet(6.0), PointSet(10.0), Refused()
        for item in (self.histogram, self.density, self.potential, self.refused.crosses, self.rug, self.mark):
            self.add(item)
        self._right = self.axis("right")
        self._entries: list[Entry] = []
        self._top = 0.0
        self._range = (0.0, 0.0)
        self.restyle(theme.current())

    def entries(self, parent: QWidget) -> list[Entry]:
        """The legend's entries for the curves."""
        tips = (
            ("U(z)", "first", "line", "U(z) = ½z² + βE(G(z)), right axis."),
            ("exact ν(z)", "gebm", "line", "ν_β(z) ∝ exp(−U(z)), normalised by quadrature."),
            ("chains' histogram", "data", "box", "Histogram of the chains over the last rounds."),
        )
        for name, role, swatch, tip in tips:
            entry = Entry(name, role, swatch, parent=parent)  # type: ignore[arg-type]
            entry.setToolTip(tip)
            entry.hide()
            self._entries.append(entry)
        return self._entries

    def show_entries(self, on: bool) -> None:
        """Show the legend's entries only while this view is shown."""
        for entry in self._entries:
            entry.setVisible(on)

    def show_part(self, part: LatentPart, new_step: bool) -> None:
        """Show the newest chains, the proposals that a new step refused and, where they came, the curves."""
        if part.line is not None and part.line.shape[1]:
            self._show_curves(part.line, part.home)
        self.rug.set_points(self._in_strip(part.chains, 0.35))
        if new_step:
            self.refused.add(self._in_strip(part.proposals[~part.accepted], 0.8))

    def _in_strip(self, z: Floats, depth: float) -> Floats:
        """Latents (n, 1) as points (n, 2) at a depth of the strip under the axis."""
        return np.hstack([z, np.full((len(z), 1), -depth * RUG * self._top, dtype=np.float32)])

    def mark_at(self, z: NDArray[np.float64] | None) -> None:
        """Mark a latent point."""
        empty = z is None or len(z) != 1
        self.mark.set_points(np.empty((0, 2)) if empty or z is None else np.array([[z[0], -0.35 * RUG * self._top]]))

    def forget(self) -> None:
        """Show nothing of the last run."""
        for curve in (self.histogram, self.density, self.potential):
            curve.setData([], [])
        self.rug.set_points(np.empty((0, 2)))
        self.refused.forget()
        self.mark_at(None)
        self.crosshair.point_at(None)
        self._top, self._range = 0.0, (0.0, 0.0)

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_range"):
            return
        self.histogram.setPen(look.pen(look.data))
        self.histogram.setBrush(look.brush(look.data, 70))
        self.density.setPen(look.pen(look.gebm, 2.0))
        self.potential.setPen(look.pen(look.first, 2.0))
        self.rug.set_colours(look.chains, rim=look.plot)
        self.refused.restyle(look)
        self.mark.set_colours(look.base, rim=look.chains)
        self._right.setTextPen(look.pen(look.first))

    def _show_curves(self, line: Floats, home: Extent) -> None:
        z, potential, density, histogram = line.astype(np.float64)
        highest = float(np.nanmax(np.maximum(density, histogram), initial=1e-12))
        # The scale follows the curves only when they leave it or shrink far below it.
        if not 0.55 * self._top < highest <= self._top:
            self._top = 1.15 * highest
        finite = potential[np.isfinite(potential)]
        if len(finite):
            # What lies far above the minimum is never visited; showing it would flatten the wells.
            low, high = float(finite.min()), min(float(finite.max()), float(finite.min()) + 12.0)
            if not (self._range[0] <= low and high <= self._range[1] and high - low > 0.6 * np.ptp(self._range)):
                room = 0.08 * max(high - low, 1e-6)
                self._range = (low - room, high + room)
        low, high = self._range
        self._right.setRange(low - RUG * (high - low), high)
        self.set_home((home[0], home[1], -RUG * self._top, self._top))
        self.histogram.setData(z, np.nan_to_num(histogram), fillLevel=0.0)
        self.density.setData(z, np.nan_to_num(density))
        on_scale = np.nan_to_num((potential - low) / (high - low) * self._top, nan=self._top, posinf=9e9)
        self.potential.setData(z, np.minimum(on_scale, 10 * self._top))
