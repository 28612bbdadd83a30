"""Samplers whose bias is known: Langevin dynamics in its discretisations, with and without sampling."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gebm_studio.experiments.selftest import models
from gebm_studio.experiments.selftest.affine import Affine
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
from gebm_studio.samplers import SAMPLERS
from gebm_studio.samplers.kinetic import SCHEMES

CHAINS = 1000
OMEGA = 1.5


def stiff(z: Tensor) -> Tensor:
    """½ω²|z|², (N,)."""
    return OMEGA**2 * models.quadratic(z)


def biased_variances(name: str, settings: dict[str, Any], omega: float = OMEGA) -> tuple[float, float]:
    """Var x and Var v in the stationary law of a discretisation on ½ω²x²; NaN without a velocity."""
    h = settings["step_size"]
    if name == "ula":
        return 1 / (omega**2 * (1 - h * omega**2 / 2)), math.nan
    a = (h * omega) ** 2 / 4
    x, v = {"ABOBA": (1, 1 / (1 - a)), "BAOAB": (1, 1 - a), "OBABO": (1 / (1 - a), 1), "OABAO": (1 - a, 1)}[
        settings["scheme"]
    ]
    return x / omega**2, v


def recursion(name: str, settings: dict[str, Any]) -> Work:
    """The stationary variances of the affine recursion that a step is."""
    found = Affine(SAMPLERS[name](**settings), stiff, 1).covariance()
    yield
    expected = biased_variances(name, settings)
    which = f"{settings.get('scheme', '')} without sampling".strip()
    return tuple(
        identity(name, f"Var {letter}, {which}", expected[i], float(found[i, i]), 1e-9)
        for i, letter in enumerate("xv"[: len(found)])
    )


def sampled(name: str, settings: dict[str, Any], steps: int, seed: int) -> Work:
    """The same variances by sampling."""
    way = walk(SAMPLERS[name](**settings), stiff, gaussian(13, CHAINS, 1), seed, 100 + steps)

    def look(state: Any, _: Any) -> Tensor:
        parts = (state.position,) if name == "ula" else (state.position, state.velocity)
        return torch.stack([part[:, 0].square() for part in parts])

    found = yield from averages(way, 100, look)
    expected = biased_variances(name, settings)
    return tuple(
        estimate(
            name,
            f"Var {letter}, {settings.get('scheme', '')} sampled".replace("  ", " "),
            variance,
            means,
            2 * variance**2,
        )
        for letter, variance, means in zip("xv", expected, found, strict=False)
    )


def skewed(name: str, settings: dict[str, Any], steps: int) -> Work:
    """The whole distribution of a skewed law, with a step so small that the bias lies below what the test sees."""
    final = torch.empty(0)
    for state, _ in walk(SAMPLERS[name](**settings), models.skewed, gaussian(17, 4 * CHAINS, 1), 17, steps):
        final = state.position[:, 0]
        yield
    which = settings.get("scheme", "small step")
    return (distance(name, f"distribution of a skewed law (KS), {which}", final, models.skewed_law().cdf),)


def collapse() -> Work:
    """Zero velocities at the start, h = .01, κ = .04, on ½x²: all chains collapse together, then spread again.

    Expected are the least variance of continuous time and when it comes: with x, v from the exact solution of the
    linear equation, Σ(t) = I + e^{Mt}(Σ₀ − I)e^{Mᵀt}.
    """
    h, kappa = 0.01, 0.04
    drift = torch.tensor([[0.0, 1.0], [-1.0, -kappa]], dtype=torch.float64)
    cold = torch.diag(torch.tensor([1.0, 0.0], dtype=torch.float64))
    warm = torch.eye(2, dtype=torch.float64)
    flow = torch.linalg.matrix_exp(h * torch.arange(315, dtype=torch.float64).view(-1, 1, 1) * drift)
    theory = (warm + flow @ (cold - warm) @ flow.mT)[:, 0, 0]
    affine = Affine(SAMPLERS["kinetic"](step_size=h, friction=kappa), models.quadratic, 1)
    yield
    found = affine.covariances(cold, 314)[:, 0, 0]
    steady = affine.covariances(warm, 314)[:, 0, 0]
    yield
    return (
        identity("kinetic", "least Var x from zero velocity", float(theory.min()), float(found.min()), 1e-4),
        identity("kinetic", "step of the least Var x", float(theory.argmin()), float(found.argmin()), 1.0),
        identity("kinetic", "least Var x from normal velocity", 1.0, float(steady.min()), 1e-4),
    )


def hopping(steps: int) -> Work:
    """Passages from one well of a double well to the other, against the exact mean passage time of the chain.

    A chain that arrives begins again. Of passages with mean τ and variance σ² the mean count after a
    time t is t/τ + (σ²/τ² − 1)/2.
    """
    well, step, chains = models.DoubleWell(4.0), 0.005, 2000
    sampler, generator = SAMPLERS["ula"](step_size=step), torch.Generator().manual_seed(19)
    left = torch.full((chains, 1), -1.0, dtype=torch.float64)
    state = sampler.init(left, well, generator)
    home = state
    passages = torch.zeros(chains, dtype=torch.float64)
    for _ in range(steps):
        state, _ = sampler.step(state, well, generator)
        arrived = state.position[:, 0] >= 1
        passages += arrived
        state = type(state)(*(
            torch.where(arrived.view(-1, *[1] * (new.ndim - 1)), old, new)
            for new, old in zip(state, home, strict=True)
        ))  # fmt: skip
        yield
    time = steps * step
    mean, variance = well.passage_in_steps(step)
    expected = (time / mean + (variance / mean**2 - 1) / 2) / time
    # One passage is one draw: n of them tell the rate to the share σ/τ√n.
    return (estimate("ula", "rate of passages over a barrier of 4", expected, passages / time, variance / mean**4),)


_ULA = {"step_size": 0.3}
_KINETIC = tuple({"step_size": 0.7, "friction": 0.8, "scheme": scheme} for scheme in SCHEMES)
CHECKS = (
    Check("ula", "biased law", partial(recursion, "ula", _ULA)),
    Check("ula", "biased law, sampled", partial(sampled, "ula", _ULA, 400, 600)),
    Check("ula", "skewed law", partial(skewed, "ula", {"step_size": 0.005}, 800)),
    *(Check("kinetic", "law of a splitting", partial(recursion, "kinetic", settings)) for settings in _KINETIC),
    *(
        Check("kinetic", "law of a splitting, sampled", partial(sampled, "kinetic", settings, 500, 601 + index))
        for index, settings in enumerate(_KINETIC)
    ),
    *(
        Check("kinetic", "skewed law", partial(skewed, "kinetic", {"step_size": 0.1, "scheme": scheme}, 150))
        for scheme in SCHEMES
    ),
    Check("kinetic", "zero velocities", collapse),
    Check("ula", "hopping", partial(hopping, 4000)),
)
