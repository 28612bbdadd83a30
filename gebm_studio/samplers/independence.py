"""Independence Metropolis–Hastings with the prior as its proposal (MH-GAN)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gebm_studio.samplers.random_walk import ByValue, ValueState
from gebm_studio.samplers.sampler import (
    Info,
    Law,
    Potential,
    choose,
    finite,
    metropolis,
    normal_like,
    prior_energy,
    value_at,
)


@dataclass(frozen=True)
class Independence(ByValue):
    """z′ ~ N(0, I), accepted with probability min(1, e^{V(z)−V(z′)}), V = βE(G(z)).

    The prior's density cancels, so that only energies are compared. Exact, without a step size;
    as slow as e^{−V} is uneven under the prior. A critic that is not the logarithm of a density
    ratio should be calibrated first (`gebm_studio.models.calibration`).

    References:
        Metropolis-Hastings Generative Adversarial Networks (Turner et al., 2019), arXiv 1811.11357.
    """

    LAW: ClassVar[Law] = "exact"

    def step(self, state: ValueState, potential: Potential, generator: torch.Generator) -> tuple[ValueState, Info]:
        """One step; costs one evaluation of U."""
        position = normal_like(state.position, generator)
        new = ValueState(position, value_at(potential, position))
        ok = finite(*new)
        accepted, probability = metropolis(_tilted(state) - _tilted(new), ok, generator)
        return choose(accepted, new, state), Info(probability, ~ok, 0, 1, position, accepted)

    def time_per_step(self) -> float:
        """NaN: a step has no length in time."""
        return math.nan


def _tilted(state: ValueState) -> Tensor:
    """V = U − ½|z|², (N,)."""
    return state.potential - prior_energy(state.position)
