"""Particle flows in the window, with a real engine: they flow, are looked back upon, changed, and written."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.ui.panels.particle_picture import PARTICLES
from tests.ui.flow_frames import flow_preset

PATIENCE = 30_000


@pytest.fixture
def window(make_window: Any, qtbot: QtBot) -> Any:
    """A KALE and an MMD flow of a few particles, some frames recorded and some rows measured."""
    made = make_window(flow_preset(cloud__particles=24, cloud__targets=30, view__record=1, measure__every=5))
    qtbot.waitUntil(lambda: len(made.panels["flow_curves"].table) > 3, timeout=2 * PATIENCE)
    qtbot.waitUntil(lambda: made.panels["flow"].timeline.slider.maximum() > 20, timeout=PATIENCE)
    return made


def pause(window: Any, qtbot: QtBot) -> None:
    window.session.toggle()
    qtbot.waitUntil(lambda: window.session.state == "paused", timeout=PATIENCE)


def drawn(window: Any, flow: int = 0) -> np.ndarray:
    return np.asarray(window.panels["flow"].tiles[flow].picture.points[PARTICLES].points)


def test_flows_take_the_upper_row_and_their_curves_the_lower(window: Any) -> None:
    docks = window.docks.docks
    flow, curves = docks["flow"], docks["flow_curves"]
    assert flow.isVisible() and curves.isVisible() and flow.geometry().bottom() < curves.geometry().top()
    assert flow.width() > 0.5 * window.docks.width()
    assert all(docks[name].isHidden() for name in ("data", "latent", "curves", "diagnostics"))
    assert window._pull_fields()[0] == {"flow", "flow_curves"}


def test_a_paused_run_is_looked_back_upon_frame_by_frame(window: Any, qtbot: QtBot) -> None:
    pause(window, qtbot)
    panel, curves = window.panels["flow"], window.panels["flow_curves"]
    qtbot.wait(300)  # the last frame of the run
    now = drawn(window)
    panel.timeline.slider.setFocus()
    qtbot.keyClick(panel.timeline.slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: panel.step.text().startswith("step 0 of "), timeout=PATIENCE)
    begin = drawn(window)
    assert np.allclose(begin, drawn(window, 1)) and not np.allclose(begin, now)
    assert curves.view.mark.bands[0][0][0, 0] == 0
    panel.timeline.play(True)
    qtbot.waitUntil(lambda: panel.timeline.at > 5 and not np.allclose(drawn(window), begin), timeout=PATIENCE)
    assert window.session.state == "paused"
    panel.timeline.live_button.click()
    qtbot.waitUntil(lambda: np.array_equal(drawn(window), now), timeout=PATIENCE)
    assert not len(curves.view.mark.bands[0][0]) and not panel.timeline.playing


def test_looking_back_does_not_stop_the_run(window: Any, qtbot: QtBot) -> None:
    panel = window.panels["flow"]
    panel.timeline.slider.setValue(2)
    qtbot.waitUntil(lambda: panel.step.text().startswith("step 2 of "), timeout=PATIENCE)
    then = window.session.iteration
    qtbot.waitUntil(lambda: window.session.iteration > then + 10, timeout=PATIENCE)
    assert panel.step.text().startswith("step 2 of ") and window.session.state == "running"


def _is_set(session: Any, place: int, name: str, value: float) -> bool:
    return bool(getattr(session.preset.flows[place], name) == value)


def test_the_numbers_of_any_flow_are_changed_while_it_runs_and_taken_back(window: Any, qtbot: QtBot) -> None:
    panel, session = window.panels["flow"], window.session
    for place, name, value in ((0, "regularisation", 0.5), (1, "noise", 0.25)):
        panel.tiles[place].caption.click()
        line = panel.editor.fields[name].editor.line
        line.selectAll()
        qtbot.keyClicks(line, str(value))
        qtbot.keyClick(line, Qt.Key.Key_Return)
        qtbot.waitUntil(partial(_is_set, session, place, name, value), timeout=PATIENCE)
    then = session.iteration
    qtbot.waitUntil(lambda: session.iteration > then + 2, timeout=PATIENCE)
    assert (session.preset.flow.regularisation, session.preset.others[0].noise) == (0.5, 0.25)
    assert "β 0.25" in panel.tiles[1].caption.numbers and "λ 0.5" in panel.tiles[0].caption.numbers
    window.changes.stack.undo()
    window.changes.stack.undo()
    qtbot.waitUntil(lambda: session.iteration > then + 4, timeout=PATIENCE)
    assert (session.preset.flow.regularisation, session.preset.others[0].noise) == (0.001, 0.0)


def test_another_flow_begins_all_again_with_curves_of_its_own(window: Any, qtbot: QtBot) -> None:
    panel, curves = window.panels["flow"], window.panels["flow_curves"]
    pause(window, qtbot)
    flows = window.session.preset.others
    window.changes.change("others", (*flows, flows[0].model_copy(update={"name": "sinkhorn"})))
    qtbot.waitUntil(lambda: panel.tiles[2].isVisible() and panel.timeline.slider.maximum() == 0, timeout=PATIENCE)
    qtbot.waitUntil(lambda: len(curves._labels) == 3 and len(curves.table) == 1, timeout=PATIENCE)
    window.session.toggle()
    qtbot.waitUntil(lambda: len(curves.table) > 3, timeout=PATIENCE)
    assert curves.table.column("iteration").tolist() == [5.0 * row for row in range(len(curves.table))]


def test_the_particles_begin_again_by_the_present_numbers(window: Any, qtbot: QtBot) -> None:
    pause(window, qtbot)
    action = window.transport.restart_chains_action
    assert action.isEnabled() and action.text() == "Restart the particles"
    window.changes.change("flow.regularisation", 0.5)
    action.trigger()
    qtbot.waitUntil(lambda: window.session.iteration == 0, timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.panels["flow"].timeline.slider.maximum() == 0, timeout=PATIENCE)
    assert window.session.preset.flow.regularisation == 0.5 and len(window.panels["flow_curves"].table) <= 1


def test_the_button_asks_where_the_frame_that_is_looked_at_goes(window: Any, qtbot: QtBot, tmp_path: Path) -> None:
    pause(window, qtbot)
    panel = window.panels["flow"]
    panel.timeline.look_at(3)
    panel.export_button.click()
    dialog = window.findChild(QFileDialog)
    with qtbot.waitSignal(window.session.written, timeout=PATIENCE):
        dialog.fileSelected.emit(str(tmp_path / "frame.png"))
        dialog.reject()
    assert (tmp_path / "frame.png").stat().st_size > 1000


def test_a_training_afterwards_has_its_own_panels(window: Any, qtbot: QtBot) -> None:
    window.files.open(presets.find("ring"))
    qtbot.waitUntil(lambda: "data" in window._pull_fields()[0], timeout=2 * PATIENCE)
    assert window.docks.docks["flow"].isHidden() and window.docks.docks["latent"].isVisible()
