"""Kinetic (underdamped) Langevin dynamics by splitting."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gebm_studio.samplers.hmc import Phase
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

SCHEMES = ("ABOBA", "BAOAB", "OBABO", "OABAO")
VELOCITIES = ("normal", "zero")


@dataclass(frozen=True)
class Kinetic:
    """dx = v dt, dv = −∇U dt − κv dt + √(2κ) dW, split into drift A, kick B and friction O.

    A letter that stands n times in the scheme moves h/n at each place. On U = ½ω²x², with A = h²ω²/4
    and for every friction, (Var x · ω², Var v) is (1, 1/(1−A)) for ABOBA, (1, 1−A) for BAOAB,
    (1/(1−A), 1) for OBABO and (1−A, 1) for OABAO. Stable for hω < 2. For κh ≫ 1, ABOBA and BAOAB
    are `Ula` with δ = h²/2.

    Arguments:
        step_size: h, in time.
        friction: κ; one step keeps the share a = e^{−κh} of the velocity.
        scheme: Order of the parts, one of `SCHEMES`.
        velocity: `normal` starts with velocities from N(0, I). `zero` is a known mistake, kept to be
            shown: at low friction all chains collapse together before they spread again.

    Raises:
        ValueError: Where a number is not positive and finite or the scheme is unknown.

    References:
        Rational construction of stochastic numerical methods for molecular sampling
        (Leimkuhler, Matthews, 2013), arXiv 1203.5428. ABOBA is the scheme that Generalized Energy
        Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033, samples with.
    """

    LAW: ClassVar[Law] = "biased"

    step_size: float = 0.1
    friction: float = 1.0
    scheme: str = "ABOBA"
    velocity: str = "normal"

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size, friction=self.friction)
        if self.scheme not in SCHEMES:
            raise ValueError(f"`scheme` must be one of {', '.join(SCHEMES)}, got {self.scheme!r}")
        if self.velocity not in VELOCITIES:
            raise ValueError(f"`velocity` must be one of {', '.join(VELOCITIES)}, got {self.velocity!r}")

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> Phase:
        """Chains at positions (N, D) with their first velocities."""
        velocity = normal_like(position, generator)
        if self.velocity == "zero":
            velocity = torch.zeros_like(velocity)
        value, gradient = standing(potential, position)
        return Phase(position.detach(), velocity, value, gradient)

    def refresh(self, state: Phase, potential: Potential) -> Phase:
        """∇U computed again, for schemes whose first kick uses the gradient of the step before."""
        if self.scheme.strip("O").startswith("A"):
            return state
        value, gradient = standing(potential, state.position)
        return state._replace(potential=value, gradient=gradient)

    def step(self, state: Phase, potential: Potential, generator: torch.Generator) -> tuple[Phase, Info]:
        """One step; costs one gradient, since a second kick in the same place needs no new one."""
        count = Counter(self.scheme)
        h = {letter: self.step_size / places for letter, places in count.items()}
        a = math.exp(-self.friction * h["O"])
        noise_scale = math.sqrt(-math.expm1(-2 * self.friction * h["O"]))
        x, v, value, gradient = state
        turned = v
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
                noise = normal_like(v, generator)
                v = (a * v).add_(noise, alpha=noise_scale)
                turned = torch.sub(noise_scale * noise, state.velocity, alpha=a)
        # A chain that met a NaN or infinity stays and turns around, so as not to meet it again at once; its
        # velocity feels the friction all the same, or it would try the same two ways for ever.
        new = Phase(x, v, value, gradient)
        return unadjusted(new, gradients=1, ok=finite(*new), old=state._replace(velocity=turned))

    def time_per_step(self) -> float:
        """Overdamped time that a step advances, for unit curvature."""
        return time_of_kinetic_step(self.step_size, self.friction)


def time_of_kinetic_step(h: float, kappa: float) -> float:
    """Time in units of relaxation that a kinetic step advances, for unit curvature.

    The diffusion of a step is (h²/2) coth(κh/2), which is h²/2 at high friction; at low friction
    relaxation is limited by κ/2 instead.
    """
    return min(0.5 * h * h / math.tanh(0.5 * kappa * h), 0.5 * kappa * h)
