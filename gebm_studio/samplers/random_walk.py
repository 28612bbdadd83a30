"""Random-walk Metropolis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from gebm_studio.samplers.sampler import (
    Info,
    Law,
    Potential,
    check_positive,
    choose,
    finite,
    metropolis,
    normal_like,
    value_at,
)
from gebm_studio.samplers.standing import standing_value


class ValueState(NamedTuple):
    """Positions (N, D) with U (N,) there."""

    position: Tensor
    potential: Tensor


class ByValue:
    """What the Metropolis samplers without gradients share: how they start and follow a changed potential."""

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> ValueState:
        """Chains at positions (N, D)."""
        return ValueState(position.detach(), standing_value(potential, position))

    def refresh(self, state: ValueState, potential: Potential) -> ValueState:
        """U computed again at the same positions."""
        return ValueState(state.position, standing_value(potential, state.position))


@dataclass(frozen=True)
class RandomWalk(ByValue):
    """z′ = z + √(2δ) ξ, accepted with probability min(1, e^{U(z)−U(z′)}). Needs no gradient; exact for every δ.

    Arguments:
        step_size: δ, in the overdamped time that the free diffusion would take.

    Raises:
        ValueError: Where `step_size` is not positive and finite.

    References:
        Weak convergence and optimal scaling of random walk Metropolis algorithms (Roberts, Gelman,
        Gilks, 1997) for the target acceptance.
    """

    LAW: ClassVar[Law] = "exact"
    TARGET_ACCEPTANCE: ClassVar[float] = 0.234

    step_size: float = 0.1

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size)

    def step(self, state: ValueState, potential: Potential, generator: torch.Generator) -> tuple[ValueState, Info]:
        """One step; costs one evaluation of U."""
        position = state.position + math.sqrt(2 * self.step_size) * normal_like(state.position, generator)
        new = ValueState(position, value_at(potential, position))
        ok = finite(*new)
        accepted, probability = metropolis(state.potential - new.potential, ok, generator)
        return choose(accepted, new, state), Info(probability, ~ok, 0, 1, position, accepted)

    def time_per_step(self) -> float:
        """Overdamped time that a step advances when all are accepted."""
        return self.step_size
