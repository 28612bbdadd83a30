"""One Gaussian in the place of Q, fitted to P under several divergences at once (F34).

References:
    f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization
    (Nowozin, Cseke, Tomioka, 2016), arXiv 1606.00709, section 4.1 and table 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from gebm_studio.divergences import (
    GENERATORS,
    Generator,
    evaluate,
    gaussian_breaks,
    gaussian_tails,
    infinite_by_tails,
)
from gebm_studio.divergences.games import derivatives
from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.lab.descending import NARROWEST, WIDEST, Normal
from gebm_studio.experiments.lab.later import Pieces
from gebm_studio.experiments.lab.mesh import quadrature
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.roots import roots
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.messages import FitRow, Function, frozen
from gebm_studio.schema.measures import ABOUT, Phi
from gebm_studio.targets.laws import Law

HELD = 300.0
"""|log p/g| beyond this counts as this: its square is still a float."""
_FLAT = 1e-9
"""Norm of the natural gradient at which a descent has ended."""
_MOST_STARTS = 5
"""Components of a mixture from which the best fit is sought, the heaviest first."""
_HIGH = 1e12
_STEPS, _PIECES = 6, 40
"""Of BFGS: steps of a piece of work, and pieces at most."""
_OUTSIDE = np.array([0.1, 0.25, 0.5])
"""Panels beyond the breaks of both densities, in their range: p²/g may live farther out than p and g."""


class Fits:
    """A Gaussian for each divergence, each descending its own by the natural gradient, from one place.

    Attributes:
        names: The divergences.
        now: Each one's Gaussian.
        values: Each one's divergence from P; ∞ where it is, and then the Gaussian stays.
    """

    def __init__(self, names: Sequence[Phi], p: Law, start: Normal) -> None:
        self.names = tuple(names)
        self._best: dict[Phi, tuple[float, Normal]] = {}
        self._search: Pieces[None] | None = None
        self._form: object = None
        self.p = p
        self.begin(start)
        self.measure(p)

    def begin(self, start: Normal) -> None:
        """Put all Gaussians in one place."""
        self.now = [start] * len(self.names)
        self._look()

    def measure(self, p: Law) -> None:
        """Descend to another P from where the Gaussians are."""
        self.p = p
        if self._form is not p.form:
            self._form, self._best = p.form, {}
            self._search = self._find_best() if p.has_density else None
        self._look()

    @property
    def arrived(self) -> bool:
        """Whether every descent has ended and every best fit is known."""
        return not self.seeks and all(math.hypot(*slope) <= _FLAT for slope in self._slopes)

    @property
    def seeks(self) -> bool:
        """Whether a best fit is still sought."""
        return self._search is not None

    def step(self, rate: float) -> None:
        """One step of each."""
        self.now = [
            fit.moved(slope[0] / _curvature(name), slope[1] / _curvature(name), rate)
            for name, fit, slope in zip(self.names, self.now, self._slopes, strict=True)
        ]
        self._look()

    def search(self) -> None:
        """Go on for one piece with the search for the best fits, where it has not ended."""
        if self._search is None:
            return
        try:
            next(self._search)
        except StopIteration:
            self._search = None

    def rows(self) -> tuple[FitRow, ...]:
        """Where each is, beside its best; NaN where that is not known yet, or is nowhere."""
        rows = []
        for name, fit, value in zip(self.names, self.now, self.values, strict=True):
            best, at = self._best.get(name, (math.nan, Normal(math.nan, math.nan)))
            # A divergence does not feel a shift or a scale of both laws: the best is that of the form, moved with it.
            mean, std = float(self.p.at[0]) + self.p.width * at.mean, self.p.width * at.std
            rows.append(FitRow(name, value, fit.mean, fit.std, best, mean, std))
        return tuple(rows)

    def densities(self, x: Doubles) -> tuple[Function, ...]:
        """Their densities at x (n,)."""
        return tuple(
            Function(ABOUT[name].label, frozen(np.exp(fit.log_density(x)).astype(np.float32)))
            for name, fit in zip(self.names, self.now, strict=True)
        )

    def _look(self) -> None:
        found = [divergence(name, self.p, fit) for name, fit in zip(self.names, self.now, strict=True)]
        self.values = [value for value, _ in found]
        self._slopes = [slope for _, slope in found]

    def _find_best(self) -> Pieces[None]:
        """The lowest valley of each divergence, from several starts, on P's form at zero and of width one."""
        law = self.p.moved(at=np.zeros(1), width=1.0)
        starts = _starts(law)
        for name in self.names:
            valleys = []
            for start in starts:
                if math.isfinite(divergence(name, law, start)[0]):
                    valleys.append((yield from _valley(name, law, start)))
            if valleys:
                self._best[name] = min(valleys, key=lambda valley: valley[0])

    # What a file keeps.

    def saved(self) -> Saved:
        """Where the Gaussians are."""
        places = torch.tensor([(fit.mean, fit.std) for fit in self.now], dtype=torch.float64).reshape(-1, 2)
        return Saved({"places": places}, {"names": list(self.names)})

    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave.

        Raises:
            KeyError, ValueError: Where it is of other divergences.
        """
        places: Tensor = saved.tensors["places"]
        if tuple(saved.facts["names"]) != self.names or places.shape != (len(self.names), 2):
            raise ValueError(f"its fits are of {saved.facts['names']}")
        self.now = [Normal(float(mean), float(std)) for mean, std in places]
        self._look()


def divergence(name: Phi, p: Law, fit: Normal) -> tuple[float, tuple[float, float]]:
    """D_φ(P‖G) of a Gaussian G, as the bars show it, with its derivatives by μ, times σ, and by log σ.

    ∂D/∂θ = −∫ φ*(φ′(p/g)) ∂g/∂θ dx. Where D is infinite the derivatives are zero.

    Raises:
        Unknown: Where P has no density.
    """
    if not p.has_density or p.tails is None:
        raise Unknown("P has no known density on the line: no Gaussian is fitted to it")
    generator, scale = GENERATORS[name], 1.0 if name == "gan" else GENERATORS[name].scale
    infinite = math.inf, (0.0, 0.0)
    if name in infinite_by_tails(p.tails, gaussian_tails([fit.mean], [fit.std])):
        return infinite
    edges = np.concatenate([p.breaks, gaussian_breaks([fit.mean], [fit.std])])
    low, high = float(edges.min()), float(edges.max())
    edges = np.concatenate([edges, low - (high - low) * _OUTSIDE, high + (high - low) * _OUTSIDE])
    x, weights = quadrature(edges)
    if generator.inverse_slope is None:  # φ has a kink where p = g
        crossings = roots(lambda at: np.exp(p.log_density(at[:, None])) - np.exp(fit.log_density(at)), x)
        x, weights = quadrature(np.concatenate([edges, crossings]))
    log_p, log_g = p.log_density(x[:, None]), fit.log_density(x)
    if math.isinf(generator.value_at_zero) and float(weights[np.isneginf(log_p)] @ np.exp(log_g[np.isneginf(log_p)])):
        return infinite
    held = np.clip(log_p - log_g, -HELD, HELD)
    u, f, slope = _generator_at(generator, held)
    # Where g is too small for the held ratio, it is raised to p over it: mass of P that G misses has its cost.
    mass = weights * np.exp(np.maximum(log_g, log_p - held))
    conjugate = mass * (u * slope - f)
    value = scale * float(mass @ f)
    by_mean, by_log_std = (-scale * float(conjugate @ score) for score in fit.scores(x))
    return (value if name == "gan" else max(0.0, value)), (by_mean, by_log_std)


@cache
def _curvature(name: Phi) -> float:
    """φ″(1), which all φ-divergences between near laws are multiples by; 1 for the kink of total variation."""
    generator = GENERATORS[name]
    bend = float(derivatives(generator.f, torch.ones(1, dtype=torch.float64))[2])
    return bend * (1.0 if name == "gan" else generator.scale) or 1.0


def _generator_at(generator: Generator, log_u: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """u, φ(u) and φ′(u) from log u (n,)."""
    u = np.exp(log_u)
    return u, evaluate(generator.f, u), evaluate(generator.slope, u)


def _starts(law: Law) -> list[Normal]:
    """The moments of a law on the line, and the heaviest of its components."""
    x, weights = quadrature(law.breaks)
    mass = weights * np.exp(law.log_density(x[:, None]))
    mean = float(mass @ x)
    starts = [Normal(mean, math.sqrt(float(mass @ (x - mean) ** 2)))]
    parts = law.mixture
    if parts is not None and len(parts.weights) > 1:
        heaviest = np.argsort(-parts.weights, kind="stable")[:_MOST_STARTS]
        starts += [Normal(float(parts.means[k, 0]), float(parts.stds[k])) for k in heaviest]
    return starts


def _valley(name: Phi, law: Law, start: Normal) -> Pieces[tuple[float, Normal]]:
    """The bottom of the valley of D_φ in which a Gaussian stands, by BFGS in μ and log σ, some steps a piece."""
    from scipy.optimize import minimize

    def height(at: Doubles) -> tuple[float, Doubles]:
        fit = _normal(at)
        value, (by_mean, by_log_std) = divergence(name, law, fit)
        # A line search cannot compare with ∞, but steps back from what is far above all else.
        return min(value, _HIGH), np.array([by_mean / fit.std, by_log_std])

    at = np.array([start.mean, math.log(start.std)])
    # Fisher's information to begin with, so that the first step is of the order of a width.
    curvature = np.diag([start.std**2, 0.5]) / _curvature(name)
    for _ in range(_PIECES):
        options = {"gtol": 1e-7, "maxiter": _STEPS, "hess_inv0": (curvature + curvature.T) / 2}
        found = minimize(height, at, jac=True, method="BFGS", options=options)
        at, curvature = found.x, found.hess_inv
        yield
        if found.nit < _STEPS:
            break
    return height(at)[0], _normal(at)


def _normal(at: Doubles) -> Normal:
    """The Gaussian of μ and log σ (2,), within its widths."""
    log_std = float(np.clip(at[1], math.log(NARROWEST), math.log(WIDEST)))
    return Normal(float(at[0]), math.exp(log_std))
