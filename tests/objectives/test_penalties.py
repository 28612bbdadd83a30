"""Penalties at their exact values, and the sign with which they enter."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gebm_studio.experiments.climb import Climber
from gebm_studio.models.energies import Linear
from gebm_studio.objectives import PENALTIES
from gebm_studio.schema import Objective
from gebm_studio.schema.model import LinearEnergy

SHIFT = torch.tensor([3.0, 4.0])
"""From samples to data: W1 = 5, and the optimal critic's slope is (.6, .8)."""


def cloud(count: int = 64) -> Tensor:
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("name", "expected"), [("gradient", 25.0), ("gradient_to_one", 16.0), ("r1", 12.5)])
def test_penalties_of_a_linear_critic(name: str, expected: float) -> None:
    """|∇e| = 5: its square, its squared distance from one, and half of its square."""
    data = cloud()
    penalty = PENALTIES[name](lambda x: x @ SHIFT, data, data - 1, torch.Generator().manual_seed(1))
    assert penalty.item() == pytest.approx(expected, rel=1e-6)


def test_r1_looks_at_data_alone() -> None:
    """e = ½x² has |∇e|² = x²: on data at 2 half of it is 2, wherever the samples are."""
    data, samples = torch.full((8, 1), 2.0), torch.full((8, 1), 100.0)
    penalty = PENALTIES["r1"](lambda x: 0.5 * x.square().sum(1), data, samples, torch.Generator())
    assert penalty.item() == pytest.approx(2.0)


def test_a_critic_without_slope_has_a_finite_gradient() -> None:
    weight = torch.zeros(2, requires_grad=True)
    penalty = PENALTIES["gradient_to_one"](lambda x: x @ weight, cloud(), cloud(), torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(penalty, weight)
    assert penalty.item() == pytest.approx(1.0)
    assert torch.isfinite(gradient).all()


def ascended(penalty: str, strength: float, steps: int = 400) -> Tensor:
    """∇V = −∇e of a linear critic after gradient ascent on data that are the samples, moved by `SHIFT`."""
    critic = Linear(LinearEnergy(weights=(-0.1, 0.2)))
    parameters = list(critic.parameters())
    climber, samples = Climber(critic, parameters), cloud()
    settings = Objective.model_validate({"name": "wasserstein", "penalty": penalty, "strength": strength})
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        climb = climber.climb(settings, samples + SHIFT, samples, torch.zeros(()), generator)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, climb.gradients, strict=True):
                assert gradient is not None
                parameter.sub_(0.01 * gradient)
    return critic.weights.detach()


def test_the_optimal_critic_rises_from_samples_to_data() -> None:
    """∇V = +(y − x̂)/|y − x̂| for y real, and subtracting λ E(|∇V| − 1)² leaves it so: |∇V| = 1 + |shift|/2λ.

    Improved Training of Wasserstein GANs (Gulrajani et al., 2017), proposition 1; were the penalty added to what
    the critic climbs, its slope would grow without end.
    """
    slope = ascended("gradient_to_one", 10.0)
    assert torch.allclose(slope, SHIFT / 5 * (1 + 5 / 20), atol=1e-3)


def test_the_penalty_without_a_target_holds_the_slope_at_half_the_shift_over_its_weight() -> None:
    assert torch.allclose(ascended("gradient", 2.0), SHIFT / 4, atol=1e-3)


@pytest.mark.parametrize("slope", [0.0, 1e-24, 1e-3, 2.0])
@pytest.mark.parametrize("name", list(PENALTIES))
def test_the_closed_slope_of_a_penalty_is_autograd_s(name: str, slope: float) -> None:
    """Also where the square of a slope underflows: it has no direction then, in either way."""
    gradient = torch.full((4, 3), slope).requires_grad_(True)
    (expected,) = torch.autograd.grad(PENALTIES[name].of(gradient), gradient)
    torch.testing.assert_close(PENALTIES[name].direction(gradient.detach()), expected, rtol=1e-5, atol=1e-20)
