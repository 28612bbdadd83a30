"""Step sizes that tune themselves, then stand still."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gebm_studio.experiments.selftest.check import gaussian
from gebm_studio.experiments.selftest.models import LinearGaussian
from gebm_studio.samplers import SAMPLERS, DualAveraging, target_of, warmed_up

ADAPTING = [name for name, sampler in SAMPLERS.items() if target_of(sampler) is not None]


def test_targets_are_those_of_theory() -> None:
    assert {name: target_of(SAMPLERS[name]) for name in ADAPTING} == {
        "mala": 0.574, "random_walk": 0.234, "hmc": 0.651, "ghmc": 0.9,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["mala", "random_walk", "ghmc"])
@pytest.mark.parametrize("begin", [1e-3, 5.0])
def test_warming_up_reaches_a_wished_acceptance_from_far_away(name: str, begin: float) -> None:
    model, generator, target = LinearGaussian.random(5, 3), torch.Generator().manual_seed(2), 0.7
    sampler = SAMPLERS[name](step_size=begin)
    state = sampler.init(gaussian(1, 300, 3), model.potential, generator)
    sampler, state = warmed_up(sampler, state, model.potential, generator, 250, target)
    seen = []
    for _ in range(30):
        state, info = sampler.step(state, model.potential, generator)
        seen.append(info.acceptance.mean())
    assert torch.stack(seen).mean().item() == pytest.approx(target, abs=0.04)


def test_warming_up_leaves_settings_and_no_step_alone() -> None:
    model, generator = LinearGaussian.random(5, 3), torch.Generator().manual_seed(2)
    for name in ("kinetic", "independence", "mala"):
        sampler = SAMPLERS[name]()
        state = sampler.init(gaussian(1, 4, 3), model.potential, generator)
        assert warmed_up(sampler, state, model.potential, generator, 0) == (sampler, state)
    sampler = SAMPLERS["kinetic"](step_size=0.3)
    state = sampler.init(gaussian(1, 4, 3), model.potential, generator)
    same, later = warmed_up(sampler, state, model.potential, generator, 5)
    assert same == sampler
    assert not torch.equal(later.position, state.position)


@given(st.lists(st.floats(0, 1), max_size=40), st.floats(1e-5, 5.0), st.floats(0.05, 0.95))
def test_it_goes_on_from_its_numbers(seen: list[float], step_size: float, target: float) -> None:
    whole = DualAveraging(step_size, target)
    for acceptance in seen:
        whole.update(acceptance)
    again = DualAveraging.restored(whole.numbers())
    assert again.numbers() == whole.numbers()
    assert again.final == whole.final and again.count == len(seen)
    for acceptance in (0.1, 0.9, math.nan):
        assert again.update(acceptance) == whole.update(acceptance)
    assert again.final == whole.final


@given(st.lists(st.sampled_from([0.0, 1.0, math.nan]), min_size=1, max_size=200))
def test_steps_stay_within_the_bounds_of_the_setting(seen: list[float]) -> None:
    adaptation = DualAveraging(0.1, 0.5)
    for acceptance in seen:
        assert 1e-6 * 0.999 <= adaptation.update(acceptance) <= 10.0 * 1.001
        assert 1e-6 * 0.999 <= adaptation.final <= 10.0 * 1.001


def test_more_rejections_make_smaller_steps() -> None:
    low, high = DualAveraging(0.1, 0.5), DualAveraging(0.1, 0.5)
    for _ in range(30):
        low.update(0.2)
        high.update(0.8)
    assert low.final < 0.1 < high.final
    assert DualAveraging(0.1, 0.5).final == 0.1


@pytest.mark.parametrize("target", [0.0, 1.0, -0.1, math.nan])
def test_a_target_that_is_no_probability_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match=f"`target` must lie between 0 and 1, got {target}"):
        DualAveraging(0.1, target)
