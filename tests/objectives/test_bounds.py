"""Bounds against the exact values of Gaussians, and the base's gradient against its oracle."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gebm_studio.objectives import (
    base_loss,
    climbed_constant,
    donsker_varadhan,
    gradient_penalty,
    guarded_exp,
    kale,
    log_mean_exp,
)

energies = st.lists(st.floats(-5, 5), min_size=2, max_size=30).map(lambda v: torch.tensor(v, dtype=torch.float64))
constants = st.floats(-4, 4).map(lambda v: torch.tensor(v, dtype=torch.float64))


def normal_quantiles(count: int) -> Tensor:
    """Midpoint quantiles of N(0, 1): a quadrature rule written as a sample."""
    return torch.special.ndtri((torch.arange(count, dtype=torch.float64) + 0.5) / count)


@given(energies, energies, constants)
def test_kale_lies_below_donsker_varadhan_by_the_exact_gap(data: Tensor, base: Tensor, c: Tensor) -> None:
    bound, overflows = kale(data, base, c)
    d = c - log_mean_exp(-base)
    gap = donsker_varadhan(data, base, c)[0] - bound
    assert int(overflows) == 0
    assert gap.item() == pytest.approx((torch.expm1(-d) + d).item(), abs=1e-9, rel=1e-9)
    assert gap.item() >= -1e-9


@given(energies, energies, constants, st.floats(-3, 3))
def test_kale_knows_energy_and_constant_only_by_their_sum(data: Tensor, base: Tensor, c: Tensor, k: float) -> None:
    assert kale(data + k, base + k, c - k)[0].item() == pytest.approx(kale(data, base, c)[0].item(), abs=1e-8)


@given(energies, constants)
def test_kale_of_equal_samples_is_never_positive(sample: Tensor, c: Tensor) -> None:
    assert kale(sample, sample, c)[0].item() <= 1e-9


def test_the_tight_energy_reaches_kl() -> None:
    """P = N(0.3, 0.8²), G = N(−0.4, 1.1²), E = log g − log p: both bounds are KL = 0.2853959."""
    z = normal_quantiles(200_000)
    x, y = 0.3 + 0.8 * z, -0.4 + 1.1 * z

    def energy(t: Tensor) -> Tensor:
        return ((t - 0.3) / 0.8).square() / 2 - ((t + 0.4) / 1.1).square() / 2 + math.log(0.8 / 1.1)

    c = torch.zeros((), dtype=torch.float64)
    for bound in (kale, donsker_varadhan):
        assert bound(energy(x), energy(y), c)[0].item() == pytest.approx(0.2853959, abs=2e-5)


@pytest.mark.parametrize("sigma", [0.8, 1.0, 1.7])
def test_base_gradient_is_the_one_of_kl(sigma: float) -> None:
    """P = N(0,1), G = σz, E tight: dK/dσ = 1/σ − 1/σ³."""
    z = normal_quantiles(200_000)
    scale = torch.tensor(sigma, dtype=torch.float64, requires_grad=True)
    x = scale * z
    energy = x.square() / 2 - x.square() / (2 * sigma**2) - math.log(sigma)
    (gradient,) = torch.autograd.grad(base_loss(energy), scale)
    exact = 1 / sigma - 1 / sigma**3
    assert gradient.item() == pytest.approx(exact, abs=3e-3)


def test_the_unweighted_mean_would_be_another_gradient() -> None:
    """The oracle can tell: the plain mean of ∇E gives σ − 1/σ."""
    sigma = 1.7
    z = normal_quantiles(200_000)
    scale = torch.tensor(sigma, dtype=torch.float64, requires_grad=True)
    x = scale * z
    (gradient,) = torch.autograd.grad((x.square() / 2 - x.square() / (2 * sigma**2)).mean(), scale)
    assert gradient.item() == pytest.approx(sigma - 1 / sigma, abs=3e-3)
    assert abs(gradient.item() - (1 / sigma - 1 / sigma**3)) > 0.5


def test_base_gradient_of_a_shift() -> None:
    """G = z + θ, P = N(0,1): K = θ²/2, so the gradient is θ."""
    theta = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    x = normal_quantiles(100_000) + theta
    energy = x.square() / 2 - (x - 0.4).square() / 2
    (gradient,) = torch.autograd.grad(base_loss(energy), theta)
    assert gradient.item() == pytest.approx(0.4, abs=1e-4)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20))
def test_guarded_exponents_stay_finite_counted_and_increasing(values: list[float]) -> None:
    exponents = torch.tensor(sorted(values), dtype=torch.float32, requires_grad=True)
    powers, overflows = guarded_exp(exponents)
    (gradient,) = torch.autograd.grad(powers.sum(), exponents)
    assert torch.isfinite(powers).all()
    assert torch.isfinite(gradient).all()
    assert (gradient[exponents > 20] > 0).all(), "a runaway energy must still be pulled back"
    assert int(overflows) == sum(value > 20 for value in exponents.tolist())
    assert (powers.diff() >= 0).all()


def test_the_constant_climbs_to_log_z_without_bias() -> None:
    """Batches of 8 weights e^{−E}, E ~ N(0, 0.5²): log Z = 0.125, which log Ẑ itself under-estimates."""
    generator = torch.Generator().manual_seed(3)
    c, trace, estimates = torch.tensor(-4.0), [], []
    for step in range(60_000):
        energy = 0.5 * torch.randn(8, generator=generator)
        c = climbed_constant(energy, c, 0.02)
        if step >= 2000:
            trace.append(float(c))
            estimates.append(float(log_mean_exp(-energy)))
    # The spread of one batch is .19 and the constant averages over about 50: ± .002 over the run.
    assert sum(trace) / len(trace) == pytest.approx(0.125, abs=0.008)
    assert sum(estimates) / len(estimates) < 0.115, "the oracle must be able to see the bias of log Ẑ"


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0.001, 1))
def test_the_constant_never_strays_from_the_batch(level: float, c: float, rate: float) -> None:
    energy = torch.full((4,), level, dtype=torch.float64)
    new = climbed_constant(energy, torch.tensor(c, dtype=torch.float64), rate).item()
    assert -level - 1 - 1e-6 <= new <= -level + 1 + 1e-6


def test_penalty_of_a_linear_energy_is_its_squared_slope() -> None:
    slope = torch.tensor([3.0, -4.0])
    generator = torch.Generator().manual_seed(0)
    data, samples = torch.randn(50, 2, generator=generator), torch.randn(50, 2, generator=generator)
    penalty = gradient_penalty(lambda x: x @ slope, data, samples, generator)
    assert penalty.item() == pytest.approx(25.0, rel=1e-6)


def test_penalty_looks_between_data_and_samples() -> None:
    """E = ½x² has |∇E|² = x²; between 0 and 1 its mean is ∫u² = 1/3."""
    generator = torch.Generator().manual_seed(0)
    data, samples = torch.zeros(200_000, 1), torch.ones(200_000, 1)
    penalty = gradient_penalty(lambda x: 0.5 * x.square().sum(1), data, samples, generator)
    assert penalty.item() == pytest.approx(1 / 3, abs=0.004)  # six standard errors
