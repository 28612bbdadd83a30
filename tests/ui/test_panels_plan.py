"""The transport plan: bands and matrix, the critic with its slope bound, one piece singled out."""

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
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gebm_studio.ui import theme
from gebm_studio.ui.panels.plan_pieces import LEVELS, STEPS, matrix, nearest, shades, ways
from gebm_studio.ui.render import export_panel
from tests.ui import frames
from tests.ui.frames import floats
from tests.ui.lab_frames import lab_preset, plan_part
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]


def show(panel: Any, part: Any) -> Any:
    panel.show_frame(frames.frame(plan=part))
    QApplication.processEvents()
    return panel


def shown(make_panel: MakePanel, part: Any = None, size: tuple[int, int] = (560, 330)) -> Any:
    return show(make_panel("plan", size, preset=lab_preset()), plan_part() if part is None else part)


def pixel(plot: Any, x: float, y: float) -> QPoint:
    """The pixel of a place in a picture."""
    return plot.mapFromScene(plot.view.mapViewToScene(QPointF(x, y)))


def point(plot: Any, x: float, y: float) -> None:
    """Move the pointer to a place in a picture."""
    spot, none = QPointF(pixel(plot, x, y)), Qt.MouseButton.NoButton
    way = spot, plot.viewport().mapToGlobal(spot), none, none, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(plot.viewport(), QMouseEvent(QMouseEvent.Type.MouseMove, *way))


def plan_of(*pieces: tuple[float, float, float]) -> Any:
    return floats(np.array(pieces, dtype=float).reshape(-1, 3))


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.001, 1)), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_ways_lead_from_source_to_target_and_masses_add_up(pieces: list[tuple[float, float, float]]) -> None:
    plan = plan_of(*pieces)
    x, heights = ways(plan)
    assert x.shape == (len(pieces), STEPS + 1) and (heights[0], heights[-1]) == (1, 0)
    assert np.allclose(x[:, 0], plan[:, 0]) and np.allclose(x[:, -1], plan[:, 1], atol=1e-6)
    mass, (left, right, bottom, top) = matrix(plan)
    assert mass.sum() == pytest.approx(float(plan[:, 2].sum()), rel=1e-5)
    assert left <= plan[:, 0].min() and plan[:, 0].max() <= right
    assert bottom <= plan[:, 1].min() and plan[:, 1].max() <= top
    assert shades(plan[:, 2]).max() == LEVELS - 1


@given(st.floats(0, 1), st.integers(0, 59))
@settings(max_examples=30, deadline=None)
def test_a_point_of_a_way_is_on_that_piece(share: float, piece: int) -> None:
    plan = plan_part().plan
    bend = share * share * (3 - 2 * share)
    x = float(plan[piece, 0] + (plan[piece, 1] - plan[piece, 0]) * bend)
    found = nearest(plan, x, 1 - share, 0.01)
    assert found is not None
    # Where ways cross another may be as near.
    assert abs(float(plan[found, 0] + (plan[found, 1] - plan[found, 0]) * bend) - x) < 1e-5


def test_bands_critic_and_cost(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    assert panel.caption.text == "cost of the plan 1.0066 · gain of the critic 1.0066 · difference 2.0e−9"
    assert sum(len(lines) for lines, _ in panel.bands.bands.bands) == 60 * STEPS
    x, f = panel.critic.critic.getData()
    assert (np.abs(np.diff(f)) <= np.diff(x) * (1 + 1e-4)).all()
    assert panel.readout.text == "60 quantiles"
    pixels = picture(panel)
    assert all(has_colour(pixels, getattr(theme.LIGHT, role), 40) for role in ("first", "data", "base"))


def test_bands_and_critic_stand_over_each_other(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    spots = [plot.mapTo(panel, pixel(plot, 1.5, 0.0)).x() for plot in (panel.bands, panel.critic)]
    assert abs(spots[0] - spots[1]) <= 1
    assert panel.bands.extent[:2] == panel.critic.extent[:2]
    panel.bands.go_to((0.0, 2.0, *panel.bands.extent[2:]))
    panel.bands.moved.emit(panel.bands.extent)
    assert panel.critic.extent[:2] == pytest.approx((0.0, 2.0))
    panel._go_home()
    assert panel.bands.extent[:2] == panel.critic.extent[:2] != (0.0, 2.0)


def test_heavier_pieces_are_stronger() -> None:
    assert shades(floats([0.01, 0.5, 1.0])).tolist() == [0, 2, 4]
    assert shades(floats([0.0, 0.0])).tolist() == [0, 0] and len(shades(floats([]))) == 0


def test_pointing_at_a_band_tells_its_mass_and_the_fall_of_the_critic(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    source, target, _ = panel._part.plan[59]
    point(panel.bands, (source + target) / 2, 0.5)
    assert panel.piece == 59 and len(panel.bands.marked.bands[0][0]) == STEPS
    assert panel.readout.text.startswith("0.0167 of the mass goes from 2.39 to 4.59 · f falls by 2.20")
    assert len(panel.critic.pair.points) == 2
    point(panel.bands, panel.bands.extent[0] + 0.05, 0.5)
    assert panel.piece is None and panel.bands.marked.bands == [] and not len(panel.critic.pair.points)


def test_the_cone_of_the_slope_bound_holds_the_critic(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    point(panel.critic, 1.0, -3.0)
    (lines, _), part = panel.critic.cone.bands[0], panel._part
    tip = (lines[0, 0] + lines[0, 2]) / 2
    assert tip == pytest.approx(1.0, abs=0.05)
    cone = panel.critic.value(tip) + np.abs(part.x - tip)
    assert (part.critic <= cone + 1e-4).all()
    assert panel.readout.text.startswith("x = ") and "f −3" in panel.readout.text


def test_arrow_keys_go_from_piece_to_piece(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    for key, piece in ((Qt.Key.Key_Right, 0), (Qt.Key.Key_Right, 1), (Qt.Key.Key_Left, 0), (Qt.Key.Key_Left, 0)):
        QTest.keyClick(panel.bands, key)
        assert panel.piece == piece
    QTest.keyClick(panel.bands, Qt.Key.Key_Escape)
    assert panel.piece is None
    QTest.keyClick(panel.bands, Qt.Key.Key_Left)
    assert panel.piece == 59
    show(panel, plan_part(pieces=10, version=2))
    assert panel.piece is None  # there is no such piece any more


def test_as_a_matrix(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.choice.pick("matrix")
    QApplication.processEvents()
    assert panel.matrix.isVisible() and not panel.bands.isVisible() and panel.key.isVisible()
    assert panel.matrix.image.image.sum() == pytest.approx(1.0, rel=1e-5)
    assert panel.matrix.labels.texts == ["from P", "to Q"]
    source, target, _ = panel._part.plan[30]
    point(panel.matrix, source, target)
    assert panel.piece is not None and abs(panel.piece - 30) <= 3
    assert panel.matrix.crosshair.ring is not None and "of the mass goes from" in panel.readout.text
    assert has_colour(picture(panel), theme.LIGHT.first, 20)
    panel.choice.pick("bands")
    assert panel.bands.isVisible() and panel.key.isHidden()


@pytest.mark.parametrize("view", ["bands", "matrix"])
@pytest.mark.parametrize(
    "plan", [plan_of((0, 0, 1)), plan_of((0, 1, 0.5), (0, 2, 0.5)), plan_of((0, 1, 0.25), (5, 1, 0.75))], ids=range(3)
)
def test_few_atoms(make_panel: MakePanel, view: str, plan: Any) -> None:
    panel = shown(make_panel, plan_part(plan=plan, cost=0.0, gain=0.0))
    panel.choice.pick(view)
    picture(panel)
    left, right, _, _ = panel.bands.extent
    assert left < plan[:, :2].min() and plan[:, :2].max() < right
    assert panel.caption.toolTip().endswith("difference 0")


def test_without_a_plan_the_reason_is_said(make_panel: MakePanel) -> None:
    panel = shown(
        make_panel, plan_part(plan=plan_of(), cost=math.nan, gain=math.nan, note="both laws must be on the line")
    )
    assert panel.is_empty and panel._note.text() == "both laws must be on the line"
    show(panel, plan_part(version=2))
    assert not panel.is_empty and "cost of the plan 1.0066" in panel.caption.text


def test_the_picture_does_not_creep_while_a_law_is_dragged(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    before = panel.bands.extent
    show(panel, plan_part(1.02, version=2))
    assert panel.bands.extent == before
    show(panel, plan_part(6.0, version=3))
    assert panel.bands.extent[1] > 9


def test_a_new_run_forgets_everything(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    QTest.keyClick(panel.bands, Qt.Key.Key_Right)
    panel.start_run(lab_preset())
    assert panel.is_empty and panel.piece is None and panel.readout.text == "" and panel.caption.text == ""
    QTest.keyClick(panel.bands, Qt.Key.Key_Right)
    assert panel.piece is None


@pytest.mark.parametrize("size", [(560, 330), (380, 240), (300, 500)])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_size_and_theme_has_room(
    make_panel: MakePanel, qapp: QApplication, size: tuple[int, int], look: Any
) -> None:
    panel = shown(make_panel, size=size)
    theme.apply(qapp, look)
    pixels = picture(panel)
    assert all(has_colour(pixels, getattr(theme.current(), role), 30) for role in ("first", "data", "base"))
    assert panel.bands.height() >= 60 and panel.critic.height() >= 60
    assert panel.slope_caption.isVisible() == (size[1] >= 280)
    assert "|f(x) − f(y)| ≤ |x − y|" in panel.critic.toolTip()


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("view", ["bands", "matrix"])
def test_exports(make_panel: MakePanel, tmp_path: Path, suffix: str, view: str) -> None:
    panel = shown(make_panel)
    panel.choice.pick(view)
    export_panel(panel, tmp_path / f"plan.{suffix}")
    assert (tmp_path / f"plan.{suffix}").stat().st_size > 2000


@pytest.mark.parametrize("view", ["bands", "matrix"])
def test_an_update_is_quick(make_panel: MakePanel, view: str) -> None:
    panel = shown(make_panel, plan_part(pieces=300))
    panel.choice.pick(view)
    spent = []
    for k in range(20):
        part = plan_part(1 + 0.01 * k, 300, version=k + 2)
        begun = time.perf_counter()
        panel.show_frame(frames.frame(plan=part))
        spent.append(time.perf_counter() - begun)
    assert np.median(spent) < 0.004
