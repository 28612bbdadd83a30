"""Mode hops and occupancy, against a plain loop over chains."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.diagnostics import DWELL_EDGES, ModeTracker

CENTRES = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])


def _tracked(path: list[list[float]]) -> ModeTracker:
    """A tracker of one chain after it went along a path."""
    tracker = ModeTracker(CENTRES, 1.0, 1)
    for point in path:
        tracker.update(torch.tensor([point]))
    return tracker


def test_a_chain_hops_when_it_reaches_another_core_and_not_before() -> None:
    beyond = [3.5, 0.5]
    assert _tracked([[9, 9]]).mode.tolist() == [-1]
    assert _tracked([[9, 9], [0.5, 0]]).hops.tolist() == [0]
    wandered = _tracked([[0.5, 0], [2.9, 0], [-0.5, 0.2]])
    assert (wandered.mode.tolist(), wandered.hops.tolist()) == ([0], [0])
    hopped = _tracked([[0.5, 0], [2.0, 0], beyond, [2.0, 0], [0, 0.9], [0, 3.5]])
    assert (hopped.mode.tolist(), hopped.hops.tolist()) == ([2], [3])
    torch.testing.assert_close(hopped.occupancy, torch.tensor([3.0, 2.0, 1.0]) / 6)
    assert hopped.updates == 6


def test_before_any_mode_is_found_nothing_is_nan() -> None:
    tracker = ModeTracker(CENTRES, 1.0, 4)
    assert tracker.occupancy.tolist() == [0, 0, 0]
    tracker.update(torch.full((4, 2), 9.0))
    assert tracker.occupancy.tolist() == [0, 0, 0]
    assert tracker.hops.tolist() == [0] * 4
    tracker.update(torch.full((4, 2), torch.nan))
    assert tracker.mode.tolist() == [-1] * 4
    assert tracker.updates == 2
    empty = ModeTracker(CENTRES, 1.0, 0)
    empty.update(torch.empty(0, 2))
    assert empty.occupancy.tolist() == [0, 0, 0]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), chains=st.integers(1, 6), steps=st.integers(1, 25))
def test_many_chains_at_once_are_each_chain_alone(seed: int, chains: int, steps: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    paths = torch.rand(steps, chains, 2, generator=generator) * 6 - 1
    together = ModeTracker(CENTRES, 1.3, chains)
    mode, hops, visits = [-1] * chains, [0] * chains, [0] * 3
    age, stays = [0] * chains, [0] * (len(DWELL_EDGES) - 1)
    places: list[set[int]] = [set() for _ in range(chains)]
    for x in paths:
        together.update(x)
        for i, point in enumerate(x):
            near = [j for j, centre in enumerate(CENTRES) if (point - centre).norm() <= 1.3]
            if near and near[0] != mode[i]:
                if mode[i] >= 0:
                    hops[i] += 1
                    stays[age[i].bit_length() - 1] += 1
                mode[i], age[i] = near[0], 0
            if mode[i] >= 0:
                visits[mode[i]] += 1
                age[i] += 1
                places[i].add(mode[i])
    assert together.mode.tolist() == mode
    assert together.hops.tolist() == hops
    wanted = torch.tensor(visits, dtype=torch.float32) / max(1, sum(visits))
    torch.testing.assert_close(together.occupancy, wanted)
    assert together.dwell.tolist() == stays
    assert together.visited.tolist() == [len(found) for found in places]
    assert sum(stays) == sum(hops)
    if sum(stays):
        assert together.mean_dwell == sum(visits) / sum(stays)


def test_dwell_times_of_known_hops() -> None:
    """A chain that leaves with probability p at each step stays 1/p steps; the count of hops has that much noise."""
    p, chains, steps = 0.05, 400, 500
    generator = torch.Generator().manual_seed(8)
    tracker = ModeTracker(CENTRES[:2], 1.0, chains)
    place = torch.zeros(chains, dtype=torch.int64)
    assert math.isnan(tracker.mean_dwell)
    tracker.update(CENTRES[place])
    assert tracker.mean_dwell == math.inf
    for _ in range(steps):
        place = torch.where(torch.rand(chains, generator=generator) < p, 1 - place, place)
        tracker.update(CENTRES[place])
    assert tracker.mean_dwell == pytest.approx(1 / p, rel=5 / math.sqrt(p * chains * steps))
    # The share of stays of length 1 is p; of all ended ones, those of 32 steps and more are (1−p)^31.
    share = tracker.dwell / tracker.dwell.sum()
    assert float(share[0]) == pytest.approx(p, abs=0.01)
    assert float(share[5:].sum()) == pytest.approx((1 - p) ** 31, abs=0.04)


def test_counts_begin_anew_where_the_chains_are() -> None:
    tracker = _tracked([[0, 0], [4, 0], [4, 0], [0, 0]])
    assert (tracker.hops.tolist(), tracker.dwell[:2].tolist()) == ([2], [1, 1])
    tracker.count_anew()
    assert (tracker.mode.tolist(), tracker.hops.tolist(), tracker.updates) == ([0], [0], 0)
    assert tracker.dwell.sum() == 0
    tracker.update(torch.tensor([[4.0, 0.0]]))
    assert tracker.hops.tolist() == [1]
    assert tracker.occupancy.tolist() == [0, 1, 0]


def test_a_state_restores_all_and_is_a_copy() -> None:
    tracker = ModeTracker(CENTRES, 1.0, 3)
    tracker.update(torch.tensor([[0.0, 0.0], [4.0, 0.0], [9.0, 9.0]]))
    tracker.update(torch.tensor([[0.0, 4.0], [4.0, 0.0], [9.0, 9.0]]))
    state = tracker.state()
    kept = {name: value.clone() for name, value in state.items()}
    other = ModeTracker(CENTRES, 1.0, 7)
    other.load(state)
    for both in (tracker, other):
        both.update(torch.zeros(3, 2))
    assert all(torch.equal(state[name], kept[name]) for name in kept)
    assert other.mode.tolist() == tracker.mode.tolist() == [0, 0, 0]
    assert other.hops.tolist() == tracker.hops.tolist() == [2, 1, 0]
    torch.testing.assert_close(other.occupancy, tracker.occupancy)
    assert other.updates == tracker.updates == 3


def test_a_state_that_does_not_fit_is_refused() -> None:
    tracker = ModeTracker(CENTRES, 1.0, 3)
    good = tracker.state()
    with pytest.raises(ValueError, match=r"3.* modes are tracked"):
        ModeTracker(CENTRES, 1.0, 3).load(good | {"visits": torch.zeros(2, dtype=torch.int64)})
    with pytest.raises(ValueError, match=r"\(3,\) chains with \(2,\) hops"):
        tracker.load(good | {"hops": torch.zeros(2, dtype=torch.int64)})
    with pytest.raises(ValueError, match="outside of −1 to 2"):
        tracker.load(good | {"mode": torch.tensor([0, 3, 0])})
    with pytest.raises(ValueError, match=r"stays in \(3,\) bins"):
        tracker.load(good | {"dwell": torch.zeros(3, dtype=torch.int64)})
    with pytest.raises(ValueError, match=r"of \(2, 3\) chains and modes"):
        tracker.load(good | {"visited": torch.zeros(2, 3, dtype=torch.bool)})
    with pytest.raises(KeyError):
        tracker.load({})


def test_resizing_keeps_the_first_chains() -> None:
    tracker = ModeTracker(CENTRES, 1.0, 3)
    tracker.update(torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]))
    tracker.update(torch.tensor([[4.0, 0.0], [4.0, 0.0], [0.0, 4.0]]))
    tracker.resize(2)
    assert (tracker.mode.tolist(), tracker.hops.tolist()) == ([1, 1], [1, 0])
    tracker.resize(4)
    assert (tracker.mode.tolist(), tracker.hops.tolist()) == ([1, 1, -1, -1], [1, 0, 0, 0])
    tracker.update(CENTRES[[0, 1, 2, 2]])
    assert tracker.hops.tolist() == [2, 0, 0, 0]
    torch.testing.assert_close(tracker.occupancy, torch.tensor([2.0, 4.0, 4.0]) / 10)


def test_what_cannot_be_tracked_is_refused() -> None:
    with pytest.raises(ValueError, match=r"centres must be \(K, D\)"):
        ModeTracker(torch.zeros(0, 2), 1.0, 3)
    with pytest.raises(ValueError, match="radius must be positive, got 0"):
        ModeTracker(CENTRES, 0.0, 3)
    tracker = ModeTracker(CENTRES, 1.0, 3)
    with pytest.raises(ValueError, match=r"needs positions \(3, 2\), got \(4, 2\)"):
        tracker.update(torch.zeros(4, 2))
