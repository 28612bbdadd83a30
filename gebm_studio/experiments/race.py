"""The race: samplers side by side on ν_β, from one seed and one start, at equal cost."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from gebm_studio import schema
from gebm_studio.experiments import effective, truth
from gebm_studio.experiments.lane_numbers import Judge, Numbers, nothing, numbers_in_pieces
from gebm_studio.experiments.lanes import LaneRun, label, on_plane
from gebm_studio.experiments.pixels import pixels
from gebm_studio.experiments.trace import TRACED
from gebm_studio.messages import Bytes, Floats, LaneResult, RacePart, frozen
from gebm_studio.models import Gebm
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import Target

SLICE, SLICE_LEARNING = 0.008, 0.002
"""Seconds of one `advance`, at rest and beside a model that learns."""
SHARE = 0.25
"""Share of the time that measuring may take while lanes still run."""
TILES = 8
"""Images shown of a lane."""
STREAM = 0x52414345
"""Keeps the race's draws apart from those of the run with the same seed."""


def _no_numbers() -> Numbers:
    density: Floats = frozen(np.zeros((0, 0), dtype=np.float32))
    return nothing(0, density)


@dataclass
class Entry:
    """A lane and what was last said of it."""

    run: LaneRun
    numbers: Numbers = field(default_factory=_no_numbers)


@dataclass(frozen=True)
class Shown:
    """Latents on the plane (k, 2), samples on the plane of view (k, 2), images (g, h, w) or in colour (g, h, w, 3)."""

    latents: Floats
    samples: Floats
    images: Bytes


def shown(plane: Floats, x: torch.Tensor, target: Target, images: bool) -> Shown:
    """Latents on the plane (k, 2) with their G(z) (k, *shape), as frames hold them."""
    tiles: Bytes = pixels(x[:TILES]) if images else frozen(np.zeros((0, 1, 1), dtype=np.uint8))
    points: Floats = target.to_plane(x).float().cpu().numpy().copy()
    return Shown(frozen(plane), frozen(points), tiles)


class Race:
    """Advances the lane whose cost is least, so that all have spent the same; stops them at the budget.

    All lanes begin at the same draws of the prior and draw from generators of the same seed. While the model
    learns they follow it, but nothing is counted or measured; they begin again from the start once it rests.
    """

    def __init__(self, model: Gebm, target: Target, preset: TrainingPreset) -> None:
        self._model, self._target = model, target
        self._settings, self._beta, self._seed = preset.race, 1.0 / preset.sampler.temperature, preset.seed
        self._features = preset.quality.features
        self._entries: list[Entry] = []
        self._measuring: Iterator[None] = iter(())
        self._moved = self._learning = False
        self._begin()
        self._enter([])

    # What a run tells.

    def configure(self, preset: TrainingPreset) -> None:
        """Take changed settings: a changed lane begins again, changed chains or β begin all again."""
        old, self._settings = self._settings, preset.race
        if preset.quality.features != self._features:
            self._features = preset.quality.features
            self._judge.take_features(self._features)
            for entry in self._entries:
                entry.numbers = _no_numbers()
            self._measuring = self._measure()
        beta = 1.0 / preset.sampler.temperature
        if beta != self._beta or preset.race.chains != old.chains:
            if beta != self._beta:
                self._forget_truth()
            self._beta = beta
            self._begin()
            self._enter([])
        elif preset.race.lanes != old.lanes:
            self._enter(self._entries)

    def model_moved(self) -> None:
        """Tell that base or energy have changed."""
        self._moved = True

    def restart(self) -> None:
        """Begin all lanes again from the same starts and the same seed."""
        self._enter([])

    def _begin(self) -> None:
        """Draw the starts that all lanes share."""
        start, noise, prior = np.random.SeedSequence([self._seed, STREAM]).generate_state(3, np.uint64)
        self._noise_seed = int(noise) >> 1
        device = self._model.device
        self._start = self._model.prior(self._settings.chains, torch.Generator(device).manual_seed(int(start) >> 1))
        self._truth_seed = int(prior) >> 1
        generator = torch.Generator(device).manual_seed(self._truth_seed)
        self._judge = Judge(self._model, self._target, self._start, generator, self._features)
        self._truth: truth.Truth | None
        self._forget_truth()

    def _enter(self, kept: list[Entry]) -> None:
        """Make the lanes that the settings ask for; those of `kept` with the same settings go on."""
        kept = list(kept)
        self._entries = []
        for lane in self._settings.lanes:
            known = next((entry for entry in kept if entry.run.lane == lane), None)
            if known is not None:
                kept.remove(known)
            self._entries.append(known or Entry(self._make(lane)))
        self._measuring = self._measure()
        self._due = 0.0

    def _make(self, lane: schema.Lane) -> LaneRun:
        return LaneRun(lane, self._model, self._target, self._start, self._noise_seed, self._beta)

    def _forget_truth(self) -> None:
        self._truth, self._base_astray = None, math.nan
        self._exact = self._shown(torch.empty(0, 1))

    def _shown(self, z: torch.Tensor) -> Shown:
        """Latents (k, d) as they are shown."""
        if not len(z):
            nowhere = np.zeros((0, 2), dtype=np.float32)
            return Shown(frozen(nowhere), frozen(nowhere.copy()), frozen(np.zeros((0, 1, 1), dtype=np.uint8)))
        return shown(on_plane(z), self._model.samples(z.to(self._model.device)), self._target, self._judge.images)

    # Work.

    def advance(self) -> None:
        """Some steps of the lanes that are behind, and at times one piece of measuring."""
        if not self._entries:
            return
        self._follow_model()
        began = time.perf_counter()
        if not self._learning and effective.ready() and began >= self._due:
            next(self._measuring)
            spent = time.perf_counter() - began
            self._due = began + spent / SHARE if self._hindmost() is not None else 0.0
        deadline = began + (SLICE_LEARNING if self._learning else SLICE)
        while (run := self._hindmost()) is not None:
            run.step()
            if time.perf_counter() >= deadline:
                break

    def settle(self) -> Iterator[None]:
        """Measure everything as it is now, in pieces; nothing where the model has just moved."""
        if self._learning or self._moved:
            return
        for _ in self._measure_all():
            yield

    def _follow_model(self) -> None:
        if self._moved:
            self._moved, self._learning = False, True
            self._forget_truth()
            for entry in self._entries:
                entry.run.model_moved()
                entry.numbers = _no_numbers()
            self._measuring = self._measure()
        elif self._learning:
            self._learning = False
            for entry in self._entries:
                entry.run.model_rests()

    def _hindmost(self) -> LaneRun | None:
        """The lane that has spent least, None where all have spent the budget."""
        budget = self._settings.budget or math.inf
        behind = [entry.run for entry in self._entries if entry.run.cost < budget]
        return min(behind, key=lambda run: (run.cost, run.total), default=None)

    def _measure(self) -> Iterator[None]:
        """Without end: all lanes in turn, and the truth where it is not known yet; each piece is small."""
        while True:
            yield from self._measure_all()
            yield

    def _measure_all(self) -> Iterator[None]:
        if self._truth is None:
            generator = torch.Generator(self._model.device).manual_seed(self._truth_seed)
            found = yield from truth.truth_in_pieces(self._model, self._beta, generator)
            self._truth = found
            self._exact = self._shown(found.draws)
            self._base_astray = self._judge.base_astray()
        for entry in self._entries:
            if entry.numbers.steps != entry.run.steps:
                entry.numbers = yield from numbers_in_pieces(entry.run, self._judge, self._truth.home)
                yield

    # What a person sees.

    @property
    def complete(self) -> bool:
        """Whether all lanes have spent the budget and all is measured."""
        measured = all(entry.numbers.steps == entry.run.steps for entry in self._entries)
        return self._truth is not None and measured and self._hindmost() is None

    def part(self) -> RacePart | None:
        """The part of a frame; None without lanes. Everything in it is there already."""
        if not self._entries:
            return None
        known = self._truth or truth.unknown("")
        return RacePart(
            lanes=tuple(self._result(entry, known.energy) for entry in self._entries),
            budget=self._settings.budget,
            exact_energy=known.energy,
            exact_error=known.error,
            truth=known.note,
            exact_density=known.density,
            exact_latents=self._exact.latents,
            exact_samples=self._exact.samples,
            exact_images=self._exact.images,
            latent_home=known.home,
            data_home=self._target.home,
            base_astray=self._base_astray,
            note=self._note(),
            scoring=self._judge.scoring,
        )

    def _result(self, entry: Entry, exact: float) -> LaneResult:
        run, numbers = entry.run, entry.numbers
        diverged = run.diverged
        if diverged and not numbers.diverged:
            numbers = nothing(numbers.steps, numbers.density)
        seen = shown(run.plane[:TRACED], run.samples, self._target, self._judge.images)
        return LaneResult(
            label=label(run.lane),
            law=run.law,
            steps=run.steps,
            cost=run.cost,
            step_size=run.step_size,
            acceptance=numbers.acceptance,
            nonfinite=run.nonfinite,
            diverged=max(diverged, numbers.diverged),
            energy=numbers.energy,
            error=numbers.error,
            bias=numbers.energy - exact,
            ess=numbers.ess,
            ess_per_gradient=numbers.ess_per_gradient,
            rhat=numbers.rhat,
            astray=numbers.astray,
            score=numbers.score,
            latents=seen.latents,
            samples=seen.samples,
            density=numbers.density,
            images=seen.images,
        )

    def _note(self) -> str:
        problems = [entry.run.problem for entry in self._entries if entry.run.problem]
        if self._learning or self._moved:
            return "the model is still learning: the chains follow it, and the race begins once it rests"
        if problems:
            return problems[0]
        adapting = [label(entry.run.lane) for entry in self._entries if entry.run.adapting]
        if adapting:
            return f"still adapting its step size: {', '.join(adapting)}"
        return "the exact law is being found" if self._truth is None else ""
