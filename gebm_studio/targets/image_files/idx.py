"""MNIST's own format, IDX: a magic number, the lengths of all axes, then bytes; packed by gzip or not.

References:
    The MNIST database of handwritten digits (LeCun, Cortes and Burges, 1998).
    Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017), arXiv 1708.07747.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, cast

import numpy as np

from gebm_studio.targets.image_files.fit import Fit
from gebm_studio.targets.image_files.source import (
    PIECE_BYTES,
    WIDEST,
    ImagesError,
    Labels,
    Part,
    Piece,
    Source,
    check_labels,
    read_exactly,
    reading,
)

IMAGES, LABELS = 0x00000803, 0x00000801
"""Magic numbers: unsigned bytes with three axes, and with one."""
_INSIDE = ("", "raw", "MNIST/raw", "FashionMNIST/raw")


def source(root: Path, factor: str, names: tuple[str, ...]) -> Source:
    """The set in a folder, in its folder `raw` as other programs make it, or beside a file that is named.

    Raises:
        ImagesError: Where it is not there.
    """
    given = root.parent if root.is_file() else root
    folder = next((given / inside for inside in _INSIDE if _find(given / inside, "train-images", 3)), given)
    images, labels = _find(folder, "train-images", 3), _find(folder, "train-labels", 1)
    if images is None:
        raise ImagesError(f"{given}: holds no train-images-idx3-ubyte, nor that with .gz")
    test_images, test_labels = _find(folder, "t10k-images", 3), _find(folder, "t10k-labels", 1)
    test = None if test_images is None else _part(test_images, test_labels, names)
    files = tuple(path for path in (images, labels, test_images, test_labels) if path is not None)
    told = (factor, names) if labels is not None else ("", ())
    return Source(_part(images, labels, names), test, files, *told)


def _find(folder: Path, stem: str, axes: int) -> Path | None:
    names = (f"{stem}{mark}idx{axes}-ubyte{packed}" for mark in "-." for packed in ("", ".gz"))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _part(images: Path, labels: Path | None, names: tuple[str, ...]) -> Part:
    with _opened(images) as stream:
        count, height, width = _lengths(stream, IMAGES, images)
    if not (0 < height <= WIDEST and 0 < width <= WIDEST):
        raise ImagesError(f"{images}: says that its images are {height}×{width}; 1 to {WIDEST} pixels are read")
    if labels is not None:
        with _opened(labels) as stream:
            (labelled,) = _lengths(stream, LABELS, labels)
        if labelled != count:
            raise ImagesError(f"{labels}: {labelled:,} labels for {count:,} images; the two are not of one set")
    return Part(count, partial(_pieces, images, labels, names))


def _pieces(images: Path, labels: Path | None, names: tuple[str, ...], fit: Fit) -> Generator[Piece]:
    with ExitStack() as files:
        pixels = files.enter_context(_opened(images))
        told = files.enter_context(_opened(labels)) if labels is not None else None
        count, height, width = _lengths(pixels, IMAGES, images)
        if told is not None and labels is not None:
            _lengths(told, LABELS, labels)
        each = max(1, PIECE_BYTES // (height * width))
        for first in range(0, count, each):
            n = min(each, count - first)
            with reading(images):
                found = np.frombuffer(read_exactly(pixels, n * height * width), np.uint8)
            label: Labels | None = None
            if told is not None and labels is not None:
                with reading(labels):
                    label = np.frombuffer(read_exactly(told, n), np.uint8).astype(np.int64)
                check_labels(label, names, labels)
            yield Piece(fit.images(found.reshape(n, height, width)), label)
        with reading(images):
            if pixels.read(1):
                raise ImagesError(f"{images}: holds more than the {count:,} images that it tells of; copy it again")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's content, unpacked where it begins as gzip does."""
    with ExitStack() as files:
        with reading(path):
            stream: IO[bytes] = files.enter_context(open(path, "rb"))
            packed = stream.read(2) == b"\x1f\x8b"
            stream.seek(0)
            if packed:
                stream = cast(IO[bytes], files.enter_context(closing(gzip.GzipFile(fileobj=stream))))
        yield stream


def _lengths(stream: IO[bytes], magic: int, path: Path) -> tuple[int, ...]:
    """The lengths of all axes, behind the magic number."""
    axes = magic & 0xFF
    with reading(path):
        found, *lengths = struct.unpack(f">{axes + 1}I", read_exactly(stream, 4 * (axes + 1)))
    if found != magic:
        what = "images" if magic == IMAGES else "labels"
        raise ImagesError(f"{path}: begins with {found:08x}; an IDX file of {what} begins with {magic:08x}")
    return tuple(lengths)
