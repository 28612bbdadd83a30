"""Tables of the UCI repository: what each file holds, and how it comes here.

No checksums of these files are published. So the first download of a file is trusted and its SHA256 written into
`checksums.json` beside it; from then on a file that differs is refused.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gebm_studio.files import data_folder, explain, written_aside
from gebm_studio.presets import PresetError
from gebm_studio.targets import download
from gebm_studio.targets.download import Remote
from gebm_studio.targets.preparation import Preparation, Tell
from gebm_studio.targets.reading import TableError, read_csv

Array = NDArray[np.float64]
_REPOSITORY = "https://archive.ics.uci.edu/ml/machine-learning-databases"
CHECKSUMS = "checksums.json"


@dataclass(frozen=True)
class Source:
    """A file of the repository, and what is taken from it: rows (N, D) of numbers, without labels.

    `recurring`: columns whose least value occurs more than five times are dropped, as in Papamakarios et al. (2017).
    """

    url: str
    rows: Callable[[Path], Array]
    recurring: bool = False

    @property
    def file(self) -> str:
        """The file's own name."""
        return Remote(self.url).file


def place(name: str) -> Path:
    """Where the rows of a table are kept in the data folder, as NPY."""
    return _folder() / f"{name}.npy"


def stored(name: str) -> Path | None:
    """The rows of a table as kept in the data folder, or None where they have not come yet."""
    path = place(name)
    return path if path.is_file() else None


def fetching(name: str) -> Preparation:
    """The download of a table as work that has to be done."""

    def run(tell: Tell) -> tuple[str, ...]:
        fetch(name, lambda come, total: tell(come, total, f"Downloading {name}"))
        return ()

    return Preparation(name, run)


def fetch(name: str, tell: download.Tell) -> Path:
    """Download a table, check it, and keep its rows as NPY in the data folder; a file that lies there is taken.

    Raises:
        PresetError: In one line, where it cannot be had, with the place where a file of your own may lie.
    """
    source, folder, path = SOURCES[name], _folder(), place(name)
    try:
        raw = _download(source, folder, tell)
        with written_aside(path) as aside:
            np.save(aside, source.rows(raw))
    except download.DownloadError as problem:
        raise PresetError([f"target.name {name}: {problem}"]) from problem
    except TableError as problem:
        raise PresetError([f"target.name {name}: {folder / source.file}: {problem}; remove the file"]) from problem
    except OSError as error:
        raise PresetError([f"target.name {name}: {explain(error, path)}"]) from error
    return path


def read(name: str, path: Path) -> Array:
    """The rows of a file of the repository that lies elsewhere.

    Raises:
        TableError: Where it is not that file.
        OSError: Where it cannot be opened.
    """
    return np.load(path) if path.suffix == ".npy" else SOURCES[name].rows(path)


def _folder() -> Path:
    return data_folder() / "tables"


def _download(source: Source, folder: Path, tell: download.Tell) -> Path:
    book = folder / CHECKSUMS
    known: dict[str, str] = json.loads(book.read_text(encoding="utf-8")) if book.is_file() else {}
    raw = download.download(Remote(source.url), folder, tell)
    found = download.checksum(raw, "sha256:").partition(":")[2]
    if known.setdefault(source.file, found) != found:
        raw.unlink()
        raise PresetError(
            [
                f"{source.url} has SHA256 {found[:16]}…, {known[source.file][:16]}… was seen first; the file is "
                f"refused: remove its line from {book} if the change is meant"
            ]
        )
    with written_aside(book) as aside:
        aside.write_text(json.dumps(known, indent=1), encoding="utf-8")
    return raw


def _wine(path: Path) -> Array:
    rows, names = read_csv(path)
    _expect(rows, 12, bool(names) and names[-1] == "quality", "columns that end with quality")
    return rows[:, :-1]


def _parkinsons(path: Path) -> Array:
    rows, names = read_csv(path)
    _expect(rows, 22, bool(names) and names[0] == "subject#", "columns that begin with subject#, age, sex")
    return rows[:, 3:]


def _hepmass(path: Path) -> Array:
    """The signal at a mass of 1000; the file is a gzipped CSV of label and features, maybe with a header."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        table = _numbers(stream, ",", skip=1)
    if table.shape[1] < 28:
        raise TableError(f"{table.shape[1]} columns; a label and 27 features are needed")
    return table[table[:, 0] == 1, 1:28]


def _miniboone(path: Path) -> Array:
    """The signal: the first line counts it and the background, which follows. Rows of −999 hold no measurement."""
    with open(path, encoding="utf-8") as stream:
        counts = stream.readline().split()
        if len(counts) != 2 or not all(count.isdigit() for count in counts):
            raise TableError("its first line must hold two counts, of signal and background")
        table = _numbers(stream, None, rows=int(counts[0]))
    _expect(table, 50, len(table) == int(counts[0]), f"{counts[0]} rows of signal")
    return table[~(table <= -999).any(1)]


def _numbers(stream: Any, delimiter: str | None, *, skip: int = 0, rows: int | None = None) -> Array:
    try:
        return np.loadtxt(stream, delimiter=delimiter, skiprows=skip, max_rows=rows, ndmin=2)
    except ValueError as error:
        raise TableError(f"not a table of numbers: {' '.join(str(error).split())[:80]}") from error


def _expect(rows: Array, columns: int, fits: bool, what: str) -> None:
    if rows.shape[1] != columns or not fits:
        raise TableError(f"shape {rows.shape}; {columns} columns and {what} are needed")


SOURCES = {
    "redwine": Source(f"{_REPOSITORY}/wine-quality/winequality-red.csv", _wine),
    "whitewine": Source(f"{_REPOSITORY}/wine-quality/winequality-white.csv", _wine),
    "parkinsons": Source(f"{_REPOSITORY}/parkinsons/telemonitoring/parkinsons_updrs.data", _parkinsons),
    "hepmass": Source(f"{_REPOSITORY}/00347/1000_train.csv.gz", _hepmass, recurring=True),
    "miniboone": Source(f"{_REPOSITORY}/00199/MiniBooNE_PID.txt", _miniboone, recurring=True),
}
"""By the schema's `target.name`, the tables that do not ship with scikit-learn."""
