"""The descent by hand against autograd through critic and base, in float64."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from gebm_studio.experiments.descent import Descender
from gebm_studio.models import bases
from gebm_studio.models.energies import Energy, Network, Quadratic
from gebm_studio.models.networks import ACTIVATIONS, mlp
from gebm_studio.objectives import base_loss
from gebm_studio.schema.model import CircleBase, MlpBase, QuadraticEnergy

N = 12


def agree(base: bases.Base, critic: Energy) -> None:
    base, critic = base.double().eval(), critic.double().eval()
    z = torch.randn(N, base.latent_dim, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    parameters = list(base.parameters())
    descender = Descender(base, critic, parameters)
    found = descender.descend(base_loss, z)
    plain = copy.deepcopy(base)
    x = plain(z)
    values = critic(x)
    loss = base_loss(values)
    gradients = torch.autograd.grad(loss, list(plain.parameters()))
    pairs: list[tuple[Tensor | None, Tensor]] = [
        (found.loss, loss), (found.values, values), (descender.samples(z), x),
        *zip(found.gradients, gradients, strict=True),
    ]  # fmt: skip
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-12, atol=1e-10)
        assert ours is not None and not ours.requires_grad
    assert all(parameter.grad is None for parameter in (*base.parameters(), *critic.parameters()))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlps_of_every_activation(activation: str) -> None:
    for depth, residual in ((0, False), (1, False), (3, False), (3, True)):
        section = MlpBase(latent_dim=3, hidden=5, depth=depth, activation=activation, residual=residual)
        agree(bases.Mlp(section, (2,)), Network(mlp([2, 6, 6, 1], activation, residual=residual), None))


def test_images_floors_and_normalised_critics() -> None:
    base = bases.Mlp(MlpBase(latent_dim=3, hidden=5, depth=2), (1, 2, 2))
    for normalised in (False, True):
        net = nn.Sequential(nn.Flatten(), mlp([4, 6, 1], "silu", normalised=normalised))
        agree(base, Network(net, floor=0.05))


def test_what_is_no_mlp_goes_through_autograd() -> None:
    critic = Quadratic(QuadraticEnergy(precision=((2.0, 0.5), (0.5, 1.0)), mean=(0.3, -0.2)))
    agree(bases.Circle(CircleBase()), critic)
    agree(bases.Circle(CircleBase()), Network(mlp([2, 6, 1], "silu"), None))
    agree(bases.Mlp(MlpBase(latent_dim=3, hidden=5, depth=2), (2,)), critic)
