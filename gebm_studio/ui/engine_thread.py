"""The window's end of the engine: starts it, feeds it, hears it, notices its death, ends it."""

from __future__ import annotations

import threading
import time

from PySide6.QtCore import QObject, QThread, Signal

from gebm_studio.engine.host import Host, Mode, Options, start
from gebm_studio.messages import Command, Frame, Note, Progress, Saved, SelfTested, Stop, Written
from gebm_studio.ui.outbox import Outbox

PATIENCE = 1.5
"""Seconds that an engine gets to end by itself; with what follows, closing stays below two seconds."""


class EngineThread(QThread):
    """One engine at a time. Signals arrive in the thread that made this object.

    Signals:
        frame, note, progress, written, saved, tested: the answers of `gebm_studio.messages`.
        died: the engine ended without being asked, and why.
    """

    frame = Signal(object)
    note = Signal(object)
    progress = Signal(object)
    written = Signal(object)
    saved = Signal(object)
    tested = Signal(object)
    died = Signal(str)
    _ended = Signal(int, str)

    def __init__(self, mode: Mode, options: Options, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode: Mode = mode
        self._options = options
        self._lock = threading.Lock()
        self._outbox: Outbox | None = None
        self._early: list[Command] = []
        self._closing = threading.Event()
        self._generation = 0
        self._host: Host | None = None
        self._ended.connect(self._tell_end)

    def begin(self) -> None:
        """Start an engine; commands may be sent at once."""
        with self._lock:
            self._early.clear()
        self._closing.clear()
        self._generation += 1
        self.start()

    def send(self, command: Command) -> None:
        """Queue a command from any thread, without blocking; dropped when the engine is gone."""
        with self._lock:
            if self._outbox is not None:
                self._outbox.put(command)
            elif not self._closing.is_set():
                self._early.append(command)

    def close(self) -> None:
        """End the engine and this thread within two seconds."""
        self._closing.set()
        self.wait(round(1000 * (PATIENCE + 3)))

    def restart(self) -> None:
        """End the engine, by force where it does not answer, and start another."""
        self.close()
        self.begin()

    @property
    def pid(self) -> int | None:
        """The worker's process id; None for an engine in this process, or none at all."""
        return getattr(self._host, "pid", None)

    def run(self) -> None:
        """Start the host and read its answers until it ends (Qt calls this in the new thread)."""
        generation = self._generation
        try:
            host = start(self._mode, self._options)
        except OSError as error:
            self._ended.emit(generation, f"the engine cannot be started: {error.strerror or error}")
            return
        self._host = host
        outbox = Outbox(host.connection)
        with self._lock:
            for command in self._early:
                outbox.put(command)
            self._early.clear()
            self._outbox = outbox
        asked_to_end = self._read(host)
        with self._lock:
            self._outbox = None
        reason = "" if asked_to_end else host.last_words()
        if asked_to_end:
            self._let_end(host, outbox)
        self._host = None
        host.end(0.2)
        outbox.join(1.0)
        if not asked_to_end:
            self._ended.emit(generation, reason)

    def _read(self, host: Host) -> bool:
        """Emit answers until the end; True where the window asked for the end."""
        signals = {
            Frame: self.frame, Note: self.note, Progress: self.progress, Written: self.written, Saved: self.saved,
            SelfTested: self.tested,
        }  # fmt: skip
        while not self._closing.is_set():
            try:
                if host.connection.poll(0.05):
                    answer = host.connection.recv()
                    signals[type(answer)].emit(answer)
            except (EOFError, OSError):
                return self._closing.is_set()
        return True

    def _let_end(self, host: Host, outbox: Outbox) -> None:
        """Ask the engine to end and read on meanwhile, since it may be waiting to write."""
        outbox.finish(Stop())
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if host.connection.poll(0.02):
                    host.connection.recv()
            except (EOFError, OSError):
                return

    def _tell_end(self, generation: int, reason: str) -> None:
        # An engine that died just before it was replaced is no news.
        if generation == self._generation and not self._closing.is_set():
            self.died.emit(reason)
