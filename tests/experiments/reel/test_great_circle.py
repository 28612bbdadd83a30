"""Ways between latents."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.experiments.reel.great_circle import great_circle


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 64), st.integers(2, 40), st.integers(0, 10_000))
def test_both_ends_are_exact_and_lengths_go_evenly(dim: int, count: int, seed: int) -> None:
    a, b = torch.randn(2, dim, generator=torch.Generator().manual_seed(seed))
    way = great_circle(a, b, count)
    assert way.shape == (count, dim) and way.dtype == torch.float32
    torch.testing.assert_close(way[[0, -1]], torch.stack((a, b)))
    if dim > 1:
        torch.testing.assert_close(way.norm(dim=1), torch.linspace(float(a.norm()), float(b.norm()), count))


def test_directions_turn_evenly() -> None:
    angle = torch.linspace(0, 2.0, 9)
    circle = 3 * torch.stack((angle.cos(), angle.sin()), 1)
    torch.testing.assert_close(great_circle(circle[0], circle[-1], 9), circle)


@pytest.mark.parametrize("ends", [[[1.0, 2], [2, 4]], [[1.0, 0], [-2, 0]], [[0.0, 0], [1, 1]], [[1.0, 1], [1, 1]]])
def test_the_way_is_straight_where_no_one_circle_joins_the_ends(ends: list[list[float]]) -> None:
    a, b = torch.tensor(ends)
    torch.testing.assert_close(great_circle(a, b, 5), torch.lerp(a, b, torch.linspace(0, 1, 5).unsqueeze(1)))


def test_no_length_is_lost_half_way_between_draws_of_the_prior() -> None:
    """A straight way would come within √d/√2 of the origin."""
    a, b = torch.randn(2, 128, generator=torch.Generator().manual_seed(0))
    assert float(great_circle(a, b, 3)[1].norm()) == pytest.approx(float((a.norm() + b.norm()) / 2), rel=1e-6)
    assert float(((a + b) / 2).norm()) < 0.8 * math.sqrt(128)
