"""Samplers that draw from weights, stay on a sphere or only descend, against what is known of each."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gebm_studio.experiments.selftest import models
from gebm_studio.experiments.selftest.check import (
    Check,
    Work,
    averages,
    distance,
    estimate,
    gaussian,
    identity,
    last,
    walk,
)
from gebm_studio.samplers import SAMPLERS

CHAINS = 1000
STEEP = 3.0
"""a of E = ½ax² on G = N(0, 1): largest weight √(1+a) = 2, variance 1/(1+a)."""


def steep(z: Tensor) -> Tensor:
    """½(1 + a)z², (N, 1) → (N,)."""
    return (1 + STEEP) * models.quadratic(z)


def rejecting() -> Work:
    """Rejection with the true maximum: acceptance 1/w_max, and the exact variance."""

    def look(state: Any, info: Any) -> Tensor:
        return torch.stack((info.accepted.double(), state.position[:, 0].square()))

    way = walk(SAMPLERS["rejection"](), steep, gaussian(51, CHAINS, 1), 51, 350)
    found = yield from averages(way, 50, look)
    acceptance, variance = 1 / math.sqrt(1 + STEEP), 1 / (1 + STEEP)
    return (
        estimate("rejection", "acceptance 1/w_max", acceptance, found[0], acceptance * (1 - acceptance)),
        estimate("rejection", "variance, E = ½ax²", variance, found[1], 2 * variance**2),
    )


def weighting() -> Work:
    """Importance resampling: the share of candidates that count, and the variance. One pool is one draw."""
    fractions, squares = [], []
    for pool in range(60):
        way = walk(SAMPLERS["importance"](), steep, gaussian(pool, 500, 1), 100 + pool, 20)
        state = yield from last(way)
        fractions.append(state.ess_fraction)
        squares.append(float(state.position.square().mean()))
    share, variance = math.sqrt(1 + 2 * STEEP) / (1 + STEEP), 1 / (1 + STEEP)
    # What one candidate adds to the spread of (Σw)²/nΣw² (delta method), from E wᵏ with E w = 1.
    two, three, four = (math.sqrt(1 + STEEP) ** k / math.sqrt(1 + k * STEEP) for k in (2, 3, 4))
    spread = 4 * share**2 * (two - 1) + share**4 * (four - two**2) - 4 * share**3 * (three - two)
    return (
        estimate("importance", "ESS fraction √(1+2a)/(1+a)", share, torch.tensor(fractions), spread),
        estimate("importance", "variance, E = ½ax²", variance, torch.tensor(squares), 2 * variance**2),
    )


def sphere_uniform() -> Work:
    """Without an energy: |z| = √d, and in three dimensions each coordinate uniform on [−√3, √3] (Archimedes)."""
    root, off = math.sqrt(3), 0.0
    final = torch.empty(0)

    def look(state: Any, _: Any) -> Tensor:
        nonlocal final, off
        off = max(off, float((state.position.norm(dim=1) - root).abs().max()))
        final = state.position[:, 1]
        square: Tensor = final.square()
        return square

    # Not near its law at the start: all chains at one pole.
    start = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64).expand(CHAINS, 3)
    way = walk(SAMPLERS["sphere"](step_size=0.1), models.quadratic, start, 53, 500)
    found = yield from averages(way, 100, look)
    return (
        identity("sphere", "distance from |z| = √d", 0.0, off, 1e-12),
        estimate("sphere", "E z², no energy, d = 3", 1.0, found, 0.8),
        distance("sphere", "uniform coordinate (KS), d = 3", final, lambda z: (z / root + 1) / 2),
    )


def circle() -> Work:
    """V = −κcos θ on the circle: the density e^{−V}, von Mises, whose E cos θ is I₁(κ)/I₀(κ)."""
    kappa, root = 2.0, math.sqrt(2)

    def potential(z: Tensor) -> Tensor:
        return models.quadratic(z) - kappa * z[:, 0] / root

    way = walk(SAMPLERS["sphere"](step_size=0.01), potential, gaussian(55, 2 * CHAINS, 2), 55, 1000)
    found = yield from averages(way, 500, lambda state, _: state.position[:, 0] / root)
    order = torch.tensor(kappa, dtype=torch.float64)
    mean = float(torch.special.i1(order) / torch.special.i0(order))
    return (estimate("sphere", "E cos θ of e^{2cos θ}, d = 2", mean, found, 1 - mean / kappa - mean**2),)


def descent() -> Work:
    """Zero temperature: every chain ends where the energy is least, and the prior takes no part."""
    model = models.LinearGaussian.random(6, 2)
    bowl = model.curvature - torch.eye(2, dtype=torch.float64)
    bottom = torch.linalg.solve(bowl, model.beta * model.a.T @ model.precision @ model.residual)
    sampler = SAMPLERS["zero_temperature"](step_size=1 / model.steepest)
    state = yield from last(walk(sampler, model.potential, gaussian(57, 100, 2), 57, 600))
    gap = float((state.position - bottom).abs().max())
    return (identity("zero_temperature", "distance from the least energy", 0.0, gap, 1e-8),)


def transporting() -> Work:
    """Optimal transport: |z − z_y| + V/k_eff is least where the slope of V has fallen to k_eff; |z| stays."""
    a, middle = 2.0, 1.0

    def bowl(z: Tensor) -> Tensor:
        return models.quadratic(z) + 0.5 * a * (z - middle).square().sum(1)

    step = 0.01
    start = torch.tensor([[9.0], [12.0], [-8.0]], dtype=torch.float64)
    state = yield from last(walk(SAMPLERS["transport"](step_size=step), bowl, start, 59, 2500))
    ends = middle + torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64) * state.lipschitz / a
    gap = float((state.position[:, 0] - ends).abs().max())
    return (identity("transport", "distance from the minimiser, d = 1", 0.0, gap, 2 * step),)


def along_the_sphere() -> Work:
    """Optimal transport moves at right angles to z: |z|² grows by the squares of the steps and by nothing else."""
    steep = torch.tensor([0.1, 0.1, 4.0], dtype=torch.float64)

    def bowl(z: Tensor) -> Tensor:
        return models.quadratic(z) + 0.5 * (steep * z.square()).sum(1)

    start = 8 * gaussian(60, 500, 3)
    here, added = start, torch.zeros(500, dtype=torch.float64)
    for state, _ in walk(SAMPLERS["transport"](step_size=0.01), bowl, start, 61, 200):
        added += (state.position - here).square().sum(1)
        here = state.position
        yield
    gap = (here.square().sum(1) - start.square().sum(1) - added).abs().max()
    moved = float((here - start).norm(dim=1).mean())
    # Chains that stay prove nothing.
    measured = float(gap) if moved > 1 else math.nan
    return (identity("transport", "change of |z|² less the squared steps", 0.0, measured, 1e-9),)


def refining(divergence: str) -> Work:
    """DGflow without noise: the drift is −∇f′(r), r = e^{−d} the density ratio and f of the divergence."""
    sampler = SAMPLERS["dgflow"](step_size=0.1, divergence=divergence, noise=0.0)
    model = models.LinearGaussian.random(8, 3)
    z = gaussian(63, 200, 3).requires_grad_(True)
    ratio = model.tilt(z).exp()
    outer = {
        "kl": ratio.log(),
        "js": (2 * ratio / (1 + ratio)).log(),
        "log_d": (1 + ratio).log(),
    }[divergence]
    (slope,) = torch.autograd.grad(outer.sum(), z)
    yield
    start = z.detach()
    ((state, _),) = walk(sampler, model.potential, start, 64, 1)
    gap = float((state.position - (start - 0.1 * slope)).abs().max())
    return (identity("dgflow", f"drift less −∇f′(r), {divergence}", 0.0, gap, 1e-10),)


def diffusing() -> Work:
    """DGflow of KL on V = ½az²: an autoregression with variance γ/(a(1 − δa/2))."""
    step, noise = 0.1, 0.3
    sampler = SAMPLERS["dgflow"](step_size=step, noise=noise)
    way = walk(sampler, steep, gaussian(65, CHAINS, 1), 65, 500)
    found = yield from averages(way, 100, lambda state, _: state.position[:, 0].square())
    variance = noise / (STEEP * (1 - step * STEEP / 2))
    return (estimate("dgflow", "variance of the noisy flow, kl", variance, found, 2 * variance**2),)


CHECKS = (
    Check("rejection", "acceptance and law", rejecting),
    Check("importance", "weights and law", weighting),
    Check("sphere", "no energy", sphere_uniform),
    Check("sphere", "circle", circle),
    Check("zero_temperature", "descent", descent),
    Check("transport", "minimiser", transporting),
    Check("transport", "sphere", along_the_sphere),
    *(Check("dgflow", "drift", partial(refining, divergence)) for divergence in ("kl", "js", "log_d")),
    Check("dgflow", "noise", diffusing),
)
