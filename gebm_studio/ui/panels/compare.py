"""The comparison: small pictures on shared axes, one quantity of all runs, and their scores with intervals."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from gebm_studio.messages import ComparePart, Frame
from gebm_studio.schema import TrainingPreset
from gebm_studio.schema.study import MOST_RUNS
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import RUN_COLOURS
from gebm_studio.ui.panels.compare_curves import METRICS, OPENING, RunCurves
from gebm_studio.ui.panels.compare_table import ScoreTable
from gebm_studio.ui.panels.compare_tile import Tile
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.table import CurveTable

WIDE = 640
"""Panels narrower than this show scores or curves below the pictures, not both."""
TABLE_SHARE = 3
"""Room of the scores of two runs, where that of the curves is 2; each further run is a column more."""
ROLES = (
    ("data", "data", "Draws of the data, P."),
    ("base", "base", "Draws of the base, in the pictures of runs whose base alone is judged."),
    ("gebm", "GEBM", "Draws of the GEBM, in the pictures of runs whose GEBM is judged."),
)
BOTH, SCORES, CURVES = "both", "scores", "curves"


class ComparePanel(ThrottledPanel[TrainingPreset]):
    """Runs side by side; a click on one brings it to the front, where the other panels show it."""

    part = "compare"
    title = "Comparison"
    empty = "Runs stand here side by side, trained in lockstep on the same data. Open F07, F41 or F42."

    export_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: ComparePart | None = None
        self._waits = False  # scores under way go on with the run
        self.tables = [CurveTable() for _ in range(MOST_RUNS)]
        self._fill_header()
        self._build()

    def sizeHint(self) -> QSize:
        return QSize(840, 520)

    def _fill_header(self) -> None:
        self._below = self.header.choice(
            ((BOTH, "scores and curves"), (SCORES, "scores"), (CURVES, "curves")),
            f"What stands below the pictures; a panel narrower than {WIDE} pixels has room for one.",
            lambda _value: self._arrange(),
        )
        self._metric = self.header.choice(
            tuple((column, name) for column, name, _ in METRICS),
            "What the curves show of every run:\n" + "\n".join(f"{name}: {tip}" for _, name, tip in METRICS),
            lambda _value: self.redraw(),
        )
        self.copy_button = self.header.button("Copy", "Copy the scores as text with tabs (Ctrl+C in the table)")
        self.export_button = self.header.button("Export table…", "Write the scores of every measurement as CSV")
        self.export_button.clicked.connect(lambda _checked: self.export_wished.emit())

    def _build(self) -> None:
        legend = FlowBar(self.canvas)
        self.entries: dict[str, Entry] = {}
        for role, name, tip in ROLES:
            self.entries[role] = Entry(name, role, checkable=True, parent=legend)
            self.entries[role].setToolTip(tip)
            self.entries[role].clicked.connect(lambda _on: self._show_pictures())
            legend.add(self.entries[role])
        self.tiles = [Tile(colour, self.canvas) for colour in RUN_COLOURS]
        pictures = QHBoxLayout()
        pictures.setSpacing(theme.GRID)
        for place, tile in enumerate(self.tiles):
            tile.chosen.connect(partial(self._bring_to_front, place))
            tile.picture.moved.connect(partial(self._link, place))
            tile.hide()
            pictures.addWidget(tile, 1)
        self.scores = ScoreTable(self.canvas)
        self.copy_button.clicked.connect(lambda _checked: self.scores.copy())
        self.curves = RunCurves(RUN_COLOURS, self.canvas)
        self.curves.pointed.connect(self._point)
        self._charts = QWidget(self.canvas)
        chart = QVBoxLayout(self._charts)
        chart.setContentsMargins(0, 0, 0, 0)
        chart.setSpacing(0)
        names = FlowBar(self._charts)
        self.names = [Entry("", colour, "line", parent=names) for colour in RUN_COLOURS]
        for entry in self.names:
            entry.hide()
            names.add(entry)
        chart.addWidget(names)
        chart.addWidget(self.curves, 1)
        numbers = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        numbers.setSpacing(2 * theme.GRID)
        numbers.addWidget(self.scores, TABLE_SHARE)
        numbers.addWidget(self._charts, 2)
        self._numbers = numbers
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(legend)
        column.addLayout(pictures, 3)
        column.addLayout(numbers, 2)

    # What comes from the run.

    def clear(self) -> None:
        self.throttle.stop()
        self._part = None
        for table in self.tables:
            table.clear()
        for tile in self.tiles:
            tile.forget()
        self.scores.forget()
        self.curves.forget()

    def change_front(self) -> None:
        """Nothing: all runs are shown already, whichever is in front."""

    def start_run(self, preset: TrainingPreset) -> None:
        super().start_run(preset)
        self._metric.choose(OPENING.get(preset.view.curves, METRICS[0][0]))

    def update_settings(self, preset: TrainingPreset) -> None:
        super().update_settings(preset)
        count = len(preset.compare.runs)
        for place, tile in enumerate(self.tiles):
            tile.setVisible(place < count)
        self.export_button.setEnabled(bool(count))
        self._numbers.setStretchFactor(self.scores, TABLE_SHARE + max(0, count - 2))

    def pull_fields(self) -> dict[str, object]:
        fields: dict[str, object] = {"compare_since": tuple(len(table) for table in self.tables)}
        if not self.is_empty:
            fields["compare_extent"] = self.tiles[0].picture.extent
        return fields

    def take(self, part: ComparePart, frame: Frame) -> None:
        self._part, self._waits = part, part.scoring and frame.state != "running"
        new = [table.add(run.curves) for table, run in zip(self.tables, part.runs, strict=False)]
        self.show_canvas()
        self._show_pictures()
        if any(new) or not self.scores.columnCount() or part.scoring:
            self.throttle.request()

    def restyle(self, look: theme.Theme) -> None:
        for tile in self.tiles:
            tile.restyle(look)
        self.curves.restyle(look)
        self.throttle.request()

    def _show_pictures(self) -> None:
        part, preset = self._part, self.preset
        if part is None or preset is None:
            return
        on = {role for role, entry in self.entries.items() if entry.isChecked()}
        laws = {run.law for run in part.runs}
        for role, entry in self.entries.items():
            entry.setVisible(role == "data" or role in laws)
        for place, (tile, run) in enumerate(zip(self.tiles, part.runs, strict=False)):
            tile.show_run(run, place == part.front, on, preset.view.map)

    def redraw(self) -> None:
        part = self._part
        if part is None:
            return
        self.scores.show_part(part)
        runs = [(run.label, table, run.law) for run, table in zip(part.runs, self.tables, strict=False)]
        known = self.curves.show_runs(self._metric.value(), runs, part.front, self.names)
        self.curves.setVisible(known)
        self._say("" if known else f"{self._metric.name()} has not been measured of any of these runs")

    def _say(self, text: str) -> None:
        part = self._part
        if not text and part is not None:
            judged = [run.label for run in part.runs if run.law == "base"]
            front = part.runs[part.front]
            texts = [f"{run.label} diverged at {run.iteration}" for run in part.runs if run.stopped]
            at = sorted({scores.iteration for run in part.runs for scores in run.scores})
            texts += [f"scores of iteration {' and '.join(map(str, at))}"] if at else []
            texts += ["scoring goes on with the run" if self._waits else "scoring…"] if part.scoring else []
            texts += [f"{', '.join(judged)}: base alone"] if judged else []
            texts += ["± half of a 95 % interval"]
            texts += [f"{front.label} in front: {', '.join(front.changes)}"] if front.changes else []
            text = " · ".join(texts)
        self.readout.say(text)

    # What a person does.

    def _bring_to_front(self, place: int) -> None:
        if self._part is not None and place != self._part.front:
            self.setting_changed.emit("compare.front", place)

    def _link(self, place: int, extent: object) -> None:
        for other, tile in enumerate(self.tiles):
            if other != place and extent is None:
                tile.picture.go_home()
            elif other != place:
                tile.picture.go_to(extent)  # type: ignore[arg-type]

    def _point(self, at: tuple[float, float] | None) -> None:
        self.curves.crosshair.point_at(at)
        self._say("" if at is None else self.curves.read(at))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        below = self._below.value()
        if below == BOTH and self.width() < WIDE:
            below = SCORES
        self.scores.setVisible(below != CURVES)
        self._charts.setVisible(below != SCORES)
