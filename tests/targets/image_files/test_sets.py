"""Sets on their way here: downloaded, checked, prepared, as work of the engine; and damage of every kind."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gebm_studio import messages as m
from gebm_studio.engine.fetching import Fetching
from gebm_studio.presets import PresetError
from gebm_studio.schema.images import ImageFiles
from gebm_studio.targets import ImageSet, download, missing
from gebm_studio.targets.download import Remote
from gebm_studio.targets.image_files import cifar, sets
from tests.targets.image_files.makers import (
    CPU,
    build,
    cifar_archive,
    cifar_batch,
    idx,
    mnist,
    pictures,
    pixels,
    stored,
)
from tests.targets.servers import Served, serving

MNIST = ImageFiles(source="mnist", size="28", colour="grey", held_out=10)
TRAINING, TEST = pixels(60, 28, 28), pixels(20, 28, 28, seed=1)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """MNIST and CIFAR-10, small, from a server on this machine in the place of their own."""
    monkeypatch.setattr(download, "PAUSE", 0.0)
    monkeypatch.setattr(download, "CHUNK", 1000)
    mnist(tmp_path / "made", TRAINING, TEST, packed=True)
    batch = cifar_batch(pixels(30, 3, 32, 32), np.zeros(30, np.uint8))
    cifar_archive(tmp_path / "made" / cifar.ARCHIVE, {"data_batch_1.bin": batch, "test_batch.bin": batch})
    with serving() as server:
        server.files = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
        for name in ("mnist", "cifar10"):
            here = tuple(
                Remote(server.url(remote.file), f"md5:{hashlib.md5(server.files[remote.file]).hexdigest()}")  # noqa: S324
                for remote in sets.REMOTES[name]  # type: ignore[index]
            )
            monkeypatch.setitem(sets.REMOTES, name, here)  # type: ignore[arg-type]
        yield server


def finish(work: Fetching) -> None:
    while work.work():
        pass


def test_published_addresses_and_checksums_are_whole() -> None:
    for name, remotes in sets.REMOTES.items():
        assert len(remotes) == {"mnist": 4, "fashion_mnist": 4, "cifar10": 1}[name]
        for remote in remotes:
            algorithm, digits = str(remote.checksum).split(":")
            assert algorithm == "md5" and len(bytes.fromhex(digits)) == 16
    assert set(sets.NAMES) == {*sets.REMOTES, *sets._BY_HAND}


def test_a_set_is_downloaded_prepared_and_opened(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    target = ImageSet(MNIST, seed=0, device=CPU)
    np.testing.assert_array_equal(stored(target), np.concatenate([TRAINING, TEST])[:, None])
    assert len(served.requests) == 4
    assert ImageSet(MNIST, seed=0, device=CPU).about == target.about and len(served.requests) == 4
    assert missing(ImageFiles(source="mnist", size="32", held_out=10)) is not None
    other = ImageSet(ImageFiles(source="mnist", size="32", held_out=10), seed=0, device=CPU)
    assert other.shape == (3, 32, 32) and len(served.requests) == 4, "what has come serves every size"
    assert ImageSet(ImageFiles(source="cifar10", held_out=10), seed=0, device=CPU).about.training == 30


def test_a_set_that_a_person_has_put_into_the_data_folder_is_taken(served: Served) -> None:
    mnist(sets.store() / "mnist", TRAINING)
    idx(sets.store() / "mnist" / "t10k-images-idx3-ubyte", TEST)
    served.files.clear()
    with pytest.raises(PresetError, match=r"target.source mnist: 404 .*put the file at .*t10k-labels-idx1-ubyte.gz"):
        ImageSet(MNIST, seed=0, device=CPU)
    idx(sets.store() / "mnist" / "t10k-labels-idx1-ubyte", np.zeros(20, np.uint8))
    assert ImageSet(MNIST, seed=0, device=CPU).about.test == 20


def test_the_engine_is_told_how_far_it_is_and_goes_on_at_the_end(served: Served) -> None:
    said: list[Any] = []
    came: list[str] = []
    work = missing(MNIST)
    assert work is not None
    finish(Fetching(work, said.append, lambda: came.append("now")))
    assert came == ["now"] and missing(MNIST) is None
    assert isinstance(said[-1], m.Progress) and said[-1].done == said[-1].total
    assert sum(isinstance(answer, m.Progress) and answer.done == answer.total for answer in said) == 1


def test_a_download_that_was_cancelled_goes_on_the_next_time(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    work = missing(MNIST)
    assert work is not None
    first = sets.REMOTES["mnist"][0].file
    under_way: list[int] = []

    with monkeypatch.context() as slowly:
        tell = Fetching._tell

        def slow(self: Fetching, done: int, total: int, what: str) -> None:
            under_way.append(done)
            time.sleep(0.01)
            tell(self, done, total, what)

        slowly.setattr(Fetching, "_tell", slow)
        task = Fetching(work, said.append, lambda: pytest.fail("it never came"))
        while not any(under_way):
            assert task.work()
        task.cancel()
        task._thread.join(10)
    assert said[-1].text == "MNIST: cancelled" and said[-2].done == said[-2].total
    come = (sets.store() / "mnist" / f"{first}.part").stat().st_size
    assert 0 < come < len(served.files[first])
    came: list[str] = []
    finish(Fetching(work, said.append, lambda: came.append("now")))
    assert came == ["now"] and served.requests[1][:2] == (first, f"bytes={come}-")


def test_unreadable_pictures_are_told_as_a_warning(tmp_path: Path) -> None:
    pictures(tmp_path, 50)
    (tmp_path / "bad.png").write_bytes(b"no")
    said: list[Any] = []
    work = missing(ImageFiles(source="folder", path=str(tmp_path), size="8", held_out=10))
    assert work is not None
    finish(Fetching(work, said.append, lambda: None))
    (note,) = [answer for answer in said if isinstance(answer, m.Note)]
    assert note.level == "warning" and "1 of 51 pictures cannot be read and are left out: bad.png" in note.text


def test_leaving_in_the_middle_puts_what_was_begun_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path, 200)
    work = missing(ImageFiles(source="folder", path=str(tmp_path), size="8", held_out=10))
    assert work is not None
    task = Fetching(work, lambda _: None, lambda: None)
    task.leave()
    assert not task._thread.is_alive()
    assert not sets.store().is_dir() or not list(sets.store().glob(".part-*"))


def damaged(content: bytes, at: float, change: bytes, cut: float) -> bytes:
    place = int(at * len(content))
    return (content[:place] + change + content[place + len(change) :])[: max(1, int(cut * len(content)))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["idx", "idx.gz", "cifar", "npz", "png", "jpg"]),
    at=st.floats(0, 1, exclude_max=True),
    change=st.binary(max_size=6),
    cut=st.floats(0.01, 1),
)
def test_no_damage_does_more_than_one_line(tmp_path: Path, kind: str, at: float, change: bytes, cut: float) -> None:
    """Files of every format, with bytes changed and the end cut off: read as they are, or refused in one line."""
    source, name = {
        "idx": ("mnist", "train-images-idx3-ubyte"),
        "idx.gz": ("mnist", "train-images-idx3-ubyte.gz"),
        "cifar": ("cifar10", cifar.ARCHIVE),
        "npz": ("imagenet32", "train_data_batch_1.npz"),
        "png": ("folder", "0000.png"),
        "jpg": ("folder", "0000.jpg"),
    }[kind]
    folder = tmp_path / kind
    if not folder.exists():
        folder.mkdir()
        if kind.startswith("idx"):
            idx(folder / name, pixels(30, 8, 8), packed=kind == "idx.gz")
        elif kind == "cifar":
            cifar_archive(
                folder / name, {"data_batch_1.bin": cifar_batch(pixels(30, 3, 32, 32), np.zeros(30, np.uint8))}
            )
        elif kind == "npz":
            np.savez_compressed(folder / name, data=pixels(30, 192))
        else:
            pictures(folder, 30, end=kind)
        (tmp_path / f"{kind}.whole").write_bytes((folder / name).read_bytes())
    (folder / name).write_bytes(damaged((tmp_path / f"{kind}.whole").read_bytes(), at, change, cut))
    try:
        found = build(folder, source, size="8")
    except PresetError as error:
        assert len(error.problems) == 1 and len(error.problems[0].splitlines()) == 1
    else:
        assert 28 <= found.about.training <= 30 or kind == "idx"


def test_an_npz_is_never_unpickled(tmp_path: Path) -> None:
    class Bad:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "ran",)

    content = io.BytesIO()
    np.savez(content, allow_pickle=True, images=np.array([Bad()], dtype=object))
    (tmp_path / "a.npz").write_bytes(content.getvalue())
    with pytest.raises(PresetError, match="never loaded"):
        build(tmp_path / "a.npz")
    assert not (tmp_path / "ran").exists()
