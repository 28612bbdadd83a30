"""Work in pieces that is a part of other work, whose pieces tell something else."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

T = TypeVar("T")
Y = TypeVar("Y")
V = TypeVar("V")


def telling(pieces: Generator[Y, None, T], tell: Callable[[Y], V]) -> Generator[V, None, T]:
    """The same pieces and result; what each gives is what `tell` makes of it."""
    while True:
        try:
            given = next(pieces)
        except StopIteration as end:
            found: T = end.value
            return found
        yield tell(given)


def without_values(pieces: Generator[None, None, T]) -> Generator[dict[str, float], None, T]:
    """The pieces of a measurement, as pieces of a row that have no value yet."""
    return telling(pieces, lambda _: {})
