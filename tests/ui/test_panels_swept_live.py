"""Bars and swept curves in a window with an engine: a click and a drag come back as what is shown."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gebm_studio.messages import Value
from tests.ui.conftest import MakeWindow
from tests.ui.lab_frames import lab_preset

PATIENCE = 20_000


def ready(window: Any, qtbot: QtBot) -> Any:
    """The window once its curves are computed and its point rests."""
    swept = window.panels["swept"]
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=PATIENCE)
    window.session.toggle()
    qtbot.waitUntil(lambda: swept._part is not None and swept._part.done == 1, timeout=PATIENCE)
    return window


@pytest.fixture
def window(make_window: MakeWindow, qtbot: QtBot) -> Any:
    """KALE against KL with few points, and three bars."""
    preset = lab_preset(
        q={"width": 0.7, "at": (0.0, 0.0)}, swept__over="q.width", swept__low=0.5, swept__high=1.0, swept__points=9,
        swept__against="kl", swept__curves=("kale",), view__bars=("kl", "hellinger", "total_variation"),
        kernel__regularisation=0.05, kernel__factor=False,
    )  # fmt: skip
    return ready(make_window(preset), qtbot)


def test_a_click_on_a_bar_chooses_it_for_the_whole_window(window: Any, qtbot: QtBot) -> None:
    board = window.panels["bars"].board
    qtbot.waitUntil(lambda: len(board.rows) == 5, timeout=PATIENCE)
    place = next(k for k, row in enumerate(board.rows) if isinstance(row, Value) and row.name == "hellinger")
    QTest.mouseClick(board, Qt.MouseButton.LeftButton, pos=board.room_of(place).center().toPoint())
    assert window.session.preset.view.divergence == "hellinger" and board.marked == "hellinger"


def test_another_parameter_is_one_step_to_undo(window: Any) -> None:
    before = window.session.preset.swept
    window.panels["swept"]._choose_over("kernel.regularisation")
    after = window.session.preset.swept
    assert (after.over, after.low, after.high, after.spacing) == ("kernel.regularisation", 1e-4, 1e3, "log")
    stack = window.changes.stack
    assert stack.count() == 1
    stack.undo()
    assert window.session.preset.swept == before
    stack.redo()
    assert window.session.preset.swept == after


def test_the_running_point_follows_the_hand_and_its_values_are_the_engines(window: Any, qtbot: QtBot) -> None:
    swept = window.panels["swept"]
    view, part = swept.view, swept._part
    # F28: λ = 0.05, penalised, without the factor 1 + λ.
    goal = int(abs(part.values - 0.5).argmin())
    _, _, bottom, top = view.extent

    def pixel(x: float) -> QPoint:
        return view.mapFromScene(view.view.mapViewToScene(QPointF(x, (bottom + top) / 2)))

    viewport = view.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=pixel(view.cursor_line.x))
    for x in (0.4, 0.6, float(part.horizontal[goal]) + 0.2):  # no farther than the curve
        QTest.mouseMove(viewport, pixel(x))
        qtbot.wait(40)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=pixel(0.95))
    qtbot.waitUntil(lambda: swept._part.at == 0.5, timeout=PATIENCE)
    assert window.session.preset.q.width == 0.5
    qtbot.waitUntil(lambda: swept._part.now == (pytest.approx(0.2368, abs=5e-5),), timeout=PATIENCE)
    assert swept._part.now_horizontal == pytest.approx(0.8069, abs=5e-5)
    assert swept.entries[0].value == "0.2368"
    assert window.changes.stack.canUndo()
