"""Work in pieces: generators that give way between pieces and return their result."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")


def whole(pieces: Generator[Any, None, T]) -> T:
    """All pieces at once."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found: T = end.value
            return found


def without_values(pieces: Generator[None, None, T]) -> Generator[dict[str, float], None, T]:
    """The pieces of a measurement, as pieces of a row that have no value yet."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found: T = end.value
            return found
        yield {}
