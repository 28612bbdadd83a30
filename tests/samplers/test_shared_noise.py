"""Noise that chains share."""

from __future__ import annotations

import pytest
import torch

from gebm_studio.samplers import SharedNoise
from gebm_studio.samplers.sampler import normal_like, uniform_like


@pytest.mark.parametrize("sets", [1, 3])
def test_every_chain_gets_what_one_would_get(sets: int) -> None:
    shared = SharedNoise.of(2, chains=5, sharing=4)
    shared.manual_seed(7)
    alone = torch.Generator().manual_seed(7)
    for _ in range(2):
        noise = normal_like(torch.zeros(sets * 4, 3), shared).view(sets, 4, 3)
        full = normal_like(torch.zeros(sets * 5, 3), alone).view(sets, 5, 3)
        assert torch.equal(noise, full[:, 2:3].expand_as(noise))
        uniform = uniform_like(torch.zeros(sets * 4, dtype=torch.float64), shared).view(sets, 4)
        whole = uniform_like(torch.zeros(sets * 5, dtype=torch.float64), alone).view(sets, 5)
        assert uniform.dtype == torch.float64
        assert torch.equal(uniform, whole[:, 2:3].expand_as(uniform))


def test_a_usual_generator_draws_as_torch_does() -> None:
    a, b = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    assert torch.equal(normal_like(torch.zeros(7, 2), a), torch.randn(7, 2, generator=b))
    assert torch.equal(uniform_like(torch.zeros(7), a), torch.rand(7, generator=b))


@pytest.mark.parametrize(("which", "chains", "sharing"), [(-1, 3, 1), (3, 3, 1), (0, 0, 1), (0, 3, 0)])
def test_a_chain_that_is_not_there_is_refused(which: int, chains: int, sharing: int) -> None:
    with pytest.raises(ValueError, match="`which` must lie from 0"):
        SharedNoise.of(which, chains, sharing)
