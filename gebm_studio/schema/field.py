"""How one setting is described: bounds, unit, scale, help, and whether it acts live.

Everything that shows or checks a setting (controls, command line, validation, JSON Schema)
reads these descriptions; none of them is written down a second time.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, Strict
from pydantic.fields import FieldInfo

Scale = Literal["linear", "log"]
Grouped = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Choices under headings: (heading, ((choice, what it is), …)), …."""
Real = Annotated[float, Strict(), AllowInfNan(False)]
"""A number inside a tuple: an integer is accepted; text, infinity and NaN are not."""


class Section(BaseModel):
    """A frozen group of settings that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def setting(
    default: Any,
    *,
    help: str,
    label: str | None = None,
    symbol: str = "",
    unit: str = "",
    scale: Scale = "linear",
    live: bool = False,
    slider: tuple[float, float] | None = None,
    when: tuple[str, tuple[str, ...]] | None = None,
    grouped: Grouped = (),
    **bounds: Any,
) -> Any:
    """A pydantic field that carries what a control needs to show it.

    Arguments:
        default: The value where a file is silent.
        help: One sentence, with the formula that the setting enters.
        label: The control's label, where the field's own name would not read well.
        symbol: The symbol of the formula, such as ``κ``.
        unit: The unit, empty for a pure number.
        scale: The slider's scale.
        live: Whether a running experiment takes the change; otherwise it needs a restart.
        slider: The range that the slider covers where it is narrower than the bounds.
        when: ``(sibling, values)``: the setting acts only while the sibling has one of the values.
        grouped: All choices under headings, each with a line on what it is, where there are many.
        bounds: ``ge``, ``gt``, ``le``, ``lt``, ``min_length``, ``max_length`` as pydantic names them.
    """
    extra: dict[str, Any] = {"unit": unit, "scale": scale, "live": live, "symbol": symbol}
    if slider is not None:
        extra["slider"] = list(slider)
    if when is not None:
        extra["when"] = {"setting": when[0], "values": list(when[1])}
    if grouped:
        extra["grouped"] = {heading: dict(choices) for heading, choices in grouped}
    # Text in place of a number must be refused; literals and tuples check themselves.
    strict = True if isinstance(default, bool | int | float) else None
    return Field(default, title=label, description=help, strict=strict, json_schema_extra=extra, **bounds)


@dataclass(frozen=True)
class Setting:
    """One setting as a control or the command line sees it.

    ``kind`` is ``bool``, ``int``, ``float``, ``text``, ``choice``, ``choices`` (several of them, in order),
    ``numbers``, ``section`` (a choice between groups of settings, told apart by their ``kind`` key) or ``sections``
    (a list of groups).
    """

    path: str
    label: str
    kind: str
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    symbol: str = ""
    unit: str = ""
    scale: Scale = "linear"
    live: bool = False
    slider: tuple[float, float] | None = None
    when: tuple[str, tuple[str, ...]] | None = None
    grouped: Grouped = ()

    def range_text(self) -> str:
        """The allowed values in words, for messages and tooltips."""
        if self.choices:
            return ("some of " if self.kind == "choices" else "one of ") + ", ".join(self.choices)
        if self.kind == "bool":
            return "true or false"
        low = "" if self.low is None else f"{'above' if self.low_open else 'from'} {number(self.low)}"
        if self.high is None:
            return low
        if self.high_open:
            return f"{low} to below {number(self.high)}" if low else f"below {number(self.high)}"
        return f"{low} to {number(self.high)}" if low else f"up to {number(self.high)}"


def number(value: float) -> str:
    """A number as a person writes it: 1e-7, 0.15, 2147483647."""
    if float(value).is_integer() and abs(value) < 1e12:
        return str(int(value))
    mantissa, exponent, power = f"{value:g}".partition("e")
    return mantissa + (f"e{int(power)}" if exponent else "")


def settings_of(section: Section | type[Section], prefix: str = "") -> Iterator[Setting]:
    """Every setting of a section, in the order of its fields.

    Arguments:
        section: A section, or its class.
        prefix: Put before each name with a dot, so that paths read ``sampler.friction``.
    """
    model = section if isinstance(section, type) else type(section)
    for name, field in model.model_fields.items():
        if name != "kind":
            yield describe(name, field, prefix)


def describe(name: str, field: FieldInfo, prefix: str = "") -> Setting:
    """The description of one pydantic field."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    kind, choices, optional = _kind(field.annotation)
    low, high, low_open, high_open = None, None, False, False
    for bound in field.metadata:
        if isinstance(bound, Ge):
            low = typing.cast(float, bound.ge)
        elif isinstance(bound, Gt):
            low, low_open = typing.cast(float, bound.gt), True
        elif isinstance(bound, Le):
            high = typing.cast(float, bound.le)
        elif isinstance(bound, Lt):
            high, high_open = typing.cast(float, bound.lt), True
    slider = typing.cast("list[float] | None", extra.get("slider"))
    when = typing.cast("dict[str, Any] | None", extra.get("when"))
    grouped = typing.cast("dict[str, dict[str, str]]", extra.get("grouped", {}))
    return Setting(
        path=f"{prefix}.{name}" if prefix else name,
        label=field.title or name.replace("_", " ").capitalize(),
        kind=kind,
        default=None if field.is_required() else field.get_default(call_default_factory=True),
        help=field.description or "",
        low=low,
        high=high,
        low_open=low_open,
        high_open=high_open,
        optional=optional,
        choices=choices,
        symbol=str(extra.get("symbol", "")),
        unit=str(extra.get("unit", "")),
        scale=typing.cast(Scale, extra.get("scale", "linear")),
        live=bool(extra.get("live", False)),
        slider=(slider[0], slider[1]) if slider else None,
        when=(when["setting"], tuple(when["values"])) if when else None,
        grouped=tuple((heading, tuple(notes.items())) for heading, notes in grouped.items()),
    )


def _kind(annotation: Any) -> tuple[str, tuple[str, ...], bool]:
    """The kind of control for an annotation, its choices, and whether it may be absent."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _kind(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        members = typing.get_args(annotation)
        present = [member for member in members if member is not type(None)]
        if all(isinstance(member, type) and issubclass(member, Section) for member in present):
            tags = tuple(str(member.model_fields["kind"].default) for member in present)
            return "section", tags, False
        return _kind(present[0])[0], (), len(present) < len(members)
    if origin is Literal:
        return "choice", tuple(str(value) for value in typing.get_args(annotation)), False
    if origin is tuple:
        entry = typing.get_args(annotation)[0]
        if typing.get_origin(entry) is Literal:
            return "choices", tuple(str(value) for value in typing.get_args(entry)), False
        many = isinstance(entry, type) and issubclass(entry, Section)
        return ("sections" if many else "numbers"), (), False
    simple = {bool: "bool", int: "int", float: "float", str: "text"}
    if annotation in simple:
        return simple[annotation], (), False
    return "section", (), False
