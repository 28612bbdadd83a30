"""The GAN's objective at its exact optimum between two Gaussians, and where it sends a base."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm
from torch import Tensor

from gebm_studio import schema
from gebm_studio.objectives import OBJECTIVES, log_mean_exp

P, G = (0.3, 0.8), (-0.4, 1.1)
"""Mean and standard deviation of data and base."""
C = torch.zeros((), dtype=torch.float64)


def gan(energy_data: Tensor, energy_base: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    value = OBJECTIVES["gan"].value
    assert value is not None
    return value(energy_data, energy_base, c)


def non_saturating_loss(energy_base: Tensor) -> Tensor:
    passing = OBJECTIVES["gan"].passing
    assert passing is not None
    return passing(energy_base)


def draws(law: tuple[float, float], count: int = 100_000) -> Tensor:
    """Midpoint quantiles: a quadrature rule written as a sample."""
    mean, std = law
    return mean + std * torch.special.ndtri((torch.arange(count, dtype=torch.float64) + 0.5) / count)


def log_density(x: Tensor, law: tuple[float, float]) -> Tensor:
    mean, std = law
    return -0.5 * ((x - mean) / std).square() - math.log(std) - 0.5 * math.log(2 * math.pi)


def tight(x: Tensor) -> Tensor:
    return log_density(x, G) - log_density(x, P)


def jensen_shannon() -> float:
    """JSD(P, G) by adaptive quadrature, from the definition by the mixture."""

    def integrand(x: float) -> float:
        p, g = norm.pdf(x, *P), norm.pdf(x, *G)
        m = (p + g) / 2
        return float(0.5 * (p * math.log(p / m) + g * math.log(g / m)))

    return float(quad(integrand, -8, 8, epsabs=1e-12)[0])


def test_each_name_of_the_schema_has_an_objective() -> None:
    assert set(OBJECTIVES) == set(get_args(schema.Objective.model_fields["name"].annotation))


def test_the_tight_energy_reaches_the_jensen_shannon_divergence() -> None:
    value, overflows = gan(tight(draws(P)), tight(draws(G)), C)
    assert int(overflows) == 0
    assert jensen_shannon() == pytest.approx(0.0801844, abs=1e-7)
    assert value.item() == pytest.approx(2 * jensen_shannon() - math.log(4), abs=2e-5)


def test_at_the_tight_energy_log_z_is_zero() -> None:
    assert log_mean_exp(-tight(draws(G))).item() == pytest.approx(0.0, abs=2e-4)


@pytest.mark.parametrize("power", range(4))
def test_no_direction_leads_up_from_the_tight_energy(power: int) -> None:
    """E* + t xᵏ: the derivative at t = 0 vanishes, and at E* + 0.3 it does not."""
    x, y = draws(P), draws(G)
    for shift, vanishes in ((0.0, True), (0.3, False)):
        t = torch.zeros((), dtype=torch.float64, requires_grad=True)
        value, _ = gan(tight(x) + shift + t * x**power, tight(y) + shift + t * y**power, C)
        (slope,) = torch.autograd.grad(value, t)
        assert (abs(slope.item()) < 1e-3) is vanishes


@given(st.floats(-3, 3), st.floats(-2, 2))
def test_no_other_energy_lies_above(shift: float, slope: float) -> None:
    x, y = draws(P, 2000), draws(G, 2000)
    best, _ = gan(tight(x), tight(y), C)
    other, _ = gan(tight(x) + shift + slope * x, tight(y) + shift + slope * y, C)
    assert other.item() <= best.item() + 1e-3


def test_a_base_moves_towards_low_energy_and_exactly_so() -> None:
    """G(z) = z + θ, E(x) = x: d/dθ E softplus(z + θ) = E σ(z + θ), which is one half at θ = 0."""
    z = draws((0.0, 1.0))
    theta = torch.zeros((), dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(non_saturating_loss(z + theta), theta)
    assert gradient.item() == pytest.approx(0.5, abs=1e-6)


def test_a_base_whose_fakes_are_seen_through_still_has_a_slope() -> None:
    energy = torch.full((4,), 30.0, requires_grad=True)
    (own,) = torch.autograd.grad(non_saturating_loss(energy), energy)
    (saturated,) = torch.autograd.grad(-torch.nn.functional.softplus(-energy).mean(), energy)
    assert own.sum().item() == pytest.approx(1.0)
    assert saturated.abs().sum().item() < 1e-9


def test_energies_of_any_size_stay_finite() -> None:
    energy = torch.tensor([-1e6, -40.0, 0.0, 40.0, 1e6], requires_grad=True)
    value, _ = gan(energy, energy, torch.zeros(()))
    (gradient,) = torch.autograd.grad(value, energy)
    assert torch.isfinite(value)
    assert torch.isfinite(gradient).all()
