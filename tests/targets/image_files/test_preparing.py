"""What is kept in the data folder: made once, made again when its source changes, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio.presets import PresetError
from gebm_studio.schema.images import ImageFiles
from gebm_studio.targets import ImageSet, missing
from gebm_studio.targets.image_files import sets
from gebm_studio.targets.image_files.about import About
from gebm_studio.targets.image_files.prepared import Prepared
from tests.targets.image_files.makers import CPU, build, mnist, pictures, pixels, stored


def section(path: Path, **more: Any) -> ImageFiles:
    return ImageFiles.model_validate({"source": "folder", "path": str(path), "size": "8", "held_out": 10, **more})


def silent(done: int, total: int, what: str) -> None:
    pass


def kept() -> list[str]:
    return sorted(path.name for path in sets.store().iterdir()) if sets.store().is_dir() else []


def test_a_set_is_prepared_once_with_progress_and_told_what_was_done(tmp_path: Path) -> None:
    made = pictures(tmp_path, 150)
    work = missing(section(tmp_path))
    assert work is not None and work.name == "images"
    told: list[tuple[int, int, str]] = []
    assert work.run(lambda *far: told.append(far)) == ()
    assert told[0][2].startswith("Listing") and told[-1] == (150, 150, "Preparing images")
    assert missing(section(tmp_path)) is None
    before = {name: (sets.store() / name).stat().st_mtime_ns for name in kept()}
    np.testing.assert_array_equal(stored(build(tmp_path, size="8")), made)
    assert {name: (sets.store() / name).stat().st_mtime_ns for name in kept()} == before
    about = json.loads(next(sets.store().glob("*.json")).read_text())
    assert about["training"] == 150
    assert about["fitted"].startswith("middle square, RGB, resized to 8×8, where it differs, by the Lanczos")


def test_each_way_to_fit_is_kept_beside_the_others(tmp_path: Path) -> None:
    pictures(tmp_path, 30)
    ways: list[dict[str, Any]] = [{}, {"size": "16"}, {"colour": "grey"}, {"crop": "stretch"}]
    for way in ways:
        build(tmp_path, **{"size": "8", **way})
    assert len(kept()) == 8
    assert all(missing(section(tmp_path, **way)) is None for way in ways)


@pytest.mark.parametrize("change", ["content", "added", "removed", "deep"])
def test_a_changed_source_is_prepared_again(tmp_path: Path, change: str) -> None:
    pictures(tmp_path / "a", 30)
    first = stored(build(tmp_path, size="8"))
    os.utime(tmp_path / "a", ns=(1, 1))
    build(tmp_path, size="8")
    changed = tmp_path / "a" / "0007.png"
    if change == "content":
        changed.write_bytes((tmp_path / "a" / "0008.png").read_bytes() + b" ")
    elif change == "removed":
        changed.unlink()
    else:
        place = tmp_path / "a" / ("deep" if change == "deep" else "")
        place.mkdir(exist_ok=True)
        shutil.copy(changed, place / "new.png")
    assert missing(section(tmp_path)) is not None
    again = stored(build(tmp_path, size="8"))
    assert not np.array_equal(first, again)
    assert len(again) == {"content": 30, "removed": 29}.get(change, 31)


def test_a_folder_around_the_data_folder_is_not_changed_by_what_is_prepared(own_folders: Path) -> None:
    made = pictures(own_folders, 30)
    np.testing.assert_array_equal(stored(build(own_folders, size="8")), made)
    pictures(sets.store() / "other", 5)
    assert missing(section(own_folders)) is None


def test_a_header_is_as_long_for_any_number_of_images(tmp_path: Path) -> None:
    prepared = Prepared(section(tmp_path), "")
    lengths = set()
    for count in (0, 9, 10**4, 10**9):
        with open(tmp_path / "head", "wb") as stream:
            prepared._write_header(stream, count)
            lengths.add(stream.tell())
    assert len(lengths) == 1 and lengths.pop() % 64 == 0


def test_a_source_that_is_not_here_now_has_not_changed(tmp_path: Path) -> None:
    made = pictures(tmp_path / "disk", 30)
    build(tmp_path / "disk", size="8")
    shutil.rmtree(tmp_path / "disk")
    np.testing.assert_array_equal(stored(build(tmp_path / "disk", size="8")), made)


@pytest.mark.parametrize("damage", ["cut", "about", "gone"])
def test_damaged_files_of_the_data_folder_are_made_again(tmp_path: Path, damage: str) -> None:
    made = pictures(tmp_path, 30)
    build(tmp_path, size="8")
    images, about = next(sets.store().glob("*.npy")), next(sets.store().glob("*.json"))
    if damage == "cut":
        images.write_bytes(images.read_bytes()[:-1])
    elif damage == "about":
        about.write_text("{")
    else:
        images.unlink()
    np.testing.assert_array_equal(stored(build(tmp_path, size="8")), made)


def test_what_is_ended_leaves_nothing_half_written(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def stop(done: int, total: int, what: str) -> None:
        if done >= 64:
            raise Enough

    pictures(tmp_path, 150)
    work = missing(section(tmp_path))
    assert work is not None
    with pytest.raises(Enough):
        work.run(stop)
    assert kept() == []


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path, 30)
    work = missing(section(tmp_path))
    assert work is not None
    small = shutil.disk_usage(tmp_path)._replace(free=1000)
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: small)
        with pytest.raises(PresetError, match=r"no space left on device; free some space") as before:
            work.run(silent)

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(PresetError, match=r"no space left on device; free some space") as after:
        work.run(silent)
    assert len(before.value.problems) == len(after.value.problems) == 1
    assert kept() == []


def test_held_out_images_are_of_the_sets_own_test_or_else_never_drawn(tmp_path: Path) -> None:
    pictures(tmp_path / "all", 60)
    target = build(tmp_path / "all", size="8", held_out=30)
    known = {image.numpy().tobytes() for image in target.held_out}
    drawn = {image.numpy().tobytes() for image in target.sample(3000, torch.Generator().manual_seed(0))}
    assert len(known) == 30 == len(drawn) and not known & drawn
    everything = {(image / np.float32(127.5) - 1).astype(np.float32).tobytes() for image in stored(target)}
    assert known | drawn == everything
    other = build(tmp_path / "all", size="8", held_out=30, seed=1)
    assert not torch.equal(other.held_out, target.held_out)


def test_too_few_images_for_those_held_out_are_told(tmp_path: Path) -> None:
    pictures(tmp_path / "few", 30)
    with pytest.raises(PresetError, match=r"held_out = 16, but at most half of the 30 images of .* \(15\)"):
        build(tmp_path / "few", size="8", held_out=16)
    mnist(tmp_path / "own", pixels(30, 28, 28), pixels(12, 28, 28))
    with pytest.raises(PresetError, match=r"held_out = 13, but .* has 12 test images; give at most that"):
        build(tmp_path / "own", "mnist", held_out=13)


def test_paths_start_in_the_folder_of_the_preset(tmp_path: Path) -> None:
    made = pictures(tmp_path / "sets" / "mine", 30)
    np.testing.assert_array_equal(stored(build("mine", size="8", folder=tmp_path / "sets")), made)
    assert missing(section(Path("mine")), str(tmp_path / "sets")) is None


def test_memory_does_not_grow_with_the_number_of_images(tmp_path: Path) -> None:
    """Twelve gigabytes on a sparse file: a million images, of which some hundreds are read."""
    pictures(tmp_path, 30)
    wanted = section(tmp_path, size="64", held_out=100)
    build(tmp_path, size="64")
    prepared = Prepared(wanted, "")
    about = prepared.about()
    assert about is not None
    with open(prepared.images, "rb+") as stream:
        prepared._write_header(stream, 1_000_000)
        head = stream.tell()
    os.truncate(prepared.images, head + 1_000_000 * 3 * 64 * 64)
    replace(about, training=1_000_000).write(next(sets.store().glob("*.json")))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    target = ImageSet(wanted, seed=0, device=CPU)
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        assert target.sample(128, generator).shape == (128, 3, 64, 64)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert target.about.training == 1_000_000 and grown < 150, f"{grown:.0f} MiB"


def test_preparing_holds_a_small_part_of_a_set_at_a_time(tmp_path: Path) -> None:
    import tracemalloc

    np.savez(tmp_path / "a.npz", images=np.zeros((30_000, 64, 64), np.uint8))
    work = missing(section(tmp_path / "a.npz", size="64", colour="grey"))
    assert work is not None
    tracemalloc.start()
    work.run(silent)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 << 20, f"{peak >> 20} MiB of {30_000 * 64 * 64 >> 20}"


def test_what_is_told_survives_its_file(tmp_path: Path) -> None:
    about = About("mnist", "/a/b", "x", 3, 2, "digit", ("0", "1"), (1, 2), 1, ("é: cut",), {"/a": [1, 2], "/b": None})
    about.write(tmp_path / "about.json")
    assert About.read(tmp_path / "about.json") == about
