"""F15 and F16: critics of GANs as energies, at a length that every change can afford.

tests/test_slow_statistics.py has the same at full length, over seeds.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from gebm_studio import presets
from gebm_studio.divergences import w1
from gebm_studio.experiments import Training
from gebm_studio.models import calibrated
from gebm_studio.samplers import SAMPLERS, Info
from tests.typed import training

CPU = torch.device("cpu")
QUIET = {"training.truth_every": 100_000, "training.metrics_every": 10_000, "sampler.steps": 0, "race.lanes": []}
CHAINS = 2000
STEPS = {"rejection": 200, "independence": 60, "importance": 20, "kinetic": 100, "transport": 100}


def trained(name: str, iterations: int, **changes: Any) -> Training:
    run = Training(presets.changed(training(name), QUIET | changes), CPU)
    run.train(iterations)
    return run


def drawn(run: Training, name: str, calibration: Any = "none", **settings: Any) -> tuple[Tensor, list[Info], Any]:
    """G(z) of `CHAINS` chains (CHAINS, 2) after `STEPS`, what each step said, and the last state."""
    generator = torch.Generator().manual_seed(1)
    potential = run.model.potential(1.0, calibrated(calibration, run.model, run.target.held_out))
    sampler = SAMPLERS[name](**settings)
    state = sampler.init(run.model.prior(CHAINS, generator), potential, generator)
    told = []
    for _ in range(STEPS[name]):
        state, info = sampler.step(state, potential, generator)
        told.append(info)
    return run.model.samples(state.position), told, state


def astray(run: Training, x: Tensor) -> tuple[float, float]:
    """The share of x with less density than the least 1 % of the data, and its standard error."""
    least = torch.quantile(run.target.log_density(run.target.held_out.double()), 0.01)
    lost = (run.target.log_density(x.double()) < least).double()
    return float(lost.mean()), float(lost.std()) / math.sqrt(len(x))


F16_LANES: list[tuple[str, dict[str, Any]]] = [
    ("rejection", {}),
    ("independence", {}),
    ("independence", {"calibration": "isotonic"}),
    ("importance", {}),
    ("kinetic", {"step_size": 0.02}),
]


@pytest.fixture(scope="module")
def grid() -> Training:
    """F16 at a quarter of its length, with its last warm-up of the critic."""
    return trained("f16_grid", 251, **{"training.until": 250})


@pytest.mark.parametrize(("name", "settings"), F16_LANES)
def test_f16_points_between_the_modes_are_removed(name: str, settings: dict[str, Any], grid: Training) -> None:
    """Beyond three standard errors of the difference to as many draws of the base."""
    base, base_error = astray(grid, grid.model.samples(grid.model.prior(CHAINS, torch.Generator().manual_seed(2))))
    lane, lane_error = astray(grid, drawn(grid, name, **settings)[0])
    assert lane < base - 3 * math.hypot(base_error, lane_error)
    assert lane < 0.5 * base


def test_f16_exact_rejection_accepts_one_in_the_largest_weight(grid: Training) -> None:
    """Acceptance 1/w_max, w = e^{−E}/Z, with the largest −E that the sampler has met: four standard errors."""
    _, told, state = drawn(grid, "rejection")
    # The pilot's maximum may still grow; from the last growth on the acceptance belongs to the final one.
    late = torch.stack([info.acceptance for info in told[100:]]).double().flatten()
    log_z, z_error = grid.model.log_z(200_000, torch.Generator().manual_seed(3))
    expected = math.exp(log_z - float(state.largest[0]))
    error = math.hypot(float(late.std()) / math.sqrt(len(late)), expected * z_error)
    assert abs(float(late.mean()) - expected) < 4 * error
    assert expected < 0.5


def w1_of_base_and_gebm(run: Training) -> tuple[float, float]:
    """W1 to held-out data by exact assignment of 1,000 points: of the base, and of kinetic chains on the critic."""
    base = run.model.samples(run.model.prior(1000, torch.Generator().manual_seed(2)))
    gebm = drawn(run, "kinetic", step_size=0.05)[0][:1000]
    clouds = [cloud.double().numpy() for cloud in (base, gebm, run.target.held_out[:1000])]
    return w1(clouds[0], clouds[2]), w1(clouds[1], clouds[2])
