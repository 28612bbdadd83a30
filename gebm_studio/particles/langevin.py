"""The flow of KL by Langevin's particles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gebm_studio.particles.rule import Goal, Info, State, check_points, check_positive


@dataclass(frozen=True)
class LangevinFlow:
    """y ← y + δ∇log p(y) + √(2δ) ξ: the law of each particle goes down KL(Q‖P), up to a bias by the step.

    Arguments:
        step_size: δ.

    Raises:
        ValueError: For a step that is not positive and finite.

    References:
        The variational formulation of the Fokker–Planck equation (Jordan, Kinderlehrer and Otto, 1998).
    """

    step_size: float

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size)

    def init(self, position: Tensor, goal: Goal) -> State:
        check_points(position, goal)
        if goal.score is None:
            raise ValueError("Langevin needs a target with a smooth density; choose another target or another rule")
        return State(position)

    def step(self, state: State, goal: Goal, generator: torch.Generator) -> tuple[State, Info]:
        if goal.score is None:
            raise ValueError("Langevin needs a target with a smooth density; choose another target or another rule")
        y = state.position
        velocity = goal.score(y)
        noise = torch.randn(y.shape, generator=generator, dtype=y.dtype, device=y.device)
        moved = (y + self.step_size * velocity).add_(noise, alpha=math.sqrt(2 * self.step_size))
        return State(moved, state.steps + 1), Info(velocity)
