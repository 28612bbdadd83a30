"""Stationary laws: exact ones by the affine recursion, sampled ones with a stated error rate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.samplers import SAMPLERS

CASES = [("ula", {}), ("kinetic", {"scheme": "ABOBA"}), ("kinetic", {"scheme": "BAOAB"})]
each_sampler = pytest.mark.parametrize(("name", "settings"), CASES, ids=["ula", "aboba", "baoab"])
Z_LIMIT = 5.0
"""Five standard errors: a false alarm in 1.7 million."""


def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the noise out of a step, which makes it an affine map."""
    for module in ("ula", "kinetic"):
        monkeypatch.setattr(
            f"gebm_studio.samplers.{module}.normal_like", lambda position, generator: torch.zeros_like(position)
        )


def affine_law(
    monkeypatch: pytest.MonkeyPatch, name: str, settings: dict[str, Any], omega: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Stationary covariance of the step on U = ½ω²z², without sampling.

    The linear part is read off the noiseless step, the noise from steps with a unit of noise.
    """
    sampler = SAMPLERS[name](**settings)
    kinetic = name == "kinetic"

    def potential(z: Tensor) -> Tensor:
        return 0.5 * omega**2 * z.square().sum(1)

    def stepped(x: float, v: float, noise: float) -> NDArray[Any]:
        module = f"gebm_studio.samplers.{name}.normal_like"
        monkeypatch.setattr(module, lambda position, generator: torch.full_like(position, noise))
        position = torch.tensor([[x]], dtype=torch.float64)
        state = sampler.init(position, potential, torch.Generator())
        if kinetic:
            state = state._replace(velocity=torch.tensor([[v]], dtype=torch.float64))
        state, _ = sampler.step(state, potential, torch.Generator())
        return np.array([float(state.position), float(state.velocity)] if kinetic else [float(state.position)])

    columns = [stepped(1.0, 0.0, 0.0), stepped(0.0, 1.0, 0.0)][: 2 if kinetic else 1]
    linear, noise = np.stack(columns, 1), stepped(0.0, 0.0, 1.0)
    size = len(noise)
    covariance = np.linalg.solve(
        np.eye(size * size) - np.kron(linear, linear), np.outer(noise, noise).flatten()
    ).reshape(size, size)
    return linear, covariance


@pytest.mark.parametrize(("step", "omega"), [(0.01, 1.0), (0.3, 1.0), (0.05, 3.0), (0.8, 1.4)])
def test_ula_has_its_biased_law(monkeypatch: pytest.MonkeyPatch, step: float, omega: float) -> None:
    linear, covariance = affine_law(monkeypatch, "ula", {"step_size": step}, omega)
    assert linear[0, 0] == pytest.approx(1 - step * omega**2, abs=1e-12)
    assert covariance[0, 0] == pytest.approx(1 / (omega**2 * (1 - step * omega**2 / 2)), rel=1e-10)


@pytest.mark.parametrize("scheme", ["ABOBA", "BAOAB"])
@pytest.mark.parametrize(
    ("step", "omega", "friction"), [(0.1, 1.0, 0.04), (0.5, 2.0, 1.0), (1.2, 1.0, 100.0), (0.3, 4.0, 7.0)]
)
def test_splittings_have_their_laws_for_every_friction(
    monkeypatch: pytest.MonkeyPatch, scheme: str, step: float, omega: float, friction: float
) -> None:
    settings = {"step_size": step, "friction": friction, "scheme": scheme}
    _, covariance = affine_law(monkeypatch, "kinetic", settings, omega)
    a = (step * omega) ** 2 / 4
    assert covariance[0, 0] * omega**2 == pytest.approx(1.0, rel=1e-7)
    assert covariance[1, 1] == pytest.approx(1 / (1 - a) if scheme == "ABOBA" else 1 - a, rel=1e-7)


@pytest.mark.parametrize("scheme", ["ABOBA", "BAOAB"])
def test_at_high_friction_kinetic_is_ula(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """κh ≫ 1: positions move as in ULA with δ = h²/2 (up to the place where the force is taken)."""
    step = 0.02
    settings = {"step_size": step, "friction": 1e4, "scheme": scheme}
    linear, _ = affine_law(monkeypatch, "kinetic", settings, 1.0)
    # The slow mode of one step: the largest eigenvalue of its linear part.
    slow = max(np.linalg.eigvals(linear).real)
    assert slow == pytest.approx(1 - step**2 / 2, abs=1e-7)


def run_chains(
    name: str, settings: dict[str, Any], potential: Any, start: Tensor, burn: int, steps: int, thin: int
) -> Tensor:
    """Positions after a burn-in, (steps / thin, chains, d)."""
    generator = torch.Generator().manual_seed(17)
    sampler = SAMPLERS[name](**settings)
    state = sampler.init(start, potential, generator)
    kept = []
    for index in range(burn + steps):
        state, _ = sampler.step(state, potential, generator)
        if index >= burn and index % thin == 0:
            kept.append(state.position.clone())
    return torch.stack(kept)


def z_score(samples: Tensor, expected: float) -> float:
    """(mean − expected) in standard errors, from independent chains: their means need no ESS estimate."""
    means = samples.mean(0).double()
    return float((means.mean() - expected) / (means.std() / math.sqrt(len(means))))


@each_sampler
def test_moments_of_a_random_linear_gaussian_model(name: str, settings: dict[str, Any]) -> None:
    """ν_β = N(Λ⁻¹βAᵀMr, Λ⁻¹), Λ = I + βAᵀMA: the law of each scheme, its own bias included.

    The expected covariance is that of the discretised chain in the eigenbasis of Λ, so that the
    test is exact for every step; 800 chains, 12 comparisons at five standard errors.
    """
    generator = torch.Generator().manual_seed(5)
    d, beta = 3, 0.8
    a = torch.randn(d, d, generator=generator, dtype=torch.float64)
    m_half = torch.randn(d, d, generator=generator, dtype=torch.float64)
    m, r = m_half @ m_half.T + 0.1 * torch.eye(d), torch.randn(d, generator=generator, dtype=torch.float64)
    lam = torch.eye(d, dtype=torch.float64) + beta * a.T @ m @ a
    mean = torch.linalg.solve(lam, beta * a.T @ m @ r)
    curvature, basis = torch.linalg.eigh(lam)

    def potential(z: Tensor) -> Tensor:
        x = z @ a.T - r
        return 0.5 * z.square().sum(1) + beta * 0.5 * (x @ m * x).sum(1)

    top = float(curvature.max())
    step = 0.5 / top if name == "ula" else 0.8 / math.sqrt(top)
    variance = 1 / (curvature * (1 - step * curvature / 2)) if name == "ula" else 1 / curvature
    start = mean + torch.randn(800, d, generator=generator, dtype=torch.float64) @ (basis / curvature.sqrt()).T
    samples = run_chains(name, settings | {"step_size": step}, potential, start, 400, 1500, 5)
    rotated = (samples - mean) @ basis
    for i in range(d):
        assert abs(z_score(rotated[..., i], 0.0)) < Z_LIMIT
        for j in range(i + 1):
            product = rotated[..., i] * rotated[..., j]
            assert abs(z_score(product, float(variance[i]) if i == j else 0.0)) < Z_LIMIT


@each_sampler
def test_a_skewed_law_by_kolmogorov_and_smirnov(name: str, settings: dict[str, Any]) -> None:
    """U(z) = z²/2 + e^z − z, which a wrong sign of the force or of the noise cannot fake.

    4,000 independent chains, one draw each; steps so small that the bias lies below the test's
    power (0.0275 at p = 0.005); the seed is fixed and the level is 0.001.
    """

    def potential(z: Tensor) -> Tensor:
        x = z[:, 0]
        return x.square() / 2 + x.exp() - x

    step = {"step_size": 0.01} if name == "ula" else {"step_size": 0.15}
    samples = run_chains(name, settings | step, potential, torch.zeros(4000, 1, dtype=torch.float64), 600, 1, 1)
    grid = np.linspace(-8, 4, 20_001)
    density = np.exp(-(grid**2 / 2 + np.exp(grid) - grid))
    cdf = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2)))
    cdf /= cdf[-1]
    result = scipy.stats.kstest(samples[-1, :, 0].numpy(), lambda x: np.interp(x, grid, cdf))
    assert result.pvalue > 0.001
    mirrored = scipy.stats.kstest(-samples[-1, :, 0].numpy(), lambda x: np.interp(x, grid, cdf))
    assert mirrored.pvalue < 1e-6, "the test must be able to see a mirrored law"


def test_beyond_its_stability_ula_is_stopped_by_counting_not_by_a_crash() -> None:
    """δω² > 2: positions grow without bound until they are no numbers; chains then stay and are counted."""

    def potential(z: Tensor) -> Tensor:
        return 50.0 * z.square().sum(1)

    generator = torch.Generator().manual_seed(0)
    sampler = SAMPLERS["ula"](step_size=0.1)
    state = sampler.init(torch.ones(3, 1), potential, generator)
    stayed = 0
    for _ in range(200):
        state, info = sampler.step(state, potential, generator)
        stayed += int(info.nonfinite.sum())
    assert stayed > 0
    assert torch.isfinite(state.position).all()
