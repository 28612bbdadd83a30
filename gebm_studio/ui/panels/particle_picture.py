"""One flow in the plane: draws of the target, particles with their trails, and arrows along their velocities."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import Cloud, Floats
from gebm_studio.ui.panels.picture import arrow_lines
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import PointSet, Segments
from gebm_studio.ui.theme import Theme, mixed

TARGET, PARTICLES = "target", "particles"
SIZES = {TARGET: 3.0, PARTICLES: 5.0}
MANY = 500
"""More points than that are drawn smaller, so that shapes can still be seen."""
MOST_TRAILS, MOST_ARROWS = 160, 320
"""Particles that leave a trail, or have an arrow; more would only blacken the picture."""
BANDS = 6
"""Steps in which a trail fades."""
ARROW_SHARE = 0.08
"""Length of the longest arrow as a share of the picture's width."""
USUAL = 95
"""Percentile of the speeds that gets the longest arrow: one particle shot away would leave the others none."""


class FlowPicture(Plot):
    """Layers from the target below to the particles on top; a ring singles one particle out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(equal=True, parent=parent)
        self.points = {name: PointSet(size) for name, size in SIZES.items()}
        self.trails, self.arrows = Segments(), Segments()
        for depth, item in enumerate((self.points[TARGET], self.trails, self.arrows, self.points[PARTICLES])):
            item.setZValue(depth)
            self.add(item)
        self._cloud: Cloud | None = None
        self._target: Floats | None = None
        self._look: Theme | None = None
        self._single: int | None = None
        self._trail_colours: tuple[str, ...] = ()

    @property
    def cloud(self) -> Cloud | None:
        """What is shown."""
        return self._cloud

    def show_layers(self, shown: AbstractSet[str], arrows: bool) -> None:
        """Which of target and particles are drawn, and whether particles have arrows."""
        for name, item in self.points.items():
            item.setVisible(name in shown)
        self.trails.setVisible(PARTICLES in shown)
        self.arrows.setVisible(PARTICLES in shown and arrows)
        self._draw()

    def show_cloud(self, cloud: Cloud, target: Floats) -> None:
        """Show particles and the draws of the target."""
        if target is not self._target:
            self._target = target
            self.points[TARGET].set_size(_size(TARGET, len(target)))
            self.points[TARGET].set_points(target)
        self._cloud = cloud
        self._draw()

    def single_out(self, particle: int | None) -> None:
        """Put the ring around a particle, and keep it there while it moves; None takes it away."""
        self._single = particle
        self._ring()

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._cloud = self._target = self._single = None
        for points in self.points.values():
            points.set_points(np.empty((0, 2)))
        for lines in (self.trails, self.arrows):
            lines.set_bands([])
        self.crosshair.point_at(None)
        self.crosshair.single_out(None)

    def restyle(self, look: Theme) -> None:
        super().restyle(look)
        self._look = look
        if not hasattr(self, "_trail_colours"):
            return
        self.points[TARGET].set_colours(look.data)
        self.points[PARTICLES].set_colours(look.base, rim=look.plot)
        self._trail_colours = tuple(mixed(look.plot, look.base, 0.75 * (band + 1) / BANDS) for band in range(BANDS))
        self._draw()

    def draw_arrows(self) -> None:
        """Draw the arrows to the scale of the view, which may have been zoomed."""
        cloud, look = self._cloud, self._look
        if cloud is None or look is None or not self.arrows.isVisible():
            return
        chosen = _some(len(cloud.points), MOST_ARROWS)
        arrows = np.hstack([cloud.points[chosen], cloud.velocity[chosen]])
        arrows = arrows[np.isfinite(arrows).all(axis=1)]
        speeds = np.linalg.norm(arrows[:, 2:].astype(np.float64), axis=1)
        usual = float(np.percentile(speeds, USUAL)) if len(speeds) else 0.0
        if not usual > 0:
            self.arrows.set_bands([])
            return
        left, right, _, _ = self.extent
        pen = look.pen(mixed(look.base, look.text, 0.5))
        self.arrows.set_bands([(arrow_lines(arrows, usual, ARROW_SHARE * (right - left)), pen)])

    def _draw(self) -> None:
        cloud = self._cloud
        if cloud is None:
            return
        if self.points[PARTICLES].isVisible():
            self.points[PARTICLES].set_size(_size(PARTICLES, len(cloud.points)))
            self.points[PARTICLES].set_points(cloud.points)
            self._draw_trails(cloud)
            self.draw_arrows()
        self._ring()

    def _draw_trails(self, cloud: Cloud) -> None:
        look, moves = self._look, len(cloud.trail)
        if look is None or not moves:
            self.trails.set_bands([])
            return
        chosen = _some(len(cloud.points), MOST_TRAILS)
        path = np.concatenate([cloud.trail[:, chosen], cloud.points[None, chosen]])
        lines = np.concatenate([path[:-1], path[1:]], axis=2)
        # The newest move is in the last band, whatever the number of moves.
        band_of = BANDS - 1 - (np.arange(moves)[::-1] * BANDS) // moves
        self.trails.set_bands(
            [
                (lines[band_of == band].reshape(-1, 4), look.pen(self._trail_colours[band]))
                for band in range(BANDS)
                if (band_of == band).any()
            ]
        )

    def _ring(self) -> None:
        cloud, single = self._cloud, self._single
        there = cloud is not None and single is not None and single < len(cloud.points)
        if not there or cloud is None or single is None or not self.points[PARTICLES].isVisible():
            self.crosshair.single_out(None)
            return
        x, y = map(float, cloud.points[single])
        self.crosshair.single_out((x, y) if np.isfinite((x, y)).all() else None)


def _some(count: int, most: int) -> NDArray[np.intp]:
    """Places of at most so many of a number of particles, the same ones in every frame."""
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.intp)


def _size(name: str, count: int) -> float:
    """Diameter of so many points of a layer, in pixels."""
    return float(SIZES[name] * min(1.0, (MANY / count) ** 0.25)) if count else SIZES[name]
