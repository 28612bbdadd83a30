"""Saved runs: `run.gebm`, a zip of settings, tensors and counts. Reading one executes nothing."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import safetensors.torch
import torch
from safetensors import SafetensorError

from gebm_studio.experiments import Training
from gebm_studio.files import explain, written_aside
from gebm_studio.presets import PresetError, parse, to_toml
from gebm_studio.schema import Preset

FORMAT = 1
PRESET, STATE, META = "preset.toml", "state.safetensors", "meta.json"
CURVES = "curves"
R = TypeVar("R", bound=Training)
LIMIT = 2 * 1024**3
"""Bytes of a part, so that a hostile zip cannot fill the memory."""


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    import numpy

    import gebm_studio

    return {"gebm_studio": gebm_studio.__version__, "torch": str(torch.__version__), "numpy": numpy.__version__}


def save(run: Training, path: Path | str) -> None:
    """Write a run so that `load` continues it bit for bit on the CPU.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    run.settle()
    tensors = {name: value.cpu().contiguous() for name, value in run.tensors().items()}
    tensors[CURVES] = torch.from_numpy(run.curves.since(0))
    meta = {
        "format": FORMAT,
        "versions": versions(),
        "counts": run.counts(),
        "folder": run.folder,
        "curves": list(run.curves.columns),
        "notes": run.evaluation.notes,
    }
    with written_aside(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(PRESET, to_toml(run.preset))
        archive.writestr(STATE, safetensors.torch.save(tensors))
        archive.writestr(META, json.dumps(meta, indent=2))


def load(path: Path | str, device: torch.device, kind: type[R] = Training) -> R:  # type: ignore[assignment]
    """The run that `save` wrote, ready to continue, as a `Training` or a kind of it.

    Raises:
        PresetError: In one line, where the file is missing, broken, of a newer format, or does not fit itself.
    """
    path = Path(path).expanduser()
    try:
        with zipfile.ZipFile(path) as archive:
            preset_text = _part(archive, PRESET, path).decode("utf-8")
            state = _part(archive, STATE, path)
            meta = json.loads(_part(archive, META, path))
        if not isinstance(meta, dict) or not isinstance(meta.get("format"), int):
            raise PresetError([f"{path}: not a saved run: {META} names no format"])
        if meta["format"] > FORMAT:
            raise PresetError(
                [f"{path}: format {meta['format']} is newer than this studio reads ({FORMAT}); update it"]
            )
        tensors = safetensors.torch.load(state)
    except FileNotFoundError as error:
        raise PresetError([explain(error, path, "read")]) from error
    except (zipfile.BadZipFile, json.JSONDecodeError, UnicodeDecodeError, SafetensorError) as error:
        raise PresetError([f"{path}: not a saved run ({_first_line(error)})"]) from error
    except OSError as error:
        raise PresetError([explain(error, path, "read")]) from error
    return _rebuilt(parse(preset_text, f"{path}: {PRESET}"), tensors, meta, device, path, kind)


def _part(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise PresetError([f"{path}: not a saved run: it has no {name}"]) from error
    if info.file_size > LIMIT:
        raise PresetError([f"{path}: {name} is larger than {LIMIT} bytes"])
    return archive.read(info)


def _rebuilt(
    preset: Preset, tensors: dict[str, Any], meta: dict[str, Any], device: torch.device, path: Path, kind: type[R]
) -> R:
    run = kind(preset, device, str(meta.get("folder", "")))
    try:
        rows = tensors.pop(CURVES).numpy()
        if list(run.curves.columns) == meta["curves"]:
            run.curves.replace(rows)
        run.load_tensors(tensors, meta["counts"])
        run.evaluation.notes.update({str(name): str(text) for name, text in meta["notes"].items()})
    except (KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise PresetError([f"{path}: its state does not fit its settings ({_first_line(error)})"]) from error
    return run


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
