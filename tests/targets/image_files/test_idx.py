"""MNIST's format: read bit for bit, and each fault told in one line."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.targets.image_files.makers import build, idx, mnist, pixels, problem, stored

TRAINING, TEST = pixels(60, 28, 28), pixels(20, 28, 28, seed=1)
GREY: dict[str, Any] = {"size": "28", "colour": "grey"}


@pytest.mark.parametrize(
    ("packed", "mark", "inside"), [(False, "-", ""), (True, "-", "MNIST/raw"), (False, ".", "raw")]
)
def test_images_come_as_they_are_with_the_shares_of_their_labels(
    tmp_path: Path, packed: bool, mark: str, inside: str
) -> None:
    mnist(tmp_path / inside, TRAINING, TEST, packed=packed, mark=mark)
    target = build(tmp_path, "mnist", **GREY)
    assert target.shape == (1, 28, 28) and (target.about.training, target.about.test) == (60, 20)
    np.testing.assert_array_equal(stored(target), np.concatenate([TRAINING, TEST])[:, None])
    np.testing.assert_allclose(target.held_out[:, 0], TEST[:10] / 127.5 - 1, atol=1e-6)
    names, masses = target.factor_masses["digit"]
    assert names == tuple("0123456789") and masses == pytest.approx([0.1] * 10)


def test_one_of_the_files_can_be_named_and_labels_and_test_images_can_be_absent(tmp_path: Path) -> None:
    idx(tmp_path / "train-images-idx3-ubyte", TRAINING)
    target = build(tmp_path / "train-images-idx3-ubyte", "fashion_mnist", **GREY)
    assert (target.about.training, target.about.test) == (60, 0) and not target.factor_masses
    assert len(target.held_out) == 10


def test_fashion_names_clothes(tmp_path: Path) -> None:
    mnist(tmp_path, TRAINING, TEST)
    names, _ = build(tmp_path, "fashion_mnist", **GREY).factor_masses["class"]
    assert names[0] == "T-shirt/top" and names[9] == "ankle boot"


def test_many_pieces_make_the_same_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gebm_studio.targets.image_files import idx as module

    mnist(tmp_path, TRAINING, TEST, packed=True)
    monkeypatch.setattr(module, "PIECE_BYTES", 7 * 28 * 28)
    target = build(tmp_path, "mnist", **GREY)
    np.testing.assert_array_equal(stored(target)[:60, 0], TRAINING)
    assert target.about.counts == (6,) * 10


def test_an_empty_folder_and_a_missing_one_are_told(tmp_path: Path) -> None:
    assert "holds no train-images-idx3-ubyte, nor that with .gz" in problem(tmp_path, "mnist")
    assert "there is no" in problem(tmp_path / "nowhere", "mnist")


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_short_is_told(tmp_path: Path, packed: bool) -> None:
    mnist(tmp_path, TRAINING, TEST, packed=packed)
    path = tmp_path / f"train-images-idx3-ubyte{'.gz' if packed else ''}"
    path.write_bytes(path.read_bytes()[:-1000])
    text = problem(tmp_path, "mnist", **GREY)
    assert str(path) in text and "damaged or cut short" in text and "copy or download it again" in text


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    mnist(tmp_path, TRAINING, TEST, packed=True)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    assert "damaged or cut short" in problem(tmp_path, "mnist", **GREY)


def test_a_wrong_magic_number_is_told(tmp_path: Path) -> None:
    mnist(tmp_path, TRAINING, TEST)
    idx(tmp_path / "train-images-idx3-ubyte", TRAINING, magic=0xD03)
    assert "begins with 00000d03; an IDX file of images begins with 00000803" in problem(tmp_path, "mnist")


def test_lengths_that_cannot_be_true_ask_for_no_memory(tmp_path: Path) -> None:
    mnist(tmp_path, TRAINING, TEST)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(bytes.fromhex("00000803") + bytes.fromhex("ffffffff") * 3)
    assert "says that its images are 4294967295×4294967295" in problem(tmp_path, "mnist")


def test_labels_of_another_set_are_told(tmp_path: Path) -> None:
    mnist(tmp_path, TRAINING, TEST)
    idx(tmp_path / "train-labels-idx1-ubyte", pixels(59) % 10)
    assert "59 labels for 60 images; the two are not of one set" in problem(tmp_path, "mnist")
    idx(tmp_path / "train-labels-idx1-ubyte", np.full(60, 47, np.uint8))
    assert "holds the label 47; 0 to 9 are known" in problem(tmp_path, "mnist")


def test_more_images_than_told_are_told(tmp_path: Path) -> None:
    mnist(tmp_path, TRAINING, TEST)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes() + b"\x00")
    assert "holds more than the 60 images that it tells of" in problem(tmp_path, "mnist")


def test_a_gzip_of_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b""))
    assert "damaged or cut short" in problem(tmp_path, "mnist")
