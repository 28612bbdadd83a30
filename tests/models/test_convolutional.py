"""Networks of images: shapes, numbers of parameters, beginnings, normalisation, and what cannot be made."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from gebm_studio.models import Gebm, bases
from gebm_studio.models.convolutional import critic, generator
from gebm_studio.models.convolutional.form import Form
from gebm_studio.models.energies import Convolutional
from gebm_studio.schema.model import ConvBase, ConvEnergy

SMALLEST = {8: 2, 16: 4, 28: 7, 32: 4, 64: 4}
NAMES = ("dcgan", "sngan", "resnet")
SHAPES = tuple((colours, side, side) for side in SMALLEST for colours in (1, 3))
every_architecture = pytest.mark.parametrize("architecture", NAMES)


def made(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().eval()


def base_of(architecture: str, shape: tuple[int, ...], **settings: object) -> bases.Conv:
    section = ConvBase.model_validate({"architecture": architecture, "latent_dim": 3, "channels": 16} | settings)
    found = made(lambda: bases.Conv(section, shape))
    assert isinstance(found, bases.Conv)
    return found


def critic_of(architecture: str, shape: tuple[int, ...], **settings: object) -> nn.Module:
    section = ConvEnergy.model_validate({"architecture": architecture, "channels": 16} | settings)
    return made(lambda: critic(section, shape))


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def weights(inputs: int, outputs: int, kernel: int, bias: bool = True) -> int:
    return inputs * outputs * kernel**2 + bias * outputs


def parameters_of_base(architecture: str, side: int, colours: int, wide: int, latent: int, norm: bool) -> int:
    """Counted by hand from the tables."""
    small = SMALLEST[side]
    doublings = round(math.log2(side / small))
    begun = weights(latent, wide * small**2, 1)
    if architecture == "resnet":
        block = 2 * 2 * wide * norm + weights(wide, wide, 3, not norm) + weights(wide, wide, 3) + weights(wide, wide, 1)
        return begun + doublings * block + 2 * wide * norm + weights(wide, colours, 3)
    widths = [wide // 2**k for k in range(doublings + (architecture == "sngan"))]
    steps = sum(weights(a, b, 4, not norm) for a, b in zip(widths[:-1], widths[1:], strict=True))
    kernel = 3 if architecture == "sngan" else 4
    return begun + steps + 2 * sum(widths) * norm + weights(widths[-1], colours, kernel)


def parameters_of_critic(architecture: str, side: int, colours: int, wide: int) -> int:
    small = SMALLEST[side]
    doublings = round(math.log2(side / small))
    if architecture == "resnet":
        halvings = 3 if side == 64 else 2
        first = weights(colours, wide, 3) + weights(wide, wide, 3) + weights(colours, wide, 1)
        down, plain = 2 * weights(wide, wide, 3) + weights(wide, wide, 1), 2 * weights(wide, wide, 3)
        return first + (halvings - 1) * down + 2 * plain + weights(wide, 1, 1)
    last = weights(wide * small**2, 1, 1)
    if architecture == "dcgan":
        widths = [colours] + [wide // 2**k for k in reversed(range(doublings))]
        return sum(weights(a, b, 4) for a, b in zip(widths[:-1], widths[1:], strict=True)) + last
    widths = [colours] + [wide // 2**k for k in reversed(range(doublings + 1))]
    threes = sum(weights(a, b, 3) for a, b in zip(widths[:-1], widths[1:], strict=True))
    return threes + sum(weights(a, a, 4) for a in widths[1:-1]) + last


@settings(max_examples=30, deadline=None)
@given(
    architecture=st.sampled_from(NAMES),
    shape=st.sampled_from(SHAPES),
    wide=st.integers(16, 24),
    latent=st.integers(1, 12),
    norm=st.booleans(),
)
def test_images_come_out_and_one_number_with_the_tables_parameters(
    architecture: str, shape: tuple[int, ...], wide: int, latent: int, norm: bool
) -> None:
    colours, side, _ = shape
    base = base_of(architecture, shape, channels=wide, latent_dim=latent, batch_norm=norm)
    energy = critic_of(architecture, shape, channels=wide, spectral_norm=norm)
    with torch.no_grad():
        x = base(noise(2, latent))
        assert x.shape == (2, *shape) and x.is_contiguous() and bool((x.abs() <= 1).all())
        assert energy(x).shape == (2, 1) and bool(energy(x).isfinite().all())
    count = sum(parameter.numel() for parameter in base.parameters())
    assert count == parameters_of_base(architecture, side, colours, wide, latent, norm)
    assert sum(parameter.numel() for parameter in energy.parameters()) == parameters_of_critic(
        architecture, side, colours, wide
    )


def test_the_published_sizes() -> None:
    """SN-GAN's tables at 32 pixels in colour, with latents in R¹²⁸; numbers counted from the tables."""
    shape = (3, 32, 32)

    def count(net: nn.Module) -> int:
        return sum(parameter.numel() for parameter in net.parameters())

    conv = critic(ConvEnergy(architecture="sngan", channels=512), shape)
    kinds = [(m.in_channels, m.out_channels, m.kernel_size[0]) for m in conv if isinstance(m, nn.Conv2d)]
    assert kinds == [(3, 64, 3), (64, 64, 4), (64, 128, 3), (128, 128, 4), (128, 256, 3), (256, 256, 4), (256, 512, 3)]
    up = generator(ConvBase(architecture="sngan", channels=512, latent_dim=128, batch_norm=True), shape)
    kinds = [(m.in_channels, m.out_channels, m.kernel_size[0]) for m in up if isinstance(m, nn.ConvTranspose2d)]
    assert kinds == [(512, 256, 4), (256, 128, 4), (128, 64, 4)]
    assert count(critic(ConvEnergy(architecture="resnet", channels=128), shape)) == 1_053_825
    assert count(generator(ConvBase(architecture="resnet", channels=256, latent_dim=128), shape)) == 4_273_155


@pytest.mark.parametrize("shape", [(1, 9, 9), (3, 32, 16), (64,), (1, 128, 128)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    for make, part in ((lambda: generator(ConvBase(), shape), "base"), (lambda: critic(ConvEnergy(), shape), "energy")):
        with pytest.raises(ValueError, match=f"^{part}: kind conv is for square images of 8, 16, 28, 32, 64 pixels"):
            make()


@pytest.mark.parametrize(("architecture", "side", "least"), [("dcgan", 64, 8), ("sngan", 28, 4), ("sngan", 64, 16)])
def test_channels_that_cannot_be_halved_are_refused(architecture: Any, side: int, least: int) -> None:
    def both(wide: int) -> list[Callable[[], nn.Module]]:
        # Not by the schema, whose own bound is 4.
        base = ConvBase.model_construct(architecture=architecture, channels=wide, latent_dim=2, batch_norm=False)
        energy = ConvEnergy.model_construct(architecture=architecture, channels=wide, spectral_norm=False)
        return [lambda: generator(base, (1, side, side)), lambda: critic(energy, (1, side, side))]

    for make in both(least):
        make()
    for part, make in zip(("base", "energy"), both(least - 1), strict=True):
        with pytest.raises(ValueError, match=rf"^{part}\.channels: must be at least {least} at {side} pixels"):
            make()


@every_architecture
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32)])
def test_signals_neither_die_nor_blow_up_at_the_start(architecture: str, shape: tuple[int, ...]) -> None:
    """Deviation of G between 0.2 and 0.9 of the largest there is; energies of order one."""
    base = base_of(architecture, shape, channels=32, latent_dim=16)
    energy = critic_of(architecture, shape, channels=32)
    with torch.no_grad():
        x = base(noise(64, 16))
        assert 0.2 < float(x.std()) < 0.9
        assert float((x - x.mean(0)).std()) > 0.2, "all latents give one image"
        values = energy(torch.rand(64, *shape, generator=torch.Generator().manual_seed(2)) * 2 - 1)
        assert float(values.std()) > 1e-3 and float(values.square().mean()) < 9


@every_architecture
def test_spectral_normalisation_is_on_every_layer_of_the_energy(architecture: str) -> None:
    net = critic_of(architecture, (1, 8, 8), spectral_norm=True)
    layers = [module for module in net.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    plain = critic_of(architecture, (1, 8, 8))
    assert len(layers) == len([m for m in plain.modules() if isinstance(m, nn.Conv2d | nn.Linear)])
    net.train()
    for layer in layers:
        assert is_parametrized(layer, "weight")
        with torch.no_grad():
            *_, weight = (layer.weight for _ in range(200))
        largest = torch.linalg.matrix_norm(weight.detach().flatten(1).double(), ord=2)
        torch.testing.assert_close(largest, torch.ones((), dtype=torch.float64), rtol=1e-3, atol=0)


# Gradients.


@every_architecture
def test_pullbacks_are_those_of_autograd_and_touch_no_weight(architecture: str) -> None:
    shape = (1, 8, 8)
    base = base_of(architecture, shape, batch_norm=True).double()
    energy = Convolutional(critic_of(architecture, shape, spectral_norm=True), floor=-0.01, shape=shape).double().eval()
    z = noise(5, 3).double()
    x, to_z = base.pullback(z)
    e, to_x = energy.pullback(x)
    found = to_z(to_x(torch.ones_like(e)))
    leaf = z.clone().requires_grad_(True)
    values = energy(base(leaf))
    (wanted,) = torch.autograd.grad(values.sum(), leaf)
    torch.testing.assert_close(e, values.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-12)
    assert all(parameter.requires_grad and parameter.grad is None for parameter in energy.parameters())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in base.parameters())


@every_architecture
@pytest.mark.parametrize("normalised", [False, True])
def test_a_form_is_its_network(architecture: str, normalised: bool) -> None:
    net = critic_of(architecture, (3, 16, 16), spectral_norm=normalised).double()
    same = copy.deepcopy(net)
    x = noise(4, 3, 16, 16).double()
    form = Form(net)
    found: list[Tensor] = []
    grads = []
    for value_of, parameters in (
        (lambda: form(form.weights(), x), net.parameters()),
        (lambda: same(x), same.parameters()),
    ):
        (net if not found else same).train()  # one power iteration each
        value = value_of()
        found.append(value.detach())
        grads.append(torch.autograd.grad(value.sum(), list(parameters)))
    assert torch.equal(found[0], found[1])
    for ours, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    for (name, ours), theirs in zip(net.state_dict().items(), same.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name
    constants = form.constants()
    assert not any(weight.requires_grad for weight in constants.values())


# Memory.


@every_architecture
def test_pieces_are_as_many_images_as_stay_near_and_give_the_same(architecture: str) -> None:
    shape = (3, 32, 32)
    net, base = critic_of(architecture, shape, spectral_norm=True), base_of(architecture, shape)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    model = Gebm(base, Convolutional(net, None, shape))
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    # The image, or a map of 16 channels at half its side or, in residual networks, at its side.
    wide = {"dcgan": 3 * 32**2, "sngan": 3 * 32**2, "resnet": 16 * 32**2}[architecture]
    assert max(base.widest, model.critic.widest) == wide
    large = critic_of(architecture, (1, 8, 8), channels=64, spectral_norm=True)  # with more weights than a map has
    assert Convolutional(large, None, (1, 8, 8)).widest == {"dcgan": 32 * 4**2, "sngan": 16 * 8**2}.get(
        architecture, 64 * 8**2
    )
    assert model.at_once(4096) == 2**20 // wide
    assert model.at_once(7) == 7
    z = noise(50, 3)
    whole, pieces = model.energies(z), torch.cat([model.energies(part) for part in z.split(20)])
    torch.testing.assert_close(whole, pieces, rtol=1e-4, atol=1e-5)


def test_chains_in_pieces_are_seen_whole() -> None:
    """What a chain's gradient has found of G and E is there for pictures, whatever the pieces."""
    shape = (1, 8, 8)
    model = Gebm(base_of("dcgan", shape), Convolutional(critic_of("dcgan", shape), None, shape))
    z, potential = noise(50, 3), model.potential(2.0)
    value, gradient = potential.value_and_gradient(z)
    model.base.widest = 2**20 // 16  # pieces of 16
    calls: list[int] = []
    model.base.register_forward_hook(lambda *given: calls.append(len(given[2])))
    in_pieces = model.potential(2.0)
    for ours, theirs in zip(in_pieces.value_and_gradient(z), (value, gradient), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    assert calls == [16, 16, 16, 2]
    x, energy = in_pieces.look(z)
    assert len(calls) == 4 and x.shape == (50, *shape) and energy.shape == (50,)
    with torch.no_grad():
        torch.testing.assert_close(in_pieces(z), value, rtol=1e-4, atol=1e-5)
