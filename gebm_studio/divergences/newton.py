"""Newton's method for the density ratio of RKHS KALE, with a certificate of how far it is from the optimum."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gebm_studio.divergences.lowrank import Gram, PivotedCholesky

Step = Callable[[Tensor], Tensor]
"""Residuals (n,) to steps (n,)."""

_DENSE = 320
"""Points up to which the whole Gram matrix is factorised: a factor of low rank would not pay."""

_RANK = 3
"""The whole matrix is factorised too where the rank would pass the number of points over this."""

_ACCURACY = 0.02
"""How much of λ the error of low rank may be: what a Newton step leaves of the error then is of this order."""

_KEEP = 0.1
"""A factorisation serves the next step too while a step leaves no more than this of the gap."""

_DECREASE = 1e-4
"""Armijo's: the share of the decrease promised by the slope that a step must bring."""

_SHORTEST = 1e-9
"""Shortest step, as a share of Newton's."""


@dataclass(frozen=True)
class Problem:
    """min_{α ≥ 0} Σ_i [α_i log(α_i/w_i) − α_i + w_i] + (|μ_P|² − 2αᵀb + αᵀKα)/2λ.

    Arguments:
        gram: K (n, n).
        b: Mean embedding μ_P at the points of Q, (n,).
        w: Weights of Q, (n,), positive.
        form: |μ_P|².
        lam: λ, positive.
    """

    gram: Gram
    b: Tensor
    w: Tensor
    form: float
    lam: float


@dataclass(frozen=True)
class Iterate:
    """A log density θ (n,), α = we^θ, and the function h that α gives, at the points of Q.

    `dual` is the problem's objective at α. `gap` is that minus the primal objective at h,
    Σ_i α_i φ(h_i − θ_i) with φ(r) = e^r − 1 − r ≥ 0: a sum in which nothing cancels.
    """

    theta: Tensor
    alpha: Tensor
    h: Tensor
    dual: float
    gap: float

    @classmethod
    def at(cls, problem: Problem, theta: Tensor) -> Iterate:
        alpha = problem.w * theta.exp()
        sums = problem.gram.product(alpha)
        h = (problem.b - sums) / problem.lam
        entropy = float((problem.w + alpha * (theta - 1)).sum())
        dual = entropy + (0.5 * problem.form + float(alpha @ (0.5 * sums - problem.b))) / problem.lam
        gap = float((alpha * excess(h - theta)).sum())
        # Where e^θ leaves the range of floats both are infinite: a step that cannot be taken.
        known = math.isfinite(dual) and not math.isnan(gap)
        return cls(theta, alpha, h, dual if known else math.inf, gap if known else math.inf)

    def within(self, tolerance: float) -> bool:
        """Whether the gap is within the tolerance, relative to the objective where that exceeds one."""
        return self.gap <= tolerance * max(1.0, self.dual) < math.inf


@dataclass(frozen=True)
class Solution:
    """The last iterate, and what it took."""

    iterate: Iterate
    steps: int
    factorisations: int


def excess(r: Tensor) -> Tensor:
    """e^r − 1 − r, without cancellation near zero."""
    series = r.square() * (0.5 + r * (1 / 6 + r * (1 / 24 + r / 120)))
    return torch.where(r.abs() < 1e-3, series, torch.expm1(r) - r)


class Solver:
    """Solves problems that share Gram matrix and λ, and keeps its factorisation from one to the next.

    With D = diag(α) the step in θ is δ = (I + KD/λ)⁻¹(h − θ): Newton's for the primal objective. The matrix is
    applied through I + D^½KD^½/λ, or through I + LᵀDL/λ where K ≈ LLᵀ has low rank; both are symmetric and
    factorised by Cholesky. Each h is of the exact K, so that a factor that is approximate, or of an earlier α,
    costs steps and never accuracy.

    Arguments:
        gram: K of the points of Q.
        lam: λ.
        dense: Whether to factorise the whole matrix; the number of points and the rank decide where not said.
    """

    def __init__(self, gram: Gram, lam: float, dense: bool | None = None) -> None:
        self.gram, self.lam = gram, lam
        whole = len(gram) <= _DENSE if dense is None else dense
        most = len(gram) if dense is False else len(gram) // _RANK
        self._low = None if whole else PivotedCholesky(gram, most)
        self._solve: Step | None = None
        self._factorised = 0

    def solve(self, problem: Problem, theta: Tensor, tolerance: float, most_steps: int) -> Solution:
        """From θ (n,) until the gap is within tolerance, the steps are spent, or no step helps."""
        began, steps = self._factorised, 0
        now = Iterate.at(problem, theta)
        while not now.within(tolerance) and steps < most_steps:
            fresh = self._solve is None
            direct = self._factorise(now.alpha) if self._solve is None else self._solve
            found = self._step(problem, now, direct(now.h - now.theta), patient=fresh)
            steps += 1
            if found is None and fresh:
                break
            if found is None or found.gap > _KEEP * now.gap:
                self._solve = None
            now = found or now
        return Solution(now, steps, self._factorised - began)

    def _step(self, problem: Problem, now: Iterate, direction: Tensor, patient: bool) -> Iterate | None:
        """The first of Newton's step, its half, its quarter … that decreases the dual objective or halves the gap.

        Where not patient, since the factor is of an earlier α, only the whole step is tried, and asked to do well.
        """
        if not patient:
            found = Iterate.at(problem, now.theta + direction)
            return found if found.gap <= _KEEP * now.gap else None
        slope = float((now.alpha * (now.h - now.theta)) @ direction)
        share = 1.0
        while share >= _SHORTEST:
            found = Iterate.at(problem, now.theta + share * direction)
            lower = found.dual < now.dual and found.dual <= now.dual - _DECREASE * share * slope
            if lower or found.gap <= 0.5 * now.gap < math.inf:
                return found
            share /= 2
        return None

    def _factorise(self, alpha: Tensor) -> Step:
        """Make r ↦ (I + KD/λ)⁻¹r ready, by Woodbury's identity and Cholesky."""
        if self._low is not None and not self._low.refine(_ACCURACY * self.lam / float(alpha.sum())):
            self._low = None
        scaled = alpha / self.lam
        if self._low is None:
            root = scaled.sqrt()
            factor = _cholesky_of_one_plus(root[:, None] * self.gram.matrix() * root)
            self._solve = lambda r: r - self.gram.product(root * _solved(factor, root * r))
        else:
            L = self._low.factor
            factor = _cholesky_of_one_plus((L.T * scaled) @ L)
            self._solve = lambda r: r - L @ _solved(factor, L.T @ (scaled * r))
        self._factorised += 1
        return self._solve


def _cholesky_of_one_plus(matrix: Tensor) -> Tensor:
    """The factor of I + A. What rounding takes from its eigenvalues where λ is tiny is given back."""
    shift, info = 1.0, 1
    factor = matrix
    while info:
        matrix.diagonal().add_(shift)
        factor, status = torch.linalg.cholesky_ex(matrix)
        shift, info = 10 * shift, int(status)
    return factor


def _solved(factor: Tensor, right: Tensor) -> Tensor:
    return torch.cholesky_solve(right[:, None], factor)[:, 0]
