"""Some curves over iterations, with bands, a filled gap and a level across."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from gebm_studio.published import Likelihood
from gebm_studio.ui import theme
from gebm_studio.ui.panels.curve_sets import Curve, Gap, Level
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, Segments
from gebm_studio.ui.panels.table import CurveTable, nice_range, thinned

LITTLE = 0.1
"""Single values are apart where they differ by more than this share of the larger."""
SETTLED = 24
"""From so many values on, a curve's first third may leave the picture."""

FLAT = 4.0
"""It does where it would take so many times the height of all the rest."""

PROVISO = "Published test NLLs; their preprocessing is not ours to the last step, which moves an NLL by a constant."
GAP, LEVEL, GHOSTS = "gap", "level", "ghosts"


class CurveView(Plot):
    """Some curves over iterations."""

    def __init__(
        self, curves: tuple[Curve, ...], gap: Gap | None = None, level: Level | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent=parent)
        self._curves, self._gap, self._level = curves, gap, level
        self.gap, self.level, self.ghosts = Line(), Segments(), Segments()
        self._published: tuple[Likelihood, ...] = ()
        self._level_means = self._gap_seen = False
        for item in (self.gap, self.level, self.ghosts):
            self.add(item)
        self._entries: dict[str, Entry] = {}
        self._lines: dict[str, Line] = {}
        self._bands: dict[str, Line] = {}
        for curve in curves:
            if curve.error:
                self._bands[curve.column] = band = Line()
                self.add(band)
        for curve in curves:
            self._lines[curve.column] = line = Line()
            self.add(line)
        self._drawn: set[str] = set()
        self.restyle(theme.current())

    def make_entries(self, parent: QWidget) -> list[Entry]:
        """The legend's entries, in reverse: what is drawn on top is named first."""
        for curve in reversed(self._curves):
            self._entries[curve.column] = Entry(curve.name, curve.role, curve.swatch, parent=parent)
        if self._gap is not None:
            self._entries[GAP] = entry = Entry(self._gap.name, self._gap.role, "box", parent=parent)
            entry.setToolTip(self._gap.formula)
        if self._level is not None:
            self._entries[LEVEL] = entry = Entry(self._level.name, "muted", "dashed", parent=parent)
            entry.setToolTip(self._level.formula)
        self._entries[GHOSTS] = Entry("published", "muted", "dashed", parent=parent)
        return list(self._entries.values())

    def choose_level(self, objective: str) -> None:
        """Draw the level only where it means something to the objective."""
        self._level_means = self._level is not None and objective in self._level.objectives

    def choose_ghosts(self, published: tuple[Likelihood, ...]) -> None:
        """Draw published values as faint lines across; the legend's entry tells each and how sure it is."""
        self._published = published
        if published and GHOSTS in self._entries:
            values = [one.value for one in published]
            self._entries[GHOSTS].set_value(f"{short(min(values))} to {short(max(values))}")
            self._entries[GHOSTS].setToolTip("\n".join((PROVISO, *map(str, published))))

    def entries_wanted(self) -> list[tuple[Entry, bool]]:
        """Each entry, and whether its curve has any value."""
        more = {
            GAP: self._gap_seen,
            LEVEL: self._level_means and bool(self._drawn),
            GHOSTS: bool(self._published and self._drawn),
        }
        return [(entry, more.get(column, column in self._drawn)) for column, entry in self._entries.items()]

    def show_table(self, table: CurveTable) -> None:
        """Draw what the table holds."""
        drawn: list[NDArray[np.float64]] = []
        width = max(int(self.view.width()), 100)
        self._drawn = set()
        several = False
        for curve in self._curves:
            last = table.last(curve.column)
            if np.isnan(last):
                self._lines[curve.column].setData([], [])
                continue
            self._drawn.add(curve.column)
            self._tell(curve, last, table)
            x, y = thinned(*table.measured(curve.column), width)
            several = several or len(x) > 1
            if len(x) == 1:
                # One value alone would show no line at all.
                iteration = table.column("iteration")
                x, y = np.array([x[0], x[0] + max(0.03 * float(iteration[-1] - iteration[0]), 0.03)]), np.repeat(y, 2)
            self._lines[curve.column].setData(x, y)
            if curve.error:
                drawn.extend(self._show_band(curve, table, width))
            if len(y):
                drawn.append(y)
        self._show_gap(table, width)
        drawn.extend(self._show_level())
        drawn.extend(self._show_ghosts())
        iterations = table.column("iteration")
        if drawn and len(iterations):
            low, high = _height(drawn)
            # One value each tells no range; a little between them would be blown up.
            apart = several or high - low > LITTLE * max(abs(low), abs(high))
            bottom, top = nice_range(low, high if apart else low)
            last_iteration = float(iterations[-1])
            first = float(iterations[0])
            self.set_home((first, max(last_iteration, first + 1.0), bottom, top))

    def read(self, at: tuple[float, float], table: CurveTable) -> str:
        """The values at the row nearest to an iteration."""
        iterations = table.column("iteration")
        if not len(iterations):
            return ""
        texts = [f"iteration {count(int(iterations[int(np.argmin(np.abs(iterations - at[0])))]))}"]
        for curve in reversed(self._curves):
            x, y = table.measured(curve.column)
            if curve.column in self._drawn and len(x):
                texts.append(f"{curve.name} {short(float(y[int(np.argmin(np.abs(x - at[0])))]))}")
        return " · ".join(texts)

    def forget(self) -> None:
        """Show nothing of the last run."""
        for line in (*self._lines.values(), *self._bands.values(), self.gap):
            line.setData([], [])
        self.level.set_bands([])
        self.ghosts.set_bands([])
        self._drawn, self._gap_seen = set(), False
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_drawn"):
            return
        for curve in self._curves:
            colour = getattr(look, curve.role)
            self._lines[curve.column].setPen(look.pen(colour, curve.width, curve.swatch == "dashed"))
            if curve.error:
                self._bands[curve.column].setPen(None)
                self._bands[curve.column].setBrush(look.brush(colour, 60))

        self.gap.setPen(None)
        if self._gap is not None:
            self.gap.setBrush(look.brush(getattr(look, self._gap.role), 50))

    def _show_gap(self, table: CurveTable, width: int) -> None:
        """Fill what lies between the two columns of the gap."""
        if self._gap is None:
            return
        x, upper, lower = (table.column(name) for name in ("iteration", self._gap.upper, self._gap.lower))
        both = np.flatnonzero(np.isfinite(upper) & np.isfinite(lower)) if len(upper) == len(lower) else np.empty(0, int)
        self._gap_seen = bool(len(both))
        if not self._gap_seen:
            self.gap.setData([], [])
            return
        self._entries[GAP].set_value(short(float(upper[both[-1]] - lower[both[-1]])))
        both = np.unique(np.append(both[:: max(1, len(both) // width)], both[-1]))
        x, upper, lower = x[both], upper[both], lower[both]
        self.gap.setData(np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]]), fillLevel="enclosed")

    def _show_ghosts(self) -> list[NDArray[np.float64]]:
        values = np.array([one.value for one in self._published if self._drawn])
        lines = np.array([[-1e9, value, 1e9, value] for value in values]).reshape(-1, 4)
        look = theme.current()
        self.ghosts.set_bands([(lines, look.pen(look.muted, 1.0, True))] if len(values) else [])
        return [values] if len(values) else []

    def _show_level(self) -> list[NDArray[np.float64]]:
        """The line across; gives back its height, so that the picture holds it."""
        if self._level is None or not self._level_means or not self._drawn:
            self.level.set_bands([])
            return []
        look, height = theme.current(), self._level.value
        self.level.set_bands([(np.array([[-1e9, height, 1e9, height]]), look.pen(look.muted, 1.0, True))])
        self._entries[LEVEL].set_value(short(height))
        return [np.array([height])]

    def _tell(self, curve: Curve, last: float, table: CurveTable) -> None:
        entry = self._entries[curve.column]
        entry.set_value(f"= {short(last)}" if np.isinf(last) else short(last))
        note = table.notes.get(curve.column, "")
        reason = note or ("the supports differ" if np.isinf(last) else "")
        entry.setToolTip("\n".join(filter(None, (curve.formula, reason))))

    def _show_band(self, curve: Curve, table: CurveTable, width: int) -> list[NDArray[np.float64]]:
        """A closed outline around value ± error; gives back its lower and upper edge."""
        value, error, x = (table.column(name) for name in (curve.column, curve.error, "iteration"))
        if len(error) != len(value):
            return []
        whole = np.flatnonzero(np.isfinite(value) & np.isfinite(error))
        whole = whole[:: max(1, len(whole) // width)]
        x, low, high = x[whole], (value - error)[whole], (value + error)[whole]
        self._bands[curve.column].setData(
            np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]), fillLevel="enclosed"
        )
        return [low, high] if len(low) else []


def _height(curves: list[NDArray[np.float64]]) -> tuple[float, float]:
    """The range of values to show: all of them, unless the start of the run would flatten what follows."""

    def span(parts: list[NDArray[np.float64]]) -> tuple[float, float]:
        low = min(min(float(np.percentile(part, 1)), float(part[-1])) for part in parts)
        return low, max(max(float(np.percentile(part, 99)), float(part[-1])) for part in parts)

    whole = span(curves)
    late = span([part[len(part) // 3 :] if len(part) >= SETTLED else part for part in curves])
    return late if whole[1] - whole[0] > FLAT * (late[1] - late[0]) else whole
