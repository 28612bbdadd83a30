"""W₂ from the chains' law to the posterior against time, in several latent dimensions (F10).

For G(z) = z and E(x) = ½μ|x − m|² the posterior is ν_β = N(βμm/ω², 1/ω²) in every coordinate, ω² = 1 + βμ. The
chains start from the prior; the distance is that of Gaussians with the sample's mean and covariance.
"""

from __future__ import annotations

import math
import time
from typing import Any

from gebm_studio import schema
from gebm_studio.experiments.decay_line import Line, fall_in_a_step, problem
from gebm_studio.experiments.decay_theory import theory_of
from gebm_studio.messages import DecayPart
from gebm_studio.models import Gebm
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import Target

BUDGET = 0.008
"""Seconds of work at the end of one iteration; a piece that is begun is finished."""
FRESH = 0.2
"""Seconds for which a part that was made stays as it is."""
SEED = 611_953
_IN_TIME = ("ula", "mala", "random_walk", "zero_temperature", "sphere", "dgflow", "tempering")
_KINETIC = ("kinetic", "ghmc")
_ELSEWHERE = {"chains", "steps", "warmup", "target_acceptance", "calibration"}
"""Settings of the chains that say nothing of these."""


class Decay:
    """An exhibit: chains of the preset's sampler on the exact model, with one line for each dimension."""

    def __init__(self, model: Gebm, target: Target, preset: TrainingPreset) -> None:
        self._preset = preset
        self._lines: list[Line] = []
        self._goal = 0
        self._made: tuple[float, DecayPart] | None = None
        self.restart()

    def advance(self) -> None:
        """As many steps as the preset's chains take in an iteration, as far as the time for it goes."""
        began = time.perf_counter()
        behind = [line for line in self._lines if not line.done]
        if not behind:
            return
        self._goal = min(line.steps for line in behind) + self._preset.sampler.steps
        while time.perf_counter() - began < BUDGET:
            waiting = [line for line in behind if line.steps < self._goal and not line.done]
            if not waiting:
                return
            min(waiting, key=lambda line: line.steps).work()

    def configure(self, preset: TrainingPreset) -> None:
        """Begin again where the algorithm or one of its settings has changed."""
        old, self._preset = self._preset, preset
        if _that_matters(old.sampler) != _that_matters(preset.sampler):
            self.restart()

    def model_moved(self) -> None:
        """Nothing: the model of these chains is their own."""

    def restart(self) -> None:
        """Begin again from the same seed."""
        section, sampler = self._preset.decay, self._preset.sampler
        posterior = problem(section, sampler.temperature)
        self._theory = theory_of(sampler, posterior.curvature)
        time_per_step, self._axis = clock(sampler)
        seed = SEED * (self._preset.seed + 1)
        self._lines = [
            Line(dim, posterior, sampler, section.chains, self._theory, time_per_step, seed + place)
            for place, dim in enumerate(section.dimensions)
        ]
        fall = fall_in_a_step(self._theory, posterior) if self._theory is not None and posterior.pull else math.nan
        self._rate = fall / time_per_step
        self._continuous = -posterior.curvature if posterior.centre else -2 * posterior.curvature
        self._made = None

    def part(self) -> DecayPart | None:
        """The curves; None where the preset wishes for none."""
        if not self._lines:
            return None
        now = time.monotonic()
        if self._made is None or now - self._made[0] > FRESH:
            words = f"Lines are {self._theory.words}." if self._theory else f"No theory of {self._preset.sampler.name}."
            curves = tuple(line.curve() for line in self._lines)
            self._made = now, DecayPart(curves, self._axis, words, self._rate, self._continuous)
        return self._made[1]


def clock(sampler: schema.Sampler) -> tuple[float, str]:
    """The time of one step, and what the time is called; steps are counted where they have no length in time."""
    if sampler.name in _IN_TIME:
        return sampler.step_size, "overdamped time kδ"
    if sampler.name in _KINETIC:
        return sampler.step_size, "time kh"
    return 1.0, "steps k"


def _that_matters(sampler: schema.Sampler) -> dict[str, Any]:
    return sampler.model_dump(exclude=_ELSEWHERE)
