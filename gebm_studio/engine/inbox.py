"""Commands that wait for the engine: in order, without those that a newer one makes needless."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from gebm_studio import messages as m

_WRITES = (m.Save, m.ExportSamples, m.ExportCurves, m.ExportSettings, m.ExportSweep, m.ExportCompare)


class Inbox:
    """A queue in which repeated changes of one setting collapse to the newest, and pulls likewise."""

    def __init__(self) -> None:
        self._waiting: deque[m.Command] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> m.Command:
        """The oldest command, which then no longer waits."""
        return self._waiting.popleft()

    def put(self, command: m.Command) -> None:
        """Queue a command; one that only repeats a waiting one replaces it."""
        if isinstance(command, m.SetValue):
            self._drop(lambda old: isinstance(old, m.SetValue) and old.path == command.path)
        elif isinstance(command, m.Pull):
            self._drop(lambda old: isinstance(old, m.Pull))
        elif isinstance(command, m.Load | m.Restore):
            self._drop_overtaken()
        self._waiting.append(command)

    def _drop(self, repeats: Callable[[m.Command], bool]) -> None:
        self._waiting = deque(command for command in self._waiting if not repeats(command))

    def _drop_overtaken(self) -> None:
        """Forget a waiting new run, and what was asked of it, when another is opened before it was made."""
        waiting = list(self._waiting)
        first = next((i for i, old in enumerate(waiting) if isinstance(old, m.Load | m.Restore)), len(waiting))
        if not any(isinstance(old, _WRITES) for old in waiting[first:]):
            self._waiting = deque(waiting[:first])
