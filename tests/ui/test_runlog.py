"""The run log and the banner: nothing is lost, nothing floods."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from gebm_studio.ui import banner as banner_module
from gebm_studio.ui import runlog as runlog_module
from gebm_studio.ui.banner import Banner
from gebm_studio.ui.runlog import RunLog


@pytest.fixture
def log(qtbot: QtBot) -> RunLog:
    widget = RunLog()
    qtbot.addWidget(widget)
    widget.resize(400, 120)
    widget.show()
    return widget


def test_lines_have_time_iteration_and_text(log: RunLog) -> None:
    assert log.empty.isVisible()
    log.say("info", "ready", iteration=120)
    text = log.model.index(0).data()
    assert text[2] == ":"
    assert text.endswith("at 120  ready")
    assert not log.empty.isVisible()


def test_repeated_lines_and_topics_are_counted(log: RunLog) -> None:
    for count in range(5):
        log.say("warning", f"autosave failed {count}", topic="autosave")
    log.say("info", "other")
    log.say("info", "other")
    assert log.texts() == ["autosave failed 4", "other"]
    assert log.model.index(0).data().endswith("(5×)")
    assert log.model.index(1).data().endswith("(2×)")


def test_an_error_does_not_replace_an_information(log: RunLog) -> None:
    log.say("info", "wrote a", topic="file")
    log.say("error", "cannot write b", topic="file")
    assert log.texts() == ["wrote a", "cannot write b"]


def test_the_log_is_bounded(log: RunLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runlog_module, "MOST", 10)
    for count in range(25):
        log.say("info", str(count))
    assert log.texts() == [str(count) for count in range(15, 25)]


def test_follows_the_end_unless_scrolled_up(log: RunLog, qtbot: QtBot) -> None:
    for count in range(50):
        log.say("info", str(count))
    bar = log.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    bar.setValue(0)
    log.say("info", "new")
    qtbot.wait(20)
    assert bar.value() == 0


def test_copy_all_and_clear(log: RunLog) -> None:
    log.say("error", "first")
    log.say("info", "second")
    log.copy_all()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("  ")[1] for line in lines] == ["first", "second"]
    log.clear()
    assert log.texts() == []
    assert log.empty.isVisible()


def test_levels_have_colours(log: RunLog) -> None:
    for level in ("info", "warning", "error"):
        log.say(level, level)
    role = Qt.ItemDataRole.ForegroundRole
    assert len({log.model.index(row).data(role).name() for row in range(3)}) == 3


def test_banner_keeps_one_message_a_topic_and_three_in_all(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.say("error", "one", topic="a")
    banner.say("error", "two", topic="a")
    assert banner.texts() == ["two"]
    for topic in "bcd":
        banner.say("warning", topic, topic=topic)
    assert banner.texts() == ["b", "c", "d"]
    message = banner.message("c")
    assert message is not None
    message.close_button.click()
    assert banner.texts() == ["b", "d"]
    banner.dismiss("b")
    banner.dismiss("d")
    assert banner.isHidden()


def test_good_news_goes_by_itself(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(banner_module, "BRIEF", 30)
    banner = Banner()
    qtbot.addWidget(banner)
    banner.say("info", "written", topic="written")
    banner.say("error", "stopped", topic="stopped")
    qtbot.waitUntil(lambda: banner.texts() == ["stopped"], timeout=1000)


def test_banner_actions_act(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    done: list[int] = []
    banner.say("error", "stopped", topic="x", actions=(("Restart", lambda: done.append(1)),)).buttons["Restart"].click()
    assert done == [1]
