"""A set of images as it is kept in the data folder: one array of bytes, and a few lines that tell of it."""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
from contextlib import closing
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from typing import IO, Any

import numpy as np

from gebm_studio.files import written_aside
from gebm_studio.schema.images import ImageFiles
from gebm_studio.targets.image_files import sets
from gebm_studio.targets.image_files.about import VERSION, About, mark
from gebm_studio.targets.image_files.fit import Fit
from gebm_studio.targets.image_files.source import ImagesError, Piece, Pixels, Source
from gebm_studio.targets.preparation import Tell

MOST_FAULTS = 0.05
"""The share of images that may be unreadable."""
_NAMED, _KEPT = 3, 1000


class Prepared:
    """The files of a set in the data folder, where they are or will be.

    Attributes:
        root: Where the set lies, as its section says.
        images: The array (N, C, S, S) of 8 bits, as NPY.
    """

    def __init__(self, section: ImageFiles, folder: str) -> None:
        self.root = sets.root(section, folder)
        self.fit = Fit.of(section)
        self._section = section
        key = f"{VERSION}|{os.path.abspath(self.root)}|{self.fit}"
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        name = f"{section.source}-{section.size}-{section.colour}-{digest}"
        self.images = sets.store() / f"{name}.npy"
        self._about = sets.store() / f"{name}.json"

    def about(self) -> About | None:
        """What is told of the set; None where it must be prepared first, since it is not here or has changed."""
        try:
            about = About.read(self._about)
            whole = self._header_bytes() + (about.training + about.test) * self._image_bytes()
            if about.version != VERSION or self.images.stat().st_size != whole:
                return None
        except (OSError, ValueError, TypeError):
            return None
        now = {path: mark(Path(path)) for path in about.watched}
        # All gone, such as with a disk that is not here now: they cannot have changed.
        gone = all(found is None for found in now.values())
        return about if gone or now == about.watched else None

    def open(self, about: About) -> Pixels:
        """The images (N, C, S, S), read from disk as they are asked for."""
        with open(self.images, "rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        if hasattr(mapped, "madvise"):
            # Images are drawn from anywhere: what lies behind each of them need not be read as well.
            mapped.madvise(mmap.MADV_RANDOM)
        shape = (about.training + about.test, self.fit.channels, self.fit.side, self.fit.side)
        return np.frombuffer(mapped, np.uint8, offset=self._header_bytes()).reshape(shape)

    def write(self, source: Source, tell: Tell) -> About:
        """Prepare the set. Both files appear when all is done; where `tell` raises nothing is left.

        Raises:
            ImagesError: Where too many images cannot be read.
            OSError: Where the disk is full or cannot be written.
        """
        watched = {str(path): mark(path) for path in source.files}
        total = source.training.count + (source.test.count if source.test else 0)
        with written_aside(self.images) as aside, open(aside, "wb") as stream:
            if shutil.disk_usage(aside.parent).free < total * self._image_bytes():
                raise OSError(ENOSPC, os.strerror(ENOSPC))
            self._write_header(stream, total)
            about = self._write_images(source, total, stream, tell)
            if not about.training:
                raise ImagesError(f"{self.root}: holds no images")
            stream.seek(0)
            self._write_header(stream, about.training + about.test)
        about = replace(about, watched=watched)
        about.write(self._about)
        return about

    def _write_images(self, source: Source, total: int, stream: IO[bytes], tell: Tell) -> About:
        """Write one image after the other, and count them."""
        about = About(
            self._section.source, str(self.root), self.fit.describe(),
            factor=source.factor, names=source.names, counts=(0,) * len(source.names),
        )  # fmt: skip
        what = f"Preparing {sets.NAMES[self._section.source]}"
        for name, part in (("training", source.training), ("test", source.test)):
            if part is None:
                continue
            with closing(part.pieces(self.fit)) as pieces:
                for piece in pieces:
                    stream.write(np.ascontiguousarray(piece.images).data)
                    about = _counted(about, name, piece)
                    self._check_faults(about, total)
                    tell(about.training + about.test + about.unreadable, total, what)
        return about

    def _check_faults(self, about: About, total: int) -> None:
        if about.unreadable > MOST_FAULTS * total:
            raise ImagesError(
                f"{self.root}: {about.unreadable:,} or more of {total:,} pictures cannot be read, such as "
                f"{about.faults[0]}; remove or replace them"
            )

    def notes(self, about: About) -> tuple[str, ...]:
        """What a person should know of a set that has just been prepared."""
        if not about.unreadable:
            return ()
        some = "; ".join(about.faults[:_NAMED]) + ("; …" if about.unreadable > _NAMED else "")
        total = about.training + about.test + about.unreadable
        where = f", all in {self._about}" if about.unreadable > _NAMED else ""
        return (
            f"{self.root}: {about.unreadable:,} of {total:,} pictures cannot be read and are left out: {some}{where}",
        )

    def _image_bytes(self) -> int:
        return self.fit.channels * self.fit.side**2

    def _header_bytes(self) -> int:
        with open(self.images, "rb") as stream:
            np.lib.format.read_magic(stream)
            np.lib.format.read_array_header_1_0(stream)
            return stream.tell()

    def _write_header(self, stream: IO[bytes], count: int) -> None:
        """The header of N images. Its length is the same for every N, since numpy leaves room for the first axis."""
        shape = (count, self.fit.channels, self.fit.side, self.fit.side)
        np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _counted(about: About, part: str, piece: Piece) -> About:
    """What is told after one piece more of the training or the test images."""
    changes: dict[str, Any] = {part: getattr(about, part) + len(piece.images)}
    if part == "training" and piece.labels is not None:
        counts = np.bincount(piece.labels, minlength=len(about.counts)) + about.counts
        changes["counts"] = tuple(counts.tolist())
    if piece.faults:
        changes["unreadable"] = about.unreadable + len(piece.faults)
        changes["faults"] = (about.faults + piece.faults)[:_KEPT]
    return replace(about, **changes)
