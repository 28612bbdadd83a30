"""Where the engine's loop lives: a worker process by default, a thread on request.

Both talk over one pipe, so the window does not know the difference. This module never imports
torch: in the window's process only the thread host does, once it starts.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Literal, Protocol

Mode = Literal["process", "thread"]


@dataclass(frozen=True)
class Options:
    """How an engine is started: its device and the folder of its autosaves (none: no autosave)."""

    device: str = "auto"
    autosave_folder: str = ""
    threads: int = 0
    """Threads of the numerical library; 0 leaves its own choice."""


class Host(Protocol):
    """A running engine and this end of the pipe to it.

    Send commands with `connection.send`, read answers with `connection.recv`; `EOFError` or
    `OSError` from either means that the engine is gone.
    """

    connection: Connection

    def end(self, patience: float) -> None:
        """End the loop: politely until `patience` seconds have passed, then by force. Again does nothing."""

    def last_words(self) -> str:
        """Why a dead engine died, in words for a person."""


def start(mode: Mode, options: Options) -> Host:
    """Start an engine."""
    return _ProcessHost(options) if mode == "process" else _ThreadHost(options)


class _ProcessHost:
    def __init__(self, options: Options) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_worker, args=(theirs, options), name="gebm-studio-engine", daemon=True)
        self._process.start()
        theirs.close()  # else the end of the worker would never read as the end of the pipe

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def end(self, patience: float) -> None:
        self.connection.close()
        self._process.join(patience)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def last_words(self) -> str:
        self._process.join(1.0)
        code = self._process.exitcode
        if code is None:
            return "the engine stopped answering"
        if code < 0:
            name = signal.Signals(-code).name
            hint = "; the machine may have run out of memory" if name == "SIGKILL" else ""
            return f"the engine was ended by {name}{hint}"
        return f"the engine ended with exit status {code}"


class _ThreadHost:
    def __init__(self, options: Options) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        self._thread = threading.Thread(target=_loop, args=(theirs, options), name="gebm-studio-engine", daemon=True)
        self._thread.start()

    def end(self, patience: float) -> None:
        self.connection.close()
        self._thread.join(patience)

    def last_words(self) -> str:
        return "the engine's thread ended; the run log says why"


def _worker(connection: Connection, options: Options) -> None:
    """The body of the worker process."""
    # Ctrl-C in a terminal reaches the whole group; only the window decides when the engine ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _loop(connection, options)


def _loop(connection: Connection, options: Options) -> None:
    from gebm_studio.engine.loop import serve

    try:
        serve(connection, options)
    finally:
        connection.close()
