"""The table of curves: named columns, rows appended in order, none ever dropped."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from gebm_studio.messages import Doubles


class CurveTable:
    """Rows of measurements; a NaN means "not measured at this row".

    A row whose measurements take long comes in pieces: `begin` it, `go_on` between other work, and it is
    appended when it is whole.
    """

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self._rows: list[tuple[float, ...]] = []
        self._unfinished: tuple[dict[str, float], Iterator[dict[str, float]]] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def measuring(self) -> bool:
        """Whether a row is not whole yet."""
        return self._unfinished is not None

    def append(self, values: dict[str, float]) -> None:
        """Add one row.

        Raises:
            KeyError: Where a name is not a column.
        """
        unknown = set(values) - set(self.columns)
        if unknown:
            raise KeyError(f"no such curve: {', '.join(sorted(unknown))}")
        self._rows.append(tuple(values.get(name, math.nan) for name in self.columns))

    def begin(self, row: dict[str, float], pieces: Iterator[dict[str, float]]) -> None:
        """Begin a row that pieces make whole; one that was not whole yet is finished first."""
        self.settle()
        self._unfinished = row, pieces
        self.go_on()

    def go_on(self) -> None:
        """Take one piece of a row that is not whole yet; the last one appends it."""
        if self._unfinished is None:
            return
        row, pieces = self._unfinished
        piece = next(pieces, None)
        if piece is None:
            self.append(row)
            self._unfinished = None
        else:
            row |= piece

    def settle(self) -> None:
        """Finish the row that is not whole yet."""
        while self._unfinished is not None:
            self.go_on()

    def since(self, index: int) -> Doubles:
        """All rows from `index` on, (rows, columns)."""
        tail = self._rows[index:]
        return np.array(tail, dtype=np.float64).reshape(len(tail), len(self.columns))

    def replace(self, rows: Doubles) -> None:
        """Take the rows of a saved table, (rows, columns), and drop one that is not whole."""
        self._unfinished = None
        self._rows = [tuple(float(value) for value in row) for row in rows]

    def latest(self) -> dict[str, float]:
        """The newest measured value of every column that was ever measured."""
        found: dict[str, float] = {}
        for row in reversed(self._rows):
            for name, value in zip(self.columns, row, strict=True):
                if name not in found and not math.isnan(value):
                    found[name] = value
            if len(found) == len(self.columns):
                break
        return found
