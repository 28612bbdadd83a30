"""Every row of the table of f-divergences against its generator, by quadrature in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch import Tensor

from gebm_studio.objectives import F_DIVERGENCES, OBJECTIVES

P, G = (0.3, 0.8), (-0.4, 1.1)
"""Mean and standard deviation of data and base."""
EXACT = {
    "kl": 0.2853959, "pearson": 0.4929263, "hellinger": 0.1742424, "jensen_shannon": 2 * 0.0801844,
    "gan": 2 * 0.0801844 - math.log(4),
}  # fmt: skip
X = torch.linspace(-25, 25, 20001, dtype=torch.float64)
ROWS = pytest.mark.parametrize("name", F_DIVERGENCES)
RATIOS = [name for name, row in F_DIVERGENCES.items() if row.tight is not None]


def log_density(law: tuple[float, float], x: Tensor = X) -> Tensor:
    mean, std = law
    return -0.5 * ((x - mean) / std).square() - math.log(std) - 0.5 * math.log(2 * math.pi)


def integral(values: Tensor) -> float:
    """The trapezoid rule, which for these smooth and vanishing integrands is exact to many digits."""
    return float(torch.trapezoid(values, X))


def divergence(name: str, p: tuple[float, float] = P, g: tuple[float, float] = G) -> float:
    """E_G f(p/g), from the generator alone."""
    log_g = log_density(g)
    ratio = (log_density(p) - log_g).exp()
    return integral(torch.where(log_g > -600, log_g.exp() * F_DIVERGENCES[name].f(ratio), 0.0))


def bound(name: str, v: Tensor, p: tuple[float, float] = P, g: tuple[float, float] = G) -> float:
    """E_P g(V) − E_G f*(g(V)) by quadrature."""
    row = F_DIVERGENCES[name]
    return integral(log_density(p).exp() * row.activation(v)[0] - log_density(g).exp() * row.cost(v)[0])


@pytest.mark.parametrize("name", EXACT)
def test_generators_give_the_exact_values(name: str) -> None:
    assert divergence(name) == pytest.approx(EXACT[name], abs=2e-7)


def test_generators_of_the_other_rows_follow_from_these() -> None:
    swapped = {"reverse_kl": "kl", "neyman": "pearson"}
    for name, other in swapped.items():
        assert divergence(name, G, P) == pytest.approx(divergence(other), abs=1e-9)
    assert divergence("jeffrey") == pytest.approx(divergence("kl") + divergence("reverse_kl"), abs=1e-9)
    hellinger = math.sqrt(divergence("hellinger"))
    assert hellinger**2 / 2 <= divergence("total_variation") <= hellinger * math.sqrt(1 - hellinger**2 / 4)


@ROWS
def test_fenchel_young(name: str) -> None:
    """f(u) + f*(t) ≥ ut, with equality at t = f′(u)."""
    row = F_DIVERGENCES[name]
    u = torch.logspace(-3, 3, 301, dtype=torch.float64)
    slope = row.slope(u)
    assert torch.allclose(row.f(u) + row.conjugate(slope), u * slope, rtol=1e-9, atol=1e-9)
    t, _ = row.activation(torch.linspace(-4, 4, 201, dtype=torch.float64))
    assert (row.f(u)[:, None] + row.conjugate(t) - u[:, None] * t).min() > -1e-9


@ROWS
def test_biconjugates(name: str) -> None:
    """sup_u ut − f(u) is f*, and sup_t ut − f*(t), over all t = g(v), is f again."""
    row = F_DIVERGENCES[name]
    many = torch.logspace(-4, 4, 40001, dtype=torch.float64)
    u = torch.logspace(-1, 1, 21, dtype=torch.float64)
    t = row.slope(u)
    if name != "total_variation":  # its slope has two values only
        assert torch.allclose((t[:, None] * many - row.f(many)).max(1).values, row.conjugate(t), atol=1e-5)
    v = torch.linspace(-25, 25, 100_001, dtype=torch.float64)
    best = (u[:, None] * row.activation(v)[0] - row.cost(v)[0]).max(1).values
    assert torch.allclose(best, row.f(u), atol=1e-5)


@ROWS
def test_activations_stay_inside_the_domain_and_costs_are_its_conjugate(name: str) -> None:
    row = F_DIVERGENCES[name]
    low, high = row.domain
    wide = torch.linspace(-1e3, 1e3, 4001, dtype=torch.float32)
    t, _ = row.activation(wide)
    cost, _ = row.cost(wide)
    assert torch.isfinite(t).all() and torch.isfinite(cost).all()
    assert (t >= low).all() and (t <= high).all()
    v = torch.linspace(-6, 6, 1001, dtype=torch.float64)
    t, guarded = row.activation(v)
    cost, again = row.cost(v)
    assert torch.allclose(cost, row.conjugate(t), rtol=1e-9, atol=1e-9)
    assert int(guarded) == int(again) == 0


@pytest.mark.parametrize("name", RATIOS)
def test_the_bound_is_tight_at_the_tight_critic(name: str) -> None:
    row = F_DIVERGENCES[name]
    assert row.tight is not None
    p, g = (G, P) if name == "neyman" else (P, G)  # χ²(G‖P) between these is finite, and beyond quadrature
    log_ratio = (log_density(p) - log_density(g)).clamp(-18, 18)
    assert bound(name, row.tight(log_ratio), p, g) == pytest.approx(divergence(name, p, g), abs=2e-6)


def test_total_variation_is_reached_by_ever_steeper_critics() -> None:
    sign = 2 * ((log_density(P) > log_density(G)).double() - 0.5)
    assert bound("total_variation", 15 * sign) == pytest.approx(divergence("total_variation"), abs=1e-4)


@ROWS
@settings(max_examples=25, deadline=None)
@given(st.floats(-3, 3), st.floats(-2, 2), st.floats(-0.4, 0.4))
def test_no_critic_lies_above_the_divergence(name: str, level: float, slope: float, bend: float) -> None:
    v = (level + slope * X + bend * X.square()).clamp(-15, 15)
    assert bound(name, v) <= divergence(name) + 1e-6


@pytest.mark.parametrize("name", [*RATIOS, "least_squares"])
def test_readings_are_the_inverse_of_tight(name: str) -> None:
    """E(e*(log r)) = −log r, where Pearson's and least squares' critics are not yet continued."""
    objective = OBJECTIVES[name]
    assert objective.tight is not None
    log_ratio = torch.linspace(-4.5, 4.5, 181, dtype=torch.float64)
    e = objective.tight(log_ratio)
    energy = e if objective.energy is None else objective.energy(e)
    assert torch.allclose(energy, -log_ratio, atol=1e-9)


@pytest.mark.parametrize("name", ["pearson", "least_squares"])
def test_continued_readings_go_on_along_the_tangent(name: str) -> None:
    reading = OBJECTIVES[name].energy
    assert reading is not None
    e = torch.linspace(-6, 6, 100_001, dtype=torch.float64, requires_grad=True)
    energy = reading(e)
    (slope,) = torch.autograd.grad(energy.sum(), e)
    assert (slope > 0).all()
    assert float(slope.diff().abs().max()) < 0.1 * float(slope.max()), "no jump of the slope"
    assert torch.allclose(energy.detach().diff(), 0.5 * (slope[1:] + slope[:-1]) * (e[1] - e[0]).detach(), atol=1e-4)


@pytest.mark.parametrize("name", [*RATIOS, "least_squares"])
def test_the_base_s_gradient_is_that_of_the_divergence(name: str) -> None:
    """G = N(θ, 1), P = N(0, 1), the critic tight at θ = 0.4 and held: dD/dθ, against a central difference."""
    theta, step = 0.4, 1e-4
    objective = OBJECTIVES[name]
    assert objective.tight is not None
    assert objective.base_loss is not None
    z = torch.special.ndtri((torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000)
    shift = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    x = z + shift
    e = objective.tight(log_density((0.0, 1.0), x) - log_density((theta, 1.0), x))
    (gradient,) = torch.autograd.grad(objective.base_loss(e), shift)
    if name == "least_squares":  # what its base descends is another divergence: ½ E_G (D − 1)² at D held
        d = torch.sigmoid(theta**2 / 2 - theta * X)
        slope = -theta * d * (1 - d)
        expected = integral(log_density((theta, 1.0)).exp() * (d - 1) * slope)
    else:
        ahead, behind = (divergence(name, (0.0, 1.0), (theta + s, 1.0)) for s in (step, -step))
        expected = (ahead - behind) / (2 * step)
    assert gradient.item() == pytest.approx(expected, rel=2e-3)


@ROWS
def test_energies_of_any_size_give_finite_values_and_slopes(name: str) -> None:
    objective = OBJECTIVES[name]
    assert objective.value is not None
    e = torch.tensor([-1e6, -90.0, -20.0, 0.0, 20.0, 90.0, 1e6], requires_grad=True)
    value, overflows = objective.value(e, e, torch.zeros(()))
    (gradient,) = torch.autograd.grad(value, e)
    assert torch.isfinite(value) and torch.isfinite(gradient).all()
    assert int(overflows) == {"kl": 2, "reverse_kl": 2, "neyman": 2, "hellinger": 4, "jeffrey": 2}.get(name, 0)
    for loss in (objective.base_loss, objective.passing, objective.energy):
        if loss is not None:
            (gradient,) = torch.autograd.grad(loss(e).sum(), e)
            assert torch.isfinite(gradient).all()


F34 = {
    "kl": (0.2831, 1.0100, 1.8308),
    "reverse_kl": (0.2480, 1.5782, 1.6319),
    "jensen_shannon": (0.1280, 1.3070, 1.7542),
    "jeffrey": (0.5705, 1.3218, 1.7034),
    "pearson": (0.6457, 0.5737, 1.9274),
}
"""Table of S4: least value, mean and standard deviation of the Gaussian there."""


@pytest.mark.parametrize("name", F34)
def test_f34_optimum_of_the_gaussian_fit_to_a_mixture(name: str) -> None:
    """Data .33 N(−1, .065) + .67 N(2, 2), whose second entries are variances; the best Gaussian to 1e-3."""
    x = torch.linspace(-14, 16, 6001, dtype=torch.float64)
    parts = (math.log(0.33) + log_density((-1.0, math.sqrt(0.065)), x),
             math.log(0.67) + log_density((2.0, math.sqrt(2.0)), x))  # fmt: skip
    log_p = torch.logaddexp(*parts)

    def value(parameters: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        log_g = log_density((float(parameters[0]), math.exp(float(parameters[1]))), x)
        integrand = log_g.exp() * F_DIVERGENCES[name].f((log_p - log_g).exp())
        return float(torch.trapezoid(torch.nan_to_num(integrand), x))

    found = minimize(value, [1.2, math.log(1.7)], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    least, mean, std = F34[name]
    assert found.fun == pytest.approx(least, abs=1e-3)
    assert found.x[0] == pytest.approx(mean, abs=1e-3)
    assert math.exp(found.x[1]) == pytest.approx(std, abs=1e-3)
