"""Metropolised kinetic Langevin dynamics (generalised hybrid Monte Carlo)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gebm_studio.samplers.hmc import Phase, WithVelocity, leapfrog
from gebm_studio.samplers.kinetic import time_of_kinetic_step
from gebm_studio.samplers.sampler import (
    Info,
    Law,
    Potential,
    check_positive,
    choose,
    finite,
    metropolis,
    normal_like,
)


@dataclass(frozen=True)
class Ghmc(WithVelocity):
    """Kinetic Langevin as OBABO whose middle, one leapfrog step, is accepted with probability e^{−ΔH}.

    A rejected chain keeps its position and turns its velocity around: without the turn the law would
    be wrong. Exact for every step size and friction.

    Arguments:
        step_size: h, in time.
        friction: κ; one step keeps the share e^{−κh} of the velocity, half of it lost on either side.

    Raises:
        ValueError: Where a number is not positive and finite.

    References:
        A generalized guided Monte Carlo algorithm (Horowitz, 1991); Free Energy Computations
        (Lelièvre, Rousset, Stoltz, 2010), algorithm 2.11.
    """

    LAW: ClassVar[Law] = "exact"
    TARGET_ACCEPTANCE: ClassVar[float] = 0.9
    """High, since every rejection turns a chain around and undoes what its momentum is for."""

    step_size: float = 0.1
    friction: float = 1.0

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size, friction=self.friction)

    def _rub(self, velocity: Tensor, generator: torch.Generator) -> Tensor:
        """The Ornstein–Uhlenbeck process of the velocity over half a step."""
        half = 0.5 * self.friction * self.step_size
        noise = normal_like(velocity, generator)
        return (math.exp(-half) * velocity).add_(noise, alpha=math.sqrt(-math.expm1(-2 * half)))

    def step(self, state: Phase, potential: Potential, generator: torch.Generator) -> tuple[Phase, Info]:
        """One step; costs one gradient."""
        began = state._replace(velocity=self._rub(state.velocity, generator))
        moved = leapfrog(began, potential, self.step_size)
        ok = finite(*moved)
        accepted, probability = metropolis(began.hamiltonian - moved.hamiltonian, ok, generator)
        new = choose(accepted, moved, began._replace(velocity=-began.velocity))
        new = new._replace(velocity=self._rub(new.velocity, generator))
        return new, Info(probability, ~ok, 1, 0, moved.position, accepted)

    def time_per_step(self) -> float:
        """Overdamped time that a step advances, for unit curvature."""
        return time_of_kinetic_step(self.step_size, self.friction)
