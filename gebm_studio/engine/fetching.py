"""Downloads as long work of the engine: the run goes on meanwhile, and a person can end them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gebm_studio import messages as m
from gebm_studio.engine.tasks import Send
from gebm_studio.presets import PresetError
from gebm_studio.targets import uci

PATIENCE = 0.005
"""Seconds that a piece of the work waits for the download at most."""
STEPS = 1000


class _Cancelled(Exception):
    pass


class Fetching:
    """A table on its way into the data folder, in a thread of its own.

    Arguments:
        name: The table.
        send: Where answers go.
        then: Called once it has come.
    """

    what, path = "a download", ""
    run_waits = False

    def __init__(self, name: str, send: Send, then: Callable[[], None]) -> None:
        self._name, self._send, self._then = name, send, then
        self._title = f"Downloading {name}"
        self._come, self._total, self._told = 0, 0, -1
        self._ended = False
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._fetch, name=self._title, daemon=True)
        self._thread.start()

    def work(self) -> bool:
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            done = min(self._come * STEPS // self._total, STEPS - 1) if self._total else 0
            if done != self._told:
                self._told = done
                self._send(m.Progress(self._title, done, STEPS))
            return True
        self._send(m.Progress(self._title, STEPS, STEPS))
        if isinstance(self._fault, PresetError):
            for problem in self._fault.problems:
                self._send(m.Note("error", problem, topic="file"))
        elif self._fault is not None:
            raise self._fault
        else:
            self._then()
        return False

    def cancel(self) -> None:
        self.fail()
        self._send(m.Note("info", f"{self._name}: download cancelled", topic="file"))

    def fail(self) -> None:
        self._ended = True
        self._send(m.Progress(self._title, STEPS, STEPS))

    def _fetch(self) -> None:
        try:
            uci.fetch(self._name, self._tell)
        except _Cancelled:
            return
        except Exception as fault:  # noqa: BLE001  raised again where the engine can tell it
            self._fault = fault

    def _tell(self, come: int, total: int) -> None:
        if self._ended:
            raise _Cancelled
        self._come, self._total = come, total
