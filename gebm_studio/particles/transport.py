"""The flow of the Sinkhorn divergence."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gebm_studio.divergences import Sinkhorn, SinkhornDivergence, sinkhorn_divergence
from gebm_studio.particles.rule import Goal, Info, State, check_points, check_positive

_TOLERANCE = 1e-4
"""Mass that may be off its marginal: the velocity is that exact, times the distance of the points."""
_MOST_STEPS = 500


@dataclass(frozen=True)
class SinkhornFlow:
    """y ← y − δ∇(f_QP − f_QQ)(y): down the Sinkhorn divergence S_ε of particles Q and target P, with cost ½|x − y|².

    Each step starts from the potentials of the step before.

    Arguments:
        step_size: δ.
        epsilon: ε, in units of the cost.

    Raises:
        ValueError: For a step or an ε that is not positive and finite.

    References:
        Interpolating between Optimal Transport and MMD using Sinkhorn Divergences (Feydy et al., 2019), arXiv
        1810.08278.
    """

    step_size: float
    epsilon: float

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size, epsilon=self.epsilon)

    def init(self, position: Tensor, goal: Goal) -> State:
        check_points(position, goal)
        return State(position)

    def step(self, state: State, goal: Goal, generator: torch.Generator) -> tuple[State, Info]:
        y, x = state.position, goal.points
        found = sinkhorn_divergence(
            y, x, self.epsilon, tolerance=_TOLERANCE, most_steps=_MOST_STEPS, start=self._start(state, goal)
        )
        velocity = -found.gradient
        warm = (found.between.f, found.between.g, found.within_p.f, found.within_q.f)
        return State(y + self.step_size * velocity, state.steps + 1, warm), Info(velocity, found.note)

    def _start(self, state: State, goal: Goal) -> SinkhornDivergence | None:
        """An answer with the potentials of the step before, of which no more is looked at."""
        if not state.warm or len(state.warm[1]) != len(goal.points):
            return None
        f, g, within_p, within_q = state.warm
        between, p, q = (self._known(*potentials) for potentials in ((f, g), (within_p,) * 2, (within_q,) * 2))
        return SinkhornDivergence(0.0, torch.empty_like(state.position), between, p, q, converged=True, note="")

    def _known(self, f: Tensor, g: Tensor) -> Sinkhorn:
        return Sinkhorn(0.0, 0.0, f, g, f.new_empty(0), self.epsilon, 0, 0.0, converged=True, note="")
