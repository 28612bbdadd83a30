"""Presets as files: load, save, list, change; errors that name key, value and range."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gebm_studio.files import explain, shipped, written_aside
from gebm_studio.schema import Preset, Section, Setting, describe, settings_of, value_at

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
]

FIRST = "ring"
"""The preset that the studio opens first."""


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
    """The file of a preset: a path, or the name or figure id of a shipped preset.

    Raises:
        PresetError: Where there is none, naming the nearest.
    """
    path = Path(name).expanduser()
    if path.suffix == ".toml" or path.is_file():
        return path
    shipped_names = {file.stem: file for file in sorted(shipped("presets").glob("*.toml"))}
    wanted = str(name).lower()
    if wanted in shipped_names:
        return shipped_names[wanted]
    by_figure = [file for stem, file in shipped_names.items() if stem.split("_")[0] == wanted]
    if by_figure:
        return by_figure[0]
    near = difflib.get_close_matches(wanted, shipped_names, n=3)
    advice = f"did you mean {', '.join(near)}?" if near else "use --list to see all"
    raise PresetError([f"preset {str(name)!r}: no such preset or file; {advice}"])


def load(name: str | Path) -> Preset:
    """The preset of a name, a figure id or a file.

    Raises:
        PresetError: With every problem of the file at once, one line each.
    """
    path = find(name)
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PresetError([explain(error, path, "read")]) from error
    except UnicodeDecodeError as error:
        raise PresetError([f"{path}: not a text file in UTF-8 (byte {error.start})"]) from error
    return parse(text, str(path))


def parse(text: str, where: str) -> Preset:
    """The preset of a TOML text; `where` begins each line of an error.

    Raises:
        PresetError: With every problem at once, one line each.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PresetError([f"{where}: not valid TOML: {_one_line(str(error))}"]) from error
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


def changed(preset: Preset, changes: Mapping[str, Any], where: str = "settings") -> Preset:
    """The preset with the settings at some dotted paths replaced, checked as a whole.

    A change of `target`, `base` or `energy` to the name of another kind takes that kind's defaults.

    Raises:
        PresetError: With one line for each unknown path or bad value.
    """
    table = preset.model_dump(exclude_none=True)
    problems = []
    for path, value in changes.items():
        *groups, name = path.split(".")
        section = table
        for group in groups:
            section = section.get(group, {}) if isinstance(section, dict) else {}
        if not groups and name in sections(preset) and isinstance(value, str):
            table[name] = {"kind": value}
        elif groups and name == "kind":
            table[groups[0]] = {"kind": value}
        elif not _known(preset, table, groups, name):
            problems.append(f"{where}: {_unknown(path, preset)}")
        elif value is None:
            section.pop(name, None)
        else:
            section[name] = value
    if problems:
        raise PresetError(problems)
    return _validated(table, where)


def assignment(text: str) -> tuple[str, Any]:
    """The path and value of `sampler.friction=0.5`, the value as in TOML, bare words as text.

    Raises:
        PresetError: Where there is no `=`.
    """
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise PresetError([f"--set {text!r}: must read key=value, such as sampler.friction=0.5"])
    try:
        return path.strip(), tomllib.loads(f"value = {value.strip()}")["value"]
    except tomllib.TOMLDecodeError:
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
        raise PresetError([_unknown(path, preset)])
    if name not in type(section).model_fields:
        raise PresetError([_unknown(path, preset)])
    return describe(name, type(section).model_fields[name], groups[0] if groups else "")


def _known(preset: Preset, table: dict[str, Any], groups: list[str], name: str) -> bool:
    if not groups:
        return name in Preset.model_fields
    if len(groups) > 1 or groups[0] not in sections(preset):
        return False
    section = sections(preset)[groups[0]]
    if "kind" in type(section).model_fields and table[groups[0]].get("kind") != getattr(section, "kind", None):
        return True  # an earlier change took another kind: the schema itself will judge
    return name in type(section).model_fields


def _unknown(path: str, preset: Preset) -> str:
    known = [name for name in Preset.model_fields if name not in sections(preset)]
    for group, section in sections(preset).items():
        known += [f"{group}.{name}" for name in type(section).model_fields]
    near = difflib.get_close_matches(path, known, n=3)
    return f"{path}: no such setting; " + (f"did you mean {', '.join(near)}?" if near else "see --schema")


def _validated(table: dict[str, Any], where: str) -> Preset:
    try:
        return Preset.model_validate(table)
    except ValidationError as error:
        lines = [f"{where}: {line}" for detail in error.errors() for line in _lines(detail, table)]
        raise PresetError(list(dict.fromkeys(lines))) from error


def _lines(detail: ErrorDetails, table: Mapping[str, Any]) -> list[str]:
    """One line for each thing that pydantic found wrong: what, value, allowed range, what to do."""
    path = _path(detail["loc"], table)
    value, context, kind = detail["input"], detail.get("ctx", {}), detail["type"]
    shown = _shown(value)
    setting = _setting(path, table)
    allowed = f" (allowed: {setting.range_text()})" if setting and setting.range_text() else ""
    prefix = f"{path}: " if path else ""
    if kind == "extra_forbidden":
        return [f"{prefix}unknown key; {_near_keys(path, table)}"]
    if kind == "missing":
        return [f"{prefix}missing; add it"]
    if kind == "union_tag_invalid":
        return [f"{prefix}unknown kind {_shown(context.get('tag'))}; use one of {context.get('expected_tags')}"]
    if kind == "union_tag_not_found":
        return [f"{prefix}kind is missing; it says which {path} this is"]
    if kind == "value_error":
        return [f"{prefix}{line}" for line in str(context["error"]).splitlines()]
    if kind == "literal_error":
        return [f"{prefix}must be one of {context.get('expected')}, got {shown}"]
    message = _one_line(detail["msg"]).replace("Input should", "must").replace("valid dictionary", "table")
    return [f"{prefix}{message}, got {shown}{allowed}"]


def _path(location: tuple[int | str, ...], table: Mapping[str, Any]) -> str:
    """A dotted path without the tag that pydantic adds for a choice between kinds."""
    parts = list(location)
    if len(parts) > 1:
        group = table.get(str(parts[0]))
        if isinstance(group, Mapping) and group.get("kind") == parts[1]:
            del parts[1]
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _section_class(group: str, table: Mapping[str, Any]) -> type[Section] | None:
    """The class of the section that a file means by `[group]`."""
    try:
        sample = Preset.model_construct(**{}) if group not in Preset.model_fields else Preset.model_fields[group]
        kind = table[group].get("kind") if isinstance(table.get(group), Mapping) else None
        members = getattr(getattr(sample, "annotation", None), "__args__", (getattr(sample, "annotation", None),))
    except KeyError:
        return None
    for member in members:
        if isinstance(member, type) and issubclass(member, Section):
            tag = member.model_fields.get("kind")
            if tag is None or tag.default == kind:
                return member
    return None


def _setting(path: str, table: Mapping[str, Any]) -> Setting | None:
    group, dot, name = path.partition(".")
    model = _section_class(group, table) if dot else Preset
    name = (name if dot else group).split("[")[0]
    if model is None or name not in model.model_fields:
        return None
    return describe(name, model.model_fields[name], group if dot else "")


def _near_keys(path: str, table: Mapping[str, Any]) -> str:
    group, dot, name = path.partition(".")
    model = _section_class(group, table) if dot else Preset
    known = list(model.model_fields) if model else []
    near = difflib.get_close_matches(name if dot else group, known, n=1)
    return f"did you mean {near[0]}?" if near else "allowed: " + ", ".join(known)


def _shown(value: Any) -> str:
    text = _one_line(repr(value))
    return text if len(text) <= 60 else text[:57] + "..."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def numeric_settings(preset: Preset) -> list[Setting]:
    """Every setting with a number, for tests and tables over the whole schema."""
    found = []
    for name, section in sections(preset).items():
        found += [s for s in settings_of(section, name) if s.kind in ("int", "float")]
    return found
