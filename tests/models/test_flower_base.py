"""The base on a flower: on the data's own surface, with even mass on its petals, and able to find it."""

from __future__ import annotations

import pytest
import torch

from gebm_studio import presets, targets
from gebm_studio.models import bases
from gebm_studio.presets import PresetError
from gebm_studio.schema.model import FlowerBase
from gebm_studio.schema.target import Flower
from tests.typed import training

CPU = torch.device("cpu")


def drawn(section: FlowerBase, count: int = 4000) -> torch.Tensor:
    base = bases.build(section, (3,), lambda n: torch.zeros(n, 3))
    return base(torch.randn(count, 3, generator=torch.Generator().manual_seed(0))).detach()


@pytest.mark.parametrize("petals", [2, 5])
def test_it_lies_on_the_surface_of_the_target(petals: int) -> None:
    target = targets.build(Flower(petals=petals, bend=0.7), seed=0, device=CPU)
    assert float(target.distance(drawn(FlowerBase(petals=petals, bend=0.7))).max()) < 1e-4
    assert float(target.distance(drawn(FlowerBase(petals=petals, bend=0.7, shift=(0.0, 0.0, 0.2)))).min()) > 0


def test_petals_have_even_mass() -> None:
    x = drawn(FlowerBase(petals=5))
    petal = torch.round(torch.atan2(x[:, 1], x[:, 0]) / (2 * torch.pi / 5)).long() % 5
    counts = torch.bincount(petal, minlength=5)
    assert float((counts / len(x) - 0.2).abs().max()) < 4 * (0.16 / len(x)) ** 0.5


def test_scale_and_shift_have_gradients_that_are_finite_everywhere() -> None:
    base = bases.build(FlowerBase(), (3,), lambda n: torch.zeros(n, 3))
    z = torch.tensor([[9.0, 9.0, 9.0], [-9.0, -9.0, -9.0], [0.0, 0.0, 0.0]], requires_grad=True)
    base(z).square().sum().backward()
    assert z.grad is not None and bool(torch.isfinite(z.grad).all())
    assert all(bool(torch.isfinite(one.grad).all()) and float(one.grad.abs().sum()) > 0
               for one in base.parameters() if one.grad is not None)  # fmt: skip


def test_it_needs_a_target_in_space() -> None:
    with pytest.raises(PresetError, match="kind flower needs a target in space, ring has shape"):
        presets.changed(training("ring"), {"base": "flower"})
    with pytest.raises(ValueError, match="lives in R³"):
        bases.build(FlowerBase(), (2,), lambda n: torch.zeros(n, 2))
