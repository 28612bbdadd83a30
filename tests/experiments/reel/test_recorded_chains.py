"""The gallery's chains: pure, whole, with every sampler of the registry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gebm_studio.diagnostics import classifier
from gebm_studio.experiments import Training
from gebm_studio.experiments.draws import SampleRun
from gebm_studio.experiments.pixels import pixels
from gebm_studio.experiments.reel import Plan, RecordedChains
from gebm_studio.experiments.reel.recorded import kept_steps
from gebm_studio.experiments.reel.words import Words, changes
from gebm_studio.models import Gebm
from gebm_studio.samplers import SAMPLERS
from gebm_studio.targets import Sprites, build
from tests.experiments.reel import CPU, run_of
from tests.images import untrained

each_sampler = pytest.mark.parametrize("name", SAMPLERS)


def ended(chains: RecordedChains) -> RecordedChains:
    while not chains.complete:
        chains.advance()
    return chains


def plan_of(run: Training) -> Plan:
    return run.reel.plan(run.preset, run.model_version)


@given(st.integers(1, 20_000), st.integers(2, 400))
def test_kept_steps_are_evenly_spaced_from_start_to_end(steps: int, frames: int) -> None:
    at = kept_steps(steps, frames)
    assert at[0] == 0 and at[-1] == steps and len(at) == min(frames, steps + 1)
    apart = np.diff(at)
    assert apart.min() >= 1 and apart.max() - apart.min() <= 1


@each_sampler
def test_states_are_those_of_the_sampler_from_the_bases_grid(name: str) -> None:
    """Bit for bit what the same algorithm does from the same starts with the same seed."""
    run = run_of(sampler__name=name, sampler__warmup=6, sampler__calibration="logistic")
    plan = plan_of(run)
    chains = ended(plan.chains())
    sampler, reel = plan.settings
    noise = torch.Generator().manual_seed(plan._seeds()[1])
    alone = SampleRun(plan.model, run.target, sampler, reel.chains, reel.steps, noise, plan.start)
    states = [plan.start, *(alone.position for _ in alone)]
    assert [state.step for state in chains.kept] == [0, 6, 12, 18, 24]
    for state in chains.kept:
        assert torch.equal(state.position, states[state.step])
    assert np.array_equal(chains.begun_as, pixels(run.model.samples(plan.start)))
    assert np.array_equal(chains.images, pixels(run.model.samples(states[-1])))
    np.testing.assert_equal(chains.time, alone.time)


@each_sampler
def test_the_same_plan_makes_the_same_chains(name: str) -> None:
    plan = plan_of(run_of(sampler__name=name, sampler__warmup=6))
    one, two = ended(plan.chains()), ended(plan.chains())
    for a, b in zip(one.kept, two.kept, strict=True):
        assert torch.equal(a.position, b.position) and np.array_equal(a.energy, b.energy)
    assert np.isfinite(one.kept[-1].potential).all()


@pytest.mark.parametrize("calibration", ["none", "isotonic"])
def test_energy_and_potential_are_those_of_the_places(calibration: str) -> None:
    run = run_of(sampler__name="independence", sampler__calibration=calibration, sampler__temperature=0.25)
    chains = ended(plan_of(run).chains())
    potential = chains._run.potential
    assert potential.beta == 4
    for state in chains.kept:
        assert np.allclose(state.energy, run.model.energies(state.position), atol=1e-5)
        assert np.allclose(state.potential, potential(state.position).detach(), atol=1e-4)


def test_fewer_chains_begin_at_the_same_places() -> None:
    many, few = plan_of(run_of()), plan_of(run_of(reel__chains=3))
    assert torch.equal(many.start[:3], few.start)
    assert not torch.equal(plan_of(run_of(seed=1)).start[:3], few.start)


def test_words_are_those_of_the_classifier_and_hops_their_changes() -> None:
    run = run_of()
    plan = plan_of(run)
    chains = ended(plan.chains())
    digits = classifier.load("digits", CPU)
    told = np.stack([digits.labels(run.model.samples(state.position))["digit"].numpy() for state in chains.kept])
    assert np.array_equal([state.words for state in chains.kept], told)
    assert plan.words.spelled(told[0].tolist()) == tuple(map(str, told[0]))
    assert chains.hops.tolist() == [int((column[1:] != column[:-1]).sum()) for column in told.T]
    assert not chains.hops.flags.writeable


def test_words_of_sprites_are_colour_and_shape() -> None:
    target = build(untrained(target={"kind": "sprites", "held_out": 100}).target, seed=0, device=CPU)
    assert isinstance(target, Sprites)
    words = Words(target, CPU)
    told = words.spelled(words.codes(target.held_out).tolist())
    colours, shapes = ({word.split()[part] for word in told} for part in (0, 1))
    assert colours == {"red", "yellow", "green", "blue"} and shapes == {"disc", "square", "triangle", "cross"}
    heads = classifier.load("sprites", CPU).labels(target.held_out)
    expected = [f"{['red', 'yellow', 'green', 'blue'][c]} {['disc', 'square', 'triangle', 'cross'][s]}"
                for c, s in zip(heads["colour"].tolist(), heads["shape"].tolist(), strict=True)]  # fmt: skip
    assert list(told) == expected


def test_of_what_is_no_number_nothing_is_said() -> None:
    words = plan_of(run_of()).words
    x = torch.zeros(3, 1, 8, 8)
    x[1, 0, 2, 2] = torch.nan
    codes = words.codes(x)
    assert codes[1] == -1 and codes[0] == codes[2] >= 0
    assert words.spelled(codes.tolist())[1] == ""


def test_changes_count_along_the_first_axis() -> None:
    codes = np.array([[1, 1, 1], [1, 2, 1], [3, 1, 1]])
    assert changes(codes).tolist() == [1, 2, 0]
    assert changes(np.array([4])) == 0


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in ("importance", "rejection")])
def test_carried_points_have_the_noise_of_the_first_chain(name: str) -> None:
    """The point that begins where that chain begins goes its way. Importance and rejection share what all have seen."""
    run = run_of(sampler__name=name, sampler__step_size=0.05)
    plan = plan_of(run)
    chains, way = ended(plan.chains()), ended(plan.way(2, 5, carried=True))
    torch.testing.assert_close(way.kept[-1].position[0], chains.kept[-1].position[2], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(way.kept[0].position[-1], plan.start[5])


@each_sampler
def test_points_that_begin_together_are_carried_together(name: str) -> None:
    run = run_of(sampler__name=name, sampler__step_size=0.05, sampler__warmup=4)
    way = ended(plan_of(run).way(3, 3, carried=True)).kept[-1].position
    torch.testing.assert_close(way, way[:1].expand_as(way), rtol=1e-3, atol=1e-4)


def test_memory_is_bounded_by_frames_not_steps() -> None:
    """A long walk keeps as many states as frames."""
    run = run_of(reel__chains=2, reel__steps=2000, reel__frames=3)
    chains = ended(plan_of(run).chains())
    kept: list[Any] = chains.kept
    assert len(kept) == 3 and kept[-1].position.shape == (2, 4)


def test_the_model_of_a_plan_is_a_copy() -> None:
    run = run_of()
    plan = plan_of(run)
    assert isinstance(plan.model, Gebm) and plan.model is not run.model
    before = ended(plan.chains()).images
    run.train(2)
    assert np.array_equal(ended(plan.chains()).images, before)
    assert not np.array_equal(ended(plan_of(run).chains()).images, before)
