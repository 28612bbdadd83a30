"""Entropic optimal transport, and the Sinkhorn divergence with its gradient for flows of particles.

References:
    Interpolating between Optimal Transport and MMD using Sinkhorn Divergences (Feydy et al., 2019), arXiv 1810.08278.
    Computational Optimal Transport (Peyré and Cuturi, 2019), arXiv 1803.00567, chapter 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from gebm_studio.divergences.atoms import pair_of, weights_of
from gebm_studio.divergences.scaling import Potentials, Problem, cooled, scaled

_LEAST_EPSILON = 1e-10
"""Of the largest cost C: kernels e^{C/ε} of smaller ε would keep no digits."""
_EMPTY = 1e-280
"""Rows of a plan with less mass are not divided by it."""
_WIDEST = 1e100
"""Coordinates beyond this would have squares near the end of a float's range."""


@dataclass(frozen=True)
class Sinkhorn:
    """Entropic transport between two sets of atoms.

    Attributes:
        value: The dual value ∫f dP + ∫g dQ − ε(Σ π − 1), a lower bound of OT_ε for any f and g, and tight at the end.
        cost: Σ π_ij |x_i − y_j|ᵖ/p of the plan alone, without its entropy.
        f: Potential at x (N,), float64.
        g: Potential at y (M,).
        plan: π (N, M).
        epsilon: ε.
        steps: Of the iteration, those at larger ε included.
        error: Σ_i |Σ_j π_ij − a_i|, between 0 and 2; the other marginal is exact.
        converged: Whether the error reached the tolerance.
        note: Empty, or what stands beside the value where it did not.
    """

    value: float
    cost: float
    f: Tensor
    g: Tensor
    plan: Tensor
    epsilon: float
    steps: int
    error: float
    converged: bool
    note: str


@dataclass(frozen=True)
class SinkhornDivergence:
    """S_ε(P, Q) = OT_ε(P, Q) − ½OT_ε(P, P) − ½OT_ε(Q, Q).

    Attributes:
        value: S_ε; zero for P = Q, and else positive, up to the tolerance.
        gradient: ∇(f_PQ − f_PP)(x_i) (N, d). A flow moves x_i by minus this; ∂S_ε/∂x_i is a_i times it.
        between: OT_ε(P, Q).
        within_p: OT_ε(P, P).
        within_q: OT_ε(Q, Q).
        converged: Whether all three have.
        note: Empty, or what is to be said of those that have not.
    """

    value: float
    gradient: Tensor
    between: Sinkhorn
    within_p: Sinkhorn
    within_q: Sinkhorn
    converged: bool
    note: str


def sinkhorn(
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    epsilon: float,
    weights_x: ArrayLike | None = None,
    weights_y: ArrayLike | None = None,
    *,
    order: int = 2,
    tolerance: float = 1e-9,
    most_steps: int = 10_000,
    start: Sinkhorn | None = None,
) -> Sinkhorn:
    """OT_ε(P, Q) = min over plans π of Σ π_ij |x_i − y_j|ᵖ/p + ε KL(π ‖ a⊗b).

    As ε → 0 this is W_pᵖ/p, as ε → ∞ the mean cost of independent pairs. A small ε needs more steps, about
    a thousand at a thousandth of the mean cost.

    Arguments:
        x: Atoms (N, d), or (N,) in one dimension, of P; any precision, on any device.
        y: Atoms (M, d) of Q.
        epsilon: ε, positive, in units of the cost |x − y|ᵖ/p, of whose largest it is 10⁻¹⁰ or more.
        weights_x: Masses (N,), positive, divided by their sum; 1/N where silent.
        weights_y: Masses (M,) likewise.
        order: p, 1 or 2.
        tolerance: Of the marginals, in mass.
        most_steps: At which the iteration stops and says so.
        start: An earlier answer for as many atoms, whose potentials are gone on from.

    Raises:
        ValueError: For atoms or weights that do not fit, or settings outside their ranges.
    """
    _check(epsilon, order, tolerance, most_steps, "sinkhorn")
    x, a, y, b = _measures(x, y, weights_x, weights_y, "sinkhorn")
    problem = Problem(_cost(x, y, order), a, b)
    return _solved(problem, epsilon, tolerance, most_steps, start)


def sinkhorn_divergence(
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    epsilon: float,
    weights_x: ArrayLike | None = None,
    weights_y: ArrayLike | None = None,
    *,
    order: int = 2,
    tolerance: float = 1e-6,
    most_steps: int = 2_000,
    start: SinkhornDivergence | None = None,
) -> SinkhornDivergence:
    """The debiased divergence S_ε and its gradient with respect to x.

    From ½W₂² (ε → 0) to ½|m_P − m_Q|² (ε → ∞) with p = 2; from W₁ to half the energy distance with p = 1. The
    gradient follows from the potentials at the optimum (the envelope theorem): with p = 2 it is the difference
    T_PP(x_i) − T_PQ(x_i) of the barycentres that the two plans send x_i to.

    Arguments:
        x: Atoms (N, d), or (N,) in one dimension, of P.
        y: Atoms (M, d) of Q.
        epsilon: ε, positive, in units of the cost |x − y|ᵖ/p.
        weights_x: Masses (N,), positive, divided by their sum; 1/N where silent.
        weights_y: Masses (M,) likewise.
        order: p, 1 or 2.
        tolerance: Of the marginals, in mass. The gradient is that exact times the distance of the points.
        most_steps: For each of the three problems.
        start: The answer of the step before, for as many atoms.

    Raises:
        ValueError: As `sinkhorn`.

    References:
        Feydy et al. (2019), equations 3 and 22.
    """
    _check(epsilon, order, tolerance, most_steps, "sinkhorn_divergence")
    x, a, y, b = _measures(x, y, weights_x, weights_y, "sinkhorn_divergence")

    def solve(problem: Problem, before: Sinkhorn | None) -> Sinkhorn:
        return _solved(problem, epsilon, tolerance, most_steps, before)

    between = solve(Problem(_cost(x, y, order), a, b), start.between if start else None)
    within_p = solve(Problem(_cost(x, x, order), a, a, symmetric=True), start.within_p if start else None)
    within_q = solve(Problem(_cost(y, y, order), b, b, symmetric=True), start.within_q if start else None)
    gradient = _slope(x, y, b, between, order) - _slope(x, x, a, within_p, order)
    parts = (between, within_p, within_q)
    names = ("between P and Q", "within P", "within Q")
    notes = [f"{name}: {part.note}" for name, part in zip(names, parts, strict=True) if part.note]
    value = between.value - (within_p.value + within_q.value) / 2
    return SinkhornDivergence(value, gradient, *parts, converged=not notes, note="; ".join(notes))


def _solved(problem: Problem, epsilon: float, tolerance: float, most_steps: int, start: Sinkhorn | None) -> Sinkhorn:
    least = _LEAST_EPSILON * float(problem.cost.max())
    if epsilon < least:
        raise ValueError(
            f"sinkhorn: epsilon must be {least:.1e} or more for these points, got {epsilon:g}; smaller ones drown in "
            "rounding, take `wasserstein` for none"
        )
    if start is None:
        found = cooled(problem, epsilon, tolerance, most_steps)
    elif start.f.shape != problem.a.shape or start.g.shape != problem.b.shape:
        raise ValueError(
            f"sinkhorn: start is for {len(start.f)} and {len(start.g)} atoms, the samples have {len(problem.a)} and "
            f"{len(problem.b)}; leave it out"
        )
    else:
        found = scaled(problem, epsilon, start.f.to(problem.a), start.g.to(problem.b), tolerance, most_steps)
    return _answer(problem, epsilon, tolerance, found)


def _answer(problem: Problem, epsilon: float, tolerance: float, found: Potentials) -> Sinkhorn:
    plan = problem.a[:, None] * found.kernel * problem.b
    value = float(problem.a @ found.f + problem.b @ found.g) - epsilon * (float(plan.sum()) - 1)
    note = (
        ""
        if found.error <= tolerance
        else (
            f"stopped after {found.steps} steps, {found.error:.1e} of the mass off its marginal; "
            "the value is a lower bound; take a larger epsilon or more steps"
        )
    )
    cost = float((plan * problem.cost).sum())
    return Sinkhorn(value, cost, found.f, found.g, plan, epsilon, found.steps, found.error, not note, note)


def _cost(x: Tensor, y: Tensor, order: int) -> Tensor:
    """|x_i − y_j|ᵖ/p (N, M)."""
    distances = _distances(x, y)
    return distances if order == 1 else distances.square() / 2


def _distances(x: Tensor, y: Tensor) -> Tensor:
    # Not by |x|² + |y|² − 2xy, which loses half the digits of small distances.
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def _slope(x: Tensor, y: Tensor, b: Tensor, found: Sinkhorn, order: int) -> Tensor:
    """∇f(x_i) = Σ_j w_ij ∇₁c(x_i, y_j) (N, d) with w_ij ∝ b_j e^{(g_j − C_ij)/ε} ∝ π_ij: f is the c-transform of g."""
    rows = found.plan.sum(1, keepdim=True)
    if float(rows.min()) > _EMPTY:
        weights = found.plan / rows
    else:  # steps ran out before every row had mass
        weights = torch.softmax((found.g - _cost(x, y, order)) / found.epsilon + b.log(), 1)
    if order == 1:
        distances = _distances(x, y)
        # A point that sits on another is not pulled by it: the cost has no slope there and zero is a subgradient.
        weights = torch.where(distances > 0, weights / distances.clamp(min=torch.finfo(weights.dtype).tiny), 0.0)
    return weights.sum(1, keepdim=True) * x - weights @ y


def _measures(
    x: ArrayLike | Tensor, y: ArrayLike | Tensor, weights_x: ArrayLike | None, weights_y: ArrayLike | None, what: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x (N, d), a (N,), y (M, d), b (M,) in float64, on the device of x where it is a tensor."""
    device = x.device if isinstance(x, Tensor) else torch.device("cpu")
    first, second = pair_of(_host(x), _host(y), what)
    a, b = weights_of(weights_x, len(first), "first", what), weights_of(weights_y, len(second), "second", what)
    if not (a.min() > 0 and b.min() > 0):
        raise ValueError(f"{what}: every weight must be positive, found a zero; leave those points out")
    widest = float(max(abs(first).max(), abs(second).max()))
    if widest > _WIDEST:
        raise ValueError(f"{what}: coordinates must lie within ±{_WIDEST:g}, got {widest:g}; bring them to unit scale")
    points, masses, others, their = (torch.from_numpy(values).to(device) for values in (first, a, second, b))
    return points, masses, others, their


def _host(x: ArrayLike | Tensor) -> Any:
    return x.detach().cpu().numpy() if isinstance(x, Tensor) else x


def _check(epsilon: float, order: int, tolerance: float, most_steps: int, what: str) -> None:
    if not 0 < epsilon < math.inf:
        raise ValueError(f"{what}: epsilon must be positive and finite, got {epsilon}; 0.01 of the cost is usual")
    if order not in (1, 2):
        raise ValueError(f"{what}: order must be 1 or 2, got {order}")
    if not 0 < tolerance < 2:
        raise ValueError(f"{what}: tolerance must lie in (0, 2), got {tolerance}; 1e-9 is usual")
    if most_steps < 1:
        raise ValueError(f"{what}: most_steps must be 1 or more, got {most_steps}")
