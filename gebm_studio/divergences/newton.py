"""Newton's method for the critic of RKHS KALE, with a certificate of how far it is from the optimum."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gebm_studio.divergences.lowrank import Gram, PivotedCholesky

Solve = Callable[[Tensor], Tensor]
"""r (n,) ↦ η (n,)."""

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

_NEAR = 1e-6
"""Gap from which on h(α) is taken for the better critic."""

_SETTLED = 1e-3
"""A promised decrease below this lies in the quadratic regime: a whole step that does not halve the gap is rounding."""


@dataclass(frozen=True)
class Problem:
    """max_h {∫h dP − Σ_i w_i(e^{h(x_i)} − 1) − (λ/2)|h|²}.

    The dual is min_{α ≥ 0} Σ_i [α_i log(α_i/w_i) − α_i + w_i] + (|μ_P|² − 2αᵀb + αᵀKα)/2λ.

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
class Critic:
    """A function (sμ_P − Σ_i β_i k(x_i, ·))/λ with values θ (n,) at the points of Q, and the bounds that it gives.

    With α = we^θ, h = (b − Kα)/λ holds the values of a critic that is better near the optimum, where θ = h. `dual` is
    the dual objective at α, and `gap`, Σ_i α_i φ(h_i − θ_i) with φ(r) = e^r − 1 − r ≥ 0, is that minus the primal
    objective at h: a sum in which nothing cancels.
    """

    theta: Tensor
    beta: Tensor
    s: float
    alpha: Tensor
    h: Tensor
    dual: float
    gap: float

    @classmethod
    def at(cls, problem: Problem, theta: Tensor, beta: Tensor, s: float) -> Critic:
        alpha = problem.w * theta.exp()
        sums = problem.gram.product(alpha)
        h = (problem.b - sums) / problem.lam
        # α(θ − 1) + w = αφ(−θ) cancels less near zero.
        entropy = float(torch.where(theta > -1, alpha * excess(-theta), problem.w + alpha * (theta - 1)).sum())
        dual = entropy + (0.5 * problem.form + float(alpha @ (0.5 * sums - problem.b))) / problem.lam
        gap = float((alpha * excess(h - theta)).sum())
        # Where e^θ leaves the range of floats nothing is known.
        known = math.isfinite(dual) and not math.isnan(gap)
        return cls(theta, beta, s, alpha, h, dual if known else math.inf, gap if known else math.inf)

    def within(self, problem: Problem, tolerance: float) -> bool:
        """Whether the gap is within the tolerance."""
        return self.gap <= allowed(tolerance, problem.lam, self.dual) < math.inf

    def values(self, problem: Problem) -> tuple[float, float, float]:
        """∫h dP, ∫(e^h − 1)dQ and λ|h|² of this critic."""
        over_p = (self.s * problem.form - float(problem.b @ self.beta)) / problem.lam
        over_q = float((problem.w * torch.expm1(self.theta)).sum())
        return over_p, over_q, self.s * over_p - float(self.beta @ self.theta)

    def primal(self, problem: Problem) -> float:
        """The primal objective at this critic."""
        over_p, over_q, penalty = self.values(problem)
        return over_p - over_q - 0.5 * penalty

    def best(self, problem: Problem) -> Critic:
        """Of this critic and that of h the one with the higher primal objective; far from the optimum h is poor."""
        better = replace(self, theta=self.h, beta=self.alpha, s=1.0)
        return better if self.within(problem, _NEAR) or better.primal(problem) > self.primal(problem) else self


@dataclass(frozen=True)
class Solution:
    """The best critic, with the dual objective and the gap of the last step, and what it took."""

    critic: Critic
    steps: int
    factorisations: int


def allowed(tolerance: float, lam: float, objective: float) -> float:
    """The gap that a tolerance of (1 + λ) × objective allows, relative where that product exceeds one."""
    return tolerance * max(1 / (1 + lam), objective)


def excess(r: Tensor) -> Tensor:
    """e^r − 1 − r, without cancellation near zero."""
    series = r.square() * (0.5 + r * (1 / 6 + r * (1 / 24 + r / 120)))
    return torch.where(r.abs() < 1e-3, series, torch.expm1(r) - r)


class Solver:
    """Solves problems that share Gram matrix and λ, and keeps its factorisation from one to the next.

    Newton's step for the primal objective, in the whole space, changes a critic by
    (1 − s)μ_P/λ − Σ_i (α_i − β_i + λη_i) k(x_i, ·)/λ, at the points by h − θ − Kη, with D = diag(α) and
    η = D^½(λI + D^½KD^½)⁻¹D^½(h − θ). The matrix is applied through I + D^½KD^½/λ, or through I + LᵀDL/λ where
    K ≈ LLᵀ has low rank; both are factorised by Cholesky. The product Kη is with the exact K, so that a factor that is
    approximate, or of an earlier α, still gives a direction of ascent: it costs steps and never accuracy.

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
        self._solve: Solve | None = None
        self._factorised = 0

    def solve(self, problem: Problem, start: Tensor | None, tolerance: float, most_steps: int) -> Solution:
        """Steps from zero, or from values (n,) near the optimum, until the gap is within tolerance.

        It ends sooner where the steps are spent, or rounding lets none help.
        """
        began, steps = self._factorised, 0
        now = None if start is None else self._near(problem, start)
        if now is None:
            zero = torch.zeros_like(problem.w)
            self._solve, now = None, Critic.at(problem, zero, zero, 0.0)
        else:
            steps += 1
        while not now.within(problem, tolerance) and steps < most_steps:
            fresh = self._solve is None
            solve = self._factorise(now.alpha) if self._solve is None else self._solve
            found = self._step(problem, now, solve, patient=fresh)
            steps += 1
            if found is None and fresh:
                break
            if found is None or found.gap > _KEEP * now.gap:
                self._solve = None
            now = found or now
        return Solution(now.best(problem), steps, self._factorised - began)

    def _near(self, problem: Problem, theta: Tensor) -> Critic | None:
        """One step from values that need not be of a function in the space; none where zero is better than that."""
        alpha = problem.w * theta.exp()
        if not bool(torch.isfinite(alpha).all()):
            return None
        solve = self._factorise(alpha) if self._solve is None else self._solve
        h = (problem.b - problem.gram.product(alpha)) / problem.lam
        eta = solve(h - theta)
        near = Critic.at(problem, h - problem.gram.product(eta), alpha + problem.lam * eta, 1.0)
        return near if near.gap < math.inf and near.primal(problem) > 0 else None

    def _step(self, problem: Problem, now: Critic, solve: Solve, patient: bool) -> Critic | None:
        """The first of Newton's step, its half, its quarter … that ascends enough.

        Where not patient, since the factor is of an earlier α, only the whole step is tried, and asked to do well.
        """
        residual = now.h - now.theta
        eta = solve(residual)
        d_theta = residual - problem.gram.product(eta)
        d_s, d_beta = 1 - now.s, now.alpha - now.beta + problem.lam * eta
        d_over_p = (d_s * problem.form - float(problem.b @ d_beta)) / problem.lam
        slope = d_s * d_over_p - float((now.alpha - now.beta) @ d_theta)
        curvature = d_s * d_over_p - float(d_beta @ d_theta)

        def ascent(share: float) -> float:
            """Of the primal objective, by its terms of first order and what they leave: nothing cancels."""
            bend = 0.5 * share**2 * curvature + float((now.alpha * excess(share * d_theta)).sum())
            return share * slope - bend

        share, shortest = 1.0, _SHORTEST if patient else 1.0
        while not ascent(share) >= _DECREASE * share * slope:
            share /= 2
            if share < shortest:
                return None
        found = Critic.at(problem, now.theta + share * d_theta, now.beta + share * d_beta, now.s + share * d_s)
        if not patient:
            return found if found.gap <= _KEEP * now.gap else None
        return None if slope < _SETTLED and found.gap > 0.5 * now.gap else found

    def _factorise(self, alpha: Tensor) -> Solve:
        """η of r, by Woodbury's identity and Cholesky."""
        mass = float(alpha.sum())
        if self._low is not None and not self._low.refine(_ACCURACY * self.lam / mass):
            self._low = None
        scaled = alpha / self.lam
        if self._low is None:
            root = scaled.sqrt()
            factor = _cholesky_of_one_plus(root[:, None] * self.gram.matrix() * root)
            self._solve = lambda r: root * _solved(factor, root * r)
        else:
            self._solve = _low_rank_solve(self._low.factor, scaled)
        self._factorised += 1
        return self._solve


def _low_rank_solve(L: Tensor, scaled: Tensor) -> Solve:
    """η = (D/λ)(I + LLᵀD/λ)⁻¹r, refined once: where λ is tiny Woodbury's identity cancels."""
    factor = _cholesky_of_one_plus((L.T * scaled) @ L)

    def once(r: Tensor) -> Tensor:
        return r - L @ _solved(factor, L.T @ (scaled * r))

    def solve(r: Tensor) -> Tensor:
        first = once(r)
        return scaled * (first + once(r - first - L @ (L.T @ (scaled * first))))

    return solve


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
