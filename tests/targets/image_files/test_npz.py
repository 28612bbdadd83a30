"""NPZ files: ImageNet-32 as published, plain arrays, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.targets.image_files.makers import build, pixels, problem, stored

IMAGES = pixels(60, 3, 32, 32)


def test_imagenet_comes_batch_by_batch_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    flat = IMAGES.reshape(60, -1)
    for batch in range(10):
        np.savez(
            tmp_path / f"train_data_batch_{batch + 1}.npz",
            data=flat[4 * batch : 4 * batch + 4],
            labels=np.arange(1, 5),
            mean=flat.mean(0),
        )
    np.savez_compressed(tmp_path / "val_data.npz", data=flat[40:], labels=list(range(1, 21)))
    target = build(tmp_path, "imagenet32")
    assert (target.about.training, target.about.test) == (40, 20)
    np.testing.assert_array_equal(stored(target), IMAGES)
    (tmp_path / "val_data.npz").unlink()
    assert build(tmp_path, "imagenet32").about.test == 0


@pytest.mark.parametrize("source", ["folder", "imagenet32"])
@pytest.mark.parametrize("grey", [False, True])
def test_plain_arrays_of_images(tmp_path: Path, source: str, grey: bool) -> None:
    path = tmp_path / "mine.npz"
    images = IMAGES[:, :1] if grey else IMAGES
    last = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    np.savez_compressed(path, images=last, other=np.arange(3))
    wanted: dict[str, Any] = {"colour": "grey" if grey else "colour"}
    np.testing.assert_array_equal(stored(build(path, source, **wanted)), images)
    np.savez(path, x_train=last[:40, :, :, 0] if grey else last[:40], x_test=last[40:, :, :, 0] if grey else last[40:])
    target = build(path, source, **wanted)
    np.testing.assert_array_equal(stored(target), images)
    assert (target.about.training, target.about.test) == (40, 20)


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({"images": np.array([{}, None])}, "holds pickled Python objects, which are never loaded"),
        ({"images": np.zeros((20, 8, 8), np.float32)}, r"holds float32; 8-bit pixels \(uint8, 0 to 255\) are needed"),
        ({"images": np.zeros((20, 8, 8, 4), np.uint8)}, r"has shape \(20, 8, 8, 4\); \(N, H, W\), \(N, H, W, 3\) or"),
        ({"images": np.zeros((20, 65), np.uint8)}, r"has shape \(20, 65\)"),
        ({"images": np.zeros((20, 0, 8), np.uint8)}, r"has shape \(20, 0, 8\)"),
        ({"images": np.zeros((0, 8, 8), np.uint8)}, "holds no images"),
        ({"images": np.asfortranarray(np.zeros((20, 8, 8), np.uint8))}, "is saved by columns"),
        ({"labels": np.zeros(20, np.uint8)}, "holds labels; images are looked for in data, images, x_train"),
    ],
)
def test_what_is_no_array_of_images_is_told(tmp_path: Path, arrays: dict[str, Any], what: str) -> None:
    import re

    np.savez(tmp_path / "a.npz", **arrays)
    assert re.search(what, problem(tmp_path / "a.npz"))


def test_damaged_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, images=pixels(60, 8, 8))
    whole = path.read_bytes()
    path.write_bytes(whole[:2000])
    assert "damaged or cut short" in problem(path)
    path.write_bytes(whole[:1000] + b"\xff" + whole[1001:])
    assert "damaged or cut short" in problem(path), "the checksum of a zip is looked at"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY\x01\x00\x10\x00nonsense        ")
    assert "images is damaged" in problem(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", b"text")
    assert "images is damaged" in problem(path)


def test_an_encrypted_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, images=pixels(60, 8, 8))
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    path.write_bytes(bytes(content))
    assert "images.npy cannot be unpacked" in problem(path)


def test_a_header_that_promises_too_much_asks_for_no_memory(tmp_path: Path) -> None:
    import io

    head = io.BytesIO()
    shape = (10**6, 32, 32)
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images.npy", head.getvalue() + bytes(50_000))
    text = problem(tmp_path / "a.npz", colour="grey")
    assert "bytes are missing" in text or "no space left" in text


def test_a_folder_without_batches_is_told(tmp_path: Path) -> None:
    assert "holds no train_data_batch_1.npz" in problem(tmp_path, "imagenet32")
