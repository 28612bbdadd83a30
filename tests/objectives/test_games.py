"""Least squares, hinge, Wasserstein and MMD at what is known of their optima."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.stats import norm
from torch import Tensor

from gebm_studio.divergences import w1
from gebm_studio.models.witness import KERNELS, Witness
from gebm_studio.objectives import OBJECTIVES
from gebm_studio.schema.model import WitnessEnergy

P, G = (0.3, 0.8), (-0.4, 1.1)
C = torch.zeros((), dtype=torch.float64)


def draws(law: tuple[float, float], count: int = 200_000) -> Tensor:
    """Midpoint quantiles: a quadrature rule written as a sample."""
    mean, std = law
    return mean + std * torch.special.ndtri((torch.arange(count, dtype=torch.float64) + 0.5) / count)


def log_ratio(x: Tensor) -> Tensor:
    return ((x - G[0]) / G[1]).square() / 2 - ((x - P[0]) / P[1]).square() / 2 + math.log(G[1] / P[1])


def value(name: str, e_data: Tensor, e_base: Tensor) -> float:
    found = OBJECTIVES[name].value
    assert found is not None
    return float(found(e_data, e_base, C)[0])


def grid() -> tuple[Tensor, Tensor, Tensor]:
    x = torch.linspace(-12, 12, 24001, dtype=torch.float64)
    p, g = (torch.as_tensor(norm.pdf(x.numpy(), *law)) for law in (P, G))
    return x, p, g


def test_least_squares_at_its_optimum_is_the_triangular_discrimination() -> None:
    objective = OBJECTIVES["least_squares"]
    assert objective.tight is not None
    assert objective.divergence is not None
    x, p, g = grid()
    exact = float(torch.trapezoid((p - g).square() / (p + g), x))
    reached = value("least_squares", objective.tight(log_ratio(draws(P))), objective.tight(log_ratio(draws(G))))
    assert objective.divergence(reached) == pytest.approx(exact, abs=1e-4)
    for scale in (0.9, 1.1):
        e_data, e_base = (scale * objective.tight(log_ratio(draws(law))) for law in (P, G))
        assert value("least_squares", e_data, e_base) < reached


def test_hinge_at_the_sign_is_total_variation() -> None:
    objective = OBJECTIVES["hinge"]
    assert objective.divergence is not None
    x, p, g = grid()
    exact = float(torch.trapezoid((p - g).abs(), x)) / 2
    reached = value("hinge", -log_ratio(draws(P)).sign(), -log_ratio(draws(G)).sign())
    assert objective.divergence(reached) == pytest.approx(exact, abs=1e-4)
    for scale in (0.5, 3.0):
        assert value("hinge", -scale * log_ratio(draws(P)).sign(), -scale * log_ratio(draws(G)).sign()) < reached


def test_wasserstein_of_a_unit_slope_is_the_shift() -> None:
    """G = P − 0.7: the optimal critic V = x gives W1 = 0.7, as the exact assignment does."""
    x = draws(P, 1000)
    y = x - 0.7
    assert value("wasserstein", -x, -y) == pytest.approx(0.7)
    assert w1(x.numpy()[:, None], y.numpy()[:, None]) == pytest.approx(0.7, abs=1e-9)
    assert value("wasserstein", -x.sin(), -y.sin()) < 0.7, "another critic of slope one"


def witness(kernel: str, features: str = "plain", **settings: object) -> Witness:
    section = WitnessEnergy.model_validate({"features": features, "kernel": kernel, "scale": 1.0} | settings)
    torch.manual_seed(0)
    return Witness(section, (2,)).double()


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_batch_as_its_own_witness_gives_the_unbiased_mmd(kernel: str) -> None:
    """E_G e − E_P e equals the U-statistic, summed here pair by pair."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(7, 2, generator=generator, dtype=torch.float64)
    y = 1.5 * torch.randn(5, 2, generator=generator, dtype=torch.float64) + 0.5
    critic = witness(kernel)
    critic.median.fill_(0.8)

    def k(a: Tensor, b: Tensor) -> float:
        return float(KERNELS[kernel](((a - b).square().sum() / 0.64).reshape(1)))

    among_x = sum(k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j) / (7 * 6)
    among_y = sum(k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j) / (5 * 4)
    across = sum(k(a, b) for a in x for b in y) / 35
    e_data, e_base = critic.judge(x, y)
    assert value("mmd", e_data, e_base) == pytest.approx(among_x + among_y - 2 * across, abs=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
def test_mmd_of_equal_laws_is_zero_on_average_and_of_others_is_not(kernel: str) -> None:
    generator = torch.Generator().manual_seed(1)
    critic = witness(kernel)
    equal, other = [], []
    for _ in range(200):
        x, y = torch.randn(2, 20, 2, generator=generator, dtype=torch.float64)
        equal.append(value("mmd", *critic.judge(x, y)))
        other.append(value("mmd", *critic.judge(x, y + 1)))
    error = float(torch.tensor(equal).std()) / math.sqrt(200)
    assert abs(float(torch.tensor(equal).mean())) < 4 * error
    assert float(torch.tensor(other).mean()) > 20 * error


def test_the_witness_is_low_on_data_and_remembers_in_its_state() -> None:
    generator = torch.Generator().manual_seed(2)
    data = torch.randn(256, 2, generator=generator, dtype=torch.float64)
    samples = data + torch.tensor([4.0, 0.0], dtype=torch.float64)
    critic, copy = witness("gaussian", "learned"), witness("gaussian", "learned")
    critic.remember(data, samples)
    assert float(critic(data).detach().mean()) < -0.1 < 0.1 < float(critic(samples).detach().mean())
    copy.load_state_dict(critic.state_dict())
    assert torch.equal(copy(data), critic(data))


def test_the_base_s_gradient_of_a_held_witness_is_half_of_the_mmd_s() -> None:
    """d/dθ of ½ MMD²(P, G + θ) by autograd through all pairs, against the mean energy with the witness held."""
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(256, 2, generator=generator, dtype=torch.float64)
    y = torch.randn(256, 2, generator=generator, dtype=torch.float64) + 1
    critic = witness("imq")
    critic.remember(x, y)
    theta = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    loss = OBJECTIVES["mmd"].base_loss
    assert loss is not None
    (held,) = torch.autograd.grad(loss(critic(y + theta)), theta)
    e_data, e_base = critic.judge(x, y + theta)
    (full,) = torch.autograd.grad(e_base.mean() - e_data.mean(), theta)
    assert torch.allclose(held, full / 2, rtol=0.02)
