"""The Metropolis-adjusted Langevin algorithm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gebm_studio.samplers.sampler import (
    Info,
    Law,
    Potential,
    choose,
    finite,
    metropolis,
    normal_like,
    value_and_gradient,
)
from gebm_studio.samplers.ula import GradientState, Overdamped


def log_ratio(x: GradientState, y: GradientState, step_size: float | Tensor) -> Tensor:
    """log α of the proposal y from x, (N,): log of π(y)q(y→x) / π(x)q(x→y).

    q(x→y) = N(y; x − δ∇U(x), 2δI), so the exponents carry 1/(4δ). Antisymmetric in x and y. δ is one
    number, or one for each chain (N, 1).
    """
    forward = y.position - x.position + step_size * x.gradient
    backward = x.position - y.position + step_size * y.gradient
    quarters = (forward.square() - backward.square()) / (4 * step_size)
    return x.potential - y.potential + quarters.sum(1)


@dataclass(frozen=True)
class Mala(Overdamped):
    """A step of ULA as a proposal, accepted or rejected so that the law is exact for every step size.

    Arguments:
        step_size: δ, in overdamped time.

    Raises:
        ValueError: Where `step_size` is not positive and finite.

    References:
        Exponential convergence of Langevin distributions and their discrete approximations
        (Roberts, Tweedie, 1996); Optimal scaling of discrete approximations to Langevin diffusions
        (Roberts, Rosenthal, 1998) for the target acceptance.
    """

    LAW: ClassVar[Law] = "exact"
    TARGET_ACCEPTANCE: ClassVar[float] = 0.574

    def step(
        self, state: GradientState, potential: Potential, generator: torch.Generator
    ) -> tuple[GradientState, Info]:
        """One step; costs one gradient."""
        noise = normal_like(state.position, generator)
        position = (state.position - self.step_size * state.gradient).add_(noise, alpha=math.sqrt(2 * self.step_size))
        new = GradientState(position, *value_and_gradient(potential, position))
        ok = finite(*new)
        accepted, probability = metropolis(log_ratio(state, new, self.step_size), ok, generator)
        return choose(accepted, new, state), Info(probability, ~ok, 1, 0, position, accepted)
