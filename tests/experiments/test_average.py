"""The energy alone after the base, and the base's average that stays."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.engine import storage
from gebm_studio.experiments import Training
from gebm_studio.experiments.average import Average
from gebm_studio.models import bases
from gebm_studio.schema.model import MlpBase
from tests.typed import training

CPU = torch.device("cpu")
SMALL = {
    "base.hidden": 16, "base.depth": 1, "energy.hidden": 16, "energy.depth": 1, "training.batch": 32,
    "training.warmup": 0, "training.energy_steps": 3, "training.until": 4,
}  # fmt: skip


def run_of(**changes: Any) -> Training:
    return Training(
        presets.changed(training("ring"), SMALL | {k.replace("__", "."): v for k, v in changes.items()}), CPU
    )


def base_of(run: Training) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in run.model.base.parameters()]


def test_the_average_is_the_recursion_written_out() -> None:
    base = bases.Mlp(MlpBase(hidden=4, depth=1), (2,))
    average = Average(base, 0.5)
    expected = [parameter.detach().double().clone() for parameter in base.parameters()]
    for step in range(6):
        with torch.no_grad():
            for parameter in base.parameters():
                parameter.add_(torch.randn_like(parameter))
        average.follow()
        decay = min(0.5, (1 + step) / (10 + step))
        expected = [
            decay * old + (1 - decay) * new.double() for old, new in zip(expected, base.parameters(), strict=True)
        ]
    assert average.take_its_place()
    for parameter, value in zip(base.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach().double(), value, rtol=1e-5, atol=1e-6)
    assert not average.take_its_place(), "it has begun anew"


def test_once_the_base_rests_its_average_stays_and_the_energy_learns_alone() -> None:
    run, plain = run_of(training__ema=0.9, training__energy_only=10), run_of(training__energy_only=10)
    for each in (run, plain):
        each.train(4)
    frozen, newest = base_of(run), base_of(plain)
    assert not any(torch.equal(a, b) for a, b in zip(newest, frozen, strict=True))
    assert run.schedule.base_steps == 4
    run.train(10)
    assert all(torch.equal(a, b) for a, b in zip(frozen, base_of(run), strict=True))
    assert (run.schedule.alone, run.schedule.energy_steps) == (10, 4 * 3 + 10)
    energy = [parameter.clone() for parameter in run.model.energy.parameters()]
    run.train(2)
    assert all(torch.equal(a, b) for a, b in zip(energy, run.model.energy.parameters(), strict=True))


def test_alone_the_rate_falls_as_a_cosine() -> None:
    run = run_of(training__energy_only=8, training__energy_lr=2e-3)
    schedule = run.schedule
    assert schedule.energy_rate == 2e-3
    run.train(4)
    rates = []
    while schedule.learns("energy"):
        rates.append(schedule.energy_rate)
        run.advance()
    assert rates == pytest.approx([1e-3 * (1 + math.cos(math.pi * t / 8)) for t in range(8)])


def test_a_base_that_is_told_to_rest_earlier_is_averaged_too() -> None:
    run = run_of(training__ema=0.9, training__until=100)
    run.train(3)
    before = base_of(run)
    run.set_value(m.SetValue("training.until", 2))
    assert not any(torch.equal(a, b) for a, b in zip(before, base_of(run), strict=True))


@pytest.mark.parametrize("at", [2, 4, 6])
def test_a_saved_run_goes_on_bit_for_bit(at: int, tmp_path: Path) -> None:
    straight, broken = (run_of(training__ema=0.9, training__energy_only=10) for _ in range(2))
    straight.train(9)
    broken.train(at)
    storage.save(broken, tmp_path / "run.gebm")
    resumed: object = storage.load(tmp_path / "run.gebm", CPU)
    assert isinstance(resumed, Training)
    resumed.train(9 - at)
    ours, theirs = straight.tensors(), resumed.tensors()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_alone_the_penalty_has_a_weight_of_its_own() -> None:
    changes = {"objective__penalty": "gradient", "objective__strength": 5.0, "training__energy_only": 30}
    own, other = run_of(**changes), run_of(**changes, training__energy_only_strength=0.0)
    for each in (own, other):
        each.train(4)
    assert all(torch.equal(a, b) for a, b in zip(own.model.parameters(), other.model.parameters(), strict=True))
    assert not math.isnan(other.learner.penalty)
    other.train(1)
    assert math.isnan(other.learner.penalty), "no penalty is computed"
    own.train(1)
    assert not math.isnan(own.learner.penalty)
