"""Particle flows: clouds that flow to a target, side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.flows.cloud import Cloud
from gebm_studio.experiments.flows.measuring import Measuring
from gebm_studio.experiments.flows.record import Record
from gebm_studio.experiments.flows.scene import Scene, scene_of
from gebm_studio.experiments.learner import Diverged
from gebm_studio.experiments.stepwise import Stepwise
from gebm_studio.messages import Cloud as CloudShown
from gebm_studio.messages import Floats, FlowCurvesPart, FlowPart, Pull, frozen
from gebm_studio.schema import ParticlesPreset

AT_REST = 0.01
"""Seconds of each frame for measurements that are left while nothing runs."""


class ParticleFlow(Stepwise[ParticlesPreset]):
    """Up to four clouds that take one step each in turn, from the same draws and with noise of the same seed.

    A flow that diverges stands still at its last good state and the others go on. One `advance` is one step of one
    flow, or one piece of a measurement that is due. Positions are recorded as they go by.

    Arguments:
        preset: The settings.
        device: Where to compute; Apple's GPU has no float64, so that the processor does its work.
        folder: Where relative file names of the preset start.

    Raises:
        PresetError: Where a law has no points or cannot be read, or Langevin's target has no smooth density.
    """

    def __init__(self, preset: ParticlesPreset, device: torch.device, folder: str = "") -> None:
        super().__init__(preset, torch.device("cpu") if device.type == "mps" else device, folder)
        self._scene = scene_of(preset, folder, self.device)
        self._begin()

    def _begin(self) -> None:
        """All clouds at the source, nothing recorded or measured."""
        preset, scene = self.preset, self._scene
        self.clouds = [Cloud(flow, scene.source, scene.goal, preset.seed) for flow in preset.flows]
        self.record = Record(len(self.clouds), len(scene.source), preset.view.record)
        self.measuring = Measuring(scene, [flow.name for flow in preset.flows], preset.seed)
        self._iteration = self._turn = 0
        self._curves_anew = True
        self._observe()

    @property
    def iteration(self) -> int:
        """Steps that all flows have taken that go on."""
        return self._iteration

    @property
    def resting(self) -> bool:
        """Never: flows have no end."""
        return False

    @property
    def scene(self) -> Scene:
        """Source and target."""
        return self._scene

    def advance(self) -> None:
        """One step of one flow, or one piece of a measurement.

        Raises:
            Diverged: Once the last flow that was going has stopped.
        """
        if self.measuring.table.measuring:
            self.measuring.table.go_on()
            return
        if all(cloud.stopped for cloud in self.clouds):
            raise Standstill(self.clouds)
        cloud = next((cloud for cloud in self.clouds[self._turn :] if not cloud.stopped), None)
        if cloud is not None:
            self._turn = self.clouds.index(cloud) + 1
            self._step(cloud)
        if all(cloud.stopped for cloud in self.clouds[self._turn :]):
            self._turn = 0
            self._iteration += 1
            self._observe()

    def _step(self, cloud: Cloud) -> None:
        cloud.advance(self._scene.goal)
        if all(cloud.stopped for cloud in self.clouds):
            raise Standstill(self.clouds)
        if cloud.stopped:
            self._notices.append(f"{cloud.label} {cloud.stopped}. The others go on.")

    def _observe(self) -> None:
        """Record and measure all clouds where it is their turn."""
        if self.record.is_due(self._iteration):
            positions = np.stack([cloud.points for cloud in self.clouds])
            self.record.add(self._iteration, positions, np.stack([cloud.arrows for cloud in self.clouds]))
        if self._iteration % self.preset.measure.every == 0:
            self._measure()

    def _measure(self) -> None:
        clouds = [None if cloud.stopped else cloud.state.position for cloud in self.clouds]
        self.measuring.begin(self._iteration, clouds, self.preset.measure)

    def settle(self) -> None:
        """Finish the measurement that has begun."""
        self.measuring.table.settle()

    def measured_in_pieces(self) -> Iterator[None]:
        """Measure all flows as they are now, unless that is done: the newest row is then of this step."""
        table = self.measuring.table
        self.settle()
        if table.latest()["step"] != self._iteration:
            self._measure()
        while table.measuring:
            table.go_on()
            yield

    # What a person changes.

    def put(self, preset: ParticlesPreset) -> None:
        """Take settings that differ in live ones alone.

        Raises:
            PresetError: Where they do not fit; then nothing has changed.
        """
        self._scene = scene_of(preset, self.folder, self.device, of=self._scene)
        super().put(preset)

    def adopt(self, old: ParticlesPreset) -> None:
        """Begin again from another source or with other rules; else go on, by other numbers or to another place."""
        preset = self.preset
        self.record.every = preset.view.record
        if preset.start != old.start or [flow.name for flow in preset.flows] != [flow.name for flow in old.flows]:
            self._begin()
            return
        for cloud, flow in zip(self.clouds, preset.flows, strict=True):
            if cloud.settings != flow:
                cloud.configure(flow)
        if preset.target != old.target:
            self.measuring.table.settle()
            self.measuring.look_at(self._scene)

    def restart_chains(self) -> None:
        """Begin again from the source: step 0, nothing recorded or measured."""
        self._begin()

    # What a person sees.

    def parts(self, pull: Pull, *, known: bool, running: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if not running:
            until = time.perf_counter() + AT_REST
            while self.measuring.table.measuring and time.perf_counter() < until:
                self.measuring.table.go_on()
        if "flow" in pull.needs:
            found["flow"] = self._picture(pull.flow_at)
        if "flow_curves" in pull.needs:
            since = pull.flow_since if known and not self._curves_anew else 0
            found["flow_curves"] = self._curves(since)
            self._curves_anew = False
        return found

    def seen(self, at: int) -> tuple[int, Floats]:
        """The step of a recorded frame, and positions (flows, n, 2) at it; −1 is now."""
        if 0 <= at < len(self.record):
            return self.record.steps[at], self.record.positions(at)
        return self._iteration, np.stack([cloud.points for cloud in self.clouds])

    def _picture(self, at: int) -> FlowPart:
        record, last = self.record, len(self.record) - 1
        live = not 0 <= at <= last
        at = last if live else at
        # A frame of this very step would be its own trail.
        end = at + 1 if live and record.steps[at] < self._iteration else at
        return FlowPart(
            clouds=tuple(
                CloudShown(
                    label=cloud.label,
                    points=frozen(cloud.points) if live else record.positions(at)[index],
                    velocity=frozen(cloud.arrows) if live else record.velocities(at)[index],
                    trail=record.trail(index, end, self.preset.view.trail),
                    note=cloud.said(self._scene.home),
                )
                for index, cloud in enumerate(self.clouds)
            ),
            target=self._scene.shown,
            home=self._scene.home,
            steps=_steps(record),
            at=at,
            live=live,
        )

    def _curves(self, since: int) -> FlowCurvesPart:
        table = self.measuring.table
        since = since if 0 <= since <= len(table) else 0
        return FlowCurvesPart(
            since=since,
            labels=tuple(cloud.label for cloud in self.clouds),
            measures=self.measuring.measures,
            rows=frozen(table.since(since)),
            notes=self.measuring.notes(self.preset.measure),
        )

    # What a file keeps.

    def saved(self) -> Saved:
        """Every cloud under its number, the record and the curves."""
        self.settle()
        groups = {"record": self.record.tensors(), "curves": self.measuring.tensors()}
        groups |= {f"flow{index}": cloud.tensors() for index, cloud in enumerate(self.clouds)}
        tensors = {f"{group}.{name}": x for group, found in groups.items() for name, x in found.items()}
        flows = [cloud.facts() for cloud in self.clouds]
        facts = {"iteration": self._iteration, "turn": self._turn, "thinned": self.record.thinned, "flows": flows}
        return Saved(tensors, facts)

    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: Where it belongs to other settings.
        """
        facts = saved.facts
        for index, (cloud, kept) in enumerate(zip(self.clouds, facts["flows"], strict=True)):
            cloud.load(saved.under(f"flow{index}."), kept)
        self.record.load(saved.under("record."), int(facts["thinned"]))
        self.measuring.load(saved.under("curves."))
        self._iteration, self._turn = int(facts["iteration"]), int(facts["turn"])
        self._curves_anew = True


class Standstill(Diverged):
    """Every flow has stopped."""

    def __init__(self, clouds: Sequence[Cloud]) -> None:
        whys = "; ".join(f"{cloud.label} {cloud.stopped}" for cloud in clouds)
        Exception.__init__(self, f"no flow is left to go on: {whys}")
        self.quantity = "every flow"


def _steps(record: Record) -> Floats:
    steps: Floats = frozen(np.array(record.steps, dtype=np.float32))
    return steps
