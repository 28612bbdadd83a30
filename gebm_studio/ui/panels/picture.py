"""One picture of data space: the map, and the layers of points that lie on it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import DataPart, Floats
from gebm_studio.ui.panels.colours import weight_shades, weight_table
from gebm_studio.ui.panels.image import MapImage
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import PointSet, Segments, crowded
from gebm_studio.ui.panels.trails import Trails
from gebm_studio.ui.theme import Theme

Layer = Literal["data", "base", "gebm", "chains"]
LAYERS: tuple[Layer, ...] = ("data", "base", "gebm", "chains")
SIZES: dict[Layer, float] = {"data": 3.0, "base": 4.0, "gebm": 4.0, "chains": 6.5}

ARROW_SHARE = 0.07
"""Length of a long arrow as a share of the picture's width."""


class Picture(Plot):
    """Layers over a map; the panel says which are on and how the base is coloured."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(equal=True, parent=parent)
        self.map = MapImage()
        self.add(self.map)
        self.trails = Trails()
        self.arrows = Segments()
        self.layers = {name: PointSet(SIZES[name]) for name in LAYERS}
        order = (self.trails, self.layers["base"], self.layers["data"], self.layers["gebm"], self.arrows)
        for depth, item in enumerate((*order, self.layers["chains"])):
            item.setZValue(depth)
            self.add(item)
        self.mark = PointSet(10.0)
        self.mark.setZValue(90)
        self.add(self.mark)
        self.by_weight = False
        self.sized = False
        self._look: Theme | None = None

    def restyle(self, look: Theme) -> None:
        super().restyle(look)
        self._look = look
        if not hasattr(self, "mark"):
            return
        self.map.restyle(look)
        self.trails.restyle(look)
        for name, item in self.layers.items():
            if name == "base" and self.by_weight:
                item.set_colours(weight_table(look))
            else:
                item.set_colours(getattr(look, name), rim=look.plot if name == "chains" else None)
        self.mark.set_colours(look.accent, rim=look.plot)

    def set_by_weight(self, by_weight: bool, sized: bool = False) -> None:
        """Colour the base by log weight, and size it by weight, or give it the colour of its role."""
        self.sized = sized
        if by_weight != self.by_weight:
            # Blue points on a blue map could not be told from it.
            self.by_weight = self.map.grey = by_weight
            # What the colours say must not be hidden under the data and the GEBM.
            self.layers["base"].setZValue(4.5 if by_weight else 1)
            self.layers["base"].set_points(np.empty((0, 2)))
            if self._look is not None:
                self.restyle(self._look)

    def show_layers(self, shown: AbstractSet[str]) -> None:
        """Which layers are drawn; the others are not even kept up to date."""
        for name, item in self.layers.items():
            item.setVisible(name in shown)
        self.trails.setVisible("chains" in shown)

    def show_part(self, part: DataPart, limit: float) -> None:
        """Show new points; `limit` is the log weight at the ends of the colour scale."""
        for name, points in (("data", part.data), ("gebm", part.gebm)):
            if self.layers[name].isVisible():  # type: ignore[index]
                self.layers[name].set_points(points)  # type: ignore[index]
        if self.layers["chains"].isVisible():
            self.layers["chains"].set_points(part.chains, scales=crowded(len(part.chains)))
        if self.layers["base"].isVisible():
            self._show_base(part, limit)
        if self.trails.isVisible():
            self.trails.set_span(part.home[1] - part.home[0])
            self.trails.add(part.chains)
        if self.arrows.isVisible():
            self._show_arrows(part)

    def forget(self) -> None:
        """Show nothing of the last run."""
        for item in (*self.layers.values(), self.mark):
            item.set_points(np.empty((0, 2)))
        self.trails.forget()
        self.arrows.set_bands([])
        self.map.forget()
        self.crosshair.point_at(None)
        self.crosshair.single_out(None)

    def _show_base(self, part: DataPart, limit: float) -> None:
        if not self.by_weight:
            self.layers["base"].set_points(part.base)
            return
        scales = None
        if self.sized:
            # The area of a point is its weight, within what can still be seen.
            scales = np.exp(np.clip(np.nan_to_num(part.log_weight, neginf=-9.0, posinf=9.0) / 2, -0.9, 0.9))
        self.layers["base"].set_points(part.base, weight_shades(part.log_weight, limit), scales)

    def _show_arrows(self, part: DataPart) -> None:
        look = self._look
        drawn = [arrows for arrows in (part.unweighted, part.arrows) if arrows is not None and len(arrows)]
        if part.arrows is None or not drawn or look is None:
            self.arrows.set_bands([])
            return
        left, right, _, _ = self.extent
        # One scale for both kinds: what differs is what the weights do.
        lengths = np.concatenate([np.linalg.norm(arrows[:, 2:].astype(np.float64), axis=1) for arrows in drawn])
        usual = float(np.nanpercentile(lengths, 90)) or 1.0
        pens = [look.pen(look.muted)] if len(drawn) == 1 else [look.pen(look.muted), look.pen(look.second, 1.6)]
        reach = ARROW_SHARE * (right - left)
        self.arrows.set_bands(
            [(arrow_lines(arrows, usual, reach), pen) for arrows, pen in zip(drawn, pens, strict=True)]
        )


def arrow_lines(arrows: Floats, usual: float, reach: float) -> NDArray[np.float64]:
    """Lines (3n, 4) of arrows (n, 4) given as start and push; a push of the `usual` length or more gets `reach`."""
    start, push = arrows[:, :2].astype(np.float64), arrows[:, 2:].astype(np.float64)
    length = np.linalg.norm(push, axis=1)
    push = push * (np.minimum(1.0, usual / np.maximum(length, 1e-30)) * reach / usual)[:, None]
    end = start + push
    across = np.stack([-push[:, 1], push[:, 0]], axis=1) * 0.18
    barbs = [end - 0.3 * push + side * across for side in (1.0, -1.0)]
    return np.concatenate([np.hstack([start, end])] + [np.hstack([end, barb]) for barb in barbs])
