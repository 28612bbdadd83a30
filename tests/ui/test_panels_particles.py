"""The panel of particle flows: squares on shared axes, the record below them, and the numbers of each flow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio.messages import FlowPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import RUN_COLOURS
from gebm_studio.ui.panels.particle_grid import squares
from gebm_studio.ui.panels.particle_picture import ARROW_SHARE, MOST_ARROWS, MOST_TRAILS, PARTICLES, TARGET
from gebm_studio.ui.render import SUFFIXES, export_panel
from tests.ui.flow_frames import HOME, LABELS, cloud, flow_part, flow_preset
from tests.ui.frames import floats, frame
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]

WIDE, SMALL = (860, 460), (560, 330)


def clouds(count: int, **changes: Any) -> list[Any]:
    return [cloud(label, done=0.3 + 0.2 * place, **changes) for place, label in enumerate(LABELS[:count])]


def shown(
    make_panel: MakePanel, flows: int = 2, part: FlowPart | None = None, size: tuple[int, int] = WIDE, **changes: Any
) -> Any:
    panel = make_panel("flow", size, flow_preset(flows, **changes))
    panel.show_frame(frame(iteration=203, flow=part or flow_part(*clouds(flows))))
    QApplication.processEvents()
    return panel


# The squares


@pytest.mark.parametrize(
    ("count", "width", "height", "expected"),
    [(1, 900, 400, (1, 360)), (2, 900, 400, (2, 360)), (4, 900, 400, (4, 219)), (4, 500, 500, (2, 206)),
     (3, 300, 900, (1, 254)), (2, 400, 400, (2, 196))],
)  # fmt: skip
def test_squares_are_as_large_as_can_be(count: int, width: int, height: int, expected: tuple[int, int]) -> None:
    assert squares(count, width, height, above=40) == expected


@pytest.mark.parametrize("size", [WIDE, SMALL])
@pytest.mark.parametrize("flows", [1, 2, 3, 4])
def test_each_flow_has_its_square_and_no_two_overlap(make_panel: MakePanel, flows: int, size: tuple[int, int]) -> None:
    panel = shown(make_panel, flows, size=size)
    tiles = [tile for tile in panel.tiles if tile.isVisible()]
    assert [tile.caption.text() for tile in tiles] == list(LABELS[:flows])
    rooms = [tile.geometry() for tile in tiles]
    assert all(panel.grid.rect().contains(room) for room in rooms)
    assert not any(a.intersects(b) for place, a in enumerate(rooms) for b in rooms[:place])
    assert all(tile.picture.width() == tile.picture.height() >= 96 for tile in tiles)
    for tile, colour in zip(tiles, RUN_COLOURS, strict=False):
        pixels = picture(tile)
        assert has_colour(pixels, colour) and has_colour(pixels, theme.LIGHT.base) and has_colour(
            pixels, theme.LIGHT.data, tolerance=12)  # fmt: skip


def test_all_flows_are_seen_on_one_pair_of_axes(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel, 3)
    first, _, third = (tile.picture for tile in panel.tiles[:3])
    assert first.extent[0] <= HOME[0] and third.extent == pytest.approx(first.extent)
    first.view.scaleBy((0.5, 0.5))
    first.moved.emit(first.extent)
    assert third.extent == pytest.approx(first.extent, abs=1e-6)
    assert third.extent[1] - third.extent[0] < 0.7 * (HOME[1] - HOME[0])
    qtbot.mouseDClick(third.viewport(), Qt.MouseButton.LeftButton)
    assert first.extent == pytest.approx(third.extent) and first.extent[0] <= HOME[0]


# What is drawn


def test_target_and_particles_can_be_put_away(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    drawn = panel.tiles[0].picture
    panel.entries[PARTICLES].click()
    assert not any(item.isVisible() for item in (drawn.points[PARTICLES], drawn.trails, drawn.arrows))
    assert drawn.points[TARGET].isVisible()
    panel.entries[PARTICLES].click()
    panel.entries[TARGET].click()
    assert drawn.points[PARTICLES].isVisible() and not drawn.points[TARGET].isVisible()


def test_trails_fade_towards_the_oldest_and_end_at_the_particles(make_panel: MakePanel) -> None:
    drawn = shown(make_panel, part=flow_part(cloud(count=400, trail=12))).tiles[0].picture
    strengths = [np.abs(np.array(pen.color().getRgb()[:3]) - 255).sum() for _, pen in drawn.trails.bands]
    assert len(strengths) == 6 and strengths == sorted(strengths)
    newest, _ = drawn.trails.bands[-1]
    ends = {tuple(end) for end in newest[:, 2:].astype(np.float32).tolist()}
    assert ends & {tuple(point) for point in drawn.cloud.points.tolist()}
    assert sum(len(lines) for lines, _ in drawn.trails.bands) == 12 * MOST_TRAILS


def test_the_longest_arrow_is_a_share_of_the_view_at_any_speed_and_zoom(make_panel: MakePanel) -> None:
    for speed in (1e-7, 1.0, 1e7):
        slow = cloud(count=20, velocity=floats(speed * np.linspace(0, 1, 40).reshape(20, 2)))
        panel = shown(make_panel, 1, flow_part(slow))
        drawn = panel.tiles[0].picture
        for _ in range(2):
            left, right, _, _ = drawn.extent
            ((lines, _),) = drawn.arrows.bands
            shafts = np.hypot(*(lines[:20, 2:] - lines[:20, :2]).T)
            assert shafts.max() == pytest.approx(ARROW_SHARE * (right - left), rel=1e-5)
            drawn.view.scaleBy((0.5, 0.5))
            drawn.moved.emit(drawn.extent)


def test_particles_at_rest_have_no_arrow_and_crowds_only_some(make_panel: MakePanel) -> None:
    drawn = shown(make_panel, 1, flow_part(cloud(velocity=floats(np.zeros((240, 2)))))).tiles[0].picture
    assert drawn.arrows.bands == []
    many = shown(make_panel, 1, flow_part(cloud(count=2000))).tiles[0].picture
    assert len(many.arrows.bands[0][0]) == 3 * MOST_ARROWS


def test_numbers_that_are_not_finite_are_left_out(make_panel: MakePanel) -> None:
    points = cloud(count=50).points.copy()
    points[3] = np.nan
    velocity = np.ones((50, 2), dtype=np.float32)
    velocity[5] = np.inf
    panel = shown(make_panel, 1, flow_part(cloud(count=50, points=floats(points), velocity=floats(velocity))))
    drawn = panel.tiles[0].picture
    assert len(drawn.points[PARTICLES].points) == 49 and np.isfinite(drawn.arrows.bands[0][0]).all()
    assert "fastest: KALE flow 1.41" in panel.readout.text


def test_arrows_are_a_setting(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel)
    with qtbot.waitSignal(panel.setting_changed) as caught:
        panel.arrows_button.click()
    assert caught.args == ["view.arrows", False]
    panel.update_settings(flow_preset(view__arrows=False))
    assert not panel.arrows_button.isChecked() and not panel.tiles[1].picture.arrows.isVisible()


def test_captions_say_the_numbers_that_act_and_what_stopped(make_panel: MakePanel) -> None:
    stopped = cloud(LABELS[2], note="stopped at step 120: a particle left every bound")
    panel = shown(make_panel, 4, flow_part(*clouds(2), stopped, cloud(LABELS[3])))
    captions = [tile.caption for tile in panel.tiles]
    assert [caption.numbers for caption in captions] == [
        "λ 0.001 · ℓ 0.25 · δ 0.001 · β 0.1", "ℓ 0.25 · δ 0.05", "δ 0.001", "δ 0.001 · ε 0.02",
    ]  # fmt: skip
    assert captions[2].note.startswith("stopped at step 120") and "stopped at step 120" in captions[2].toolTip()
    assert has_colour(picture(captions[2]), theme.LIGHT.warning, tolerance=40)
    assert not has_colour(picture(captions[1]), theme.LIGHT.warning, tolerance=40)


def test_a_caption_tells_the_rule_where_its_name_does_not(make_panel: MakePanel) -> None:
    panel = shown(make_panel, 2, flow_part(cloud("KALE, small λ"), cloud("KALE, large λ")))
    first, second = (tile.caption for tile in panel.tiles[:2])
    assert first.line == first.numbers  # the name tells it
    assert second.line == f"MMD flow · {second.numbers}" and "KALE, large λ: MMD flow" in second.toolTip()


def test_the_pointer_finds_the_same_particle_in_all_flows(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    x, y = map(float, panel.tiles[0].picture.cloud.points[7])
    panel.tiles[0].picture.pointed.emit((x, y))
    assert f"particle 8 at ({x:.3f}".replace("-", "−")[:20] in panel.readout.text
    assert "speed: KALE flow 0.605" in panel.readout.text and "MMD flow 0.432" in panel.readout.text
    there = panel.tiles[1].picture
    assert there.crosshair.ring == pytest.approx(tuple(there.cloud.points[7]))
    panel.tiles[0].picture.pointed.emit(None)
    assert there.crosshair.ring is None and "240 particles" in panel.readout.text


# The rest of what a panel does


def test_the_export_says_which_frame_is_looked_at(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel)
    with qtbot.waitSignal(panel.export_wished) as caught:
        panel.export_button.click()
    assert caught.args == [-1]
    panel.timeline.look_at(7)
    with qtbot.waitSignal(panel.export_wished) as caught:
        panel.export_button.click()
    assert caught.args == [7]


def test_it_forgets_with_the_run(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.timeline.look_at(3)
    panel.open_editor(1)
    panel.start_run(flow_preset(1))
    assert panel.is_empty and "F51" in panel._note.text() and panel.pull_fields() == {"flow_at": -1}
    assert not panel.timeline.isVisible() and not panel.editor.isVisible()
    assert panel.tiles[0].picture.cloud is None


@pytest.mark.parametrize("name", ["light", "dark"])
def test_it_takes_the_colours_of_the_theme(make_panel: MakePanel, qapp: QApplication, name: Any) -> None:
    panel = shown(make_panel)
    look = theme.apply(qapp, name)
    QApplication.processEvents()
    pixels = picture(panel)
    assert has_colour(pixels, look.plot, 5000) and has_colour(pixels, look.base) and has_colour(pixels, look.window)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_picture_is_exported_without_the_bar_and_the_fields(
    make_panel: MakePanel, tmp_path: Path, suffix: str
) -> None:
    panel = shown(make_panel, 3)
    panel.open_editor(1)
    assert not panel.figure().isAncestorOf(panel.timeline) and not panel.figure().isAncestorOf(panel.editor)
    assert panel.figure().isAncestorOf(panel.step) and panel.step.text() == "step 203"
    export_panel(panel, tmp_path / f"flow{suffix}")
    assert (tmp_path / f"flow{suffix}").stat().st_size > 5000


def test_parts_stand_below_each_other(make_panel: MakePanel) -> None:
    panel = shown(make_panel, 4, size=SMALL)
    panel.open_editor(0)
    QApplication.processEvents()
    parts = [panel.header, panel.figure(), panel.timeline, panel.editor, panel.readout]
    tops = [part.mapTo(panel, QPoint(0, 0)).y() for part in parts]
    bottoms = [top + part.height() for top, part in zip(tops, parts, strict=True)]
    assert all(bottom <= top for bottom, top in zip(bottoms, tops[1:], strict=False))
    assert bottoms[-1] <= panel.height()
