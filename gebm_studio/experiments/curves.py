"""The table of curves: named columns, rows appended in order, none ever dropped."""

from __future__ import annotations

import math

import numpy as np

from gebm_studio.messages import Doubles


class CurveTable:
    """Rows of measurements; a NaN means "not measured at this row"."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self._rows: list[tuple[float, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, values: dict[str, float]) -> None:
        """Add one row.

        Raises:
            KeyError: Where a name is not a column.
        """
        unknown = set(values) - set(self.columns)
        if unknown:
            raise KeyError(f"no such curve: {', '.join(sorted(unknown))}")
        self._rows.append(tuple(values.get(name, math.nan) for name in self.columns))

    def since(self, index: int) -> Doubles:
        """All rows from `index` on, (rows, columns)."""
        tail = self._rows[index:]
        return np.array(tail, dtype=np.float64).reshape(len(tail), len(self.columns))

    def replace(self, rows: Doubles) -> None:
        """Take the rows of a saved table, (rows, columns)."""
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
