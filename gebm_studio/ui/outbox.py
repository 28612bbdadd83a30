"""Commands on their way to the engine: never blocking, changes of one setting collapsed."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection

from gebm_studio.messages import Command, Pull, SetValue


class Outbox:
    """A queue with its own writer thread, since a pipe that is full would block the window.

    Of several waiting changes of one setting, and of several waiting `Pull`s, only the newest is sent.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: list[Command] = []
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write, name="gebm-studio-outbox", daemon=True)
        self._thread.start()

    def put(self, command: Command) -> None:
        """Queue a command; returns at once."""
        with self._changed:
            if not self._closing:
                collapse(self._waiting, command)
                self._changed.notify()

    def finish(self, last: Command) -> None:
        """Send `last` in place of all that waits, then take nothing more."""
        with self._changed:
            self._waiting[:] = [last]
            self._closing = True
            self._changed.notify()

    def join(self, timeout: float) -> None:
        """Wait until the writer has ended; it does once `finish` was called or the pipe is gone."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                command = self._waiting.pop(0)
            try:
                self._connection.send(command)
            except (OSError, TypeError, ValueError):
                # The engine is gone, which the reader tells. (TypeError and ValueError: the pipe was
                # closed at this end while half of a message was written.)
                return


def collapse(waiting: list[Command], command: Command) -> None:
    """Append a command, dropping the waiting ones that it makes obsolete.

    The search for an older change of the same setting ends at any other command: what that one
    does may depend on the older value.
    """
    if isinstance(command, Pull):
        waiting[:] = [other for other in waiting if not isinstance(other, Pull)]
    elif isinstance(command, SetValue):
        for index in range(len(waiting) - 1, -1, -1):
            other = waiting[index]
            if isinstance(other, SetValue) and other.path == command.path:
                del waiting[index]
                break
            if not isinstance(other, SetValue | Pull):
                break
    waiting.append(command)
