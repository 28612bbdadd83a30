"""What every sampler does where numbers fail it: no NaN enters a position, nothing is silent, nothing crashes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_args

import pytest
import torch
from hypothesis import given
from hypothesis import settings as within
from hypothesis import strategies as st
from torch import Tensor

from gebm_studio.samplers import SAMPLERS, make
from gebm_studio.schema import Sampler, settings_of
from tests.samplers.cases import CASES, bowl, each_sampler, generator, made, quadratic, walked

POISONS = [math.nan, math.inf, -math.inf]
DESCENTS = ("zero_temperature", "transport", "dgflow", "dgflow of js")
"""Without noise to speak of: they meet a wall only where the energy pulls them into it."""


def poisoned(where: Callable[[Tensor], Tensor], poison: float, inside: Callable[[Tensor], Tensor] = bowl) -> Any:
    """A potential that is no number in a part of the space."""

    def potential(z: Tensor) -> Tensor:
        value = inside(z)
        return torch.where(where(z), torch.full_like(value, poison), value)

    return potential


@each_sampler
def test_a_wall_is_met_counted_and_left(case: str) -> None:
    """Chains start beside a region without numbers, towards which the energy pulls them."""
    for poison in POISONS:
        wall = poisoned(lambda z: z[:, 0] > 0.5, poison)
        start = torch.full((400, 2), -0.5)
        counted, state = 0, None
        for state, info in walked(made(case), wall, start, 60):
            counted += int(info.nonfinite.sum())
            assert torch.isfinite(state.position).all()
            assert info.acceptance.isnan().all() or torch.isfinite(info.acceptance).all()
            if info.accepted is not None and CASES[case][0] != "tempering":
                assert not (info.accepted & info.nonfinite).any()
                assert not (info.acceptance[info.nonfinite] > 0).any()
        # Transport goes only where the slope is beyond the largest among prior draws, which is not here.
        assert counted > 0 or case == "transport"
        assert state is not None
        if case not in DESCENTS:
            assert (state.position.std(0) > 0.05).all(), "the other chains must go on"
        if CASES[case][0] in (
            "mala",
            "random_walk",
            "hmc",
            "ghmc",
            "independence",
            "rejection",
            "importance",
            "tempering",
        ):
            assert (state.position[:, 0] <= 0.5).all(), "a weight of zero holds no chain"


@each_sampler
def test_nothing_but_poison_moves_nothing_and_is_counted_each_step(case: str) -> None:
    for poison in POISONS:
        everywhere = poisoned(lambda z: z[:, 0] == z[:, 0], poison)
        start = torch.randn(6, 2, generator=generator())
        expected = made(case).init(start, everywhere, generator()).position  # the sphere's start is on the sphere
        for state, info in walked(made(case), everywhere, start, 4):
            assert torch.equal(state.position, expected)
            assert info.nonfinite.all()
            assert info.accepted is None or not info.accepted.any()
            assert info.accepted is None or not info.acceptance.any()


@pytest.mark.parametrize("case", [case for case in CASES if case not in ("zero_temperature", "transport")])
def test_a_start_without_numbers_is_left(case: str) -> None:
    """A pocket smaller than a step: one chain in it, one outside, which must not be touched by it.

    What only descends a slope stays there, since there is none in the pocket, and is counted (as above).
    """
    for poison in POISONS:
        here = torch.tensor([[1.0, 1.0], [-1.0, 0.0]])
        pocket = poisoned(lambda z: (z - 1).norm(dim=1) < 1e-3, poison, quadratic)
        if CASES[case][0] == "sphere":  # whose radius is √2
            pocket = poisoned(lambda z: (z - 1).norm(dim=1) < 1e-3, poison, lambda z: quadratic(z) + z[:, 0])
        states = walked(made(case), pocket, here, 40)
        assert all(torch.isfinite(state.position).all() for state, _ in states)
        last = states[-1][0]
        assert (last.position[0] - 1).norm() > 1e-3
        assert torch.isfinite(last.potential).all()
        assert not states[-1][1].nonfinite[1]


@pytest.mark.parametrize("case", [case for case in CASES if case not in ("zero_temperature", "transport", "sphere")])
def test_a_singular_force_at_the_start_is_left(case: str) -> None:
    """√|z| has no slope at the origin, where chains are often put: finite energy, and a gradient that is NaN."""

    def potential(z: Tensor) -> Tensor:
        return quadratic(z) + z.norm(dim=1).sqrt()

    state, _ = walked(made(case), potential, torch.zeros(5, 2), 40)[-1]
    assert torch.isfinite(state.position).all()
    assert (state.position.norm(dim=1) > 0).all()


@each_sampler
def test_a_huge_energy_is_survived(case: str) -> None:
    """β = 10⁶ with a step a million times too long: chains stay or are lost to a counted overflow, never to a NaN."""

    def steep(z: Tensor) -> Tensor:
        return quadratic(z) + 1e6 * (z - 1).square().sum(1)

    for dtype in (torch.float32, torch.float64):
        for state, info in walked(made(case), steep, torch.zeros(20, 3, dtype=dtype), 60):
            assert torch.isfinite(state.position).all()
            assert not info.acceptance.isinf().any()
        ends = state.position
        if CASES[case][0] == "sphere":
            torch.testing.assert_close(ends.norm(dim=1), torch.full((20,), math.sqrt(3), dtype=dtype))
        elif CASES[case][0] in ("ula", "kinetic", "zero_temperature"):
            assert info.nonfinite.any() or (ends.abs() < 1e30).all()


def test_forces_beyond_all_bounds_do_not_move_a_chain_off_its_sphere() -> None:
    for scale in (1e15, 1e25, 1e37):
        states = walked(made("sphere"), lambda z, s=scale: quadratic(z) + s * z[:, 0], torch.ones(5, 3), 3)
        norms = states[-1][0].position.norm(dim=1)
        torch.testing.assert_close(norms, torch.full((5,), math.sqrt(3)))


@each_sampler
def test_one_chain_in_one_dimension(case: str) -> None:
    for state, info in walked(made(case), bowl, torch.zeros(1, 1), 50):
        assert torch.isfinite(state.position).all()
        assert not info.nonfinite.any()


SETTINGS = {setting.path: setting for setting in settings_of(Sampler)}


def drawn(data: st.DataObject, name: str) -> Sampler:
    """Settings of an algorithm, each drawn over the whole of its range in the schema."""
    values: dict[str, Any] = {"name": name}
    for field in (field.name for field in fields(SAMPLERS[name])):
        known = SETTINGS[field]
        if known.choices:
            values[field] = data.draw(st.sampled_from(known.choices), field)
            continue
        assert known.low is not None and known.high is not None
        if known.kind == "int":
            values[field] = data.draw(st.integers(int(known.low), min(int(known.high), 40)), field)
        else:
            values[field] = data.draw(st.floats(known.low, known.high), field)
    return Sampler(**values)


@given(
    st.data(),
    st.sampled_from(sorted(get_args(Sampler.model_fields["name"].annotation))),
    st.integers(1, 9),
    st.integers(1, 5),
)
@within(max_examples=150, deadline=None)
def test_no_settings_within_their_bounds_crash_or_make_nans(data: st.DataObject, name: str, n: int, d: int) -> None:
    sampler = make(drawn(data, name))
    time = sampler.time_per_step()
    assert math.isnan(time) or time > 0
    start = torch.randn(n, d, generator=generator(n))
    for state, info in walked(sampler, bowl, start, 6):
        assert torch.isfinite(state.position).all()
        assert info.acceptance.isnan().all() or torch.isfinite(info.acceptance).all()
        assert info.nonfinite.shape == (n,)
