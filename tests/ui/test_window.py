"""The window as a whole, with real engines."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDockWidget, QFileDialog, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.messages import Note
from gebm_studio.ui import theme
from gebm_studio.ui.docks import OPTIONAL, VERSION
from gebm_studio.ui.window import StudioWindow
from tests.typed import training

SMALL = {
    "base__hidden": 16,
    "base__depth": 1,
    "energy__hidden": 16,
    "energy__depth": 1,
    "training__batch": 32,
    "sampler__chains": 16,
}


def ready(window: StudioWindow, qtbot: QtBot, iteration: int = 1) -> StudioWindow:
    qtbot.waitUntil(lambda: window.session.iteration >= iteration, timeout=60000)
    return window


def button(window: StudioWindow, topic: str, name: str) -> QPushButton:
    message = window.banner.message(topic)
    assert message is not None
    return message.buttons[name]


def kill(window: StudioWindow) -> None:
    pid = window.session.engine_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def drop(window: StudioWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    where, keys = QPointF(100, 100), Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(where.toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, keys)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        event = QDropEvent(where, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, keys)
        QApplication.sendEvent(window, event)


def test_opens_on_a_preset_and_runs_at_once(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot, 5)
    assert window.session.state == "running"
    assert "Ring of eight" in window.windowTitle()
    qtbot.waitUntil(lambda: not window.panels["data"].is_empty and not window.panels["latent"].is_empty, timeout=5000)
    assert "it" in window.transport.iteration.text()
    assert window.transport.device.text()


def test_run_pause_step_and_reset_by_keys(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot, 3)
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state == "paused", timeout=5000)
    assert window.transport.run_action.text() == "Run"
    qtbot.wait(300)
    before = window.session.iteration
    QTest.keyClick(window, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: window.session.iteration == before + 1, timeout=5000)
    QTest.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: window.session.iteration == 0, timeout=5000)
    QTest.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=5000)


def test_no_control_has_the_keyboard_at_the_start(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    assert QApplication.focusWidget() is window


@pytest.mark.parametrize("path", ["sampler.name", "energy.spectral_norm"])
def test_space_runs_and_pauses_after_a_click_on_a_control(make_window: Any, qtbot: QtBot, path: str) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.activateWindow()
    row = window.controls.row(path)
    control = row.findChild(QComboBox) or row.findChild(QCheckBox)
    assert control is not None
    window.setFocus()
    control.setFocus(Qt.FocusReason.MouseFocusReason)
    QTest.keyClick(control, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state == "paused", timeout=5000)
    assert QApplication.activePopupWidget() is None
    window.setFocus()
    control.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(control, Qt.Key.Key_Space)
    qtbot.wait(200)
    assert window.session.state == "paused"


def test_letters_typed_into_a_field_are_no_shortcuts(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    run_id = window.session.run_id
    window.activateWindow()
    window.presets.search.setFocus()
    QTest.keyClicks(window.presets.search, "r . ring")
    assert window.presets.search.text() == "r . ring"
    assert window.session.run_id == run_id
    assert window.session.state == "running"


def test_each_part_can_step_alone(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.session.toggle()
    qtbot.waitUntil(lambda: window.session.state == "paused", timeout=5000)
    frames: list[Any] = []
    window.session.frame.connect(frames.append)
    qtbot.waitUntil(lambda: bool(frames), timeout=5000)
    before = frames[-1]
    window.transport.step_actions["sampler"].trigger()
    qtbot.waitUntil(lambda: frames[-1].sampler_steps == before.sampler_steps + 1, timeout=5000)
    assert frames[-1].iteration == before.iteration
    window.transport.step_actions["energy"].trigger()
    qtbot.waitUntil(lambda: frames[-1].energy_steps == before.energy_steps + 1, timeout=5000)


def test_slow_motion_and_speed_are_one_setting(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.transport.slow_action.trigger()
    assert training(window.session.preset).view.pace == 4.0
    assert window.transport.speed.currentText() == "4 it/s"
    window.session.change("view.pace", 33.0)
    assert window.transport.speed.currentText() == "33 it/s"
    assert not window.transport.slow_action.isChecked()


def test_docks_hide_come_back_and_cost_nothing_while_hidden(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    docks = window.docks.docks
    always = {"presets", "data", "latent", "curves", "diagnostics", "controls", "log"}
    assert set(docks) == always | set(OPTIONAL)
    needs, _ = window._pull_fields()
    assert needs == {"data", "latent", "curves", "diagnostics"}
    docks["latent"].close()
    assert "latent" not in window._pull_fields()[0]
    docks["latent"].toggleViewAction().trigger()
    assert "latent" in window._pull_fields()[0]
    docks["log"].raise_()
    qtbot.waitUntil(lambda: "curves" not in window._pull_fields()[0], timeout=2000)
    docks["curves"].raise_()
    qtbot.waitUntil(lambda: "curves" in window._pull_fields()[0], timeout=2000)


def test_layout_is_remembered_and_can_be_reset(qtbot: QtBot, tmp_path: Path) -> None:
    preset = presets.changed(presets.load("ring"), {k.replace("__", "."): v for k, v in SMALL.items()})

    @contextmanager
    def opened() -> Iterator[StudioWindow]:
        window = StudioWindow(preset, engine="thread", device="cpu", settings_folder=tmp_path)
        window.show()
        qtbot.waitExposed(window)
        qtbot.wait(50)
        try:
            yield window
        finally:
            window.close()
            window.deleteLater()

    with opened() as first:
        first.docks.docks["diagnostics"].close()
        first.docks.docks["latent"].setFloating(True)
        first.set_theme("dark")
        first.resize(1000, 750)
    with opened() as second:
        assert second.docks.docks["diagnostics"].isHidden()
        assert second.docks.docks["latent"].isFloating()
        assert second.height() == 750  # the width is cut to that of the test screen
        assert theme.current().dark
        second.reset_layout()
        assert not second.docks.docks["diagnostics"].isHidden()
        assert not second.docks.docks["latent"].isFloating()
        second.set_theme("light")


@pytest.mark.parametrize(
    "content", [b"\x00\xff\xfe garbage \x80", b"no ini at all", b"[General]\ndocks=@Invalid()\n", b""]
)
def test_a_broken_settings_file_does_not_stop_the_start(
    qtbot: QtBot, tmp_path: Path, make_window: Any, content: bytes
) -> None:
    folder = tmp_path / "settings0"
    folder.mkdir()
    (folder / "window.ini").write_bytes(content)
    window = make_window(**SMALL)
    assert all(not dock.isHidden() for name, dock in window.docks.docks.items() if name not in OPTIONAL)
    if content[:1] in (b"\x00", b"n"):
        assert (folder / "window.ini.bak").read_bytes() == content
        assert any("window.ini" in text for text in window.log.texts())


def test_a_layout_of_another_version_is_left_alone(make_window: Any) -> None:
    window = make_window(**SMALL)
    old = window.docks.saveState(VERSION - 1)
    window.docks.docks["curves"].close()
    assert not window.docks.restore(old)
    assert window.docks.docks["curves"].isHidden()


def test_divergence_offers_a_reset(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot, 3)
    text = "kale is not finite. Paused at the last good state, iteration 3."
    window.session.note.emit(Note("error", text, window.session.run_id, 3, "diverged"))
    assert window.banner.texts() == [text]
    button(window, "diverged", "Reset").click()
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=5000)
    assert window.banner.texts() == []


def test_a_fault_shows_one_line_and_keeps_the_rest_in_the_log(make_window: Any) -> None:
    window = make_window(**SMALL)
    window.session.note.emit(Note("error", "a fault\nTraceback\n  line 3", 0, 0, "fault"))
    assert window.banner.texts() == ["a fault (details in the run log)"]
    assert any("line 3" in text for text in window.log.texts())


def test_a_silent_engine_can_be_replaced(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.session.busy.emit(11.0)
    window.session.busy.emit(12.0)
    assert "has not answered for 11 seconds" in window.banner.texts()[0]
    run_id = window.session.run_id
    button(window, "busy", "Restart the engine").click()
    qtbot.waitUntil(lambda: window.session.run_id > run_id and window.session.state == "running", timeout=10000)


def test_unwritable_settings_folder_does_not_stop_the_start(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_text("a file where a folder should be")
    window = StudioWindow(presets.load("ring"), engine="thread", device="cpu", settings_folder=folder)
    window.show()
    window.close()
    assert "cannot be written" in window.preferences.problem
    window.deleteLater()


def test_image_presets_bring_the_gallery(make_window: Any, qtbot: QtBot) -> None:
    window = make_window("f62_digits")
    qtbot.waitUntil(lambda: "gallery" in window._pull_fields()[0], timeout=5000)
    assert "data" not in window._pull_fields()[0]
    window.files.open(presets.find("ring"))
    qtbot.waitUntil(lambda: "data" in window._pull_fields()[0], timeout=60000)
    assert window.docks.docks["gallery"].isHidden()


def test_dropped_files_open_and_bad_ones_change_nothing(make_window: Any, qtbot: QtBot, tmp_path: Path) -> None:
    window = ready(make_window(**SMALL), qtbot)
    run_id, preset = window.session.run_id, window.session.preset
    bad = tmp_path / "bad.toml"
    bad.write_text('title = "x"\nseed = "one"\n[sampler]\nfriction = -1\n[target]\nkind = "rung"\n')
    drop(window, bad)
    assert window.session.run_id == run_id
    assert window.session.preset == preset
    shown = " ".join(window.banner.texts())
    assert "friction" in shown
    assert "seed" in shown
    assert sum("bad.toml" in text for text in window.log.texts()) == 3
    drop(window, tmp_path / "picture.jpg")  # not taken at all
    good = tmp_path / "good.toml"
    presets.save(presets.changed(preset, {"title": "Mine", "seed": 8}), good)
    drop(window, good)
    qtbot.waitUntil(lambda: "Mine" in window.windowTitle() and window.session.state == "running", timeout=10000)
    assert window.banner.texts() == []


def test_a_broken_run_keeps_the_present_one(make_window: Any, qtbot: QtBot, tmp_path: Path) -> None:
    window = ready(make_window(**SMALL), qtbot)
    run_id = window.session.run_id
    broken = tmp_path / "broken.gebm"
    broken.write_bytes(b"not a zip")
    drop(window, broken)
    qtbot.waitUntil(lambda: window.session.run_id == run_id and window.session.state == "running", timeout=10000)
    assert any("broken.gebm" in text for text in window.banner.texts())
    window.files.open(tmp_path / "absent.gebm")
    assert any("absent.gebm" in text for text in window.banner.texts())


def test_a_first_preset_that_cannot_be_made_says_why(make_window: Any, qtbot: QtBot, tmp_path: Path) -> None:
    changes = {"target": "file", "target.path": "missing.csv"}
    window = make_window(presets.changed(presets.load("ring"), changes))
    qtbot.waitUntil(lambda: window.session.state == "empty", timeout=60000)
    qtbot.wait(500)
    message = window.banner.message("settings")
    assert message is not None and "missing.csv" in message.text.text()
    assert window.transport.rate.text() == "no run"


def test_everything_is_written_and_said(make_window: Any, qtbot: QtBot, tmp_path: Path) -> None:
    window = ready(make_window(**SMALL), qtbot, 5)
    out = tmp_path / "out"
    window.files.save_run(out / "run.gebm")
    window.files.save_settings(out / "settings.toml")
    window.files.export_curves(out / "curves.csv")
    for suffix in (".png", ".svg", ".pdf"):
        window.files.export_panel(window.panels["data"], out / f"data{suffix}")
    window.files.show_export()
    dialog = window.files.export_dialog
    assert dialog is not None
    assert not dialog.isModal()
    dialog.rows.setValue(3)
    dialog.columns.setValue(5)
    dialog.steps.setValue(5)
    dialog.format.setCurrentIndex(1)
    dialog.path.setText(str(out / "samples.npz"))
    dialog.export_button.click()
    qtbot.waitUntil(lambda: (out / "samples.npz").is_file() and (out / "curves.csv").is_file(), timeout=20000)
    with np.load(out / "samples.npz") as samples:
        assert samples["gebm"].shape == (15, 2)
    assert training(out / "settings.toml").sampler.chains == 16
    qtbot.waitUntil(lambda: any("samples.npz" in text for text in window.banner.texts()), timeout=5000)
    assert button(window, "written", "Open folder").isVisible()
    for name in ("run.gebm", "settings.toml", "curves.csv", "data.png", "data.svg", "data.pdf"):
        assert (out / name).stat().st_size > 100
        assert any(name in text for text in window.log.texts())


def test_unwritable_places_are_explained_and_nothing_is_left(make_window: Any, qtbot: QtBot, tmp_path: Path) -> None:
    window = ready(make_window(**SMALL), qtbot)
    (tmp_path / "file").write_text("in the way")
    window.files.save_settings(tmp_path / "file" / "settings.toml")
    assert "cannot write" in window.banner.texts()[0]
    window.files.export_panel(window.panels["data"], tmp_path / "file" / "data.png")
    assert "cannot write" in window.banner.texts()[0]
    window.files.export_panel(window.panels["data"], tmp_path / "data.gif")
    assert ".gif" in window.banner.texts()[0]
    window.files.export_curves(tmp_path / "file" / "curves.csv")
    qtbot.waitUntil(lambda: any("curves.csv" in text for text in window.banner.texts()), timeout=5000)
    assert not list(tmp_path.glob(".part-*"))


def test_export_dialog_says_what_is_missing(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.files.show_export()
    dialog = window.files.export_dialog
    assert dialog is not None
    for box in dialog.which.values():
        box.setChecked(False)
    assert not dialog.export_button.isEnabled()
    dialog.format.setCurrentIndex(1)
    assert dialog.export_button.isEnabled()
    assert dialog.path.text().endswith(".npz")
    dialog.path.clear()
    assert not dialog.export_button.isEnabled()
    window.files.show_export()
    assert window.files.export_dialog is dialog
    dialog.close()
    qtbot.waitUntil(lambda: window.files.export_dialog is None, timeout=2000)


def test_file_dialogs_are_not_modal_to_the_run(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.files.ask_open()
    before = window.session.iteration
    qtbot.waitUntil(lambda: window.session.iteration > before, timeout=5000)
    for dialog in window.findChildren(QFileDialog):
        dialog.close()
    window.files.ask_save_run()
    dialog = window.findChildren(QFileDialog)[-1]
    assert [line.text() for line in dialog.findChildren(QLineEdit)] == ["ring.gebm"]
    dialog.close()


def test_undo_and_redo(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    for value in (2.0, 3.0, 4.0):  # one drag
        window.changes.change("sampler.friction", value)
    window.changes.change("training.batch", 64)
    window.changes.stack.undo()
    assert window.session.settings.pending == {}
    window.changes.stack.undo()
    assert training(window.session.preset).sampler.friction == 1.0
    window.changes.stack.redo()
    assert training(window.session.preset).sampler.friction == 4.0


def test_all_settings_come_back_to_the_preset(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.session.change("sampler.friction", 9.0)
    window.session.change("target", "moons")
    window.revert()
    assert training(window.session.preset).sampler.friction == 1.0
    qtbot.waitUntil(lambda: window.session.preset == window.session.settings.original, timeout=5000)


def test_theme_changes_while_running(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.set_theme("dark")
    qtbot.wait(100)
    dark = window.grab().toImage().pixelColor(3, window.height() // 2).lightness()
    window.set_theme("light")
    qtbot.wait(100)
    assert window.grab().toImage().pixelColor(3, window.height() // 2).lightness() > dark + 80


def test_help_is_a_window_beside(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.show_help()
    assert window._help is not None
    assert not window._help.isModal()
    assert "Space" in window._help.page.toPlainText()
    window.show_help()
    window._help.close()
    qtbot.waitUntil(lambda: window._help is None, timeout=2000)
    window.show_about()
    assert "MIT" in window.banner.texts()[0]


def test_shortcuts_stand_in_the_menus_once(make_window: Any) -> None:
    window = make_window(**SMALL)
    keys: list[str] = []
    for menu in window.menuBar().actions():
        keys += [a.shortcut().toString() for a in menu.menu().actions() if not a.shortcut().isEmpty()]
    for wanted in ("Space", ".", "R", "Ctrl+O", "Ctrl+S", "Ctrl+E", "F1"):
        assert keys.count(wanted) == 1, wanted
    assert [a.text().replace("&", "") for a in window.menuBar().actions()] == [
        "File", "Edit", "View", "Run", "Tools", "Help",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900), (1920, 1080)])
def test_nothing_is_narrower_than_it_must_be(make_window: Any, qtbot: QtBot, size: tuple[int, int]) -> None:
    window = make_window(**SMALL)
    window.resize(*size)
    qtbot.wait(100)
    assert (window.width(), window.height()) == size
    for dock in window.findChildren(QDockWidget):
        if dock.isVisible() and not dock.visibleRegion().isEmpty():
            least = dock.minimumSizeHint()
            assert dock.width() >= least.width(), dock.objectName()
            assert dock.height() >= least.height(), dock.objectName()


def test_killed_engine_leaves_the_window_alive_and_restarts(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(engine="process", **SMALL), qtbot, 20)
    qtbot.waitUntil(lambda: window.session.last_saved is not None, timeout=20000)
    saved = window.session.last_saved
    assert saved is not None
    assert saved.iteration > 0
    kill(window)
    qtbot.waitUntil(lambda: window.session.state == "stopped", timeout=1000)
    assert "engine stopped at step" in window.banner.texts()[0]
    assert not window.transport.run_action.isEnabled()
    window.session.toggle()  # nothing is sent to a dead engine
    button(window, "stopped", "Restart").click()
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=60000)
    assert window.session.iteration >= saved.iteration
    assert window.banner.texts() == []


def test_a_preset_opened_on_a_dead_engine_starts_another(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(engine="process", **SMALL), qtbot)
    kill(window)
    qtbot.waitUntil(lambda: window.session.state == "stopped", timeout=1000)
    window.files.open(presets.find("f01_circle"))
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=60000)
    assert window.session.name == "f01_circle"


def test_closing_mid_run_takes_less_than_two_seconds(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(engine="process", **SMALL), qtbot)
    autosaves = window.autosave_folder
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 2.0
    assert not autosaves.exists()


def test_closing_before_the_engine_is_up_is_quick(make_window: Any) -> None:
    window = make_window(engine="process", **SMALL)
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 2.0


def test_log_can_be_copied(make_window: Any, qtbot: QtBot) -> None:
    window = ready(make_window(**SMALL), qtbot)
    window.log.copy_all()
    assert "ready on" in QGuiApplication.clipboard().text()
