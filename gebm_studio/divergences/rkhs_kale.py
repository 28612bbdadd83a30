"""KALE between samples with the critics of a reproducing kernel Hilbert space."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gebm_studio.divergences import continuation
from gebm_studio.divergences.kernels import Kernel
from gebm_studio.divergences.lowrank import Gram
from gebm_studio.divergences.newton import Problem, Solver, allowed
from gebm_studio.divergences.points import Points, as_pair, as_points, as_weights

_ROUNDING = torch.finfo(torch.float64).eps
"""Relative error of a sum of kernel values that the gap allows for."""


@dataclass(frozen=True, eq=False)
class Kale:
    """KALE of two weighted samples, with the function that attains it and a bound on its error.

    Every tensor is float64, on the device of the samples.
    """

    value: float
    """(1 + λ) `penalised`: between ½MMD² as λ → ∞ and KL as λ → 0, and at most (1 + λ)KL."""
    penalised: float
    """1 + ∫h dP − ∫e^h dQ − (λ/2)|h|² at h; the supremum lies at most `gap` away."""
    unpenalised: float
    """1 + ∫h dP − ∫e^h dQ at the same h."""
    primal: float
    """The penalised objective at h as it was summed; `penalised` is this, or zero, which h = 0 attains."""
    dual: float
    """∫(f log f − f + 1)dQ + |∫f k dQ − ∫k dP|²/2λ at f = α/w, in units of `penalised`."""
    gap: float
    """Largest distance of `penalised` from the supremum: the duality gap, and what rounding may add."""
    norm: float
    """|h| in the kernel's space."""
    alpha: Tensor = field(repr=False)
    """α (N,), the mass that the density ratio gives each point of Q; zero where its weight is."""
    log_density: Tensor = field(repr=False)
    """h at the points of Q, (N,)."""
    steps: int
    """Newton's steps."""
    factorisations: int
    """Cholesky factorisations among them."""
    converged: bool
    """Whether (1 + λ) `gap` is within tolerance, relative to `value` where that exceeds one."""
    note: str
    """What stands in the way where it is not; empty otherwise."""
    _kernel: Kernel = field(repr=False)
    _atoms: Tensor = field(repr=False)
    _coefficients: Tensor = field(repr=False)
    _support: Tensor = field(repr=False)
    _solver: Solver = field(repr=False)

    def h(self, points: Points) -> Tensor:
        """h = (μ_P − Σ_i α_i k(x_i, ·))/λ at points (n, d); (n,)."""
        return self._kernel.sums(self._at(points), self._atoms, self._coefficients)

    def gradient(self, points: Points) -> Tensor:
        """∇h at points (n, d), (n, d)."""
        return self._kernel.gradient(self._at(points), self._atoms, self._coefficients)

    def witness(self, points: Points) -> Tensor:
        """e^h at points (n, d), the density ratio; (n,)."""
        return self.h(points).exp()

    def _at(self, points: Points) -> Tensor:
        return as_pair(points, self._atoms, ("points", "the samples"))[0]


def rkhs_kale(
    x_p: Points,
    x_q: Points,
    kernel: Kernel,
    lam: float,
    *,
    weights_p: Points | None = None,
    weights_q: Points | None = None,
    start: Kale | Points | None = None,
    tolerance: float = 1e-10,
    most_steps: int = 200,
) -> Kale:
    """(1 + λ) max_h {1 + ∫h dP − ∫e^h dQ − (λ/2)|h|²} over the kernel's space, and the h that attains it.

    The maximum is h = (μ_P − Σ_i α_i k(x_i, ·))/λ with α_i = w_i e^{h(x_i)}, found by Newton's method. Any α
    bounds the maximum from both sides, so that an answer comes with its error: `gap`.

    Where the weights of Q do not add up to one, ∫(e^h − 1)dQ stands for ∫e^h dQ − 1: then h = 0 still gives zero
    and λ → 0 the KL of measures, Σ p log(p/q) − p + q.

    Arguments:
        x_p: Sample (M, d) of P, or (M,) on the line.
        x_q: Sample (N, d) of Q. The cost is of this one: memory N², time N² and N r² a step, with r the number of
            eigenvalues of the Gram matrix above about λ/100.
        kernel: k. `EnergyDistance` is allowed, and gives critics that vanish at the origin.
        lam: λ, positive.
        weights_p: Masses (M,) of the points of P, not negative; 1/M each where not given. With quadrature nodes,
            density times cell. Points without mass drop out.
        weights_q: Masses (N,) of the points of Q.
        start: An answer for nearby samples and as many points of Q, or its `log_density` (N,), to start from. The
            Gram matrix and the last factorisation of an answer are used again while x_q, kernel and λ are the same;
            two threads may not start from one answer at once.
        tolerance: Error of `value` to reach, relative to it where it exceeds one.
        most_steps: Newton's steps before giving up.

    Raises:
        ValueError: For samples, weights or a start whose shapes do not fit or that hold numbers that are not
            finite; for a λ or a tolerance that is not positive and finite.

    References:
        KALE flow: a relaxed KL gradient flow for probabilities with disjoint support (Glaser, Arbel and Gretton,
        2021), arXiv:2106.08929.
    """
    p, q = as_pair(x_p, x_q, ("x_p", "x_q"))
    v, w = as_weights(weights_p, p, "weights_p"), as_weights(weights_q, q, "weights_q")
    for what, number in (("the penalty λ", lam), ("the tolerance", tolerance)):
        if not (number > 0 and math.isfinite(number)):
            raise ValueError(f"rkhs_kale: {what} must be positive and finite, got {number}")
    if most_steps < 1:
        raise ValueError(f"rkhs_kale: most_steps must be 1 or more, got {most_steps}")
    carrier = w > 0
    p, v, support, mass = p[v > 0], v[v > 0], q[carrier], w[carrier]
    begin = None if start is None else _beginning(start, q)[carrier]

    solver = _solver(start, kernel, support, lam)
    problem = Problem(solver.gram, kernel.sums(support, p, v), mass, kernel.form(p, v), lam)
    solution = continuation.solve(solver, problem, begin, tolerance, most_steps)
    critic = solution.critic
    over_p, over_q, penalty = critic.values(problem)
    primal = over_p - over_q - 0.5 * penalty
    penalised = max(0.0, primal)
    # |μ_P|²s², 2s⟨μ_P, μ_β⟩ and |μ_β|² were each summed to within rounding; the last is at most the rest.
    sums = critic.s**2 * problem.form + 4 * critic.s * float(problem.b.abs() @ critic.beta.abs()) + lam * penalty
    rounding = _ROUNDING * (sums / lam + float((mass * torch.expm1(critic.theta).abs()).sum()))
    gap = max(0.0, min(critic.gap, critic.dual - penalised)) + rounding
    note = _note(gap, allowed(tolerance, lam, penalised), rounding, solution.steps >= most_steps)

    atoms, coefficients = torch.cat([p, support]), torch.cat([critic.s * v, -critic.beta]) / lam
    alpha, log_density = mass * critic.theta.exp(), critic.theta
    if len(support) < len(q):
        inside, alpha, log_density = alpha, torch.zeros_like(w), kernel.sums(q, atoms, coefficients)
        alpha[carrier], log_density[carrier] = inside, critic.theta
    return Kale(
        value=(1 + lam) * penalised,
        penalised=penalised,
        unpenalised=over_p - over_q,
        primal=primal,
        dual=critic.dual,
        gap=gap,
        norm=math.sqrt(max(0.0, penalty) / lam),
        alpha=alpha,
        log_density=log_density,
        steps=solution.steps,
        factorisations=solution.factorisations,
        converged=not note,
        note=note,
        _kernel=kernel,
        _atoms=atoms,
        _coefficients=coefficients,
        _support=support,
        _solver=solver,
    )


def _solver(start: Kale | Points | None, kernel: Kernel, support: Tensor, lam: float) -> Solver:
    """That of the start where its factorisation holds, its Gram matrix where that does, or a new one."""
    if isinstance(start, Kale) and start._kernel == kernel and _same(start._support, support):
        return start._solver if start._solver.lam == lam else Solver(start._solver.gram, lam)
    return Solver(Gram(kernel, support), lam)


def _same(x: Tensor, y: Tensor) -> bool:
    return x.shape == y.shape and x.device == y.device and torch.equal(x, y)


def _beginning(start: Kale | Points, q: Tensor) -> Tensor:
    """The log density (N,) to begin from."""
    found = start.log_density if isinstance(start, Kale) else as_points(start, "start")[:, 0]
    if found.shape != (len(q),):
        raise ValueError(f"rkhs_kale: the start must have the {len(q)} points of x_q, got {len(found)}")
    return found.to(q.device)


def _note(gap: float, most: float, rounding: float, spent: bool) -> str:
    if gap <= most:
        return ""
    if gap <= 2 * rounding:
        reason = "rounding of the kernel over λ; take a larger λ or tolerance"
    elif spent:
        reason = "the steps were not enough; allow more, or start from the answer for twice the λ"
    else:
        reason = "no step in float64 comes nearer; take a larger λ, or start from the answer for twice the λ"
    return f"the penalised value may be off by {gap:.2g}, where {most:.2g} was asked for: {reason}"
