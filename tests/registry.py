"""All that the schema holds, for tests over the whole of it."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Annotated, Any

from gebm_studio.schema import KINDS, Section


def section_classes(kind: str) -> Iterator[tuple[str, type[Section]]]:
    """Every group of a kind of preset with every class that it can have, entries of its lists among them."""
    for group, field in KINDS[kind].model_fields.items():
        for model in _classes(field.annotation):
            yield group, model
            yield from ((f"{group}.{name}", inner) for name, inner in _entries(model))


def _classes(annotation: Any) -> list[type[Section]]:
    """The sections in an annotation: one, those of a choice, or the entries of a list."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    if typing.get_origin(annotation) is Annotated:
        return _classes(typing.get_args(annotation)[0])
    return [model for member in typing.get_args(annotation) for model in _classes(member)]


def _entries(model: type[Section]) -> Iterator[tuple[str, type[Section]]]:
    for name, field in model.model_fields.items():
        yield from ((name, inner) for inner in _classes(field.annotation))
