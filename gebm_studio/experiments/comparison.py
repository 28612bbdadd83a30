"""Two to four trainings in lockstep on the same data and seeds, as one running thing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.judge import Law
from gebm_studio.experiments.learner import Diverged
from gebm_studio.experiments.scoring import LAWS, Scoring
from gebm_studio.experiments.side_by_side import SideBySide
from gebm_studio.experiments.training import Training
from gebm_studio.messages import CriticPart, Frame, LayerNorms, Pull, SetValue, State, StepOnce
from gebm_studio.presets import PresetError, changed, describe_path, parse, to_toml, variants
from gebm_studio.schema import TrainingPreset

FRONT = "compare.front"
SCORED = "scores."
AT_REST = 0.03
"""Seconds of each frame for scores while nothing runs."""
LEARNING = ("training", "objective")
"""A change in one of these sections lets a run that diverged try again."""


class Comparison:
    """Trainings that each take one iteration in turn; all see the same batches, latents and first weights.

    A run that diverges stays at its last good state and the others go on. `advance` does one small
    piece of work of the run that is farthest behind.

    Arguments:
        preset: The settings, with the runs in `compare`.
        device: Where to compute.
        folder: Where relative file names of the preset start.
        kind: What each run is made as.

    Raises:
        PresetError: Where a run's changes, the target's data, or the parts do not fit.
    """

    def __init__(
        self, preset: TrainingPreset, device: torch.device, folder: str = "", kind: type[Training] = Training
    ) -> None:
        self.preset, self.device, self.folder, self._kind = preset, device, folder, kind
        self.settings_version = 0
        self._runs = [kind(alone, device, folder) for alone in variants(preset)]
        self._stopped: dict[int, str] = {}
        self._notices: list[str] = []
        self._lay_out()
        self._judge()

    def _lay_out(self) -> None:
        self._side_by_side = SideBySide(self._runs, self.preset)
        laws: list[tuple[Law, ...]] = [LAWS if run.law == "gebm" else ("base",) for run in self.preset.compare.runs]
        self.scoring = Scoring(self._runs, laws, self.preset.seed)

    @property
    def runs(self) -> dict[str, Training]:
        """Every training by its label."""
        return {run.label: training for run, training in zip(self.preset.compare.runs, self._runs, strict=True)}

    @property
    def front(self) -> Training:
        """The training that panels and exports show."""
        return self._runs[self.preset.compare.front]

    @property
    def stopped(self) -> dict[str, str]:
        """Why each run that diverged stands still, by its label."""
        return {self.preset.compare.runs[index].label: why for index, why in self._stopped.items()}

    @property
    def scores(self) -> dict[str, dict[str, dict[str, float]]]:
        """The newest scores by label, law and name, with the ends of their 95 % intervals; "data" is the floor."""
        found: dict[str, dict[str, dict[str, float]]] = {run.label: {} for run in self.preset.compare.runs}
        for (index, law), row in self.scoring.newest.items():
            found[self._label(index)][law] = {name: x for name, x in row.items() if name not in ("run", "law")}
        floor: dict[str, float] = {}
        for name, (value, low, high) in self.scoring.floor.items():
            floor |= {name: value, f"{name}_low": low, f"{name}_high": high}
        return found | {"data": {"data": floor}}

    def scored_in_pieces(self) -> Iterator[None]:
        """Score all runs as they are now, unless that is done: after it, `scores` are of this iteration."""
        newest = [row["iteration"] for row in self.scoring.newest.values()]
        if self.scoring.under_way != self.iteration and (not newest or max(newest) != self.iteration):
            self.scoring.begin(self.iteration, range(len(self._runs)))
        while self.scoring.busy:
            self.scoring.go_on()
            yield

    @property
    def iteration(self) -> int:
        """How many base iterations all runs have done, those that diverged left out while others go on."""
        return min(self._runs[index].iteration for index in self._going() or range(len(self._runs)))

    @property
    def resting(self) -> bool:
        """Never: chains move without end."""
        return False

    def _going(self) -> list[int]:
        return [index for index in range(len(self._runs)) if index not in self._stopped]

    # What the runs do.

    def advance(self) -> None:
        """One small piece of work of the run that is farthest behind.

        Raises:
            Diverged: Once the last run that was going has diverged.
        """
        self.scoring.go_on()
        before = self.iteration
        if self.scoring.busy and self._is_due(before + 1):
            return  # scores come to their end a piece at a time before the next begin, not all at once
        self._among(self._behind(), Training.advance)
        if self.iteration != before:
            self._judge()

    def _judge(self) -> None:
        """Begin to score all runs where the rhythm of the truth asks for it."""
        if self._is_due(self.iteration):
            self.scoring.begin(self.iteration, self._going())

    def _is_due(self, iteration: int) -> bool:
        training = self.preset.training
        return iteration % training.metrics_every == 0 and iteration % training.truth_every == 0

    def _behind(self) -> int:
        going = self._going()
        if not going:
            index, why = next(iter(self._stopped.items()))
            raise Standstill(f"{self._label(index)}: {why}")
        return min(going, key=lambda index: self._runs[index].iteration)  # the first of several

    def _among(self, index: int, do: Callable[[Training], object]) -> None:
        """Let one run do something; one that diverges stops alone as long as another goes on."""
        try:
            do(self._runs[index])
        except Diverged as error:
            self._stopped[index] = str(error)
            if not self._going():
                raise Standstill(f"{self._label(index)}: {error}") from error
            self._notices.append(
                f"{self._label(index)} diverged: {error}. It stands at its last good state, iteration "
                f"{self._runs[index].iteration}; the others go on."
            )

    def _label(self, index: int) -> str:
        return self.preset.compare.runs[index].label

    def step(self, command: StepOnce) -> None:
        """Take single steps of one kind in every run.

        Raises:
            Diverged: Once the last run that was going has diverged.
        """
        self._behind()
        before = self.iteration
        for index in self._going():
            self._among(index, lambda run: run.step(command))
        if self.iteration != before:
            self._judge()

    def train(self, iterations: int) -> None:
        """Advance all runs that go on by a number of base iterations.

        Raises:
            Diverged: Once the last run that was going has diverged.
        """
        goal = self.iteration + iterations
        while self.iteration < goal:
            self.advance()
        self.settle()

    def settle(self) -> None:
        """Finish what every run has begun.

        Raises:
            Diverged: Once the last run that was going has diverged.
        """
        for index in range(len(self._runs)):
            self._among(index, Training.settle)

    def take_notices(self) -> list[str]:
        """Which runs have diverged since the last call, a line each."""
        notices, self._notices = self._notices, []
        return notices

    # What a person changes.

    def set_value(self, command: SetValue) -> None:
        """Change one live setting of all runs but those whose own changes name it.

        Raises:
            PresetError: Where there is no such setting, the value is out of range, or it needs a restart.
        """
        path = command.path
        if not describe_path(self.preset, path).live:
            raise PresetError([f"{path}: needs a restart; apply it with reset"])
        preset = changed(self.preset, {path: command.value})
        own = [_names(run.changes, path) for run in preset.compare.runs]
        members = [
            None if path == FRONT or named else changed(run.preset, {path: command.value})
            for run, named in zip(self._runs, own, strict=True)
        ]
        self.preset = preset
        self.settings_version += 1
        if path == FRONT:
            self.front.views.show_anew()
        for index, (run, member) in enumerate(zip(self._runs, members, strict=True)):
            if member is not None:
                run.adopt(member)
                if path.partition(".")[0] in LEARNING:
                    self._stopped.pop(index, None)

    def restart_chains(self) -> None:
        """Begin all chains of all runs again from the prior."""
        for run in self._runs:
            run.restart_chains()

    # What a person sees.

    def frame(self, pull: Pull, *, run_id: int, state: State, rate: float, device: str) -> Frame:
        """The frame of the run in front, with the settings of the whole, and all runs side by side.

        Curves that the window holds of another run count as none.
        """
        known, front = pull.run_id == run_id, self.preset.compare.front
        asked = replace(pull, curves_since=pull.curves_since if pull.curves_front == front else 0)
        frame = self.front.frame(asked, run_id=run_id, state=state, rate=rate, device=device)
        current = known and pull.settings_version == self.settings_version
        compare = None
        if "compare" in pull.needs:
            running, since = state == "running", pull.compare_since if known else ()
            if not running:
                self._score_at_rest()
            compare = self._side_by_side.part(
                self.preset, self._stopped, since, self.scoring, extent=pull.compare_extent, running=running
            )
        return replace(
            frame,
            iteration=self.iteration,
            settings_version=self.settings_version,
            preset=None if current else self.preset,
            compare=compare,
            critic=self._critics(frame.critic, pull, running=state == "running"),
            front=front,
        )

    def _critics(self, front: CriticPart | None, pull: Pull, *, running: bool) -> CriticPart | None:
        """The critic of the run in front; where gradients a layer are shown, with those of all runs."""
        if front is None or front.view != "layers":
            return front
        layers: list[LayerNorms] = []
        for label, run in self.runs.items():
            part = run.critic_part(pull, running)
            layers += [replace(found, label=label) for found in (part.layers if part is not None else ())]
        return replace(front, layers=tuple(layers), note="" if layers else front.note)

    def _score_at_rest(self) -> None:
        """Scores are of copies: they can go on while the runs stand still, and come out the same."""
        until = time.perf_counter() + AT_REST
        while self.scoring.busy and time.perf_counter() < until:
            self.scoring.go_on()

    # What a file keeps.

    def saved(self) -> Saved:
        """Every run, its tensors under its number, with its own settings: a step size may have adapted."""
        self.settle()
        tensors: dict[str, Tensor] = {}
        facts = []
        for index, run in enumerate(self._runs):
            saved = run.saved()
            tensors |= {f"run{index}.{name}": value for name, value in saved.tensors.items()}
            facts.append(saved.facts | {"settings": to_toml(run.preset)})
        scores = self.scoring.saved()
        tensors |= {f"{SCORED}{name}": value for name, value in scores.tensors.items()}
        stopped = {str(index): why for index, why in self._stopped.items()}
        return Saved(tensors, {"runs": facts, "stopped": stopped, "scores": scores.facts})

    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: Where it belongs to other settings.
        """
        for index, facts in enumerate(saved.facts["runs"]):
            preset = parse(facts["settings"], self._label(index))
            if not isinstance(preset, TrainingPreset):
                raise TypeError(f"a run of a comparison is of kind {preset.kind}")
            if preset != self._runs[index].preset:
                self._runs[index] = self._kind(preset, self.device, self.folder)
            self._runs[index].take_back(Saved(saved.under(f"run{index}."), facts))
        self._stopped = {int(index): str(why) for index, why in saved.facts["stopped"].items()}
        self._lay_out()
        self.scoring.take_back(Saved(saved.under(SCORED), saved.facts["scores"]))


class Standstill(Diverged):
    """Every run has diverged before."""

    def __init__(self, why: str) -> None:
        Exception.__init__(
            self, f"no run is left to go on, all have diverged ({why}); change training or objective, or reset"
        )
        self.quantity = "every run"


def _names(changes: Mapping[str, Any], path: str) -> bool:
    """Whether a run's own changes name a setting, or choose the kind of part that it belongs to."""
    group = path.partition(".")[0]
    return path in changes or group in changes or f"{group}.kind" in changes
