"""φ-divergences of a pair: closed forms where there are any, sums over common atoms, else quadrature."""

from __future__ import annotations

import numpy as np

from gebm_studio.divergences import (
    GENERATORS,
    chi2,
    evaluate,
    f_divergences_1d,
    f_divergences_uniform,
    hellinger2,
    infinite_by_tails,
    kl,
    tv_normal,
)
from gebm_studio.experiments.lab.found import Found, by_quadrature, closed
from gebm_studio.experiments.lab.later import Pieces
from gebm_studio.experiments.lab.nodes import Weighted
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.phi_plane import in_plane
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.schema.measures import PHI, Phi
from gebm_studio.targets.laws import Law


def phi_of(pair: Pair, name: Phi) -> Found | None:
    """One φ-divergence where that takes no quadrature, else None.

    Raises:
        Unknown: Where a law has no points, or there is no density to be had.
    """
    if pair.missing:
        raise Unknown(pair.missing)
    if pair.by_samples or (pair.p.atoms is not None and pair.q.atoms is not None):
        return _of_atoms(name, *pair.draws(pair.preset.measure.samples))
    if pair.same:
        return closed(_raw_or_customary(name, float(evaluate(GENERATORS[name].f, 1.0))), "P = Q")
    thin = [_is_thin(pair.p), _is_thin(pair.q)]
    if any(thin):
        if all(thin):
            raise Unknown("both laws lie on curves or points; set values to samples for estimates")
        generator = GENERATORS[name]
        raw = generator.value_at_zero + generator.slope_at_infinity
        return closed(_raw_or_customary(name, raw), "the laws share no mass: one lies on points or curves")
    pair.log_density_functions()
    if pair.p.gaussian is not None and pair.q.gaussian is not None:
        return _of_gaussians(pair, name)
    if pair.p.uniform is not None and pair.q.uniform is not None:
        ends = *pair.p.uniform, *pair.q.uniform
        return closed(_raw_or_customary(name, f_divergences_uniform(*ends, names=[name])[name].raw))
    return None


def phi_by_quadrature(pair: Pair) -> Pieces[dict[Phi, Found]]:
    """All φ-divergences at once where both laws have densities.

    Raises:
        Unknown: Where one has none.
    """
    log_p, log_q = pair.log_density_functions()
    if pair.dimension == 1:
        infinite = infinite_by_tails(pair.p.tails, pair.q.tails) if pair.p.tails and pair.q.tails else frozenset()
        edges = np.concatenate([pair.p.breaks, pair.q.breaks])
        found = f_divergences_1d(log_p, log_q, edges, infinite=infinite)
    else:
        found = yield from in_plane(pair)
    return {
        name: by_quadrature(_raw_or_customary(name, found[name].raw, found[name].value), found[name].error)
        for name in PHI
    }


def _raw_or_customary(name: Phi, raw: float, customary: float | None = None) -> float:
    """The number that is shown: of the GAN its game's value 2 JS − log 4, of the others the customary one."""
    if name == "gan":
        return raw
    return GENERATORS[name].customary(raw) if customary is None else customary


def _of_gaussians(pair: Pair, name: Phi) -> Found | None:
    p, q = pair.p.gaussian, pair.q.gaussian
    if p is None or q is None:
        return None
    match name:
        case "kl":
            return closed(kl(*p, *q))
        case "reverse_kl":
            return closed(kl(*q, *p))
        case "jeffrey":
            return closed(kl(*p, *q) + kl(*q, *p))
        case "pearson":
            return closed(chi2(*p, *q))
        case "neyman":
            return closed(chi2(*q, *p))
        case "hellinger":
            return closed(hellinger2(*p, *q))
        case "total_variation" if pair.dimension == 1:
            return closed(tv_normal(float(p[0][0]), pair.p.width, float(q[0][0]), pair.q.width))
    return None


def _of_atoms(name: Phi, x: Weighted, y: Weighted) -> Found:
    """Σ q f(p/q) over the points of both, f(0) and f′(∞) where only one has mass."""
    points, place = np.unique(np.concatenate([x.points, y.points]), axis=0, return_inverse=True)
    place = place.ravel()
    p = np.bincount(place[: len(x.points)], x.weights, len(points))
    q = np.bincount(place[len(x.points) :], y.weights, len(points))
    generator, both = GENERATORS[name], (p > 0) & (q > 0)
    raw = float(q[both] @ evaluate(generator.f, p[both] / q[both]))
    for mass, limit in ((p[~both].sum(), generator.slope_at_infinity), (q[~both].sum(), generator.value_at_zero)):
        raw += float(mass) * limit if mass > 0 else 0.0
    note = "" if both.any() else "of the points themselves: the two sets share none"
    value = _raw_or_customary(name, raw)
    return Found(max(0.0, value) if name != "gan" else value, 0.0, f"{x.protocol}, {y.protocol}", note)


def _is_thin(law: Law) -> bool:
    """Whether all mass lies on a set without area."""
    return law.atoms is not None or law.form.thin
