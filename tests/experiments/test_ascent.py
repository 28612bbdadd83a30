"""The ascent by hand against autograd, in float64: every activation, depth and penalty, every objective."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gebm_studio import schema
from gebm_studio.experiments.climb import Climber
from gebm_studio.models.energies import Network
from gebm_studio.models.networks import ACTIVATIONS, Residual, mlp
from gebm_studio.models.walk import Walk
from gebm_studio.objectives import OBJECTIVES, PENALTIES

CLIMBED = [name for name, objective in OBJECTIVES.items() if objective.value is not None]
N, D = 11, 3


def critic(activation: str, depth: int, *, floor: float | None = None, images: bool = False, **how: bool) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(depth)
        net = mlp([D, *[7] * depth, 1], activation, **how)
    return Network(nn.Sequential(nn.Flatten(), net) if images else net, floor).double().eval()


def last_layer(network: Network) -> nn.Linear:
    return [module for module in network.modules() if isinstance(module, nn.Linear)][-1]


def agree(network: Network, objective: str, penalty: str, shape: tuple[int, ...] = (D,), strength: float = 0.3) -> None:
    draws = torch.Generator().manual_seed(5)
    data, samples = (torch.randn(N, *shape, generator=draws, dtype=torch.float64) for _ in range(2))
    settings = schema.Objective(name=objective, penalty=penalty, strength=strength)
    c, found = torch.tensor(0.2, dtype=torch.float64), []
    for by_hand in (True, False):
        trained = copy.deepcopy(network)
        climber = Climber(trained, list(trained.parameters()))
        assert climber.walk is not None
        if not by_hand:
            climber.walk = None
        climb = climber.climb(settings, data, samples, c, torch.Generator().manual_seed(1))
        # A parameter without a part may have no gradient or one of zero.
        gradients = [
            torch.zeros_like(parameter) if gradient is None else gradient
            for parameter, gradient in zip(trained.parameters(), climb.gradients, strict=True)
        ]
        penalised = climb.loss.new_zeros(()) if climb.penalty is None else climb.penalty
        state = [*gradients, *trained.state_dict().values()]
        found.append([climb.loss, climb.base, penalised, climb.overflows, *state])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("penalty", [*PENALTIES, "none"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_depth_and_penalty(activation: str, penalty: str) -> None:
    for depth in (0, 1, 2, 4):
        agree(critic(activation, depth), "kale", penalty)


@pytest.mark.parametrize("objective", CLIMBED)
def test_every_objective(objective: str) -> None:
    for penalty in (*PENALTIES, "none"):
        agree(critic("silu", 2), objective, penalty)


@pytest.mark.parametrize("penalty", [*PENALTIES, "none"])
def test_normalised_residual_and_with_a_floor(penalty: str) -> None:
    for activation in ("silu", "relu"):
        agree(critic(activation, 3, normalised=True), "kale", penalty)
        agree(critic(activation, 3, residual=True), "kale", penalty)
        agree(critic(activation, 3, residual=True, normalised=True, floor=-0.02), "kale", penalty)
        agree(critic(activation, 3, images=True, floor=0.0), "kale", penalty, shape=(1, 3))


def test_guarded_exponents() -> None:
    network = critic("silu", 2)
    with torch.no_grad():
        last_layer(network).bias.fill_(-25.0)
    agree(network, "kale", "gradient")


def test_a_slope_of_zero_has_a_penalty_to_one_and_no_direction() -> None:
    network = critic("silu", 2)
    with torch.no_grad():
        last_layer(network).weight.zero_()
    agree(network, "wasserstein", "gradient_to_one")


def test_one_seed_gives_the_same_bits() -> None:
    # Wide enough for the kernels of large products.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Network(mlp([2, 128, 128, 1], "silu"), None)
    data, samples = torch.randn(2, 256, 2, generator=torch.Generator().manual_seed(1))
    climber = Climber(network, list(network.parameters()))
    settings = schema.Objective()
    first, *others = (
        climber.climb(settings, data, samples, torch.zeros(()), torch.Generator().manual_seed(2)) for _ in range(4)
    )
    for other in others:
        assert all(torch.equal(a, b) for a, b in zip(first.gradients, other.gradients, strict=True))  # type: ignore[arg-type]


def test_what_is_not_known_is_left_to_autograd() -> None:
    assert Walk.of(nn.Conv2d(1, 1, 3)) is None
    assert Walk.of(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))) is None
    assert Walk.of(nn.Sequential(nn.Linear(2, 3), nn.Mish(), nn.Linear(3, 1))) is None
    assert Walk.of(nn.Sequential(nn.Linear(2, 3), nn.SiLU())) is None
    assert Walk.of(nn.Sequential(nn.Linear(2, 3, bias=False), nn.SiLU(), nn.Linear(3, 1))) is None
    long = Residual(nn.SiLU(), nn.Linear(3, 3), nn.SiLU(), nn.Linear(3, 3))
    assert Walk.of(nn.Sequential(nn.Linear(2, 3), long, nn.SiLU(), nn.Linear(3, 1))) is None
