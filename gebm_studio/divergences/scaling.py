"""Sinkhorn's iteration on potentials: matrix scalings of a kernel that holds the potentials already.

With K_ij = e^{(f_i + g_j − C_ij)/ε} the plan is π_ij = a_i b_j K_ij. A step scales rows, then columns, by u and v:
two products with K. Before u and v leave the range of a float they are absorbed, f ← f + ε log u, and K is made anew;
where K itself under- or overflows, a step in logarithms comes first. So any ε is safe and most steps cost no logarithm.

References:
    Stabilized Sparse Scaling Algorithms for Entropy Regularized Transport Problems (Schmitzer, 2019), arXiv 1610.06519,
    algorithm 2.
    Interpolating between Optimal Transport and MMD using Sinkhorn Divergences (Feydy et al., 2019), arXiv 1810.08278,
    section 3.1, for the averaged step of the symmetric problem.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_SCALINGS = 20
"""Between Newton steps, which pay from then on where scalings converge slowly."""
_SCALINGS_A_POINT = 0.1
"""As many more for each point: a Newton step costs N³, a scaling N²."""
_REACH = 1e13
"""Scalings beyond this, or below its inverse, are absorbed."""
_COOLING = 0.5
"""Factor from one ε to the next while it falls to the wanted one."""
_COARSE = 1e-3
"""Error of the marginals that the ε before the last are content with; coarser ones lose the thread for small ε."""
_COARSE_STEPS = 200
_DAMPING = 1e-14
"""Added to the eigenvalues 1 − σ² of the Newton system, of which many come close to zero for a small ε."""
_HALVINGS = 20


class Problem(NamedTuple):
    """C (N, M), a (N,), b (M,), positive and of sum one; `symmetric` where both sides are one measure."""

    cost: Tensor
    a: Tensor
    b: Tensor
    symmetric: bool = False


class Potentials(NamedTuple):
    """f (N,), g (M,), the kernel K (N, M) that they make, the steps taken and Σ_i |Σ_j π_ij − a_i|."""

    f: Tensor
    g: Tensor
    kernel: Tensor
    steps: int
    error: float


def cooled(problem: Problem, epsilon: float, tolerance: float, most_steps: int) -> Potentials:
    """The potentials at ε from nothing, by way of larger ε that are solved coarsely."""
    hot = float(problem.cost.max())
    f, g = torch.zeros_like(problem.a), torch.zeros_like(problem.b)
    steps = 0
    while hot > epsilon / _COOLING and steps < most_steps:
        found = scaled(problem, hot, f, g, _COARSE, min(_COARSE_STEPS, most_steps - steps))
        f, g, steps, hot = found.f, found.g, steps + found.steps, hot * _COOLING
    found = scaled(problem, epsilon, f, g, tolerance, most_steps - steps)
    return found._replace(steps=steps + found.steps)


def scaled(problem: Problem, epsilon: float, f: Tensor, g: Tensor, tolerance: float, most_steps: int) -> Potentials:
    """The potentials at ε from given ones, until the marginals' error is small or the steps are spent."""
    steps = 0
    at_once = _SCALINGS + int(_SCALINGS_A_POINT * min(problem.cost.shape))
    while True:
        kernel, f, g, spent = _safe_kernel(problem, epsilon, f, g)
        steps += spent
        u, v, taken, error = _scalings(problem, kernel, tolerance, max(0, min(at_once, most_steps - steps)))
        steps += taken
        f, g = f + epsilon * u.log(), g + epsilon * v.log()
        if error <= tolerance or steps >= most_steps:
            return Potentials(f, g, u[:, None] * kernel * v, steps, error)
        f, g = _newton_step(problem, epsilon, f, g)
        steps += 1
        if not taken:
            f, g = _log_step(problem, epsilon, f, g)
            steps += 1


def _scalings(problem: Problem, kernel: Tensor, tolerance: float, most_steps: int) -> tuple[Tensor, Tensor, int, float]:
    """u, v, the steps taken and the error of the rows; columns are exact, or u = v in a symmetric problem."""
    a, b = problem.a, problem.b
    u, v = torch.ones_like(a), torch.ones_like(b)
    taken = 0
    rows = kernel @ b
    while True:
        error = float(a @ (u * rows - 1).abs())
        if error <= tolerance or taken >= most_steps:
            return u, v, taken, error
        if problem.symmetric:
            next_u = next_v = (u / rows).sqrt()
        else:
            next_u = 1 / rows
            next_v = 1 / ((a * next_u) @ kernel)
        least, most = torch.aminmax(torch.cat((next_u, next_v)))
        if not (float(least) > 1 / _REACH and float(most) < _REACH):
            return u, v, taken, error
        u, v, taken = next_u, next_v, taken + 1
        rows = kernel @ (b * v)


def _safe_kernel(problem: Problem, epsilon: float, f: Tensor, g: Tensor) -> tuple[Tensor, Tensor, Tensor, int]:
    """K of the potentials, after a step in logarithms where a row or column of K leaves the range of scalings."""
    kernel = _kernel(problem, epsilon, f, g)
    sums = torch.cat((kernel @ problem.b, problem.a @ kernel))
    least, most = torch.aminmax(sums)
    if float(least) > 1 / _REACH and float(most) < _REACH:
        return kernel, f, g, 0
    f, g = _log_step(problem, epsilon, f, g)
    return _kernel(problem, epsilon, f, g), f, g, 1


def _newton_step(problem: Problem, epsilon: float, f: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """A Newton step of the dual problem, shortened until the marginals get nearer; none where they do not.

    With the marginals r, c of π, on diagonals A, B: (A − πB⁻¹πᵀ) δf = ε(a − r) − πB⁻¹ε(b − c) and
    δg = B⁻¹(ε(b − c) − πᵀδf). The left side is I − MMᵀ between two roots of A, M = A^−½πB^−½. It is singular along √r
    alone, where f and g trade a constant; that direction is filled in.
    """
    plan = _plan(problem, epsilon, f, g)
    r, c = plan.sum(1), plan.sum(0)
    if not float(torch.cat((r, c)).min()) > 0:
        return f, g
    root_r, root_c = r.sqrt(), c.sqrt()
    M = plan / root_r[:, None] / root_c
    unit = root_r / root_r.norm()
    matrix = torch.outer(unit, unit) - M @ M.T
    matrix.diagonal().add_(1 + _DAMPING)
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if bool(failed):
        return f, g
    rows, columns = epsilon * (problem.a - r), epsilon * (problem.b - c)
    right = (rows - plan @ (columns / c)) / root_r
    step_f = torch.cholesky_solve(right[:, None], factor)[:, 0] / root_r
    step_g = (columns - step_f @ plan) / c
    before = _off(problem, plan)
    for halvings in range(_HALVINGS):
        length = 0.5**halvings
        new_f, new_g = f + length * step_f, g + length * step_g
        if _off(problem, _plan(problem, epsilon, new_f, new_g)) < before * (1 - length / 10):
            return new_f, new_g
    return f, g


def _plan(problem: Problem, epsilon: float, f: Tensor, g: Tensor) -> Tensor:
    return problem.a[:, None] * _kernel(problem, epsilon, f, g) * problem.b


def _off(problem: Problem, plan: Tensor) -> float:
    return float((plan.sum(1) - problem.a).abs().sum() + (plan.sum(0) - problem.b).abs().sum())


def _log_step(problem: Problem, epsilon: float, f: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """f = −ε log Σ_j b_j e^{(g_j − C_ij)/ε}, then g likewise; averaged with the old f in a symmetric problem."""
    new_f = -epsilon * torch.logsumexp((g - problem.cost) / epsilon + problem.b.log(), 1)
    if problem.symmetric:
        mean = (f + new_f) / 2
        return mean, mean
    return new_f, -epsilon * torch.logsumexp((new_f[:, None] - problem.cost) / epsilon + problem.a.log()[:, None], 0)


def _kernel(problem: Problem, epsilon: float, f: Tensor, g: Tensor) -> Tensor:
    return ((f[:, None] + g - problem.cost) / epsilon).exp()
