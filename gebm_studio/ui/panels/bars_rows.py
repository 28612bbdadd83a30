"""Which divergences stand where among the bars, and how their numbers are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gebm_studio.messages import Value
from gebm_studio.schema.measures import ABOUT, PHI, Family, Measure
from gebm_studio.ui.panels.numbers import short, with_error

Unit = Literal["number", "length"]

DIGITS = 4
"""Significant digits of a number without an error."""


@dataclass(frozen=True)
class Group:
    """Rows under one heading."""

    title: str
    tip: str
    measures: tuple[Measure, ...]


GROUPS = (
    Group(
        "φ-divergences",
        "E_Q φ(p/q) with a convex φ, φ(1) = 0: a law is compared with another through the ratio of their densities.",
        ("kl", "reverse_kl", "jeffrey", "pearson", "neyman", "hellinger", "jensen_shannon", "gan"),
    ),
    Group(
        "in both families",
        "½ ∫ |p − q| is a φ-divergence with φ(u) = ½ |u − 1|, and the integral probability metric of the functions "
        "with values in [0, 1]: up to a factor the only divergence that is both.",
        ("total_variation",),
    ),
    Group(
        "integral probability metrics",
        "sup E_P f − E_Q f over a class of functions: a law is compared with another through its means.",
        ("mmd", "half_mmd2"),
    ),
    Group(
        "transport, in lengths",
        "What it costs to move one law onto the other; W₁ is an integral probability metric too. Sinkhorn's cost is "
        "half a squared length.",
        ("w1", "w2", "sliced_w2", "sinkhorn"),
    ),
    Group(
        "KALE",
        "KL's variational bound with a critic that costs what it varies: from ½ MMD² to KL as λ falls.",
        ("kale", "kale_features", "lipschitz_w1"),
    ),
    Group("estimates", "From draws of both laws alone, with their statistical error.", ("knn_kl",)),
)
ORDER: tuple[Measure, ...] = tuple(name for group in GROUPS for name in group.measures)
NATS: frozenset[Measure] = frozenset(
    ("kl", "reverse_kl", "jeffrey", "jensen_shannon", "gan", "kale", "kale_features", "lipschitz_w1", "knn_kl")
)
BRACKETS: tuple[tuple[Family, ...], ...] = (("phi", "both"), ("both", "ipm"))
"""What belongs to either of the two families, which a bracket holds together."""


def unit_of(name: Measure) -> Unit:
    """What bars must have in common to stand on one scale."""
    return "length" if name in GROUPS[3].measures else "number"


def in_family(name: Measure, families: tuple[Family, ...]) -> bool:
    """Whether a divergence belongs to one of some families."""
    return ABOUT[name].family in families


@dataclass(frozen=True)
class Heading:
    """A line with the title of a group."""

    group: Group


Row = Heading | Value
"""A line of the board."""


def rows_of(values: Sequence[Value], wanted: Sequence[Measure]) -> tuple[Row, ...]:
    """The lines to show, top to bottom, under the headings that they need: those wanted, or all where none is named."""
    have = {value.name: value for value in values}
    rows: list[Row] = []
    for group in GROUPS:
        shown = [have[name] for name in group.measures if name in have and (not wanted or name in wanted)]
        rows += [Heading(group), *shown] if shown else []
    return tuple(rows)


def number(value: Value, with_errors: bool = True) -> str:
    """The value with as many digits as its error leaves."""
    if not math.isfinite(value.value) or not value.error > 0.5 * 10.0**-DIGITS * abs(value.value):
        return short(value.value, DIGITS)
    text = with_error(value.value, value.error)
    return text if with_errors else text.partition(" ±")[0]


def can_be_chosen(name: Measure) -> bool:
    """Whether integrand, conjugate and tangent of a divergence can be shown."""
    return name in PHI


def sentence(value: Value) -> str:
    """One line on a value."""
    about = ABOUT[value.name]
    unit = " nats" if value.name in NATS and math.isfinite(value.value) else ""
    parts = [f"{about.label} = {about.formula}: {number(value)}{unit}", value.protocol, value.note]
    if not value.fresh:
        parts.append("of an earlier pair; the present one is being computed")
    return " · ".join(part for part in parts if part)


def tip(row: Row) -> str:
    """What the tooltip of a line says, as rich text, which Qt breaks into lines."""
    if isinstance(row, Heading):
        return f"<qt><b>{_safe(row.group.title)}</b><br>{_safe(row.group.tip)}</qt>"
    about = ABOUT[row.name]
    unit = " nats" if row.name in NATS and math.isfinite(row.value) else ""
    lines = [f"<b>{_safe(about.label)}</b> = {_safe(about.formula)}"]
    if not math.isnan(row.value):
        error = f" ± {short(row.error, 2)}" if row.error > 0 and math.isfinite(row.value) else ""
        lines.append(f"{short(row.value, 6)}{error}{unit}")
    lines += [_safe(text) for text in (row.protocol, row.note) if text]
    if not row.fresh:
        lines.append("Of an earlier pair; the present one is being computed.")
    if about.family == "both":
        lines.append("A φ-divergence and an integral probability metric.")
    if row.name == "w1":
        lines.append("An integral probability metric and a cost of transport.")
    if can_be_chosen(row.name):
        lines.append("Click: its integrand, conjugate and tangent.")
    return f"<qt>{'<br>'.join(lines)}</qt>"


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
