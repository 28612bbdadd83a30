"""Batch normalisation: rows of chains do not see each other, and running statistics can be made exact."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gebm_studio.models.bases import Conv
from gebm_studio.models.convolutional.batch_norm import BatchNorm, of_batches
from tests.models.test_convolutional import NAMES, base_of, noise

every_architecture = pytest.mark.parametrize("architecture", NAMES)


def stirred(architecture: str, side: int = 8) -> Conv:
    """A base whose scales, shifts and statistics are not those of the beginning."""
    base = base_of(architecture, (1, side, side), batch_norm=True)
    draws = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for layer in base.normalised:
            layer.weight.uniform_(0.5, 2.0, generator=draws)
            layer.bias.normal_(0, 0.5, generator=draws)
            layer.mean.normal_(0, 0.5, generator=draws)
            layer.variance.uniform_(0.5, 2.0, generator=draws)
    return base


def statistics(base: Conv) -> list[Tensor]:
    return [tensor.clone() for layer in base.normalised for tensor in (layer.mean, layer.variance)]


@settings(max_examples=15, deadline=None)
@given(architecture=st.sampled_from(NAMES), changed=st.integers(0, 6), kept=st.integers(0, 6), seed=st.integers(0, 99))
@torch.no_grad()
def test_a_chain_s_image_does_not_depend_on_the_other_chains(
    architecture: str, changed: int, kept: int, seed: int
) -> None:
    base, z = stirred(architecture), noise(7, 3, seed=seed)
    x = base(z)
    # Alone, products are of other shapes and round otherwise.
    torch.testing.assert_close(base(z[kept : kept + 1]), x[kept : kept + 1], rtol=1e-4, atol=1e-5)
    other = z.clone()
    other[changed] = 100.0
    y = base(other)
    rows = [row for row in range(7) if row != changed]
    assert torch.equal(y[rows], x[rows])
    assert not torch.equal(y[changed], x[changed])


@every_architecture
@torch.no_grad()
def test_a_batch_is_normalised_by_itself_while_the_base_learns(architecture: str) -> None:
    base, z = stirred(architecture), noise(16, 3)
    alone, before = base(z), statistics(base)
    seen: list[Tensor] = []
    handles = [layer.register_forward_hook(lambda *given: seen.append(given[2])) for layer in base.normalised]
    with of_batches(base.normalised):
        together = base(z)
    for handle in handles:
        handle.remove()
    for layer, y in zip(base.normalised, seen, strict=True):
        maps = y.transpose(0, 1).flatten(1)
        torch.testing.assert_close(maps.mean(1), layer.bias, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(maps.std(1, correction=0), layer.weight, rtol=1e-2, atol=1e-3)
    assert not torch.equal(together, alone)
    assert all(torch.equal(a, b) for a, b in zip(before, statistics(base), strict=True)), "statistics have moved"
    with of_batches(base.normalised, remember=True):
        assert torch.equal(base(z), together), "the base's own step sees another G"
    assert not any(torch.equal(a, b) for a, b in zip(before, statistics(base), strict=True))
    assert not any(layer.training or layer.remembers for layer in base.normalised)


def test_modes_come_back_after_an_error() -> None:
    layer = BatchNorm(2).eval()
    with pytest.raises(RuntimeError), of_batches([layer], remember=True):
        layer(torch.zeros(2, 3, 4, 4))
    assert not layer.training and not layer.remembers


@every_architecture
@torch.no_grad()
def test_recalibrated_statistics_are_those_of_the_draws(architecture: str) -> None:
    """Each layer then gives mean `bias` and deviation `weight` on these draws, with the layers before it at rest."""
    base = stirred(architecture)
    base.recalibrate(700)
    z = torch.randn(700, 3, generator=torch.Generator().manual_seed(700))
    seen: list[Tensor] = []
    for layer in base.normalised:
        layer.register_forward_hook(lambda *given: seen.append(given[2]))
    base(z)
    for layer, y in zip(base.normalised, seen, strict=True):
        maps = y.transpose(0, 1).flatten(1).double()
        torch.testing.assert_close(maps.mean(1), layer.bias.double(), rtol=0, atol=1e-4)
        torch.testing.assert_close(maps.std(1, correction=0), layer.weight.double(), rtol=1e-3, atol=1e-4)
    first = statistics(base)
    base.recalibrate(700)
    assert all(torch.equal(a, b) for a, b in zip(first, statistics(base), strict=True)), "again is not the same"


@torch.no_grad()
def test_without_batch_normalisation_nothing_is_recalibrated() -> None:
    base = base_of("dcgan", (1, 8, 8))
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    base.recalibrate()
    assert all(torch.equal(tensor, before[name]) for name, tensor in base.state_dict().items())
    assert not base.normalised
