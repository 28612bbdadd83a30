"""The self-test as the engine does it: a piece at a time, telling how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from gebm_studio.experiments.selftest import SelfTest
from gebm_studio.messages import Answer, Progress, SelfTested

TITLE = "Self-test; the run waits"


class SelfTesting:
    """One self-test under way. It ends with a `SelfTested` that is not `going`, and a complete `Progress`."""

    def __init__(self, send: Callable[[Answer], None]) -> None:
        self._send = send
        self._test = SelfTest()
        self._pieces = iter(self._test)
        self.cancelled = False
        self._tell("going")

    def work(self) -> bool:
        """Do one small piece; False once there is no more to do."""
        if self.cancelled:
            self._tell("cancelled")
            return False
        before = self._test.done
        try:
            next(self._pieces)
        except StopIteration:
            self._tell("done")
            return False
        if self._test.done > before:
            self._tell("going")
        return True

    def fail(self) -> None:
        """Tell that a fault of ours ended it."""
        self._tell("failed")

    def _tell(self, state: Literal["going", "done", "cancelled", "failed"]) -> None:
        test = self._test
        self._send(SelfTested(test.results, test.done, test.total, state))
        # All checks done is not yet the end: a complete progress is told once.
        done = min(test.done, test.total - 1) if state == "going" else test.total
        self._send(Progress(TITLE, done, test.total))
