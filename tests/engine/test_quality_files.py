"""Measurements of images as a table and as bars, and the order to measure."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.engine import orders, quality_files
from gebm_studio.engine.quality_bars import BACKGROUND, WIDTH, picture
from gebm_studio.engine.quality_files import COLUMNS, rows
from gebm_studio.experiments import Training
from gebm_studio.experiments.quality.study import study_of
from gebm_studio.messages import ExportQuality, Measured
from gebm_studio.presets import PresetError
from tests.engine.test_loop import Start, start  # noqa: F401  a fixture
from tests.images import untrained
from tests.typed import training

CPU = torch.device("cpu")
SMALL = {
    "base.hidden": 8, "energy.hidden": 8, "training.train": "none", "sampler.chains": 2, "quality.draws": 100,
    "quality.steps": 4, "training.truth_every": 1000,
}  # fmt: skip


@pytest.fixture(scope="module")
def run() -> Training:
    return Training(presets.changed(untrained(), SMALL), CPU)


@pytest.fixture(scope="module")
def measured(run: Training) -> Measured:
    for _ in study_of(run.exhibits).measured_now():
        pass
    return study_of(run.exhibits).measured[-1]


def test_the_table_has_a_row_for_every_number(run: Training, measured: Measured, tmp_path: Path) -> None:
    told = list(quality_files.in_pieces(ExportQuality(str(tmp_path / "q.csv")), run))
    assert all(step is None or 0 <= step[0] <= step[1] for step in told)
    with open(tmp_path / "q.csv", newline="", encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    assert tuple(table[0]) == COLUMNS
    by_name = {(row["score"], row["law"], row["factor"], row["class"]): row for row in table}
    assert len(by_name) == len(table) == 3 * 4 + 3 + 3 + 1 + 2 * (1 + 10) + 1
    for law, scores in measured.scores.items():
        for score, (value, low, high) in scores.items():
            row = by_name[score, law, "", ""]
            assert (float(row["value"]), float(row["low"]), float(row["high"])) == (value, low, high)
            assert "n = 100" in row["note"] and row["protocol"] == measured.protocol and row["iteration"] == "0"
    assert by_name["rhat", "gebm", "", ""]["value"] == "", "too few draws to say"
    assert float(by_name["share", "base", "digit", "3"]["truth"]) == measured.factors[0].truth[3]
    assert "paired" not in by_name["kale", "", "", ""]["note"] and by_name["ratio", "", "", ""]["value"]
    assert by_name["variation", "gebm", "digit", ""]["low"]


def test_what_cannot_be_said_is_empty(measured: Measured) -> None:
    unknown = (math.nan, math.nan, math.nan)
    some = list(rows(replace(measured, ratio=unknown, factors=())))
    assert len(some) == 3 * 4 + 3 + 3 + 1 + 1
    assert next(row for row in some if row[1] == "ratio")[5:8] == unknown


@pytest.mark.parametrize("scale", [1, 4])
def test_bars_are_as_long_as_their_numbers(measured: Measured, scale: int) -> None:
    known = {law: dict.fromkeys(scores, (1.0, 0.9, 1.1)) for law, scores in measured.scores.items()}
    known["gebm"] = dict.fromkeys(known["gebm"], (0.5, 0.4, 0.6))
    pixels = np.asarray(picture(replace(measured, scores=known), "A title", scale))
    assert pixels.shape[1] == WIDTH * scale
    lengths = {}
    for law, colour in (("base", (204, 121, 167)), ("gebm", (0, 158, 115))):
        among = (pixels[:, : WIDTH * scale // 2] == colour).all(axis=2)
        widest = among.sum(axis=1).max()
        lengths[law] = widest
    assert lengths["gebm"] == pytest.approx(lengths["base"] / 2, abs=2 * scale + 1)
    edge = pixels[: 4 * scale].reshape(-1, 3)
    assert (edge == tuple(int(BACKGROUND[i : i + 2], 16) for i in (1, 3, 5))).all()


def test_bars_of_what_was_not_measured_are_left_out(measured: Measured) -> None:
    nothing = {law: dict.fromkeys(scores, (math.nan,) * 3) for law, scores in measured.scores.items()}
    found = replace(measured, scores=nothing, difference=(math.nan,) * 3, ratio=(math.nan,) * 3, ess=math.nan)
    empty = np.asarray(picture(found, "A title"))
    assert not (empty == (204, 121, 167)).all(axis=2).any()


def test_bars_of_chains_out_of_equilibrium_say_so(measured: Measured) -> None:
    settled = replace(measured, rhat=1.0, ess=400.0, time=math.nan)
    calm, doubtful = (picture(one, "A title").height for one in (settled, replace(settled, rhat=5.85)))
    assert doubtful == calm + 22, "one line more"


def test_the_picture_is_written_at_its_scale(run: Training, measured: Measured, tmp_path: Path) -> None:
    sizes = []
    for scale in (1, 4):
        path = tmp_path / f"{scale}.png"
        sent: list[m.Answer] = []
        task = orders.task(ExportQuality(str(path), scale), run, sent.append)
        while task.work():
            pass
        assert sent[-2] == m.Written(str(path), "quality")
        with Image.open(path) as image:
            sizes.append(image.size)
    assert sizes[1] == (4 * sizes[0][0], 4 * sizes[0][1])


def test_orders_that_cannot_be_carried_out_are_refused_at_once(run: Training, tmp_path: Path) -> None:
    points = Training(presets.changed(training("ring"), {"training.train": "none"}), CPU)
    for of, order, said in (
        (points, ExportQuality(str(tmp_path / "a.csv")), "no images to judge; open a preset with a target of images"),
        (run, ExportQuality(str(tmp_path / "a.txt")), "quality is written as .csv or .png, not as .txt"),
        (run, ExportQuality(str(tmp_path / "a.png"), 9), "scale must lie from 1 to 8, got 9"),
    ):
        with pytest.raises(PresetError, match=said):
            quality_files.in_pieces(order, of)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_measured_writes_nothing(tmp_path: Path) -> None:
    changes = SMALL | {"sampler.name": "independence", "sampler.calibration": "logistic"}
    run = Training(presets.changed(untrained(), changes), CPU)
    with torch.no_grad():
        next(iter(run.model.energy.parameters())).fill_(math.nan)
    with pytest.raises(PresetError, match="quality cannot be measured: calibration needs two finite energies"):
        list(quality_files.in_pieces(ExportQuality(str(tmp_path / "a.csv")), run))
    assert not list(tmp_path.iterdir())


def test_the_engine_measures_while_a_paused_run_is_looked_at(
    start: Start,  # noqa: F811
    tmp_path: Path,
) -> None:
    client, path = start(), tmp_path / "q.csv"
    client.send(m.Load(presets.changed(untrained(), SMALL | {"training.train": "both"}), 1))
    needs = frozenset[m.Part]({"quality"})
    frame = client.frame(run_id=1, needs=needs)
    assert frame.rests and frame.quality is not None and "still learning" in frame.quality.note
    client.send(m.MeasureQuality())
    while not (frame := client.frame(run_id=1, needs=needs)).rests:
        assert frame.quality is not None
    assert frame.quality is not None and len(frame.quality.measured) == 1
    client.send(ExportQuality(str(path)))
    assert client.next(m.Written) == m.Written(str(path), "quality")
    client.send(m.Load(presets.changed(training("ring"), {"training.train": "none"}), 2), m.MeasureQuality())
    while (note := client.next(m.Note)).level != "error":
        pass
    assert note.text.startswith("quality is measured of images")


def test_what_the_engine_cannot_measure_is_said_in_a_line(
    start: Start,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object) -> None:
        raise PresetError(["quality.features: no such thing"])

    client = start()
    client.send(m.Load(presets.changed(untrained(), SMALL), 1))
    client.frame()
    monkeypatch.setattr("gebm_studio.experiments.quality.measuring.FreshChains", refused)
    client.send(ExportQuality(str(tmp_path / "q.csv")))
    while (note := client.next(m.Note)).level != "error":
        pass
    assert note.text == "quality cannot be measured: quality.features: no such thing"
    assert client.frame().state == "paused" and not list(tmp_path.iterdir())
