"""Work in pieces: it yields after each small one, so that other work may go on in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")
Pieces = Generator[None, None, T]
"""Work that yields after each small piece and returns its result."""


def finished(pieces: Generator[Any, None, T]) -> T:
    """The result of work, done to its end."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found: T = end.value
            return found
