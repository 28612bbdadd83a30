"""The sweep: a table of many small trainings that fills as it goes."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gebm_studio.messages import Frame, SweepPart
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.labels import Line
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.sweep_counts import CountsTable, rows_of
from gebm_studio.ui.panels.sweep_grid import SweepGrid
from gebm_studio.ui.panels.sweep_scatter import SweepScatter

NARROW = 1.7
"""Below this ratio of width to height the scatter stands under the table."""


class SweepPanel(ThrottledPanel[TrainingPreset]):
    """Counts by threshold with one score against the other, or settings by methods."""

    part = "sweep"
    title = "Sweep"
    empty = (
        "Many small trainings run here in the background, one after another, and fill a table. Open F45 or F47, or "
        "choose a study for the sweep, and press run."
    )

    export_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: SweepPart | None = None
        self._threshold = 0.0
        self._fill_header()
        self.counts, self.scatter, self.grid = CountsTable(), SweepScatter(), SweepGrid()
        self.scatter.pointed.connect(self._point_network)
        self.grid.pointed.connect(self._point_cell)
        networks = QWidget()
        self._beside = QBoxLayout(QBoxLayout.Direction.LeftToRight, networks)
        self._beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setSpacing(2 * theme.GRID)
        self._beside.addWidget(self.counts, 3)
        self._beside.addWidget(self.scatter, 2)
        self.pages = QStackedWidget(self.canvas)
        self.pages.addWidget(networks)
        self.pages.addWidget(self.grid)
        self.pages.setMinimumSize(1, 1)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)

    def _fill_header(self) -> None:
        look = theme.current()
        bar = QWidget(self.header)
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID // 2)
        tip = "Score from which a training counts as a success; changes nothing of the trainings"
        self.chosen = QLabel(bar)
        self.chosen.setFont(look.number_font)
        self.chosen.setMinimumWidth(round(theme.text_width(look.number_font, "success from 100")))
        self.slider = QSlider(Qt.Orientation.Horizontal, bar)
        self.slider.setRange(0, 100)
        self.slider.setFixedWidth(12 * theme.GRID)
        self.slider.setToolTip(tip)
        self.slider.setAccessibleName(tip)
        self.slider.valueChanged.connect(self._choose)
        row.addWidget(self.chosen)
        row.addWidget(self.slider)
        self.header.add(bar)
        self.export_button = self.header.button("Export table…", "Write all trainings that have ended as CSV")
        self.export_button.clicked.connect(lambda _checked: self.export_wished.emit())
        self.progress = Line(look.number_font, parent=self)
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertWidget(1, self.progress)

    def sizeHint(self) -> QSize:
        return QSize(640, 340)

    # What a person changes.

    def _choose(self, value: int) -> None:
        self._show_threshold(float(value))
        self.redraw()
        self.setting_changed.emit("sweep.threshold", float(value))

    def _show_threshold(self, threshold: float) -> None:
        self._threshold = threshold
        self.chosen.setText(f"success from {threshold:g}")

    # What comes from the run.

    def clear(self) -> None:
        self.throttle.stop()
        self._part = None
        self.progress.show_text("")

    def update_settings(self, preset: TrainingPreset) -> None:
        super().update_settings(preset)
        self.export_button.setEnabled(preset.sweep.study != "none")
        if preset.sweep.threshold != self._threshold or not self.chosen.text():
            with QSignalBlocker(self.slider):
                self.slider.setValue(round(preset.sweep.threshold))
            self._show_threshold(preset.sweep.threshold)
            self.throttle.request()

    def take(self, part: SweepPart, frame: Frame) -> None:
        if part is not self._part:
            self._part = part
            self.throttle.request()

    def redraw(self) -> None:
        part, preset = self._part, self.preset
        if part is None or preset is None:
            return
        self.show_canvas()
        self.progress.show_text(progress(part))
        if part.study == "random_networks":
            self.pages.setCurrentIndex(0)
            self.counts.show_rows(rows_of(part, preset.sweep.thresholds, self._threshold), part)
            self.scatter.show_part(part, self._threshold)
        else:
            self.pages.setCurrentIndex(1)
            self.grid.show_part(part, self._threshold)
        if not self.readout.text:
            self._say_usual()

    # What the pointer says.

    def _point_network(self, row: int | None) -> None:
        if row is None or self._part is None:
            self._say_usual()
        else:
            self.readout.say(network_in_words(self._part, row))

    def _point_cell(self, at: tuple[int, int] | None) -> None:
        if at is None or self._part is None:
            self._say_usual()
        else:
            self.readout.say(cell_in_words(self._part, *at))

    def _say_usual(self) -> None:
        part = self._part
        self.readout.say(
            "" if part is None else f"As many draws of the data score {part.data_score:.0f}. {part.protocol}."
        )

    # Place.

    def restyle(self, look: theme.Theme) -> None:
        for widget in (self.counts, self.scatter, self.grid):
            widget.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        across = self.width() > NARROW * self.height()
        direction = QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom
        if direction != self._beside.direction():
            self._beside.setDirection(direction)


def progress(part: SweepPart) -> str:
    """How far the sweep is, and how long it will take."""
    done = f"{part.done} of {part.total} trainings"
    if not part.going:
        return f"{done}: complete"
    rest = "" if math.isnan(part.rest) else f" · about {clock(part.rest)} left"
    return f"{done} · {part.going} ({100 * part.part_done:.0f} %) · {clock(part.elapsed)} so far{rest}"


def clock(seconds: float) -> str:
    """A time as minutes and seconds, or hours and minutes."""
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{left:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"


def network_in_words(part: SweepPart, row: int) -> str:
    """A random network with what each method made of it."""
    results = [f"{name} {_result(part, (row, 0, place))}" for place, name in enumerate(part.methods)]
    return f"{row + 1}: {part.rows[row]} · {' · '.join(results)}"


def cell_in_words(part: SweepPart, row: int, place: int) -> str:
    """All seeds of a setting by a method."""
    done = [at for at in range(part.scores.shape[1]) if math.isfinite(part.scores[row, at, place])]
    seeds = "; ".join(_result(part, (row, at, place)) for at in done) or "not trained yet"
    return f"{part.rows[row]} · {part.methods[place]}: {seeds}"


def _result(part: SweepPart, at: tuple[int, int, int]) -> str:
    if part.diverged[at]:
        return "diverged"
    found = f"{100 * part.found[at]:.0f} % of the modes, {part.quality[at]:.0f} % of samples in one"
    return f"{short(float(part.scores[at]), 3)} ({found})"
