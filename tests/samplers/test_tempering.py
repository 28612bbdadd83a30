"""Parallel tempering: every rung keeps its law, the ladder adapts and freezes, round trips are counted right."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from gebm_studio.experiments.selftest.check import KS_LIMIT, distance, gaussian, walk
from gebm_studio.experiments.selftest.models import TwoModes
from gebm_studio.samplers import SAMPLERS, TemperingState
from gebm_studio.samplers import tempering as module
from gebm_studio.samplers.sampler import prior_energy
from tests.samplers.cases import quadratic

MODES = TwoModes()


def made(**settings: Any) -> Any:
    return SAMPLERS["tempering"](**{"step_size": 0.05, "replicas": 5, "warmup": 0} | settings)


def begun(replicas: int, tilt: Any = None) -> TemperingState:
    """Two chains on a ladder, in one dimension, without an energy or with this tilt."""
    state: TemperingState = made(replicas=replicas).init(
        torch.zeros(2, 1), quadratic if tilt is None else tilt, torch.Generator().manual_seed(0)
    )
    return state


def test_it_begins_with_all_rungs_at_the_start_but_the_last_at_the_prior() -> None:
    start = gaussian(0, 7, 2)
    state = made().init(start, MODES.potential, torch.Generator())
    assert torch.equal(state.position, start)
    assert all(torch.equal(rung, start) for rung in state.rungs[:-1])
    assert not torch.equal(state.rungs[-1], start)
    torch.testing.assert_close(state.ladder, torch.linspace(1, 0, 5, dtype=torch.float64))
    torch.testing.assert_close(state.tilted, torch.stack([MODES.tilt(rung) for rung in state.rungs]))
    assert state.step_sizes[0] == pytest.approx(0.05) and state.step_sizes[-1] == 1


def test_every_rung_has_its_law_as_a_whole() -> None:
    """Kolmogorov and Smirnov on all rungs of two narrow modes, from 1,000 chains that all began in one mode."""
    start = torch.full((1000, 1), -2.0, dtype=torch.float64)
    *_, (state, _) = walk(made(), MODES.potential, start, 1, 700)
    for rung, share in zip(state.rungs, state.ladder, strict=True):
        line = distance("tempering", "rung", rung[:, 0], MODES.law(float(share)).cdf)
        assert line.passed, (share, line.measured, KS_LIMIT)
    other = distance("tempering", "rung", state.rungs[0, :, 0], MODES.law(0.5).cdf)
    assert not other.passed, "the test must see the law of another rung"


def test_what_is_cached_belongs_to_the_positions() -> None:
    for state, _ in walk(made(warmup=5), MODES.potential, gaussian(0, 6, 1), 2, 20):
        for rung, tilted, slope in zip(state.rungs, state.tilted, state.slope, strict=True):
            z = rung.clone().requires_grad_(True)
            (expected,) = torch.autograd.grad(MODES.tilt(z).sum(), z)
            torch.testing.assert_close(tilted, MODES.tilt(rung))
            torch.testing.assert_close(slope, expected, atol=1e-10, rtol=1e-9)
        assert torch.equal(state.position, state.rungs[0])
        torch.testing.assert_close(state.potential, MODES.potential(state.position))
        assert torch.equal(state.walker.sort(0).values, torch.arange(5).unsqueeze(1).expand(5, 6))


def test_the_ladder_stays_monotone_between_its_ends_and_freezes() -> None:
    ladders, steps = [], []
    for state, _ in walk(made(warmup=60), MODES.potential, gaussian(0, 100, 1), 3, 90):
        ladders.append(state.ladder)
        steps.append(state.step_sizes)
        assert state.ladder[0] == 1 and state.ladder[-1] == 0
        assert (state.ladder.diff() < 0).all()
        assert state.step_sizes[-1] == 1 and (state.step_sizes > 0).all()
    assert not torch.equal(ladders[58], ladders[59])
    assert all(torch.equal(ladder, ladders[59]) for ladder in ladders[60:])
    assert all(torch.equal(step, steps[59]) for step in steps[60:])
    assert not torch.equal(steps[58], steps[59])


def test_adaptation_evens_the_swaps_and_meets_the_acceptance() -> None:
    """A steep target, where an even ladder swaps hardly at all near the prior and nearly always at the target."""

    def steep(z: Tensor) -> Tensor:
        return quadratic(z) + 100 * z.square().sum(1)

    spread, accepted = {}, {}
    for warmup in (0, 600):
        steps = list(walk(made(warmup=warmup), steep, gaussian(0, 100, 2), 4, 750))[-100:]
        mean = torch.stack([state.swaps for state, _ in steps]).mean(0)
        spread[warmup] = float(mean.max() - mean.min())
        accepted[warmup] = float(torch.stack([info.acceptance for _, info in steps]).mean())
    assert spread[0] > 0.4
    assert spread[600] < 0.1
    assert accepted[600] == pytest.approx(0.574, abs=0.05)


def test_without_an_energy_all_swaps_are_taken() -> None:
    state, _ = list(walk(made(), quadratic, gaussian(0, 50, 2), 5, 300))[-1]
    torch.testing.assert_close(state.swaps, torch.ones(4, dtype=torch.float64), atol=0.06, rtol=0)
    assert state.trips.sum() > 0


def test_the_chance_of_a_swap() -> None:
    """min(1, e^{(r−r′)(V−V′)}) for a pair whose energies are known: V = log 3 below, 0 above, r − r′ = −1."""
    state = begun(2)._replace(
        tilted=torch.tensor([[0.0], [1.0986123]]).expand(2, 4000), rungs=torch.zeros(2, 4000, 1),
        slope=torch.zeros(2, 4000, 1), walker=torch.tensor([[0], [1]]).expand(2, 4000),
        heading=torch.zeros(2, 4000, dtype=torch.int64), trips=torch.zeros(4000, dtype=torch.int64),
    )  # fmt: skip
    swapped = module._swapped(state, torch.Generator().manual_seed(1))
    share = (swapped.walker[0] == 1).double().mean().item()
    assert share == pytest.approx(1 / 3, abs=5 * (2 / 9 / 4000) ** 0.5)
    back = module._swapped(state._replace(tilted=state.tilted.flip(0)), torch.Generator())
    assert (back.walker[0] == 1).all(), "what lowers the energy at the target is always taken"


def walked(state: TemperingState, *walkers: list[int]) -> TemperingState:
    """The state after walkers stood so on the rungs, in the first chain and mirrored in the second."""
    for rungs in walkers:
        column = torch.tensor(rungs)
        walker = torch.stack((column, column), 1)
        heading, trips = module._trips(state, walker)
        state = state._replace(walker=walker, heading=heading, trips=trips)
    return state


def test_round_trips_of_a_hand_made_walk() -> None:
    """Three rungs. Walker 0 goes target → prior → target: one trip. Walker 2 began at the prior: its first arrival
    at the target ends no trip, and the way back to the prior and home again ends its first.
    """
    state = begun(3)
    assert state.heading[:, 0].tolist() == [-1, 0, 0]
    state = walked(state, [1, 0, 2], [1, 2, 0])
    assert state.heading[:, 0].tolist() == [1, -1, 0]
    state = walked(state, [2, 1, 0])
    assert state.trips.tolist() == [0, 0], "walker 2 came from the prior, where it had begun"
    assert state.heading[:, 0].tolist() == [1, -1, -1]
    state = walked(state, [2, 0, 1], [0, 2, 1])
    assert state.trips.tolist() == [1, 1]
    assert state.heading[:, 0].tolist() == [-1, 1, -1]
    state = walked(state, [0, 1, 2], [1, 0, 2])
    assert state.trips.tolist() == [2, 2], "walker 1: target, prior, target"
    state = walked(state, [1, 2, 0], [2, 1, 0])
    assert state.trips.tolist() == [3, 3], "walker 2: target, prior, target"
    state = walked(state, [2, 1, 0], [2, 0, 1], [2, 1, 0])
    assert state.trips.tolist() == [3, 3], "standing at an end is no trip"


def test_an_even_ladder_of_equal_rejections_stays() -> None:
    ladder = torch.linspace(1, 0, 6)
    torch.testing.assert_close(module._evened(ladder, torch.full((5,), 0.4), 1.0), ladder)
    # All rejection between the last two rungs: the inner ones move there.
    moved = module._evened(ladder, torch.tensor([1.0, 1.0, 1.0, 1.0, 0.0]), 1.0)
    assert moved[0] == 1 and moved[-1] == 0
    assert (moved[1:-1] < 0.21).all() and (moved.diff() < 0).all()


def test_odd_and_even_pairs_take_turns() -> None:
    for done, pairs in ((0, [0, 2]), (1, [1, 3])):
        state = begun(5)._replace(done=torch.tensor(done))
        swapped = module._swapped(state, torch.Generator().manual_seed(0))
        assert (swapped.swaps != state.swaps).nonzero().flatten().tolist() == pairs


def test_a_changed_step_size_acts_on_chains_that_run() -> None:
    """As at a start: the whole factor at the target, none of it at the prior, what was adapted kept."""
    *_, (state, _) = walk(made(warmup=20), MODES.potential, gaussian(0, 20, 1), 7, 30)
    same = made(warmup=20).refresh(state, MODES.potential)
    assert torch.equal(same.step_sizes, state.step_sizes)
    changed = made(warmup=20, step_size=0.1).refresh(state, MODES.potential)
    torch.testing.assert_close(changed.step_sizes, state.step_sizes * 2**state.ladder)
    again = made(warmup=20, step_size=0.1).refresh(changed, MODES.potential)
    assert torch.equal(again.step_sizes, changed.step_sizes)


def test_two_rungs_are_enough() -> None:
    states = list(walk(made(replicas=2), MODES.potential, gaussian(0, 20, 1), 6, 50))
    assert torch.isfinite(states[-1][0].position).all()
    assert prior_energy(states[-1][0].rungs[1]).mean() < 2
