"""Long work of the engine, done a piece at a time between commands and frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Protocol

from gebm_studio import messages as m
from gebm_studio.engine import exports
from gebm_studio.experiments import Training
from gebm_studio.experiments.selftest import SelfTest

EXPORT_SEED = 104729
Send = Callable[[m.Answer], None]
Pieces = Iterator[m.Answer | None]
"""The work; what a piece yields is told to the window."""
Done = tuple[int, int]
"""How many of how many parts are done."""


class Task(Protocol):
    """One piece of long work under way. Each way to end it tells the window that it is over."""

    what: str
    """What it is, in words: an export, a self-test."""
    path: str
    """The file that it writes, empty for none."""
    run_waits: bool

    def work(self) -> bool:
        """Do one small piece; False once there is no more to do."""

    def cancel(self) -> None:
        """End it because a person wants so; nothing is written."""

    def fail(self) -> None:
        """End it because it cannot be done."""


class Writing:
    """A file that takes long to make.

    Arguments:
        path: The file.
        title: What the progress is called.
        pieces: The work; the file appears at its end.
        send: Where answers go.
    """

    what = "an export"
    run_waits = False

    def __init__(self, path: str, title: str, pieces: Pieces, send: Send) -> None:
        self.path, self._title, self._pieces, self._send = path, title, pieces, send

    def work(self) -> bool:
        try:
            answer = next(self._pieces)
        except StopIteration:
            self._send(m.Progress(self._title, 1, 1))
            return False
        if answer is not None:
            self._send(answer)
        if isinstance(answer, m.Written):
            return self.work()  # its end is told with it: the next order may come at once
        return True

    def cancel(self) -> None:
        self._pieces = iter(())  # what was begun is put away before that is told
        self._send(m.Progress(self._title, 1, 1))
        self._send(m.Note("info", f"{self.path}: cancelled, nothing written", topic="file"))

    def fail(self) -> None:
        self._send(m.Progress(self._title, 1, 1))


def writing_samples(run: Training, order: m.ExportSamples, send: Send) -> Writing:
    """Draw samples by fresh chains, then write them."""
    title = f"Sampling for {Path(order.path).name}"
    return Writing(order.path, title, _sampling(run, order, title), send)


def _sampling(run: Training, order: m.ExportSamples, title: str) -> Pieces:
    drawing = exports.Drawing(run, order.rows * order.columns, order.steps, EXPORT_SEED)
    for done in drawing:
        yield m.Progress(title, min(done, drawing.total - 1), drawing.total) if done % 10 == 1 else None
    if Path(order.path).suffix.lower() == ".npz":
        exports.write_npz(order.path, drawing.samples)
    else:
        exports.write_grid(order.path, run, drawing.samples, order)
    yield m.Written(order.path, "samples")
    if note := m.regime(drawing.time):
        yield m.Note("warning", f"{order.path}: {note}; more steps or larger ones are needed", topic="regime")


def writing(path: str, making: Iterator[Done | None], what: str, send: Send) -> Writing:
    """Write a file that is made in pieces; how far it is, where they tell it, is shown as it changes."""
    title = f"Making {Path(path).name}"

    def pieces() -> Pieces:
        shown = 0
        for told in making:
            done, total = told or (shown, 0)
            # All parts done is not yet the end: a complete progress is told once.
            yield m.Progress(title, done, total) if shown < done < total else None
            shown = done
        yield m.Written(path, what)

    return Writing(path, title, pieces(), send)


class SelfTesting:
    """The self-test. It ends with a `SelfTested` that is not `going`, and a complete `Progress`."""

    what, path = "a self-test", ""
    run_waits = True
    TITLE = "Self-test; the run waits"

    def __init__(self, send: Send) -> None:
        self._send = send
        self._test = SelfTest()
        self._pieces = iter(self._test)
        self._tell("going")

    def work(self) -> bool:
        before = self._test.done
        try:
            next(self._pieces)
        except StopIteration:
            self._tell("done")
            return False
        if self._test.done > before:
            self._tell("going")
        return True

    def cancel(self) -> None:
        self._tell("cancelled")

    def fail(self) -> None:
        self._tell("failed")

    def _tell(self, state: Literal["going", "done", "cancelled", "failed"]) -> None:
        test = self._test
        self._send(m.SelfTested(test.results, test.done, test.total, state))
        # All checks done is not yet the end: a complete progress is told once.
        done = min(test.done, test.total - 1) if state == "going" else test.total
        self._send(m.Progress(self.TITLE, done, test.total))
