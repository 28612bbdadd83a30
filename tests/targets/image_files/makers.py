"""Small files in the published formats, and sets made of them."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from gebm_studio.presets import PresetError
from gebm_studio.schema.images import ImageFiles
from gebm_studio.targets import ImageSet
from gebm_studio.targets.image_files import sets

Pixels = NDArray[np.uint8]
CPU = torch.device("cpu")
SMALL: dict[str, Any] = {
    "target.held_out": 10, "base.channels": 16, "energy.channels": 16, "training.batch": 4, "training.energy_steps": 1,
    "training.warmup": 2, "training.until": 2, "training.energy_only": 2, "sampler.chains": 4, "reel.chains": 4,
    "reel.steps": 2, "quality.draws": 100, "quality.steps": 2,
}  # fmt: skip
"""What makes a preset of image files fit for sets as small as these; nothing but numbers."""
SIZES = {8: "8", 16: "16", 28: "28", 32: "32", 64: "64"}


def pixels(*shape: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def build(path: Path | str, source: str = "folder", *, folder: Path | str = "", seed: int = 0, **more: Any) -> ImageSet:
    section = ImageFiles.model_validate({"source": source, "path": str(path), "held_out": 10, **more})
    return ImageSet(section, seed=seed, device=CPU, folder=str(folder))


def problem(path: Path | str, source: str = "folder", **more: Any) -> str:
    """The one line of a set that cannot be used; nothing half-written is left."""
    try:
        build(path, source, **more)
    except PresetError as error:
        (line,) = error.problems
        assert len(line.splitlines()) == 1
        assert not sets.store().exists() or not list(sets.store().glob(".part-*"))
        assert not list(sets.store().glob("*.npy"))
        return line
    raise AssertionError("it could be used")


def stored(target: ImageSet) -> Pixels:
    """All images as they are kept, training ones first."""
    return np.asarray(target._pixels)


def idx(path: Path, values: Pixels, *, magic: int | None = None, packed: bool = False) -> None:
    head = struct.pack(f">{values.ndim + 1}I", 0x800 + values.ndim if magic is None else magic, *values.shape)
    content = head + values.tobytes()
    path.write_bytes(gzip.compress(content) if packed else content)


def mnist(folder: Path, training: Pixels, test: Pixels | None = None, *, packed: bool = False, mark: str = "-") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    end = ".gz" if packed else ""
    for stem, images in (("train", training), ("t10k", test)):
        if images is not None:
            labels = (np.arange(len(images)) % 10).astype(np.uint8)
            idx(folder / f"{stem}-images{mark}idx3-ubyte{end}", images, packed=packed)
            idx(folder / f"{stem}-labels{mark}idx1-ubyte{end}", labels, packed=packed)


def cifar_batch(images: Pixels, labels: Pixels) -> bytes:
    """Records of images (n, 3, 32, 32)."""
    return b"".join(bytes([label]) + image.tobytes() for image, label in zip(images, labels, strict=True))


def cifar_archive(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def pictures(folder: Path, count: int, side: int = 8, *, end: str = "png", seed: int = 0) -> Pixels:
    """A folder of pictures, and their pixels (n, 3, S, S)."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pixels(count, side, side, 3, seed=seed)
    for number, image in enumerate(made):
        Image.fromarray(image).save(folder / f"{number:04d}.{end}")
    return made.transpose(0, 3, 1, 2)


def in_the_data_folder(source: str) -> Path:
    """A small set in its published format where a section without a path looks for it: 24 images, or 24 and 12."""
    where = sets.store() / source
    where.mkdir(parents=True)
    if source in ("mnist", "fashion_mnist"):
        mnist(where, pixels(24, 28, 28), pixels(12, 28, 28, seed=1))
    elif source == "cifar10":
        (where / "cifar-10-batches-bin").mkdir()
        for name, count in (("data_batch_1.bin", 24), ("test_batch.bin", 12)):
            images, labels = pixels(count, 3, 32, 32), np.arange(count, dtype=np.uint8) % 10
            (where / "cifar-10-batches-bin" / name).write_bytes(cifar_batch(images, labels))
    elif source == "imagenet32":
        for name, count in (("train_data_batch_1.npz", 24), ("val_data.npz", 12)):
            np.savez(where / name, data=pixels(count, 3 * 32 * 32), labels=np.arange(count))
    else:
        pictures(where, 24, 40, end="jpg")
    return where
