"""What is wrong with a table of settings, in lines for a person: what, value, allowed range, what to do."""

from __future__ import annotations

import datetime
import difflib
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gebm_studio.schema import KINDS, Preset, Section, Setting, TrainingPreset, describe

_NOUNS = {"int": "a whole number", "float": "a number", "bool": "true or false", "text": "text", "section": "a table"}
_PYDANTIC_NOUNS = {
    "int": "a whole number",
    "float": "a finite number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
}
_RANGE_TYPES = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_LONGEST = 60


def problems_of(error: ValidationError, table: Mapping[str, Any]) -> list[str]:
    """One line for each thing that pydantic found wrong in a table, each once."""
    details = error.errors(include_url=False)
    return list(dict.fromkeys(one_line(line) for detail in details for line in _lines(detail, table)))


def unknown_setting(path: str, preset: Preset) -> str:
    """The line for a dotted path that names no setting of the preset."""
    known: list[str] = []
    for name in type(preset).model_fields:
        part = getattr(preset, name)
        known += [f"{name}.{inner}" for inner in type(part).model_fields] if isinstance(part, Section) else [name]
    near = difflib.get_close_matches(path, known, n=3)
    advice = f"did you mean {' or '.join(near)}?" if near else "--schema prints all settings"
    return f"{one_line(path)}: no such setting; {advice}"


def setting_at(path: str, table: Mapping[str, Any]) -> Setting | None:
    """The description of the setting at a dotted path of a table, whose kinds may be anything."""
    group, _, name = path.rpartition(".")
    model, name = _holder(path, table), name.split("[")[0]
    if model is None or name not in model.model_fields:
        return None
    return describe(name, model.model_fields[name], group)


def one_line(text: str) -> str:
    """The text without line breaks and control characters."""
    return " ".join(" ".join(text.splitlines()).split()) if not text.isprintable() else text


def _lines(detail: ErrorDetails, table: Mapping[str, Any]) -> Iterator[str]:
    path, kind, value = _path(detail["loc"], table), detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "value_error":
        for line in str(context["error"]).splitlines():
            yield _joined(path, line, table)
    elif kind == "extra_forbidden":
        yield f"{path}: unknown key; {_near_keys(path, table)}"
    elif kind == "missing" and isinstance(detail["loc"][-1], int):
        yield f"{path}: missing; the list needs an entry here"
    elif kind == "missing":
        yield f"{path}: missing; add it"
    elif kind == "union_tag_not_found":
        yield f"{path}: its kind is missing; add kind, {_kinds(path, table)}"
    elif kind == "union_tag_invalid":
        yield f"{path}.kind: must be {_kinds(path, table)}, got {_shown(value.get('kind'))}"
    elif kind in ("too_short", "too_long"):
        yield from _length(path, kind, value, context, ("entry", "entries"))
    elif kind in ("string_too_short", "string_too_long"):
        yield from _length(path, kind.removeprefix("string_"), value, context, ("character", "characters"))
    else:
        yield f"{path}: must {_demand(path, detail, table)}, got {_shown(value)}"


def _demand(path: str, detail: ErrorDetails, table: Mapping[str, Any]) -> str:
    """What a value must be, from the setting's description where there is one."""
    kind, (first, *_) = detail["type"], detail["type"].split("_")
    setting, entry = setting_at(path, table), path.endswith("]")
    if kind.startswith(("model_", "dict_")) or (setting and setting.kind == "section"):
        return "be a table"
    if setting and setting.kind == "choices":
        return f"be {setting.range_text().replace('some of', 'one of') if entry else 'a list'}"
    if setting and setting.choices and not entry:
        return f"be {setting.range_text()}"
    allowed = setting.range_text() if setting and not entry else ""
    if kind in _RANGE_TYPES and setting and allowed:
        return f"lie {allowed}" if setting.high is not None else f"be a number {allowed}"
    if setting and setting.kind in _NOUNS and not entry:
        return f"be {_NOUNS[setting.kind]} {allowed if setting.kind in ('int', 'float') else ''}".rstrip()
    if first in _PYDANTIC_NOUNS:
        return f"be {_PYDANTIC_NOUNS[first]}"
    return "be something else: " + one_line(detail["msg"])


def _length(path: str, kind: str, value: Any, context: Mapping[str, Any], nouns: tuple[str, str]) -> Iterator[str]:
    low, high = context.get("min_length"), context.get("max_length")
    noun = nouns[(low if kind == "too_short" else high) != 1]
    count = len(value) if isinstance(value, Sequence) else context.get("actual_length")
    # Entries that are wrong themselves are left out of pydantic's count; they have lines of their own.
    if kind == "too_short" and not (isinstance(count, int) and isinstance(low, int) and count >= low):
        yield f"{path}: must have {low} {noun} or more, got {count}"
    elif kind == "too_long":
        yield f"{path}: must have {high} {noun} or fewer, got {count}"


def _joined(path: str, line: str, table: Mapping[str, Any]) -> str:
    """A section's own check names its key first: `weights: …` becomes `target.weights: …`."""
    key, colon, rest = line.partition(":")
    model = _section_class(path, table) if path else None
    if colon and model and key in model.model_fields:
        return f"{path}.{key}:{rest}"
    return f"{path}: {line}" if path else line


def _path(location: tuple[int | str, ...], table: Mapping[str, Any]) -> str:
    """A dotted path without the tag that pydantic adds for a choice between kinds."""
    parts = list(location)
    if len(parts) > 1:
        group = table.get(str(parts[0]))
        if isinstance(group, Mapping) and group.get("kind") == parts[1] and _members(str(parts[0]), table)[1:]:
            del parts[1]
    text = ""
    for part in parts:
        name = part if isinstance(part, int) or str(part).isidentifier() else repr(part)
        text += f"[{name}]" if isinstance(part, int) else f".{name}" if text else str(name)
    return text


def preset_class(table: Mapping[str, Any]) -> type[Preset]:
    """The class of preset that a table means; a training where it names none, or none that there is."""
    kind = table.get("kind")
    return KINDS.get(kind, TrainingPreset) if isinstance(kind, str) else TrainingPreset


def _members(group: str, table: Mapping[str, Any]) -> tuple[type[Section], ...]:
    """The classes that a preset's section can have: several where its kind chooses."""
    field = preset_class(table).model_fields.get(group)
    annotation = field.annotation if field else None
    candidates = typing.get_args(annotation) or (annotation,)
    return tuple(c for c in candidates if isinstance(c, type) and issubclass(c, Section))


def _kinds(group: str, table: Mapping[str, Any]) -> str:
    return "one of " + ", ".join(str(member.model_fields["kind"].default) for member in _members(group, table))


def _section_class(group: str, table: Mapping[str, Any]) -> type[Section] | None:
    """The class of the section that a table means by `group`."""
    members = _members(group, table)
    if len(members) == 1:
        return members[0]
    part = table.get(group)
    kind = part.get("kind") if isinstance(part, Mapping) else None
    return next((member for member in members if member.model_fields["kind"].default == kind), None)


def _holder(path: str, table: Mapping[str, Any]) -> type[Section] | None:
    """The class that has the last key of a path such as `sampler.friction` or `race.lanes[0].friction`."""
    group, *inner = [key.split("[")[0] for key in path.split(".")[:-1]] or [""]
    model = _section_class(group, table) if group else preset_class(table)
    for key in inner:
        annotation = model.model_fields[key].annotation if model and key in model.model_fields else None
        entry = next(iter(typing.get_args(annotation)), None)
        model = entry if isinstance(entry, type) and issubclass(entry, Section) else None
    return model


def _near_keys(path: str, table: Mapping[str, Any]) -> str:
    model = _holder(path, table)
    known = list(model.model_fields) if model else []
    near = difflib.get_close_matches(path.rpartition(".")[2], known, n=1)
    return f"did you mean {near[0]}?" if near else "allowed: " + ", ".join(known)


def _shown(value: Any) -> str:
    """A value as TOML would write it, cut where it is long."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, Mapping):
        text = "a table"
    elif isinstance(value, datetime.date | datetime.time):
        text = value.isoformat()
    else:
        try:
            text = repr(value)
        except ValueError:
            text = "a number of thousands of digits"
    text = one_line(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
