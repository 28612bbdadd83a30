"""Kinetic (underdamped) Langevin dynamics by splitting."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from gebm_studio.samplers.sampler import Info, Potential, check_positive, normal_like, value_and_gradient

SCHEMES = ("ABOBA", "BAOAB")


class KineticState(NamedTuple):
    """Positions and velocities (N, D), with U (N,) and ∇U (N, D) where they were last evaluated."""

    position: Tensor
    velocity: Tensor
    potential: Tensor
    gradient: Tensor


@dataclass(frozen=True)
class Kinetic:
    """dx = v dt, dv = −∇U dt − κv dt + √(2κ) dW, split into drift A, kick B and friction O.

    A letter that stands n times in the scheme moves h/n at each place. On U = ½ω²x², with
    A = h²ω²/4, ABOBA has Var x = 1/ω² and Var v = 1/(1−A), BAOAB Var x = 1/ω² and Var v = 1−A,
    for every friction. Stable for hω < 2. For κh ≫ 1 it is `Ula` with δ = h²/2.

    Arguments:
        step_size: h, in time.
        friction: κ; one step keeps the share a = e^{−κh} of the velocity.
        scheme: Order of the parts, one of `SCHEMES`.

    Raises:
        ValueError: Where a number is not positive and finite or the scheme is unknown.

    References:
        Rational construction of stochastic numerical methods for molecular sampling
        (Leimkuhler, Matthews, 2013), arXiv 1203.5428. ABOBA is the scheme that Generalized Energy
        Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033, samples with.
    """

    step_size: float = 0.1
    friction: float = 1.0
    scheme: str = "ABOBA"

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size, friction=self.friction)
        if self.scheme not in SCHEMES:
            raise ValueError(f"`scheme` must be one of {', '.join(SCHEMES)}, got {self.scheme!r}")

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> KineticState:
        """Chains at positions (N, D) with velocities from N(0, I).

        Velocities never start at zero: at low friction all chains would collapse together.
        """
        velocity = normal_like(position, generator)
        return KineticState(position.detach(), velocity, *value_and_gradient(potential, position))

    def refresh(self, state: KineticState, potential: Potential) -> KineticState:
        """∇U computed again, for the scheme whose first kick uses the gradient of the step before."""
        if self.scheme.startswith("A"):
            return state
        value, gradient = value_and_gradient(potential, state.position)
        return state._replace(potential=value, gradient=gradient)

    def step(self, state: KineticState, potential: Potential, generator: torch.Generator) -> tuple[KineticState, Info]:
        """One step; costs one gradient, since a second kick in the same place needs no new one."""
        count = Counter(self.scheme)
        h = {letter: self.step_size / places for letter, places in count.items()}
        a = math.exp(-self.friction * h["O"])
        noise_scale = math.sqrt(-math.expm1(-2 * self.friction * h["O"]))
        x, v, value, gradient = state
        moved = False  # whether x has left the place where `gradient` was evaluated
        for letter in self.scheme:
            if letter == "A":
                x = torch.add(x, v, alpha=h["A"])
                moved = True
            elif letter == "B":
                if moved:
                    value, gradient = value_and_gradient(potential, x)
                    moved = False
                v = torch.sub(v, gradient, alpha=h["B"])
            else:
                v = (a * v).add_(normal_like(v, generator), alpha=noise_scale)
        stays = ~torch.isfinite(value + gradient.sum(1) + x.sum(1) + v.sum(1))
        if stays.any():
            kept = stays.unsqueeze(1)
            x = torch.where(kept, state.position, x)
            v = torch.where(kept, -state.velocity, v)
            value = torch.where(stays, state.potential, value)
            gradient = torch.where(kept, state.gradient, gradient)
        return KineticState(x, v, value, gradient), Info(torch.full_like(value, math.nan), stays, 1)

    def time_per_step(self) -> float:
        """Time in units of relaxation that a step advances, for unit curvature.

        The diffusion of a step is (h²/2) coth(κh/2), which is h²/2 at high friction; at low
        friction relaxation is limited by κ/2 instead.
        """
        h, kappa = self.step_size, self.friction
        return min(0.5 * h * h / math.tanh(0.5 * kappa * h), 0.5 * kappa * h)
