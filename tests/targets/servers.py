"""A server of files on this machine, which can cut connections, change its files and forget ranges."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Served:
    """What a server gives out, and what it was asked for.

    Attributes:
        address: Where it is.
        files: Content by name.
        cuts: By the number of the request, after how many bytes of its body the connection ends.
        ranges: Whether it knows ranges.
        mark: The header that tells versions apart, or none.
        requests: Of each request, the name and the headers `Range` and `If-Range`.
    """

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    cuts: dict[int, int] = field(default_factory=dict)
    ranges: bool = True
    mark: str = "ETag"
    requests: list[tuple[str, str, str]] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"

    def version(self, name: str) -> str:
        digest = sha256(self.files[name]).hexdigest()[:8]
        return f'"{digest}"' if self.mark == "ETag" else f"Sat, 01 Jan 2000 00:00:00 GMT {digest}"


@contextmanager
def serving() -> Iterator[Served]:
    """A server while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            start, condition = self.headers.get("Range", ""), self.headers.get("If-Range", "")
            number = len(served.requests)
            served.requests.append((name, start, condition))
            if name not in served.files:
                self.send_error(404)
                return
            body = served.files[name]
            total, first = len(body), 0
            if start and served.ranges and condition == served.version(name):
                first = int(start.removeprefix("bytes=").removesuffix("-"))
                if first >= total:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{total}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{total - 1}/{total}")
            else:
                self.send_response(200)
            body = body[first:]
            self.send_header("Content-Length", str(len(body)))
            if served.mark:
                self.send_header(served.mark, served.version(name))
            self.end_headers()
            self.wfile.write(body[: served.cuts.get(number, len(body))])
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Served(f"http://127.0.0.1:{httpd.server_address[1]}")
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield served
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
