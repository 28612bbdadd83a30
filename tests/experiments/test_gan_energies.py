"""A GAN's critic as an energy: trained to its optimum, its GEBM is the data's law."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from gebm_studio import targets
from gebm_studio.experiments.learner import Learner
from gebm_studio.models import Gebm, build
from gebm_studio.models.energies import Energy
from gebm_studio.samplers import SAMPLERS
from gebm_studio.schema import Objective, Training, TrainingPreset

CPU = torch.device("cpu")
SIGMA, SHIFT = 0.8, 0.6
"""Data N((SHIFT, 0), σ²I), base N(0, I): −E* = log p/g is a quadratic with a constant."""


class Critic(Energy):
    """½ xᵀAx + ⟨b, x⟩ + k, which holds the exact energy."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(2))
        self.k = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * (x @ self.a * x).sum(1) + x @ self.b + self.k


@pytest.fixture(scope="module")
def trained() -> tuple[Gebm, targets.Target]:
    """The critic after 450 steps against a base at rest, each on 1,024 fresh points of both."""
    section = {"title": "test", "target": {"kind": "ring", "modes": 1, "radius": SHIFT, "std": SIGMA}}
    preset = TrainingPreset.model_validate(section | {"base": {"kind": "linear"}})
    target = targets.build(preset.target, seed=0, device=CPU)
    model = Gebm(build(preset, (2,), target.log_density, CPU).base, Critic())
    learner = Learner(model, target, torch.Generator().manual_seed(1), torch.Generator().manual_seed(2))
    for rate in (0.05, 0.01, 0.002):
        training = Training(batch=1024, energy_lr=rate)
        learner.configure(training)
        for _ in range(150):
            learner.energy_step(Objective(name="gan", strength=0.0), training)
    return model, target


def test_the_logit_of_a_trained_critic_is_the_log_density_ratio(trained: tuple[Gebm, targets.Target]) -> None:
    """E = log g − log p, its constant too. The noise of training alone is .01; the energy spans several nats."""
    model, target = trained
    exact = model.base.log_density(target.held_out) - target.log_density(target.held_out)
    energy = model.energy(target.held_out)
    assert exact.std().item() > 0.5
    assert (energy - exact).square().mean().sqrt().item() < 0.05
    # The sampler-free constant has followed: log Z = 0.
    assert abs(model.log_z(50_000, torch.Generator().manual_seed(3))[0]) < 0.03
    assert abs(float(model.log_partition)) < 0.1


@pytest.mark.parametrize("name", ["mala", "kinetic"])
def test_chains_on_that_energy_have_the_law_of_the_data(name: str, trained: tuple[Gebm, targets.Target]) -> None:
    """Mean (SHIFT, 0) and variance σ² of 4,000 independent chains: four standard errors, and .02 for the critic."""
    model, _ = trained
    sampler, generator = SAMPLERS[name](step_size=0.2), torch.Generator().manual_seed(4)
    potential = model.potential()
    state = sampler.init(model.prior(4000, generator), potential, generator)
    for _ in range(60):
        state, _ = sampler.step(state, potential, generator)
    x = model.samples(state.position).double()
    error = SIGMA / math.sqrt(len(x))
    assert torch.allclose(x.mean(0), torch.tensor([SHIFT, 0.0]).double(), rtol=0, atol=4 * error + 0.02)
    assert torch.allclose(x.var(0), torch.full((2,), SIGMA**2).double(), rtol=0, atol=4 * math.sqrt(2) * error + 0.02)
