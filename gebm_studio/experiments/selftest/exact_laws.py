"""Samplers that claim to be exact, against laws that are known."""

from __future__ import annotations

import math
from dataclasses import replace
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
    walk,
)
from gebm_studio.samplers import SAMPLERS, DualAveraging, target_of

EXACT = tuple(name for name, sampler in SAMPLERS.items() if sampler.LAW == "exact")
CHAINS = 1000
BURN = 300
DRAWS = ((1, 2), (2, 3))
"""Seed and latent dimension of the random linear-Gaussian models."""


def stepping(name: str, steepest: float) -> Any:
    """An exact sampler with a step that suits a largest curvature."""
    settings: dict[str, dict[str, Any]] = {
        "mala": {"step_size": 0.8 / steepest},
        "random_walk": {"step_size": 0.8 / steepest},
        "hmc": {"step_size": 0.9 / math.sqrt(steepest), "leapfrog_steps": 3},
        "ghmc": {"step_size": 0.7 / math.sqrt(steepest), "friction": 1.0},
        "tempering": {"step_size": 0.8 / steepest, "replicas": 4, "warmup": BURN // 2},
    }
    return SAMPLERS[name](**settings.get(name, {}))


def linear_gaussian(name: str, seed: int, dim: int, steps: int) -> Work:
    """Mean along a random direction, and the covariance as E (z−μ)ᵀΛ(z−μ)/d = 1."""
    model = models.LinearGaussian.random(seed, dim)
    mean, curvature = model.mean, model.curvature
    along = gaussian(100 + seed, dim)
    along = along / along.norm()

    def look(state: Any, _: Any) -> Tensor:
        away = state.position - mean
        return torch.stack((state.position @ along, ((away @ curvature) * away).sum(1) / dim))

    sampler = stepping(name, model.steepest)
    own = 1000 * seed + EXACT.index(name)  # each sampler is told by noise of its own
    way = walk(sampler, model.potential, gaussian(own, CHAINS, dim), own, BURN + steps)
    found = yield from averages(way, BURN, look)
    spread = float(along @ model.covariance @ along)
    which = f"linear-Gaussian, d = {dim}"
    return (
        estimate(name, f"mean, {which}", float(mean @ along), found[0], spread),
        estimate(name, f"E (z−μ)ᵀΛ(z−μ)/d, {which}", 1.0, found[1], 2 / dim),
    )


def skewed(name: str, steps: int) -> Work:
    """Mean of a skewed law, and its whole distribution at the last step."""
    law = models.skewed_law()
    final = torch.empty(0)

    def look(state: Any, _: Any) -> Tensor:
        nonlocal final
        z: Tensor = state.position[:, 0]
        final = z
        return z

    own = 500 + EXACT.index(name)
    way = walk(stepping(name, 3.0), models.skewed, gaussian(own, 4 * CHAINS, 1), own, BURN + steps)
    found = yield from averages(way, BURN, look)
    mean = law.expect(lambda z: z)
    return (
        estimate(name, "mean of a skewed law, by quadrature", mean, found, law.variance(lambda z: z)),
        distance(name, "distribution of a skewed law (KS)", final, law.cdf),
    )


def warming(name: str, wanted: float) -> Work:
    """Dual averaging: the acceptance of the frozen step size, against the one that it aimed at."""
    model, generator = models.LinearGaussian.random(3, 4), torch.Generator().manual_seed(5)
    # Paths of one step: that of longer ones on a Gaussian neither falls with the step all the way nor slowly.
    sampler = SAMPLERS[name](jitter=0.0, leapfrog_steps=1) if name == "hmc" else SAMPLERS[name]()
    adaptation = DualAveraging(sampler.step_size, wanted)
    state = sampler.init(gaussian(5, CHAINS, 4), model.potential, generator)
    for _ in range(BURN):
        state, info = sampler.step(state, model.potential, generator)
        sampler = replace(sampler, step_size=adaptation.update(float(info.acceptance.mean())))
        yield
    sampler = replace(sampler, step_size=adaptation.final)
    seen = []
    for _ in range(50):
        state, info = sampler.step(state, model.potential, generator)
        seen.append(info.acceptance)
        yield
    return (identity(name, "acceptance after adaptation", wanted, float(torch.cat(seen).mean()), 0.03),)


def bimodal(steps: int) -> Work:
    """Tempering on two narrow modes of unequal weight: every rung keeps its law, and the modes their weights."""
    modes, sampler = models.TwoModes(), SAMPLERS["tempering"](step_size=0.05, replicas=5, warmup=BURN)
    start = torch.full((CHAINS, 1), -2.0, dtype=torch.float64)
    way = walk(sampler, modes.potential, start, 11, 2 * BURN + steps)
    ladder = torch.empty(0)

    def look(state: Any, _: Any) -> Tensor:
        nonlocal ladder
        ladder = state.ladder
        inner = state.rungs[1:-1, :, 0]
        return torch.cat(((state.position[:, 0] > 0).double().unsqueeze(0), inner.square()))

    found = yield from averages(way, 2 * BURN, look)

    def right(z: Tensor) -> Tensor:
        return (z > 0).double()

    law = modes.law()
    lines = [
        estimate("tempering", "weight of the lesser of two modes", law.expect(right), found[0], law.variance(right))
    ]
    for rung, means in enumerate(found[1:], 1):
        law = modes.law(float(ladder[rung]))
        quantity = f"E z² on rung {rung + 1} of 5, two modes"
        lines.append(estimate("tempering", quantity, law.expect(torch.square), means, law.variance(torch.square)))
    return tuple(lines)


_STEPS = {"mala": 700, "random_walk": 900, "hmc": 200, "ghmc": 700, "tempering": 150}
CHECKS = (
    *(
        Check(name, "random linear-Gaussian model", partial(linear_gaussian, name, seed, dim, _STEPS.get(name, 700)))
        for name in EXACT
        for seed, dim in DRAWS
    ),
    *(Check(name, "skewed law", partial(skewed, name, _STEPS.get(name, 700) // 3)) for name in EXACT),
    Check("tempering", "two modes", partial(bimodal, 600)),
    *(
        Check(name, "step-size adaptation", partial(warming, name, wanted))
        for name in EXACT
        if (wanted := target_of(SAMPLERS[name])) is not None
    ),
)
