"""The conjugate: the tangent in the hand on either picture, its intercept, slopes that touch nothing."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio.presets import changed
from gebm_studio.ui import theme
from gebm_studio.ui.panels.tangent import sentence
from gebm_studio.ui.panels.tangent_lines import Tangents
from gebm_studio.ui.render import export_panel
from tests.ui import frames
from tests.ui.frames import floats
from tests.ui.lab_frames import lab_preset, tangent_part
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]
LEFT = Qt.MouseButton.LeftButton


def show(panel: Any, part: Any) -> Any:
    panel.show_frame(frames.frame(tangent=part))
    QApplication.processEvents()
    return panel


def shown(make_panel: MakePanel, slope: float = 0.5, name: str = "kl", size: tuple[int, int] = (560, 330)) -> Any:
    preset = lab_preset(view__slope=slope, view__divergence=name)
    return show(make_panel("tangent", size, preset=preset), tangent_part(slope, name))


def asked(panel: Any) -> list[tuple[str, Any]]:
    """What the panel wishes to change from now on."""
    changes: list[tuple[str, Any]] = []
    panel.setting_changed.connect(lambda path, wish: changes.append((path, wish)))
    return changes


def pixel(plot: Any, x: float, y: float) -> QPoint:
    """The pixel of a place in a picture."""
    return plot.mapFromScene(plot.view.mapViewToScene(QPointF(x, y)))


def drag(plot: Any, *ways: QPoint, drop: bool = True) -> None:
    """Take what is at the first pixel along a way."""
    QTest.mousePress(plot.viewport(), LEFT, pos=ways[0])
    for way in ways[1:]:
        QTest.mouseMove(plot.viewport(), way)
    if drop:
        QTest.mouseRelease(plot.viewport(), LEFT, pos=ways[-1])


@given(st.floats(-3.5, 2.3))
@settings(max_examples=40, deadline=None)
def test_a_tangent_between_samples_is_that_of_the_formula(slope: float) -> None:
    tangent = Tangents(tangent_part(0.5)).tangent(slope)
    assert tangent.conjugate == pytest.approx(math.exp(slope - 1), abs=2e-4)
    if math.exp(slope - 1) > 0.02:  # else it touches between zero and the first samples
        assert tangent.touches == pytest.approx(math.exp(slope - 1), abs=0.01)
        assert tangent.height == pytest.approx(slope * math.exp(slope - 1) - tangent.conjugate, abs=0.04)


@given(st.floats(-2.0, 2.0), st.floats(0.1, 3.5))
@settings(max_examples=40, deadline=None)
def test_the_tangent_through_a_point_of_a_tangent_is_that_tangent(slope: float, u: float) -> None:
    tangents, touches = Tangents(tangent_part(0.5)), math.exp(slope - 1)
    height = slope * u - math.exp(slope - 1)
    if abs(u - touches) > 0.3:
        assert tangents.slope_through(u, height, 1 if u > touches else -1) == pytest.approx(slope, abs=5e-3)
    # Above φ there is no tangent through a point: the one at the same u is meant.
    assert tangents.slope_through(u, 50.0, 1) == tangents.slope_at(u) == pytest.approx(1 + math.log(u), abs=0.05)


def test_the_frame_has_the_last_word_on_its_own_slope() -> None:
    part = tangent_part(0.5, conjugate_there=0.123, touches=0.456)
    tangent = Tangents(part).tangent(0.5)
    assert (tangent.slope, tangent.conjugate, tangent.touches) == (0.5, 0.123, 0.456)


def test_intercept_point_and_formulas_are_written(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    assert panel.generator.labels.texts == ["−φ*(v) = −0.6065"] and panel.conjugate.labels.texts == ["φ*(v) = 0.6065"]
    assert "φ(u) = u log u" in panel.captions[0].toolTip() and "φ*(t) = eᵗ⁻¹" in panel.captions[1].toolTip()
    assert panel.readout.text == "v = 0.5000: touches at u = 0.6065, −φ*(v) = −0.6065 · |φ** − φ| ≤ 3.0e−9"
    assert panel.generator.tangent_marks.intercept == pytest.approx(-math.exp(-0.5))
    pixels = picture(panel)
    assert has_colour(pixels, theme.LIGHT.first, 200) and has_colour(pixels, theme.LIGHT.gebm, 20)


def test_the_point_on_the_conjugate_is_dragged_along_t(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    told, plot = asked(panel), panel.conjugate
    drag(plot, pixel(plot, 0.5, math.exp(-0.5)), pixel(plot, 0.8, 0.6), pixel(plot, 1.2, 0.6), drop=False)
    # What the hand wishes is seen before any frame shows it.
    assert panel.slope == pytest.approx(1.2, abs=plot.pixel)
    assert panel.generator.marks.tangent.conjugate == pytest.approx(math.exp(panel.slope - 1), abs=2e-4)
    show(panel, tangent_part(0.8, version=2))
    assert panel.slope == pytest.approx(1.2, abs=plot.pixel)
    QTest.mouseRelease(plot.viewport(), LEFT, pos=pixel(plot, 1.2, 0.6))
    assert {path for path, _ in told} == {"view.slope"} and told[-1][1] == panel.slope
    show(panel, tangent_part(told[-1][1], version=3))
    assert panel.slope == told[-1][1] and panel.generator.marks.tangent.conjugate == math.exp(told[-1][1] - 1)


def test_many_moves_make_few_messages_and_the_last_is_told(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    told, plot = asked(panel), panel.conjugate
    drag(plot, pixel(plot, 0.5, 1.0), *(pixel(plot, 0.5 + k / 50, 1.0) for k in range(40)))
    assert 2 <= len(told) < 40 and told[-1][1] == pytest.approx(0.5 + 39 / 50, abs=plot.pixel)


def test_the_touching_point_is_dragged_along_the_generator(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    told, plot = asked(panel), panel.generator
    drag(plot, pixel(plot, math.exp(-0.5), -0.3), pixel(plot, 1.0, 0.0), pixel(plot, 2.0, 2.0))
    assert told[-1] == ("view.slope", pytest.approx(1 + math.log(2), abs=0.03))


@pytest.mark.parametrize(("u", "up", "rises"), [(3.0, 1.0, True), (3.0, -1.0, False), (0.0, -1.0, True)])
def test_the_line_turns_the_way_it_is_pulled(make_panel: MakePanel, u: float, up: float, rises: bool) -> None:
    panel = shown(make_panel)
    told, plot = asked(panel), panel.generator
    height = 0.5 * u - math.exp(-0.5)
    drag(plot, pixel(plot, u, height), pixel(plot, u, height + up))
    slope = told[-1][1]
    assert (slope > 0.5) == rises
    # The line goes through the pointer.
    assert slope * u - math.exp(slope - 1) == pytest.approx(height + up, abs=0.06)


def test_a_press_beside_the_line_moves_the_view_and_not_the_slope(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    told, plot = asked(panel), panel.generator
    drag(plot, pixel(plot, 1.5, 4.0), pixel(plot, 2.5, 3.0))
    assert not told and plot.touched
    QTest.mouseDClick(plot.viewport(), LEFT, pos=pixel(plot, *np.array([plot.extent[0] + 0.5, plot.extent[3] - 0.5])))
    assert not plot.touched


@pytest.mark.parametrize(
    ("key", "modifier", "slope"),
    [(Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 0.6), (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, 0.4),
     (Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, -0.5)],
)  # fmt: skip
@pytest.mark.parametrize("which", [0, 1])
def test_arrow_keys_turn_the_tangent(make_panel: MakePanel, key: Any, modifier: Any, slope: float, which: int) -> None:
    panel = shown(make_panel)
    told = asked(panel)
    QTest.keyClick(panel.plots[which], key, modifier)
    assert told == [("view.slope", pytest.approx(slope))]
    assert panel.slope == pytest.approx(slope)


def test_escape_gives_the_slope_back(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    told, plot = asked(panel), panel.conjugate
    drag(plot, pixel(plot, 0.5, 1.0), pixel(plot, 1.5, 1.0), drop=False)
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    assert panel.slope == 0.5 and told[-1] == ("view.slope", 0.5) and not plot.busy


def test_an_undo_takes_the_wish_back(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    preset = lab_preset(view__slope=0.5)
    panel.setting_changed.connect(lambda path, wish: panel.update_settings(changed(preset, {path: wish})))
    QTest.keyClick(panel.generator, Qt.Key.Key_Right)
    assert panel.slope == pytest.approx(0.6)
    panel.update_settings(preset)
    assert panel.slope == 0.5


def test_the_slope_keeps_within_what_the_setting_allows(make_panel: MakePanel) -> None:
    t = np.linspace(-80.0, 80.0, 401)
    part = tangent_part(49.9, t=floats(t), conjugate=floats(np.exp(t / 40)))
    panel = show(make_panel("tangent", (560, 330), preset=lab_preset(view__slope=49.9)), part)
    told = asked(panel)
    QTest.keyClick(panel.conjugate, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert told == [("view.slope", 50.0)]


def test_a_slope_outside_the_domain_touches_nothing_and_says_so(make_panel: MakePanel) -> None:
    panel = shown(make_panel, 0.6, "reverse_kl")
    assert panel.generator.labels.texts == ["−φ*(v) = −∞"] and panel.conjugate.labels.texts == ["φ*(v) = ∞"]
    assert panel.readout.text.startswith("v = 0.6000: φ*(v) = ∞, since no line of this slope stays below φ")
    assert "finite below 0" in panel.readout.text
    marks, part = panel.generator.tangent_marks, tangent_part(0.6, "reverse_kl")
    line = 0.6 * part.u + marks.intercept
    assert (line[1:] < part.generator[1:]).all() and math.isfinite(marks.intercept)
    assert has_colour(picture(panel), theme.LIGHT.error, 20, 20)


def test_from_a_finite_slope_the_hand_can_leave_the_domain(make_panel: MakePanel) -> None:
    panel = shown(make_panel, -1.0, "reverse_kl")
    told, plot = asked(panel), panel.conjugate
    drag(plot, pixel(plot, -1.0, -1.0), pixel(plot, 1.0, -1.0))
    assert told[-1][1] == pytest.approx(1.0, abs=plot.pixel)
    assert math.isinf(panel.conjugate.marks.tangent.conjugate)
    picture(panel)


def test_domains_in_words() -> None:
    part = tangent_part(0.6, "reverse_kl")
    assert "finite from −0.5 to 0.5" in sentence(tangent_part(0.6, "reverse_kl", domain=(-0.5, 0.5)))
    assert "finite above 1" in sentence(tangent_part(0.6, "reverse_kl", domain=(1.0, math.inf)))
    assert sentence(tangent_part(0.5, touches=math.nan, error=math.nan)) == "v = 0.5000: −φ*(v) = −0.6065"
    assert part.domain == (-math.inf, 0.0)


def test_a_kink_is_touched_by_a_fan_of_slopes(make_panel: MakePanel) -> None:
    u, t = np.linspace(0, 4, 401), np.linspace(-1, 1, 201)
    conjugate = np.where(np.abs(t) <= 0.5, t, np.inf)
    part = tangent_part(
        0.2, "total_variation", u=floats(u), generator=floats(np.abs(u - 1) / 2), biconjugate=floats(np.abs(u - 1) / 2),
        t=floats(t), conjugate=floats(conjugate), conjugate_there=0.2, touches=1.0, domain=(-0.5, 0.5),
    )  # fmt: skip
    panel = show(make_panel("tangent", (560, 330), preset=lab_preset(view__slope=0.2)), part)
    told, plot = asked(panel), panel.generator
    drag(plot, pixel(plot, 3.0, 0.4), pixel(plot, 3.0, 0.8))
    assert told[-1][1] == pytest.approx(0.4, abs=0.02)
    drag(plot, pixel(plot, 3.0, 0.8), pixel(plot, 3.0, 3.0))
    assert told[-1][1] == pytest.approx(0.5, abs=0.02)


def test_pointing_reads_values(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.generator.pointed.emit((2.001, 3.0))
    assert panel.readout.text == "u = 2.00: φ 1.386 · φ** 1.386 · tangent 0.3935"
    panel.conjugate.pointed.emit((-2.001, 2.0))
    assert panel.readout.text == "t = −2.00: φ* 0.04979"
    QTest.mouseMove(panel.generator.viewport(), pixel(panel.generator, 3.0, 3.0))
    assert panel.readout.text.startswith("u = ")
    panel.generator.pointed.emit(None)
    assert panel.readout.text.startswith("v = 0.5000")


def test_a_choice_of_the_divergence_is_told(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    told = asked(panel)
    panel._divergence.pick("hellinger")
    assert told == [("view.divergence", "hellinger")]
    panel.update_settings(lab_preset(view__divergence="pearson"))
    assert panel._divergence.value() == "pearson" and len(told) == 1


@pytest.mark.parametrize(("size", "stacked"), [((560, 330), False), ((380, 240), False), ((320, 520), True)])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_size_and_theme_has_room(
    make_panel: MakePanel, qapp: QApplication, size: tuple[int, int], stacked: bool, look: Any
) -> None:
    panel = shown(make_panel, size=size)
    theme.apply(qapp, look)
    pixels = picture(panel)
    assert panel.stacked == stacked
    assert has_colour(pixels, theme.current().first, 60) and has_colour(pixels, theme.current().gebm, 5)
    for plot in panel.plots:
        assert plot.width() >= 150 and plot.height() >= 100
        place = plot.view.childTransform() * plot.view.sceneTransform()
        assert all(plot.view.sceneBoundingRect().contains(room) for room in plot.labels.places(place))


def test_a_new_run_forgets_everything(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    QTest.mousePress(panel.conjugate.viewport(), LEFT, pos=pixel(panel.conjugate, 0.5, 1.0))
    panel.start_run(lab_preset())
    assert panel.is_empty and panel.readout.text == "" and not panel.conjugate.busy
    QTest.keyClick(panel.generator, Qt.Key.Key_Right)
    assert math.isnan(panel.slope)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("slope", [-1.0, 0.6])
def test_exports(make_panel: MakePanel, tmp_path: Path, suffix: str, slope: float) -> None:
    panel = shown(make_panel, slope, "reverse_kl")
    export_panel(panel, tmp_path / f"tangent.{suffix}")
    assert (tmp_path / f"tangent.{suffix}").stat().st_size > 2000


def test_an_update_is_quick(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    spent = []
    for version in range(30):
        part = tangent_part(0.5 + 0.01 * version, version=version + 2)
        begun = time.perf_counter()
        panel.show_frame(frames.frame(tangent=part))
        spent.append(time.perf_counter() - begun)
    assert np.median(spent) < 0.004


def test_in_a_window_one_drag_is_one_step_back(make_window: Any, qtbot: QtBot) -> None:
    window = make_window("f24_conjugate")
    panel = window.panels["tangent"]
    qtbot.waitUntil(lambda: not panel.is_empty and panel.slope == 0.5, timeout=20_000)
    plot = panel.conjugate
    drag(plot, pixel(plot, 0.5, 1.0), *(pixel(plot, 0.5 + k / 10, 1.0) for k in range(11)))
    wished = panel.slope
    assert wished == pytest.approx(1.5, abs=plot.pixel)
    qtbot.waitUntil(lambda: panel._part.slope == wished, timeout=20_000)
    assert panel._part.conjugate_there == pytest.approx(math.exp(wished - 1), rel=1e-12)
    window.changes.stack.undo()
    assert not window.changes.stack.canUndo()
    qtbot.waitUntil(lambda: panel.slope == 0.5, timeout=20_000)
