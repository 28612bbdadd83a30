"""Presets as files: load, save, list, change; errors that name key, value and range."""

from __future__ import annotations

import difflib
import re
import tomllib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import tomli_w
from pydantic import ValidationError

from gebm_studio.files import explain, shipped, written_aside
from gebm_studio.schema import (
    KINDS,
    Compare,
    Preset,
    Section,
    Setting,
    TrainingPreset,
    Variant,
    describe,
    settings_of,
    value_at,
)
from gebm_studio.schema.explain import one_line, preset_class, problems_of, setting_at, unknown_setting

__all__ = [
    "Entry",
    "PresetError",
    "assignment",
    "changed",
    "describe_path",
    "find",
    "listing",
    "load",
    "parse",
    "save",
    "sections",
    "to_toml",
    "value_at",
    "variants",
]

P = TypeVar("P", bound=Preset)

FIRST = "ring"
"""The preset that the studio opens first."""

RUN = ".gebm"
"""The suffix of a saved run."""

VARIED = ("base", "energy", "objective", "training", "sampler")
"""What the runs of a comparison may differ in: never the target or the seed."""
_SHARED = ("training.metrics_every", "training.truth_every", "training.until")
"""Rhythms that all runs of a comparison share."""

_LARGEST = 4 * 2**20


class PresetError(Exception):
    """A preset cannot be used; `problems` holds one line for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Entry:
    """One line of the list of presets."""

    name: str
    path: Path
    preset: Preset


def listing(folder: Path | None = None) -> tuple[list[Entry], list[str]]:
    """All presets of a folder (the shipped ones by default), and one line for each that is broken."""
    entries, problems = [], []
    for path in sorted((folder or shipped("presets")).glob("*.toml")):
        try:
            entries.append(Entry(path.stem, path, load(path)))
        except PresetError as error:
            problems.extend(error.problems)
    entries.sort(key=lambda entry: (entry.name != FIRST, entry.preset.figure, entry.name))
    return entries, problems


def find(name: str | Path) -> Path:
    """The file of a preset: the name or figure id of a shipped preset, or a path.

    Raises:
        PresetError: Where there is none, naming the nearest.
    """
    shipped_names = {file.stem: file for file in sorted(shipped("presets").glob("*.toml"))}
    figures = {stem: stem.partition("_")[0] for stem in reversed(shipped_names)}
    by_figure = {figure: shipped_names[stem] for stem, figure in figures.items() if re.fullmatch(r"f\d+", figure)}
    wanted = str(name).lower()
    for known in (shipped_names, by_figure):
        if wanted in known:
            return known[wanted]
    try:
        path = Path(name).expanduser()
        if path.suffix in (".toml", RUN) or path.is_file():
            return path
        if str(name) and path.is_dir():
            raise PresetError([f"preset {_shown(name)}: is a folder; name a file in it, or a preset (see --list)"])
    except (OSError, RuntimeError) as error:  # a name that is too long, or ~ of an unknown user
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise PresetError([f"preset {_shown(name)}: {reason.lower()}; check the name"]) from error
    near = difflib.get_close_matches(wanted, [*shipped_names, *by_figure], n=3)
    advice = f"did you mean {' or '.join(near)}?" if near else "--list shows all"
    raise PresetError([f"preset {_shown(name)}: no such preset or file; {advice}"])


def load(name: str | Path) -> Preset:
    """The preset of a name, a figure id or a file, also of a saved run.

    Raises:
        PresetError: With every problem of the file at once, one line each.
    """
    path = find(name)
    content = _content_of_run(path) if path.suffix == RUN else _content(path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PresetError([f"{path}: not a text file in UTF-8 (byte {error.start})"]) from error
    return parse(text, str(path))


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise PresetError([explain(error, path, "read")]) from error
    if len(content) > _LARGEST:
        raise PresetError([f"{path}: larger than {_LARGEST // 2**20} MB; a preset is a short text file"])
    return content


def _content_of_run(path: Path) -> bytes:
    """The settings in a saved run, which is a zip."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("preset.toml") as stream:
            return stream.read(_LARGEST)
    except OSError as error:
        raise PresetError([explain(error, path, "read")]) from error
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise PresetError([f"{path}: not a saved run, or a damaged one; choose another"]) from error


def parse(text: str, where: str) -> Preset:
    """The preset of a TOML text; `where` begins each line of an error.

    Raises:
        PresetError: With every problem at once, one line each.
    """
    try:
        table = tomllib.loads(text)
    except RecursionError as error:
        raise PresetError([f"{where}: not valid TOML: nested too deeply"]) from error
    except ValueError as error:  # also a number of more digits than Python reads
        raise PresetError([f"{where}: not valid TOML: {one_line(str(error))}"]) from error
    table.pop("run", None)  # what a finished run noted of itself (versions, device)
    return _validated(table, where)


def save(preset: Preset, path: Path | str, run: Mapping[str, Any] | None = None) -> None:
    """Write a preset as TOML; `run` notes how a result was made and is ignored when loading.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    with written_aside(path) as aside:
        aside.write_text(to_toml(preset, run), encoding="utf-8")


def to_toml(preset: Preset, run: Mapping[str, Any] | None = None) -> str:
    """All settings of a preset as TOML text."""
    table = preset.model_dump(exclude_none=True)
    if run:
        table["run"] = dict(run)
    return tomli_w.dumps(table)


def changed(preset: P, changes: Mapping[str, Any], where: str = "settings") -> P:
    """The preset with the settings at some dotted paths replaced, checked as a whole.

    A change of `target`, `base` or `energy` to the name of another kind takes that kind's defaults;
    `None`, or the word none, clears a setting that may be absent.

    Raises:
        PresetError: With one line for each unknown path or bad value.
    """
    table = preset.model_dump(exclude_none=True)
    problems = []
    for path, value in changes.items():
        group, _, name = path.rpartition(".")
        if path == "kind":
            problems.append(f"{where}: kind: stays {preset.kind}; open a preset of another kind instead")
        elif path in sections(preset) and isinstance(value, str):
            table[path] = {"kind": value}
        elif group in sections(preset) and name == "kind":
            table[group] = {"kind": value}
        elif path in type(preset).model_fields:
            table[path] = value
        elif not _known(preset, table, group, name):
            problems.append(f"{where}: {unknown_setting(path, preset)}")
        elif isinstance(table[group], dict):
            setting = setting_at(path, table)
            if value is None or (value == "none" and setting and setting.optional):
                table[group].pop(name, None)
            else:
                table[group][name] = value
    if problems:
        raise PresetError(problems)
    return cast(P, _validated(table, where))


def variants(preset: Preset, where: str = "settings") -> tuple[TrainingPreset, ...]:
    """The preset of each run of a comparison, alone; none where nothing is compared.

    Raises:
        PresetError: With one line for each change that cannot be, naming run and key.
    """
    if not isinstance(preset, TrainingPreset):
        return ()
    alone = preset.model_copy(update={"compare": Compare()})
    found, problems = [], []
    for index, run in enumerate(preset.compare.runs):
        place = f"{where}: compare.runs[{index}] ({run.label})"
        shared = [f"{place}: {_never_varies(path)}" for path in run.changes if _never_varies(path)]
        try:
            found.append(alone if shared else changed(alone, _kinds_first(run), place))
        except PresetError as error:
            problems += error.problems
        problems += shared
    if problems:
        raise PresetError(problems)
    return tuple(found)


def _never_varies(path: str) -> str:
    """Why a path cannot differ between the runs of a comparison; empty where it can."""
    group = path.partition(".")[0]
    if path in _SHARED:
        return f"{path} is the same for all runs; set it once, in [training]"
    if group in TrainingPreset.model_fields and group not in VARIED:
        return f"{path} is the same for all runs; runs may differ in {', '.join(VARIED)}"
    return ""


def _kinds_first(run: Variant) -> dict[str, Any]:
    """Its changes in such an order that a change of kind does not undo what follows from it."""
    return dict(sorted(run.changes.items(), key=lambda item: "." in item[0] and not item[0].endswith(".kind")))


def assignment(text: str) -> tuple[str, Any]:
    """The path and value of `sampler.friction=0.5`, the value as in TOML, bare words as text.

    Raises:
        PresetError: Where there is no `=`.
    """
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise PresetError([f"--set: must be key=value, such as sampler.friction=0.5, got {_shown(text)}"])
    try:
        return path.strip(), tomllib.loads(f"value = {value.strip()}")["value"]
    except (ValueError, RecursionError):
        return path.strip(), value.strip()


def sections(preset: Preset) -> dict[str, Section]:
    """The groups of settings of a preset, by name, in the order of the schema."""
    parts = {name: getattr(preset, name) for name in type(preset).model_fields}
    return {name: part for name, part in parts.items() if isinstance(part, Section)}


def describe_path(preset: Preset, path: str) -> Setting:
    """The description of the setting at a path.

    Raises:
        PresetError: Where there is no such setting.
    """
    *groups, name = path.split(".")
    section: Section = preset
    if len(groups) == 1 and groups[0] in sections(preset):
        section = sections(preset)[groups[0]]
    elif groups:
        raise PresetError([unknown_setting(path, preset)])
    if name not in type(section).model_fields:
        raise PresetError([unknown_setting(path, preset)])
    return describe(name, type(section).model_fields[name], groups[0] if groups else "")


def _known(preset: Preset, table: Mapping[str, Any], group: str, name: str) -> bool:
    part = sections(preset).get(group)
    if part is None:
        return False
    kept = isinstance(table[group], Mapping) and table[group].get("kind") == getattr(part, "kind", None)
    return not kept or name in type(part).model_fields  # of another kind the schema itself will judge


def _validated(table: dict[str, Any], where: str) -> Preset:
    kind = table.get("kind", "training")
    if not isinstance(kind, str) or kind not in KINDS:
        raise PresetError([f"{where}: kind: must be one of {', '.join(KINDS)}, got {_shown(kind)}"])
    try:
        preset = preset_class(table).model_validate(table)
    except ValidationError as error:
        raise PresetError([f"{where}: {line}" for line in problems_of(error, table)]) from error
    variants(preset, where)
    return preset


def _shown(name: object) -> str:
    text = repr(str(name))
    return text if len(text) <= 80 else text[:79] + "…"


def numeric_settings(preset: Preset) -> list[Setting]:
    """Every setting with a number, for tests and tables over the whole schema."""
    found = []
    for name, section in sections(preset).items():
        found += [s for s in settings_of(section, name) if s.kind in ("int", "float")]
    return found
