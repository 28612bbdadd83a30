"""Grids of the plane, and densities on them fast enough for a hand that drags."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, spline_filter

from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.messages import Map
from gebm_studio.messages.arrays import Extent, frozen
from gebm_studio.targets.law_forms import Form, Normal
from gebm_studio.targets.law_points import Toy
from gebm_studio.targets.laws import Law

_QUICK, _FINE, _CONTOUR = 48, 96, 80
_TABLE = 129
"""Cells along a side of a toy's table of log densities."""
_FLOOR = -1e4
_HIGHEST = 1e30
_MORE = 0.15
"""Of a law's home, by which its level lines reach further."""
_AROUND = 1.5
"""How far the table reaches, relative to the toy's home."""


class Grids:
    """Points of grids, and tables of the log densities of toys, which would take too long at each frame."""

    def __init__(self) -> None:
        self._tables: WeakKeyDictionary[Form, tuple[Doubles, Doubles, NDArray[np.float64]]] = WeakKeyDictionary()
        self._still: WeakKeyDictionary[Form, Doubles] = WeakKeyDictionary()

    def cells(self, fine: bool) -> int:
        """Cells along a side of a map."""
        return _FINE if fine else _QUICK

    def points(self, extent: Extent, cells: int) -> Doubles:
        """The middles of the cells of an extent (cells², 2), row by row from the bottom."""
        left, right, bottom, top = extent
        line = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(left + (right - left) * line, bottom + (top - bottom) * line)
        return np.stack([x.ravel(), y.ravel()], axis=1)

    def log_density(self, law: Law, x: Doubles) -> Doubles:
        """log p of points (n, 2): of a toy from its table, and −∞ beyond."""
        if not isinstance(law.form, Toy):
            return law.log_density(x)
        low, high, table = self._table(law.form)
        places = ((x - law.at) / law.width - low) / (high - low) * (_TABLE - 1)
        order = _order(law.form)
        found = map_coordinates(table, places[:, ::-1].T, order=order, mode="constant", cval=-math.inf, prefilter=False)
        values: Doubles = found - 2 * math.log(law.width)
        return values

    def still(self, law: Law) -> Doubles:
        """Densities (cells, cells) of the law's form about its home, whose picture a drag only moves and scales."""
        form = law.form
        if form not in self._still:
            reach = _MORE * (form.home[1] - form.home[0])
            low, high = form.home[0] - reach, form.home[1] + reach
            points = self.points((float(low[0]), float(high[0]), float(low[1]), float(high[1])), _CONTOUR)
            unmoved = Law(form, np.zeros(2), 1.0, np.eye(2))
            self._still[form] = np.exp(self.log_density(unmoved, points)).reshape(_CONTOUR, _CONTOUR)
        return self._still[form]

    def _table(self, form: Toy) -> tuple[Doubles, Doubles, NDArray[np.float64]]:
        if form not in self._tables:
            middle, half = (form.home[0] + form.home[1]) / 2, _AROUND * (form.home[1] - form.home[0]) / 2
            low, high = middle - half, middle + half
            x, y = np.meshgrid(np.linspace(low[0], high[0], _TABLE), np.linspace(low[1], high[1], _TABLE))
            logs = form.log_density(np.stack([x.ravel(), y.ravel()], axis=1))
            # Between cells in and out of the support a mean with −∞ would be −∞: a floor keeps the border in place.
            table = np.maximum(logs, _FLOOR).reshape(_TABLE, _TABLE)
            self._tables[form] = low, high, spline_filter(table, _order(form)) if _order(form) > 1 else table
        return self._tables[form]


def _order(form: Toy) -> int:
    """Of the splines between cells: log densities of Gaussians are quadratic, those of edges jump."""
    return 3 if form.blur else 1


def contour_of(law: Law, grids: Grids) -> Map | None:
    """The density over the law's own home, for level lines; None without one."""
    if not law.has_density:
        return None
    low, high = law.home
    reach = _MORE * (high - low)
    low, high = low - reach, high + reach
    extent = float(low[0]), float(high[0]), float(low[1]), float(high[1])
    if isinstance(law.form, Normal):
        values = np.exp(law.log_density(grids.points(extent, _CONTOUR))).reshape(_CONTOUR, _CONTOUR)
    else:
        values = grids.still(law) / float(np.linalg.det(law.width * law.shape))
    values = np.minimum(values, _HIGHEST).astype(np.float32)
    return Map("density", frozen(values), extent, (0.0, float(values.max())), 0)
