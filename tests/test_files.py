"""Files are written aside and take their place whole, or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from gebm_studio import files, presets
from gebm_studio.schema import TrainingPreset


def _leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with files.written_aside(target) as aside:
        aside.write_text("new")
        assert target.read_text() == "old"
        assert aside.suffix == ".txt" and aside.parent == tmp_path
    assert target.read_text() == "new"
    assert _leftovers(tmp_path) == ["a.txt"]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    with files.written_aside(tmp_path / "deep" / "er" / "a.txt") as aside:
        aside.write_text("x")
    assert (tmp_path / "deep" / "er" / "a.txt").read_text() == "x"


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write() -> None:
        with files.written_aside(target) as aside:
            aside.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write()
    assert target.read_text() == "old"
    assert _leftovers(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_full_disk_at_any_step_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    target = tmp_path / "preset.toml"
    target.write_text("old")

    def fails(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(f"gebm_studio.files.os.{step}", fails)
    with pytest.raises(OSError, match="No space") as caught:
        presets.save(TrainingPreset(title="t"), target)
    monkeypatch.undo()
    assert target.read_text() == "old"
    assert _leftovers(tmp_path) == ["preset.toml"]
    line = files.explain(caught.value, target)
    assert line == f"cannot write {target}: no space left on device; free some space or choose another disk"


def test_a_folder_in_the_way_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="directory"), files.written_aside(tmp_path / "taken") as aside:
        aside.write_text("x")
    assert _leftovers(tmp_path) == ["taken"]


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    target = tmp_path / "file" / "a.txt"
    with pytest.raises(OSError, match=r"exists|directory") as caught, files.written_aside(target):
        pass
    assert files.explain(caught.value, target) == (
        f"cannot write {target}: {tmp_path / 'file'} is a file, not a folder; choose another place"
    )


def test_an_unwritable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Simulated, since root may write anywhere.
    def refuses(*arguments: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "some temporary name")

    monkeypatch.setattr("gebm_studio.files.tempfile.mkstemp", refuses)
    with pytest.raises(PermissionError) as caught:
        presets.save(TrainingPreset(title="t"), tmp_path / "a.toml")
    line = files.explain(caught.value, tmp_path / "a.toml")
    assert line == f"cannot write {tmp_path / 'a.toml'}: permission denied; choose a folder that you may write to"
    assert _leftovers(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_a_new_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    with files.written_aside(tmp_path / "ours") as aside:
        aside.write_text("x")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_folders_follow_the_environment(own_folders: Path) -> None:
    assert files.settings_folder() == own_folders / "config" / files.APP
    assert files.state_folder() == own_folders / "state" / files.APP


@pytest.mark.parametrize("folder", ["presets", "resources"])
def test_what_ships_is_found(folder: str) -> None:
    assert files.shipped(folder).is_dir() and any(files.shipped(folder).iterdir())
