"""Models that ship with the studio: weights in safetensors, beside the settings that they belong to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from torch import Tensor

from gebm_studio.files import explain, shipped, written_aside
from gebm_studio.models.gebm import Gebm
from gebm_studio.presets import PresetError
from gebm_studio.schema import TrainingPreset
from gebm_studio.schema.model import Base, Energy

SECTIONS: dict[str, TypeAdapter[Any]] = {"base": TypeAdapter(Base), "energy": TypeAdapter(Energy)}
FORMAT = "1"


def path_of(name: str) -> Path:
    """Where the model of that name lies."""
    return shipped("resources") / "models" / f"{name}.safetensors"


def settings_of(preset: TrainingPreset) -> dict[str, Any]:
    """The settings that weights belong to: base and energy, and the objective, which says how a critic is read."""
    return {
        "base": preset.base.model_dump(mode="json"),
        "energy": preset.energy.model_dump(mode="json"),
        "objective": preset.objective.name,
    }


def write(path: Path, model: Gebm, preset: TrainingPreset, facts: dict[str, str]) -> None:
    """Write a model, with facts on how it was made and how good it is.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    metadata = {"format": FORMAT, "settings": json.dumps(settings_of(preset)), **facts}
    with written_aside(path) as aside:
        safetensors.torch.save_file(tensors, aside, metadata)


def load(name: str, model: Gebm, preset: TrainingPreset) -> None:
    """Give a model the weights that ship under a name.

    Raises:
        PresetError: In one line, where the file is not to be had, or belongs to other settings.
    """
    path = path_of(name)
    try:
        with safetensors.safe_open(path, framework="pt") as stored:
            metadata: dict[str, str] = stored.metadata() or {}
            tensors: dict[str, Tensor] = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
    except OSError as error:
        raise PresetError([f"training.pretrained {name}: {explain(error, path, 'read')}"]) from error
    except SafetensorError as error:
        raise PresetError([f"training.pretrained {name}: {path} is damaged ({error}); install again"]) from error
    differing = _differing(json.loads(metadata.get("settings", "{}")), settings_of(preset))
    if differing:
        raise PresetError(
            [
                f"training.pretrained {name}: its {' and '.join(differing)} differ from these settings; "
                "choose none, or take them from the preset that begins with it"
            ]
        )
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise PresetError([f"training.pretrained {name}: {path} does not fit its settings ({reason})"]) from error


def _differing(theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """The settings that two sets of them do not share; what an older file is silent of has its default."""
    filled = dict(theirs)
    for part, section in SECTIONS.items():
        try:
            filled[part] = section.validate_python(theirs.get(part)).model_dump(mode="json")
        except ValidationError:
            filled[part] = None
    return [part for part in ours if filled.get(part) != ours[part]]
