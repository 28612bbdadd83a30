"""Transport distances of a pair: closed forms, quadrature of distribution functions, sorting and assignment."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from gebm_studio.divergences import (
    assignment,
    integrate,
    sinkhorn_divergence,
    sliced_w2,
    w1_normal,
    w1_uniform,
    w2_squared,
    w2_uniform,
    wasserstein,
)
from gebm_studio.divergences.transport import MOST_PAIRS
from gebm_studio.experiments.lab.found import Found, by_quadrature, closed
from gebm_studio.experiments.lab.nodes import Doubles, Weighted, nodes
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.targets.laws import Law

MOST_ASSIGNED = 1000
"""Points of each law between which an assignment is solved: a tenth of a second."""
MOST_ENTROPIC = 400
"""Points of each law for Sinkhorn's scalings."""

_DIRECTIONS = 128
_PROBES = 8
"""Points of a panel where two distribution functions are compared before a crossing is sought."""
_BISECTIONS = 60
_LAST = 1 - 2.0**-53


def w1_of(pair: Pair) -> Found:
    """W₁.

    Raises:
        Unknown: Where a law has no points.
    """
    return _distance(pair, 1)


def w2_of(pair: Pair) -> Found:
    """W₂.

    Raises:
        Unknown: Where a law has no points.
    """
    return _distance(pair, 2)


def is_assigned(pair: Pair, order: Literal[1, 2]) -> bool:
    """Whether W₁ or W₂ is found by an assignment between points of the plane, which takes long."""
    if pair.dimension == 1 or pair.missing:
        return False
    return pair.by_points or not (pair.p.is_point or pair.q.is_point or _by_formula(pair, order))


def sliced_of(pair: Pair) -> Found:
    """Sliced W₂ on draws; on the line W₂ itself.

    Raises:
        Unknown: Where a law has no points.
    """
    if pair.dimension == 1:
        return w2_of(pair)
    x, y = pair.draws(pair.preset.measure.samples)
    found = sliced_w2(x.points, y.points, _DIRECTIONS, seed=pair.preset.seed)
    return Found(found.value, found.stderr, f"{_of(x, y)}, {_DIRECTIONS} directions", "error from the directions alone")


def sinkhorn_of(pair: Pair) -> Found:
    """The debiased entropic transport cost on draws.

    Raises:
        Unknown: Where a law has no points.
        ValueError: For coordinates that are too large.
    """
    x, y = pair.draws(min(MOST_ENTROPIC, pair.preset.measure.samples))
    epsilon = pair.preset.measure.epsilon
    found = sinkhorn_divergence(x.points, y.points, epsilon, x.weights, y.weights)
    return Found(max(0.0, found.value), 0.0, f"{_of(x, y)}, ε = {epsilon:g}", found.note)


def _distance(pair: Pair, order: Literal[1, 2]) -> Found:
    pair.draws(1)
    if pair.by_points:
        return _between_points(pair, order)
    found = _by_formula(pair, order)
    if found is not None:
        return found
    if pair.dimension == 1:
        return _by_distribution_functions(pair.p, pair.q) if order == 1 else _by_quantiles(pair.p, pair.q)
    if pair.p.is_point or pair.q.is_point:
        return _to_a_point(pair, order)
    return _between_points(pair, order)


def _by_formula(pair: Pair, order: Literal[1, 2]) -> Found | None:
    """Between laws of one shape, Gaussians, or uniform laws."""
    p, q = pair.p, pair.q
    if pair.same_form:
        return closed(float(np.linalg.norm(p.at - q.at)), "a shift")
    normal_p, normal_q = _normal(p), _normal(q)
    if normal_p is not None and normal_q is not None:
        if order == 2:
            return closed(math.sqrt(max(0.0, w2_squared(*normal_p, *normal_q))))
        if pair.dimension == 1 and not (p.is_point or q.is_point):
            return closed(w1_normal(float(p.at[0]), p.width, float(q.at[0]), q.width))
    if p.uniform is not None and q.uniform is not None and (pair.dimension == 1 or order == 2):
        ends = *p.uniform, *q.uniform
        if order == 2:
            return closed(w2_uniform(*ends))
        return closed(w1_uniform(*(float(end[0]) for end in ends)))
    return None


def _normal(law: Law) -> tuple[Doubles, Doubles] | None:
    """Mean and covariance of a Gaussian, a point counting as one of no width."""
    # A drawing of one point stands where that point is, not at the drawing's place.
    if law.atoms is not None and len(law.atoms.points) == 1:
        return law.atoms.points[0], np.zeros((law.dimension, law.dimension))
    return law.gaussian


def _by_distribution_functions(p: Law, q: Law) -> Found:
    """W₁ = ∫|F_P − F_Q| dx."""
    edges = np.unique(np.concatenate([p.breaks, q.breaks]))
    inside = (edges[:-1, None] + np.diff(edges)[:, None] * np.linspace(0, 1, _PROBES + 2)[1:-1]).ravel()
    found = integrate(lambda x: np.abs(p.cdf(x) - q.cdf(x)), np.union1d(edges, _crossings(p, q, inside)))
    return by_quadrature(float(found.value), float(found.error))


def _crossings(p: Law, q: Law, x: Doubles) -> Doubles:
    """Where F_P = F_Q between neighbours among x, by bisection: there |F_P − F_Q| has a kink."""
    gap = p.cdf(x) - q.cdf(x)
    at = gap[:-1] * gap[1:] < 0
    a, b, sign = x[:-1][at], x[1:][at], np.sign(gap[:-1][at])
    for _ in range(_BISECTIONS if len(a) else 0):
        middle = (a + b) / 2
        left = sign * (p.cdf(middle) - q.cdf(middle)) > 0
        a, b = np.where(left, middle, a), np.where(left, b, middle)
    return b


def _by_quantiles(p: Law, q: Law) -> Found:
    """W₂² = ∫ p(x) (x − F_Q⁻¹(F_P(x)))² dx, P being the law with a density."""
    if not p.has_density:
        p, q = q, p
    jumps = np.empty(0)
    if q.atoms is not None:
        levels = np.cumsum(np.sort(q.atoms.weights))[:-1]
        jumps = p.quantile(levels)
    edges = np.unique(np.concatenate([p.breaks, jumps]))

    def squared(x: Doubles) -> Doubles:
        levels = np.clip(p.cdf(x), np.finfo(np.float64).tiny, _LAST)
        values: Doubles = np.exp(p.log_density(x[:, None])) * (x - q.quantile(levels)) ** 2
        return values

    found = integrate(squared, edges)
    value = math.sqrt(max(0.0, float(found.value)))
    return by_quadrature(value, float(found.error) / (2 * value) if value else math.sqrt(float(found.error)))


def _to_a_point(pair: Pair, order: Literal[1, 2]) -> Found:
    """(E|X − a|ᵖ)^{1/p}: to a point there is but one plan."""
    point, law, index = (pair.p, pair.q, 1) if pair.p.is_point else (pair.q, pair.p, 0)
    place = pair.draws(1)[1 - index].points[0]

    def powers(standing: Weighted) -> Doubles:
        lengths: Doubles = np.linalg.norm(standing.points - place, axis=1) ** order
        return lengths

    def value(standing: Weighted) -> float:
        return math.pow(float(standing.weights @ powers(standing)), 1 / order)

    fine, coarse = (nodes(law, law.width, point, coarse=coarse) for coarse in (False, True))
    if fine is not None and coarse is not None:
        return by_quadrature(value(fine), abs(value(fine) - value(coarse)))
    standing = pair.draws(pair.preset.measure.samples)[index]
    if standing.kind == "atoms":
        return Found(value(standing), 0.0, standing.protocol)
    spread = float(powers(standing).std()) / math.sqrt(len(standing.points))
    mean = float(powers(standing).mean())
    return Found(value(standing), value(standing) * spread / (order * mean) if mean else 0.0, standing.protocol)


def _between_points(pair: Pair, order: Literal[1, 2]) -> Found:
    """Between atoms or draws, exactly: sorted on the line, by assignment or a linear programme in the plane."""
    x, y = pair.draws(pair.preset.measure.samples)
    how = "sorted" if pair.dimension == 1 else "assignment"
    if pair.dimension == 2:
        even = len(x.points) == len(y.points)
        if (even and len(x.points) > MOST_ASSIGNED) or (not even and len(x.points) * len(y.points) > MOST_PAIRS):
            n = min(MOST_ASSIGNED, len(x.points), len(y.points))
            x, y = (Weighted(law.sample(n), np.full(n, 1 / n), "draws") for law in (pair.p, pair.q))
        elif not even:
            how = "linear programme"
    exact, error = x.kind == y.kind == "atoms", 0.0
    if len(x.points) == len(y.points):
        matching = assignment(x.points, y.points, order)
        costs = np.linalg.norm(x.points - y.points[matching], axis=1) ** order
        value = math.pow(float(costs.mean()), 1 / order)
        if not exact and value > 0:
            error = float(costs.std()) / math.sqrt(len(costs)) / (order * value ** (order - 1))
    else:
        value = wasserstein(x.points, y.points, x.weights, y.weights, order)
    note = "" if exact else "of the draws: positive even where P = Q"
    return Found(value, error, f"{_of(x, y)}, {how}", note)


def _of(x: Weighted, y: Weighted) -> str:
    """The numbers of points, in words."""
    return f"n = {len(x.points)}" if len(x.points) == len(y.points) else f"n = {len(x.points)} and {len(y.points)}"
