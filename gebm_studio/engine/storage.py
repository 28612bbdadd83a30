"""Saved runs: `run.gebm`, a zip of settings, tensors and counts. Reading one executes nothing."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from gebm_studio.experiments import Experiment, Saved, begin
from gebm_studio.files import explain, written_aside
from gebm_studio.presets import PresetError, parse, to_toml
from gebm_studio.schema import Preset

FORMAT = 1
PRESET, STATE, META = "preset.toml", "state.safetensors", "meta.json"
E = TypeVar("E", bound=Experiment)
LIMIT = 2 * 1024**3
"""Bytes of a part, so that a hostile zip cannot fill the memory."""
LONGEST = 160
"""Letters of what is told of a state that does not fit."""


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    import numpy

    import gebm_studio

    return {"gebm_studio": gebm_studio.__version__, "torch": str(torch.__version__), "numpy": numpy.__version__}


def save(run: Experiment, path: Path | str) -> None:
    """Write a run so that `load` continues it bit for bit on the CPU.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
        Diverged: Where finishing what the run had begun does so; nothing is written.
    """
    saved = run.saved()
    tensors = {name: value.cpu().contiguous() for name, value in saved.tensors.items()}
    meta = {"format": FORMAT, "versions": versions(), "folder": run.folder} | saved.facts
    with written_aside(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(PRESET, to_toml(run.preset))
        archive.writestr(STATE, safetensors.torch.save(tensors))
        archive.writestr(META, json.dumps(meta, indent=2))


def load(
    path: Path | str,
    device: torch.device,
    make: Callable[[Preset, torch.device, str], E] = begin,  # type: ignore[assignment]
) -> E:
    """The run that `save` wrote, ready to continue, as what `make` makes of its settings.

    Raises:
        PresetError: In one line, where the file is missing, broken, of a newer format, or does not fit itself.
    """
    path = Path(path).expanduser()
    preset, meta, tensors = _read(path, with_state=True)
    run = make(preset, device, str(meta.get("folder", "")))
    try:
        run.take_back(Saved(tensors, meta))
    except (KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise PresetError([f"{path}: its state does not fit its settings ({_first_line(error)})"]) from error
    return run


def settings(path: Path | str) -> tuple[Preset, str]:
    """The settings of a saved run, and where their relative file names start.

    Raises:
        PresetError: As `load`.
    """
    preset, meta, _ = _read(Path(path).expanduser(), with_state=False)
    return preset, str(meta.get("folder", ""))


def _read(path: Path, *, with_state: bool) -> tuple[Preset, dict[str, Any], dict[str, Tensor]]:
    try:
        with zipfile.ZipFile(path) as archive:
            preset_text = _part(archive, PRESET, path).decode("utf-8")
            state = _part(archive, STATE, path) if with_state else b""
            meta = json.loads(_part(archive, META, path))
        if not isinstance(meta, dict) or not isinstance(meta.get("format"), int):
            raise PresetError([f"{path}: not a saved run: {META} names no format"])
        if meta["format"] > FORMAT:
            raise PresetError(
                [f"{path}: format {meta['format']} is newer than this studio reads ({FORMAT}); update it"]
            )
        tensors = safetensors.torch.load(state) if with_state else {}
    except FileNotFoundError as error:
        raise PresetError([explain(error, path, "read")]) from error
    except (zipfile.BadZipFile, json.JSONDecodeError, UnicodeDecodeError, SafetensorError) as error:
        raise PresetError([f"{path}: not a saved run ({_first_line(error)})"]) from error
    except OSError as error:
        raise PresetError([explain(error, path, "read")]) from error
    return parse(preset_text, f"{path}: {PRESET}"), meta, tensors


def _part(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise PresetError([f"{path}: not a saved run: it has no {name}"]) from error
    if info.file_size > LIMIT:
        raise PresetError([f"{path}: {name} is larger than {LIMIT} bytes"])
    return archive.read(info)


def _first_line(error: Exception) -> str:
    """What went wrong, without the rest; of weights that do not fit the second line alone says what."""
    lines = [line.strip(" \t.") for line in str(error).strip().splitlines()] or [type(error).__name__]
    said = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
