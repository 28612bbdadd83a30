"""Data space: the map, the data, the base, the GEBM and the chains moving through it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from gebm_studio.messages import DataPart, Frame, Map, Reading
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import weight_table
from gebm_studio.ui.panels.data_choices import MAP_TIP, DataChoices, layer_keys, line_keys, scale_keys, step_keys
from gebm_studio.ui.panels.data_line import DataLineView
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.panel import Panel, Probe
from gebm_studio.ui.panels.picture import LAYERS, Picture
from gebm_studio.ui.panels.pointing import nearest, sentence, symmetric_limit

TRIPTYCH = (
    ("base", {"data", "base"}, False),
    ("weights", {"base"}, True),
    ("GEBM", {"data", "gebm", "chains"}, False),
)


class DataPanel(Panel[TrainingPreset]):
    """Everything that lives in data space, in one picture or in three linked ones."""

    part = "data"
    title = "Data space"
    empty = "Data, base, GEBM and chains appear here. Open a preset and press run."

    base_point_hovered = Signal(object)
    """The latent vector of the base point under the pointer, None where there is none."""

    wide_wished = Signal(bool)
    """Whether three pictures side by side ask for more width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: DataPart | None = None
        self._probe: Probe | None = None
        self._reading: Reading | None = None
        self._latest: Map | None = None
        self._near: int | None = None
        self._at: tuple[float, float] | None = None
        self._limit = 1.0
        self._steps = 0
        self._build_header()
        self._build_canvas()
        self._arrange()

    def take(self, part: DataPart, frame: Frame) -> None:
        was, self._part = self._on_a_line, part
        if was != self._on_a_line:
            self._arrange()
        self.show_canvas()
        if frame.sampler_steps < self._steps:
            self._forget_trails()  # the chains have begun again
        self._steps = frame.sampler_steps
        wanted = symmetric_limit(part.log_weight)
        self._limit += 0.2 * (wanted - self._limit) if self._limit != 1.0 else wanted - self._limit
        if part.line is not None:
            self._show_line()
            return
        look = theme.current()
        for picture in self._shown_pictures():
            picture.set_home(part.home)
            picture.show_part(part, self._limit)
            if part.map is not None and self._choices.map.value() == part.map.name:
                picture.map.show_map(part.map, look)
        if part.map is not None:
            self._latest = part.map
            self._choices.map.setToolTip(
                f"{MAP_TIP}\nComputed at iteration {part.map.iteration}. {part.map.note}".strip()
            )
        self._show_keys()
        self._single_out()
        self._say()

    def clear(self) -> None:
        self._part = self._reading = self._probe = self._latest = None
        self._limit = 1.0
        self._near = None
        for picture in self._pictures:
            picture.forget()
            picture.go_home()
        self.line.forget()
        self._show_keys()

    def update_settings(self, preset: TrainingPreset) -> None:
        view = preset.view
        unchanged = self.preset is not None and self.preset.view == view and self._part is not None
        super().update_settings(preset)
        if unchanged:
            return
        self._choices.follow(view)
        for picture in self._pictures:
            picture.trails.set_length(view.trail)
        self._arrange()

    def pull_fields(self) -> dict[str, object]:
        fields: dict[str, object] = {}
        if not self.is_empty and not self._on_a_line:
            fields["data_extent"] = self._pictures[0].extent
        if self._probe is not None:
            fields["probe"] = self._probe
        return fields

    def show_reading(self, reading: Reading | None) -> None:
        self._reading = reading
        self._say()

    def mark_data(self, x: object) -> None:
        """Mark the image of a point of latent space; None takes the mark away."""
        spots = np.empty((0, 2)) if x is None else np.asarray(x, dtype=np.float64).reshape(1, -1)
        for picture in self._shown_pictures():
            picture.mark.set_points(spots if spots.shape[1] == 2 else np.empty((0, 2)))

    def restyle(self, look: theme.Theme) -> None:
        for picture in self._pictures:
            picture.restyle(look)
        self.line.restyle(look)
        for heading in self._headings:
            heading.setFont(look.text_font)
        self._show_keys()

    def hideEvent(self, event: QHideEvent) -> None:
        # While hidden no frames come: a trail across the gap would be a lie.
        self._forget_trails()
        super().hideEvent(event)

    def _forget_trails(self) -> None:
        for picture in self._pictures:
            picture.trails.forget()

    def _build_header(self) -> None:
        self._choices = DataChoices(self.header, self._changed)
        self.header.home("Show everything (double-click in the picture)", self._go_home)

    def _build_canvas(self) -> None:
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        legend = FlowBar(self.canvas)
        self.entries = layer_keys(legend, self._arrange)
        self.step_keys, self.line_keys = step_keys(legend), line_keys(legend)
        self.map_key, self.weight_key = scale_keys(legend)
        column.addWidget(legend)
        pictures = QWidget(self.canvas)
        row = QHBoxLayout(pictures)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID // 2)
        self._pictures: list[Picture] = []
        self._headings: list[QLabel] = []
        self._cells: list[QWidget] = []
        for title, _, _ in TRIPTYCH:
            cell = QWidget(self.canvas)
            inner = QVBoxLayout(cell)
            inner.setContentsMargins(0, 0, 0, 0)
            inner.setSpacing(0)
            heading, picture = QLabel(title, cell), Picture(cell)
            inner.addWidget(heading)
            inner.addWidget(picture, 1)
            row.addWidget(cell, 1)
            picture.pointed.connect(self._point)
            picture.moved.connect(self._link)
            self._pictures.append(picture)
            self._headings.append(heading)
            self._cells.append(cell)
        self.line = DataLineView(self.canvas)
        self.line.pointed.connect(self._point)
        self._spaces = QStackedWidget(self.canvas)
        for space in (pictures, self.line):
            self._spaces.addWidget(space)
        column.addWidget(self._spaces, 1)

    @property
    def _on_a_line(self) -> bool:
        return self._part is not None and self._part.line is not None

    def _show_line(self) -> None:
        """Densities over a line, for data of one dimension; what needs a plane is put away."""
        part = self._part
        if part is not None and part.line is not None:
            on = {name for name, entry in self.entries.items() if entry.isChecked()}
            self.line.show_part(part, on, self._choices.map.value())
            for name, key in self.line_keys.items():
                key.setVisible(name in (self._choices.map.value(), "best" if len(part.line.best) else ""))
            self._say()

    def _shown_pictures(self) -> list[Picture]:
        return self._pictures if self._choices.pictures.value() == "triptych" else self._pictures[:1]

    def _changed(self, path: str, value: object) -> None:
        self._arrange()
        self.setting_changed.emit(path, value)

    def _arrange(self) -> None:
        """Make pictures and layers match the choices."""
        flat = self._on_a_line
        self._spaces.setCurrentIndex(int(flat))
        self._choices.show_for(flat)
        if flat:
            self._show_line()
            self._show_keys()
            return
        triptych = self._choices.pictures.value() == "triptych"
        on = {name for name, entry in self.entries.items() if entry.isChecked()}
        for place, (picture, cell, heading) in enumerate(zip(self._pictures, self._cells, self._headings, strict=True)):
            _, layers, weights = TRIPTYCH[place]
            cell.setVisible(triptych or place == 0)
            heading.setVisible(triptych)
            picture.show_layers(on & (layers if triptych else set(LAYERS)))
            picture.set_by_weight(weights if triptych else self._choices.colour.value() == "log_weight", sized=triptych)
            picture.arrows.setVisible(self._choices.arrows.value() != "none" and place == (1 if triptych else 0))
            self._arrange_map(picture)
        if self._part is not None:
            for picture in self._shown_pictures():
                picture.set_home(self._part.home)
                picture.show_part(self._part, self._limit)
        self._show_keys()
        self.wide_wished.emit(triptych)

    def _arrange_map(self, picture: Picture) -> None:
        """Show the newest map, or none, as chosen."""
        shown, latest = picture.map.map, self._latest
        if shown is not None and shown.name != self._choices.map.value():
            picture.map.forget()
        elif latest is not None and shown is not latest and latest.name == self._choices.map.value():
            picture.map.show_map(latest, theme.current())

    def _show_keys(self) -> None:
        shown = self._pictures[0].map
        if shown.map is not None:
            self.map_key.show_scale(shown.map.name, shown.table(theme.current()), *shown.shown_levels)
        self.map_key.setVisible(shown.map is not None)
        weights = not self._on_a_line and any(picture.by_weight for picture in self._shown_pictures())
        if weights:
            self.weight_key.show_scale(
                "log weight", weight_table(theme.current()), -self._limit, self._limit, signed=True
            )
        self.weight_key.setVisible(weights)
        for key in () if self._on_a_line else self.line_keys.values():
            key.hide()
        for key in self.step_keys:
            key.setVisible(self._part is not None and self._part.unweighted is not None and not self._on_a_line)

    def _link(self, extent: object) -> None:
        for picture in self._pictures:
            if picture is self.sender():
                continue
            if extent is None:
                picture.go_home()
            else:
                picture.go_to(extent)  # type: ignore[arg-type]
        self.hovered.emit(self._probe)

    def _go_home(self) -> None:
        for plot in (*self._pictures, self.line):
            plot.go_home()
        self.hovered.emit(self._probe)

    def _point(self, at: tuple[float, float] | None) -> None:
        if self._on_a_line:
            self.line.crosshair.point_at(at)
            self._at = at
            self._say()
            return
        self._probe = None if at is None else ("data", at)
        if at is None:
            self._reading = None
        for picture in self._shown_pictures():
            picture.crosshair.point_at(at)
        self._single_out()
        self._say()
        self.hovered.emit(self._probe)

    def _single_out(self) -> None:
        """Ring the base point nearest to the pointer and tell whose latent it is."""
        part = self._part
        near = None
        if part is not None and self._probe is not None and self.entries["base"].isChecked():
            near = nearest(part.base, self._probe[1], self._pictures[0].pixels_between)
        spot = None if near is None or part is None else (float(part.base[near, 0]), float(part.base[near, 1]))
        for picture in self._shown_pictures():
            picture.crosshair.single_out(spot)
        if near != self._near or near is not None:
            self._near = near
            latent = None if near is None or part is None else tuple(map(float, part.base_latent[near]))
            self.base_point_hovered.emit(latent)

    def _say(self) -> None:
        if self._part is not None and self._part.line is not None:
            self.readout.say(self.line.say(self._part.ess_fraction) if self._at is None else self.line.read(self._at))
            return
        at = None if self._probe is None else self._probe[1]
        self.readout.say("" if self._part is None else sentence(self._part, at, self._reading, self._near))
