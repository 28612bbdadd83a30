"""Variational critics: how near to a divergence the functions of a class can climb.

The bound ∫ gain(V) dP − ∫ cost(V) dQ holds for every V; a class of functions gives the best V within it. Classes that
are linear in their parameters climb by Newton steps to a certified optimum where the game is concave; where it is not,
and in networks, the climb ends at a stationary point.

References:
    Estimating divergence functionals and the likelihood ratio by convex risk minimization
    (Nguyen, Wainwright and Jordan, 2010), arXiv 0809.0853.
    f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization
    (Nowozin, Cseke and Tomioka, 2016), arXiv 1606.00709.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from gebm_studio.divergences.critic_bases import Basis
from gebm_studio.divergences.games import KL_GAME, Game, Nodes, derivatives

Climb = Literal["newton", "gradient"]

FARTHEST = 1e8
"""|V| beyond which a climb stops: the bound has no maximum that could be reached."""
_LARGE = 1e3
"""A bound above this with |V| that far out has no supremum; one below it, as of the Jensen–Shannon game, has."""
_HALVINGS = 60
_ARMIJO = 1e-4
_ROUNDING = 1e-15
"""Of an objective, relative; a gap below it cannot be seen."""
_SMALLEST_DAMPING = 1e-14
"""Relative to the mean curvature. It bends the path of Newton steps, not the optimum."""


@dataclass(frozen=True)
class Climbed:
    """Where a climb ended.

    Attributes:
        bound: ∫ gain(V) dP − ∫ cost(V) dQ, a lower bound of the divergence in any case.
        objective: The bound less the ridge's part.
        gradient: Norm of the objective's gradient with respect to the parameters; the certificate.
        gap: What a last Newton step would still add to second order, ½ gᵀH⁻¹g; NaN never, ∞ where it is not known.
        steps: Taken.
        converged: Whether the gap, or without Newton steps the gradient, is within the tolerance.
        unbounded: Whether the bound grew without end: the class parts P from Q and its supremum is ∞.
        note: Empty, or what is to be said beside the value.
    """

    bound: float
    objective: float
    gradient: float
    gap: float
    steps: int
    converged: bool
    unbounded: bool
    note: str


class Critic(Protocol):
    """A function V on the data space that climbs its bound."""

    bound: float
    gradient: float

    def __call__(self, x: Tensor) -> Tensor:
        """V(x) (N,) at points (N, d)."""

    def output(self, x: Tensor) -> Tensor:
        """T(x) = gain(V(x)) (N,), the critic inside the conjugate's domain."""

    def step(self) -> float:
        """One climbing step; the new bound."""

    def solve(self, tolerance: float = 1e-10, most_steps: int = 200) -> Climbed:
        """Climb to the top, or as far as the steps go."""


class LinearCritic:
    """V = Σ w_k φ_k, climbing ∫ gain(V) dP − ∫ cost(V) dQ − (ridge/2) Σ_{k≥2} w_k².

    Where the game is concave so is this, and a damped Newton climb finds its maximum. Where it is not (total variation,
    Neyman's χ²) a step uses the absolute curvature and at most doubles V: it still climbs, to a stationary point.

    Arguments:
        basis: φ, the constant first.
        p: Nodes of P.
        q: Nodes of Q.
        game: gain and cost.
        ridge: Of the objective, 0 or more; the constant is free of it.
        climb: What one step is.
        rate: Of the first gradient step; it is halved where a step would fall, and grows again.
        start: w before the first step (K,), K ≤ size, the rest zero; zero where silent.

    Raises:
        ValueError: For a ridge or rate outside its range, nodes that do not fit the basis, or a start that is too long.
    """

    def __init__(
        self,
        basis: Basis,
        p: Nodes,
        q: Nodes,
        game: Game = KL_GAME,
        *,
        ridge: float = 0.0,
        climb: Climb = "newton",
        rate: float = 0.5,
        start: Tensor | None = None,
    ) -> None:
        if not 0 <= ridge < math.inf:
            raise ValueError(f"critic: ridge must be 0 or more, got {ridge}")
        if not 0 < rate < math.inf:
            raise ValueError(f"critic: rate must be positive, got {rate}; 0.5 is usual")
        self.basis, self.p, self.q, self.game, self.climb = basis, p.with_mass, q.with_mass, game, climb
        self._on_p, self._on_q = basis(self.p.x), basis(self.q.x)
        self._ridges = torch.full_like(self._on_p[0], ridge)
        self._ridges[0] = 0
        self._rate = rate
        self.steps = 0
        w = torch.zeros_like(self._ridges)
        if start is not None:
            if start.ndim != 1 or len(start) > basis.size or not bool(start.isfinite().all()):
                raise ValueError(f"critic: start needs at most {basis.size} finite numbers, got {tuple(start.shape)}")
            w[: len(start)] = start
        self._place(w)

    @property
    def parameters(self) -> Tensor:
        """w (K,)."""
        return self._w.clone()

    @property
    def norm(self) -> float:
        """The norm of w without the constant's."""
        return float(self._w[1:].norm())

    def __call__(self, x: Tensor) -> Tensor:
        return self.basis(x) @ self._w

    def output(self, x: Tensor) -> Tensor:
        return self.game.gain(self(x))

    def step(self) -> float:
        self.steps += 1
        taken = self._advance(self._newton() if self.climb == "newton" else self._rate * self._slope)
        if self.climb == "gradient":
            self._rate *= 1.5 * taken if taken else 0.5
        return self.bound

    def solve(self, tolerance: float = 1e-10, most_steps: int = 200) -> Climbed:
        """Newton steps until the gap is within the tolerance, whatever `climb` is."""
        check_solve(tolerance, most_steps)
        first = self.steps
        note, unbounded = "", False
        while True:
            direction = self._newton()
            gap = float(self._slope @ direction) / 2
            if gap <= max(tolerance, _ROUNDING * (1 + abs(self.objective))):
                self._polish(direction)
                break
            if self.steps - first >= most_steps:
                note = f"stopped after {most_steps} steps, about {gap:.1e} below the top; a lower bound"
                break
            self.steps += 1
            if not self._advance(direction):
                note = f"no step climbs any more, about {gap:.1e} below the top by its curvature; a lower bound"
                break
            if self._farthest > FARTHEST:
                unbounded = self.game.concave and self.objective > _LARGE
                what = "bound" if unbounded else "critic alone"
                note = f"the {what} grows without end: the class parts P from Q; a lower bound"
                break
        converged = not note
        if converged and not self.game.concave:
            note = "a stationary point: the game is not concave, so that another may be higher"
        return Climbed(self.bound, self.objective, self.gradient, gap, self.steps - first, converged, unbounded, note)

    def _place(self, w: Tensor) -> None:
        """Move to w and take the values, slopes and curvatures there."""
        self._w = w
        on_p, on_q = self._on_p @ w, self._on_q @ w
        gain, rise, bend = derivatives(self.game.gain, on_p)
        cost, drag, curve = derivatives(self.game.cost, on_q)
        self._farthest = float(torch.cat((on_p, on_q)).abs().max())
        self.bound = float(self.p.weights @ gain - self.q.weights @ cost)
        self.objective = self.bound - float(self._ridges @ w.square()) / 2
        self._slope = self._on_p.T @ (self.p.weights * rise) - self._on_q.T @ (self.q.weights * drag) - self._ridges * w
        if self.game.concave:
            self._bends = self.p.weights * (-bend).clamp(min=0), self.q.weights * curve.clamp(min=0)
        else:
            self._bends = self.p.weights * bend.abs(), self.q.weights * curve.abs()
        self.gradient = float(self._slope.norm())

    def _newton(self) -> Tensor:
        """H⁻¹g with H minus the Hessian, made positive and damped as little as a Cholesky factor allows."""
        on_p, on_q = self._bends
        hessian = self._on_p.T @ (on_p[:, None] * self._on_p) + self._on_q.T @ (on_q[:, None] * self._on_q)
        hessian.diagonal().add_(self._ridges)
        unit = float(hessian.diagonal().mean()) or 1.0
        damping = _SMALLEST_DAMPING
        while True:
            damped = hessian.clone()
            damped.diagonal().add_(damping * unit)
            factor, failed = torch.linalg.cholesky_ex(damped)
            if not bool(failed):
                return torch.cholesky_solve(self._slope[:, None], factor)[:, 0]
            damping *= 100

    def _polish(self, direction: Tensor) -> None:
        """One more step where convergence is quadratic: it squares what is left. Kept if the gradient gets smaller."""
        w, gradient, objective = self._w, self.gradient, self.objective
        self._place(w + direction)
        if not (self.gradient < gradient and self.objective >= objective - _ROUNDING * (1 + abs(objective))):
            self._place(w)

    def _advance(self, direction: Tensor) -> float:
        """Go along a direction, shortened until the objective rises enough; the part of it that was gone."""
        rise = float(self._slope @ direction)
        on_p, on_q = self._on_p @ direction, self._on_q @ direction
        old_p, old_q = self._on_p @ self._w, self._on_q @ self._w
        longest = 1.0
        if not self.game.concave:
            # Far out a bounded game is flat: one long step could end where no slope leads back.
            longest = min(1.0, max(1.0, self._farthest) / max(float(torch.cat((on_p, on_q)).abs().max()), 1e-300))
        for halvings in range(_HALVINGS):
            length = longest * 0.5**halvings
            w = self._w + length * direction
            bound = self.game.value(old_p + length * on_p, old_q + length * on_q, self.p, self.q)
            objective = bound - float(self._ridges @ w.square()) / 2
            if objective > self.objective and objective >= self.objective + _ARMIJO * length * rise:
                self._place(w)
                return length
        return 0.0


def check_solve(tolerance: float, most_steps: int) -> None:
    """The settings of a climb.

    Raises:
        ValueError: For a tolerance that is not positive, or no step.
    """
    if not tolerance > 0:
        raise ValueError(f"critic: tolerance must be positive, got {tolerance}; 1e-10 is usual")
    if most_steps < 1:
        raise ValueError(f"critic: most_steps must be 1 or more, got {most_steps}")
