"""Tables of numbers from CSV and NPY files, with a line that says what and where when one cannot be read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

_SHOWN = 40


class TableError(Exception):
    """What is wrong with a file, in one line that does not name the file."""


def read_csv(path: Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The rows of a text file (N, D) and the names of its columns, empty without a header.

    Commas, semicolons, tabs or spaces separate the cells, as the first line shows. Blank lines and lines
    that begin with # are skipped. A first line without any number is a header.

    Raises:
        TableError: For a row of another length, or a cell that is not a number, naming line and column.
        OSError: Where the file cannot be opened.
    """
    rows: list[list[float]] = []
    names: tuple[str, ...] = ()
    width = 0
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            for line, cells in _cells(stream):
                if not width:
                    width = len(cells)
                    if all(_number(cell) is None for cell in cells) and any(cells):
                        names = tuple(" ".join(cell.split()) or f"column {i + 1}" for i, cell in enumerate(cells))
                        continue
                if len(cells) != width:
                    got = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                    raise TableError(f"line {line}: {got} where the first line has {width}")
                rows.append(_row(line, cells))
    except UnicodeDecodeError as error:
        raise TableError(f"not a text file in UTF-8 (byte {error.start}); save it as CSV or NPY") from error
    except csv.Error as error:
        raise TableError(f"not readable as CSV: {error}") from error
    if not rows:
        raise TableError("holds a header but no points" if names else "holds no points")
    return np.array(rows, dtype=np.float64), names


def read_npy(path: Path) -> NDArray[np.float64]:
    """The array (N, D) of an NPY file. Nothing in the file is executed.

    Raises:
        TableError: For pickled objects, a shape that is not (N, D), numbers that are not real, a damaged file.
        OSError: Where the file cannot be opened.
    """
    try:
        # A memory map is checked against the file's true size, so that a false header cannot ask for memory.
        array = np.lib.format.open_memmap(path, mode="r")
    except OSError:
        raise
    except Exception as error:  # a damaged header fails in many ways
        if "object" in str(error).lower():
            raise TableError(
                "holds pickled Python objects, which are never loaded; save an array of numbers"
            ) from error
        raise TableError(f"a damaged NPY file: {_short(str(error))}") from error
    if array.dtype.kind not in "biuf":
        raise TableError(f"holds {array.dtype} values; real numbers are needed")
    if array.ndim != 2:
        advice = "; for points in one dimension save array[:, None]" if array.ndim == 1 else ""
        raise TableError(f"has shape {array.shape}; (N, D) is needed{advice}")
    with np.errstate(over="ignore"):
        return np.array(array, dtype=np.float64)


def _cells(stream: TextIO) -> Iterator[tuple[int, list[str]]]:
    """The line number and stripped cells of each line that holds any."""
    delimiter = ""
    for line, text in enumerate(stream, start=1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if not delimiter:
            delimiter = next((mark for mark in ";,\t" if mark in text), " ")
        cells = text.split() if delimiter == " " else next(csv.reader([text], delimiter=delimiter))
        yield line, [cell.strip() for cell in cells]


def _row(line: int, cells: list[str]) -> list[float]:
    values = []
    for column, cell in enumerate(cells, start=1):
        value = _number(cell)
        if value is None:
            advice = "; write a decimal point" if _number(cell.replace(",", ".", 1)) is not None else ""
            got = f"{_short(cell)!r} is not a number" if cell else "the cell is empty"
            raise TableError(f"line {line}, column {column}: {got}{advice}")
        values.append(value)
    return values


def _number(cell: str) -> float | None:
    # float() also takes 1_000, which in a table is a slip of the pen.
    if "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
