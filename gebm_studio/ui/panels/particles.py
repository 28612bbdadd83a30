"""Particle flows side by side, live and looked back upon."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gebm_studio.messages import FlowPart, Frame
from gebm_studio.schema import ParticlesPreset
from gebm_studio.schema.particles import MOST_FLOWS, Flow
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import RUN_COLOURS
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.flow_editor import FlowEditor
from gebm_studio.ui.panels.flow_timeline import Timeline, step_text
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import count, short, vector
from gebm_studio.ui.panels.panel import Panel
from gebm_studio.ui.panels.particle_grid import TileGrid
from gebm_studio.ui.panels.particle_picture import PARTICLES, TARGET
from gebm_studio.ui.panels.particle_tile import FlowTile
from gebm_studio.ui.panels.pointing import nearest


class FlowPanel(Panel[ParticlesPreset]):
    """A square a flow, on shared axes; below them the record, which a person can scrub while the flows go on."""

    kind = "particles"
    part = "flow"
    title = "Particles"
    empty = "Particles appear here and flow to their target. Open F50 or F51, and press run."

    export_wished = Signal(int)
    """The recorded frame that is looked at, −1 for the present."""

    scrubbed = Signal(object)
    """The step of the recorded frame that is looked at, None for the present."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: FlowPart | None = None
        self._pointed: tuple[int, tuple[float, float]] | None = None
        self._single: int | None = None
        self._edited: int | None = None
        self._iteration = 0
        self._refusal = ""
        self._fill_header()
        self._build()

    def sizeHint(self) -> QSize:
        return QSize(840, 480)

    def _fill_header(self) -> None:
        self.arrows_button = self.header.switch(
            "arrows",
            "Arrows along the velocities; in each flow the fastest particles have arrows of one length",
            lambda on: self.setting_changed.emit("view.arrows", on),
        )
        self.export_button = self.header.button(
            "Export flow…", "Write the record as WebP or GIF, the frame that is looked at as PNG, or positions as NPZ"
        )
        self.export_button.clicked.connect(lambda _checked: self.export_wished.emit(self.timeline.at))
        self.header.home("Show everything (double-click in the picture)", self._go_home)

    def _build(self) -> None:
        self.tiles = [FlowTile(colour) for colour in RUN_COLOURS[:MOST_FLOWS]]
        for place, tile in enumerate(self.tiles):
            tile.caption.clicked.connect(lambda _checked, place=place: self._toggle_editor(place))
            tile.picture.pointed.connect(partial(self._point, place))
            tile.picture.moved.connect(partial(self._link, place))
        self.grid = TileGrid(self.tiles, self.canvas)
        legend = FlowBar(self.canvas)
        self.entries: dict[str, Entry] = {}
        for name, role, tip in (
            (TARGET, "data", "Draws of the target, P."),
            (PARTICLES, "base", "Particles, Q, with their trails and velocities."),
        ):
            self.entries[name] = Entry(name, role, checkable=True, parent=legend)
            self.entries[name].setToolTip(tip)
            self.entries[name].clicked.connect(lambda _on: self._arrange())
            legend.add(self.entries[name])
        self.step = QLabel(legend)
        self.step.setFont(theme.current().number_font)
        legend.add(self.step)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.grid, 1)
        column.addWidget(legend)
        self.timeline, self.editor = Timeline(self), FlowEditor(self)
        self.timeline.moved.connect(self._scrub)
        self.editor.edited.connect(self._edit)
        self.editor.refused.connect(self._refuse)
        self.editor.held.connect(self.held)
        self.editor.closed.connect(lambda: self.open_editor(None))
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):  # outside the canvas: an export holds no buttons
            layout.insertWidget(layout.indexOf(self.readout), self.timeline)
            layout.insertWidget(layout.indexOf(self.readout), self.editor)
        for bar in (self.timeline, self.editor):
            bar.hide()

    # What comes from the run

    def clear(self) -> None:
        self._part = self._pointed = self._single = None
        self._refusal = ""
        self.timeline.forget()
        self.timeline.hide()
        self.open_editor(None)
        for tile in self.tiles:
            tile.forget()
        self.scrubbed.emit(None)

    def update_settings(self, preset: ParticlesPreset) -> None:
        super().update_settings(preset)
        self.arrows_button.setChecked(preset.view.arrows)
        for tile, flow in zip(self.tiles, preset.flows, strict=False):
            tile.caption.show_flow(flow)
        self._arrange()
        self._show_editor()

    def pull_fields(self) -> dict[str, object]:
        return {"flow_at": self.timeline.at}

    def take(self, part: FlowPart, frame: Frame) -> None:
        self._part, self._iteration = part, frame.iteration
        self.show_canvas()
        self.grid.show_first(len(part.clouds))
        self.timeline.show_record(part.steps)
        self.timeline.show()
        step = self._iteration if part.live else int(part.steps[part.at])
        if self.step.text() != step_text(step, self._iteration):
            self.step.setText(step_text(step, self._iteration))
        for tile, cloud in zip(self.tiles, part.clouds, strict=False):
            tile.caption.show_state(cloud.label, cloud.note)
            tile.picture.set_home(part.home)
            tile.picture.show_cloud(cloud, part.target)
        self._single_out()
        self._say()

    def restyle(self, look: theme.Theme) -> None:
        for tile in self.tiles:
            tile.picture.restyle(look)
        self.timeline.restyle()

    def _arrange(self) -> None:
        """Show the layers that are chosen."""
        shown = {name for name, entry in self.entries.items() if entry.isChecked()}
        for tile in self.tiles:
            tile.picture.show_layers(shown, self.preset is not None and self.preset.view.arrows)

    # What a person does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not (self.timeline.isVisible() and self.timeline.take_key(event)):
            super().keyPressEvent(event)

    def _scrub(self) -> None:
        self.scrubbed.emit(self.timeline.step)
        self.hovered.emit(None)  # so that the frame is asked for soon, also while the run is paused

    def open_editor(self, place: int | None) -> None:
        """Show the numbers of a flow, or put them away."""
        self._edited = place
        for other, tile in enumerate(self.tiles):
            tile.caption.setChecked(other == place)
            tile.caption.update()
        self._refuse("")
        self._show_editor()

    def _toggle_editor(self, place: int) -> None:
        self.open_editor(None if place == self._edited else place)

    def _show_editor(self) -> None:
        flows = () if self.preset is None else self.preset.flows
        place = self._edited
        if place is not None and place < len(flows):
            tile = self.tiles[place]
            self.editor.show_flow(flows[place], tile.caption.text(), RUN_COLOURS[place])
        self.editor.setVisible(place is not None and place < len(flows))

    def _edit(self, name: str, value: object) -> None:
        place, preset = self._edited, self.preset
        if place is None or preset is None:
            return
        if place == 0:
            self.setting_changed.emit(f"flow.{name}", value)
            return
        others = list(preset.others)
        others[place - 1] = Flow.model_validate(others[place - 1].model_dump() | {name: value})
        self.setting_changed.emit("others", tuple(others))

    def _refuse(self, why: str) -> None:
        self._refusal = why
        self._say()

    def _go_home(self) -> None:
        for tile in self.tiles:
            tile.picture.go_home()
            tile.picture.draw_arrows()

    def _link(self, place: int, extent: object) -> None:
        for other, tile in enumerate(self.tiles):
            if other != place and extent is None:
                tile.picture.go_home()
            elif other != place:
                tile.picture.go_to(extent)  # type: ignore[arg-type]
            tile.picture.draw_arrows()

    def _point(self, place: int, at: tuple[float, float] | None) -> None:
        self._pointed = None if at is None else (place, at)
        for tile in self.tiles:
            tile.picture.crosshair.point_at(at)
        self._single_out()
        self._say()

    def _single_out(self) -> None:
        """Ring the particle nearest to the pointer in all flows: it began at the same place in each."""
        single = None
        if self._pointed is not None and self.entries[PARTICLES].isChecked():
            place, at = self._pointed
            picture = self.tiles[place].picture
            if picture.cloud is not None:
                single = nearest(picture.cloud.points, at, picture.pixels_between)
        self._single = single
        for tile in self.tiles:
            tile.picture.single_out(single)

    def _say(self) -> None:
        part = self._part
        if self._refusal or part is None:
            self.readout.say(self._refusal)
        elif self._pointed is not None:
            self.readout.say(self._reading(part, *self._pointed))
        else:
            looked = "" if part.live else f"recorded frame {count(part.at + 1)} of {count(len(part.steps))} · "
            sizes = f"{count(len(part.clouds[0].points))} particles, {count(len(part.target))} draws of the target"
            speeds = " · ".join(f"{cloud.label} {short(_fastest(cloud.velocity))}" for cloud in part.clouds)
            self.readout.say(f"{looked}{sizes} · fastest: {speeds}")

    def _reading(self, part: FlowPart, place: int, at: tuple[float, float]) -> str:
        """The particle that is singled out: where it is in the flow under the pointer, how fast it is in all."""
        if self._single is None:
            return vector(at)
        single, here = self._single, part.clouds[place].points[self._single]
        speeds = [
            f"{cloud.label} {short(float(np.linalg.norm(cloud.velocity[single])))}"
            for cloud in part.clouds
            if single < len(cloud.points)
        ]
        where = vector((float(here[0]), float(here[1])))
        return f"{vector(at)} · particle {count(single + 1)} at {where} · speed: {' · '.join(speeds)}"


def _fastest(velocity: np.ndarray) -> float:
    """The highest speed of a cloud; NaN where there is none."""
    speeds = np.linalg.norm(velocity, axis=1)
    speeds = speeds[np.isfinite(speeds)]
    return float(speeds.max()) if len(speeds) else float("nan")
