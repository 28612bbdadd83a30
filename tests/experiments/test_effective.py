"""Effective sample sizes, R-hat and autocorrelation against autoregressions, whose values are known."""

from __future__ import annotations

import math
import subprocess
import sys
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from gebm_studio.experiments import effective


def autoregression(rho: float, chains: int, n: int, seed: int = 0) -> NDArray[np.float64]:
    """Stationary chains x′ = ρx + √(1−ρ²) ξ, (chains, n), with autocorrelation ρ^k at lag k."""
    rng = np.random.default_rng(seed)
    x = np.empty((chains, n))
    x[:, 0] = rng.standard_normal(chains)
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + math.sqrt(1 - rho**2) * rng.standard_normal(chains)
    return x


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_an_autoregression_is_worth_what_theory_says(rho: float) -> None:
    """ESS = n (1−ρ)/(1+ρ); of 64 × 1000 draws its estimate was seen to stay within 8 % over 50 seeds."""
    draws = autoregression(rho, 64, 1000)
    expected = draws.size * (1 - rho) / (1 + rho)
    assert effective.ess_bulk(draws) == pytest.approx(expected, rel=0.15)
    mean, error = effective.mean_and_error(draws)
    assert error == pytest.approx(1 / math.sqrt(expected), rel=0.1)
    assert abs(mean) < 4 * error
    # Half a chain of n is worth n (1−ρ)/(1+ρ)/2 draws: that much its mean differs from the others.
    assert effective.rhat(draws) == pytest.approx(math.sqrt(1 + 128 / expected), abs=0.01)


def test_the_autocorrelation_of_an_autoregression() -> None:
    """Of 64 × 1000 draws each lag has a standard error below .02."""
    found = effective.autocorrelation(autoregression(0.8, 64, 1000), 10)
    assert found.dtype == np.float32
    assert found == pytest.approx(0.8 ** np.arange(10), abs=0.06)
    assert found[0] == 1


def test_chains_that_disagree_are_told() -> None:
    draws = autoregression(0.2, 4, 500)
    assert effective.rhat(draws) < 1.02
    assert effective.rhat(draws + np.array([[0], [0], [0], [3]])) > 1.3
    assert effective.ess_bulk(draws + np.array([[0], [0], [0], [3]])) < 40


@pytest.mark.parametrize(
    "draws",
    [
        np.ones((4, 100)),
        np.ones((4, 100)) * np.arange(4)[:, None],
        np.full((4, 100), np.nan),
        np.where(np.arange(100) == 7, np.inf, np.zeros((4, 100))),
        np.zeros((4, 0)),
        np.zeros((0, 100)),
        np.arange(12.0).reshape(4, 3),
        np.zeros(50),
    ],
)
def test_where_nothing_can_be_said_nothing_is(draws: NDArray[np.float64]) -> None:
    """Also of chains that never moved, which the library takes for perfect ones."""
    assert math.isnan(effective.ess_bulk(draws))
    assert math.isnan(effective.rhat(draws))
    assert all(math.isnan(value) for value in effective.mean_and_error(draws))
    assert effective.autocorrelation(draws, 5).shape == (0,)


def test_one_chain_has_no_rhat_and_a_stuck_one_no_autocorrelation() -> None:
    draws = autoregression(0.5, 1, 1000)
    assert math.isnan(effective.rhat(draws))
    assert effective.ess_bulk(draws) > 100
    both = np.concatenate((draws, np.ones((1, 1000))))
    assert effective.autocorrelation(both, 5) == pytest.approx(effective.autocorrelation(draws, 5))


def test_the_library_is_loaded_beside_the_engine_and_not_with_it() -> None:
    script = (
        "import sys, time, gebm_studio.engine.loop\n"
        "from gebm_studio.experiments import effective\n"
        "assert not any(name.startswith('arviz_stats') for name in sys.modules)\n"
        "assert not effective.ready()\n"
        "deadline = time.monotonic() + 60\n"
        "while not effective.ready() and time.monotonic() < deadline: time.sleep(0.01)\n"
        "assert effective.ready() and 'arviz_stats' in sys.modules and 'xarray' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_quick_enough_between_two_frames() -> None:
    """A lane's numbers, of 64 × 500 draws, take some ms: a large margin for a busy machine."""
    draws = autoregression(0.9, 64, 500)
    effective.ess_bulk(draws)
    began = time.perf_counter()
    effective.ess_bulk(draws)
    effective.rhat(draws)
    effective.mean_and_error(draws)
    assert time.perf_counter() - began < 0.25
