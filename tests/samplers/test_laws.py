"""Stationary laws on random linear-Gaussian models: whole means and covariances, sampled and without sampling.

The self-test (`tests/experiments/test_selftest.py`) checks what else is known of each sampler.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gebm_studio.experiments.selftest.affine import Affine
from gebm_studio.experiments.selftest.check import gaussian, walk
from gebm_studio.experiments.selftest.exact_laws import EXACT, stepping
from gebm_studio.experiments.selftest.models import LinearGaussian
from gebm_studio.samplers import SAMPLERS
from gebm_studio.samplers.kinetic import SCHEMES
from tests.samplers.cases import quadratic

Z_LIMIT = 5.0
"""Standard errors: with 500 chains a false alarm in a million comparisons; the file makes about 300."""
CHAINS, BURN = 500, 150
LEAST_DRAWS = 1000


def moments(samples: Tensor, mean: Tensor) -> Tensor:
    """Per chain: means of z − μ and of the products (z − μ)ᵢ(z − μ)ⱼ, (N, d + d(d + 1)/2), from (T, N, d)."""
    away = samples - mean
    d = away.shape[2]
    rows, columns = torch.tril_indices(d, d)
    return torch.cat((away.mean(0), (away[..., rows] * away[..., columns]).mean(0)), 1)


def compare(samples: Tensor, mean: Tensor, covariance: Tensor) -> None:
    """Mean and covariance of independent chains (T, N, d), each entry within its own standard error.

    The error must be small: with fewer than `LEAST_DRAWS` effective draws nothing has been tested.
    """
    found = moments(samples, mean)
    rows, columns = torch.tril_indices(len(mean), len(mean))
    expected = torch.cat((torch.zeros_like(mean), covariance[rows, columns]))
    spread = covariance.diagonal()
    variances = torch.cat((spread, spread[rows] * spread[columns] + covariance[rows, columns].square()))
    errors = found.std(0) / math.sqrt(len(found))
    assert (variances / errors.square()).min() > LEAST_DRAWS
    scores = (found.mean(0) - expected) / errors
    assert scores.abs().max() < Z_LIMIT, scores


def samples_of(sampler: Any, model: LinearGaussian, seed: int, steps: int, start: Tensor | None = None) -> Tensor:
    begun = gaussian(seed, CHAINS, model.dim) if start is None else start
    way = walk(sampler, model.potential, begun, seed, BURN + steps)
    return torch.stack([state.position for index, (state, _) in enumerate(way) if index >= BURN])


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
@pytest.mark.parametrize("name", EXACT)
def test_an_exact_sampler_has_the_exact_law_whatever_its_step(name: str, dim: int) -> None:
    """ν_β = N(Λ⁻¹βAᵀMr, Λ⁻¹), Λ = I + βAᵀMA, with A, b, m, M and β drawn, from starts at the prior."""
    model = LinearGaussian.random(20 + dim, dim)
    steps = 80 if name in ("hmc", "tempering") else 200
    compare(samples_of(stepping(name, model.steepest), model, 200 + dim, steps), model.mean, model.covariance)


def curved(curvature: Tensor) -> Callable[[Tensor], Tensor]:
    """½zᵀΛz."""
    return lambda z: 0.5 * ((z @ curvature) * z).sum(1)


def biased(name: str, settings: dict[str, Any], curvature: Tensor) -> tuple[Tensor, Tensor]:
    """Covariances of position and velocity of a discretisation on ½zᵀΛz, in closed form."""
    h, one = settings["step_size"], torch.eye(len(curvature), dtype=torch.float64)
    exact = torch.linalg.inv(curvature)
    if name == "ula":
        return exact @ torch.linalg.inv(one - h / 2 * curvature), one
    left = one - h**2 / 4 * curvature
    more = torch.linalg.inv(left)
    return {
        "ABOBA": (exact, more),
        "BAOAB": (exact, left),
        "OBABO": (exact @ more, one),
        "OABAO": (exact @ left, one),
    }[settings["scheme"]]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_splittings_have_their_laws_for_every_friction_without_sampling(scheme: str) -> None:
    for friction, dim in itertools.product((0.04, 1.0, 7.0, 100.0), (1, 2, 4)):
        curvature = LinearGaussian.random(30 + dim, dim).curvature
        step = 1.6 / math.sqrt(float(torch.linalg.eigvalsh(curvature)[-1]))
        settings = {"step_size": step, "friction": friction, "scheme": scheme}
        affine = Affine(SAMPLERS["kinetic"](**settings), curved(curvature), dim)
        found = affine.covariance()
        x, v = biased("kinetic", settings, curvature)
        torch.testing.assert_close(found[:dim, :dim], x, rtol=1e-7, atol=1e-8)
        torch.testing.assert_close(found[dim:, dim:], v, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("dim", [1, 2, 4])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_ula_has_its_biased_law_without_sampling(share: float, dim: int) -> None:
    curvature = LinearGaussian.random(30 + dim, dim).curvature
    settings = {"step_size": share * 2 / float(torch.linalg.eigvalsh(curvature)[-1])}
    affine = Affine(SAMPLERS["ula"](**settings), curved(curvature), dim)
    one = torch.eye(dim, dtype=torch.float64)
    torch.testing.assert_close(affine.linear, one - settings["step_size"] * curvature, rtol=0, atol=1e-12)
    torch.testing.assert_close(affine.covariance(), biased("ula", settings, curvature)[0], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("scheme", [None, *SCHEMES])
def test_biased_samplers_have_their_laws_by_sampling(scheme: str | None) -> None:
    model = LinearGaussian.random(41, 3)
    settings: dict[str, Any] = {"step_size": 0.6 / model.steepest}
    if scheme is not None:
        settings = {"step_size": 1.0 / math.sqrt(model.steepest), "friction": 1.0, "scheme": scheme}
    name = "ula" if scheme is None else "kinetic"
    covariance, _ = biased(name, settings, model.curvature)
    start = model.mean + gaussian(42, CHAINS, 3) @ torch.linalg.cholesky(covariance).T
    samples = samples_of(SAMPLERS[name](**settings), model, 43, 250, start)
    compare(samples, model.mean, covariance)


def test_the_comparison_sees_a_wrong_covariance() -> None:
    model = LinearGaussian.random(41, 3)
    samples = samples_of(SAMPLERS["ula"](step_size=0.6 / model.steepest), model, 43, 250)
    with pytest.raises(AssertionError):
        compare(samples, model.mean, model.covariance)


@pytest.mark.parametrize("scheme", ["ABOBA", "BAOAB"])
def test_at_high_friction_kinetic_is_ula(scheme: str) -> None:
    """κh ≫ 1: positions move as in ULA with δ = h²/2 (up to the place where the force is taken)."""
    step = 0.02
    linear = Affine(SAMPLERS["kinetic"](step_size=step, friction=1e4, scheme=scheme), quadratic, 1).linear
    # The slow mode of one step: the largest eigenvalue of its linear part.
    assert max(np.linalg.eigvals(linear.numpy()).real) == pytest.approx(1 - step**2 / 2, abs=1e-7)


def test_beyond_its_stability_ula_is_stopped_by_counting_not_by_a_crash() -> None:
    """δω² > 2: positions grow without bound until they are no numbers; chains then stay and are counted."""
    stayed = 0
    for state, info in walk(
        SAMPLERS["ula"](step_size=0.1), lambda z: 50.0 * z.square().sum(1), torch.ones(3, 1), 0, 200
    ):
        stayed += int(info.nonfinite.sum())
        assert torch.isfinite(state.position).all()
    assert stayed > 0
