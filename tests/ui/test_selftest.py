"""The self-test's window: lines as they come, cancelling, copying, and an engine that dies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gebm_studio.messages import Cancel, CheckResult, SelfTest, SelfTested
from gebm_studio.ui import selftest, theme
from gebm_studio.ui.selftest import SelfTestWindow

HOLDS = CheckResult("mala", "mean", 0.5, 0.51, 0.01, 0.045, True)
EXACT = CheckResult("hmc", "leapfrog back", 0.0, 1e-14, 0.0, 1e-10, True)
FAILS = CheckResult("ula", "variance", 1.0, 1.5, 0.1, 0.45, False)


class Session(QObject):
    """Stands in for the session: keeps what is sent."""

    tested = Signal(object)
    stopped = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.state = "running"
        self.sent: list[Any] = []

    def send(self, command: Any) -> None:
        self.sent.append(command)


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def window(qtbot: QtBot, session: Session) -> Iterator[SelfTestWindow]:
    parent = QWidget()
    parent.show()
    made = selftest.show(parent, session)  # type: ignore[arg-type]
    qtbot.waitExposed(made)
    yield made
    parent.close()
    parent.deleteLater()


def text(window: SelfTestWindow, row: int) -> list[str]:
    return [window.model.index(row, column).data() for column in range(window.model.columnCount())]


def test_it_starts_at_once_beside_the_studio(window: SelfTestWindow, session: Session) -> None:
    assert session.sent == [SelfTest()]
    assert not window.isModal() and window.isWindow()
    assert window.cancel.isEnabled() and not window.again.isEnabled()
    assert "Waiting" in window.status.text()
    assert selftest.show(window.parentWidget(), session) is window  # type: ignore[arg-type]
    assert session.sent == [SelfTest()]


def test_lines_are_added_as_they_come(window: SelfTestWindow, session: Session) -> None:
    session.tested.emit(SelfTested((HOLDS,), 1, 3, "going"))
    assert text(window, 0) == ["mala", "mean", "0.5000", "0.5100", "0.010", "+1.00", "0.045", "holds"]
    assert (window.bar.value(), window.bar.maximum()) == (1, 3)
    assert window.status.text() == "Check 2 of 3; 1 line, none fails"
    session.tested.emit(SelfTested((HOLDS, EXACT, FAILS), 2, 3, "going"))
    assert window.model.rowCount() == 3
    assert text(window, 1)[4:6] == ["", ""]
    assert "3 lines, 1 FAIL" in window.status.text()
    session.tested.emit(SelfTested((HOLDS, EXACT, FAILS), 3, 3, "done"))
    assert window.status.text() == "Done: 3 lines, 1 FAIL."
    assert window.again.isEnabled() and not window.cancel.isEnabled()


def test_a_line_that_fails_has_the_warning_colour(window: SelfTestWindow, session: Session) -> None:
    session.tested.emit(SelfTested((HOLDS, FAILS), 1, 1, "done"))
    role = Qt.ItemDataRole.ForegroundRole
    assert window.model.index(0, 1).data(role) is None
    assert window.model.index(1, 1).data(role).name() == theme.current().warning


def test_cancelling_and_running_again(window: SelfTestWindow, session: Session) -> None:
    session.tested.emit(SelfTested((HOLDS,), 1, 3, "going"))
    window.cancel.click()
    assert session.sent[-1] == Cancel()
    assert window.again.isEnabled() and not window.cancel.isEnabled()
    session.tested.emit(SelfTested((HOLDS,), 1, 3, "cancelled"))
    assert window.status.text() == "Cancelled after 1 of 3 checks; 1 line, none fails."
    window.again.click()
    assert session.sent[-1] == SelfTest()
    assert window.model.rowCount() == 0


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (SelfTested((), 0, 0, "cancelled"), "An export is under way"),
        (SelfTested((), 1, 3, "failed"), "A fault ended the test after 1 checks"),
    ],
)
def test_other_ends_are_told(window: SelfTestWindow, session: Session, end: SelfTested, said: str) -> None:
    session.tested.emit(end)
    assert said in window.status.text()
    assert window.again.isEnabled()
    assert window.bar.maximum() > 0, "the bar must not go on moving"


def test_an_engine_that_dies_is_told(window: SelfTestWindow, session: Session) -> None:
    session.stopped.emit("killed")
    assert "engine stopped" in window.status.text()
    session.state = "stopped"
    window.again.click()
    assert "restart it" in window.status.text() and not window.going


def test_the_table_can_be_copied(window: SelfTestWindow, session: Session) -> None:
    session.tested.emit(SelfTested((HOLDS, EXACT), 1, 1, "done"))
    window.copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [len(line.split("\t")) for line in lines] == [8, 8, 8]
    assert lines[1].startswith("mala\tmean\t0.5000")


def test_closing_ends_what_is_under_way(window: SelfTestWindow, session: Session) -> None:
    window.close()
    assert session.sent == [SelfTest(), Cancel()]


def test_z_is_told_for_statistics_only() -> None:
    assert pytest.approx(1.0) == HOLDS.z
    assert math.isnan(EXACT.z)


def test_the_menu_opens_it_and_a_real_engine_answers(make_window: Any, qtbot: QtBot) -> None:
    studio = make_window(base__hidden=16, energy__hidden=16, training__batch=32)
    qtbot.waitUntil(lambda: studio.session.iteration > 0, timeout=60000)
    action = next(a for a in studio.findChildren(QAction) if a.text() == "Self-&test of the samplers…")
    action.trigger()
    opened = studio.findChild(SelfTestWindow)
    qtbot.waitUntil(lambda: opened.model.rowCount() > 0, timeout=60000)
    reached = studio.session.iteration
    opened.cancel.click()
    qtbot.waitUntil(lambda: opened.status.text().startswith("Cancelled after"), timeout=10000)
    assert not opened.going
    qtbot.waitUntil(lambda: studio.session.iteration > reached, timeout=10000)
