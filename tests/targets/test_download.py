"""Downloads, against a server on this machine: cut, changed, refused, cancelled, without room."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gebm_studio.targets import download as module
from gebm_studio.targets.download import DownloadError, Remote, download
from tests.targets.servers import Served, serving

BODY = bytes(range(256)) * 4096
MD5 = f"md5:{hashlib.md5(BODY).hexdigest()}"  # noqa: S324  published checksums are of this kind
NAME = "images.gz"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    monkeypatch.setattr(module, "CHUNK", 1 << 16)
    with serving() as server:
        server.files[NAME] = BODY
        yield server


def silent(come: int, total: int) -> None:
    pass


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused(remote: Remote, folder: Path) -> str:
    """The one line of a download that cannot be had."""
    with pytest.raises(DownloadError) as problem:
        download(remote, folder, silent)
    text = str(problem.value)
    assert len(text.splitlines()) == 1
    return text


def test_a_whole_file_comes_with_progress_and_is_not_asked_for_again(served: Served, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    remote = Remote(served.url(NAME), MD5)
    place = download(remote, tmp_path, lambda come, total: told.append((come, total)))
    assert place.read_bytes() == BODY and left(tmp_path) == [NAME]
    assert told[-1] == (len(BODY), len(BODY)) and [come for come, _ in told] == sorted(come for come, _ in told)
    assert len(told) > 4
    assert download(remote, tmp_path, silent) == place
    assert served.requests == [(NAME, "", "")]


def test_a_file_that_is_not_the_published_one_is_refused_and_nothing_is_left(served: Served, tmp_path: Path) -> None:
    served.files[NAME] = BODY[::-1]
    text = refused(Remote(served.url(NAME), MD5), tmp_path)
    assert re.search(r"is not the published file \(its MD5 is \w{16}…, not \w{16}…\); nothing of it is kept", text)
    assert str(tmp_path / NAME) in text
    assert left(tmp_path) == []


def test_a_file_put_there_that_is_not_the_published_one_is_named_and_stays(served: Served, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"mine")
    assert refused(Remote(served.url(NAME), MD5), tmp_path).endswith("; remove it")
    assert (tmp_path / NAME).read_bytes() == b"mine" and not served.requests


@pytest.mark.parametrize("mark", ["ETag", "Last-Modified"])
def test_a_cut_connection_is_taken_up_where_it_ended(served: Served, tmp_path: Path, mark: str) -> None:
    served.mark, served.cuts = mark, {0: 300_000, 1: 0}
    text = refused(Remote(served.url(NAME), MD5), tmp_path)
    assert "the connection was cut after 300,000 of 1,048,576 bytes; try again, which goes on from there" in text
    assert left(tmp_path) == [f"{NAME}.part", f"{NAME}.part.tag"]
    assert (tmp_path / f"{NAME}.part").read_bytes() == BODY[:300_000]
    told: list[int] = []
    place = download(Remote(served.url(NAME), MD5), tmp_path, lambda come, total: told.append(come))
    version = served.version(NAME)
    assert served.requests == [(NAME, "", ""), *[(NAME, "bytes=300000-", version)] * 2]
    assert told[0] > 300_000, "progress goes on too"
    assert place.read_bytes() == BODY and left(tmp_path) == [NAME]


def test_as_long_as_something_comes_cuts_are_taken_up_at_once(served: Served, tmp_path: Path) -> None:
    served.cuts = dict.fromkeys(range(3), 250_000)
    assert download(Remote(served.url(NAME), MD5), tmp_path, silent).read_bytes() == BODY
    assert [start for _, start, _ in served.requests] == ["", "bytes=250000-", "bytes=500000-", "bytes=750000-"]


def test_a_server_without_ranges_sends_the_whole_again(served: Served, tmp_path: Path) -> None:
    served.ranges, served.cuts = False, {0: 300_000}
    assert download(Remote(served.url(NAME), MD5), tmp_path, silent).read_bytes() == BODY
    assert len(served.requests) == 2


def test_a_server_that_marks_no_versions_is_asked_for_the_whole(served: Served, tmp_path: Path) -> None:
    served.mark, served.cuts = "", {0: 300_000}
    assert download(Remote(served.url(NAME), MD5), tmp_path, silent).read_bytes() == BODY
    assert [start for _, start, _ in served.requests] == ["", ""]


@pytest.mark.parametrize("size", [200_000, 2_000_000])
def test_a_file_that_changed_meanwhile_is_not_joined_to_the_part_of_before(
    served: Served, tmp_path: Path, size: int
) -> None:
    served.cuts = {0: 300_000, 1: 0}
    refused(Remote(served.url(NAME)), tmp_path)
    served.files[NAME] = new = b"new " * (size // 4)
    assert download(Remote(served.url(NAME)), tmp_path, silent).read_bytes() == new


def test_a_part_that_was_complete_is_put_in_place(served: Served, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(BODY)
    (tmp_path / f"{NAME}.part.tag").write_text(served.version(NAME))
    assert download(Remote(served.url(NAME), MD5), tmp_path, silent).read_bytes() == BODY
    assert left(tmp_path) == [NAME]


def test_a_part_that_is_longer_than_the_file_is_thrown_away(served: Served, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(BODY + b"more")
    (tmp_path / f"{NAME}.part.tag").write_text(served.version(NAME))
    assert download(Remote(served.url(NAME), MD5), tmp_path, silent).read_bytes() == BODY
    assert left(tmp_path) == [NAME]


def test_what_is_not_there_and_no_network_are_told(served: Served, tmp_path: Path) -> None:
    assert "404" in refused(Remote(served.url("other.gz"), MD5), tmp_path)
    nowhere = refused(Remote(f"http://127.0.0.1:9/{NAME}", MD5), tmp_path)
    assert nowhere == f"no connection to 127.0.0.1:9; go online, or put the file at {tmp_path / NAME}"
    assert left(tmp_path) == []


def test_a_server_that_does_not_answer_is_given_up(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(module, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/{NAME}"
        assert "does not answer; try again" in refused(Remote(url, MD5), tmp_path)
    assert left(tmp_path) == []


def test_a_full_disk_is_told_and_nothing_stays_on_it(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Any, *_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    class Full:
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        write = full

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._stream.close()

    monkeypatch.setattr(module, "open", lambda path, mode: Full(path.open(mode)), raising=False)
    text = refused(Remote(served.url(NAME), MD5), tmp_path)
    assert "no space left on device; free some space or choose another disk" in text
    assert left(tmp_path) == []


def test_a_disk_that_is_too_small_is_told_before_anything_is_written(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2_000_000, 1_500_000, 500_000))  # type: ignore[attr-defined]
    assert "no space left on device" in refused(Remote(served.url(NAME), MD5), tmp_path)
    assert left(tmp_path) == []


def test_a_person_who_ends_it_finds_what_had_come_the_next_time(served: Served, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def stop(come: int, total: int) -> None:
        if come >= 200_000:
            raise Enough

    with pytest.raises(Enough):
        download(Remote(served.url(NAME), MD5), tmp_path, stop)
    come = (tmp_path / f"{NAME}.part").stat().st_size
    assert come >= 200_000 and not (tmp_path / NAME).exists()
    assert download(Remote(served.url(NAME), MD5), tmp_path, silent).read_bytes() == BODY
    assert served.requests[-1][1] == f"bytes={come}-"


def test_two_downloads_of_one_file_at_once_do_not_mix(served: Served, tmp_path: Path) -> None:
    def meddle(come: int, total: int) -> None:
        if come == total:
            with open(tmp_path / f"{NAME}.part", "ab") as part:
                part.write(b"of another")

    with pytest.raises(DownloadError, match="another download writes"):
        download(Remote(served.url(NAME)), tmp_path, meddle)
    assert left(tmp_path) == []
