"""What a reader tells of a set of images, and how the faults of its files are told."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gebm_studio.files import explain
from gebm_studio.targets.image_files.fit import Fit

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
PIECE_BYTES = 1 << 22
"""About how much a reader holds at a time."""
WIDEST = 4096
"""Pixels of a side, at most, in files that hold many images: a damaged header shall not ask for all memory."""


class ImagesError(Exception):
    """Why a set of images cannot be used, in one line that names the file."""


class Piece(NamedTuple):
    """A few images in the order of their set.

    images: (n, C, S, S), as `Fit` makes them.
    labels: (n,), or None where the set has none.
    faults: Of images that cannot be read and are left out, one line each that begins with the name.
    """

    images: Pixels
    labels: Labels | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """The training or the test images of a set.

    Attributes:
        count: How many there are, those that cannot be read among them.
        pieces: Reads them; memory does not grow with their number.
    """

    count: int
    pieces: Callable[[Fit], Generator[Piece]]


@dataclass(frozen=True)
class Source:
    """A set of images as it lies on disk.

    Attributes:
        training: The images to learn from.
        test: The set's own test images, or None.
        files: Files and folders that are looked at to see whether the set has changed.
        factor: What the labels tell, such as `digit`; empty without labels.
        names: The names of labels 0, 1, …
    """

    training: Part
    test: Part | None
    files: tuple[Path, ...]
    factor: str = ""
    names: tuple[str, ...] = ()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell what goes wrong while a file is read.

    Raises:
        ImagesError: In one line with its name.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise ImagesError(f"{path}: damaged or cut short ({reason}); copy or download it again") from error
    except OSError as error:
        raise ImagesError(explain(error, path, "read")) from error


def read_exactly(stream: IO[bytes], count: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: Where there are fewer.
    """
    found = stream.read(count)
    if len(found) < count:
        raise EOFError(f"{count - len(found):,} bytes are missing")
    return found


def check_labels(labels: Labels, names: tuple[str, ...], path: Path) -> Labels:
    """Labels (n,) that all have a name.

    Raises:
        ImagesError: Where one has none.
    """
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(names):
        wrong = labels[(labels < 0) | (labels >= len(names))][0]
        raise ImagesError(f"{path}: holds the label {wrong}; 0 to {len(names) - 1} are known")
    return labels
