"""What decides the films of the gallery: a model at rest, the sampler's and the reel's settings, and a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gebm_studio import schema
from gebm_studio.experiments.reel.great_circle import great_circle
from gebm_studio.experiments.reel.recorded import RecordedChains, kept_steps
from gebm_studio.experiments.reel.words import Words
from gebm_studio.models import Gebm
from gebm_studio.samplers import SharedNoise
from gebm_studio.schema.images import Reel as ReelSettings
from gebm_studio.targets import Target

STREAM = 0x5245454C
"""Keeps the reel's draws apart from those of the run with the same seed."""
MOST = 256
"""Starts are drawn for so many chains, so that fewer of them begin at the same places."""
LOOKS = 12
"""States that are kept of a way whose points are carried: its images are those of the newest."""

Settings = tuple[schema.Sampler, ReelSettings]


@dataclass(frozen=True)
class Plan:
    """The same plan makes the same chains, state by state.

    Attributes:
        model: A copy that stays as it is, of the run's version `version`.
        target: What it learns.
        words: Its classifier.
        settings: The sampler's and the reel's.
        seed: The run's.
    """

    model: Gebm
    version: int
    target: Target
    words: Words
    settings: Settings
    seed: int

    @property
    def start(self) -> Tensor:
        """The latents of the base's grid, (K, d)."""
        generator = torch.Generator(self.model.device).manual_seed(self._seeds()[0])
        return self.model.prior(MOST, generator)[: self.settings[1].chains]

    def chains(self) -> RecordedChains:
        """Chains that begin at the base's grid."""
        reel = self.settings[1]
        noise = torch.Generator(self.model.device).manual_seed(self._seeds()[1])
        return self._recorded(self.start, kept_steps(reel.steps, reel.frames), noise)

    def way(self, first: int, second: int, *, carried: bool) -> RecordedChains:
        """Points on the way between two starts, as many as frames, which chains carry on or leave there.

        Chain `first` of the grid and all of these have the same noise: they differ in where they begin.
        """
        reel, start = self.settings[1], self.start
        points = great_circle(start[first], start[second], reel.frames)
        noise = SharedNoise.of(first, reel.chains, reel.frames, self.model.device)
        noise.manual_seed(self._seeds()[1])
        return self._recorded(points, kept_steps(reel.steps, LOOKS) if carried else (0,), noise)

    def _recorded(self, start: Tensor, at: Sequence[int], noise: torch.Generator) -> RecordedChains:
        return RecordedChains(self.model, self.target, self.settings[0], start, at, noise, self.words)

    def _seeds(self) -> tuple[int, int]:
        """Of starts and of noise."""
        start, noise = np.random.SeedSequence([self.seed, STREAM]).generate_state(2, np.uint64)
        return int(start) >> 1, int(noise) >> 1
