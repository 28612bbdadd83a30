"""Comparisons without a window: what a headless run writes, and the verbs of the library."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

import gebm_studio as gs
from gebm_studio import headless, library, presets
from gebm_studio.cli import main
from tests.typed import training

SMALL = {"energy.hidden": 16, "energy.depth": 1, "training.batch": 32, "training.warmup": 4}


def test_all_runs_are_written_with_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headless, "SAMPLES", 100)
    monkeypatch.setattr(headless, "SAMPLER_STEPS", 20)
    preset = presets.changed(training("f07"), SMALL)
    assert headless.run(preset, steps=5, out=tmp_path, device="cpu", progress=False) == 0
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert list(summary["runs"]) == ["GAN", "EBM", "GEBM"] and summary["stopped"] == {}
    assert {"w1_base", "kale_heldout", "protocol"} <= set(summary["runs"]["GAN"])
    assert summary["scores"]["EBM"]["gebm"]["iteration"] == 5
    assert "n = 256" in summary["scores"]["protocol"]["w1"]
    with (tmp_path / "compare.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {(row["run"], row["law"]) for row in rows} == {
        ("GAN", "base"), ("EBM", "gebm"), ("EBM", "base"), ("GEBM", "gebm"), ("GEBM", "base"), ("data", "data"),
    }  # fmt: skip
    newest = next(row for row in rows if (row["run"], row["law"], row["iteration"]) == ("EBM", "gebm", "5"))
    assert float(newest["w1"]) == summary["scores"]["EBM"]["gebm"]["w1"]
    assert float(newest["w1_low"]) < float(newest["w1"]) < float(newest["w1_high"])
    samples = np.load(tmp_path / "samples.npz")
    assert {"data", "base", "gebm", "base.GAN", "gebm.EBM"} <= set(samples.files)
    assert np.array_equal(samples["base"], samples["base.GEBM"])
    header = (tmp_path / "metrics.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith("run,iteration,")
    assert headless.run(tmp_path / "run.gebm", steps=2, out=tmp_path / "on", device="cpu", progress=False) == 0
    assert json.loads((tmp_path / "on" / "summary.json").read_text(encoding="utf-8"))["steps"] == 7


def test_a_comparison_has_the_verbs_of_a_run(tmp_path: Path) -> None:
    runs = gs.experiment("f07", device="cpu", **{path.replace(".", "__"): value for path, value in SMALL.items()})
    assert isinstance(runs, library.Runs)
    runs.train(3)
    assert runs.sample(6, steps=2).shape == runs.sample(6, steps=2, run="EBM").shape == (6, 2)
    with pytest.raises(KeyError):
        runs.sample(6, run="none")
    assert math.isfinite(runs.metrics()["GAN: w1_base"])
    judged = runs.judged()
    assert judged["GEBM"]["gebm"]["iteration"] == 3 and judged["data"]["data"]["w1"] > 0
    runs.save(tmp_path / "runs.gebm")
    again = gs.load(tmp_path / "runs.gebm", device="cpu")
    assert isinstance(again, library.Runs) and again.iteration == 3
    assert isinstance(again.runs["GAN"], library.Run)


def test_an_impossible_run_is_bad_input_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = 'compare.runs=[{label = "a"}, {label = "b", changes = {"objective.nmae" = "gan"}}]'
    assert main(["--headless", "ring", "--steps", "1", "--out", str(tmp_path), "--set", runs]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "compare.runs[1] (b): objective.nmae: no such setting; did you mean objective.name" in line
