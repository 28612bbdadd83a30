"""The schema of a preset: the single description of everything that a person can set."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from gebm_studio.schema.divergences import DivergencesPreset
from gebm_studio.schema.field import Section, Setting, describe, setting, settings_of
from gebm_studio.schema.model import Base, Energy
from gebm_studio.schema.objective import Objective
from gebm_studio.schema.particles import ParticlesPreset
from gebm_studio.schema.preset import Preset
from gebm_studio.schema.run import Training, View
from gebm_studio.schema.sampling import Decay, Lane, Race, Sampler
from gebm_studio.schema.study import Compare, Variant
from gebm_studio.schema.sweep import Sweep
from gebm_studio.schema.target import Target
from gebm_studio.schema.training import TrainingPreset

__all__ = [
    "KINDS",
    "Base",
    "Compare",
    "Decay",
    "DivergencesPreset",
    "Energy",
    "Lane",
    "Objective",
    "ParticlesPreset",
    "Preset",
    "Race",
    "Sampler",
    "Section",
    "Setting",
    "Sweep",
    "Target",
    "Training",
    "TrainingPreset",
    "Variant",
    "View",
    "describe",
    "json_schema",
    "setting",
    "settings_of",
    "value_at",
]

KINDS: dict[str, type[Preset]] = {
    str(preset.model_fields["kind"].default): preset for preset in (TrainingPreset, DivergencesPreset, ParticlesPreset)
}
"""The kinds of preset, by what their file calls them; a file that names none is a training."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a preset of any kind."""
    every = TrainingPreset | DivergencesPreset | ParticlesPreset
    adapter: TypeAdapter[Preset] = TypeAdapter(Annotated[every, Field(discriminator="kind")])
    return adapter.json_schema()


def value_at(preset: Preset, path: str) -> Any:
    """The value of the setting at a dotted path.

    Raises:
        KeyError: Where the preset has no such setting.
    """
    value: Any = preset
    for name in path.split("."):
        if not isinstance(value, Section) or name not in type(value).model_fields:
            raise KeyError(path)
        value = getattr(value, name)
    return value
