"""CIFAR-10's binary version, from a folder and straight from its archive."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.targets.image_files.makers import build, cifar_archive, cifar_batch, pixels, problem, stored

IMAGES = pixels(60, 3, 32, 32)
LABELS = (np.arange(60) % 10).astype(np.uint8)


def files() -> dict[str, bytes]:
    batches = {
        f"data_batch_{i + 1}.bin": cifar_batch(IMAGES[8 * i : 8 * i + 8], LABELS[8 * i : 8 * i + 8]) for i in range(5)
    }
    # In the published archive the order is not that of the names either.
    return {"test_batch.bin": cifar_batch(IMAGES[40:], LABELS[40:])} | dict(reversed(batches.items()))


@pytest.mark.parametrize("where", ["", "cifar-10-batches-bin", "archive", "folder of the archive"])
def test_images_come_as_they_are_wherever_the_files_lie(tmp_path: Path, where: str) -> None:
    path = tmp_path
    if "archive" in where:
        cifar_archive(tmp_path / "cifar-10-binary.tar.gz", files())
        path = tmp_path / "cifar-10-binary.tar.gz" if where == "archive" else tmp_path
    else:
        (tmp_path / where).mkdir(exist_ok=True)
        for name, content in files().items():
            (tmp_path / where / name).write_bytes(content)
    target = build(path, "cifar10")
    assert target.shape == (3, 32, 32) and (target.about.training, target.about.test) == (40, 20)
    np.testing.assert_array_equal(stored(target), IMAGES)
    names, masses = target.factor_masses["class"]
    assert names[3] == "cat" and masses == pytest.approx([0.1] * 10)


def test_one_batch_alone_is_a_set_too(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1.bin").write_bytes(cifar_batch(IMAGES, LABELS))
    target = build(tmp_path, "cifar10")
    assert (target.about.training, target.about.test) == (60, 0)
    np.testing.assert_array_equal(stored(target), IMAGES)


def test_the_version_of_pickles_is_never_loaded(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1").write_bytes(b"\x80\x04cos\nsystem\n")
    assert "whose pickles are never loaded; get the binary version" in problem(tmp_path, "cifar10")


def test_what_is_not_there_and_what_is_cut_are_told(tmp_path: Path) -> None:
    assert "holds neither cifar-10-binary.tar.gz nor data_batch_1.bin" in problem(tmp_path, "cifar10")
    (tmp_path / "data_batch_1.bin").write_bytes(cifar_batch(IMAGES, LABELS)[:-5])
    text = problem(tmp_path, "cifar10")
    assert "data_batch_1.bin has 184,375 bytes, not a multiple of 3,073; copy it again" in text
    (tmp_path / "data_batch_1.bin").write_bytes(cifar_batch(IMAGES, LABELS + 1))
    assert "holds the label 10; 0 to 9 are known" in problem(tmp_path, "cifar10")


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cifar-10-binary.tar.gz"
    cifar_archive(path, files())
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "damaged or cut short" in problem(path, "cifar10")
    path.write_bytes(b"<html>not found</html>")
    assert "damaged or cut short" in problem(path, "cifar10")
    with tarfile.open(path, "w:gz"):
        pass
    assert "holds no data_batch_1.bin to data_batch_5.bin" in problem(path, "cifar10")
