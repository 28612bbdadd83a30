"""Folders of PNG and JPEG files, at any depth: CelebA, LSUN as exported, or pictures of one's own."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from gebm_studio.files import data_folder
from gebm_studio.targets.image_files.fit import Fit
from gebm_studio.targets.image_files.source import ImagesError, Part, Piece, Pixels, Source, reading

SUFFIXES = (".png", ".jpg", ".jpeg")
TRAINING, TEST = ("train", "training"), ("test", "val", "valid", "validation")
"""Names of folders that are a set's own split, capitals or not."""
MOST_PIXELS = 89_478_485
"""Of one picture: a quarter of a gigabyte, where also Pillow warns of a bomb."""
_AT_ONCE = 64
_WATCHED = 1000
"""So many files, and folders, evenly chosen, are looked at to see whether a folder has changed."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""By EXIF's orientation, what sets a picture upright."""
_FAULTS = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)
"""What Pillow raises of damaged files."""
Listing = Callable[[int], None]
"""Told how many pictures have been found; it may raise to end the search."""


def celeba_part(name: str) -> str:
    """The part of CelebA that a picture belongs to by its number, as `list_eval_partition.txt` of that set says."""
    stem = Path(name).stem
    number = int(stem) if stem.isdecimal() else 0
    return "training" if number <= 162_770 else "validation" if number <= 182_637 else "test"


def source(root: Path, listing: Listing, part_of: Callable[[str], str] = lambda name: "training") -> Source:
    """The pictures of a folder in the order of their names; `train` and `test` or `val` inside it are its own split.

    Arguments:
        root: The folder.
        listing: Told how many pictures have been found.
        part_of: By a picture's name, the part of its set, `training`, `test` or another that is left aside; not asked
            where the folder has a split or one of these two would be empty.

    Raises:
        ImagesError: Where there are none.
    """
    if not root.is_dir():
        raise ImagesError(f"{root}: {'not a folder of pictures' if root.exists() else 'there is no such folder'}")
    with reading(root):
        inside = {entry.name.lower(): entry.name for entry in os.scandir(root) if entry.is_dir()}
        own = [next((inside[name] for name in names if name in inside), None) for names in (TRAINING, TEST)]
        parts = [name for name in own if name is not None] if None not in own else [""]
        folders: list[str] = []
        found = [_list(root, name, folders, listing) for name in parts]
    if not found[0]:
        raise ImagesError(f"{root}: holds no {', '.join(SUFFIXES)} file, at any depth")
    if len(found) == 1:
        told = {part: [name for name in found[0] if part_of(name) == part] for part in ("training", "test")}
        found = list(told.values()) if all(told.values()) else found
    training, *rest = (Part(len(names), partial(_pieces, root, names)) for names in found)
    names = [name for part in found for name in part]
    watched = (*_some(folders), *_some(names))
    return Source(training, rest[0] if rest and rest[0].count else None, tuple(root / name for name in watched))


def _list(root: Path, part: str, folders: list[str], listing: Listing) -> list[str]:
    """The pictures below a folder, by names relative to the root; hidden ones and the data folder are left out."""
    found: list[str] = []
    for folder, inside, files in os.walk(root / part, onerror=_raise):
        # Not into the data folder: what is prepared there would change the folder that it was prepared from.
        inside[:] = sorted(
            name for name in inside if not name.startswith(".") and Path(folder, name).absolute() != data_folder()
        )
        where = os.path.relpath(folder, root)
        folders.append(where)
        chosen = sorted(name for name in files if name.lower().endswith(SUFFIXES) and not name.startswith("."))
        found += (os.path.normpath(os.path.join(where, name)) for name in chosen)
        listing(len(found))
    return found


def _raise(error: OSError) -> None:
    raise error


def _some(names: list[str]) -> list[str]:
    return names[:: max(1, -(-len(names) // _WATCHED))]


def _pieces(root: Path, names: list[str], fit: Fit) -> Generator[Piece]:
    # Pillow lets other threads run while it decodes; the run of before needs its share of the cores.
    with ThreadPoolExecutor(min(8, max(1, (os.cpu_count() or 1) // 2)), "pictures") as threads:
        for first in range(0, len(names), _AT_ONCE):
            chosen = names[first : first + _AT_ONCE]
            made = list(threads.map(partial(_picture, root, fit), chosen))
            images = [image for image in made if not isinstance(image, str)]
            faults = tuple(f"{name}: {why}" for name, why in zip(chosen, made, strict=True) if isinstance(why, str))
            empty = np.empty((0, fit.channels, fit.side, fit.side), np.uint8)
            yield Piece(np.stack(images) if images else empty, faults=faults)


def _picture(root: Path, fit: Fit, name: str) -> Pixels | str:
    """The picture as it is wanted, or why it cannot be read."""
    try:
        with _opened(root / name) as image:
            if image.width * image.height > MOST_PIXELS:
                return f"{image.width}×{image.height} pixels, of which {MOST_PIXELS:,} are allowed"
            turn = _TURNS.get(orientation(image.info.get("exif", b"")))
            return fit.image(image if turn is None else image.transpose(turn))
    except _FAULTS as error:
        return " ".join((getattr(error, "strerror", None) or str(error)).split())[:80] or type(error).__name__


def _opened(path: Path) -> Image.Image:
    """A picture, of which only the header is read yet; by its content, whatever its name says."""
    with open(path, "rb") as stream:
        start = stream.read(8)
    # Not Image.open: its check of the size warns in the terminal, and other formats are not asked for.
    if start == b"\x89PNG\r\n\x1a\n":
        return PngImageFile(path)
    if start.startswith(b"\xff\xd8\xff"):
        return JpegImageFile(path)
    raise ValueError("neither PNG nor JPEG, whatever its name says" if start else "an empty file")


def orientation(exif: bytes) -> int:
    """The orientation that EXIF data tell, 1 to 8; 1, upright, where they tell none or are damaged.

    Not Pillow's reader of them, which warns in the terminal of what is damaged.
    """
    tiff = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, at)
        for entry in range(entries):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * entry)
            if tag == 0x0112 and kind == 3:
                return int(value) if value in _TURNS else 1
    except struct.error:
        pass
    return 1
