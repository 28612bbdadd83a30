"""Statistical runs that take minutes; those named `small` run on every change as well."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import scipy.stats
import torch

from gebm_studio import presets
from gebm_studio.divergences import w1
from gebm_studio.engine import exports
from gebm_studio.experiments import Training
from gebm_studio.experiments.decay import Decay
from gebm_studio.experiments.race import Race
from gebm_studio.experiments.selftest import Check, SelfTest, exact_laws
from gebm_studio.samplers import SAMPLERS
from tests import test_critics_as_energies as critics
from tests import test_shipped_images as images
from tests.typed import training

pytestmark = pytest.mark.slow_statistics
CPU = torch.device("cpu")


def w1_gain(seed: int, iterations: int, chains: int) -> float:
    """W1(base, data) − W1(GEBM, data) of the ring after training, by exact assignment of `chains` points."""
    run = Training(presets.changed(training("ring"), {"seed": seed}), CPU)
    run.train(iterations)
    samples = exports.Drawing(run, chains, 300, seed=1).finished()
    cloud = {name: x.astype(np.float64) for name, x in samples.items()}
    return w1(cloud["base"], cloud["data"]) - w1(cloud["gebm"], cloud["data"])


def test_small_ring_gains_by_its_energy() -> None:
    """One seed at full length. The gain of five seeds was .06 to .17 with a noise of about .03."""
    assert w1_gain(0, 1500, 1000) > 0.0


def test_ring_gains_by_its_energy_over_five_seeds() -> None:
    """The paired gain over five seeds lies above zero by more than two standard errors."""
    gains = [w1_gain(seed, 1500, 1000) for seed in range(5)]
    assert np.mean(gains) > 2 * np.std(gains, ddof=1) / math.sqrt(5)


@pytest.mark.parametrize("scheme", ["ABOBA", "BAOAB"])
def test_small_kinetic_moments_of_a_skewed_law(scheme: str) -> None:
    """U = z²/2 + e^z − z: mean and variance by quadrature, 2,000 chains of 2,000 kept steps, at z < 4.5."""
    grid = np.linspace(-9, 4, 40_001)
    density = np.exp(-(grid**2 / 2 + np.exp(grid) - grid))
    density /= density.sum()
    mean = float((grid * density).sum())
    variance = float(((grid - mean) ** 2 * density).sum())

    def potential(z: torch.Tensor) -> torch.Tensor:
        x = z[:, 0]
        return x.square() / 2 + x.exp() - x

    generator = torch.Generator().manual_seed(3)
    # The bias of both schemes is of order h⁴ in the mean here: below the noise at h = 0.1.
    sampler = SAMPLERS["kinetic"](step_size=0.1, friction=1.0, scheme=scheme)
    state = sampler.init(torch.full((2000, 1), mean, dtype=torch.float64), potential, generator)
    total, squares = torch.zeros(2000, dtype=torch.float64), torch.zeros(2000, dtype=torch.float64)
    for step in range(2400):
        state, _ = sampler.step(state, potential, generator)
        if step >= 400:
            offset = state.position[:, 0] - mean
            total += offset
            squares += offset.square()
    for means, expected in ((total / 2000, 0.0), (squares / 2000, variance)):
        score = (means.mean() - expected) / (means.std() / math.sqrt(2000))
        assert abs(float(score)) < 4.5


def check_scores(scores: list[float]) -> None:
    """z-scores of right samplers are standard normal: none beyond 4.5, and by Kolmogorov and Smirnov at 1e-4."""
    assert max(map(abs, scores)) < 4.5
    assert scipy.stats.kstest(scores, "norm").pvalue > 1e-4


def test_small_scores_of_the_self_test_are_standard_normal() -> None:
    """A bias too small for any one line, or errors that are told too large, would show in all lines together."""
    test = SelfTest()
    for _ in test:
        pass
    assert not test.failed
    check_scores([line.z for line in test.results if line.error])


@pytest.mark.parametrize("name", exact_laws.EXACT)
def test_exact_samplers_on_many_random_models(name: str) -> None:
    """Twelve models in one to four dimensions, five times the steps of the self-test; two scores each."""
    scores = []
    for seed in range(100, 112):
        work = partial(exact_laws.linear_gaussian, name, seed, 1 + seed % 4, 3000 if name != "tempering" else 1000)
        lines = Check(name, "random model", work).finished()
        assert all(line.passed for line in lines), lines
        scores += [line.z for line in lines]
    check_scores(scores)


def test_errors_of_w2_slopes_are_what_they_say_over_seeds() -> None:
    """z = (fitted − theory)/error over 40 seeds: a deviation of one within .3 is what 40 draws allow (2.7 errors)."""
    scores = []
    for seed in range(40):
        changes = {"seed": seed, "decay.dimensions": (8,), "decay.chains": 1000, "sampler.step_size": 0.02}
        decay = Decay(None, None, presets.changed(training("f10"), changes))  # type: ignore[arg-type]
        line = decay._lines[0]
        while not line.done:
            line.work()
        curve = line.curve()
        scores.append((curve.slope - curve.slope_theory) / curve.slope_error)
    assert abs(np.mean(scores)) < 4 / math.sqrt(40)
    assert 0.7 < np.std(scores) < 1.3


def test_small_f15_chains_on_a_critic_come_closer_to_the_data() -> None:
    """The preset's own seed at full length; the noise of such a W1 is about .03."""
    base, gebm = critics.w1_of_base_and_gebm(critics.trained("f15_gan_critic", 501))
    assert gebm < base - 0.15


def test_f15_chains_on_a_critic_come_closer_to_the_data_over_five_seeds() -> None:
    """W1(GEBM) is below W1(base) by more than two standard errors of the mean, and log Z is within half a nat of 0."""
    gains = []
    for seed in range(5):
        run = critics.trained("f15_gan_critic", 501, seed=seed)
        base, gebm = critics.w1_of_base_and_gebm(run)
        gains.append(base - gebm)
        assert abs(run.model.log_z(50_000, torch.Generator().manual_seed(3))[0]) < 0.5
    assert np.mean(gains) > 2 * np.std(gains, ddof=1) / math.sqrt(5)


@pytest.mark.parametrize("seed", [16, 0, 1])
def test_f16_points_between_modes_are_removed_at_full_length(seed: int) -> None:
    """Each lane lies three standard errors below the base; a calibrated critic removes more."""
    run = critics.trained("f16_grid", 1001, seed=seed)
    draws = run.model.samples(run.model.prior(critics.CHAINS, torch.Generator().manual_seed(2)))
    base, base_error = critics.astray(run, draws)
    found = {}
    for name, settings in critics.F16_LANES:
        share, error = critics.astray(run, critics.drawn(run, name, **settings)[0])
        assert share < base - 3 * math.hypot(error, base_error)
        found[name, settings.get("calibration", "none")] = share
    assert found["independence", "isotonic"] < found["independence", "none"] < 0.5 * base


def test_f14_every_sampler_scores_below_the_base() -> None:
    """Every mean lies below 100, and of Langevin, Metropolised or not, and kinetic chains the whole 95 % interval."""
    run = images.run_of("f14_relative_scores", race__budget=300)
    race = run.exhibits["race"]
    assert isinstance(race, Race)
    while not race.complete:
        race.advance()
    part = race.part()
    assert part is not None
    for settings, lane in zip(run.preset.race.lanes, part.lanes, strict=True):
        value, _, high = lane.score
        assert value < 100, lane.label
        assert settings.name not in ("ula", "mala", "kinetic") or high < 100, lane.label


def test_f62_the_recipe_holds_for_a_seed_that_the_table_does_not_have() -> None:
    """From fresh weights, at full length: the paired 95 % interval lies below zero, by chains that are at rest."""
    run = images.run_of("f62_digits_recipe", seed=7, quality__every=0, quality__draws=1000, quality__steps=600)
    while run.schedule.learns("base") or run.schedule.learns("energy"):
        run.advance()
    run.settle()
    measured = images.measured_by(run)
    assert measured.difference[2] < 0 and measured.rhat < 1.1
    (digits,) = measured.factors
    assert digits.variation["gebm"][0] < digits.variation["base"][0]
