"""The unadjusted Langevin algorithm."""

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
    finite,
    normal_like,
    unadjusted,
    value_and_gradient,
)
from gebm_studio.samplers.standing import standing


class GradientState(NamedTuple):
    """Positions (N, D) with U (N,) and ∇U (N, D) there."""

    position: Tensor
    potential: Tensor
    gradient: Tensor


@dataclass(frozen=True)
class Overdamped:
    """What the samplers with one gradient a step and no velocity share: state, start and step size."""

    step_size: float = 0.01

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size)

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> GradientState:
        """Chains at positions (N, D)."""
        return GradientState(position.detach(), *standing(potential, position))

    def refresh(self, state: GradientState, potential: Potential) -> GradientState:
        """U and ∇U computed again at the same positions."""
        return GradientState(state.position, *standing(potential, state.position))

    def time_per_step(self) -> float:
        """Overdamped time that a step advances."""
        return self.step_size

    def _moved(self, state: GradientState, position: Tensor, potential: Potential) -> tuple[GradientState, Info]:
        """The outcome of moving to `position` without a choice."""
        new = GradientState(position, *value_and_gradient(potential, position))
        return unadjusted(new, gradients=1, ok=finite(*new), old=state)


@dataclass(frozen=True)
class Ula(Overdamped):
    """z′ = z − δ∇U(z) + √(2δ) ξ, ξ ~ N(0, I).

    Biased by its step: on U = ½ω²z² the stationary variance is 1/(ω²(1 − δω²/2)), and the
    recursion is stable only for δω² < 2.

    Arguments:
        step_size: δ, in overdamped time.

    Raises:
        ValueError: Where `step_size` is not positive and finite.

    References:
        Exponential convergence of Langevin distributions and their discrete approximations
        (Roberts, Tweedie, 1996).
    """

    LAW: ClassVar[Law] = "biased"

    def step(
        self, state: GradientState, potential: Potential, generator: torch.Generator
    ) -> tuple[GradientState, Info]:
        """One step; costs one gradient."""
        noise = normal_like(state.position, generator)
        position = (state.position - self.step_size * state.gradient).add_(noise, alpha=math.sqrt(2 * self.step_size))
        return self._moved(state, position, potential)
