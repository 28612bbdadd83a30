"""Hamiltonian Monte Carlo."""

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
    check_range,
    choose,
    finite,
    metropolis,
    normal_like,
    prior_energy,
    value_and_gradient,
)
from gebm_studio.samplers.standing import standing


class Phase(NamedTuple):
    """Positions and velocities (N, D), with U (N,) and ∇U (N, D)."""

    position: Tensor
    velocity: Tensor
    potential: Tensor
    gradient: Tensor

    @property
    def hamiltonian(self) -> Tensor:
        """U + ½|v|², (N,)."""
        return self.potential + prior_energy(self.velocity)


def leapfrog(phase: Phase, potential: Potential, step_size: float) -> Phase:
    """One leapfrog step: half kick, drift, half kick. Reversible, keeps volume, costs one gradient."""
    velocity = torch.sub(phase.velocity, phase.gradient, alpha=0.5 * step_size)
    position = torch.add(phase.position, velocity, alpha=step_size)
    value, gradient = value_and_gradient(potential, position)
    return Phase(position, velocity.sub_(gradient, alpha=0.5 * step_size), value, gradient)


class WithVelocity:
    """What the Metropolised samplers with velocities share: how they start and follow a changed potential."""

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> Phase:
        """Chains at positions (N, D) with velocities from N(0, I)."""
        velocity = normal_like(position, generator)
        value, gradient = standing(potential, position)
        return Phase(position.detach(), velocity, value, gradient)

    def refresh(self, state: Phase, potential: Potential) -> Phase:
        """U and ∇U computed again at the same positions."""
        value, gradient = standing(potential, state.position)
        return state._replace(potential=value, gradient=gradient)


@dataclass(frozen=True)
class Hmc(WithVelocity):
    """Fresh velocities from N(0, I), then a leapfrog path, accepted with probability min(1, e^{H₀−H₁}).

    The number of leapfrog steps is drawn anew at every step, the same for all chains: paths of one
    length only would come back to where they began on a quadratic potential. Exact for every
    step size; stable for hω < 2.

    Arguments:
        step_size: h of one leapfrog step, in time.
        leapfrog_steps: L, the mean number of leapfrog steps.
        jitter: The number is uniform from (1 − jitter) L to (1 + jitter) L.

    Raises:
        ValueError: Where a number is out of range.

    References:
        MCMC using Hamiltonian dynamics (Neal, 2011), arXiv 1206.1901, sections 3.2 and 5.3; Optimal
        tuning of the hybrid Monte Carlo algorithm (Beskos et al., 2013) for the target acceptance.
    """

    LAW: ClassVar[Law] = "exact"
    TARGET_ACCEPTANCE: ClassVar[float] = 0.651

    step_size: float = 0.1
    leapfrog_steps: int = 10
    jitter: float = 0.5

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size, leapfrog_steps=self.leapfrog_steps)
        check_range("jitter", self.jitter, 0.0, 1.0)

    def lengths(self) -> tuple[int, int]:
        """The least and the largest number of leapfrog steps."""
        least = max(1, math.ceil((1 - self.jitter) * self.leapfrog_steps))
        return least, max(least, math.floor((1 + self.jitter) * self.leapfrog_steps))

    def step(self, state: Phase, potential: Potential, generator: torch.Generator) -> tuple[Phase, Info]:
        """One path; costs as many gradients as it has leapfrog steps."""
        velocity = normal_like(state.velocity, generator)
        low, high = self.lengths()
        device = state.position.device
        count = int(torch.randint(low, high + 1, (), generator=generator, device=device)) if high > low else low
        began = state._replace(velocity=velocity)
        new, path = began, [state.position]
        for _ in range(count):
            new = leapfrog(new, potential, self.step_size)
            path.append(new.position)
        ok = finite(*new)
        accepted, probability = metropolis(began.hamiltonian - new.hamiltonian, ok, generator)
        info = Info(probability, ~ok, count, 0, new.position, accepted, tuple(path))
        return choose(accepted, new, began), info

    def time_per_step(self) -> float:
        """Overdamped time of a path of the mean length: half its square."""
        return 0.5 * (self.leapfrog_steps * self.step_size) ** 2
