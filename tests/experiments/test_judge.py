"""The scores of compared runs on models whose laws are known."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from gebm_studio import models, presets, targets
from gebm_studio.experiments.judge import POINTS, REPEATS, Judge, Law
from gebm_studio.models import Gebm
from gebm_studio.targets import Target
from tests.typed import training

CPU = torch.device("cpu")
ARCS = {"target": "von_mises", "target.concentrations": [8.0, 8.0], "target.angles": [0.0, math.pi],
        "target.weights": [0.7, 0.3], "base": "circle", "training.train": "none"}  # fmt: skip


def made(**changes: Any) -> tuple[Gebm, Target]:
    wanted = ARCS | {path.replace("__", "."): value for path, value in changes.items()}
    preset = presets.changed(training("ring"), wanted)
    target = targets.build(preset.target, seed=3, device=CPU)

    def log_density(x: torch.Tensor) -> torch.Tensor:
        assert isinstance(target, targets.VonMises)
        return target.angle_log_density(target.angle(x))

    return models.build(preset, target.shape, log_density, CPU), target


def scored(model: Gebm, target: Target, law: Law, iteration: int = 0) -> dict[str, tuple[float, float, float]]:
    *waiting, found = Judge(target, seed=5).in_pieces(model, law, iteration)
    assert set(waiting) == {None} and found is not None
    return found


def floor(target: Target) -> dict[str, tuple[float, float, float]]:
    *_, found = Judge(target, seed=5).data_in_pieces()
    assert found is not None
    return found


def test_an_exact_energy_scores_as_the_data_do() -> None:
    model, target = made(energy="ratio")
    gebm, data = scored(model, target, "gebm"), floor(target)
    for name in ("w1", "mmd2", "mass_error"):
        assert gebm[name][1] < data[name][2] and data[name][1] < gebm[name][2], name
    assert gebm["coverage"] == (1.0, 1.0, 1.0)
    assert gebm["off_manifold"] == data["off_manifold"] == (0.0, 0.0, 0.0)


def test_the_base_alone_has_the_set_but_not_the_mass() -> None:
    model, target = made(energy="ratio")
    base, data = scored(model, target, "base"), floor(target)
    assert base["off_manifold"] == (0.0, 0.0, 0.0)
    assert base["w1"][1] > data["w1"][2] and base["mmd2"][1] > 0
    assert "ess" not in base
    # Half of a uniform circle's core mass is on the arc that has 0.7 of the data.
    assert 0.15 < base["mass_error"][0] < 0.5


def test_mass_off_the_circle_is_counted_by_its_share() -> None:
    model, target = made(base="linear")
    ring = scored(model, target, "base")["off_manifold"]
    tolerance = Judge(target, seed=5).tolerance
    # |x| of a standard normal in the plane is Rayleigh.
    inside = math.exp(-((1 - tolerance) ** 2) / 2) - math.exp(-((1 + tolerance) ** 2) / 2)
    assert ring[0] == pytest.approx(1 - inside, abs=4 * math.sqrt(inside / (REPEATS * POINTS)))
    assert ring[1] < ring[0] < ring[2]


def test_a_base_that_misses_a_mode_reaches_half() -> None:
    model, target = made(base="linear", base__matrix=[[0.05, 0.0], [0.0, 0.05]], base__shift=[1.0, 0.0])
    found = scored(model, target, "base")
    assert found["coverage"] == (0.5, 0.5, 0.5)
    assert found["mass_error"][0] == pytest.approx(0.3, abs=0.06)


def test_scores_depend_on_seed_and_iteration_alone() -> None:
    model, target = made()
    first, again, later = (scored(model, target, "gebm", iteration) for iteration in (10, 10, 20))
    assert first == again and first != later


def test_an_energy_that_is_not_finite_has_no_score() -> None:
    model, target = made(energy="linear", energy__weights=[0.0, 0.0])
    with torch.no_grad():
        next(iter(model.energy.parameters())).fill_(math.nan)
    found = scored(model, target, "gebm")
    assert found["w1"][0] == math.inf and math.isnan(found["mmd2"][0])
    assert found["off_manifold"] == (1.0, 1.0, 1.0)


def test_each_score_says_how_it_was_measured() -> None:
    model, target = made()
    notes, found = Judge(target, seed=5).protocol(), scored(model, target, "gebm")
    assert set(found) <= set(notes)
    assert all(f"n = {POINTS}" in notes[name] for name in ("w1", "mmd2", "coverage", "off_manifold"))
