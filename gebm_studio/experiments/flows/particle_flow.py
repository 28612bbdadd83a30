"""Particle flows: clouds that flow to a target, side by side."""

from __future__ import annotations

from typing import Any

import torch

from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.stepwise import Stepwise
from gebm_studio.messages import Pull
from gebm_studio.schema import ParticlesPreset


class ParticleFlow(Stepwise[ParticlesPreset]):
    """The running thing behind particle flows."""

    def __init__(self, preset: ParticlesPreset, device: torch.device, folder: str = "") -> None:
        super().__init__(preset, device, folder)
        self._iteration = 0

    @property
    def iteration(self) -> int:
        return self._iteration

    @property
    def resting(self) -> bool:
        return False

    def advance(self) -> None:
        self._iteration += 1

    def adopt(self, old: ParticlesPreset) -> None:
        pass

    def parts(self, pull: Pull, *, known: bool, running: bool) -> dict[str, Any]:
        return {}

    def restart_chains(self) -> None:
        pass

    def saved(self) -> Saved:
        return Saved({}, {"iteration": self._iteration})

    def take_back(self, saved: Saved) -> None:
        self._iteration = int(saved.facts["iteration"])
