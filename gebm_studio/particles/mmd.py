"""The flow of the maximum mean discrepancy."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from gebm_studio.particles.noise import Injection
from gebm_studio.particles.plane_waves import PlaneGaussian
from gebm_studio.particles.rule import Goal, Info, State, check_points, check_positive


@dataclass(frozen=True)
class MmdFlow:
    """y ← y − δ∇(μ_Q − μ_P)(y + β_n ξ): down ½MMD² of particles Q and target P, with noise injected.

    μ_Q − μ_P is the first variation of ½MMD²(Q, P); particle y_i of n moves by −n ∂/∂y_i of it.

    Arguments:
        step_size: δ.
        scale: ℓ of the Gaussian kernel, A = 1.
        noise: β_n.

    Raises:
        ValueError: For a step or a scale that is not positive and finite.

    References:
        Maximum Mean Discrepancy Gradient Flow (Arbel, Korba, Salim and Gretton, 2019), arXiv 1906.04370.
    """

    step_size: float
    scale: float
    noise: Injection = field(default_factory=Injection)

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size, scale=self.scale)

    def init(self, position: Tensor, goal: Goal) -> State:
        check_points(position, goal)
        return State(position)

    def step(self, state: State, goal: Goal, generator: torch.Generator) -> tuple[State, Info]:
        y, x = state.position, goal.points
        weights = torch.cat((y.new_full((len(y),), -1 / len(y)), x.new_full((len(x),), 1 / len(x))))
        at = self.noise.moved(y, state.steps, generator)
        velocity = PlaneGaussian(self.scale).gradient(at, torch.cat((y, x)), weights)
        return State(y + self.step_size * velocity, state.steps + 1), Info(velocity)
