"""Points of your own, from a CSV or NPY file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gebm_studio.files import explain
from gebm_studio.presets import PresetError
from gebm_studio.schema import target as schema
from gebm_studio.targets.finite import FiniteTarget, split
from gebm_studio.targets.reading import TableError, read_csv, read_npy

_FEWEST, _WIDEST, _LARGEST = 20, 64, 1e30


class PointFile(FiniteTarget):
    """The points (N, D) of a file, 20 or more, in 1 to 64 dimensions.

    `mean` and `scale` (D,), float64, undo the standardisation: original = x·scale + mean. They come from the
    training points alone.

    Raises:
        PresetError: With one line that says what is wrong with the file and where.
    """

    def __init__(self, section: schema.PointFile, *, seed: int, device: torch.device, folder: str = "") -> None:
        if not section.path:
            raise PresetError(["target.path: empty; name a CSV or NPY file of points"])
        path = Path(folder).expanduser() / Path(section.path).expanduser()
        try:
            points, names = read_points(path)
            training, held_out = split(len(points), _held_out(section.held_out, len(points)), seed)
            self.mean, self.scale = standardisation(points[training.numpy()], names, section.standardise)
        except TableError as problem:
            raise PresetError([f"{path}: {problem}"]) from problem
        except OSError as error:
            raise PresetError([explain(error, path, "read")]) from error
        except ValueError as error:  # such as a null character in the name
            raise PresetError([f"target.path: {section.path!r} is not a file name: {error}"]) from error
        scaled = torch.from_numpy((points - self.mean) / self.scale)
        super().__init__(scaled[training], scaled[held_out], device, axes=names)


def read_points(
    path: Path, fewest: int = _FEWEST, widest: int = _WIDEST
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The points (N, D) of a CSV or NPY file and the names of its columns, empty where it has none.

    Arguments:
        path: The file.
        fewest: N at least.
        widest: D at most.

    Raises:
        TableError: For a file that holds no such points, saying where.
        OSError: Where it cannot be opened.
    """
    points, names = _read(path)
    _check(points, names, fewest, widest)
    return points, names


def _read(path: Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    with open(path, "rb") as stream:
        start = stream.read(6)
    if not start:
        raise TableError("empty; it needs at least one point a line")
    if start == b"\x93NUMPY":
        return read_npy(path), ()
    if path.suffix.lower() == ".npy":
        raise TableError("not an NPY file, whatever its name says; write it with numpy.save")
    if start[:4] == b"PK\x03\x04":
        raise TableError("an archive (NPZ, ZIP or spreadsheet); save one array as NPY, or the table as CSV")
    return read_csv(path)


def _check(points: NDArray[np.float64], names: tuple[str, ...], fewest: int, widest: int) -> None:
    n, d = points.shape
    if not 1 <= d <= widest:
        raise TableError(f"{d} columns; allowed are 1 to {widest}")
    if n < fewest:
        raise TableError(f"{n} points; at least {fewest} are needed")
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(points) <= _LARGEST)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        value = points[row, column]
        reason = "beyond single precision" if np.isfinite(value) else "not a finite number"
        where = f"point {row + 1}, column {_column(column, names)}"
        more = f" ({int(bad.sum())} such values)" if bad.sum() > 1 else ""
        raise TableError(f"{where}: {value:g} is {reason}{more}; remove or replace it")


def _held_out(wanted: int, n: int) -> int:
    if wanted > n // 2:
        raise TableError(f"target.held_out = {wanted}, but at most half of its {n} points ({n // 2}) can be kept apart")
    return wanted


def standardisation(
    training: NDArray[np.float64], names: tuple[str, ...], wanted: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (D,) and scale (D,) of each column of points (N, D); zeros and ones where no standardisation is wanted.

    Raises:
        TableError: For a column that is constant.
    """
    d = training.shape[1]
    if not wanted:
        return np.zeros(d), np.ones(d)
    mean, scale = training.mean(axis=0), training.std(axis=0)
    # A constant column may leave rounding in its deviation, far below any real spread.
    constant = scale <= 1e-14 * np.abs(training).max(axis=0)
    if constant.any():
        column = int(np.argmax(constant))
        value = training[0, column]
        raise TableError(
            f"column {_column(column, names)} is constant ({value:g}), so it cannot be standardised; "
            "remove it or set standardise = false"
        )
    return mean, scale


def _column(index: int, names: tuple[str, ...]) -> str:
    return f"{index + 1} ({names[index]})" if names else str(index + 1)
