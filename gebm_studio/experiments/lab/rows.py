"""Rows of a climb: step and bound, kept whole, and thinned once they are many."""

from __future__ import annotations

import numpy as np

from gebm_studio.experiments.lab.nodes import Doubles

MOST = 20_000
"""Rows at most: then every second one is dropped, and half as many are taken from there on."""


class Rows:
    """The climb so far.

    Attributes:
        every: Steps from one row to the next.
        drawn: How often the rows have been made anew, so that rows which were sent do not go on with these.
    """

    def __init__(self) -> None:
        self.drawn = 0
        self.clear()

    def __len__(self) -> int:
        return self._count

    def clear(self) -> None:
        """Begin again."""
        self.every, self._count = 1, 0
        self._table = np.empty((256, 2))
        self.drawn += 1

    def add(self, step: int, bound: float) -> None:
        """Take a row, where it is its turn."""
        if step % self.every:
            return
        if self._count == MOST:
            self._load(self.table[::2], 2 * self.every)
            if step % self.every:
                return
        if self._count == len(self._table):
            self._table = np.concatenate([self._table, np.empty_like(self._table)])
        self._table[self._count] = step, bound
        self._count += 1

    @property
    def table(self) -> Doubles:
        """All rows (m, 2)."""
        return self._table[: self._count].copy()

    def since(self, first: int) -> Doubles:
        """The rows (k, 2) from one on."""
        return self._table[first : self._count].copy()

    def load(self, table: Doubles, every: int) -> None:
        """Take back the rows of a file.

        Raises:
            ValueError: Where they are no rows.
        """
        if table.ndim != 2 or table.shape[1] != 2 or every < 1:
            raise ValueError(f"its bound has rows of the shape {table.shape}, every {every} steps")
        self._load(table, every)

    def _load(self, table: Doubles, every: int) -> None:
        self._table, self._count, self.every = table.copy(), len(table), every
        self._table = np.concatenate([self._table, np.empty((256, 2))])
        self.drawn += 1
