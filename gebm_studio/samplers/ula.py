"""The unadjusted Langevin algorithm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from gebm_studio.samplers.sampler import Info, Potential, check_positive, normal_like, value_and_gradient


class UlaState(NamedTuple):
    """Positions (N, D) with U (N,) and ∇U (N, D) there."""

    position: Tensor
    potential: Tensor
    gradient: Tensor


@dataclass(frozen=True)
class Ula:
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

    step_size: float = 0.01

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size)

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> UlaState:
        """Chains at positions (N, D)."""
        return UlaState(position.detach(), *value_and_gradient(potential, position))

    def refresh(self, state: UlaState, potential: Potential) -> UlaState:
        """U and ∇U computed again at the same positions."""
        return UlaState(state.position, *value_and_gradient(potential, state.position))

    def step(self, state: UlaState, potential: Potential, generator: torch.Generator) -> tuple[UlaState, Info]:
        """One step; costs one gradient."""
        noise = normal_like(state.position, generator)
        position = (state.position - self.step_size * state.gradient).add_(noise, alpha=math.sqrt(2 * self.step_size))
        value, gradient = value_and_gradient(potential, position)
        # One sum sees every NaN and infinity of a chain: any of them makes it non-finite.
        stays = ~torch.isfinite(value + gradient.sum(1) + position.sum(1))
        if stays.any():
            kept = stays.unsqueeze(1)
            position = torch.where(kept, state.position, position)
            value = torch.where(stays, state.potential, value)
            gradient = torch.where(kept, state.gradient, gradient)
        return UlaState(position, value, gradient), Info(torch.full_like(value, math.nan), stays, 1)

    def time_per_step(self) -> float:
        """Overdamped time that a step advances."""
        return self.step_size
