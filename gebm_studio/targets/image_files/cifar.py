"""CIFAR-10 in its binary version: records of a label and 3,072 bytes, red, green, blue, each row by row.

References:
    Learning multiple layers of features from tiny images (Krizhevsky, 2009).
"""

from __future__ import annotations

import tarfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from gebm_studio.targets.image_files.fit import Fit
from gebm_studio.targets.image_files.source import (
    ImagesError,
    Part,
    Piece,
    Source,
    check_labels,
    read_exactly,
    reading,
)

ARCHIVE, FOLDER = "cifar-10-binary.tar.gz", "cifar-10-batches-bin"
NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_SIDE, _RECORD, _AT_ONCE = 32, 1 + 3 * 32 * 32, 1024
_TRAINING, _TEST = tuple(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"
_PICKLES = ("data_batch_1", "cifar-10-python.tar.gz", "cifar-10-batches-py")


def source(root: Path) -> Source:
    """The set in a folder or its archive.

    Raises:
        ImagesError: Where it is not there.
    """
    where, sizes = (root, _archived(root)) if root.is_file() else _find(root)
    training = tuple(name for name in _TRAINING if name in sizes)
    if not training:
        raise ImagesError(f"{root}: holds no {_TRAINING[0]} to {_TRAINING[-1]}")
    for name, size in sizes.items():
        if not size or size % _RECORD:
            raise ImagesError(f"{root}: {name} has {size:,} bytes, not a multiple of {_RECORD:,}; copy it again")
    files = tuple(where / name for name in sizes) if where.is_dir() else (where,)
    test = Part(sizes[_TEST] // _RECORD, partial(_pieces, where, (_TEST,))) if _TEST in sizes else None
    count = sum(sizes[name] for name in training) // _RECORD
    return Source(Part(count, partial(_pieces, where, training)), test, files, "class", NAMES)


def _find(root: Path) -> tuple[Path, dict[str, int]]:
    """The folder or archive that holds the set, and the sizes of its files."""
    for folder in (root, root / FOLDER):
        sizes = {name: (folder / name).stat().st_size for name in (*_TRAINING, _TEST) if (folder / name).is_file()}
        if sizes:
            return folder, sizes
    if (root / ARCHIVE).is_file():
        return root / ARCHIVE, _archived(root / ARCHIVE)
    if any((root / name).exists() for name in _PICKLES):
        raise ImagesError(f"{root}: holds the Python version, whose pickles are never loaded; get the binary version")
    raise ImagesError(f"{root}: holds neither {ARCHIVE} nor {_TRAINING[0]} to {_TRAINING[-1]} and {_TEST}")


def _archived(path: Path) -> dict[str, int]:
    with reading(path), tarfile.open(path) as archive:
        members = {PurePosixPath(member.name).name: member.size for member in archive if member.isreg()}
    return {name: members[name] for name in (*_TRAINING, _TEST) if name in members}


def _pieces(where: Path, names: tuple[str, ...], fit: Fit) -> Generator[Piece]:
    for name in names:
        with _opened(where, name) as (stream, size):
            for first in range(0, size // _RECORD, _AT_ONCE):
                n = min(_AT_ONCE, size // _RECORD - first)
                with reading(where):
                    records = np.frombuffer(read_exactly(stream, n * _RECORD), np.uint8).reshape(n, _RECORD)
                labels = check_labels(records[:, 0].astype(np.int64), NAMES, where / name)
                planes = records[:, 1:].reshape(n, 3, _SIDE, _SIDE)
                yield Piece(fit.images(planes.transpose(0, 2, 3, 1)), labels)


@contextmanager
def _opened(where: Path, name: str) -> Iterator[tuple[IO[bytes], int]]:
    """A file of the set and its size, from the folder or, without unpacking the rest, from the archive."""
    if where.is_dir():
        with reading(where / name):
            stream = open(where / name, "rb")  # noqa: SIM115  closed below
        with stream:
            yield stream, (where / name).stat().st_size
        return
    with reading(where):
        archive = tarfile.open(where)  # noqa: SIM115  closed below
    with archive:
        with reading(where):
            member = next(m for m in archive if m.isreg() and PurePosixPath(m.name).name == name)
            packed = archive.extractfile(member)
        if packed is None:
            raise ImagesError(f"{where}: {name} cannot be read")
        with packed:
            yield packed, member.size
