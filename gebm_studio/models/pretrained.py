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
    except FileNotFoundError as error:
        raise PresetError(
            [f"training.pretrained {name}: {path} is not there; choose none, or install again"]
        ) from error
    except OSError as error:
        raise PresetError([f"training.pretrained {name}: {explain(error, path, 'read')}"]) from error
    except SafetensorError as error:
        raise PresetError([f"training.pretrained {name}: {path} is damaged ({error}); install again"]) from error
    differing = _differing(json.loads(metadata.get("settings", "{}")), settings_of(preset))
    if differing:
        raise PresetError(
            [
                f"training.pretrained {name}: it was made with {', '.join(differing)}; "
                "choose none, or take the settings of the preset that begins with it"
            ]
        )
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip(" \t.")
        said = f"its weights do not fit images of this target ({reason}); choose none, or the target that it learned"
        raise PresetError([f"training.pretrained {name}: {said}"]) from error


def _differing(theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """The settings that two sets of them do not share, with both values, theirs first.

    What an older file is silent of has its default.
    """
    found = []
    for part, here in ours.items():
        there: Any = theirs.get(part)
        if part not in SECTIONS:
            found += [f"{part} {there}, not {here}"] if there != here else []
            continue
        try:
            there = SECTIONS[part].validate_python(there).model_dump(mode="json")
        except ValidationError:
            there = {"kind": "unknown"}
        told = here if there["kind"] == here["kind"] else ["kind"]
        found += [f"{part}.{key} {there[key]}, not {here[key]}" for key in told if there[key] != here[key]]
    return found
