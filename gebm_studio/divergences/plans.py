"""Optimal transport on the line: the monotone plan, its cost, and the critic that certifies it.

One convention throughout: the critic f is 1-Lipschitz, f′ = sign(F_Q − F_P), and its dual value is ∫f dP − ∫f dQ
= ∫|F_P − F_Q| dx = W₁. So f is high where P has more mass than Q nearby, and mass goes downhill.

References:
    Computational Optimal Transport (Peyré and Cuturi, 2019), arXiv 1803.00567, remark 2.30 and section 6.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gebm_studio.divergences.atoms import Doubles, order_of, points_of, weights_of

Indices = NDArray[np.int64]

_ROUNDING = 1e-14
"""Distribution functions that differ by less are equal: sums of weights are not exact."""
_SLACK = 1e-9
"""How far a tabulated distribution function may leave [0, 1] or fall, as integrated ones do."""


@dataclass(frozen=True)
class Critic1D:
    """A piecewise linear function on the line, constant beyond its ends.

    Attributes:
        points: Knots (K,), increasing.
        values: f at them (K,); zero at the first.
    """

    points: Doubles
    values: Doubles

    def __call__(self, x: ArrayLike) -> Doubles:
        """f(x), of the shape of x."""
        return np.asarray(np.interp(np.asarray(x, dtype=np.float64), self.points, self.values))


@dataclass(frozen=True)
class Plan:
    """The monotone coupling of two sets of atoms, optimal for |x − y|ᵖ with any p ≥ 1.

    Attributes:
        source: Index into x of each parcel of mass (K,), K < N + M.
        target: Index into y of each parcel (K,).
        mass: Of each parcel (K,); they sum to one.
        cost: Σ mass |x − y|, that is W₁.
        critic: The Kantorovich–Rubinstein potential f with knots at the atoms of both.
        dual: ∫f dP − ∫f dQ, equal to the cost up to rounding.
    """

    source: Indices
    target: Indices
    mass: Doubles
    cost: float
    critic: Critic1D
    dual: float


@dataclass(frozen=True)
class Kantorovich:
    """W₁ of two laws on a grid with its dual.

    Attributes:
        w1: ∫|F_P − F_Q| dx.
        critic: f, with knots on the grid and where F_P and F_Q cross.
        dual: ∫f dP − ∫f dQ, equal to `w1` up to rounding.
    """

    w1: float
    critic: Critic1D
    dual: float


def wasserstein_1d(
    x: ArrayLike,
    y: ArrayLike,
    weights_x: ArrayLike | None = None,
    weights_y: ArrayLike | None = None,
    order: float = 1,
) -> float:
    """W_p of atoms on the line: (∫₀¹ |F_P⁻¹(u) − F_Q⁻¹(u)|ᵖ du)^{1/p}, by merging the quantiles.

    Arguments:
        x: Atoms (N,) or (N, 1) of P.
        y: Atoms (M,) or (M, 1) of Q; M may differ from N.
        weights_x: Their masses (N,), divided by their sum; 1/N where silent.
        weights_y: Masses (M,) likewise.
        order: p, in [1, ∞).

    Raises:
        ValueError: For atoms that are none, not finite or not on the line, for weights that are negative, not finite
            or all zero, and for an order outside its range.
    """
    p = order_of(order, "wasserstein_1d")
    x, y = _line(x, "first", "wasserstein_1d"), _line(y, "second", "wasserstein_1d")
    a = weights_of(weights_x, len(x), "first", "wasserstein_1d")
    b = weights_of(weights_y, len(y), "second", "wasserstein_1d")
    source, target, mass = _north_west(x, y, a, b)
    lengths = np.abs(x[source] - y[target])
    longest = float(lengths.max())
    if longest == 0:
        return 0.0
    return longest * math.pow(float(mass @ (lengths / longest) ** p), 1 / p)


def plan_1d(x: ArrayLike, y: ArrayLike, weights_x: ArrayLike | None = None, weights_y: ArrayLike | None = None) -> Plan:
    """The plan that moves the smallest quantiles first (the north-west corner rule on sorted atoms).

    Arguments:
        x: Atoms (N,) or (N, 1) of P, in any order.
        y: Atoms (M,) or (M, 1) of Q.
        weights_x: Their masses (N,), divided by their sum; 1/N where silent.
        weights_y: Masses (M,) likewise.

    Raises:
        ValueError: As `wasserstein_1d`.
    """
    x, y = _line(x, "first", "plan_1d"), _line(y, "second", "plan_1d")
    a, b = weights_of(weights_x, len(x), "first", "plan_1d"), weights_of(weights_y, len(y), "second", "plan_1d")
    source, target, mass = _north_west(x, y, a, b)
    knots, place = np.unique(np.concatenate((x, y)), return_inverse=True)
    signed: Doubles = np.bincount(place, np.concatenate((a, -b)), len(knots)).astype(np.float64)  # P − Q at each knot
    critic = _critic(knots, -np.cumsum(signed)[:-1])
    cost = float(mass @ np.abs(x[source] - y[target]))
    return Plan(source, target, mass, cost, critic, float(signed @ critic.values))


def kantorovich_1d(grid: ArrayLike, cdf_p: ArrayLike, cdf_q: ArrayLike) -> Kantorovich:
    """W₁ = ∫|F_P − F_Q| dx and its critic, for distribution functions that are linear between grid points.

    Mass beyond the ends of the grid counts as if it lay on them.

    Arguments:
        grid: x (K,), increasing, K ≥ 2.
        cdf_p: F_P on the grid (K,), rising within [0, 1].
        cdf_q: F_Q on the grid (K,).

    Raises:
        ValueError: For shapes that do not fit, a grid that does not increase, numbers that are not finite, or values
            that fall or leave [0, 1] by more than 10⁻⁹.
    """
    x: Doubles = np.asarray(grid, dtype=np.float64)
    if x.ndim != 1 or len(x) < 2 or not np.isfinite(x).all() or not (np.diff(x) > 0).all():
        raise ValueError(f"kantorovich_1d: the grid must hold two or more increasing numbers, got shape {x.shape}")
    gap = _cdf(cdf_q, "Q", len(x)) - _cdf(cdf_p, "P", len(x))
    gap[np.abs(gap) < _ROUNDING] = 0
    x, gap = _with_crossings(x, gap)
    middles = (gap[1:] + gap[:-1]) / 2
    critic = _critic(x, middles)
    # P − Q in the cells, where f averages to the mean of its ends, and what lies on the two ends.
    means = (critic.values[1:] + critic.values[:-1]) / 2
    dual = -float(np.diff(gap) @ means) - gap[0] * critic.values[0] + gap[-1] * critic.values[-1]
    return Kantorovich(float(np.abs(middles) @ np.diff(x)), critic, float(dual))


def _north_west(x: Doubles, y: Doubles, a: Doubles, b: Doubles) -> tuple[Indices, Indices, Doubles]:
    """Sources, targets and masses of the coupling whose quantiles run together."""
    order_x, order_y = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    upto_x, upto_y = _levels(a[order_x]), _levels(b[order_y])
    levels = np.unique(np.concatenate((upto_x, upto_y)))
    # Of levels that should be one but were rounded apart, the first is kept.
    levels = levels[np.diff(levels, prepend=0.0) > np.finfo(np.float64).eps * (len(a) + len(b))]
    mass = np.diff(levels, prepend=0.0)
    middles = levels - mass / 2
    source = order_x[np.searchsorted(upto_x, middles)]
    target = order_y[np.searchsorted(upto_y, middles)]
    return source, target, mass


def _levels(weights: Doubles) -> Doubles:
    levels = np.cumsum(weights)
    return np.asarray(np.minimum(levels / levels[-1], 1.0))


def _critic(knots: Doubles, gaps: Doubles) -> Critic1D:
    """The potential with slope sign(F_Q − F_P) on each interval, from F_Q − F_P there."""
    slopes = np.where(np.abs(gaps) < _ROUNDING, 0.0, np.sign(gaps))
    return Critic1D(knots, np.concatenate(([0.0], np.cumsum(slopes * np.diff(knots)))))


def _with_crossings(x: Doubles, gap: Doubles) -> tuple[Doubles, Doubles]:
    """The grid with the roots of a piecewise linear function added, and the function on it."""
    cells = np.flatnonzero(gap[1:] * gap[:-1] < 0)
    left, right = gap[cells], gap[cells + 1]
    roots = x[cells] + (x[cells + 1] - x[cells]) * left / (left - right)
    inside = (roots > x[cells]) & (roots < x[cells + 1])
    after = cells[inside] + 1
    return np.insert(x, after, roots[inside]), np.insert(gap, after, 0.0)


def _cdf(values: ArrayLike, name: str, count: int) -> Doubles:
    given: Doubles = np.array(values, dtype=np.float64)
    if given.shape != (count,) or not np.isfinite(given).all():
        raise ValueError(f"kantorovich_1d: F_{name} needs {count} finite values, got shape {given.shape}")
    lowest, highest = float(given.min()), float(given.max())
    if lowest < -_SLACK or highest > 1 + _SLACK or float(np.diff(given).min()) < -_SLACK:
        raise ValueError(f"kantorovich_1d: F_{name} must rise within [0, 1], it runs from {lowest:g} to {highest:g}")
    return given


def _line(x: ArrayLike, name: str, what: str) -> Doubles:
    points = points_of(x, name, what)
    if points.shape[1] != 1:
        raise ValueError(f"{what}: the {name} sample must lie on the line, got {points.shape[1]} dimensions")
    return points[:, 0]
