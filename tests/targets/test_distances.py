"""Distances to the sets that carry the mass of targets thinner than their space."""

from __future__ import annotations

import math

import pytest
import torch

from gebm_studio import targets
from gebm_studio.schema.target import Flower, Moons, VonMises

CPU = torch.device("cpu")


def test_the_circle_is_as_far_as_the_radius_says() -> None:
    circle = targets.build(VonMises(radius=2.0, center=(1.0, 0.0)), seed=0, device=CPU)
    x = torch.tensor([[3.0, 0.0], [1.0, 0.0], [1.0, 5.0], [1.0, -1.5]])
    assert torch.allclose(circle.distance(x), torch.tensor([0.0, 2.0, 3.0, 0.5]), atol=1e-6)
    assert float(circle.distance(circle.held_out).max()) < 1e-5


@pytest.mark.parametrize("petals", [1, 3, 5])
def test_the_flower_is_as_far_as_the_nearest_of_many_of_its_points(petals: int) -> None:
    flower = targets.build(Flower(petals=petals, bend=0.7), seed=0, device=CPU)
    generator = torch.Generator().manual_seed(1)
    assert float(flower.distance(flower.held_out).max()) < 2e-5
    x = 2 * torch.randn(200, 3, generator=generator, dtype=torch.float64)
    cloud = flower.sample(60_000, generator).double()
    nearest = torch.cdist(x, cloud).amin(1)
    distance = flower.distance(x)
    # No point of the surface is nearer than the distance, and some draw is nearly as near.
    assert float((distance - nearest).max()) < 1e-6
    assert float((nearest - distance).max()) < 0.05


def test_a_point_above_the_middle_of_a_flat_flower_is_its_height_away() -> None:
    flower = targets.build(Flower(petals=4, bend=0.0), seed=0, device=CPU)
    x = torch.tensor([[1.0, 0.0, 0.3], [0.0, 1.0, -0.2], [3.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert torch.allclose(flower.distance(x), torch.tensor([0.3, 0.2, 1.0, 1.0]), atol=1e-5)


def test_a_target_that_fills_its_space_has_no_distance() -> None:
    moons = targets.build(Moons(), seed=0, device=CPU)
    assert not moons.has_distance
    with pytest.raises(NotImplementedError, match="has_distance"):
        moons.distance(torch.zeros(1, 2))
    assert math.isfinite(float(moons.held_out.sum()))
