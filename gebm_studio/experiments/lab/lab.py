"""The divergence lab: two laws, every divergence between them, and what moves."""

from __future__ import annotations

from typing import Any

import torch

from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.stepwise import Stepwise
from gebm_studio.messages import Pull
from gebm_studio.schema import DivergencesPreset


class DivergenceLab(Stepwise[DivergencesPreset]):
    """The running thing behind a divergence lab."""

    def __init__(self, preset: DivergencesPreset, device: torch.device, folder: str = "") -> None:
        super().__init__(preset, device, folder)
        self._iteration = 0

    @property
    def iteration(self) -> int:
        return self._iteration

    @property
    def resting(self) -> bool:
        return True

    def advance(self) -> None:
        self._iteration += 1

    def adopt(self, old: DivergencesPreset) -> None:
        pass

    def parts(self, pull: Pull, *, known: bool, running: bool) -> dict[str, Any]:
        return {}

    def restart_chains(self) -> None:
        pass

    def saved(self) -> Saved:
        return Saved({}, {"iteration": self._iteration})

    def take_back(self, saved: Saved) -> None:
        self._iteration = int(saved.facts["iteration"])
