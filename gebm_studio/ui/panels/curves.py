"""The curves of the run: bounds and truths over iterations, and the bound over c."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gebm_studio.messages import CurvesPart, Frame
from gebm_studio.published import likelihoods
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bound import BoundView
from gebm_studio.ui.panels.curve_sets import BOUND, CHOICES, GAPS, LEVELS, SETS
from gebm_studio.ui.panels.curve_view import CurveView
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.numbers import count
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.table import CurveTable


class CurvesPanel(ThrottledPanel[TrainingPreset]):
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
        self.plots = {name: CurveView(curves, GAPS.get(name), LEVELS.get(name)) for name, (_, curves) in SETS.items()}
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

    def update_settings(self, preset: TrainingPreset) -> None:
        super().update_settings(preset)
        for plot in self.plots.values():
            plot.choose_level(preset.objective.name)
        target = preset.target
        self.plots["nll"].choose_ghosts(likelihoods(target.name) if target.kind == "table" else ())
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
