"""Saved runs: bit for bit back, and one clear line for every broken file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from gebm_studio import presets
from gebm_studio.engine import storage
from gebm_studio.experiments import Training
from gebm_studio.presets import PresetError
from tests.typed import training

CPU = torch.device("cpu")
SMALL = {"base.hidden": 16, "base.depth": 1, "energy.hidden": 16, "energy.depth": 1, "training.batch": 32}


def small_run(**changes: Any) -> Training:
    return Training(presets.changed(training("ring"), SMALL | changes), CPU)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sampler.name": "ula"},
        {"sampler.scheme": "BAOAB"},
        {"energy.spectral_norm": True},
        {"objective.name": "donsker_varadhan"},
        {"training.train": "energy"},
        {"training.train": "none"},
        {"target": "moons"},
    ],
    ids=str,
)
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = small_run(**changes)
    run.train(7)
    storage.save(run, tmp_path / "run.gebm")
    resumed: Training = storage.load(tmp_path / "run.gebm", CPU)
    run.train(13)
    resumed.train(13)
    ours, theirs = run.tensors(), resumed.tensors()
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []
    assert run.counts() == resumed.counts()
    assert repr(run.curves.since(0).tolist()) == repr(resumed.curves.since(0).tolist())


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "run.gebm"
    storage.save(small_run(), path)
    return path


def rewritten(path: Path, name: str, content: bytes | None) -> Path:
    """A copy of a saved run with one part replaced or left out."""
    other = path.with_name("other.gebm")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
        for part in source.namelist():
            if part != name:
                target.writestr(part, source.read(part))
            elif content is not None:
                target.writestr(part, content)
    return other


@pytest.mark.parametrize(
    ("part", "content", "says"),
    [
        (storage.META, None, "it has no meta.json"),
        (storage.STATE, None, "it has no state.safetensors"),
        (storage.PRESET, b"title = ", "not valid TOML"),
        (storage.PRESET, b"\xff\xfe", "not a saved run"),
        (storage.META, b"{", "not a saved run"),
        (storage.META, b"[]", "names no format"),
        (storage.META, b'{"format": 999}', "newer than this studio"),
        (storage.META, b'{"format": 1}', "does not fit its settings"),
        (storage.STATE, b"garbage", "not a saved run"),
    ],
)
def test_broken_parts_are_told_in_one_line(saved: Path, part: str, content: bytes | None, says: str) -> None:
    with pytest.raises(PresetError) as caught:
        storage.load(rewritten(saved, part, content), CPU)
    assert says in str(caught.value)
    assert len(caught.value.problems) == 1
    assert "\n" not in caught.value.problems[0]


def test_a_state_of_another_model_is_refused(saved: Path) -> None:
    text = zipfile.ZipFile(saved).read(storage.PRESET).decode().replace("hidden = 16", "hidden = 8")
    with pytest.raises(PresetError, match=r"does not fit its settings \(.*size mismatch for") as caught:
        storage.load(rewritten(saved, storage.PRESET, text.encode()), CPU)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip at all"])
def test_files_that_are_no_run(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.gebm"
    path.write_bytes(content)
    with pytest.raises(PresetError, match="not a saved run"):
        storage.load(path, CPU)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="cannot read"):
        storage.load(tmp_path / "none.gebm", CPU)
    with pytest.raises(PresetError, match="cannot read"):
        storage.load(tmp_path, CPU)


def test_a_save_holds_no_code_and_names_its_format(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        assert set(archive.namelist()) == {storage.PRESET, storage.STATE, storage.META}
        meta = json.loads(archive.read(storage.META))
    assert meta["format"] == storage.FORMAT
    assert set(meta["versions"]) == {"gebm_studio", "torch", "numpy"}


def test_a_failed_save_keeps_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def full(*_: Any, **__: Any) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save", full)
    with pytest.raises(OSError, match="No space left"):
        storage.save(small_run(), saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]
