"""The window's end of the engine: nothing blocks, death is noticed, closing is quick."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.engine.host import Options
from gebm_studio.messages import Cancel, Frame, Load, Pause, Pull, Reset, Run, SetValue, Stop
from gebm_studio.ui import engine_thread as module
from gebm_studio.ui.engine_thread import EngineThread
from gebm_studio.ui.outbox import Outbox, collapse

FRAME = Frame(1, "running", 7, 0, 0, 0, 0.0, "cpu", 0, 0)


class FakeHost:
    """An engine in a thread that does what a test tells it to."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.connection, self.theirs = multiprocessing.Pipe()
        self.heard: list[Any] = []
        self.deaf = deaf
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while not self.deaf:
            try:
                command = self.theirs.recv()
            except (EOFError, OSError):
                return
            self.heard.append(command)
            if isinstance(command, Stop | Cancel):  # Cancel stands for a crash
                self.theirs.close()
                return
            if isinstance(command, Pull):
                self.theirs.send(FRAME)

    def alive(self) -> bool:
        return self.thread.is_alive()

    def end(self, patience: float) -> None:
        self.connection.close()
        self.thread.join(patience)
        if not self.theirs.closed:
            self.theirs.close()

    def last_words(self) -> str:
        return "it just ended"


@pytest.fixture
def engine(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[EngineThread, list[FakeHost]]]:
    """An engine thread on fake hosts; the list holds those that were started."""
    hosts: list[FakeHost] = []

    def start(_mode: str, _options: Options) -> FakeHost:
        hosts.append(FakeHost())
        return hosts[-1]

    monkeypatch.setattr(module, "start", start)
    thread = EngineThread("thread", Options())
    thread.begin()
    qtbot.waitUntil(lambda: bool(hosts))
    yield thread, hosts
    thread.close()


def test_newest_value_of_a_setting_and_newest_pull_win() -> None:
    waiting: list[Any] = []
    for command in (SetValue("a", 1), Pull(1), SetValue("b", 1), SetValue("a", 2), Pull(2)):
        collapse(waiting, command)
    assert waiting == [SetValue("b", 1), SetValue("a", 2), Pull(2)]


def test_values_before_another_command_stay() -> None:
    waiting: list[Any] = []
    for command in (SetValue("a", 1), Reset(2), SetValue("a", 2)):
        collapse(waiting, command)
    assert waiting == [SetValue("a", 1), Reset(2), SetValue("a", 2)]


def test_a_change_is_sent_before_the_pull_that_follows_it(engine: Any, qtbot: QtBot) -> None:
    thread, hosts = engine
    thread.send(SetValue("a", 1))
    thread.send(Pull(1))
    qtbot.waitUntil(lambda: len(hosts[0].heard) == 2)
    assert hosts[0].heard == [SetValue("a", 1), Pull(1)]


def test_commands_sent_before_the_host_is_up_arrive(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost()

    def late(_mode: str, _options: Options) -> FakeHost:
        time.sleep(0.2)
        return host

    monkeypatch.setattr(module, "start", late)
    thread = EngineThread("thread", Options())
    thread.begin()
    thread.send(Run())
    thread.send(Pause())
    qtbot.waitUntil(lambda: host.heard == [Run(), Pause()])
    thread.close()


def test_answers_become_signals(engine: Any, qtbot: QtBot) -> None:
    thread, _ = engine
    with qtbot.waitSignal(thread.frame) as got:
        thread.send(Pull(1))
    assert got.args[0].iteration == 7


def test_death_is_noticed_within_half_a_second(engine: Any, qtbot: QtBot) -> None:
    thread, _ = engine
    qtbot.wait(100)
    with qtbot.waitSignal(thread.died, timeout=500) as got:
        thread.send(Cancel())
    assert got.args == ["it just ended"]
    assert thread.wait(2000)


def test_an_asked_end_is_not_a_death(engine: Any, qtbot: QtBot) -> None:
    thread, hosts = engine
    said: list[str] = []
    thread.died.connect(said.append)
    began = time.monotonic()
    thread.close()
    qtbot.wait(50)
    assert time.monotonic() - began < 1.0
    assert said == []
    assert hosts[0].heard[-1] == Stop()


def test_restart_gives_another_host(engine: Any, qtbot: QtBot) -> None:
    thread, hosts = engine
    thread.restart()
    qtbot.waitUntil(lambda: len(hosts) == 2)
    with qtbot.waitSignal(thread.frame):
        thread.send(Pull(1))


def test_a_deaf_engine_blocks_neither_sending_nor_closing(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost(deaf=True)
    monkeypatch.setattr(module, "start", lambda _mode, _options: host)
    thread = EngineThread("thread", Options())
    thread.begin()
    qtbot.wait(100)
    began = time.monotonic()
    for count in range(200):
        thread.send(SetValue(f"setting{count}", "x" * 20000))  # far more than a pipe holds
    assert time.monotonic() - began < 0.5
    thread.close()
    assert time.monotonic() - began < 2.5


def test_a_host_that_cannot_start_is_a_death(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_mode: str, _options: Options) -> FakeHost:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(module, "start", fail)
    thread = EngineThread("thread", Options())
    with qtbot.waitSignal(thread.died) as got:
        thread.begin()
    assert "cannot be started" in got.args[0]
    thread.close()


def test_the_outbox_ends_when_the_pipe_is_gone() -> None:
    ours, theirs = multiprocessing.Pipe()
    assert isinstance(ours, Connection)
    outbox = Outbox(ours)
    theirs.close()
    outbox.put(Run())
    outbox.join(2.0)
    assert not outbox._thread.is_alive()
    ours.close()


def test_killed_worker_is_noticed_and_replaced(qtbot: QtBot) -> None:
    thread = EngineThread("process", Options(device="cpu", threads=1))
    thread.begin()
    try:
        with qtbot.waitSignal(thread.frame, timeout=60000):
            thread.send(Load(presets.load("ring"), 1))
            thread.send(Pull(1))
        pid = thread.pid
        assert pid is not None
        began = time.monotonic()
        with qtbot.waitSignal(thread.died, timeout=5000) as got:
            os.kill(pid, signal.SIGKILL)
        assert time.monotonic() - began < 0.5
        assert "SIGKILL" in got.args[0]
        thread.restart()
        with qtbot.waitSignal(thread.frame, timeout=60000):
            thread.send(Pull(1))
        assert thread.pid not in (None, pid)
    finally:
        began = time.monotonic()
        thread.close()
        assert time.monotonic() - began < 2.0
