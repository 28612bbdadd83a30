"""Films of the gallery as animations, strips and arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.engine import captions, film_files, orders
from gebm_studio.engine.image_sheet import coloured, sheet, zoomed
from gebm_studio.experiments import Training
from gebm_studio.headless import run as headless
from gebm_studio.presets import PresetError
from tests.experiments.reel import CPU, SMALL, rested, run_of, settle
from tests.images import untrained
from tests.typed import training


@pytest.fixture(scope="module")
def digits() -> Training:
    return run_of()


@pytest.fixture(scope="module")
def sprites() -> Training:
    colour = untrained(target={"kind": "sprites", "held_out": 100})
    return Training(presets.changed(colour, SMALL), CPU)


def finished(order: m.ExportFilm, run: Training) -> list[m.Answer]:
    told: list[m.Answer] = []
    task = orders.task(order, run, told.append)
    while task.work():
        pass
    return told


def picture_of(path: Path, frame: int = 0) -> np.ndarray[Any, np.dtype[np.int64]]:
    with Image.open(path) as file:
        file.seek(frame)
        return np.asarray(file.convert("RGB")).astype(np.int64)


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("colour", [False, True])
def test_a_strip_shows_every_state_from_left_to_right(
    digits: Training, sprites: Training, tmp_path: Path, scale: int, colour: bool
) -> None:
    run = sprites if colour else digits
    film = settle(run, film_chain=3)
    path = tmp_path / "strip.png"
    finished(m.ExportFilm(str(path), first=3, scale=scale), run)
    sheet_of_all, side = picture_of(path), (32 if colour else 8) * scale
    width = (sheet_of_all.shape[1] - film_files.GAP) // 5 - film_files.GAP
    assert sheet_of_all.shape[1] == 5 * (width + film_files.GAP) + film_files.GAP and width >= side
    for index, image in enumerate(coloured(film.images)):
        left = film_files.GAP + index * (width + film_files.GAP) + (width - side) // 2
        tile = sheet_of_all[film_files.GAP : film_files.GAP + side, left : left + side]
        assert np.array_equal(tile, zoomed(image, scale)), "pixel by pixel"
        below = sheet_of_all[film_files.GAP + side :, left : left + width]
        assert (below.sum(2) < 400).sum() > 30, "there is something to read"
        gap = film_files.GAP + index * (width + film_files.GAP) - film_files.GAP
        assert (sheet_of_all[:, gap : gap + film_files.GAP] == 255).all(), "no caption reaches into the next one"


def test_a_strip_without_captions_is_images_alone(digits: Training, tmp_path: Path) -> None:
    finished(m.ExportFilm(str(tmp_path / "strip.png"), first=0, scale=2, captions=False), digits)
    expected = sheet(np.repeat(np.repeat(settle(digits).images, 2, 1), 2, 2), 5, film_files.GAP)
    bare = picture_of(tmp_path / "strip.png")
    inside = slice(film_files.GAP, -film_files.GAP)
    assert np.array_equal(bare[inside, inside], expected)


def test_long_strips_go_on_in_another_row() -> None:
    tiles = captions.Tiles(8, 8, 4, [("step 20000", "E −1.23e+03", "9")])
    image = np.zeros((8, 8, 3), dtype=np.uint8)
    drawn = [tiles.drawn(image, ("step 20000", "E −1.23e+03", "9"))] * 400
    whole = captions.strip(drawn, 8, 4096)
    assert whole.size[0] <= 4096
    width, height = tiles.size
    rows = (whole.size[1] - 8) // (height + 8)
    columns = (whole.size[0] - 8) // (width + 8)
    assert rows * columns >= 400 > (rows - 1) * columns


@pytest.mark.parametrize("suffix", ["webp", "gif"])
@pytest.mark.parametrize("colour", [False, True])
def test_an_animation_has_every_frame(
    digits: Training, sprites: Training, tmp_path: Path, suffix: str, colour: bool
) -> None:
    run = sprites if colour else digits
    path = tmp_path / f"film.{suffix}"
    told = finished(m.ExportFilm(str(path), first=2, scale=2, rate=20), run)
    assert m.Written(str(path), "film") in told
    film = settle(run, film_chain=2)
    with Image.open(path) as file:
        assert getattr(file, "n_frames", 1) == 5
        file.seek(1)
        file.load()
        assert file.info["duration"] == 50
    for index, image in enumerate(coloured(film.images)):
        frame = picture_of(path, index)
        side = 2 * image.shape[0]
        left = (frame.shape[1] - side) // 2
        away = np.abs(frame[:side, left : left + side] - zoomed(image, 2))
        assert away.max() == 0 if suffix == "webp" else away.mean() < 12  # noise has more than 256 colours


@pytest.mark.parametrize("colour", [False, True])
def test_all_chains_are_one_grid_that_moves(digits: Training, sprites: Training, tmp_path: Path, colour: bool) -> None:
    run = sprites if colour else digits
    path = tmp_path / "all.webp"
    told = finished(m.ExportFilm(str(path), first=-1, scale=3), run)
    part = rested(run)
    for frame, images in ((0, part.base), (4, part.gebm)):
        seen = picture_of(path, frame)
        grid = zoomed(sheet(images, 3, film_files.GRID_GAP), 3)
        left = (seen.shape[1] - grid.shape[1]) // 2
        assert np.array_equal(seen[: grid.shape[0], left : left + grid.shape[1]], grid)
    progress = [(answer.done, answer.total) for answer in told if isinstance(answer, m.Progress)]
    assert progress[-1] == (1, 1) and progress[:-1] == sorted(progress[:-1])
    assert all(total == 24 + 5 for _, total in progress[:-1])


def test_a_large_grid_is_zoomed_less(tmp_path: Path) -> None:
    run = run_of(reel__chains=256, reel__steps=2, reel__frames=2)
    finished(m.ExportFilm(str(tmp_path / "all.webp"), first=-1, scale=16, captions=False), run)
    assert picture_of(tmp_path / "all.webp").shape[1] == 14 * (16 * 9 - 1) <= film_files.WIDEST_FILM


@pytest.mark.parametrize("mode", ["chain", "latent", "carried"])
def test_arrays_are_those_of_the_film(digits: Training, tmp_path: Path, mode: m.FilmMode) -> None:
    second = -1 if mode == "chain" else 7
    finished(m.ExportFilm(str(tmp_path / "film.npz"), mode=mode, first=5, second=second), digits)
    film = settle(digits, film_mode=mode, film_chain=5, film_second=second)
    with np.load(tmp_path / "film.npz") as found:
        assert np.array_equal(found["images"], film.images)
        assert found["at"].tolist() == film.at.tolist()
        assert np.array_equal(found["energy"], film.energy) and np.array_equal(found["potential"], film.potential)
        assert found["latents"].shape == (5, 4) and np.array_equal(found["latents"][:, :2], film.latents)
        assert tuple(found["labels"]) == film.labels


def test_arrays_of_all_chains_have_an_axis_of_chains(digits: Training, tmp_path: Path) -> None:
    finished(m.ExportFilm(str(tmp_path / "all.npz"), first=-1), digits)
    part = rested(digits, film_chain=4)
    assert part.film is not None
    with np.load(tmp_path / "all.npz") as found:
        assert found["images"].shape == (5, 9, 8, 8) and np.array_equal(found["images"][-1], part.gebm)
        assert np.array_equal(found["energy"][:, 4], part.film.energy)
        assert found["latents"].shape == (5, 9, 4) and found["potential"].shape == (5, 9)
        assert tuple(found["labels"][:, 4]) == part.film.labels


def test_a_file_shows_the_model_as_it_was_when_it_was_ordered(tmp_path: Path) -> None:
    run = run_of()
    before = settle(run).energy
    task = orders.task(m.ExportFilm(str(tmp_path / "film.npz")), run, lambda _: None)
    task.work()
    run.train(1)
    while task.work():
        pass
    with np.load(tmp_path / "film.npz") as found:
        assert np.array_equal(found["energy"], before)


def test_a_cancelled_film_leaves_nothing(digits: Training, tmp_path: Path) -> None:
    for pieces in (1, 25):
        task = orders.task(m.ExportFilm(str(tmp_path / "film.webp"), scale=16), digits, lambda _: None)
        for _ in range(pieces):
            assert task.work()
        task.cancel()
        assert not task.work() and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        (m.ExportFilm("a.mp4"), r"a\.mp4: a film is written as \.webp, \.gif, \.png or \.npz, not \.mp4"),
        (m.ExportFilm("a"), "not this"),
        (m.ExportFilm("a.png", first=-1), "all chains at once are a"),
        (m.ExportFilm("a.webp", mode="latent", first=-1, second=2), "all chains at once are a"),
        (m.ExportFilm("a.webp", first=9), "first image of a film: must be from -1 to 8, got 9"),
        (m.ExportFilm("a.webp", mode="carried", first=1), "second image of a film: must be from 0 to 8, got -1"),
        (m.ExportFilm("a.webp", scale=0), "scale of a film: must be from 1 to 16, got 0"),
        (m.ExportFilm("a.webp", rate=0), "rate of a film: must be from 1 to 50, got 0"),
    ],
)
def test_what_cannot_be_made_is_said_at_once(digits: Training, order: m.ExportFilm, problem: str) -> None:
    with pytest.raises(PresetError, match=problem):
        orders.task(order, digits, lambda _: None)


def test_points_have_no_film() -> None:
    run = Training(presets.changed(training("ring"), {"base.hidden": 8, "energy.hidden": 8}), CPU)
    with pytest.raises(PresetError, match="learns points and has no film"):
        orders.task(m.ExportFilm("a.webp"), run, lambda _: None)


def test_what_cannot_be_written_is_said(digits: Training, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for suffix in ("webp", "png", "npz"):
        with pytest.raises(OSError, match="file"):
            finished(m.ExportFilm(str(tmp_path / "file" / f"film.{suffix}")), digits)


def test_a_headless_run_writes_the_film_of_all_chains(digits: Training, tmp_path: Path) -> None:
    film = tmp_path / "film.gif"
    order = m.ExportFilm(str(film), first=-1, scale=2)
    assert headless(digits.preset, steps=1, out=tmp_path / "out", device="cpu", exports=[order], progress=False) == 0
    with Image.open(film) as file:
        assert getattr(file, "n_frames", 1) == 5
