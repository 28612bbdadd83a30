"""The map behind the points: an energy, a density or a potential as an even ramp of colours."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from gebm_studio.messages import Map
from gebm_studio.ui.panels.colours import map_table
from gebm_studio.ui.theme import Theme

EASE = 0.35
"""Share of the way that the shown levels go towards the engine's at each new map."""

REACH = 15.0
"""The colours of a potential end so far above its lowest level: what lies higher is never visited."""

FINE = 256
"""Coarse maps are drawn with about this many rows and columns, so that levels have smooth edges."""


class MapImage(pg.ImageItem):  # type: ignore[misc]
    """One map, with levels that move gently so that the colours do not flicker."""

    def __init__(self) -> None:
        super().__init__(axisOrder="row-major")
        self.setZValue(-100)
        self.map: Map | None = None
        self.shown_levels = (0.0, 1.0)
        self.grey = False
        self.setVisible(False)

    def show_map(self, new: Map, look: Theme) -> None:
        """Show a map at once, with its levels a step closer to its own."""
        low, high = new.levels
        if new.name == "potential":
            high = min(high, low + REACH)
        if not high > low:
            high = low + 1.0
        if self.map is not None and self.map.name == new.name:
            old_low, old_high = self.shown_levels
            low = old_low + EASE * (low - old_low)
            high = old_high + EASE * (high - old_high)
        self.map, self.shown_levels = new, (low, high)
        self.setImage(refined(new.values), autoLevels=False, levels=(low, high), lut=self.table(look))
        left, right, bottom, top = new.extent
        self.setRect(QRectF(left, bottom, right - left, top - bottom))
        self.setVisible(True)

    def table(self, look: Theme) -> NDArray[np.uint8]:
        """The colours: strong where mass is likely, that is, at low energy, high density or a high critic."""
        return map_table(look, self.map is None or self.map.name not in ("density", "critic"), self.grey)

    def restyle(self, look: Theme) -> None:
        """Take the colours of a theme."""
        if self.map is not None:
            self.setLookupTable(self.table(look))

    def forget(self) -> None:
        """Show nothing, and let the next map bring its own levels."""
        self.map = None
        self.clear()
        self.setVisible(False)

    def paint(self, painter: QPainter, *args: Any) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        super().paint(painter, *args)


def refined(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Coarse values (H, W) on a finer grid over the same extent, linear between the middles of cells.

    Written without matrix products: BLAS would start threads, which wait for cores that an engine holds.
    """
    fine = np.nan_to_num(values, nan=0.0)
    for axis in (0, 1):
        size = fine.shape[axis]
        if 1 < size <= FINE // 2:
            below, share = _places(size, FINE // size)
            low, high = fine.take(below, axis), fine.take(below + 1, axis)
            fine = low + (high - low) * (share[:, None] if axis == 0 else share)
    return np.ascontiguousarray(fine, dtype=np.float32)


@cache
def _places(size: int, factor: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For each fine cell the coarse cell below it and the share of the way to the next."""
    at = np.clip((np.arange(size * factor) + 0.5) / factor - 0.5, 0, size - 1)
    below = np.minimum(at.astype(np.intp), size - 2)
    return below, (at - below).astype(np.float32)
