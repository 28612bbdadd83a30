"""The table of a sweep as a file, through the engine and without a window."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch

from gebm_studio import headless, presets
from gebm_studio.engine.sweep_table import sweep_summary, write_sweep
from gebm_studio.experiments import Training
from gebm_studio.experiments.sweep import Sweep
from gebm_studio.presets import PresetError
from gebm_studio.schema import TrainingPreset

TINY = {
    "base.hidden": 8, "base.depth": 1, "energy.hidden": 8, "energy.depth": 1, "training.batch": 16,
    "training.warmup": 0, "sampler.chains": 4, "sweep.iterations": 3, "sweep.batch": 16, "target.held_out": 200,
}  # fmt: skip


def preset(**changes: object) -> TrainingPreset:
    return presets.changed(
        TrainingPreset(title="sweep"), {**TINY, **{f"sweep.{name}": value for name, value in changes.items()}}
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_a_headless_run_finishes_the_sweep_and_writes_it(tmp_path: Path) -> None:
    made = preset(study="random_networks", trials=2)
    assert headless.run(made, steps=1, out=tmp_path, device="cpu", progress=False) == 0
    rows = rows_of(tmp_path / "sweep.csv")
    assert [row["method"] for row in rows] == ["GAN", "WGAN-GP"] * 2
    assert [row["row"] for row in rows] == ["1", "1", "2", "2"]
    found = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["sweep"]
    assert found["networks_tried"] == 2 and found["trainings_done"] == 4
    for counts in found["counts"]:
        assert sum(value for name, value in counts.items() if name != "min_score") == 2
    assert len(found["published"]) == 5 and "n = 2000" in found["protocol"]
    # Continued, it is complete already, and says the same.
    again = tmp_path / "again"
    assert headless.run(tmp_path / "run.gebm", steps=1, out=again, device="cpu", progress=False) == 0
    assert (again / "sweep.csv").read_bytes() == (tmp_path / "sweep.csv").read_bytes()


def test_the_last_columns_make_the_training_again(tmp_path: Path) -> None:
    run = Training(preset(study="optimisers", seeds=1), torch.device("cpu"))
    sweep = run.exhibits["sweep"]
    assert isinstance(sweep, Sweep)
    while sweep.done < 6:
        sweep.work()
    write_sweep(tmp_path / "sweep.csv", run)
    rows = rows_of(tmp_path / "sweep.csv")
    assert len(rows) == 6
    assert rows[5]["method"] == "SN-GAN" and rows[5]["name"].startswith("B: rate 0.0001")
    paths = [name for name in rows[5] if "." in name and rows[5][name]]
    changes = dict(presets.assignment(f"{name}={rows[5][name]}") for name in paths)
    again = presets.changed(TrainingPreset(title="again"), changes)
    assert again.training.energy_steps == 1 and getattr(again.energy, "spectral_norm", None) is True
    found = sweep_summary(run)
    assert found["trainings"] == 24 and "5 seeds" not in found["interval"]
    assert found["scores"][rows[0]["name"]]["GAN"][1] is None, "no interval from one seed"


def test_a_run_without_a_sweep_has_nothing_to_write(tmp_path: Path) -> None:
    run = Training(preset(), torch.device("cpu"))
    with pytest.raises(PresetError, match="there is no sweep to write"):
        write_sweep(tmp_path / "sweep.csv", run)
    assert not (tmp_path / "sweep.csv").exists()
