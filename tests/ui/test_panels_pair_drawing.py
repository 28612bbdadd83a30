"""Laws that are drawn with the mouse: points added, rubbed out, counted; and the pieces that this is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from gebm_studio import presets
from gebm_studio.schema.law import MOST_POINTS
from gebm_studio.ui.panels.contours import level_lines
from gebm_studio.ui.panels.echo import Echo
from gebm_studio.ui.panels.pair import PairPanel
from gebm_studio.ui.panels.pair_hands import SPACING
from gebm_studio.ui.panels.sketch import Sketch, placed, unplaced
from tests.ui import frames, pair_frames
from tests.ui.lab_frames import lab_preset
from tests.ui.test_panels_pair import LEFT, RIGHT, drag, give, move, pair, pixel, place, press, release, told

__all__ = ["pair"]

Pair = Callable[..., PairPanel]


def drawing(pair: Pair, *points: Any, **changes: Any) -> PairPanel:
    """A pair in the plane whose P is drawn."""
    law = {"kind": "points", "points": points, **changes}
    part = frames.changed(pair_frames.plane_part(), p=shown(*points))
    panel = pair(part, lab_preset(space="plane", p=law))

    def change(path: str, value: object) -> None:
        assert panel.preset is not None
        panel.update_settings(presets.changed(panel.preset, {path: value}))

    panel.setting_changed.connect(change)
    return panel


def shown(*points: tuple[float, float]) -> Any:
    """A finite law of the plane."""
    array = frames.floats(np.array(points, dtype=float).reshape(-1, 2))
    return frames.changed(pair_frames.cloud((0.0, 0.0), 1.0), points=array, contour=None, atoms=True)


def test_a_stroke_leaves_points_evenly_and_at_once(pair: Pair) -> None:
    panel = drawing(pair)
    changes = told(panel)
    QTest.mouseClick(panel.tools.draw["p"], LEFT)
    assert panel.plot.viewport().cursor().shape() == Qt.CursorShape.CrossCursor
    start = place(panel, -2.0, 1.0)
    press(panel, start)
    assert len(panel.plane.plot.points["p"].points) == 1
    for step in (9, 30, 70):
        move(panel, start + QPoint(step, 0))
    assert len(panel.plane.plot.points["p"].points) == 11
    release(panel, start + QPoint(70, 0))
    path, points = changes[-1]
    assert path == "p.points" and len(points) == 11
    assert np.allclose(np.diff(np.array(points)[:, 0]), SPACING * pixel(panel), atol=0.11 * pixel(panel))
    assert panel.readout.text.startswith("P: 11 points, of at most 2\N{NARROW NO-BREAK SPACE}000; drag adds")
    # Frames that know nothing of the stroke do not take its points away.
    give(panel, frames.changed(pair_frames.plane_part(version=2), p=shown()))
    assert len(panel.plane.plot.points["p"].points) == 11
    give(panel, frames.changed(pair_frames.plane_part(version=3), p=shown(*points)))
    give(panel, frames.changed(pair_frames.plane_part(version=4), p=shown((0.0, 0.0))))
    assert len(panel.plane.plot.points["p"].points) == 1


def test_points_are_those_of_the_form_before_it_is_moved(pair: Pair) -> None:
    panel = drawing(pair, at=(1.0, -1.0), width=2.0)
    changes = told(panel)
    QTest.mouseClick(panel.tools.draw["p"], LEFT)
    QTest.mouseClick(panel.plot.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place(panel, 2.0, 1.0))
    assert changes[-1][1][0] == pytest.approx((0.5, 1.0), abs=pixel(panel))


def test_the_right_button_and_the_eraser_rub_out_and_clear_takes_all(pair: Pair) -> None:
    panel = drawing(pair, (-2.0, 0.0), (0.0, 0.0), (2.0, 0.0))
    changes = told(panel)
    QTest.mouseClick(panel.tools.draw["p"], LEFT)
    press(panel, place(panel, 2.05, 0.0), RIGHT)
    release(panel, place(panel, 2.05, 0.0), RIGHT)
    assert changes.pop() == ("p.points", ((-2.0, 0.0), (0.0, 0.0)))
    QTest.mouseClick(panel.tools.eraser, LEFT)
    drag(panel, place(panel, -1.0, 0.0), place(panel, -0.5, 0.0), place(panel, 0.0, 0.0))
    assert changes.pop() == ("p.points", ((-2.0, 0.0),))
    QTest.mouseClick(panel.tools.clear, LEFT)
    assert changes.pop() == ("p.points", ()) and panel.readout.text.startswith("P: 0 points")
    assert not len(panel.plane.plot.points["p"].points)


def test_no_more_points_than_a_law_may_have(pair: Pair) -> None:
    many = tuple((0.001 * i, 0.0) for i in range(MOST_POINTS - 1))
    panel = drawing(pair, *many)
    changes = told(panel)
    QTest.mouseClick(panel.tools.draw["p"], LEFT)
    drag(panel, place(panel, -2.0, 1.0), place(panel, 0.0, 1.0))
    assert len(changes[-1][1]) == MOST_POINTS
    assert "all that it can have" in panel.readout.text


def test_a_law_of_another_kind_becomes_points_after_a_restart(pair: Pair) -> None:
    panel = pair()
    changes = told(panel)
    QTest.mouseClick(panel.tools.draw["q"], LEFT)
    assert changes == [("q", "points")] and not panel.tools.draw["q"].isChecked() and panel.plot.brush == ""
    assert panel.readout.text.startswith("Q becomes points to draw once the change is applied")
    panel.start_run(lab_preset(q={"kind": "points"}))
    give(panel, pair_frames.line_part(q=pair_frames.atoms()))
    QTest.mouseClick(panel.tools.draw["q"], LEFT)
    drag(panel, place(panel, 0.0, 0.2), place(panel, 0.5, 0.1))
    path, points = changes[-1]
    assert path == "q.points" and points[0] == pytest.approx((0.0,), abs=pixel(panel)) and len(points[0]) == 1
    assert len(panel.line.densities.stems["q"].bands[0][0]) == len(points) > 3
    # Another run whose Q is no points takes the brush away.
    panel.start_run(lab_preset())
    assert panel.plot.brush == "" and panel.tools.law is None


def test_a_law_of_no_width_says_why_it_is_not_drawn(pair: Pair) -> None:
    panel = drawing(pair, width=0.0)
    changes = told(panel)
    QTest.mouseClick(panel.tools.draw["p"], LEFT)
    drag(panel, place(panel, 0.0, 1.0), place(panel, 1.0, 1.0))
    assert not changes and panel.readout.text.startswith("P has width 0")


# The pieces


@settings(max_examples=30, deadline=None)
@given(
    st.floats(-2, 2), st.floats(-2, 2), st.floats(-1, 1), st.integers(2, 20), st.integers(2, 20)
)  # fmt: skip
def test_level_lines_of_a_plane_are_straight(a: float, b: float, level: float, height: int, width: int) -> None:
    """f = a·x + b·y is linear between cells: every end of a line lies on its level to rounding."""
    extent = (-1.0, 3.0, 0.0, 2.0)
    x = extent[0] + (np.arange(width) + 0.5) * 4 / width
    y = extent[2] + (np.arange(height) + 0.5) * 2 / height
    lines = level_lines(a * x[None, :] + b * y[:, None], extent, [level])
    ends = lines.reshape(-1, 2)
    assert np.allclose(ends @ [a, b], level, atol=1e-9)
    inside = (ends >= [x[0] - 1e-9, y[0] - 1e-9]) & (ends <= [x[-1] + 1e-9, y[-1] + 1e-9])
    assert inside.all()


def test_level_lines_close_around_a_hill_and_part_at_a_saddle() -> None:
    hill = np.zeros((5, 5))
    hill[2, 2] = 1.0
    lines = level_lines(hill, (0.0, 5.0, 0.0, 5.0), [0.5])
    assert len(lines) == 4 and np.allclose(np.linalg.norm(lines.reshape(-1, 2) - 2.5, axis=1), 0.5)
    assert len(level_lines(np.array([[1.0, 0.0], [0.0, 1.0]]), (0.0, 2.0, 0.0, 2.0), [0.5])) == 2
    assert level_lines(np.zeros((4, 4)), (0.0, 1.0, 0.0, 1.0), [0.5, 1.0]).shape == (0, 4)


def test_a_sketch_keeps_its_spacing_over_one_long_move() -> None:
    sketch = Sketch(np.empty((0, 2)), most=12)
    assert sketch.draw((0.0, 0.0), 1.0) and not sketch.draw((0.9, 0.0), 1.0)
    assert sketch.draw((3.0, 4.0), 1.0)
    assert np.allclose(np.linalg.norm(np.diff(sketch.points, axis=0), axis=1), 1.0) and len(sketch.points) == 6
    sketch.end()
    assert sketch.draw((9.0, 9.0), 1.0) and sketch.draw((9.0, 29.0), 1.0) and sketch.is_full
    assert not sketch.draw((0.0, 0.0), 1.0) and len(sketch.points) == 12
    assert sketch.erase((9.0, 9.0), 1.5) and not sketch.erase((100.0, 0.0), 1.5)
    assert len(sketch.points) == 10


@settings(max_examples=30, deadline=None)
@given(st.floats(-50, 50), st.floats(0.01, 10), st.floats(1e-3, 1e-1))
def test_points_come_back_to_their_places_within_a_pixel(at: float, width: float, pixel: float) -> None:
    places = np.linspace(-3, 3, 7)[:, None] + at
    form = unplaced(places, (at,), width, pixel)
    assert np.allclose(placed(np.array(form), (at,), width), places, atol=0.1 * pixel)


def test_an_echo_yields_to_settings_and_frames_only_once_it_was_let_go() -> None:
    echo = Echo()
    echo.hold("q.at", (2.0, 0.0), (2.0, 0.0))
    echo.meet_settings({"q.at": (1.0, 0.0)})
    assert not echo.meet_frame({"q.at": (2.0, 0.0)}) and echo.held
    echo.release()
    echo.meet_settings({"q.at": (2.0, 0.0), "q.width": 3.0})
    assert not echo.meet_frame({"q.at": (1.0, 0.0)}) and echo.shown("q.at", (0.0,)) == (2.0, 0.0)
    assert echo.meet_frame({"q.at": (float(np.float32(2.0000001)), 0.0)}) and "q.at" not in echo
    echo.hold("q.width", 2.0, (2.0,))
    echo.release()
    echo.meet_settings({"q.width": 1.0})
    assert echo.value("q.width", 1.0) == 1.0
