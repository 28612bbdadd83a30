"""A way to the optimum of RKHS KALE at a tiny penalty: through larger ones."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from gebm_studio.divergences.newton import Problem, Solution, Solver

_PATIENCE = 40
"""Steps from zero, or from the start, before the way round is taken."""

_FACTOR = 10
"""From one penalty to the next."""

_ROUGH = 1e-3
"""Tolerance on the way."""

_NEAR = 1e-6
"""Where the first attempt ends by itself within this tolerance, rounding ended it: there is no better way."""


def solve(solver: Solver, problem: Problem, start: Tensor | None, tolerance: float, most_steps: int) -> Solution:
    """The solver's solution; where it stays far off, the better of that and one that λ was lowered to by factors."""
    first = solver.solve(problem, start, tolerance, min(_PATIENCE, most_steps))
    steps, factorisations = first.steps, first.factorisations
    near = first.critic.within(problem, max(tolerance, _NEAR))
    if first.critic.within(problem, tolerance) or steps >= most_steps or (near and steps < _PATIENCE):
        return first
    theta: Tensor | None = first.critic.theta if near else None
    lam = problem.lam if near else float(problem.gram.diagonal().max())
    while lam > problem.lam and steps < most_steps:
        rough = Solver(problem.gram, lam).solve(replace(problem, lam=lam), theta, _ROUGH, most_steps - steps)
        steps, factorisations = steps + rough.steps, factorisations + rough.factorisations
        lam, theta = lam / _FACTOR, rough.critic.theta
    if steps >= most_steps:
        return replace(first, steps=steps, factorisations=factorisations)
    last = solver.solve(problem, theta, tolerance, most_steps - steps)
    best = min(first.critic, last.critic, key=lambda critic: critic.gap)
    return Solution(best, steps + last.steps, factorisations + last.factorisations)
