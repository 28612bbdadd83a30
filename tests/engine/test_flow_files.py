"""Flows as tables, positions, pictures and animations."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gebm_studio import messages as m
from gebm_studio.engine import flow_files, flow_render, lettering, orders, tasks
from gebm_studio.experiments import ParticleFlow
from gebm_studio.headless import run as headless
from gebm_studio.presets import PresetError
from tests.experiments.flows import CPU, FOUR, flow, go, preset


@pytest.fixture(scope="module")
def four() -> ParticleFlow:
    return go(flow(others=FOUR), 6)


def finished(order: m.ExportFlow, run: ParticleFlow) -> list[m.Answer]:
    told: list[m.Answer] = []
    task = orders.task(order, run, told.append)
    while task.work():
        pass
    return told


def test_curves_are_a_row_for_each_measurement_and_flow(four: ParticleFlow, tmp_path: Path) -> None:
    orders.write(m.ExportCurves(str(tmp_path / "curves.csv")), four, lambda _: None)
    with open(tmp_path / "curves.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 * 4
    assert [row["step"] for row in rows[::4]] == ["0", "2", "4", "6"]
    assert [row["flow"] for row in rows[:4]] == [cloud.label for cloud in four.clouds]
    assert float(rows[-2]["time"]) == pytest.approx(6 * 0.01)
    exact = four.measuring.table.since(0)[-1, 1:].reshape(4, 5)
    assert [float(rows[-4 + index]["mmd"]) for index in range(4)] == exact[:, 1].tolist()


def test_positions_are_all_that_was_recorded(four: ParticleFlow, tmp_path: Path) -> None:
    told = finished(m.ExportFlow(str(tmp_path / "flow.npz")), four)
    assert isinstance(told[-1], m.Progress) and m.Written(str(tmp_path / "flow.npz"), "flow") in told
    with np.load(tmp_path / "flow.npz") as found:
        assert found["steps"].tolist() == list(range(7))
        assert found["positions"].shape == (7, 4, 20, 2) and found["positions"].dtype == np.float32
        assert np.array_equal(found["final"][3], four.clouds[3].state.position.numpy())
        assert np.array_equal(found["target"], four.scene.goal.points.numpy())
        assert found["labels"].tolist() == [cloud.label for cloud in four.clouds]


def test_a_picture_has_its_size_and_its_points(four: ParticleFlow, tmp_path: Path) -> None:
    finished(m.ExportFlow(str(tmp_path / "frame.png"), at=3, size=200), four)
    with Image.open(tmp_path / "frame.png") as file:
        picture = np.asarray(file.convert("RGB")).astype(int)
    renderer = flow_files._renderer(four, 200)
    assert picture.shape == (renderer.size[1], renderer.size[0], 3)
    assert picture.shape[1] > 4 * 200 and tuple(picture[0, 0]) == flow_render.BACKGROUND
    left, right, bottom, top = four.scene.home
    for index, points in enumerate(four.record.positions(3)):
        square = picture[renderer._header : renderer._header + 200, 8 + index * 208 : 208 + index * 208]
        for x, y in points:
            column, row = int((x - left) / (right - left) * 200), int((top - y) / (top - bottom) * 200)
            if 0 <= column < 200 and 0 <= row < 200:
                assert np.abs(square[row, column] - flow_render.PARTICLES).max() < 60
    # What is neither near a particle nor near a draw of the target is left empty.
    assert (picture == 255).all(axis=2).mean() > 0.8


def test_points_may_lie_anywhere() -> None:
    """Outside of the square, far away, at its very edge: drawn or left out, never a fault."""
    points = np.array([[[0.0, 0.0], [1.0, 1.0], [-1.0, -1.0], [1e9, 0.0], [1.01, 0.0], [0.0, -7.0]]], dtype=np.float32)
    renderer = flow_render.Renderer(["one"], points[0], (-1.0, 1.0, -1.0, 1.0), 6, 60)
    picture = np.asarray(renderer.picture(points, 12))
    assert picture.shape == (60 + renderer._header + 8, 76, 3)
    assert tuple(picture[renderer._header + 30, 8 + 30]) == flow_render.PARTICLES


def test_without_a_font_of_the_system_labels_are_spelt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "_FONTS", ("no such font",))
    lettering._found.cache_clear()
    assert lettering.spelled("KALE, λ = 10⁴", 11) == "KALE, lambda = 10^4"
    flow_render.Renderer(["λ"], np.zeros((1, 2), dtype=np.float32), (-1.0, 1.0, -1.0, 1.0), 1, 60)
    lettering._found.cache_clear()


@pytest.mark.parametrize("suffix", ["webp", "gif"])
def test_an_animation_has_its_frames(four: ParticleFlow, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"flow.{suffix}"
    told = finished(m.ExportFlow(str(path), frames=5, size=120, rate=20), four)
    with Image.open(path) as film:
        assert getattr(film, "n_frames", 1) == 5
        assert film.size == flow_files._renderer(four, 120).size
        film.seek(1)
        film.load()
        assert film.info["duration"] == 50
    progress = [answer for answer in told if isinstance(answer, m.Progress)]
    assert progress[-1].done == progress[-1].total
    assert all(a.done < b.done for a, b in zip(progress[:-2], progress[1:-1], strict=True))


def test_an_animation_of_four_flows_is_no_wider_than_it_should(four: ParticleFlow, tmp_path: Path) -> None:
    finished(m.ExportFlow(str(tmp_path / "wide.webp"), frames=2, size=2000), four)
    with Image.open(tmp_path / "wide.webp") as film:
        assert film.size[0] <= flow_files.WIDEST + 50


@pytest.mark.parametrize("moments", [0, 1, 3])
def test_a_cancelled_animation_leaves_nothing(four: ParticleFlow, tmp_path: Path, moments: int) -> None:
    path = tmp_path / "flow.gif"
    path.write_bytes(b"what stood here")
    told: list[m.Answer] = []
    task: Any = orders.task(m.ExportFlow(str(path), frames=7, size=400), four, told.append)
    for _ in range(moments):
        task.work()
    task.cancel()
    assert path.read_bytes() == b"what stood here" and list(tmp_path.iterdir()) == [path]
    assert isinstance(told[-1], m.Note) and "cancelled" in told[-1].text


def test_a_flow_that_goes_on_does_not_change_what_is_written(tmp_path: Path) -> None:
    run = go(flow(flow__name="mmd"), 3)
    pieces = flow_files.in_pieces(m.ExportFlow(str(tmp_path / "flow.webp"), size=480), run)
    next(pieces, None)
    go(run, 30)
    for _ in pieces:
        pass
    with Image.open(tmp_path / "flow.webp") as film:
        assert getattr(film, "n_frames", 1) == 4


def test_what_cannot_be_written_is_said(four: ParticleFlow, tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=r"\.webp, \.gif, \.png or \.npz, not \.mp4"):
        orders.task(m.ExportFlow(str(tmp_path / "flow.mp4")), four, lambda _: None)
    (tmp_path / "file").write_text("")
    for suffix in ("webp", "png", "npz"):
        with pytest.raises(OSError, match="file"):
            finished(m.ExportFlow(str(tmp_path / "file" / f"flow.{suffix}")), four)


def test_a_fault_of_the_encoder_reaches_who_asked(four: ParticleFlow, tmp_path: Path) -> None:
    film = flow_files.animated(flow_files._renderer(four, 60), [(0, four.record.positions(0))])
    with pytest.raises(OSError, match="nowhere"):
        list(film.written(tmp_path / "nowhere" / "flow.webp", 40))


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_frames_are_drawn_as_the_encoder_comes_to_them(
    four: ParticleFlow, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    renderer = flow_files._renderer(four, 60)
    picture = renderer.picture

    def noted(positions: Any, step: int) -> Image.Image:
        seen.append(step)
        return picture(positions, step)

    monkeypatch.setattr(renderer, "picture", noted)
    frames = [(step, four.record.positions(step)) for step in range(5)]
    film = flow_files.animated(renderer, frames)
    list(film.written(tmp_path / f"flow.{suffix}", 40))
    assert seen == [0, 1, 2, 3, 4]  # each once
    with Image.open(tmp_path / f"flow.{suffix}") as found:
        for at in range(5):
            found.seek(at)
            exact = np.asarray(picture(frames[at][1], at), dtype=float)
            away = np.abs(np.asarray(found.convert("RGB"), dtype=float) - exact)
            assert away.mean() < (1.0 if suffix == "gif" else 1e-9)


def test_two_hundred_frames_are_a_file_to_send(tmp_path: Path) -> None:
    """Four flows of 240 points that jump about: less than 3 MB; measured 2.9."""
    rng = np.random.default_rng(0)
    target = rng.standard_normal((240, 2)).astype(np.float32)
    renderer = flow_render.Renderer(["a", "b", "c", "d"], target, (-3.0, 3.0, -3.0, 3.0), 240, 320)
    start = rng.standard_normal((4, 240, 2))
    frames = [(step, (start + 0.02 * step * np.sin(start)).astype(np.float32)) for step in range(10)]
    path = tmp_path / "flow.webp"
    list(flow_files.animated(renderer, frames).written(path, 40))
    assert 20 * path.stat().st_size < 3_000_000


def test_headless_results_are_whole(tmp_path: Path) -> None:
    given = preset(others=FOUR[:1], view__record=2)
    assert headless(given, steps=5, out=tmp_path, device="cpu", progress=False) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "run.gebm", "preset.toml", "metrics.csv", "particles.npz", "flow.webp", "summary.json"
    }  # fmt: skip
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["steps"] == 5 and summary["measured_at"] == 5 and summary["frames"] == 3
    assert [one["rule"] for one in summary["flows"]] == ["kale", "mmd"]
    assert all(math.isfinite(one[name]) for one in summary["flows"] for name in ("kale", "mmd", "w2", "kl"))
    assert set(summary["protocol"]) == {"kale", "mmd", "w2", "kl"}
    with open(tmp_path / "metrics.csv", encoding="utf-8") as stream:
        assert [row["step"] for row in csv.DictReader(stream)] == ["0", "0", "2", "2", "4", "4", "5", "5"]
    again = ParticleFlow(given, CPU)
    go(again, 5)
    with np.load(tmp_path / "particles.npz") as found:
        assert torch.equal(torch.from_numpy(found["final"][0]), again.clouds[0].state.position)


def test_progress_is_told_as_it_changes() -> None:
    told: list[m.Answer] = []
    task = tasks.writing("flow.webp", iter([None, (0, 3), (1, 3), (1, 3), None, (3, 3)]), "flow", told.append)
    while task.work():
        pass
    title = "Making flow.webp"
    assert told == [m.Progress(title, 1, 3), m.Written("flow.webp", "flow"), m.Progress(title, 1, 1)]
