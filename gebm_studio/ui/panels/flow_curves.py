"""What is measured along the flows, a line each."""

from __future__ import annotations

import math
from typing import cast

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gebm_studio.messages import CurvesPart, FlowCurvesPart, Frame
from gebm_studio.schema import ParticlesPreset
from gebm_studio.schema.particles import MEASURES, MOST_FLOWS, FlowMeasure
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import RUN_COLOURS
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.flow_curve_view import FlowCurveView
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.table import CurveTable


class FlowCurvesPanel(ThrottledPanel[ParticlesPreset]):
    """One measure of all flows over steps, with the newest values in the legend."""

    kind = "particles"
    part = "flow_curves"
    title = "Along the flow"
    empty = "What is measured along the flows appears here: KALE, MMD, W₂ and KL over steps. Open F50, and press run."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = CurveTable()
        self._labels: tuple[str, ...] = ()
        self._at: tuple[float, float] | None = None
        self._measure = self.header.choice(
            tuple(MEASURES.items()), "What is drawn of every flow, of the particles Q from the target P.", self._choose
        )
        self._log = self.header.switch(
            "log", "A logarithmic axis; it leaves out what is not positive", lambda _on: self.redraw()
        )
        self._log.setChecked(True)
        self.header.home("Show the whole run (double-click in the picture)", self._go_home)
        self.view = FlowCurveView(RUN_COLOURS[:MOST_FLOWS], self.canvas)
        self.view.pointed.connect(self._point)
        legend = FlowBar(self.canvas)
        self.entries = [Entry("", colour, "line", parent=legend) for colour in RUN_COLOURS[:MOST_FLOWS]]
        for entry in self.entries:
            entry.hide()
            legend.add(entry)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(legend)
        column.addWidget(self.view, 1)

    @property
    def measure(self) -> FlowMeasure:
        """What is drawn."""
        return cast(FlowMeasure, self._measure.value())

    def mark_step(self, step: float | None) -> None:
        """Put a line across at a step, or take it away."""
        self.view.mark_step(step)

    # What comes from the run

    def clear(self) -> None:
        self.throttle.stop()
        self.table.clear()
        self._labels = ()
        self.view.forget()
        for entry in self.entries:
            entry.hide()

    def update_settings(self, preset: ParticlesPreset) -> None:
        super().update_settings(preset)
        if preset.view.curve != self.measure:
            self._measure.choose(preset.view.curve)
            self.view.go_home()
            self.redraw()

    def pull_fields(self) -> dict[str, object]:
        return {"flow_since": len(self.table)}

    def take(self, part: FlowCurvesPart, frame: Frame) -> None:
        columns = [f"{name}.{flow}" for flow in range(len(part.labels)) for name in part.measures]
        held = len(self.table)
        new = self.table.add(CurvesPart(part.since, ("iteration", *columns), part.rows, part.notes))
        if held and not len(part.rows) and not part.since:
            # The flows have begun again, and nothing is measured yet.
            self.clear()
            self.say_empty(self.empty)
        if new or part.labels != self._labels:
            self._labels = part.labels
            self._measure.offer(part.measures)
            self.throttle.request()

    def restyle(self, look: theme.Theme) -> None:
        self.view.restyle(look)

    def redraw(self) -> None:
        if not len(self.table):
            return
        columns = [f"{self.measure}.{flow}" for flow in range(len(self._labels))]
        known = self.view.show_table(self.table, columns, logarithmic=self._log.isChecked())
        note = self.table.notes.get(self.measure, "")
        self._measure.setToolTip(f"What is drawn of every flow. {note}".strip())
        for place, entry in enumerate(self.entries):
            entry.setVisible(place < len(columns))
            if place < len(columns):
                entry.set_name(self._labels[place])
                entry.set_swatch("dashed" if self.view.dashed[place] else "line")
                entry.set_value(short(self.table.last(columns[place])))
                entry.setToolTip(note)
        if not known:
            self.say_empty(f"{MEASURES[self.measure]} has not been measured in this run yet. {note}".strip())
            return
        self.show_canvas()
        self._say()

    # What a person does

    def _choose(self, name: str) -> None:
        self.view.go_home()
        self.redraw()
        self.setting_changed.emit("view.curve", name)

    def _go_home(self) -> None:
        self.view.go_home()

    def _point(self, at: tuple[float, float] | None) -> None:
        self._at = at
        self.view.crosshair.point_at(at)
        self._say()

    def _say(self) -> None:
        if not len(self.table):
            self.readout.say("")
        elif self._at is not None:
            step, values = self.view.read(self._at[0])
            texts = [f"{label} {short(value)}" for label, value in zip(self._labels, values, strict=False)]
            self.readout.say(" · ".join([f"step {count(step)}", MEASURES[self.measure], *texts]))
        else:
            note = self.table.notes.get(self.measure, "")
            last = self.table.last("iteration")
            left_out = self.view.left_out
            texts = [f"measured up to step {count(int(last))}" if not math.isnan(last) else ""]
            texts += [f"{count(left_out)} values ≤ 0 left out"] if left_out else []
            texts += [note]
            self.readout.say(" · ".join(filter(None, texts)))
