"""The optimal plan of W₁ on the line beside the 1-Lipschitz critic that proves it optimal (F33).

References:
    Computational Optimal Transport (Peyré and Cuturi, 2019), arXiv 1803.00567, remark 2.30 and section 6.1.
"""

from __future__ import annotations

import math

import numpy as np

from gebm_studio.divergences import Critic1D, integrate, plan_1d
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.roots import roots
from gebm_studio.experiments.lab.shown import floats
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.messages import PlanPart
from gebm_studio.messages.arrays import Floats
from gebm_studio.schema import DivergencesPreset
from gebm_studio.targets.laws import Law

PIECES = 200
"""Parcels of equal mass that a plan between other laws than sets of points is shown by."""
_MOST = 400
"""Parcels of a plan between points that are shown one by one."""
_MARGIN = 0.05
_PROBES = 16
"""Points of a panel where two distribution functions are compared before a crossing is sought."""
_BISECTIONS = 56
_TOLERANCE, _ROUNDING = 1e-8, 1e-16
_TINY, _LAST = float(np.finfo(np.float64).tiny), 1 - 2.0**-53


def plan_part(pair: Pair, preset: DivergencesPreset, version: int) -> PlanPart:
    """The monotone plan from P to Q, its cost, and what the critic gains: both are W₁.

    Arguments:
        pair: Both laws, on the line; in the plane, and without points, the part is empty and says why.
        preset: The settings.
        version: Given back in the part.
    """
    try:
        _check(pair)
        return _of_points(pair, version) if pair.by_points else _of_laws(pair, version)
    except Unknown as reason:
        nothing = floats(np.empty(0))
        return PlanPart(floats(np.empty((0, 3))), nothing, nothing, math.nan, math.nan, str(reason), version)


def lipschitz_critic(pair: Pair) -> Critic1D:
    """The 1-Lipschitz critic f of W₁ on the line, f′ = sign(F_Q − F_P), 0 at its lowest between the laws' ends.

    Raises:
        Unknown: In the plane, or where a law has no points.
    """
    _check(pair)
    if pair.by_points:
        x, y = pair.draws(pair.preset.measure.samples)
        return _grounded(plan_1d(x.points, y.points, x.weights, y.weights).critic, pair)
    return _grounded(_critic(pair.p, pair.q), pair)


def _check(pair: Pair) -> None:
    if pair.dimension == 2:
        raise Unknown("plan and critic of W₁ are drawn on the line only; its value in the plane stands among the bars")
    pair.draws(1)


def _grounded(critic: Critic1D, pair: Pair) -> Critic1D:
    """The same critic less a constant."""
    low, high = _ends(pair)
    between = critic.points[(critic.points > low) & (critic.points < high)]
    lowest = float(critic(np.concatenate([[low], between, [high]])).min())
    return Critic1D(critic.points, critic.values - lowest)


def _ends(pair: Pair) -> tuple[float, float]:
    """Where what a picture shows of both laws begins and ends on the line, and a little more."""
    ends = [float(corner[0]) for law in (pair.p, pair.q) for corner in law.home]
    pad = _MARGIN * (max(ends) - min(ends)) or 0.5
    return min(ends) - pad, max(ends) + pad


def _of_points(pair: Pair, version: int) -> PlanPart:
    """Between atoms or draws: exact."""
    x, y = pair.draws(pair.preset.measure.samples)
    plan = plan_1d(x.points, y.points, x.weights, y.weights)
    pieces = np.stack([x.points[plan.source, 0], y.points[plan.target, 0], plan.mass], axis=1)
    note = f"{x.protocol} of P, {y.protocol} of Q; exact"
    if len(pieces) > _MOST:
        pieces = _thinned(pieces)
        note += f"; {len(pieces)} of {len(plan.mass)} parcels are drawn"
    return PlanPart(floats(pieces), *_drawn(_grounded(plan.critic, pair), pair), plan.cost, plan.dual, note, version)


def _of_laws(pair: Pair, version: int) -> PlanPart:
    """By quantiles, at least one law having a density; cost and gain by quadratures that share nothing but panels."""
    p, q = pair.p, pair.q
    levels = (np.arange(PIECES) + 0.5) / PIECES
    pieces = np.stack([_quantile(p, levels), _quantile(q, levels), np.full(PIECES, 1 / PIECES)], axis=1)
    critic = _critic(p, q)
    parts = _cost(p, q, critic.points), _mean(critic, p), _mean(critic, q)
    (cost, _), (of_p, _), (of_q, _) = parts
    error = max(_ROUNDING, sum(error for _, error in parts))
    note = f"{PIECES} parcels of equal mass are drawn; cost and gain by quadrature, error {error:.0e}"
    return PlanPart(floats(pieces), *_drawn(_grounded(critic, pair), pair), cost, of_p - of_q, note, version)


def _critic(p: Law, q: Law) -> Critic1D:
    """f with f′ = sign(F_Q − F_P): its knots are the breaks of both laws and where F_P = F_Q; f = 0 at the first."""
    edges = np.unique(np.concatenate([p.breaks, q.breaks]))
    probes = (edges[:-1, None] + np.diff(edges)[:, None] * (np.arange(_PROBES) + 0.5) / _PROBES).ravel()

    def gap(x: Doubles) -> Doubles:
        found: Doubles = q.cdf(x) - p.cdf(x)
        return found

    knots = np.union1d(edges, roots(gap, probes))
    slopes = np.sign(gap((knots[1:] + knots[:-1]) / 2))
    values: Doubles = np.concatenate([[0.0], np.cumsum(slopes * np.diff(knots))])
    return Critic1D(knots, values)


def _cost(p: Law, q: Law, knots: Doubles) -> tuple[float, float]:
    """∫ p(x) |x − F_Q⁻¹(F_P(x))| dx and its error; from Q to P where P is finite or ends abruptly.

    The map from an interval to a law with tails is infinitely steep at its ends.
    """
    if not p.has_density or (p.form.bounded and q.has_density):
        p, q = q, p
    jumps = np.empty(0) if q.atoms is None else _quantile(p, np.cumsum(q.atoms.weights)[:-1])

    def carried(x: Doubles) -> Doubles:
        to = _quantile(q, np.clip(p.cdf(x), _TINY, _LAST))
        values: Doubles = np.exp(p.log_density(x[:, None])) * np.abs(to - x)
        return values

    inside = (knots >= p.breaks[0]) & (knots <= p.breaks[-1])
    found = integrate(carried, np.unique(np.concatenate([knots[inside], p.breaks, jumps])), tolerance=_TOLERANCE)
    return float(found.value), float(found.error)


def _quantile(law: Law, levels: Doubles) -> Doubles:
    """The quantiles of a law at levels (n,) in (0, 1), of a mixture by bisection of its distribution function.

    That is right to the rounding of the levels; `Law.quantile` keeps more digits in the tails and takes far longer.
    """
    parts = law.form.components
    if law.atoms is not None or parts is None or len(parts.weights) == 1:
        return law.quantile(levels)
    low, high = np.full(len(levels), law.breaks[0]), np.full(len(levels), law.breaks[-1])
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = law.cdf(middle) < levels
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


def _mean(critic: Critic1D, law: Law) -> tuple[float, float]:
    """E f(X) and its error."""
    if law.atoms is not None:
        return float(law.atoms.weights @ critic(law.atoms.points[:, 0])), 0.0
    inside = (critic.points >= law.breaks[0]) & (critic.points <= law.breaks[-1])
    found = integrate(lambda x: np.exp(law.log_density(x[:, None])) * critic(x), critic.points[inside])
    return float(found.value), float(found.error)


def _thinned(pieces: Doubles) -> Doubles:
    """Parcels (n, 3), sorted by where they start, as `PIECES` of equal mass: those at evenly spaced levels."""
    order = np.lexsort((pieces[:, 1], pieces[:, 0]))
    upto = np.cumsum(pieces[order, 2])
    levels = (np.arange(PIECES) + 0.5) / PIECES * upto[-1]
    chosen: Doubles = pieces[order[np.searchsorted(upto, levels)]]
    chosen[:, 2] = 1 / PIECES
    return chosen


def _drawn(critic: Critic1D, pair: Pair) -> tuple[Floats, Floats]:
    """x (n,) from end to end by way of the critic's knots, and the critic there."""
    low, high = _ends(pair)
    inner = critic.points[(critic.points > low) & (critic.points < high)]
    x = np.concatenate([[low], inner, [high]])
    return floats(x), floats(critic(x))
