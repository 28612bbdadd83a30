"""The flow of the KL approximate lower-bound estimator."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from gebm_studio.divergences import rkhs_kale
from gebm_studio.particles.noise import Injection
from gebm_studio.particles.plane_waves import PlaneGaussian
from gebm_studio.particles.rule import Goal, Info, State, check_points, check_positive

_TOLERANCE = 1e-8
"""Error of KALE that its critic may have."""


@dataclass(frozen=True)
class KaleFlow:
    """y ← y − δ(1 + λ)∇h(y + β_n ξ): down KALE(Q‖P) of particles Q and target P.

    h attains (1 + λ) max_h {1 + ∫h dQ − ∫e^h dP − (λ/2)|h|²}: it is near log q/p, high where particles outnumber the
    target. (1 + λ)h is the first variation of KALE in Q; particle y_i of n moves by −n ∂/∂y_i of it. λ → 0 gives the
    flow of KL(Q‖P), whose noisy form is Langevin's, λ → ∞ that of ½MMD².

    Each step starts from the log density at the target's draws that the step before has found.

    Arguments:
        step_size: δ.
        scale: ℓ of the Gaussian kernel, A = 1.
        regularisation: λ.
        noise: β_n.

    Raises:
        ValueError: For a step, a scale or a λ that is not positive and finite.

    References:
        KALE flow: a relaxed KL gradient flow for probabilities with disjoint support (Glaser, Arbel and Gretton, 2021),
        arXiv 2106.08929.
    """

    step_size: float
    scale: float
    regularisation: float
    noise: Injection = field(default_factory=Injection)

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size, scale=self.scale, regularisation=self.regularisation)

    def init(self, position: Tensor, goal: Goal) -> State:
        check_points(position, goal)
        return State(position)

    def step(self, state: State, goal: Goal, generator: torch.Generator) -> tuple[State, Info]:
        y, x = state.position, goal.points
        start = state.warm[0] if state.warm and len(state.warm[0]) == len(x) else None
        kale = rkhs_kale(y, x, PlaneGaussian(self.scale), self.regularisation, start=start, tolerance=_TOLERANCE)
        velocity = kale.gradient(self.noise.moved(y, state.steps, generator)).mul_(-(1 + self.regularisation))
        moved = y + self.step_size * velocity
        return State(moved, state.steps + 1, (kale.log_density,)), Info(velocity, kale.note)
