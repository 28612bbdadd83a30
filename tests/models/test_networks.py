"""Gradients with respect to the input, by hand and by autograd."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from gebm_studio.models import Gebm
from gebm_studio.models.bases import Mlp
from gebm_studio.models.energies import Network
from gebm_studio.models.networks import ACTIVATIONS, mlp, pullback
from gebm_studio.samplers import value_and_gradient
from gebm_studio.schema.model import MlpBase


def by_autograd(function: Callable[[Tensor], Tensor], x: Tensor, cotangent: Tensor) -> tuple[Tensor, Tensor]:
    leaf = x.clone().requires_grad_(True)
    y = function(leaf)
    (gradient,) = torch.autograd.grad(y, leaf, cotangent)
    return y.detach(), gradient


@settings(max_examples=60, deadline=None)
@given(
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    depth=st.integers(0, 4),
    normalised=st.booleans(),
    residual=st.booleans(),
    double=st.booleans(),
    seed=st.integers(0, 99),
)
def test_the_pullback_has_the_bits_of_autograd(
    activation: str, depth: int, normalised: bool, residual: bool, double: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    net = mlp([3, *[16] * depth, 2], activation, normalised=normalised, residual=residual).eval()
    dtype = torch.float64 if double else torch.float32
    net.to(dtype)
    x, cotangent = torch.randn(7, 3, dtype=dtype), torch.randn(7, 2, dtype=dtype)
    before = x.clone()
    y, back = pullback(net, x)
    found = back(cotangent)
    wanted_y, wanted = by_autograd(net, x, cotangent)
    assert torch.equal(y, wanted_y)
    assert torch.equal(found, wanted)
    assert torch.equal(x, before), "the input was written to"
    assert not y.requires_grad and not found.requires_grad
    assert all(parameter.grad is None for parameter in net.parameters())


def test_residual_layers_add_to_what_they_are_given() -> None:
    """h₁ = W₁x + b₁, h ← h + W σ(h) + b, out = W σ(h) + b; with the added layers at zero, h₁ alone is left."""
    torch.manual_seed(1)
    net = mlp([3, 16, 16, 16, 2], "silu", residual=True)
    first, *blocks, activation, last = net
    added = [layer for block in blocks for layer in block.modules() if isinstance(layer, nn.Linear)]
    assert len(blocks) == len(added) == 2
    x = torch.randn(5, 3)
    wanted = first(x)
    for layer in added:
        wanted = wanted + layer(nn.functional.silu(wanted))
    assert torch.equal(net(x), last(activation(wanted)))
    for layer in added:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    assert torch.equal(net(x), last(activation(first(x))))


@pytest.mark.parametrize(
    "net", [nn.Sequential(nn.ReLU(), nn.Linear(3, 2)), nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.ReLU())]
)
def test_a_sequence_of_another_build_goes_through_autograd(net: nn.Sequential) -> None:
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    before, cotangent = x.clone(), torch.ones(5, 2)
    y, back = pullback(net, x)
    wanted_y, wanted = by_autograd(net, x, cotangent)
    assert torch.equal(y, wanted_y) and torch.equal(back(cotangent), wanted)
    assert torch.equal(x, before)


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8)], ids=["plane", "image"])
@pytest.mark.parametrize("floor", [None, 0.0], ids=["free", "floored"])
@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_the_latent_potential_agrees_with_autograd(shape: tuple[int, ...], floor: float | None, beta: float) -> None:
    torch.manual_seed(3)
    pixels = torch.Size(shape).numel()
    net: nn.Module = mlp([pixels, 16, 16, 1], "silu")
    energy = Network(nn.Sequential(nn.Flatten(), net) if len(shape) > 1 else net, floor)
    model = Gebm(Mlp(MlpBase(latent_dim=3, hidden=16, depth=2), shape), energy).eval()
    potential = model.potential(beta)
    z = torch.randn(9, 3)
    value, gradient = value_and_gradient(potential, z)
    wanted, wanted_gradient = by_autograd(potential, z, torch.ones(9))
    torch.testing.assert_close(value, wanted, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(gradient, wanted_gradient, rtol=1e-5, atol=1e-6)
    if floor is not None:
        assert (potential.look(z)[1] == floor).any(), "some energies must be raised for this to test anything"
    assert all(parameter.grad is None for parameter in model.parameters())
