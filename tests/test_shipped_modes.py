"""F13 and F17: how chains move between modes, and what they then say of their weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.experiments import Training
from gebm_studio.experiments.diagnosing import mixing_of
from tests.typed import training

CPU = torch.device("cpu")


def run_of(preset: str, /, **sampler: Any) -> Training:
    return Training(presets.changed(training(preset), {f"sampler.{k}": v for k, v in sampler.items()}), CPU)


class Hopping(NamedTuple):
    """Of 400 chains in 600 steps: the share that left their mode, all hops, modes visited a chain."""

    left: float
    hops: int
    visited: float


def hopping(name: str, friction: float = 1.0, **sampler: Any) -> Hopping:
    """Counted after a burn-in of 400 steps at friction 1: a change of friction begins the counts anew."""
    run = run_of("f13", name=name, chains=400, steps=50, **sampler)
    run.train(8)
    # Twice, since it may be the friction already.
    for value in (2 * friction, friction):
        run.set_value(m.SetValue("sampler.friction", value))
    run.train(12)
    tracker = run.chains.tracker
    assert tracker is not None and tracker.updates == 600
    left = (tracker.hops > 0).float().mean().item()
    return Hopping(left, int(tracker.hops.sum()), tracker.visited.float().mean().item())


def test_f13_kinetic_chains_visit_more_modes_and_the_rate_turns_over() -> None:
    """Shares of 400 chains have a standard error of at most .025, modes visited of about .04: gaps of four or more.

    All at equal gradients, one a step. Measured over two seeds: 1.8 and 1.9 times the hops of ula, 1.74 and 1.78 modes
    a chain against 1.43 and 1.44, and 1.02 and 1.05 at friction .003.
    """
    overdamped = hopping("ula", step_size=0.12**2 / 2)
    best = hopping("kinetic", friction=1.0)
    assert best.left > overdamped.left + 0.14
    assert best.visited > overdamped.visited + 0.2
    assert best.hops > 1.4 * overdamped.hops
    high, low = hopping("kinetic", friction=100.0), hopping("kinetic", friction=0.003)
    assert best.left > high.left + 0.1 and best.left > low.left + 0.3
    assert best.visited > high.visited + 0.2
    assert low.visited < 1.15


def occupancy(run: Training) -> np.ndarray[Any, Any]:
    assert run.chains.tracker is not None
    return run.chains.tracker.occupancy.numpy()


def off(shares: np.ndarray[Any, Any]) -> float:
    """Total variation to the weights 8 : 4 : 2 : 1 : 1."""
    return float(np.abs(shares - np.array([8, 4, 2, 1, 1]) / 16).sum() / 2)


def test_f17_the_ladder_finds_the_weights() -> None:
    """Of three seeds the total variation was .009, .011 and .018; some thousand round trips give .012 by chance."""
    run = run_of("f17")
    run.train(100)
    part = run.diagnosing.part(run.chains, "tempering")
    assert part.ladder is not None and not part.ladder.adapting and part.counted_steps == 0
    run.train(200)
    part = run.diagnosing.part(run.chains, "tempering")
    assert part.ladder is not None and part.counted_steps == 800
    assert off(part.occupancy) < 0.04
    assert np.abs(part.occupancy - part.true_weights).max() < 0.03
    # Evened out: an even spacing of r would leave the first swaps near certain and the last rare.
    assert part.ladder.swaps.min() > 0.5 and np.ptp(part.ladder.swaps) < 0.12
    assert 60 < part.ladder.trips < 200
    assert part.visited.min() == 5
    assert mixing_of(run.chains.history).rhat < 1.05


def test_f17_an_even_ladder_that_does_not_adapt_swaps_unevenly() -> None:
    run = run_of("f17", warmup=0, step_size=0.02)
    run.train(60)
    ladder = run.diagnosing.part(run.chains, "tempering").ladder
    assert ladder is not None and np.ptp(ladder.swaps) > 0.3


@pytest.mark.parametrize(("name", "step_size"), [("mala", 0.05), ("ula", 0.002)])
def test_f17_a_single_chain_keeps_the_weights_of_its_start(name: str, step_size: float) -> None:
    """64 chains that never hop: off by .28 to .41 over three seeds. Each has an energy of its own: R-hat is 1.3."""
    run = run_of("f17", name=name, step_size=step_size, chains=64)
    run.train(250)
    assert run.chains.tracker is not None and int(run.chains.tracker.hops.sum()) == 0
    assert off(occupancy(run)) > 0.2
    assert mixing_of(run.chains.history).rhat > 1.1
