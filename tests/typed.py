"""What is known of values by more than their type: for tests that read attributes of one kind."""

from __future__ import annotations

from pathlib import Path

from gebm_studio import presets
from gebm_studio.schema import KINDS, Preset, TrainingPreset


def training(preset: str | Path | Preset) -> TrainingPreset:
    """A preset as one of a training; one with a name or a file is loaded."""
    made = preset if isinstance(preset, Preset) else presets.load(preset)
    assert isinstance(made, TrainingPreset), f"{made.title} is of kind {made.kind}"
    return made


def plain(kind: str) -> Preset:
    """A preset of a kind that says nothing but its title."""
    return KINDS[kind].model_validate({"title": "t"})
