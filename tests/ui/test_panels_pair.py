"""The pair in the hand: what a drag sends, what stale frames may not do, what is seen and said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio.messages import Function, PairPart
from gebm_studio.schema import DivergencesPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.echo import PATIENCE
from gebm_studio.ui.panels.pair import PairPanel
from gebm_studio.ui.render import export_panel
from tests.ui import frames, pair_frames
from tests.ui.lab_frames import lab_preset
from tests.ui.panels import has_colour, picture

Pair = Callable[..., PairPanel]
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def pair(qtbot: QtBot, qapp: QApplication) -> Iterator[Pair]:
    """A shown panel of a pair, with a first part; all are closed at the end."""
    panels: list[PairPanel] = []
    theme.apply(qapp, "light")

    def make(
        part: PairPart | None = None, preset: DivergencesPreset | None = None, size: tuple[int, int] = (640, 560)
    ) -> PairPanel:
        panel = PairPanel()
        panel.resize(*size)
        panel.setAutoFillBackground(True)
        panel.start_run(preset or lab_preset())
        panel.show()
        qtbot.waitExposed(panel)
        give(panel, part or pair_frames.line_part())
        panels.append(panel)
        return panel

    yield make
    theme.apply(qapp, "light")
    for panel in panels:
        panel.close()
        panel.deleteLater()


def give(panel: PairPanel, part: PairPart) -> None:
    """Show a part and let it be drawn."""
    panel.show_frame(frames.frame(pair=part))
    QApplication.processEvents()


def plane(pair: Pair, **changes: Any) -> PairPanel:
    """A pair in the plane, where Q may be turned."""
    return pair(pair_frames.plane_part(), lab_preset(space="plane", p={"at": (-1.0, 0.0)},
                q={"at": (1.0, 0.5), "width": 0.8, **changes}))  # fmt: skip


def told(panel: PairPanel) -> list[tuple[str, Any]]:
    """What the panel changes from now on."""
    changes: list[tuple[str, Any]] = []
    panel.setting_changed.connect(lambda path, value: changes.append((path, value)))
    return changes


def pixel(panel: PairPanel) -> float:
    return float(panel.plot.view.viewPixelSize()[0])


def spot(panel: PairPanel, name: Any, grip: Any, side: int = 1) -> QPoint:
    return panel.plot.mapFromScene(panel.plot.handles.spot(name, grip, side))


def place(panel: PairPanel, x: float, y: float) -> QPoint:
    return panel.plot.mapFromScene(panel.plot.view.mapViewToScene(QPointF(x, y)))


def press(panel: PairPanel, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
    QTest.mousePress(panel.plot.viewport(), button, NONE, at)


def move(panel: PairPanel, at: QPoint) -> None:
    QTest.mouseMove(panel.plot.viewport(), at)


def release(panel: PairPanel, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
    QTest.mouseRelease(panel.plot.viewport(), button, NONE, at)


def drag(panel: PairPanel, start: QPoint, *way: QPoint) -> None:
    press(panel, start)
    for at in way:
        move(panel, at)
    release(panel, way[-1])


# The line


def test_both_laws_are_drawn_with_what_is_between_them(pair: Pair) -> None:
    panel = pair()
    pixels = picture(panel)
    assert all(has_colour(pixels, colour, 60) for colour in (theme.LIGHT.data, theme.LIGHT.base, theme.LIGHT.first))
    x, p = panel.line.densities.lines["p"].getData()
    assert np.allclose(p, pair_frames.normal(x, 0.0, 1.0), atol=1e-6)
    assert panel.line.functions.curves.names == ["log p/q"]
    assert panel.entries["q"][0].value == "at 1.00, width 1.00"


def test_a_drag_of_the_centre_sends_the_place_at_once_and_in_the_end_exactly(pair: Pair) -> None:
    panel = pair()
    changes = told(panel)
    start = spot(panel, "q", "at")
    press(panel, start)
    assert panel.plot.viewport().cursor().shape() == Qt.CursorShape.ClosedHandCursor and not changes
    move(panel, start + QPoint(40, 3))
    expected = 1.0 + 40 * pixel(panel)
    assert changes == [("q.at", (pytest.approx(expected, abs=0.1 * pixel(panel)), 0.0))]
    stand = panel.plot.handles.stand("q")
    assert stand is not None and stand.x == changes[0][1][0], "the handle follows in the same event"
    for step in range(41, 60):
        move(panel, start + QPoint(step, 3))
    assert len(changes) < 12, "no more often than frames"
    release(panel, start + QPoint(59, 3))
    assert changes[-1] == ("q.at", (pytest.approx(1.0 + 59 * pixel(panel), abs=0.1 * pixel(panel)), 0.0))


def test_bars_change_the_width_in_the_units_of_the_setting(pair: Pair) -> None:
    # The handles of a uniform law stand at its ends, half its length from its centre.
    law = pair_frames.gaussian(0.5, 3.0)
    panel = pair(pair_frames.line_part(q=law), lab_preset(q={"kind": "uniform", "at": (0.5, 0.0), "width": 3.0}))
    changes = told(panel)
    for side in (1, -1):
        start = spot(panel, "q", "width", side)
        assert panel.plot.view.mapSceneToView(panel.plot.mapToScene(start)).x() == pytest.approx(
            0.5 + 1.5 * side, abs=pixel(panel)
        )
        drag(panel, start, start + QPoint(20 * side, 0))
        assert changes[-1] == ("q.width", pytest.approx(2 * (1.5 + 20 * pixel(panel)), abs=0.4 * pixel(panel)))
        give(panel, pair_frames.line_part(q=law, version=10 + side))
        panel.hands._echo.forget()
        panel._place_handles()
    start = spot(panel, "q", "width", 1)
    drag(panel, start, start - QPoint(300, 0))
    assert changes[-1] == ("q.width", 0.0), "not below nothing"


def test_a_law_is_held_by_its_body_and_the_ground_moves_the_view(pair: Pair) -> None:
    panel = pair()
    changes = told(panel)
    start = place(panel, 2.0, 0.1)  # only Q is so high there
    move(panel, start)
    assert panel.plot.viewport().cursor().shape() == Qt.CursorShape.OpenHandCursor
    assert panel.plot.handles.hot == ("q", "at")
    drag(panel, start, start + QPoint(-30, 0))
    assert changes[-1] == ("q.at", (pytest.approx(1.0 - 30 * pixel(panel), abs=0.1 * pixel(panel)), 0.0))
    ground = place(panel, -3.0, 0.4)
    assert panel.plot.body(panel.plot.view.mapSceneToView(panel.plot.mapToScene(ground)), QPointF()) is None


def test_atoms_are_stems_that_can_be_held(pair: Pair) -> None:
    panel = pair(
        pair_frames.line_part(p=pair_frames.atoms(-3.0, -2.5)), lab_preset(p={"kind": "points", "points": [-3.0, -2.5]})
    )
    lines, _ = panel.line.densities.stems["p"].bands[0]
    assert lines[:, 0].tolist() == [-3.0, -2.5] and (lines[:, 1] == 0).all() and (lines[:, 3] > 0).all()
    changes = told(panel)
    start = place(panel, -2.5, 0.2)
    drag(panel, start, start + QPoint(25, 0))
    assert changes[-1][0] == "p.at" and changes[-1][1][0] == pytest.approx(25 * pixel(panel), abs=pixel(panel))


def test_a_held_handle_ignores_frames_that_are_on_their_way(pair: Pair) -> None:
    panel = pair()
    changes = told(panel)
    start = spot(panel, "q", "at")
    press(panel, start)
    move(panel, start + QPoint(50, 0))
    wished = changes[-1][1][0]
    for version in (2, 3):  # frames of the old place
        give(panel, pair_frames.line_part(1.0, version=version))
        assert panel.plot.handles.stand("q").x == wished  # type: ignore[union-attr]
    release(panel, start + QPoint(50, 0))
    give(panel, pair_frames.line_part(1.0, version=4))
    assert panel.plot.handles.stand("q").x == wished, "also once it was let go"  # type: ignore[union-attr]
    give(panel, pair_frames.line_part(wished, version=5))
    give(panel, pair_frames.line_part(0.3, version=6))  # the engine has caught up, and now moves it itself
    assert panel.plot.handles.stand("q").x == 0.3  # type: ignore[union-attr]


def test_what_the_engine_never_shows_is_given_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = pair()
    start = spot(panel, "q", "at")
    drag(panel, start, start + QPoint(50, 0))
    give(panel, pair_frames.line_part(1.0, version=2))
    assert panel.plot.handles.stand("q").x != 1.0  # type: ignore[union-attr]
    now = __import__("time").monotonic()
    monkeypatch.setattr("gebm_studio.ui.panels.echo.time.monotonic", lambda: now + 2 * PATIENCE)
    give(panel, pair_frames.line_part(1.0, version=2))
    assert panel.plot.handles.stand("q").x == 1.0  # type: ignore[union-attr]


def test_an_undo_takes_the_handle_back_at_once(pair: Pair) -> None:
    panel = pair()
    start = spot(panel, "q", "at")
    drag(panel, start, start + QPoint(50, 0))
    panel.update_settings(lab_preset())
    assert panel.plot.handles.stand("q").x == 1.0  # type: ignore[union-attr]


def test_escape_gives_a_drag_back(pair: Pair) -> None:
    panel = pair()
    changes = told(panel)
    start = spot(panel, "q", "at")
    press(panel, start)
    move(panel, start + QPoint(50, 0))
    QTest.keyClick(panel.plot, Qt.Key.Key_Escape)
    assert changes[-1] == ("q.at", (1.0, 0.0)) and not panel.plot.busy


def test_arrows_move_the_chosen_law_and_shift_widens_it(pair: Pair) -> None:
    panel = pair()
    changes = told(panel)
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    assert changes.pop() == ("q.at", (1.1, 0.0))
    QTest.keyClick(panel.plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert changes.pop() == ("q.width", 0.9)
    QTest.keyClick(panel.plot, Qt.Key.Key_Up)
    assert not changes, "the line has no up"
    QTest.keyClick(panel.plot, Qt.Key.Key_P)
    QTest.keyClick(panel.plot, Qt.Key.Key_Left)
    assert changes.pop() == ("p.at", (-0.1, 0.0))
    QTest.mouseClick(panel.entries["q"][0], LEFT)
    assert panel.plot.handles.chosen == "q"


def test_the_picture_stands_still_in_the_hand_and_follows_afterwards(pair: Pair) -> None:
    panel = pair()
    home = panel.plot.extent
    start = spot(panel, "q", "at")
    press(panel, start)
    move(panel, start + QPoint(120, 0))
    wider = pair_frames.line_part(3.0, version=2, home=(-4.0, 7.0, 0.0, 0.55))
    give(panel, wider)
    assert panel.plot.extent[:2] == home[:2]
    release(panel, start + QPoint(120, 0))
    assert panel.plot.extent[:2] == pytest.approx((-4.0, 7.0))
    assert panel.line.functions.extent[:2] == pytest.approx((-4.0, 7.0))


def test_both_pictures_zoom_together_and_a_double_click_shows_everything(pair: Pair) -> None:
    panel = pair()
    for plot, other in ((panel.line.densities, panel.line.functions), (panel.line.functions, panel.line.densities)):
        plot.view.setXRange(-1.0, 1.0, padding=0)
        plot.view.sigRangeChangedManually.emit([True, False])
        assert (
            other.extent[:2] == pytest.approx((-1.0, 1.0)) and panel.plot.extent == panel.pull_fields()["pair_extent"]
        )
        give(panel, pair_frames.line_part(version=7 + int(plot is panel.plot), home=(-9.0, 9.0, 0.0, 0.5)))
        assert other.extent[:2] == pytest.approx((-1.0, 1.0)), "the view is the person's"
        QTest.mouseDClick(other.viewport(), LEFT, NONE, QPoint(70, 12))
        assert plot.extent[:2] == other.extent[:2] == pytest.approx((-9.0, 9.0))


def test_a_double_click_on_a_body_shows_everything_and_one_on_a_handle_holds_it(pair: Pair) -> None:
    panel = pair()
    changes = told(panel)
    panel.plot.view.setXRange(-2.0, 2.0, padding=0)
    panel.plot.view.sigRangeChangedManually.emit([True, False])
    handle = spot(panel, "q", "at")
    QTest.mouseDClick(panel.plot.viewport(), LEFT, NONE, handle)
    assert panel.plot.touched and not changes
    QTest.mouseDClick(panel.plot.viewport(), LEFT, NONE, place(panel, 1.0, 0.2))
    assert not panel.plot.touched and panel.plot.extent[:2] == (-4.0, 4.0) and not changes


def test_the_reading_is_of_the_pointer_and_the_notes_stand_where_there_is_none(pair: Pair) -> None:
    panel = pair(pair_frames.line_part(note="closed form"))
    assert panel.readout.text == "closed form"
    move(panel, place(panel, 1.0, 0.45))
    assert panel.readout.text.startswith("x = 1.00: p 0.242 · q 0.399 · log p/q −0.500")
    panel.plot.pointed.emit(None)
    assert panel.readout.text == "closed form"


def test_choices_write_the_view_and_only_what_has_a_divergence_asks_for_one(pair: Pair) -> None:
    panel = pair()
    changes = told(panel)
    assert panel.choices.divergence.isHidden()
    panel.choices.lower.pick("integrand")
    assert not panel.choices.divergence.isHidden()
    panel.choices.divergence.pick("pearson")
    assert changes == [("view.lower", "integrand"), ("view.divergence", "pearson")]


def test_no_plot_item_is_made_for_a_frame(pair: Pair) -> None:
    panel = pair()

    def items() -> int:
        return sum(len(plot.scene().items()) for plot in (panel.line.densities, panel.line.functions))

    fit = Function("KL(P‖Q)", frames.floats(pair_frames.normal(pair_frames.X, 0.5, 1.2)))
    give(panel, pair_frames.line_part(version=2, fits=(fit,)))
    before = items()
    for version in range(3, 12):
        give(panel, pair_frames.line_part(0.1 * version, version=version, fits=(fit,) * (version % 2)))
    assert items() == before


def test_infinite_and_missing_values_never_warn(pair: Pair) -> None:
    wild = np.full(401, math.nan)
    wild[100:200], wild[250], wild[260] = 1.0, math.inf, -math.inf
    nothing = frames.floats(np.full(401, math.nan))
    panel = pair()
    for version, values in enumerate((frames.floats(wild), nothing, frames.floats(np.full(401, math.inf))), start=2):
        law = pair_frames.gaussian(0.0, math.nan, density=values)
        functions = (Function("f", values), Function("g", values, True))
        give(panel, pair_frames.line_part(version=version, p=law, q=law, below=functions, fits=functions[:1]))
        assert not panel.is_empty and panel.readout.text.startswith("Drag P and Q")
        picture(panel)
        with pytest.raises(KeyError):
            panel.plot.handles.spot("p", "width")
    give(panel, pair_frames.line_part(version=9, p=pair_frames.atoms(), below=()))
    empty = pair_frames.plane_part(version=10, map=None)
    give(panel, empty)
    flat = frames.floats(np.full((64, 64), math.nan))
    assert empty.p.contour is not None
    nan_map = frames.changed(empty.p.contour, name="witness", values=flat, levels=(math.nan, math.nan))
    give(panel, frames.changed(pair_frames.plane_part(version=11), map=nan_map))
    picture(panel)


# The plane


def test_the_plane_shows_points_level_lines_and_a_signed_map(pair: Pair) -> None:
    panel = plane(pair)
    pixels = picture(panel)
    assert all(has_colour(pixels, colour, 60) for colour in (theme.LIGHT.data, theme.LIGHT.base))
    view = panel.plane.plot
    assert view.map.shown_levels == (-4.0, 4.0) and view.key.texts == ("log p/q", "−4.0", "+4.0")
    assert len(view.points["p"].points) == 240
    lines = view.lines["q"].bands[0][0].reshape(-1, 2)
    radii = np.linalg.norm(lines - (1.0, 0.5), axis=1) / 0.8
    nearest = np.abs(radii[:, None] - (0.5, 1.0, 1.5, 2.0, 2.5)).min(axis=1)
    assert len(lines) > 200 and nearest.max() < 0.03, "circles of ½ to 2½ standard deviations"


def test_in_the_plane_a_law_is_moved_widened_and_turned(pair: Pair) -> None:
    panel = plane(pair, angle=0.3)
    changes = told(panel)
    start = spot(panel, "q", "at")
    drag(panel, start, start + QPoint(12, -30))
    x, y = changes[-1][1]
    assert changes[-1][0] == "q.at"
    assert (x, y) == pytest.approx((1.0 + 12 * pixel(panel), 0.5 + 30 * pixel(panel)), abs=0.1 * pixel(panel))
    start = spot(panel, "q", "width")
    ahead = QPoint(round(30 * math.cos(0.3)), -round(30 * math.sin(0.3)))
    drag(panel, start, start + ahead)
    assert changes[-1] == ("q.width", pytest.approx(0.8 + 30 * pixel(panel), abs=pixel(panel)))
    start, centre = spot(panel, "q", "angle"), spot(panel, "q", "at")
    drag(panel, start, centre + QPoint(0, -80))
    assert changes[-1] == ("q.angle", pytest.approx(math.pi / 2, abs=0.03))
    drag(panel, spot(panel, "q", "angle"), centre + QPoint(-80, 1))
    assert changes[-1] == ("q.angle", pytest.approx(-math.pi, abs=0.03))


def test_keys_move_up_and_turn_in_the_plane(pair: Pair) -> None:
    panel = plane(pair)
    changes = told(panel)
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_Up)
    assert changes.pop() == ("q.at", (1.0, 0.6))
    QTest.keyClick(panel.plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert changes.pop() == ("q.angle", pytest.approx(math.pi / 36, abs=1e-4))


def test_the_reading_in_the_plane_is_of_a_cell_and_says_where_its_middle_is(pair: Pair) -> None:
    panel = plane(pair)
    panel.plot.pointed.emit((1.0, 0.5))
    x, y = 1.0625, 0.5625  # the middle of the cell that begins at (1, ½)
    q = pair_frames.normal(x, 1.0, 0.8) * pair_frames.normal(y, 0.5, 0.8)
    assert panel.readout.text.startswith("(1.06, 0.562): p ") and f"q {q:.3f} · log p/q " in panel.readout.text


def test_another_space_brings_its_own_picture(pair: Pair) -> None:
    panel = plane(pair)
    assert panel.plot is panel.plane.plot
    panel.start_run(lab_preset())
    give(panel, pair_frames.line_part())
    assert panel.plot is panel.line.densities and not panel.is_empty


# Files and themes


@pytest.mark.parametrize("space", ["line", "plane"])
@pytest.mark.parametrize("size", [(640, 560), (300, 240)], ids=str)
def test_themes_and_files(pair: Pair, qapp: QApplication, tmp_path: Path, space: str, size: tuple[int, int]) -> None:
    part = pair_frames.line_part() if space == "line" else pair_frames.plane_part()
    panel = pair(part, lab_preset(space=space), size=size)
    light = picture(panel).mean()
    theme.apply(qapp, "dark")
    assert picture(panel).mean() < light - 60
    theme.apply(qapp, "light")
    for suffix in ("png", "svg", "pdf"):
        export_panel(panel, tmp_path / f"pair.{suffix}")
        assert (tmp_path / f"pair.{suffix}").stat().st_size > 3000
    text = (tmp_path / "pair.svg").read_text(encoding="utf-8")
    wanted = ("P", "Q", "log p/q")
    assert all(f">{word}" in text for word in wanted), "with its legend"
    assert "log p/q ▾" not in text and "Draw" not in text, "without buttons"


def test_a_gap_in_a_function_is_a_gap_in_a_file(pair: Pair, tmp_path: Path) -> None:
    whole = np.sin(pair_frames.X)
    torn = np.where(np.abs(pair_frames.X) < 1, math.nan, whole)
    pieces = []
    for version, values in enumerate((whole, torn), start=1):
        panel = pair(pair_frames.line_part(version=version, below=(Function("f", frames.floats(values)),)))
        export_panel(panel, tmp_path / "torn.svg")
        pieces.append((tmp_path / "torn.svg").read_text(encoding="utf-8").count("<polyline"))
    assert pieces[1] == pieces[0] + 1


def test_lines_through_the_pointer_span_the_picture_wherever_it_is_moved(pair: Pair) -> None:
    panel = pair()
    for left, right in ((-3.0, -1.0), (2.0, 9.0)):
        panel.plot.view.setXRange(left, right, padding=0)
        picture(panel)
        reach = panel.plot.crosshair.boundingRect()
        assert (reach.left(), reach.right()) == pytest.approx((left, right))


def test_an_empty_panel_says_how_to_fill_it_and_a_new_run_empties_it(pair: Pair) -> None:
    panel = pair()
    panel.start_run(lab_preset())
    assert panel.is_empty and "dragged" in panel.empty and panel.pull_fields() == {}
