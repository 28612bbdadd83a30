"""The bound as a function of the constant c: F(E, c) = −m − c − e^{log Z − c} + 1, highest at c = log Z."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, PointSet, Segments
from gebm_studio.ui.panels.table import CurveTable

SAMPLES = 160


def bound_at(c: float, mean_energy: float, log_z: float) -> float:
    """F(E, c) for the data's mean energy m and log Z."""
    return -mean_energy - c - math.exp(min(log_z - c, 700.0)) + 1.0


def gap_at(c: float, log_z: float) -> float:
    """L(E) − F(E, c) = e^{−d} − 1 + d with d = c − log Z."""
    d = c - log_z
    return math.exp(min(-d, 700.0)) - 1.0 + d


class BoundView(Plot):
    """The curve over c, its top at log Z, and the learned c moving along it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.curve = Line()
        self.lines = Segments()
        self.top, self.learned = PointSet(8.0), PointSet(9.0)
        items: tuple[Any, ...] = (self.curve, self.lines, self.top, self.learned)
        for depth, item in enumerate(items):
            item.setZValue(depth)
            self.add(item)
        self._state: tuple[float, float, float] | None = None
        self._half = 0.0
        self._entries: list[Entry] = []
        self.restyle(theme.current())

    @property
    def state(self) -> tuple[float, float, float] | None:
        """c, log Z and the data's mean energy, where the table holds all three."""
        return self._state

    def make_entries(self, parent: QWidget) -> list[Entry]:
        """The legend's entries."""
        named = (
            ("F(E, c)", "first", "line", "F(E, c) = −m − c − e^{log Z − c} + 1, with m = E_P E, at the newest row."),
            ("log Z", "gebm", "dot", "The curve is highest at c = log Z, where F = L(E)."),
            ("learned c", "second", "dot", "The constant that training follows log Z with."),
            ("gap", "error", "line", "L(E) − F(E, c) = e^{−d} − 1 + d with d = c − log Z; never negative."),
        )
        for name, role, swatch, tip in named:
            entry = Entry(name, role, swatch, parent=parent)  # type: ignore[arg-type]
            entry.setToolTip(tip)
            self._entries.append(entry)
        return self._entries

    def entries_wanted(self) -> list[tuple[Entry, bool]]:
        """Each entry, and whether there is anything to see."""
        return [(entry, self._state is not None) for entry in self._entries]

    def show_table(self, table: CurveTable) -> None:
        """Draw the bound of the newest row."""
        c, log_z, mean = (table.last(name) for name in ("log_partition", "log_z", "energy_data"))
        if not (math.isfinite(c) and math.isfinite(log_z) and math.isfinite(mean)):
            self.forget()
            return
        self._state = (c, log_z, mean)
        self._choose_window(abs(c - log_z))
        at = np.linspace(log_z - self._half, log_z + self._half, SAMPLES)
        height = -mean - at - np.exp(log_z - at) + 1.0
        highest, here = bound_at(log_z, mean, log_z), bound_at(c, mean, log_z)
        depth = 1.15 * max(gap_at(log_z + self._half, log_z), 1.1 * gap_at(c, log_z))
        bottom = highest - depth
        look = theme.current()
        self.curve.setData(at, np.maximum(height, bottom - depth))
        self.lines.set_bands(
            [
                (np.array([[log_z, bottom - depth, log_z, highest]]), look.pen(look.gebm, 1.0, True)),
                (np.array([[log_z - 9 * self._half, highest, log_z + 9 * self._half, highest]]), look.pen(look.line)),
                (np.array([[c, here, c, highest]]), look.pen(look.error, 3.0)),
            ]
        )
        self.top.set_points(np.array([[log_z, highest]]))
        self.learned.set_points(np.array([[c, here]]))
        self.set_home((log_z - self._half, log_z + self._half, bottom, highest + 0.12 * depth))
        values = (here, log_z, c, gap_at(c, log_z))
        for entry, value in zip(self._entries, values, strict=True):
            entry.set_value(short(value))

    def read(self, at: tuple[float, float], table: CurveTable) -> str:
        """The bound and its gap at the pointer's c."""
        if self._state is None:
            return ""
        _, log_z, mean = self._state
        return f"c {short(at[0])}: F {short(bound_at(at[0], mean, log_z))}, gap {short(gap_at(at[0], log_z))}"

    def forget(self) -> None:
        """Show nothing."""
        self._state = None
        self._half = 0.0
        self.curve.setData([], [])
        self.lines.set_bands([])
        for item in (self.top, self.learned):
            item.set_points(np.empty((0, 2)))
        self.crosshair.point_at(None)

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_half"):
            return
        self.curve.setPen(look.pen(look.first, 2.0))
        self.top.set_colours(look.gebm, rim=look.plot)
        self.learned.set_colours(look.second, rim=look.plot)

    def _choose_window(self, distance: float) -> None:
        """Half the width in c: wide enough to see d, changed only where d outgrows or dwarfs it."""
        if not 0.05 * self._half < distance < 0.8 * self._half:
            self._half = min(max(1.6 * distance, 0.1), 30.0)
