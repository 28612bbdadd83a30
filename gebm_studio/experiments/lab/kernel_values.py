"""MMD and KALE of a pair, and the bound of KALE by W₁."""

from __future__ import annotations

import math

import numpy as np

from gebm_studio.divergences import (
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
from gebm_studio.experiments.lab.nodes import Weighted
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.transports import w1_of
from gebm_studio.experiments.lab.unknown import Unknown


def mmd2_of(pair: Pair) -> Found:
    """MMD².

    Raises:
        Unknown: Where a law has no points, or the kernel no length.
    """
    found = None if pair.by_samples or pair.preset.kernel.name != "gaussian" else _closed_mmd2(pair)
    if found is not None:
        return closed(found)
    x, y = pair.on
    value = _mmd2(pair, x, y)
    if "draws" in (x.kind, y.kind):
        return Found(value, _spread(pair, x, y), f"{_of(x, y)}, each draw's pair with itself counted")
    if x.kind == y.kind == "atoms":
        return Found(value, 0.0, _of(x, y))
    return by_quadrature(value, abs(value - _mmd2(pair, *pair.coarse)))


def kale_of(pair: Pair) -> Pieces[Found]:
    """KALE, with or without its factor as the settings say.

    Raises:
        Unknown: Where a law has no points, or the kernel no length.
    """
    found = yield from pair.kale_in_pieces()
    x, y = pair.on
    factor = _factor(pair)
    value, error = factor * found.penalised, factor * found.gap
    if "quadrature" in (x.kind, y.kind):
        error += factor * abs(found.penalised - pair.coarse_kale.penalised)
    elif "draws" in (x.kind, y.kind):
        # The envelope theorem: at the optimum only the means of h and of e^h feel the draws.
        h = found.h(x.points).numpy().std() / math.sqrt(len(x.points))
        ratio = found.log_density.exp().numpy().std() / math.sqrt(len(y.points))
        error += factor * math.hypot(h, ratio)
    how = f"{_of(x, y)}, {'with' if factor > 1 else 'without'} 1 + λ"
    return Found(value, error, how, found.note)


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


def _closed_mmd2(pair: Pair) -> float | None:
    amplitude, scale = pair.preset.kernel.amplitude, pair.scale
    if pair.p.gaussian is not None and pair.q.gaussian is not None:
        return mmd2_gaussians(*pair.p.gaussian, *pair.q.gaussian, scale, amplitude)
    if pair.p.mixture is not None and pair.q.mixture is not None:
        return mmd2_mixtures(pair.p.mixture, pair.q.mixture, scale, amplitude)
    p, q = pair.p.uniform, pair.q.uniform
    # Of narrow intervals the closed form loses digits, and nodes lose none.
    if pair.dimension == 1 and p and q and min(pair.p.width, pair.q.width) > 0.1 * scale:
        low_p, high_p, low_q, high_q = (float(end[0]) for end in (*p, *q))
        return mmd2_uniform(low_p, high_p, low_q, high_q, scale, amplitude)
    return None


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
