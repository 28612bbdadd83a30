"""What particle flows write: their curves, their positions, and their motion as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gebm_studio.experiments import ParticleFlow
from gebm_studio.messages import ExportFlow


def write_curves(path: Path | str, flow: ParticleFlow) -> None:
    """Write all curves of all flows as CSV: a row for each measurement and flow.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """


def in_pieces(order: ExportFlow, flow: ParticleFlow) -> Iterator[None]:
    """Write recorded frames as the order asks, a piece at a time.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    yield from ()


def results_in_pieces(flow: ParticleFlow, out: Path) -> Iterator[None]:
    """Write `metrics.csv`, `particles.npz`, `flow.webp` and `summary.json` into a folder, a piece at a time.

    Raises:
        OSError: Where a file cannot be written.
    """
    yield from ()
