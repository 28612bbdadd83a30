"""Work in pieces: what takes longer than a frame goes on between frames, and stale work is dropped."""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Generic, TypeVar

from gebm_studio.divergences.pieces import Pieces, finished

__all__ = ["Later", "Pieces", "finished"]

T = TypeVar("T")


class Later(Generic[T]):
    """The newest of several pieces of work: another key takes the place of what is under way.

    Attributes:
        key: What the work depends on; None before any.
    """

    def __init__(self) -> None:
        self.key: Hashable = None
        self._pieces: Pieces[None] | None = None

    def want(self, key: Hashable, pieces: Pieces[None]) -> None:
        """Have this done from now on."""
        self.key, self._pieces = key, pieces

    @property
    def pending(self) -> bool:
        """Whether something is left to do."""
        return self._pieces is not None

    def work(self, seconds: float) -> None:
        """Do pieces until so much time has passed, at least one; nothing where nothing is left."""
        until = time.perf_counter() + seconds
        while self._pieces is not None:
            try:
                next(self._pieces)
            except StopIteration:
                self._pieces = None
            if time.perf_counter() >= until:
                return
