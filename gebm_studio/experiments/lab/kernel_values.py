"""MMD and KALE of a pair, and the bound of KALE by W₁."""

from __future__ import annotations

import math

import numpy as np

from gebm_studio.divergences import (
    IsotropicMixture,
    Kale,
    integrate,
    kale_of_class,
    mmd2,
    mmd2_gaussians,
    mmd2_mixtures,
    mmd2_uniform,
    mmd_witness,
)
from gebm_studio.experiments.lab.forms import SPANS, box_of, span_of
from gebm_studio.experiments.lab.found import Found, by_quadrature, closed
from gebm_studio.experiments.lab.later import Pieces
from gebm_studio.experiments.lab.mesh import mesh_of
from gebm_studio.experiments.lab.nodes import MOST_ATOMS, Weighted
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.transports import w1_of
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.targets.laws import Law

_CAUTION = 4.0
"""Times the distance of two sums over nodes, which falls slowly with their number where they are too few."""
_COARSE = 0.1
"""Share of KALE that its error may be without a word."""
_NOTHING = 1.0
"""Share of KALE from which on its error says that nothing is known of it."""
_NOTHING = 1.0
"""Share of KALE from which on its error leaves nothing known of it."""
_SMALL = 1e-6
"""KALE below this is not told from zero by these shares."""
_TOO_MUCH = 0.01
"""Share of KALE that may go unseen."""


def mmd2_of(pair: Pair) -> Found:
    """MMD².

    Raises:
        Unknown: Where a law has no points, or the kernel no length.
    """
    found = None if pair.by_samples or pair.preset.kernel.name != "gaussian" else _closed_mmd2(pair)
    if found is not None:
        return closed(found)
    x, y = pair.on
    if pair.preset.kernel.name == "energy" and pair.dimension == 1 and "quadrature" in (x.kind, y.kind):
        return _energy_on_line(pair.p, pair.q)
    value = _mmd2(pair, x, y)
    if "draws" in (x.kind, y.kind):
        return Found(value, _spread(pair, x, y), f"{_of(x, y)}, each draw's pair with itself counted")
    if x.kind == y.kind == "atoms":
        return Found(value, 0.0, _of(x, y))
    return by_quadrature(value, _CAUTION * abs(value - _mmd2(pair, *pair.coarse)))


def kale_of(pair: Pair) -> Pieces[Found]:
    """KALE, with or without its factor as the settings say.

    Raises:
        Unknown: Where a law has no points, the kernel no length, or the error would be as large as the value.
    """
    found = yield from pair.kale_in_pieces()
    x, y = pair.on
    factor = _factor(pair)
    value, error = factor * found.penalised, factor * found.gap
    if "quadrature" in (x.kind, y.kind):
        error += factor * (_lost(pair, found) + _unseen(pair, found))
        if error > _NOTHING * max(_SMALL, value):
            raise Unknown("the nodes are too far apart for this kernel and λ; raise λ or ℓ")
    elif "draws" in (x.kind, y.kind):
        # The envelope theorem: at the optimum only the means of h and of e^h feel the draws.
        h = found.h(x.points).numpy().std() / math.sqrt(len(x.points))
        ratio = found.log_density.exp().numpy().std() / math.sqrt(len(y.points))
        error += factor * math.hypot(h, ratio)
    how = f"{_of(x, y)}, {'with' if factor > 1 else 'without'} 1 + λ"
    note = found.note
    if not note and "draws" in (x.kind, y.kind):
        note = "of the draws: positive even where P = Q, the more the smaller λ is"
    elif not note and error > _COARSE * max(_SMALL, value):
        note = "the nodes are too far apart for this kernel and λ to say more than its error does; raise λ or ℓ"
    return Found(value, error, how, note)


def lipschitz_of(pair: Pair) -> Pieces[Found]:
    """L·W₁ with the Lipschitz constant L of KALE's critic, and KALE's factor.

    As e^h ≥ 1 + h, KALE ≤ 1 + E_P h − E_Q e^h ≤ E_P h − E_Q h ≤ L W₁. In the kernel's space |h(x) − h(y)| ≤
    |h|_H √(2A − 2k(x, y)) ≤ |h|_H √A |x − y|/ℓ, for the Gaussian and the inverse multiquadric kernel.

    Raises:
        Unknown: Where a law has no points, or for a kernel whose functions need not be Lipschitz.

    References:
        Generalized Energy Based Models (Arbel, Zhou and Gretton, 2021), arXiv 2003.05033, theorem 2.
    """
    if pair.preset.kernel.name == "energy":
        raise Unknown("functions of the energy kernel need not be Lipschitz; choose the Gaussian kernel")
    kale = yield from pair.kale_in_pieces()
    _unseen(pair, kale)
    constant = kale.norm * math.sqrt(pair.preset.kernel.amplitude) / pair.scale
    w1, factor = w1_of(pair), _factor(pair)
    protocol = f"L = |h| √A/ℓ = {constant:.3g} of KALE's critic; W₁: {w1.protocol}"
    return Found(factor * constant * w1.value, factor * constant * w1.error, protocol, w1.note)


def features_of(pair: Pair) -> Found:
    """KALE over the span of a basis: the class of the bound's critic, ReLU features where that is no span.

    Raises:
        Unknown: Where a law has no points.
    """
    critic = pair.preset.critic
    if critic.family not in SPANS:
        critic = critic.model_copy(update={"family": "relu"})
    mesh = mesh_of(pair)
    form = span_of(critic, box_of(critic, pair, mesh), pair.preset.seed)
    found = kale_of_class(form.basis, mesh.of_p, mesh.of_q)
    return Found(found.value, found.gap, f"{form.label}, {mesh.protocol}", found.note)


def _factor(pair: Pair) -> float:
    return 1 + pair.preset.kernel.regularisation if pair.preset.kernel.factor else 1.0


def _lost(pair: Pair, found: Kale) -> float:
    """By how much the nodes may be too coarse for the penalised value.

    The critic that is best on half of the nodes is worth less on all of them where it fits the nodes and not the laws.
    """
    x, y = pair.on
    coarse, lam = pair.coarse_kale, pair.preset.kernel.regularisation
    with np.errstate(over="ignore"):
        cost = float(y.weights @ np.expm1(coarse.h(y.points).numpy()))
    worth = float(x.weights @ coarse.h(x.points).numpy()) - cost - lam / 2 * coarse.norm**2
    return max(0.0, found.penalised - max(0.0, worth)) + abs(found.penalised - coarse.penalised)


def _unseen(pair: Pair, found: Kale) -> float:
    """∫ e^h dQ about the points of P that lie beyond all nodes of Q, which the critic takes for free of mass.

    Raises:
        Unknown: Where it is no small part of the value, so that KALE is far below what the nodes say.
    """
    x, y = pair.on
    if y.kind != "quadrature":
        return 0.0
    log_q, heaviest = pair.q.log_density(x.points), pair.q.log_density(y.points)[y.weights > 0].min()
    beyond = log_q < heaviest
    if not beyond.any():
        return 0.0
    # About each point by the kernel's length: the height of e^h matters here, and no factor beside it.
    logs = (log_q + found.h(x.points).numpy())[beyond]
    mass = math.exp(min(float(logs.max()), 700.0)) * pair.scale**pair.dimension
    if mass > _TOO_MUCH * found.penalised:
        raise Unknown("P lies so far from Q that numbers cannot hold Q's mass there; bring them together, or raise λ")
    return mass


def _energy_on_line(p: Law, q: Law) -> Found:
    """∫ (F_P − F_Q)² dx, which is MMD² under the energy kernel.

    References:
        Energy statistics: a class of statistics based on distances (Székely and Rizzo, 2013), theorem 2.
    """
    found = integrate(lambda x: (p.cdf(x) - q.cdf(x)) ** 2, np.unique(np.concatenate([p.breaks, q.breaks])))
    return by_quadrature(float(found.value), float(found.error))


def _closed_mmd2(pair: Pair) -> float | None:
    amplitude, scale = pair.preset.kernel.amplitude, pair.scale
    if pair.p.gaussian is not None and pair.q.gaussian is not None:
        return mmd2_gaussians(*pair.p.gaussian, *pair.q.gaussian, scale, amplitude)
    parts = [_round_parts(law) for law in (pair.p, pair.q)]
    if parts[0] is not None and parts[1] is not None and not (pair.p.atoms and pair.q.atoms):
        return mmd2_mixtures(parts[0], parts[1], scale, amplitude)
    p, q = pair.p.uniform, pair.q.uniform
    # Of narrow intervals the closed form loses digits, and nodes lose none.
    if pair.dimension == 1 and p and q and min(pair.p.width, pair.q.width) > 0.1 * scale:
        low_p, high_p, low_q, high_q = (float(end[0]) for end in (*p, *q))
        return mmd2_uniform(low_p, high_p, low_q, high_q, scale, amplitude)
    return None


def _round_parts(law: Law) -> IsotropicMixture | None:
    """Where a law is a mixture of round Gaussians, or of so few points that they are used as they are."""
    atoms = law.atoms
    if atoms is None or len(atoms.points) == 1:
        return law.mixture
    few = len(atoms.points) <= MOST_ATOMS
    return IsotropicMixture(atoms.points, np.zeros(len(atoms.points)), atoms.weights) if few else None


def _mmd2(pair: Pair, x: Weighted, y: Weighted) -> float:
    return mmd2(x.points, y.points, pair.kernel, unbiased=False, weights_x=x.weights, weights_y=y.weights)


def _spread(pair: Pair, x: Weighted, y: Weighted) -> float:
    """Standard error of MMD², to first order: twice that of the witness's means."""
    means = [
        mmd_witness(of.points, x.points, y.points, pair.kernel, weights_x=x.weights, weights_y=y.weights).numpy()
        for of in (x, y)
    ]
    return 2 * math.hypot(*(float(np.std(values)) / math.sqrt(len(values)) for values in means))


def _of(x: Weighted, y: Weighted) -> str:
    return x.protocol if x.protocol == y.protocol else f"{x.protocol} and {y.protocol}"
