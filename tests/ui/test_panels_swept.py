"""Swept curves: the strip for ∞, the running point in the hand, KALE against KL, and what is not computed yet."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gebm_studio.messages import SweptCurve, SweptPart
from gebm_studio.presets import changed
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.divergences import MOVED, Moved
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bars_scale import FAR
from gebm_studio.ui.panels.measure_colours import colour
from gebm_studio.ui.panels.swept import EVERY
from gebm_studio.ui.panels.swept_axes import Axes, heights
from gebm_studio.ui.panels.swept_marks import STRIP, Infinite
from gebm_studio.ui.panels.swept_over import possible, setting, sweep_over
from gebm_studio.ui.render import export_panel
from tests.ui import frames, lab_frames
from tests.ui.lab_frames import against_part, disjoint_part, doubles, normal_inset, shift_part
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]


def preset_of(part: SweptPart, **changes: Any) -> DivergencesPreset:
    against = "kl" if part.horizontal_label == "KL(P‖Q)" else "parameter"
    fields: dict[str, Any] = dict(
        swept__over=part.parameter, swept__against=against, swept__curves=tuple(curve.name for curve in part.curves)
    )
    return lab_frames.lab_preset(**{**fields, **changes})


def shown(make_panel: MakePanel, part: SweptPart, size: tuple[int, int] = (560, 340), **changes: Any) -> Any:
    panel = make_panel("swept", size, preset=preset_of(part, **changes))
    panel.show_frame(frames.frame(swept=part))
    QApplication.processEvents()
    return panel


def asked(panel: Any) -> list[tuple[str, Any]]:
    """What the panel wishes to change from now on."""
    changes: list[tuple[str, Any]] = []
    panel.setting_changed.connect(lambda path, wish: changes.append((path, wish)))
    return changes


def at(panel: Any, x: float, y: float = 0.0) -> QPoint:
    """The pixel of a place in the picture."""
    spot = panel.view.view.mapViewToScene(QPointF(x, y))
    return panel.view.mapFromScene(spot)


def middle(panel: Any, x: float) -> QPoint:
    """A pixel at half the height of the picture."""
    _, _, bottom, top = panel.view.extent
    return at(panel, x, (bottom + top) / 2)


def drag(panel: Any, first: QPoint, *ways: QPoint) -> None:
    """Take what is at a pixel along a way and let it go."""
    viewport = panel.view.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=first)
    for way in ways:
        QTest.mouseMove(viewport, way)
        QTest.qWait(EVERY + 5)  # wishes that follow each other faster are one
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=ways[-1] if ways else first)


def line(panel: Any, place: int) -> tuple[np.ndarray, np.ndarray]:
    """A curve as it is drawn, NaN where it has a gap to the next point."""
    return panel.view.curves[place].getData()


# The curves


def test_curves_are_drawn_with_their_values_at_the_running_point(make_panel: MakePanel) -> None:
    part = shift_part(at=1.0)
    panel = shown(make_panel, part)
    for place, curve in enumerate(part.curves):
        x, y = line(panel, place)
        assert np.allclose(x, part.horizontal) and np.allclose(y, curve.values)
    entries = [(entry.text(), entry.value) for entry in panel.entries if entry.isVisible()]
    assert entries[0] == ("KL(P‖Q)", "0.5000") and entries[2] == ("W₁", "1.000") and len(entries) == 5
    assert [(marker.x, marker.y) for marker in panel.view.cursor_line.markers] == [
        (1.0, pytest.approx(now)) for now in part.now
    ]
    pixels = picture(panel.view)
    assert all(has_colour(pixels, colour(curve.name, theme.LIGHT), 40, 12) for curve in part.curves)
    assert panel.readout.text == "place of Q = 1.00"


def test_on_the_log_scale_what_is_not_positive_is_a_gap(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part())
    panel._scale.pick("log")
    x, y = line(panel, 0)
    joined = panel.view.curves[0].opts["connect"]
    assert np.allclose(y[np.abs(x) > 1e-9], np.log10(x[np.abs(x) > 1e-9] ** 2 / 2))
    assert not joined[19] and not joined[20] and joined[18] and joined[21]
    assert panel.view.axis("left").logTickStrings([-2.0, 0.0], 1.0, 1.0) == ["0.01", "1"]


def test_a_sweep_in_steps_of_a_logarithm_opens_on_both_logarithms(make_panel: MakePanel) -> None:
    values = doubles(np.geomspace(0.01, 2, 41))
    part = replace(shift_part(), values=values, horizontal=values, logarithmic=True, at=1.0, now_horizontal=1.0)
    panel = shown(make_panel, part, swept__spacing="log", swept__low=0.01, swept__high=2.0)
    assert panel._scale.value() == "log"
    left, right, _, _ = panel.view.extent
    assert (left, right) == (pytest.approx(-2.0), pytest.approx(math.log10(2.0)))
    bottom = panel.view.axis("bottom")
    places = bottom.tickValues(left, right, 500)[0][1]
    assert bottom.logTickStrings(places, 1.0, 1.0) == ["0.01", "0.1", "1"]


def test_what_is_not_computed_is_a_gap_with_a_word_on_it(make_panel: MakePanel) -> None:
    part = shift_part()
    half = tuple(
        SweptCurve(one.name, doubles(np.where(part.values < 0, np.nan, one.values)), fresh=False) for one in part.curves
    )
    panel = shown(make_panel, replace(part, curves=half, done=0.5))
    assert not panel.view.curves[0].opts["connect"][:20].any()
    assert "50 % of the curves are computed" in panel.readout.text
    assert panel.view.marks.done == 0.5
    assert has_colour(picture(panel.view), theme.LIGHT.accent, 100)
    panel.show_frame(frames.frame(swept=part))
    assert "computed" not in panel.readout.text


def test_before_any_curve_the_values_at_the_point_are_shown(make_panel: MakePanel) -> None:
    part = shift_part()
    bare = tuple(SweptCurve(one.name, doubles(np.full(41, np.nan))) for one in part.curves)
    panel = shown(make_panel, replace(part, curves=bare, done=0.0))
    _, _, bottom, top = panel.view.extent
    assert bottom <= 0 and top >= 1.0  # W₁
    panel.show_frame(frames.frame(swept=replace(part, values=doubles([]), horizontal=doubles([]), curves=())))
    assert panel.is_empty and "computing" in panel._note.text()


def test_a_curve_that_explodes_leaves_the_picture_and_its_marker_says_so(make_panel: MakePanel) -> None:
    part = shift_part(at=2.9)
    chi2 = np.expm1(part.values**2)
    curves = (*part.curves, SweptCurve("pearson", doubles(chi2)))
    panel = shown(make_panel, replace(part, curves=curves, now=(*part.now, float(np.expm1(2.9**2)))))
    _, _, _, top = panel.view.extent
    assert 4.5 <= top < FAR * 4.5
    assert panel.view.cursor_line.markers[-1].y > 1000
    assert has_colour(picture(panel.view)[:30], colour("pearson", theme.LIGHT), 8)


# ∞


def test_infinite_stretches_lie_on_a_strip_with_risers(make_panel: MakePanel) -> None:
    part = disjoint_part()
    panel = shown(make_panel, part)
    kl = panel.view.marks.infinite[0]
    assert panel.view.marks.strip
    assert kl.stretches() == [(-2.0, pytest.approx(-0.1)), (pytest.approx(0.1), 2.0)]
    assert kl.risers() == [(0.0, 0.0, pytest.approx(0.1)), (0.0, 0.0, pytest.approx(-0.1))]
    assert kl.alone() == [(0.0, 0.0)]
    assert not panel.view.marks.infinite[3].anywhere
    room = panel.view.view.sceneBoundingRect()
    strip = picture(panel.view)[int(room.top()) : int(room.top() + STRIP), int(room.left()) :]
    assert has_colour(strip, colour("kl", theme.LIGHT), 200, 30)
    assert has_colour(strip, theme.LIGHT.text, 10, 60)  # the ∞ at its beginning
    highest = at(panel, 0.0, 2.0).y()
    assert highest > room.top() + STRIP  # no finite value lies under it
    assert [entry.value for entry in panel.entries[:3]] == ["∞", "∞", "∞"]
    lanes = [panel.view.marks.lane(place) for place in range(3)]
    assert len(set(lanes)) == 3 and all(0 < lane < STRIP for lane in lanes)


def test_the_strip_stays_while_the_last_infinite_value_comes_and_goes(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part())
    assert not panel.view.marks.strip
    part = shift_part(version=2)
    panel.show_frame(frames.frame(swept=replace(part, now=(math.inf, *part.now[1:]))))
    assert panel.view.marks.strip and math.isinf(panel.view.cursor_line.markers[0].y)
    panel.show_frame(frames.frame(swept=shift_part(version=3)))
    assert panel.view.marks.strip
    panel.start_run(preset_of(part))
    panel.show_frame(frames.frame(swept=shift_part(version=4)))
    assert not panel.view.marks.strip


def test_a_curve_that_is_infinite_everywhere_is_one_stretch() -> None:
    one = Infinite("#000000", doubles([0, 1, 2]), doubles([np.inf] * 3))
    assert one.stretches() == [(0.0, 2.0)] and one.risers() == [] and one.alone() == [] and one.anywhere


# The running point in the hand


def test_the_line_is_dragged_along_the_axis(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part(at=1.0), q={"at": (1.0, 0.7)})
    changes = asked(panel)
    drag(panel, middle(panel, 1.0), middle(panel, 0.0), middle(panel, -2.0), middle(panel, -9.0))
    assert {path for path, _ in changes} == {"q.at"}
    assert all(wish[1] == 0.7 for _, wish in changes)  # the second coordinate stays
    assert changes[-2][1][0] == pytest.approx(-2.0, abs=0.05)
    assert changes[-1][1][0] == -3.0  # no farther than the curves
    assert panel.view.cursor_line.x == -3.0


def test_a_click_on_the_numbers_of_the_axis_brings_the_line(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part(at=1.0))
    changes = asked(panel)
    below = at(panel, -2.0, panel.view.extent[2]) + QPoint(0, 9)
    drag(panel, below)
    assert changes[-1][1][0] == pytest.approx(-2.0, abs=0.05)


def test_away_from_the_line_the_hand_moves_the_view(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part(at=1.0))
    changes, before = asked(panel), panel.view.extent
    drag(panel, middle(panel, -1.0), middle(panel, -0.9), middle(panel, 0.0))
    assert changes == [] and panel.view.extent != before
    panel.header.findChild(type(panel._over)).setFocus()
    panel._go_home()
    assert panel.view.extent == before


def test_the_line_stays_in_the_hand_while_older_frames_come(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part(at=1.0))
    viewport = panel.view.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle(panel, 1.0))
    QTest.mouseMove(viewport, middle(panel, 2.0))
    panel.show_frame(frames.frame(swept=shift_part(at=1.0, version=2)))
    assert panel.view.cursor_line.x == pytest.approx(2.0, abs=0.05)
    assert panel.view.cursor_line.markers[0].x == 1.0  # values are only those of the engine
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle(panel, 2.0))
    panel.show_frame(frames.frame(swept=shift_part(at=panel.view.cursor_line.x, version=3)))
    panel.show_frame(frames.frame(swept=shift_part(at=-1.0, version=4)))
    assert panel.view.cursor_line.x == -1.0


def test_of_many_moves_in_a_moment_the_last_is_asked_for(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part(at=1.0))
    changes = asked(panel)
    viewport = panel.view.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle(panel, 1.0))
    for step in range(30):
        QTest.mouseMove(viewport, middle(panel, 1.0 - 0.05 * step))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle(panel, -0.45))
    assert len(changes) < 20 and changes[-1][1][0] == pytest.approx(-0.45, abs=0.05)


def test_arrow_keys_move_the_running_point(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part(at=1.0))
    changes = asked(panel)
    QTest.keyClick(panel.view, Qt.Key.Key_Right)
    QTest.keyClick(panel.view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert [wish[0] for _, wish in changes] == [pytest.approx(1.03), pytest.approx(0.73)]


def test_the_pointer_reads_the_computed_values_nearest_to_it(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part(at=1.0))
    QTest.mouseMove(panel.view.viewport(), middle(panel, -2.0))
    place = int(np.argmin(np.abs(panel._part.values + 2.0)))
    found = float(panel._part.values[place])
    assert panel.readout.text.startswith(f"place of Q = −{abs(found):.2f} · KL(P‖Q) {found**2 / 2:.3f}")


def test_a_drag_over_many_long_curves_is_quick(make_panel: MakePanel) -> None:
    part = disjoint_part(points=401)
    panel = shown(make_panel, part)
    spent = []
    for step in range(20):
        begun = time.process_time()
        panel.show_frame(frames.frame(swept=replace(part, at=0.05 * step, now_horizontal=0.05 * step, version=step)))
        panel.view.repaint()
        QApplication.processEvents()
        spent.append(time.process_time() - begun)
    assert float(np.median(spent)) < 1 / 30


# KALE against KL


def test_against_kl_the_diagonal_lies_above_kale(make_panel: MakePanel) -> None:
    part = against_part(at=0.7)
    panel = shown(make_panel, part)
    x, y = line(panel, 0)
    assert np.allclose(x, part.horizontal) and (y < x + 1e-12)[:-1].all()
    ends, same = panel.view.diagonal.getData()
    _, right, _, top = panel.view.extent
    assert np.array_equal(ends, same) and list(ends) == [0.0, pytest.approx(min(right, top))]
    tight, kale = panel.view.cursor_line.markers
    assert tight.x == tight.y == kale.x == pytest.approx(part.now_horizontal) and tight.hollow
    assert panel.readout.text == "width of Q = 0.700 · KL(P‖Q) 0.1637"
    assert has_colour(picture(panel.view), theme.LIGHT.muted, 40, 40)


def test_against_kl_the_hand_still_moves_the_parameter(make_panel: MakePanel) -> None:
    part = against_part(at=0.7)
    panel = shown(make_panel, part)
    changes = asked(panel)
    goal = int(np.argmin(np.abs(part.values - 0.6)))
    drag(panel, middle(panel, part.now_horizontal), middle(panel, float(part.horizontal[goal])))
    assert changes[-1] == ("q.width", pytest.approx(0.6, abs=0.004))


def test_both_densities_stand_in_a_free_corner(make_panel: MakePanel) -> None:
    panel = shown(make_panel, against_part(at=0.7))
    inset = panel.view.inset
    room = panel.view.view.sceneBoundingRect()
    frame = inset.frame(room, inset.corner)
    curve = [panel.view.view.mapViewToScene(QPointF(a, b)) for a, b in zip(*line(panel, 0), strict=True)]
    assert not any(frame.contains(spot) for spot in curve)
    pixels = picture(panel.view)[int(frame.top()) : int(frame.bottom()), int(frame.left()) : int(frame.right())]
    assert has_colour(pixels, theme.LIGHT.base, 30, 20) and has_colour(pixels, theme.LIGHT.data, 30, 20)
    corner = inset.corner
    for width in (0.9, 0.7, 0.5):  # a corner that is free is not left
        panel.show_frame(frames.frame(swept=against_part(at=width, inset=normal_inset(width))))
        assert inset.corner == corner
    panel.show_frame(frames.frame(swept=against_part(at=0.5, inset=None)))
    assert inset.inset is None


def test_of_two_parameters_with_one_kl_the_nearer_is_meant() -> None:
    part = shift_part()
    kl = doubles(part.values**2 / 2)
    axes = Axes(replace(part, horizontal=kl, horizontal_label="KL(P‖Q)"), False, False)
    assert axes.against
    assert axes.parameter(0.5, near=1.4) == pytest.approx(1.0, abs=0.01)
    assert axes.parameter(0.5, near=-0.2) == pytest.approx(-1.0, abs=0.01)
    assert abs(axes.parameter(99.0, near=1.0)) == 3.0


@given(st.floats(0.5, 1.0), st.booleans())
@settings(max_examples=40, deadline=None)
def test_place_and_parameter_undo_each_other(parameter: float, logarithmic: bool) -> None:
    axes = Axes(against_part(), logarithmic, logarithmic)
    if parameter < 0.985:  # at equal widths KL is 0, which has no logarithm
        assert axes.parameter(axes.place(parameter), near=parameter) == pytest.approx(parameter, abs=1e-9)
    along = Axes(replace(shift_part(), values=doubles(np.geomspace(0.1, 10, 9)), logarithmic=True), True, False)
    along = Axes(replace(along.part, horizontal=along.part.values), True, False)
    assert along.parameter(along.place(parameter), near=1.0) == pytest.approx(parameter)


def test_heights_know_no_number_where_there_is_none() -> None:
    part = shift_part()
    bare = tuple(SweptCurve(one.name, doubles(np.full(41, np.nan))) for one in part.curves)
    assert heights(Axes(replace(part, curves=bare, now=(math.nan,) * 5), False, False)) is None


# What is swept


def test_choices_ask_for_settings(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part())
    changes = asked(panel)
    panel._against.pick("kl")
    panel._curves.actions_of["w2"].trigger()
    assert changes[0] == ("swept.against", "kl")
    assert changes[1] == ("swept.curves", ("kl", "jensen_shannon", "mmd", "w1", "w2", "kale"))
    panel.update_settings(preset_of(against_part()))
    assert panel._against.value() == "kl" and panel._over.value() == "q.width"
    assert panel._curves.ticked() == ("kale",)
    assert not panel._curves.actions_of["kale"].isEnabled()  # one curve must stay


def test_only_what_both_laws_have_can_be_swept(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part(), q={"kind": "point"})
    offered = {str(action.data()) for action in panel._over.menu().actions() if action.isVisible()}
    assert offered == set(MOVED) - {"q.width"}
    assert set(MOVED) == set(get_args(Moved))


@pytest.mark.parametrize("first", MOVED)
@pytest.mark.parametrize("then", MOVED)
def test_another_sweep_has_its_own_range_and_every_step_of_the_change_is_valid(first: Moved, then: Moved) -> None:
    preset = lab_frames.lab_preset()
    for path in (first, then):
        for change, wish in sweep_over(preset, path):
            preset = changed(preset, {change: wish})
    assert preset.swept.over == then and preset.swept.low < preset.swept.high
    assert (preset.swept.low, preset.swept.high) == {
        "at": (-3.0, 3.0), "width": (0.0, 4.0), "scale": (0.0, 4.0), "regularisation": (1e-4, 1e3), "size": (1, 512),
        "samples": (2, 4000),
    }[then.partition(".")[2]]  # fmt: skip
    assert (preset.swept.spacing == "log") == (then in ("kernel.regularisation", "critic.size", "measure.samples"))
    assert then in possible(preset)


def test_what_is_sent_has_no_more_digits_than_a_control_shows() -> None:
    preset = lab_frames.lab_preset(swept__over="q.at", swept__low=-5, swept__high=5)
    assert setting(preset, 4.123869653767822) == ("q.at", (4.12, 0.0))
    preset = lab_frames.lab_preset(swept__over="kernel.regularisation", swept__low=1e-4, swept__high=1e3,
                                   swept__spacing="log")  # fmt: skip
    assert setting(preset, 0.000123456789) == ("kernel.regularisation", 0.0001235)


def test_counts_are_sent_as_whole_numbers() -> None:
    preset = lab_frames.lab_preset(swept__over="measure.samples", swept__low=2, swept__high=4000)
    assert setting(preset, 99.6) == ("measure.samples", 100)
    assert setting(lab_frames.lab_preset(swept__over="p.at", p={"at": (0.0, 2.0)}), 1.5) == ("p.at", (1.5, 2.0))


# Look, size, export


def test_a_scale_does_not_jump_while_curves_are_computed_anew(make_panel: MakePanel) -> None:
    part = shift_part()
    panel = shown(make_panel, part)
    before = panel.view.extent
    low = tuple(SweptCurve(one.name, doubles(0.2 * one.values)) for one in part.curves)
    panel.show_frame(frames.frame(swept=replace(part, curves=low, done=0.4, version=2)))
    assert panel.view.extent == before
    panel.show_frame(frames.frame(swept=replace(part, curves=low, done=1.0, version=3)))
    assert panel.view.extent[3] < 0.5 * before[3]


@pytest.mark.parametrize("part", [shift_part(), against_part(), disjoint_part()], ids=["along", "against", "infinite"])
def test_it_is_exported_in_both_themes(
    make_panel: MakePanel, qapp: QApplication, tmp_path: Path, part: SweptPart
) -> None:
    panel = shown(make_panel, part)
    for look in (theme.LIGHT, theme.DARK):
        theme.apply(qapp, look.name)
        assert has_colour(picture(panel.view), colour("kale", look), 40, 12)
        for suffix in ("svg", "png", "pdf"):
            export_panel(panel, tmp_path / f"{look.name}.{suffix}")
        text = (tmp_path / f"{look.name}.svg").read_text()
        assert "KALE" in text and part.horizontal_label in text


def test_a_small_panel_keeps_a_picture(make_panel: MakePanel) -> None:
    panel = shown(make_panel, shift_part(), (300, 230))
    assert panel.view.height() >= 60
    assert not panel.view.axis("bottom").label.isVisible()


def test_a_new_run_forgets_the_last(make_panel: MakePanel) -> None:
    panel = shown(make_panel, disjoint_part())
    panel.start_run(preset_of(shift_part()))
    assert panel.is_empty and panel.readout.text == ""
    assert panel.view.axes is None and math.isnan(panel.view.cursor_line.x)
    assert not any(entry.isVisible() for entry in panel.entries)
