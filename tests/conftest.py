"""What every test shares: no screen, folders of its own, and nothing left running behind it."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

# Before Qt is imported: it reads this once.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

PATIENCE = 3.0
"""Seconds that a test's threads and processes may take to end."""


def pytest_configure(config: pytest.Config) -> None:
    """One numerical thread a process: the models of tests are small, and engines run beside the tests."""
    if not any("benchmarks" in argument for argument in config.args):
        os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for each test; numbered here, since pytest reads its whole folder for the next number."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def own_folders(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, state and caches of this test alone, also for the processes that it starts."""
    home = next(homes)
    home.mkdir()
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    return home


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves threads, processes, windows or timers behind."""
    threads, processes, widgets = set(threading.enumerate()), set(_processes()), set(_widgets())
    yield
    leaks = []
    if "qapp" in request.fixturenames:
        _finish_deletions()
        leaks += _windows_left(widgets)
        leaks += _timers_and_qthreads_left()
    leaks += _wait_for(lambda: [f"thread {t.name}" for t in _threads() if t not in threads])
    leaks += _wait_for(lambda: [f"process {p.pid}: {_command(p)}" for p in _processes() if p not in processes])
    for process in set(_processes()) - processes:
        process.kill()  # one leak shall not fail every later test
    if leaks:
        pytest.fail("left behind:\n  " + "\n  ".join(leaks), pytrace=False)


def _wait_for(leaks: Callable[[], list[str]]) -> list[str]:
    """What is still there when patience has run out."""
    deadline = time.monotonic() + PATIENCE
    while (found := leaks()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _threads() -> list[threading.Thread]:
    # tqdm's watchdog serves all progress bars of a process, and never ends. A dummy is Python's memory of
    # a Qt thread, kept after its end; Qt threads have a check of their own.
    ignored = ("tqdm._monitor.TMonitor", "threading._DummyThread")
    return [t for t in threading.enumerate() if f"{type(t).__module__}.{type(t).__qualname__}" not in ignored]


def _processes() -> list[psutil.Process]:
    # The standard library starts one tracker for the life of the process.
    return [p for p in _descendants(os.getpid()) if "resource_tracker" not in _command(p)]


def _descendants(pid: int) -> list[psutil.Process]:
    """Children and theirs, by what Linux lists of each thread; psutil, elsewhere, looks through all processes."""
    found = []
    try:
        listed = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
        if not listed:
            return psutil.Process(pid).children(recursive=True)
    except (FileNotFoundError, ProcessLookupError):  # a thread has ended meanwhile
        return _descendants(pid) if psutil.pid_exists(pid) else []
    for child in map(int, " ".join(listed).split()):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [psutil.Process(child), *_descendants(child)]
    return found


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _widgets() -> list[Any]:
    """Top-level widgets, where Qt is loaded at all."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    return list(widgets.QApplication.topLevelWidgets()) if widgets and widgets.QApplication.instance() else []


def _finish_deletions() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


def _windows_left(before: set[Any]) -> list[str]:
    if set(_widgets()) - before:
        gc.collect()  # a widget in a cycle of Python objects is not a leak
        _finish_deletions()
    left = set(_widgets()) - before
    names = [f"window {type(w).__name__} {w.objectName() or w.windowTitle()!r}" for w in left]
    for widget in left:
        widget.deleteLater()
    _finish_deletions()
    return names


def _timers_and_qthreads_left() -> list[str]:
    """Timers and Qt threads that Python still knows and that still run."""
    from PySide6.QtCore import QThread, QTimer
    from shiboken6 import isValid

    kinds = _kinds(QThread) | _kinds(QTimer)  # there are a hundred thousand objects to look through

    def running() -> list[Any]:
        found = [o for o in gc.get_objects() if type(o) in kinds and isValid(o)]
        main = QThread.currentThread()
        return [o for o in found if o != main and (o.isRunning() if isinstance(o, QThread) else o.isActive())]

    if not running():
        return []
    left = _wait_for(lambda: [_describe(o) for o in running()])
    for timer in (o for o in running() if isinstance(o, QTimer)):
        timer.stop()
    return left


def _kinds(kind: type) -> set[type]:
    """A class and all that derive from it."""
    return {kind}.union(*map(_kinds, kind.__subclasses__()))


def _describe(item: Any) -> str:
    owner = item.parent()
    where = f" of {type(owner).__name__}" if owner is not None else ""
    return f"{type(item).__name__} {item.objectName()!r}{where}"
