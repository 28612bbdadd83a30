"""Draws of the GEBM by chains that are made for the purpose."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gebm_studio import samplers, schema
from gebm_studio.models import Gebm, calibrated
from gebm_studio.targets import Target


class SampleRun:
    """Draws of ν_β by fresh chains that start from the prior, or from latents (count, d) that are given.

    Iterating yields how many of `total` steps are done; `position` (count, d) is where the chains are, and
    `time` the overdamped time that they have advanced, NaN where steps have no length in time; `potential` is U_β.
    Where the settings wish for it, the step size adapts over the first half of the steps at most, and
    the energy is calibrated to the target's held-out data.
    """

    def __init__(
        self, model: Gebm, target: Target, settings: schema.Sampler, count: int, steps: int, generator: torch.Generator,
        start: Tensor | None = None,
    ) -> None:  # fmt: skip
        self._generator, self.total = generator, steps
        self._sampler = samplers.make(settings)
        calibration = calibrated(settings.calibrated, model, target.held_out)
        self.potential = model.potential(1.0 / settings.temperature, calibration)
        self._warmup = min(settings.warmup, steps // 2)
        self._adaptation = samplers.adaptation_of(settings, self._sampler)
        self.position = model.prior(count, generator) if start is None else start
        self.time = math.nan if math.isnan(self._sampler.time_per_step()) else 0.0

    def __iter__(self) -> Iterator[int]:
        state = self._sampler.init(self.position, self.potential, self._generator)
        for done in range(1, self.total + 1):
            state, info = self._sampler.step(state, self.potential, self._generator)
            self.position = state.position
            self.time += time_of_step(self._sampler, state)
            if self._adaptation is not None and done <= self._warmup:
                step_size = self._adaptation.update(float(info.acceptance.mean()))
                frozen = done == self._warmup
                self._sampler = replace(self._sampler, step_size=self._adaptation.final if frozen else step_size)
            yield done


def time_of_step(sampler: Any, state: Any) -> float:
    """Overdamped time of a step with which a sampler came to a state; NaN where steps have no length in time."""
    if isinstance(state, samplers.TemperingState):  # its rungs tune their own steps
        return float(state.step_sizes[0])
    time: float = sampler.time_per_step()
    return time
