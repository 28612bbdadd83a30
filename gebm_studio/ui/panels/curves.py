"""The curves of the run: bounds and truths over iterations, and the bound over c."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gebm_studio.messages import CurvesPart, Frame
from gebm_studio.schema import Preset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bound import BoundView
from gebm_studio.ui.panels.curve_sets import BOUND, CHOICES, SETS, Curve
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line
from gebm_studio.ui.panels.table import CurveTable, nice_range, thinned

SETTLED = 24
"""From so many values on, a curve's first third may leave the picture."""

FLAT = 4.0
"""It does where it would take so many times the height of all the rest."""


class CurvesPanel(ThrottledPanel):
    """One set of curves at a time, with its newest values in the legend."""

    part = "curves"
    title = "Curves"
    empty = "Bounds, divergences and energies over iterations appear here once training runs. Open a preset, press run."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = CurveTable()
        self._at: tuple[float, float] | None = None
        self._set = self.header.choice(CHOICES, "Which curves are shown.", self._chosen)
        self.header.home("Show the whole run (double-click in the picture)", self._go_home)
        self.plots = {name: CurveView(curves) for name, (_, curves) in SETS.items()}
        self.bound = BoundView()
        self._views = QStackedWidget(self.canvas)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        self._legend = FlowBar(self.canvas)
        for view in (*self.plots.values(), self.bound):
            self._views.addWidget(view)
            for entry in view.make_entries(self._legend):
                entry.hide()
                self._legend.add(entry)
            view.pointed.connect(self._point)
        column.addWidget(self._legend)
        column.addWidget(self._views, 1)
        self._chosen_view()

    @property
    def row_count(self) -> int:
        """Rows held: what `messages.Pull.curves_since` must say."""
        return len(self.table)

    def take(self, part: CurvesPart, frame: Frame) -> None:
        if self.table.add(part):
            self.throttle.request()

    def clear(self) -> None:
        self.throttle.stop()
        self.table.clear()
        for view in (*self.plots.values(), self.bound):
            view.forget()
        self._show_entries()

    def update_settings(self, preset: Preset) -> None:
        super().update_settings(preset)
        if preset.view.curves != self._set.value():
            self._set.choose(preset.view.curves)
            self._chosen_view()

    def redraw(self) -> None:
        if not len(self.table):
            return
        view = self.current_view()
        view.show_table(self.table)
        if not any(wanted for _, wanted in view.entries_wanted()):
            self.say_empty(f"None of “{self._set.name()}” has been measured in this run yet.")
            return
        self.show_canvas()
        self._show_entries()
        self._say()

    def restyle(self, look: theme.Theme) -> None:
        for view in (*self.plots.values(), self.bound):
            view.restyle(look)

    def current_view(self) -> CurveView | BoundView:
        """The view of the chosen set."""
        chosen = self._set.value()
        return self.bound if chosen == BOUND else self.plots[chosen]

    def _chosen(self, value: str) -> None:
        self._chosen_view()
        self.setting_changed.emit("view.curves", value)

    def _chosen_view(self) -> None:
        self._views.setCurrentWidget(self.current_view())
        self.redraw()
        self._show_entries()

    def _show_entries(self) -> None:
        for view in (*self.plots.values(), self.bound):
            for entry, wanted in view.entries_wanted():
                entry.setVisible(wanted and view is self.current_view() and bool(len(self.table)))

    def _go_home(self) -> None:
        for view in (*self.plots.values(), self.bound):
            view.go_home()

    def _point(self, at: tuple[float, float] | None) -> None:
        self._at = at
        self.current_view().crosshair.point_at(at)
        self._say()

    def _say(self) -> None:
        if not len(self.table):
            self.readout.say("")
        elif self._at is not None:
            self.readout.say(self.current_view().read(self._at, self.table))
        else:
            self.readout.say(
                f"iteration {count(int(self.table.last('iteration')))} · point at the picture to read values"
            )


class CurveView(Plot):
    """Some curves over iterations."""

    def __init__(self, curves: tuple[Curve, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._curves = curves
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
        return list(self._entries.values())

    def entries_wanted(self) -> list[tuple[Entry, bool]]:
        """Each entry, and whether its curve has any value."""
        return [(entry, column in self._drawn) for column, entry in self._entries.items()]

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
        iterations = table.column("iteration")
        if drawn and len(iterations):
            low, high = _height(drawn)
            # One value each tells no range; the little between them would be blown up.
            bottom, top = nice_range(low, high if several else low)
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
        for line in (*self._lines.values(), *self._bands.values()):
            line.setData([], [])
        self._drawn = set()
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
