"""What the diagnostics say of chains whose properties are known."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.experiments import Training, diagnosing, effective
from gebm_studio.experiments.diagnosing import RANK_BINS, mixing_of, rank_histograms
from gebm_studio.experiments.history import ROUNDS, SHOWN, History, Round
from tests.typed import training

CPU = torch.device("cpu")


def run_of(name: str = "f13", **changes: Any) -> Training:
    return Training(presets.changed(training(name), {k.replace("__", "."): v for k, v in changes.items()}), CPU)


def part_of(run: Training) -> m.DiagnosticsPart:
    return run.diagnosing.part(run.chains, "x")


def history_of(draws: np.ndarray[Any, Any], every: int = 3, cost: float = 6.0) -> History:
    """Draws (chains, n) as the energies of rounds of so many steps and gradients."""
    history = History()
    for t, energies in enumerate(draws.T):
        nan = math.nan
        history.append(Round(every * (t + 1), cost, float(energies.mean()), nan, nan, nan, energies.astype(np.float32)))
    return history


def autoregression(rho: float, chains: int, n: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((chains, n))
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + math.sqrt(1 - rho**2) * x[:, t]
    return x


def test_mixing_of_autoregressions_is_what_theory_says() -> None:
    """ESS = n (1−ρ)/(1+ρ) and ρ^k at lag k; seen within 25 %."""
    mixing = mixing_of(history_of(autoregression(0.7, SHOWN, 300)))
    assert (mixing.chains, mixing.draws, mixing.every) == (SHOWN, 300, 3.0)
    assert mixing.cost == 6.0 * 300 * SHOWN
    assert mixing.ess == pytest.approx(SHOWN * 300 * 0.3 / 1.7, rel=0.25)
    assert mixing.rhat < 1.02
    assert mixing.autocorrelation[:8] == pytest.approx(0.7 ** np.arange(8), abs=0.06)
    assert mixing.ranks.shape == (SHOWN, RANK_BINS)
    thinned = mixing_of(history_of(autoregression(0.7, SHOWN, 600)))
    assert (thinned.draws, thinned.every, thinned.cost) == (300, 6.0, 6.0 * 600 * SHOWN)
    # Every second draw is an autoregression of .7².
    assert thinned.ess == pytest.approx(SHOWN * 300 * 0.51 / 1.49, rel=0.25)
    assert mixing.ranks.mean(axis=1) == pytest.approx(np.ones(SHOWN), abs=1e-6)


def test_draws_before_a_mark_do_not_count() -> None:
    history = history_of(autoregression(0.0, 4, 200) + 50)
    history.mark()
    assert (mixing_of(history).draws, len(history.steps)) == (0, 200)
    for t, energies in enumerate(autoregression(0.0, 4, 100).T):
        history.append(Round(600 + t, 1.0, 0.0, 0.0, 0.0, 0.0, energies.astype(np.float32)))
    mixing = mixing_of(history)
    assert (mixing.draws, mixing.cost, mixing.every) == (100, 400.0, 1.0)
    assert mixing.rhat < 1.05 and mixing.ess > 250


@pytest.mark.parametrize(
    "draws", [np.ones((4, 100)), np.full((4, 100), np.inf), np.zeros((4, 5)), np.zeros((4, 0)), np.zeros((1, 3))]
)
def test_what_cannot_be_said_is_nan(draws: np.ndarray[Any, Any]) -> None:
    mixing = mixing_of(history_of(draws))
    assert math.isnan(mixing.ess) and math.isnan(mixing.rhat)
    assert len(mixing.autocorrelation) == 0


def test_the_slowest_observable_tells() -> None:
    """Two modes of equal energies: E mixes at once, z₁ never leaves its sign, and that is what is said."""
    fast, history = autoregression(0.0, 8, 200), History()
    side = np.repeat([-1.0, 1.0], 4)
    for t, energies in enumerate(fast.T):
        latents = np.stack((side + 0.1 * fast[::-1, t], 0.1 * energies), axis=1)
        history.append(Round(t + 1, 1.0, 0.0, 0.0, 0.0, 0.0, energies.astype(np.float32), latents.astype(np.float32)))
    mixing = mixing_of(history)
    assert mixing.slowest == "z₁"
    assert mixing.ess < 30 and mixing.rhat > 1.5
    assert mixing_of(history_of(fast)).rhat < 1.05


def test_one_chain_has_an_ess_and_no_rhat() -> None:
    mixing = mixing_of(history_of(autoregression(0.0, 1, 400)))
    assert mixing.ess > 200 and math.isnan(mixing.rhat)


def test_ranks_show_the_chain_that_is_elsewhere() -> None:
    draws = autoregression(0.0, 4, 500)
    draws[3] += 9.0
    ranks = rank_histograms(draws.astype(np.float32))
    # The last quarter of all ranks is hers: five bins of twenty with four times an even share.
    assert ranks[3].tolist() == [0.0] * 15 + [4.0] * 5
    assert ranks[:3].mean(axis=0) == pytest.approx(np.repeat([4 / 3, 0.0], [15, 5]), abs=0.01)
    # Equal draws share the place in their middle, so that order in time makes no pattern.
    assert rank_histograms(np.zeros((2, 40), dtype=np.float32))[:, 10].tolist() == [20.0, 20.0]
    assert rank_histograms(draws[:, :5].astype(np.float32)).size == 0


def test_histories_are_bounded_and_forget_other_chains() -> None:
    history = history_of(np.arange(2.0 * (ROUNDS + 50)).reshape(2, -1))
    assert history.steps[[0, -1]].tolist() == [3 * 51, 3 * (ROUNDS + 50)]
    assert history.trace.shape == (ROUNDS, 2)
    nan = math.nan
    history.append(Round(9999, 1.0, nan, nan, nan, nan, np.zeros(3, dtype=np.float32), modes=np.array([1, -1, 0])))
    assert np.isnan(history.trace[:-1]).all() and history.trace[-1].tolist() == [0, 0, 0]
    assert history.modes[-2:].tolist() == [[-1, -1, -1], [1, -1, 0]]
    assert len(history.steps) == ROUNDS


def test_every_number_of_running_chains() -> None:
    effective.ess_bulk(autoregression(0.0, 2, 20))  # loads the library
    run = run_of(sampler__name="mala", sampler__step_size=0.03, sampler__chains=40, sampler__steps=5)
    run.train(60)
    part = part_of(run)
    assert (part.law, part.chain_steps, part.counted_steps, part.cost) == ("exact", 300, 300, 300.0)
    assert part.trace.shape == part.timeline.shape == (60, SHOWN)
    assert part.trace[-1] == pytest.approx(run.chains.energies[:SHOWN].numpy(), abs=1e-6)
    assert part.spread[-1] == pytest.approx(float(run.chains.position.var(0).mean()), rel=1e-5)
    assert 0.3 < part.acceptance < 1.0
    assert part.mixing is not None and part.mixing.draws == 60 and part.mixing.every == 5
    assert part.mixing.ess > 20 and part.mixing.cost == 60 * 5 * SHOWN
    assert int(part.dwell.sum()) == int(part.hops.sum()) > 0
    assert len(part.dwell_edges) == len(part.dwell) + 1
    assert 0 < part.mean_dwell < 40 * 300
    assert part.visited.max() <= 5 and (part.visited <= part.hops + 1).all()
    assert part.ladder is None
    assert math.isnan(part_of(run_of(sampler__name="ula")).acceptance)


def test_mixing_waits_between_two_computations(monkeypatch: pytest.MonkeyPatch) -> None:
    effective.ess_bulk(autoregression(0.0, 2, 20))
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    run = run_of(sampler__name="ula")

    def draws() -> int:
        mixing = part_of(run).mixing
        assert mixing is not None
        return mixing.draws

    run.train(20)
    assert draws() == 20
    run.train(5)
    assert draws() == 20
    now[0] += diagnosing.PAUSE + 0.01
    assert draws() == 25
    # Numbers of another law are gone at once, not after the pause.
    run.set_value(m.SetValue("sampler.temperature", 2.0))
    assert draws() == 0


def test_a_model_that_learns_has_no_mixing() -> None:
    small = {"base__hidden": 8, "base__depth": 1, "energy__hidden": 8, "energy__depth": 1, "training__warmup": 1}
    run = run_of("ring", **small)
    run.train(3)
    assert part_of(run).mixing is None
    run.set_value(m.SetValue("training.train", "none"))
    run.train(3)
    mixing = part_of(run).mixing
    assert mixing is not None


def test_the_ladder_is_told() -> None:
    run = run_of(sampler__name="tempering", sampler__replicas=4, sampler__warmup=40, sampler__steps=4)
    run.train(5)
    ladder = part_of(run).ladder
    assert ladder is not None and ladder.adapting
    run.train(45)
    part = part_of(run)
    ladder = part.ladder
    assert ladder is not None and not ladder.adapting
    assert ladder.share[0] == 1 and ladder.share[-1] == 0 and (np.diff(ladder.share) < 0).all()
    assert ladder.swaps.shape == (3,) and ((ladder.swaps > 0) & (ladder.swaps <= 1)).all()
    # Colder rungs have less energy, and every walker stands somewhere.
    assert (np.diff(ladder.mean_energy) > 0).all()
    assert np.sort(ladder.walkers, axis=1).tolist() == [[0, 1, 2, 3]] * 40
    # 64 chains of four walkers: at least one trip in a few hundred steps of each, at most one in two.
    assert 1 < ladder.trips < 500
    assert part.counted_steps == 160
    run.set_value(m.SetValue("sampler.temperature", math.inf))
    run.train(1)
    ladder = part_of(run).ladder
    assert ladder is not None and np.isnan(ladder.mean_energy).all()
