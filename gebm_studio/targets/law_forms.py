"""Forms of laws before they are moved and scaled: what each knows of itself exactly, and its draws."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp, ndtr, ndtri

from gebm_studio.divergences import IsotropicMixture, Tails, gaussian_breaks, gaussian_tails
from gebm_studio.divergences.tails import COMPACT

Doubles = NDArray[np.float64]

_BLOCK = 512
"""Draws made at once; each block has a generator of its own, so that a longer draw begins like a shorter one."""
_REACH = 3.5
"""Standard deviations of a Gaussian that a picture shows."""
_BISECTIONS = 200


@dataclass(frozen=True)
class Atoms:
    """A finite law: points (N, d) and their masses (N,), which sum to one."""

    points: Doubles
    weights: Doubles


class Form(ABC):
    """A law about the origin, of width one.

    Attributes:
        dimension: d.
        home: Lower and upper corners (d,) of a box that shows nearly all of its mass.
        has_density: Whether `log_density` is known.
        atoms: Where the law is finite.
        components: Where it is a mixture of round Gaussians.
        boxed: Whether it is uniform on [−½, ½]^d.
        breaks: On the line, edges for quadrature: jumps, and some about each narrow part.
        tails: On the line, how its density fades; None without one.
    """

    has_density = False
    atoms: Atoms | None = None
    components: IsotropicMixture | None = None
    boxed = False
    bounded = False
    thin = False
    breaks: Sequence[float] = ()
    tails: Tails | None = None

    def __init__(self, dimension: int, home: tuple[Doubles, Doubles], seed: int) -> None:
        self.dimension, self.home, self.seed = dimension, home, seed
        self._drawn: Doubles = np.empty((0, dimension))

    def draws(self, n: int) -> Doubles:
        """n draws (n, d), always the same, and the first of any longer draw."""
        blocks = [self._drawn]
        have = len(self._drawn)
        while have < n:
            blocks.append(self._block(have))
            have += len(blocks[-1])
        if len(blocks) > 1:
            self._drawn = np.concatenate(blocks)
        return self._drawn[:n]

    def _block(self, first: int) -> Doubles:
        """Draws that follow the first so many."""
        return self._draw(np.random.default_rng([self.seed, first]), _BLOCK)

    @abstractmethod
    def _draw(self, rng: np.random.Generator, n: int) -> Doubles:
        """n independent draws (n, d)."""

    def log_density(self, y: Doubles) -> Doubles:
        """log p of points (N, d), −∞ outside of the support; (N,).

        Raises:
            NotImplementedError: Where `has_density` is false.
        """
        raise NotImplementedError(f"{type(self).__name__} has no density")

    def cdf(self, y: Doubles) -> Doubles:
        """P(Y ≤ y) on the line, (N,).

        Raises:
            NotImplementedError: In the plane.
        """
        raise NotImplementedError(f"{type(self).__name__} has no distribution function")

    def quantile(self, u: Doubles) -> Doubles:
        """The least y with P(Y ≤ y) ≥ u, for u (N,) in [0, 1]; ±∞ at the ends of an unbounded law.

        Raises:
            NotImplementedError: In the plane.
        """
        raise NotImplementedError(f"{type(self).__name__} has no quantiles")


class Normal(Form):
    """N(0, I)."""

    has_density = True

    def __init__(self, dimension: int, seed: int) -> None:
        reach = np.full(dimension, _REACH)
        super().__init__(dimension, (-reach, reach), seed)
        self.components = IsotropicMixture(np.zeros((1, dimension)), np.ones(1), np.ones(1))
        self.breaks = tuple(gaussian_breaks([0.0], [1.0]))
        self.tails = gaussian_tails([0.0], [1.0])

    def _draw(self, rng: np.random.Generator, n: int) -> Doubles:
        return rng.standard_normal((n, self.dimension))

    def log_density(self, y: Doubles) -> Doubles:
        values: Doubles = -0.5 * ((y**2).sum(axis=1) + self.dimension * np.log(2 * np.pi))
        return values

    def cdf(self, y: Doubles) -> Doubles:
        return np.asarray(ndtr(y))

    def quantile(self, u: Doubles) -> Doubles:
        return np.asarray(ndtri(u))


class Box(Form):
    """Uniform on [−½, ½]^d."""

    has_density = True
    boxed = True
    bounded = True
    tails = COMPACT

    def __init__(self, dimension: int, seed: int) -> None:
        half = np.full(dimension, 0.5)
        super().__init__(dimension, (-half, half), seed)
        self.breaks = (-0.5, 0.5)

    def _draw(self, rng: np.random.Generator, n: int) -> Doubles:
        return rng.random((n, self.dimension)) - 0.5

    def log_density(self, y: Doubles) -> Doubles:
        return np.where((np.abs(y) <= 0.5).all(axis=1), 0.0, -np.inf)

    def cdf(self, y: Doubles) -> Doubles:
        return np.clip(y + 0.5, 0.0, 1.0)

    def quantile(self, u: Doubles) -> Doubles:
        return u - 0.5


class Mixture(Form):
    """Σ w_k N(m_k, s_k² I)."""

    has_density = True

    def __init__(self, means: Doubles, stds: Doubles, weights: Doubles, seed: int) -> None:
        present = weights > 0
        means, stds, weights = means[present], stds[present], weights[present] / weights.sum()
        reach = _REACH * stds[:, None]
        super().__init__(means.shape[1], ((means - reach).min(axis=0), (means + reach).max(axis=0)), seed)
        self.components = IsotropicMixture(means, stds, weights)
        self._means, self._stds, self._weights = means, stds, weights
        if self.dimension == 1:
            self.breaks = tuple(gaussian_breaks(list(means[:, 0]), list(stds)))
            self.tails = gaussian_tails(list(means[:, 0]), list(stds))

    def _draw(self, rng: np.random.Generator, n: int) -> Doubles:
        component = rng.choice(len(self._weights), n, p=self._weights)
        return self._means[component] + self._stds[component, None] * rng.standard_normal((n, self.dimension))

    def log_density(self, y: Doubles) -> Doubles:
        squared = sum((y[:, axis, None] - self._means[:, axis]) ** 2 for axis in range(self.dimension))
        logs = np.log(self._weights) - self.dimension * (np.log(self._stds) + 0.5 * np.log(2 * np.pi))
        return np.asarray(logsumexp(logs - squared / (2 * self._stds**2), axis=1))

    def cdf(self, y: Doubles) -> Doubles:
        values: Doubles = ndtr((y[:, None] - self._means[:, 0]) / self._stds) @ self._weights
        return values

    def quantile(self, u: Doubles) -> Doubles:
        # By bisection between the components' own quantiles, on the side of the smaller tail, where no digit is lost.
        low_side = u <= 0.5
        log_tail = np.log(np.where(low_side, u, 1 - u), out=np.full(len(u), -np.inf), where=(u > 0) & (u < 1))
        each = self._means[:, 0] + self._stds * np.asarray(ndtri(u))[:, None]
        low, high = each.min(axis=1), each.max(axis=1)
        inner = np.isfinite(low) & np.isfinite(high)
        a, b = low[inner], high[inner]
        sign, goal = np.where(low_side, 1.0, -1.0)[inner], log_tail[inner]
        logs = np.log(self._weights)
        for _ in range(_BISECTIONS):
            middle = (a + b) / 2
            at = logsumexp(logs + log_ndtr(sign[:, None] * (middle[:, None] - self._means[:, 0]) / self._stds), axis=1)
            below = sign * (at - goal) < 0
            a, b = np.where(below, middle, a), np.where(below, b, middle)
            if (b - a <= 4e-16 * (np.abs(a) + np.abs(b))).all():
                break
        found: Doubles = low.copy()
        found[inner] = (a + b) / 2
        return found
