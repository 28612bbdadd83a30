"""A run without a window: what it writes, and that its numbers are right."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
from PIL import Image

from gebm_studio import headless, presets
from gebm_studio.experiments import Diverged, Training
from gebm_studio.messages import ExportCurves, ExportSamples, ExportSettings, regime
from tests.images import untrained
from tests.targets.image_files import makers

REQUIRED = {
    "steps", "seed", "device", "kale_train", "kale_heldout", "donsker_varadhan", "log_partition", "log_z",
    "log_z_stderr",
}  # fmt: skip
SMALL = {"base.hidden": 16, "base.depth": 1, "energy.hidden": 16, "energy.depth": 1, "training.batch": 32}


def run(source: Any, out: Path, steps: int = 3, **options: Any) -> dict[str, Any]:
    status = headless.run(source, steps=steps, out=out, device="cpu", progress=False, **options)
    assert status == options.pop("expect", 0)
    found: dict[str, Any] = json.loads((out / "summary.json").read_text())
    return found


@pytest.fixture(autouse=True)
def short_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headless, "SAMPLES", 200)
    monkeypatch.setattr(headless, "SAMPLER_STEPS", 60)


def test_a_race_spends_its_budget_on_the_model_that_was_learned(tmp_path: Path) -> None:
    """Both exact samplers agree with the truth of the model as it ended, within four of their errors."""
    lanes = [{"name": "mala", "step_size": 0.1}, {"name": "independence"}]
    preset = presets.changed(presets.load("ring"), SMALL | {"race.lanes": lanes, "race.budget": 300})
    run(preset, tmp_path)
    with (tmp_path / "race.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["law"] for row in rows] == ["exact", "exact"]
    for row in rows:
        assert float(row["cost"]) >= 300
        assert abs(float(row["bias"])) < 4 * math.hypot(float(row["error"]), float(row["exact_error"]))


def test_all_files_are_written(tmp_path: Path) -> None:
    preset = presets.changed(presets.load("ring"), SMALL | {"seed": 7})
    summary = run(preset, tmp_path)
    names = {"preset.toml", "metrics.csv", "summary.json", "samples.npz", "run.gebm"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert REQUIRED | {"w1_base", "w1_gebm", "w1_floor", "w1_n"} <= set(summary)
    for name in ("objective_train", "objective_heldout", "divergence"):
        assert np.isfinite(summary[name]) and "draws" in summary["protocol"][name]
    assert (summary["steps"], summary["seed"], summary["device"], summary["w1_n"]) == (3, 7, "cpu", 200)
    assert presets.load(tmp_path / "preset.toml") == preset
    with np.load(tmp_path / "samples.npz") as samples:
        assert {name: samples[name].shape for name in samples} == dict.fromkeys(("data", "base", "gebm"), (200, 2))


def test_f01_gives_the_closed_forms(tmp_path: Path) -> None:
    """log Z = log I₀(k), KL(P‖G) = k I₁/I₀ − log I₀ for k = 2: within three standard errors."""
    k = 2.0
    log_i0 = math.log(scipy.special.iv(0, k))
    kl = k * scipy.special.iv(1, k) / scipy.special.iv(0, k) - log_i0
    summary = run(presets.load("f01"), tmp_path, steps=20)
    assert abs(summary["log_z"] - log_i0) < 3 * summary["log_z_stderr"]
    assert abs(summary["donsker_varadhan"] - kl) < 3 * summary["donsker_varadhan_stderr"]
    assert summary["kl_base"] == pytest.approx(kl, abs=1e-9)
    assert summary["kl_gebm"] == pytest.approx(0.0, abs=1e-6)
    with np.load(tmp_path / "samples.npz") as samples:
        assert np.linalg.norm(samples["gebm"], axis=1) == pytest.approx(np.ones(200), abs=1e-6)
        # E cos θ = I₁/I₀ with Var cos θ = 1 − (I₁/I₀)² − I₁/(k I₀): five standard errors of 200 chains.
        ratio = scipy.special.iv(1, k) / scipy.special.iv(0, k)
        error = math.sqrt((1 - ratio**2 - ratio / k) / 200)
        assert abs(samples["gebm"][:, 0].mean() - ratio) < 5 * error


def test_the_regime_of_the_samples_is_told(tmp_path: Path) -> None:
    preset = presets.changed(presets.load("f11"), {"sampler.name": "ula", "sampler.step_size": 1e-4, "race": {}})
    summary = run(preset, tmp_path, steps=1)
    assert summary["accumulated_time"] == pytest.approx(60 * 1e-4)
    assert summary["regime"] == "gradient flow, not equilibrium (time 0.006)"
    assert "60 steps from the prior" in summary["protocol"]["accumulated_time"]
    assert regime(0.23) == "gradient flow, not equilibrium (time 0.23)"
    assert regime(1.0) == regime(math.nan) == ""


def test_an_infinite_divergence_is_written_as_a_word(tmp_path: Path) -> None:
    summary = run(presets.load("f02"), tmp_path, steps=2)
    assert summary["kl_base"] == "infinity"
    assert "∞" in summary["protocol"]["kl_base"]
    assert math.isfinite(summary["kale_heldout"])


def test_digits_give_a_grid_and_distances_with_intervals(tmp_path: Path) -> None:
    small = {"base.hidden": 8, "energy.hidden": 8, "training.batch": 16, "training.warmup": 2}
    summary = run(presets.changed(untrained(), small), tmp_path, steps=2)
    for name in ("base", "gebm"):
        low, high = summary[f"fd_{name}_interval"]
        assert low <= summary[f"fd_{name}"] <= high
    assert "digits classifier" in summary["fd_features"]
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size[0] > 3 * 8 * 8


def test_a_model_that_ships_is_measured_though_nothing_learns(tmp_path: Path) -> None:
    small = {"quality.draws": 200, "quality.steps": 40}
    summary = run(presets.changed(presets.load("f62_digits"), small), tmp_path, steps=1)
    assert "n: 200" in summary["quality"]["protocol"] and "chains" in summary["protocol"]["quality"]
    frechet = {law: scores["frechet"] for law, scores in summary["quality"]["scores"].items()}
    assert frechet["data"][0] < frechet["gebm"][0] < frechet["base"][0]


def test_a_set_of_images_is_prepared_learned_and_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headless, "SAMPLES", 64)
    monkeypatch.setattr(headless, "SAMPLER_STEPS", 4)
    makers.in_the_data_folder("mnist")
    preset = presets.changed(presets.load("f61_mnist"), makers.SMALL | {"base.channels": 4, "energy.channels": 4})
    run(preset, tmp_path / "whole", steps=4)
    run(preset, tmp_path / "half", steps=2)
    run(tmp_path / "half" / "run.gebm", tmp_path / "rest", steps=2)
    whole, rest = (json.loads((tmp_path / name / "summary.json").read_text()) for name in ("whole", "rest"))
    assert whole == rest


def test_a_saved_run_goes_on(tmp_path: Path) -> None:
    preset = presets.changed(presets.load("ring"), SMALL)
    run(preset, tmp_path / "whole", steps=6)
    run(preset, tmp_path / "half", steps=4)
    run(tmp_path / "half" / "run.gebm", tmp_path / "rest", steps=2)
    whole, rest = (json.loads((tmp_path / name / "summary.json").read_text()) for name in ("whole", "rest"))
    assert whole == rest


def test_further_exports(tmp_path: Path) -> None:
    orders = (
        ExportSamples(str(tmp_path / "a.png"), rows=2, columns=2, steps=3),
        ExportSamples(str(tmp_path / "a.npz"), rows=3, columns=5, steps=3),
        ExportCurves(str(tmp_path / "a.csv")),
        ExportSettings(str(tmp_path / "a.toml")),
    )
    run(presets.changed(presets.load("ring"), SMALL), tmp_path / "out", exports=orders)
    assert all(Path(order.path).stat().st_size > 0 for order in orders)
    with np.load(tmp_path / "a.npz") as samples:
        assert samples["gebm"].shape == (15, 2)


def test_ctrl_c_keeps_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Training.advance

    def interrupted(self: Training) -> None:
        if self.iteration == 3:
            raise KeyboardInterrupt
        original(self)

    monkeypatch.setattr(Training, "advance", interrupted)
    preset = presets.changed(presets.load("ring"), SMALL)
    assert headless.run(preset, steps=50, out=tmp_path, device="cpu", progress=False) == 130
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["steps"] == 3
    assert summary["complete"] is False


def test_a_diverged_run_is_a_fault_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverged(self: Training) -> None:
        raise Diverged("the energy's loss", math.nan, "lower the energy rate")

    monkeypatch.setattr(Training, "advance", diverged)
    preset = presets.changed(presets.load("ring"), SMALL)
    assert headless.run(preset, steps=5, out=tmp_path, device="cpu", progress=False) == 1
    assert json.loads((tmp_path / "summary.json").read_text())["complete"] is False
