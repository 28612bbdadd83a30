"""Latent space: the potential that the chains feel, and the chains moving in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from gebm_studio.messages import Frame, LatentPart, Reading
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.image import MapImage
from gebm_studio.ui.panels.legend import ColourKey, Entry
from gebm_studio.ui.panels.line import LineView
from gebm_studio.ui.panels.numbers import short, vector
from gebm_studio.ui.panels.panel import Panel, Probe
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import PointSet, crowded
from gebm_studio.ui.panels.proposals import Proposals
from gebm_studio.ui.panels.trails import Trails

POTENTIAL_TIP = "U(z) = ½|z|² + βE(G(z)): what the chains feel. Strong colour is where they like to be."


class LatentPanel(Panel[TrainingPreset]):
    """The chains on the potential: on a plane, or on a line where the latent has one dimension."""

    part = "latent"
    title = "Latent space"
    empty = "The potential U(z) and the latent chains moving in it appear here. Open a preset and press run."

    point_hovered_in_data = Signal(object)
    """The image in data space of the latent point under the pointer, None where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: LatentPart | None = None
        self._probe: Probe | None = None
        self._reading: Reading | None = None
        self._told: tuple[float, ...] | None = None
        self._steps = -1
        self._heading = QLabel(self.header)
        self._heading.setToolTip(
            "What of the latent space is shown (a plane goes through the origin), and its dimension d."
        )
        self.header.add(self._heading)
        self.header.home("Show everything (double-click in the picture)", self._go_home)
        self.plane = Plane()
        self.line = LineView()
        self._views = QStackedWidget(self.canvas)
        for view in (self.plane, self.line):
            view.pointed.connect(self._point)
            view.moved.connect(lambda _extent: self.hovered.emit(self._probe))
            self._views.addWidget(view)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        self._legend = FlowBar(self.canvas)
        self.entry = Entry("chains", "chains", checkable=True, parent=self._legend)
        self.entry.setToolTip("Persistent chains z ~ ν_β(z) ∝ η(z) exp(−βE(G(z))); trails show where they were.")
        self.entry.clicked.connect(self._show_chains)
        self.proposals = Entry("accepted / rejected", "error", checkable=True, parent=self._legend)
        self.proposals.setToolTip(
            "What the last steps proposed: a line to where a chain went, a cross where it was refused to go."
        )
        self.paths = Entry("paths", "chains", checkable=True, parent=self._legend)
        self.paths.setToolTip("Hamiltonian paths of the first chains to their proposals, red where these were refused.")
        for entry in (self.proposals, self.paths):
            entry.hide()
            entry.clicked.connect(self._show_moves)
        self.map_key = ColourKey(self._legend)
        self.map_key.setToolTip(POTENTIAL_TIP)
        self.map_key.hide()
        for part in (self.entry, self.proposals, self.paths, self.map_key):
            self._legend.add(part)
        for entry in self.line.entries(self._legend):
            self._legend.add(entry)
        column.addWidget(self._legend)
        column.addWidget(self._views, 1)

    def take(self, part: LatentPart, frame: Frame) -> None:
        if self._part is None or self._part.dim != part.dim:
            self._heading.setText(_where(part.dim))
        self._part = part
        self.show_canvas()
        flat = part.dim == 1
        if frame.sampler_steps < self._steps:
            self._forget_moves()  # the chains have begun again
        new_step, self._steps = frame.sampler_steps != self._steps, frame.sampler_steps
        view = self.line if flat else self.plane
        if self._views.currentWidget() is not view:
            self._views.setCurrentWidget(view)
        if flat:
            self.line.show_part(part, new_step)
        else:
            self.plane.show_part(part, theme.current(), new_step)
            if part.map is not None:
                look = theme.current()
                self.map_key.show_scale("U(z)", self.plane.map.table(look), *self.plane.map.shown_levels)
        self.map_key.setVisible(not flat and self.plane.map.map is not None)
        self.line.show_entries(flat)
        self.proposals.set_name("rejected" if flat else "accepted / rejected")
        self.proposals.setVisible(bool(len(part.accepted)))
        self.paths.setVisible(bool(part.paths.size))
        self._say()

    def clear(self) -> None:
        self._steps = -1
        self._part = self._reading = self._probe = None
        self._heading.setText("")
        self.plane.forget()
        self.line.forget()
        self._go_home()

    def update_settings(self, preset: TrainingPreset) -> None:
        super().update_settings(preset)
        self.plane.trails.set_length(preset.view.trail)

    def pull_fields(self) -> dict[str, object]:
        fields: dict[str, object] = {}
        if self._part is not None and self._part.dim > 1:
            fields["latent_extent"] = self.plane.extent
        if self._probe is not None:
            fields["probe"] = self._probe
        return fields

    def show_reading(self, reading: Reading | None) -> None:
        self._reading = reading
        if reading is not None and reading.space == "latent" and self._probe is not None:
            self._tell(reading.x)
        else:
            self._tell(None)
        self._say()

    def mark_latent(self, z: object) -> None:
        """Mark a latent vector of any length; None takes the mark away."""
        vector_ = None if z is None else np.asarray(z, dtype=np.float64).ravel()
        self.plane.mark_at(vector_)
        self.line.mark_at(vector_)

    def restyle(self, look: theme.Theme) -> None:
        self.plane.restyle(look)
        self.line.restyle(look)
        if self.plane.map.map is not None:
            self.map_key.show_scale("U(z)", self.plane.map.table(look), *self.plane.map.shown_levels)

    def hideEvent(self, event: QHideEvent) -> None:
        # While hidden no frames come: a trail across the gap would be a lie.
        self._forget_moves()
        super().hideEvent(event)

    def _show_chains(self, on: bool) -> None:
        self.plane.chains.setVisible(on)
        self.plane.trails.setVisible(on)
        self.line.rug.setVisible(on)
        self._show_moves()

    def _show_moves(self) -> None:
        chains, proposals = self.entry.isChecked(), self.proposals.isChecked()
        self.plane.moves.set_shown(chains and proposals, chains and self.paths.isChecked())
        self.line.refused.crosses.setVisible(chains and proposals)

    def _forget_moves(self) -> None:
        self.plane.trails.forget()
        self.plane.moves.forget()
        self.line.refused.forget()

    def _go_home(self) -> None:
        self.plane.go_home()
        self.line.go_home()
        self.hovered.emit(self._probe)

    def _point(self, at: tuple[float, float] | None) -> None:
        flat = self._part is not None and self._part.dim == 1
        self._probe = None if at is None else ("latent", at[:1] if flat else at)
        if at is None:
            self._reading = None
            self._tell(None)
        (self.line if flat else self.plane).crosshair.point_at(at)
        self._say()
        self.hovered.emit(self._probe)

    def _tell(self, x: tuple[float, ...] | None) -> None:
        if x != self._told:
            self._told = x
            self.point_hovered_in_data.emit(x)

    def _say(self) -> None:
        part, reading = self._part, self._reading
        if part is None:
            self.readout.say("")
        elif self._probe is None:
            mean = float(np.nanmean(part.energy)) if np.isfinite(part.energy).any() else float("nan")
            count = len(part.chains)
            self.readout.say(f"{count} {'chain' if count == 1 else 'chains'}, mean E {short(mean)}")
        elif reading is not None and reading.space == "latent" and reading.z is not None:
            potential = "" if reading.potential is None else f"U {short(reading.potential)}, "
            self.readout.say(
                f"z = {vector(reading.z, 3)}: {potential}E {short(reading.energy)}, "
                f"log weight {short(reading.log_weight)} · G(z) = {vector(reading.x, 3)}"
            )
        else:
            self.readout.say(f"z = {vector(self._probe[1])}: …")


class Plane(Plot):
    """The plane of the first two latent coordinates."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(equal=True, parent=parent)
        self.map, self.trails, self.moves = MapImage(), Trails(), Proposals()
        self.chains, self.mark = PointSet(6.5), PointSet(10.0)
        moves = (self.moves.paths, self.moves.lines, self.moves.refused.crosses)
        items: tuple[Any, ...] = (self.map, self.trails, *moves, self.chains, self.mark)
        for depth, item in enumerate(items):
            item.setZValue(depth - 10)
            self.add(item)
        self.restyle(theme.current())

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if hasattr(self, "mark"):
            self.map.restyle(look)
            self.trails.restyle(look)
            self.moves.restyle(look)
            self.chains.set_colours(look.chains, rim=look.plot)
            self.mark.set_colours(look.base, rim=look.chains)

    def show_part(self, part: LatentPart, look: theme.Theme, new_step: bool) -> None:
        """Show the newest chains, what they proposed in a new step, and the potential where a new map came."""
        self.set_home(part.home)
        if part.map is not None:
            self.map.show_map(part.map, look)
        if self.chains.isVisible():
            self.chains.set_points(part.chains, scales=crowded(len(part.chains)))
            self.trails.set_span(part.home[1] - part.home[0])
            self.trails.add(part.chains)
            if new_step:
                self.moves.show_step(part)

    def mark_at(self, z: NDArray[np.float64] | None) -> None:
        """Mark the first two coordinates of a latent vector."""
        self.mark.set_points(np.empty((0, 2)) if z is None or len(z) < 2 else z[None, :2])

    def forget(self) -> None:
        """Show nothing of the last run."""
        self.map.forget()
        self.trails.forget()
        self.moves.forget()
        self.chains.set_points(np.empty((0, 2)))
        self.mark_at(None)
        self.crosshair.point_at(None)


def _where(dim: int) -> str:
    if dim == 1:
        return "z; d = 1"
    return "z₁ across, z₂ up; d = 2" if dim == 2 else f"plane of z₁, z₂; d = {dim}"
