"""One quantity of all runs on one axis, a curve each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line
from gebm_studio.ui.panels.table import CurveTable, nice_range, thinned

LAW = "law"
"""Stands in a column's name for the law of the run that is judged."""
METRICS: tuple[tuple[str, str, str], ...] = (
    ("w1_law", "W₁", "W₁ of the law that is judged to held-out data."),
    ("kl_law", "KL", "KL of the data from the law that is judged, in nats."),
    ("divergence", "estimate", "The divergence that each run's own objective estimates, in its own unit."),
    ("objective_heldout", "objective", "Each run's own objective on held-out data."),
    ("base_gradient", "base gradient", "Norm of the gradient that moves the base."),
    ("kale_heldout", "KALE", "F(E, c) on held-out data, in nats."),
    ("donsker_varadhan", "L(E)", "Donsker–Varadhan bound on held-out data, in nats."),
    ("nll_test", "test NLL", "−E log q on test points, in nats."),
    ("log_z", "log Z", "log E_G e^{−E} from base draws."),
    ("log_partition", "learned c", "The constant that is learned beside the energy."),
    ("reduction_error", "as an EBM", "Largest difference between the GEBM's density and that of the EBM that it is."),
    ("ess_fraction", "effective draws", "Share of base draws that count under the GEBM's weights."),
)
"""Column, name and what it is."""
OPENING = {"nll": "nll_test", "log_partition": "log_partition", "reduction": "reduction_error"}
"""What a preset's `view.curves` opens here."""


class RunCurves(Plot):
    """The curves, the run in front drawn thicker."""

    def __init__(self, colours: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._colours = colours
        self._lines = [Line() for _ in colours]
        for line in self._lines:
            self.add(line)
        self._held: list[tuple[str, CurveTable, str]] = []
        self._column = ""

    def show_runs(
        self, column: str, runs: Sequence[tuple[str, CurveTable, str]], front: int, entries: Sequence[Entry]
    ) -> bool:
        """Draw a column of every run, given as label, table and judged law; False where none has it."""
        self._held, self._column = list(runs), column
        look, width = theme.current(), max(int(self.view.width()), 100)
        heights, last, first = [], 1.0, 0.0
        for place, line in enumerate(self._lines):
            x, y = np.empty(0), np.empty(0)
            if place < len(runs):
                label, table, law = runs[place]
                x, y = thinned(*table.measured(self._of(law)), width)
                entries[place].set_name(label)
                entries[place].set_value(short(table.last(self._of(law))))
            entries[place].setVisible(place < len(runs))
            if len(x) == 1:  # one value alone would show no line at all
                x, y = np.array([x[0], x[0] + 1.0]), np.repeat(y, 2)
            line.setData(x, y)
            line.setPen(look.pen(self._colours[place], 2.4 if place == front else 1.4))
            line.setZValue(1 if place == front else 0)
            if len(y):
                heights.append(y)
                last, first = max(last, float(x[-1])), min(first, float(x[0]))
        if not heights:
            return False
        values = np.concatenate(heights)
        low, high = np.percentile(values, (0.5, 99.5)) if len(values) > 50 else (values.min(), values.max())
        self.set_home((first, max(last, first + 1.0), *nice_range(float(low), float(high))))
        return True

    def read(self, at: tuple[float, float]) -> str:
        """The values nearest to an iteration."""
        texts = []
        for label, table, law in self._held:
            x, y = table.measured(self._of(law))
            if len(x):
                nearest = int(np.argmin(np.abs(x - at[0])))
                texts.append(f"{label} {short(float(y[nearest]))} at {count(int(x[nearest]))}")
        return " · ".join(texts)

    def forget(self) -> None:
        """Show nothing of the last run."""
        for line in self._lines:
            line.setData([], [])
        self._held = []
        self.crosshair.point_at(None)
        self.go_home()

    def _of(self, law: str) -> str:
        return self._column.replace(f"_{LAW}", f"_{law}")
