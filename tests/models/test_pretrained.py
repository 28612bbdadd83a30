"""Weights that ship: read only where they belong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gebm_studio import presets
from gebm_studio.experiments import Training
from gebm_studio.models import pretrained
from gebm_studio.presets import PresetError
from gebm_studio.schema import TrainingPreset
from tests.typed import training

CPU = torch.device("cpu")
SMALL = {
    "base.hidden": 16, "base.depth": 1, "energy.hidden": 16, "energy.depth": 1, "training.batch": 32,
    "training.pretrained": "digits",
}  # fmt: skip


def small(**changes: object) -> TrainingPreset:
    return presets.changed(training("ring"), SMALL | {k.replace("__", "."): v for k, v in changes.items()})


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Training:
    """A model that was trained a little, in the place of the one that ships as `digits`."""
    monkeypatch.setattr(pretrained, "path_of", lambda name: tmp_path / f"{name}.safetensors")
    run = Training(small(training__pretrained="none"), CPU)
    run.train(3)
    pretrained.write(tmp_path / "digits.safetensors", run.model, run.preset, {"steps": "3"})
    return run


def test_a_run_begins_with_what_another_ended_with(shipped: Training) -> None:
    run = Training(small(seed=5), CPU)
    for ours, theirs in zip(run.model.parameters(), shipped.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert float(run.model.log_partition) == pytest.approx(run.evaluation.starting_constant(), abs=0.1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"base__hidden": 32}, "base.hidden 16, not 32"),
        ({"energy__depth": 2, "base__depth": 2}, "base.depth 1, not 2, energy.depth 1, not 2"),
        ({"energy__kind": "linear"}, "energy.kind mlp, not linear"),
        ({"objective__name": "gan"}, "objective kale, not gan"),
    ],
)
@pytest.mark.usefixtures("shipped")
def test_other_settings_are_refused_by_name(change: dict[str, object], named: str) -> None:
    with pytest.raises(PresetError, match=f"made with {named}; choose none"):
        Training(small(**change), CPU)


@pytest.mark.usefixtures("shipped")
def test_a_target_of_another_shape_is_told_in_a_line() -> None:
    with pytest.raises(PresetError, match="its weights do not fit images of this target"):
        Training(small(target__kind="digits"), CPU)


@pytest.mark.usefixtures("shipped")
def test_a_missing_and_a_damaged_file_are_told_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "digits.safetensors"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(PresetError, match="damaged"):
        Training(small(), CPU)
    path.unlink()
    with pytest.raises(PresetError, match="is not there; choose none"):
        Training(small(), CPU)


@pytest.mark.parametrize("name", ["digits", "sprites"])
def test_the_shipped_models_are_small_and_say_how_they_were_made(name: str) -> None:
    import safetensors

    path = pretrained.path_of(name)
    assert path.stat().st_size < 3_000_000
    with safetensors.safe_open(path, framework="pt") as stored:
        assert {"settings", "made"} <= set(stored.metadata())
