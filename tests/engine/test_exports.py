"""Grids, arrays and curves as files."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gebm_studio import presets
from gebm_studio.engine import exports
from gebm_studio.experiments import Training
from gebm_studio.messages import ExportSamples
from tests.images import untrained
from tests.typed import training

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits() -> Training:
    preset = untrained(base={"kind": "conv", "latent_dim": 16, "channels": 4})
    return Training(presets.changed(preset, {"energy.hidden": 8, "training.batch": 8, "sampler.chains": 4}), CPU)


@pytest.fixture(scope="module")
def ring() -> Training:
    return Training(presets.changed(training("ring"), {"base.hidden": 8, "energy.hidden": 8}), CPU)


def drawn(run: Training, count: int) -> exports.Samples:
    return exports.Drawing(run, count, 3, seed=1).finished()


@pytest.mark.parametrize("scale", [1, 3, 8])
@pytest.mark.parametrize("padding", [True, False])
@pytest.mark.parametrize("which", [("data",), ("data", "base", "gebm")])
def test_a_grid_has_its_size_and_its_pixels(
    digits: Training, tmp_path: Path, scale: int, padding: bool, which: tuple[str, ...]
) -> None:
    samples = drawn(digits, 6)
    order = ExportSamples("", rows=2, columns=3, scale=scale, padding=padding, which=which)
    exports.write_grid(tmp_path / "grid.png", digits, samples, order)
    with Image.open(tmp_path / "grid.png") as file:
        picture = np.array(file)
    gap = exports.GAP if padding else 0
    block = 3 * (8 + gap) - gap
    width = len(which) * block + (len(which) - 1) * 3 * exports.GAP
    assert picture.shape == ((2 * (8 + gap) - gap) * scale, width * scale, 3)
    # The fifth image stands in the second row and column, each of its pixels scale × scale large.
    tile = picture[(8 + gap) * scale : (16 + gap) * scale, (8 + gap) * scale : (16 + gap) * scale, 0]
    expected = np.round((samples[which[0]][4, 0] + 1) * 127.5)
    assert np.array_equal(tile[::scale, ::scale], expected)
    assert np.array_equal(tile, np.repeat(np.repeat(tile[::scale, ::scale], scale, 0), scale, 1))


def test_a_grid_of_points_shows_each_cloud_in_its_colour(ring: Training, tmp_path: Path) -> None:
    exports.write_grid(tmp_path / "grid.png", ring, drawn(ring, 64), ExportSamples("", scale=1))
    with Image.open(tmp_path / "grid.png") as file:
        picture = np.array(file)
    assert picture.shape == (exports.SCATTER, 3 * exports.SCATTER + 2 * exports.GAP, 3)
    for index, name in enumerate(("data", "base", "gebm")):
        left = index * (exports.SCATTER + exports.GAP)
        block = picture[:, left : left + exports.SCATTER].reshape(-1, 3)
        assert {tuple(colour) for colour in block} == {(255, 255, 255), exports.COLOURS[name]}


def test_drawing_samples_leaves_the_run_as_it_was(ring: Training) -> None:
    before = ring.tensors()
    samples = drawn(ring, 50)
    assert {name: x.shape for name, x in samples.items()} == dict.fromkeys(("data", "base", "gebm"), (50, 2))
    assert all(torch.equal(before[name], value) for name, value in ring.tensors().items())
    again = drawn(ring, 50)
    assert all(np.array_equal(samples[name], again[name]) for name in samples)


def test_training_meanwhile_does_not_change_the_samples() -> None:
    run = Training(presets.changed(training("ring"), {"base.hidden": 8, "energy.hidden": 8}), CPU)
    still = drawn(run, 20)
    drawing = exports.Drawing(run, 20, 3, seed=1)
    for _ in drawing:
        run.advance()
    assert all(np.array_equal(still[name], drawing.samples[name]) for name in still)


def test_more_samples_than_held_out_points(digits: Training) -> None:
    assert len(drawn(digits, 400)["data"]) == 400


def test_npz_keeps_the_arrays(ring: Training, tmp_path: Path) -> None:
    samples = drawn(ring, 10)
    exports.write_npz(tmp_path / "samples.npz", samples)
    with np.load(tmp_path / "samples.npz", allow_pickle=False) as file:
        assert set(file) == set(samples)
        assert all(np.array_equal(file[name], samples[name]) for name in samples)
        assert file["gebm"].dtype == np.float32


def test_curves_read_back_exactly(tmp_path: Path) -> None:
    run = Training(presets.changed(training("f02_support"), {"training.metrics_every": 1}), CPU)
    run.train(3)
    exports.write_curves(tmp_path / "curves.csv", run)
    with open(tmp_path / "curves.csv", newline="", encoding="utf-8") as stream:
        header, *rows = list(csv.reader(stream))
    assert tuple(header) == run.curves.columns
    for text, row in zip(rows, run.curves.since(0), strict=True):
        assert all(t == "" if math.isnan(v) else float(t) == v for t, v in zip(text, row, strict=True))
    assert rows[0][header.index("kl_base")] == "inf"


@pytest.mark.parametrize("writer", ["grid", "npz", "curves"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    ring: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    path = tmp_path / f"old.{writer}"
    path.write_text("old")
    samples = drawn(ring, 4)

    def full(_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    write = {
        "grid": lambda: exports.write_grid(path, ring, samples, ExportSamples("", scale=1)),
        "npz": lambda: exports.write_npz(path, samples),
        "curves": lambda: exports.write_curves(path, ring),
    }[writer]
    with pytest.raises(OSError, match="No space left"):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
