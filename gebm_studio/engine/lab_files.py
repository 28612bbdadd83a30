"""What a divergence lab writes: its values and swept curves as tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gebm_studio.experiments import DivergenceLab


def values_in_pieces(path: Path | str, lab: DivergenceLab) -> Iterator[None]:
    """Finish what is being computed, a piece at a time, and write every value and every swept curve as CSV.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    yield from ()


def results_in_pieces(lab: DivergenceLab, out: Path) -> Iterator[None]:
    """Write `values.csv`, `swept.csv` and `summary.json` into a folder, a piece at a time.

    Raises:
        OSError: Where a file cannot be written.
    """
    yield from ()
