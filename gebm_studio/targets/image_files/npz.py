"""Images in NPZ files: ImageNet at 32×32 as published, and plain arrays of images. Nothing in a file is executed.

References:
    A downsampled variant of ImageNet as an alternative to the CIFAR datasets (Chrabaszcz, Loshchilov and Hutter,
    2017), arXiv 1707.08819: `data` (N, 3072), red, green, blue, each row by row, and `labels`, here left aside.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from gebm_studio.targets.image_files.fit import Fit
from gebm_studio.targets.image_files.source import (
    PIECE_BYTES,
    WIDEST,
    ImagesError,
    Part,
    Piece,
    Pixels,
    Source,
    read_exactly,
    reading,
)

TRAINING, TEST = ("data", "images", "x_train", "train_images", "arr_0"), ("x_test", "test_images")
"""Names of arrays of images, the first that is there."""


class _Stored(NamedTuple):
    """An array inside a file."""

    path: Path
    name: str
    shape: tuple[int, ...]


def source(root: Path) -> Source:
    """The set in a file, or in a folder of `train_data_batch_1.npz`, … and `val_data.npz`.

    Raises:
        ImagesError: Where there is none, or a file holds something else.
    """
    files: tuple[Path, ...]
    if root.is_file():
        training, test, files = [_array(root, TRAINING)], _arrays_of(root, TEST), (root,)
    else:
        batches = sorted(root.glob("train_data_batch_*.npz"), key=lambda path: (len(path.name), path.name))
        if not batches:
            raise ImagesError(f"{root}: holds no train_data_batch_1.npz; name a folder that does, or one NPZ file")
        own = root / "val_data.npz"
        training, test = [_array(path, TRAINING) for path in batches], _arrays_of(own, TRAINING)
        files = (*batches, own) if test else tuple(batches)
    return Source(_part(training), _part(test) if test else None, files)


def _part(arrays: list[_Stored]) -> Part:
    return Part(sum(array.shape[0] for array in arrays), partial(_pieces, arrays))


def _arrays_of(path: Path, names: tuple[str, ...]) -> list[_Stored]:
    if not path.is_file() or not set(names) & set(_names(path)):
        return []
    return [_array(path, names)]


def _names(path: Path) -> list[str]:
    with reading(path), zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def _array(path: Path, names: tuple[str, ...]) -> _Stored:
    present = _names(path)
    name = next((name for name in names if name in present), None)
    if name is None:
        raise ImagesError(f"{path}: holds {', '.join(present)[:60]}; images are looked for in {', '.join(names)}")
    with _opened(path, name) as (_, shape):
        return _Stored(path, name, shape)


def _pieces(arrays: list[_Stored], fit: Fit) -> Generator[Piece]:
    for path, name, _ in arrays:
        with _opened(path, name) as (stream, (count, *axes)):
            size = math.prod(axes)
            each = max(1, PIECE_BYTES // size)
            for first in range(0, count, each):
                n = min(each, count - first)
                with reading(path):
                    block = np.frombuffer(read_exactly(stream, n * size), np.uint8)
                yield Piece(fit.images(_pixels(block.reshape(n, *axes))))


def _pixels(block: Pixels) -> Pixels:
    """Images (n, H, W) or (n, H, W, 3) of any layout that `_check` lets through."""
    if block.ndim == 2:
        side = math.isqrt(block.shape[1] // 3)
        return block.reshape(-1, 3, side, side).transpose(0, 2, 3, 1)
    return block[..., 0] if block.ndim == 4 and block.shape[3] == 1 else block


@contextmanager
def _opened(path: Path, name: str) -> Iterator[tuple[IO[bytes], tuple[int, ...]]]:
    """The bytes of an array behind its header, and its shape."""
    with reading(path), zipfile.ZipFile(path) as archive, _member(archive, path, f"{name}.npy") as stream:
        try:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, by_columns, kind = read(stream)
        except ValueError as error:
            raise ImagesError(f"{path}: {name} is damaged ({' '.join(str(error).split())[:80]})") from error
        _check(path, name, shape, by_columns, kind)
        yield stream, shape


def _member(archive: zipfile.ZipFile, path: Path, name: str) -> IO[bytes]:
    try:
        return archive.open(name)
    except RuntimeError as error:  # encrypted, or packed in a way that is not known here
        raise ImagesError(f"{path}: {name} cannot be unpacked ({error}); save it with numpy.savez") from error


def _check(path: Path, name: str, shape: tuple[int, ...], by_columns: bool, kind: np.dtype[np.generic]) -> None:
    where = f"{path}: {name}"
    if kind.hasobject:
        raise ImagesError(f"{where} holds pickled Python objects, which are never loaded; save an array of uint8")
    if kind != np.uint8:
        raise ImagesError(f"{where} holds {kind}; 8-bit pixels (uint8, 0 to 255) are needed")
    if by_columns:
        raise ImagesError(f"{where} is saved by columns; save numpy.ascontiguousarray of it")
    planes = len(shape) == 2 and shape[1] > 0 and shape[1] == 3 * math.isqrt(shape[1] // 3) ** 2
    grid = len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))
    if not (planes or grid) or not all(0 < axis <= WIDEST for axis in shape[1:3] if grid):
        raise ImagesError(f"{where} has shape {shape}; (N, H, W), (N, H, W, 3) or (N, 3·S·S) is needed")
