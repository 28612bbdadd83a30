"""Fresh chains from given starts, in small groups that advance in turn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio import samplers, schema
from gebm_studio.experiments import effective
from gebm_studio.experiments.draws import time_of_step
from gebm_studio.experiments.lanes import DESCENTS
from gebm_studio.models import Gebm, calibrated
from gebm_studio.targets import Target

WATCHED = 64
"""Chains whose energy is noted along the way, at most."""
NOTED = 500
"""Draws of each of them, at most."""
_ENOUGH = 65_536
"""Pixels of all images of a group, about."""


def group_size(target: Target, device: torch.device) -> int:
    """How many chains take a step at once: few enough for a short piece of work, whatever the machine's speed."""
    if device.type != "cpu":
        return 1024
    return int(min(256, max(8, _ENOUGH // target.dim)))


class FreshChains:
    """Chains of the sampler's settings, each group with a generator of its own.

    Iterating gives way after each step of a group and yields the share of the steps that is done; what comes out
    depends on model, settings, starts and seed alone. The step size adapts over the first half of the steps at most.

    Arguments:
        model: Sampled, and not changed meanwhile.
        target: Whose held-out data an energy is calibrated to.
        settings: The algorithm, its settings and its temperature.
        starts: Latents (n, d).
        steps: Steps of each chain.
        seed: One of `np.random.SeedSequence`.

    Raises:
        ValueError: Where the energy cannot be calibrated as the settings ask.
    """

    def __init__(
        self, model: Gebm, target: Target, settings: schema.Sampler, starts: Tensor, steps: int, seed: Sequence[int]
    ) -> None:
        self._model, self._settings, self._steps = model, settings, steps
        self._sampler = samplers.make(settings)
        self._adaptation = samplers.adaptation_of(settings, self._sampler)
        calibration = calibrated(settings.calibrated, model, target.held_out)
        self._potential = model.potential(1.0 / settings.temperature, calibration)
        groups = starts.split(group_size(target, model.device))
        seeds = np.random.SeedSequence(seed).generate_state(len(groups), np.uint64)
        self._generators = [torch.Generator(model.device).manual_seed(int(state) >> 1) for state in seeds]
        self._starts, self._states = groups, list[Any]()
        self._stride = max(1, -(-(steps - steps // 2) // NOTED))
        self._noted: list[NDArray[np.float32]] = []
        self.time = math.nan if math.isnan(self._sampler.time_per_step()) else 0.0

    @property
    def position(self) -> Tensor:
        """Where the chains are, (n, d)."""
        return torch.cat([state.position for state in self._states]) if self._states else torch.cat(self._starts)

    @property
    def noted(self) -> NDArray[np.float32]:
        """E(G(z)) along the second half of the steps, of the first chains, (chains, draws)."""
        return np.stack(self._noted, axis=1) if self._noted else np.zeros((0, 0), dtype=np.float32)

    def __iter__(self) -> Iterator[float]:
        total = self._steps * len(self._starts)
        for start, generator in zip(self._starts, self._generators, strict=True):
            self._states.append(self._sampler.init(start, self._potential, generator))
            yield 0.0
        warmup = min(self._settings.warmup, self._steps // 2)
        for step in range(1, self._steps + 1):
            accepted = 0.0
            for group, generator in enumerate(self._generators):
                state, info = self._sampler.step(self._states[group], self._potential, generator)
                self._states[group] = state
                accepted += float(info.acceptance.mean()) * len(state.position)
                yield ((step - 1) * len(self._starts) + group + 1) / total
            self.time += time_of_step(self._sampler, self._states[0])
            if self._adaptation is not None and step <= warmup:
                step_size = self._adaptation.update(accepted / sum(map(len, self._starts)))
                frozen = step == warmup
                self._sampler = replace(self._sampler, step_size=self._adaptation.final if frozen else step_size)
            if step > self._steps // 2 and (self._steps - step) % self._stride == 0:
                self._note()
                yield step / self._steps

    def _note(self) -> None:
        z = torch.cat([state.position for state in self._states[: -(-WATCHED // len(self._starts[0]))]])[:WATCHED]
        self._noted.append(self._model.energies(z).float().cpu().numpy())

    def mixing(self) -> tuple[float, float]:
        """R-hat and bulk effective sample size of E along the second half, of the chains that were watched.

        NaN where nothing can be said: few draws, chains that never moved, or a descent, whose end alone matters.
        """
        noted = self.noted
        if self._settings.name in DESCENTS or not noted.size:
            return math.nan, math.nan
        return effective.rhat(noted), effective.ess_bulk(noted)
