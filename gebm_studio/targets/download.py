"""Downloads that are checked against what was published, and go on where they were cut.

What comes is written to NAME.part; beside it NAME.part.tag keeps the server's own mark of that version of the file,
without which two versions could be joined. Both are gone once the file is complete.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gebm_studio.files import explain

if TYPE_CHECKING:
    import requests

Tell = Callable[[int, int], None]
"""Bytes that have come, and of how many, 0 where the server does not say; it may raise to end the download."""
CHUNK = 1 << 18
TIMEOUT = 20.0
TRIES, PAUSE = 5, 1.0
"""A cut connection is taken up again so often, after so many seconds, as long as each time something comes."""


class DownloadError(Exception):
    """Why a file cannot be had, in one line, with what to do."""


class _Cut(Exception):
    """The connection ended before the file did."""


@dataclass(frozen=True)
class Remote:
    """A file of the web.

    Attributes:
        url: Where it is.
        checksum: `md5:…` or `sha256:…`, in hexadecimal digits; None where none is known.
    """

    url: str
    checksum: str | None = None

    @property
    def file(self) -> str:
        """The file's own name."""
        return self.url.rpartition("/")[2]


def download(remote: Remote, folder: Path, tell: Tell) -> Path:
    """The file in a folder, downloaded if it is not there yet, and checked either way.

    Where `tell` raises, or the connection is cut, what has come is kept, and the next call goes on from there.

    Raises:
        DownloadError: Where it cannot be had; a file that is not the published one is not kept.
    """
    import pooch  # late: it loads requests

    place = folder / remote.file
    if place.is_file():
        if remote.checksum is not None and (found := checksum(place, remote.checksum)) != remote.checksum:
            raise DownloadError(f"{place} is not the published file ({_differs(found, remote)}); remove it")
        return place
    pooch.get_logger().setLevel(logging.WARNING)  # progress is told elsewhere
    fetched: list[str] = []

    def fetch(url: str, output: str, _: object) -> None:
        part = _Part(place)
        part.complete(url, tell)
        os.replace(part.path, output)
        fetched.append(checksum(Path(output), remote.checksum or "sha256:"))

    try:
        pooch.retrieve(remote.url, remote.checksum, fname=remote.file, path=folder, downloader=fetch)
    except OSError as error:
        raise DownloadError(_advice(error, remote, place)) from error
    except ValueError as error:
        if not fetched:
            raise
        what = f"{remote.url} is not the published file ({_differs(fetched[0], remote)})"
        raise DownloadError(f"{what}; nothing of it is kept: try later, or put the file at {place}") from error
    return place


def checksum(path: Path, like: str) -> str:
    """The checksum of a file by the algorithm of another, as `algorithm:digits`."""
    import pooch

    algorithm = like.partition(":")[0]
    return f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"


class _Part:
    """What has come of a file so far."""

    def __init__(self, place: Path) -> None:
        self.path = place.with_name(f"{place.name}.part")
        self._tag = place.with_name(f"{place.name}.part.tag")

    def complete(self, url: str, tell: Tell) -> None:
        """Bring what is missing.

        Raises:
            OSError: Where it cannot be had, also those of requests, or cannot be written.
        """
        import requests

        for left in reversed(range(TRIES)):
            before = self._size()
            try:
                self._bring(url, tell)
            except _Cut as cut:
                if not left or self._size() <= before:
                    raise requests.ConnectionError(str(cut)) from cut
                time.sleep(PAUSE)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    self._clear()  # it would fill the disk for nothing
                raise
            else:
                self._tag.unlink(missing_ok=True)
                return

    def _bring(self, url: str, tell: Tell) -> None:
        """One request, for the rest if the server can send it."""
        import requests
        from urllib3.exceptions import HTTPError

        come = self._size() if self._tag.is_file() else 0
        # Bytes as they lie there: a range of a file that is packed on its way would be of no use.
        headers = {"Accept-Encoding": "identity"}
        if come:
            headers |= {"Range": f"bytes={come}-", "If-Range": self._tag.read_text(encoding="utf-8")}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                if answer.headers.get("Content-Range") == f"bytes */{come}":
                    return None  # all had come, and was not put in place
                self._clear()  # of another version, which was longer
                return self._bring(url, tell)
            answer.raise_for_status()
            goes_on = answer.headers.get("Content-Range", "").startswith(f"bytes {come}-")
            if answer.status_code != requests.codes.partial_content or not goes_on:
                come = 0
                self._mark(answer)
            total = come + int(answer.headers.get("Content-Length", 0)) if "Content-Length" in answer.headers else 0
            if shutil.disk_usage(self.path.parent).free < total - come:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            cut = False
            with open(self.path, "ab" if come else "wb") as stream:
                try:
                    for chunk in answer.raw.stream(CHUNK, decode_content=False):
                        stream.write(chunk)
                        come += len(chunk)
                        tell(come, total)
                except HTTPError:
                    cut = True
            if self._size() != come:
                self._clear()
                raise DownloadError(f"another download writes {self.path} too; wait for it")
            if cut or come < total:
                whole = f" of {total:,}" if total else ""
                raise _Cut(f"the connection was cut after {come:,}{whole} bytes")
        return None

    def _mark(self, answer: requests.Response) -> None:
        """Keep what tells this version of the file from others; without it a cut download starts afresh."""
        etag = answer.headers.get("ETag", "")
        mark = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified", "")
        self._tag.unlink(missing_ok=True)
        if mark:
            self._tag.write_text(mark, encoding="utf-8")

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def _clear(self) -> None:
        for path in (self.path, self._tag):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _differs(found: str, remote: Remote) -> str:
    algorithm, _, digits = found.partition(":")
    published = (remote.checksum or "").partition(":")[2]
    return f"its {algorithm.upper()} is {digits[:16]}…, not {published[:16]}…"


def _advice(error: OSError, remote: Remote, place: Path) -> str:
    import requests

    if not isinstance(error, requests.RequestException):
        return explain(error, place)
    host = remote.url.split("/")[2]
    kept = place.with_name(f"{place.name}.part.tag").is_file()
    again = "try again, which goes on from there" if kept else "try again"
    match error:
        case requests.Timeout():
            return f"{host} does not answer; {again}, or put the file at {place}"
        case requests.ConnectionError() if isinstance(error.__cause__, _Cut):
            return f"{remote.url}: {error}; {again}, or put the file at {place}"
        case requests.ConnectionError():
            return f"no connection to {host}; go online, or put the file at {place}"
    return f"{' '.join(str(error).split())[:120]}; go online, or put the file at {place}"
