"""A sweep: many small trainings one after another, between the steps of the run that goes on beside them."""

from __future__ import annotations

import math
import time

import numpy as np
import torch
from torch import Tensor

from gebm_studio.diagnostics import student
from gebm_studio.experiments import sweep_score
from gebm_studio.experiments.sweep_plan import METHODS, Plan, plan_of, trial_preset
from gebm_studio.experiments.sweep_score import Score, data_score
from gebm_studio.experiments.sweep_trial import TrialRun
from gebm_studio.messages import Doubles, SweepPart, frozen
from gebm_studio.models import Gebm
from gebm_studio.presets import PresetError
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import Target

SLICE = 0.008
"""Most seconds of one `advance`; a step that is begun is finished."""
PAUSE = 1.0
"""A longer gap between two calls was a pause of the run and counts as no time."""
FRESH = 0.1
"""Seconds for which a part that was made stays as it is, unless a training has ended."""
DATA_SEED = 982_451


class Sweep:
    """An exhibit: takes its share of the time after each step of the run and fills its table.

    What it trains follows from the settings alone, and each training from its own seed: neither the run beside it nor
    a pause or the end of the process changes a result. A training that was cut off begins again from its seed.

    Raises:
        PresetError: Where the target names no modes, or the preset's networks do not take what the study sets.
    """

    def __init__(self, model: Gebm, target: Target, preset: TrainingPreset) -> None:
        self._target, self._preset, self._share = target, preset, preset.sweep.share
        self._plan = plan_of(preset)
        if self._plan.trials and target.modes is None:
            raise PresetError([
                f"sweep.study: its score needs a target that names at least two modes, {preset.target.kind} does not; "
                "use target ring or grid"
            ])  # fmt: skip
        for trial in self._plan.trials[: len(self._plan.methods)]:
            trial_preset(preset, trial)
        self._data_score = data_score(target, DATA_SEED) if self._plan.trials else math.nan
        self._results: list[Score] = []
        self._running: TrialRun | None = None
        self._owed, self._left = 0.0, math.nan
        steps = [trial.changes["training.energy_steps"] + 1 for trial in self._plan.trials]
        self._steps = np.array(steps, dtype=np.float64) * preset.sweep.iterations
        self._methods = np.array([trial.method for trial in self._plan.trials], dtype=np.intp)
        self._spent, self._taken = np.zeros(len(METHODS)), np.zeros(len(METHODS))
        self._clock = 0.0
        self._made: tuple[float, int, SweepPart] | None = None

    # What a run tells.

    def configure(self, preset: TrainingPreset) -> None:
        """Take the share of time; nothing else of a sweep changes while it runs."""
        self._share = preset.sweep.share

    def model_moved(self) -> None:
        """Nothing: each training has a model of its own."""

    def restart(self) -> None:
        """Nothing: no chain takes part, and the same trainings would end in the same table."""

    # Work.

    @property
    def plan(self) -> Plan:
        """All trainings in their order."""
        return self._plan

    @property
    def results(self) -> tuple[Score, ...]:
        """What the trainings that have ended came to, in the same order."""
        return tuple(self._results)

    @property
    def done(self) -> int:
        """Trainings that have ended."""
        return len(self._results)

    @property
    def total(self) -> int:
        """All trainings."""
        return len(self._plan.trials)

    @property
    def complete(self) -> bool:
        """Whether the table is full."""
        return self.done == self.total

    def advance(self) -> None:
        """As many steps as the share of the time since the last call allows."""
        if self.complete:
            return
        now = time.perf_counter()
        gap = now - self._left if now - self._left < PAUSE else 0.0
        self._clock += gap
        self._owed = min(self._owed + gap * self._share / (1.0 - self._share), SLICE)
        while self._owed > 0 and not self.complete:
            self._owed -= self.work()
        self._left = time.perf_counter()

    def work(self) -> float:
        """One step of the training under way; the seconds that it took."""
        began = time.perf_counter()
        trial = self._plan.trials[self.done]
        if self._running is None:
            self._running = TrialRun(trial_preset(self._preset, trial), self._target, self._preset.sweep.iterations)
        score = self._running.step()
        if score is not None:
            self._results.append(score)
            self._running = None
        seconds = time.perf_counter() - began
        self._clock += seconds
        self._spent[trial.method] += seconds
        self._taken[trial.method] += 1
        return seconds

    # What a file keeps.

    def tensors(self) -> dict[str, Tensor]:
        """The results in their order, (done, 4); empty without a study."""
        if not self._plan.trials:
            return {}
        rows = [(one.score, one.quality, one.found, float(one.diverged)) for one in self._results]
        return {"results": torch.tensor(rows, dtype=torch.float64).reshape(-1, 4)}

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave; the training that was under way begins again.

        Raises:
            KeyError: Where there are no results.
            ValueError: Where they are of another sweep.
        """
        rows = tensors["results"]
        if rows.dim() != 2 or rows.shape[1] != 4 or len(rows) > self.total:
            raise ValueError(f"results of a sweep are ({self.total} at most, 4), got {tuple(rows.shape)}")
        self._results = [Score(score, quality, found, bool(lost)) for score, quality, found, lost in rows.tolist()]
        self._running, self._made = None, None

    # What a person sees.

    def part(self) -> SweepPart | None:
        """The table as far as it is filled; None without a study."""
        if not self._plan.trials:
            return None
        now = time.monotonic()
        if self._made is None or self._made[1] != self.done or now - self._made[0] > FRESH:
            self._made = now, self.done, self._part()
        return self._made[2]

    def _part(self) -> SweepPart:
        plan = self._plan
        shape = (len(plan.rows), plan.repeats, len(plan.methods))
        scores, quality, found = (np.full(shape, math.nan) for _ in range(3))
        diverged = np.zeros(shape, dtype=np.bool_)
        for trial, result in zip(plan.trials, self._results, strict=False):
            place = trial.row, trial.repeat, trial.method
            scores[place], quality[place], found[place] = result.score, result.quality, result.found
            diverged[place] = result.diverged
        return SweepPart(
            study=self._preset.sweep.study,
            rows=plan.rows,
            methods=plan.labels,
            scores=frozen(scores),
            quality=frozen(quality),
            found=frozen(found),
            diverged=frozen(diverged),
            means=frozen(_means(scores)),
            data_score=self._data_score,
            protocol=sweep_score.PROTOCOL.format(core=f"radius {self._target.mode_radius:.3g}"),
            done=self.done,
            total=self.total,
            going=self._going(),
            part_done=self._part_done(),
            elapsed=self._clock,
            rest=self._rest(),
        )

    def _going(self) -> str:
        if self.complete:
            return ""
        trial, plan = self._plan.trials[self.done], self._plan
        method = plan.labels[trial.method]
        if plan.repeats > 1:
            return f"{plan.rows[trial.row].partition(':')[0]}, seed {trial.repeat + 1} of {plan.repeats}, {method}"
        return f"network {trial.row + 1} of {len(plan.rows)}, {method}"

    def _part_done(self) -> float:
        return self._running.iteration / self._preset.sweep.iterations if self._running is not None else 0.0

    def _rest(self) -> float:
        """Seconds that what is left takes at the pace of this process; methods not met yet count as the slowest."""
        if self.complete:
            return 0.0
        if not self._clock or not self._taken.any():
            return math.nan
        pace = np.divide(self._spent, self._taken, out=np.zeros_like(self._spent), where=self._taken > 0)
        pace[self._taken == 0] = pace.max()
        left = self._steps[self.done :].copy()
        left[0] *= 1.0 - self._part_done()
        work = float((left * pace[self._methods[self.done :]]).sum())
        return work * self._clock / float(self._spent.sum())


def _means(scores: Doubles) -> Doubles:
    """Mean and half interval over repeats, (rows, methods, 2)."""
    rows, _, methods = scores.shape
    found = np.empty((rows, methods, 2))
    for row in range(rows):
        for method in range(methods):
            column = scores[row, :, method]
            found[row, method] = student(column[np.isfinite(column)].tolist())
    return found
