"""Named tables, as density estimation uses them: continuous columns, three parts, standardised on the first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gebm_studio.files import explain
from gebm_studio.presets import PresetError
from gebm_studio.schema import target as schema
from gebm_studio.targets import uci
from gebm_studio.targets.finite import FiniteTarget, split
from gebm_studio.targets.preparation import Preparation
from gebm_studio.targets.reading import TableError

FEWEST_VALUES = 15
"""A column with fewer values is a label or a count."""
CORRELATED = 0.98
RECURRING = 5
_NOISE_STREAM = 0x4E4F49
Array = NDArray[np.float64]


class Table(FiniteTarget):
    """The rows (N, D) of a named table.

    `held_out` are the test rows, `validation` those kept for choices. `mean` and `scale` (D,), of the training rows,
    undo the standardisation; `columns` (D,) are the places of the columns that are kept.

    Raises:
        PresetError: With one line that says what is wrong with its file, or why it cannot be downloaded.

    References:
        Masked autoregressive flow for density estimation (Papamakarios et al., 2017), arXiv 1705.07057, appendix D.
        Learning deep kernels for exponential family densities (Wenliang et al., 2019), arXiv 1811.08357, section 5.2.
    """

    def __init__(self, section: schema.Table, *, seed: int, device: torch.device, folder: str = "") -> None:
        rows = _rows(section, folder)
        source = uci.SOURCES.get(section.name)
        self.columns = continuous(rows, recurring=source is not None and source.recurring)
        rows = rows[:, self.columns]
        if section.dequantise:
            rows = dequantised(rows, np.random.default_rng([seed, _NOISE_STREAM]))
        rest, test = split(len(rows), max(round(section.test * len(rows)), 2), seed)
        inner, outer = split(len(rest), max(round(section.validation * len(rest)), 2), seed)
        training, validation = rest[inner], rest[outer]
        self.mean, self.scale = rows[training].mean(0), rows[training].std(0)
        points = torch.from_numpy((rows - self.mean) / self.scale)
        super().__init__(points[training], points[test], device)
        self.validation = points[validation].float().to(device)


def missing(section: schema.Table) -> Preparation | None:
    """The download of a table that is not here yet, or None."""
    needed = section.name in uci.SOURCES and not section.path and uci.stored(section.name) is None
    return uci.fetching(section.name) if needed else None


def continuous(rows: Array, *, recurring: bool) -> list[int]:
    """The columns of a table (N, D) that a density can be fitted to.

    Arguments:
        rows: The table.
        recurring: Drop columns whose least value occurs more than five times, and keep correlated ones.
    """
    kept: list[int] = []
    for column, values in enumerate(rows.T):
        distinct, counts = np.unique(values, return_counts=True)
        if len(distinct) < FEWEST_VALUES or (recurring and counts[0] > RECURRING):
            continue
        copies = () if recurring else kept
        if any(abs(np.corrcoef(values, rows[:, other])[0, 1]) > CORRELATED for other in copies):
            continue
        kept.append(column)
    return kept


def dequantised(rows: Array, generator: np.random.Generator) -> Array:
    """Rows (N, D) with uniform noise of each column's resolution, the least distance between two of its values."""
    noise = generator.uniform(-0.5, 0.5, rows.shape)
    steps = [np.diff(np.unique(column)) for column in rows.T]
    # Neighbours that differ by rounding alone are one value.
    spans = np.ptp(rows, axis=0)
    resolution = [step[step > 1e-9 * span].min() for step, span in zip(steps, spans, strict=True)]
    noisy: Array = rows + noise * np.array(resolution)
    return noisy


def _rows(section: schema.Table, folder: str) -> Array:
    if section.name not in uci.SOURCES:
        from sklearn import datasets  # slow to import

        loaded, _ = getattr(datasets, f"load_{section.name}")(return_X_y=True)
        rows: Array = np.asarray(loaded, dtype=np.float64)
        return rows
    if download := missing(section):
        download.run_with_bar()
    path = Path(folder).expanduser() / Path(section.path).expanduser() if section.path else uci.place(section.name)
    try:
        read: Array = uci.read(section.name, path)
        return read
    except TableError as problem:
        raise PresetError([f"{path}: {problem}"]) from problem
    except OSError as error:
        raise PresetError([explain(error, path, "read")]) from error
    except ValueError as error:
        raise PresetError([f"target.path: {section.path!r} cannot be read: {error}"]) from error
