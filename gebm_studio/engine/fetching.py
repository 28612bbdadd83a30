"""What must be done before a target can be had, as long work of the engine: the run of before goes on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gebm_studio import messages as m
from gebm_studio.engine.tasks import Send
from gebm_studio.presets import PresetError
from gebm_studio.targets import Preparation

PATIENCE = 0.005
"""Seconds that a piece of the work waits for the thread at most."""
LAST_WAIT = 5.0
STEPS = 1000
_ONE_AT_A_TIME = threading.Lock()
"""One that was cancelled ends a little later: the next must not write the same files meanwhile."""


class _Cancelled(Exception):
    pass


class Fetching:
    """A download or a preparation, in a thread of its own.

    Arguments:
        preparation: What is to be done.
        send: Where answers go.
        then: Called once it is done.
    """

    what, path = "a preparation of data", ""
    run_waits = False

    def __init__(self, preparation: Preparation, send: Send, then: Callable[[], None]) -> None:
        self._preparation, self._send, self._then = preparation, send, then
        self._far = (0, 0, preparation.name)
        self._told: tuple[str, int] | None = None
        self._ended = False
        self._notes: tuple[str, ...] = ()
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=preparation.name, daemon=True)
        self._thread.start()

    def work(self) -> bool:
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            done, total, title = self._far
            steps = min(done * STEPS // total, STEPS - 1) if total else 0
            if self._told != (title, steps):
                self._told = title, steps
                self._send(m.Progress(title, steps, STEPS))
            return True
        self._close()
        for note in self._notes:
            self._send(m.Note("warning", note, topic="file"))
        if isinstance(self._fault, PresetError):
            for problem in self._fault.problems:
                self._send(m.Note("error", problem, topic="open"))  # gone with the next run that can be made
        elif self._fault is not None:
            raise self._fault
        else:
            self._then()
        return False

    def cancel(self) -> None:
        self.fail()
        self._send(m.Note("info", f"{self._preparation.name}: cancelled", topic="file"))

    def fail(self) -> None:
        self._ended = True
        self._close()

    def leave(self) -> None:
        """End it in silence, and wait a moment until what was begun is put away."""
        self._ended = True
        self._thread.join(LAST_WAIT)

    def _close(self) -> None:
        self._send(m.Progress(self._far[2], STEPS, STEPS))

    def _run(self) -> None:
        try:
            with _ONE_AT_A_TIME:
                self._tell(*self._far)
                self._notes = self._preparation.run(self._tell)
        except _Cancelled:
            return
        except Exception as fault:  # noqa: BLE001  raised again where the engine can tell it
            self._fault = fault

    def _tell(self, done: int, total: int, what: str) -> None:
        if self._ended:
            raise _Cancelled
        self._far = done, total, what
