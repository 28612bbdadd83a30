"""Maps of functions on the plane, computed within a budget of time."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

import numpy as np
import torch
from torch import Tensor

from gebm_studio.messages import Extent, Floats, frozen

SHARE = 0.03
"""Share of the engine's time that one map may take while it runs; two panels have one each."""
RUNNING, PAUSED, COARSEST = 64, 256, 16
"""Cells along a side: while running, at rest, and for models so slow that nothing else helps."""
LONGEST = 0.03, 0.15
"""Seconds that one map may hold up the engine, running and at rest."""


class MapBudget:
    """Decides when a map is due and how fine it is.

    While the engine runs, a map comes again once the time since the last is 1/SHARE times what it
    cost; at rest it is made anew only when what it shows has changed, and then finer each time.
    Either way it is only as fine as the model's speed allows.
    """

    def __init__(self) -> None:
        self._key: Hashable = None
        self._resolution = 0
        self._due = 0.0
        self._cell_seconds = 0.0

    def resolution(self, key: Hashable, running: bool) -> int | None:
        """The resolution of the map that is due now, None where none is.

        Arguments:
            key: Everything that the map depends on.
            running: Whether the engine has other work to do.
        """
        if running and time.perf_counter() < self._due:
            return None
        if key != self._key:
            return self._affordable(RUNNING, running)
        wanted = RUNNING if running else min(2 * self._resolution, PAUSED)
        finer = self._affordable(wanted, running)
        return finer if finer > self._resolution else None

    def _affordable(self, resolution: int, running: bool) -> int:
        longest = LONGEST[0] if running else LONGEST[1]
        while resolution > COARSEST and resolution**2 * self._cell_seconds > longest:
            resolution //= 2
        return resolution

    def made(self, key: Hashable, resolution: int, seconds: float) -> None:
        """Note what a map cost."""
        self._key, self._resolution = key, resolution
        self._cell_seconds = seconds / resolution**2
        self._due = time.perf_counter() + seconds / SHARE


def grid(extent: Extent, resolution: int, device: torch.device) -> Tensor:
    """The centres of resolution × resolution cells of an extent, (resolution², 2), row by row from below."""
    left, right, bottom, top = extent
    half_x, half_y = (right - left) / (2 * resolution), (top - bottom) / (2 * resolution)
    x = torch.linspace(left + half_x, right - half_x, resolution, device=device)
    y = torch.linspace(bottom + half_y, top - half_y, resolution, device=device)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack((columns.flatten(), rows.flatten()), 1)


def evaluated(function: Callable[[Tensor], Tensor], extent: Extent, resolution: int, device: torch.device) -> Floats:
    """A function (N, 2) → (N,) on the grid, (resolution, resolution), finite.

    Infinite values, such as the energy outside of a support, are drawn at the largest finite one.
    """
    with torch.no_grad():
        points = grid(extent, resolution, device)
        values = torch.cat([function(part) for part in points.split(16384)])
    array = values.float().cpu().numpy().reshape(resolution, resolution)
    finite = np.isfinite(array)
    if not finite.all():
        low, high = (array[finite].min(), array[finite].max()) if finite.any() else (0.0, 0.0)
        array = np.clip(np.nan_to_num(array, nan=high, posinf=high, neginf=low), low, high)
    published: Floats = frozen(array)
    return published


def density_histogram(points: Floats, weights: Floats, extent: Extent, resolution: int) -> Floats:
    """A smoothed histogram of weighted points (N, 2), in mass per unit area, (resolution, resolution)."""
    from scipy.ndimage import gaussian_filter

    left, right, bottom, top = extent
    counts, _, _ = np.histogram2d(
        points[:, 1], points[:, 0], bins=resolution, range=((bottom, top), (left, right)), weights=weights
    )
    cell = (right - left) * (top - bottom) / resolution**2
    smooth = gaussian_filter(counts, sigma=resolution / 64, mode="constant") / (weights.sum() * cell)
    published: Floats = frozen(smooth.astype(np.float32))
    return published


def robust_levels(values: Floats, low: float, high: float) -> tuple[float, float]:
    """The range of colours: two percentiles of the values, never empty."""
    bottom, top = (float(level) for level in np.percentile(values, (low, high)))
    return (bottom, top) if top > bottom else (bottom - 0.5, bottom + 0.5)
