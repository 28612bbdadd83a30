"""Data space and latent space: what is drawn, what is pointed at, what is asked for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio.messages import Reading
from gebm_studio.ui import theme
from gebm_studio.ui.panels.image import MapImage, refined
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.pointing import sentence, symmetric_limit
from gebm_studio.ui.panels.primitives import crowded
from gebm_studio.ui.panels.trails import Trails
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]


def point_at(plot: Plot, x: float, y: float) -> None:
    """Move the pointer to a place of the plot."""
    spot = plot.mapFromScene(plot.view.mapViewToScene(QPointF(x, y)))
    move = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(spot), QPointF(plot.viewport().mapToGlobal(spot)),
        Qt.MouseButton.NoButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(plot.viewport(), move)


def test_each_layer_has_its_colour_and_its_switch(make_panel: MakePanel) -> None:
    panel = make_panel("data", map="none")
    part = frames.data_part(300, 20, map=None)
    panel.show_frame(frames.frame(data=part))
    for name in ("data", "base", "gebm", "chains"):
        for other, entry in panel.entries.items():
            if entry.isChecked() != (other == name):
                entry.click()
        pixels = picture(panel)[panel.canvas.y() + 40 :]
        for role in ("base", "gebm"):
            assert has_colour(pixels, getattr(theme.LIGHT, role), 40) == (role == name), (name, role)
        assert panel._pictures[0].layers[name].isVisible()


def test_points_lie_where_the_numbers_say(make_panel: MakePanel) -> None:
    panel = make_panel("data", map="none")
    spots = frames.floats([[-2.0, -1.0], [2.5, 1.5]])
    part = frames.changed(frames.data_part(10, 0, map=None), gebm=spots, base=spots[:0], data=spots[:0])
    part = frames.changed(part, base_latent=spots[:0], base_energy=spots[:0, 0], log_weight=spots[:0, 0])
    panel.show_frame(frames.frame(data=part))
    pixels = picture(panel)
    plot = panel._pictures[0]
    for x, y in spots:
        scene = plot.view.mapViewToScene(QPointF(float(x), float(y)))
        spot = plot.mapTo(panel, plot.mapFromScene(scene))
        around = pixels[spot.y() - 2 : spot.y() + 3, spot.x() - 2 : spot.x() + 3]
        assert has_colour(around, theme.LIGHT.gebm, 4)


def test_one_unit_is_as_long_upward_as_sideways(make_panel: MakePanel) -> None:
    panel = make_panel("data", (700, 340))
    panel.show_frame(frames.full_frame())
    plot = panel._pictures[0]
    assert plot.pixels_between((0, 0), (1, 0)) == pytest.approx(plot.pixels_between((0, 0), (0, 1)), rel=1e-6)
    left, right, bottom, top = plot.extent
    assert left <= -3 and right >= 3 and bottom == pytest.approx(-3) and top == pytest.approx(3)


def test_the_map_is_strong_where_mass_is_likely_and_hides(make_panel: MakePanel) -> None:
    panel = make_panel("data")
    empty = frames.floats(np.empty((0, 2)))
    energy = frames.plane_map()
    part = frames.changed(frames.data_part(5, 0, map=energy), data=empty, gebm=empty)
    panel.show_frame(frames.frame(data=part))
    panel.entries["base"].click()
    plot = panel._pictures[0]

    def shade(x: float, y: float) -> float:
        spot = plot.mapTo(panel, plot.mapFromScene(plot.view.mapViewToScene(QPointF(x, y))))
        return float(picture(panel)[spot.y(), spot.x()].mean())

    assert shade(2.0, 0.0) < shade(0.0, 0.0) - 30
    panel._choices.map.pick("none")
    assert shade(2.0, 0.0) == shade(0.0, 0.0)
    assert not panel.map_key.isVisible()


def test_levels_move_gently_and_start_anew(qapp: QApplication) -> None:
    item = MapImage()
    item.show_map(frames.plane_map(levels=(0.0, 10.0)), theme.LIGHT)
    assert item.shown_levels == (0.0, 10.0)
    item.show_map(frames.plane_map(levels=(0.0, 20.0)), theme.LIGHT)
    assert 10.0 < item.shown_levels[1] < 15.0
    item.show_map(frames.plane_map("density", levels=(0.0, 1.0)), theme.LIGHT)
    assert item.shown_levels == (0.0, 1.0)
    item.forget()
    item.show_map(frames.plane_map(levels=(5.0, 6.0)), theme.LIGHT)
    assert item.shown_levels == (5.0, 6.0)


def test_a_map_is_refined_without_moving_it() -> None:
    slope = np.tile(np.arange(64, dtype=np.float32), (32, 1))
    fine = refined(slope)
    assert fine.shape == (256, 256)
    assert fine.dtype == np.float32
    assert fine.flags.c_contiguous
    assert np.allclose(fine.reshape(256, 64, 4).mean(axis=2)[:, 1:-1], slope[0, 1:-1])
    assert refined(np.ones((300, 1), np.float32)).shape == (300, 1)


def test_colour_by_log_weight_shows_its_key(make_panel: MakePanel) -> None:
    panel = make_panel("data", colour="log_weight", map="none")
    panel.show_frame(frames.full_frame())
    for name in ("data", "gebm", "chains"):
        panel.entries[name].click()
    pixels = picture(panel)
    assert has_colour(pixels, theme.LIGHT.more, 4, 12)
    assert has_colour(pixels, theme.LIGHT.less, 4, 12)
    assert panel.weight_key.isVisible()
    name, low, high = panel.weight_key.texts
    assert name == "log weight" and low[1:] == high[1:] and high[0] == "+"
    shades = panel._pictures[0].layers["base"].shades
    weights = frames.data_part().log_weight
    assert np.corrcoef(shades, weights)[0, 1] > 0.8


def test_three_pictures_are_linked(make_panel: MakePanel) -> None:
    panel = make_panel("data", (900, 340), pictures="triptych")
    panel.show_frame(frames.full_frame())
    first, weights, last = panel._pictures
    assert all(plot.isVisible() for plot in panel._pictures)
    assert [len(p.layers["base"].points) > 0 for p in panel._pictures] == [True, True, False]
    assert [len(p.layers["gebm"].points) > 0 for p in panel._pictures] == [False, False, True]
    assert weights.layers["base"]._scales.std() > 0
    first.view.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)
    first._moved_by_hand()
    assert np.allclose(weights.extent, first.extent, atol=0.01)
    assert np.allclose(last.extent, first.extent, atol=0.01)
    weights.go_home()
    weights.moved.emit(None)
    assert not first.touched and not last.touched


def test_choices_are_told_as_settings(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel("data")
    told: list[tuple[str, object]] = []
    panel.setting_changed.connect(lambda path, value: told.append((path, value)))
    panel.update_settings(frames.preset(map="density", arrows="energy", pictures="triptych", colour="log_weight"))
    assert not told, "settings that come from the engine are not sent back"
    assert panel._choices.map.value() == "density" and panel._choices.arrows.value() == "energy"
    panel._choices.map.pick("none")
    panel._choices.colour.pick("role")
    panel._choices.pictures.pick("overlay")
    panel._choices.arrows.pick("none")
    assert told == [
        ("view.map", "none"), ("view.colour", "role"), ("view.pictures", "overlay"), ("view.arrows", "none"),
    ]  # fmt: skip


def test_arrows_point_along_the_force(make_panel: MakePanel) -> None:
    panel = make_panel("data", arrows="energy")
    part = frames.data_part(10, arrows=frames.floats([[0, 0, 1, 0], [1, 1, 0, -2]]))
    panel.show_frame(frames.frame(data=part))
    lines = panel._pictures[0].arrows.bands[0][0]
    shafts = lines[:2, 2:] - lines[:2, :2]
    assert shafts[0, 0] > 0 and shafts[0, 1] == 0
    assert shafts[1, 1] < 0 and shafts[1, 0] == 0
    assert np.allclose(lines[:2, :2], [[0, 0], [1, 1]])


def test_the_view_follows_home_until_it_is_touched(make_panel: MakePanel) -> None:
    panel = make_panel("data")
    panel.show_frame(frames.frame(data=frames.data_part(50)))
    panel.show_frame(frames.frame(data=frames.data_part(50, home=(-9.0, 9.0, -9.0, 9.0))))
    plot = panel._pictures[0]
    assert plot.extent[3] == pytest.approx(9)
    assert panel.pull_fields()["data_extent"] == plot.extent
    plot.view.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)
    plot._moved_by_hand()
    panel.show_frame(frames.frame(data=frames.data_part(50)))
    assert plot.extent[3] < 2
    panel._go_home()
    assert plot.extent[3] == pytest.approx(3)


def test_a_double_click_goes_home(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel("latent")
    panel.show_frame(frames.full_frame())
    plot = panel.plane
    plot.view.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)
    plot._moved_by_hand()
    assert plot.touched
    qtbot.mouseDClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(90, 60))
    assert not plot.touched
    assert plot.extent[3] == pytest.approx(3.5)


def test_pointing_asks_for_an_exact_reading_and_shows_it(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel("data")
    panel.show_frame(frames.full_frame())
    with qtbot.waitSignal(panel.hovered) as told:
        point_at(panel._pictures[0], 0.0, 0.0)
    kind, at = told.args[0]
    assert kind == "data" and np.allclose(at, 0, atol=0.05)
    assert panel.pull_fields()["probe"] == (kind, at)
    panel.show_reading(Reading("data", (0.5, -0.25), 3.25, -1.5))
    assert panel.readout.text == "(0.500, −0.250): E 3.25, log weight −1.50"
    panel._pictures[0].leaveEvent(QEvent(QEvent.Type.Leave))
    assert "probe" not in panel.pull_fields()
    assert "ESS 62 %" in panel.readout.text


def test_pointing_at_a_base_point_shows_its_latent(make_panel: MakePanel) -> None:
    data, latent = make_panel("data"), make_panel("latent")
    data.base_point_hovered.connect(latent.mark_latent)
    frame = frames.full_frame()
    for panel in (data, latent):
        panel.show_frame(frame)
    assert frame.data is not None
    x, y = frame.data.base[7]
    point_at(data._pictures[0], float(x), float(y))
    ring = data._pictures[0].crosshair.ring
    assert ring is not None
    near = int(np.argmin(np.hypot(*(frame.data.base - np.array(ring)).T)))
    assert np.allclose(latent.plane.mark.points[0], frame.data.base_latent[near])
    assert "base point z" in data.readout.text
    assert f"E {frame.data.base_energy[near]:.3g}"[:5] in data.readout.text
    data._pictures[0].leaveEvent(QEvent(QEvent.Type.Leave))
    assert not len(latent.plane.mark.points)
    assert data._pictures[0].crosshair.ring is None


def test_pointing_in_latent_space_marks_the_image(make_panel: MakePanel) -> None:
    data, latent = make_panel("data"), make_panel("latent")
    latent.point_hovered_in_data.connect(data.mark_data)
    for panel in (data, latent):
        panel.show_frame(frames.full_frame())
    point_at(latent.plane, 1.0, 0.5)
    assert latent.pull_fields()["probe"][0] == "latent"
    latent.show_reading(Reading("latent", (1.5, -0.5), 2.0, 0.1, (1.0, 0.5), 2.6))
    assert np.allclose(data._pictures[0].mark.points, [[1.5, -0.5]])
    assert "U 2.60" in latent.readout.text
    latent.plane.leaveEvent(QEvent(QEvent.Type.Leave))
    assert not len(data._pictures[0].mark.points)


@pytest.mark.parametrize(("dim", "words"), [(1, "d = 1"), (2, "d = 2"), (16, "plane of z₁, z₂; d = 16")])
def test_the_header_says_what_of_the_latent_space_is_shown(make_panel: MakePanel, dim: int, words: str) -> None:
    panel = make_panel("latent")
    panel.show_frame(frames.frame(latent=frames.latent_part(dim)))
    assert words in panel._heading.text()
    assert panel.line.isVisible() == (dim == 1)
    panel.mark_latent(tuple(range(dim)))
    assert len((panel.line if dim == 1 else panel.plane).mark.points) == 1


def test_a_latent_line_shows_curves_and_chains(make_panel: MakePanel) -> None:
    panel = make_panel("latent")
    part = frames.latent_part(1, 12)
    panel.show_frame(frames.frame(latent=part))
    assert np.allclose(panel.line.rug.points[:, 0], part.chains[:, 0])
    assert part.line is not None
    _, drawn = panel.line.density.getData()
    assert np.allclose(drawn, part.line[2])
    pixels = picture(panel)
    for role in ("gebm", "first"):
        assert has_colour(pixels, getattr(theme.LIGHT, role), 30)
    point_at(panel.line, 0.5, 0.1)
    probe = panel.pull_fields()["probe"]
    assert probe[0] == "latent" and len(probe[1]) == 1
    assert "latent_extent" not in panel.pull_fields()


def test_trails_fade_and_begin_again(qapp: QApplication) -> None:
    trails = Trails()
    trails.restyle(theme.LIGHT)
    trails.set_length(8)
    rng = np.random.default_rng(0)
    for _ in range(20):
        trails.add(rng.standard_normal((5, 2)).astype(np.float32))
    assert trails.held == 9
    assert sum(len(lines) for lines, _ in trails.bands) == 8 * 5
    pens = [pen.color().lightnessF() for _, pen in trails.bands]
    assert 4 <= len(pens) <= 8
    assert pens == sorted(pens, reverse=True), "older moves are fainter"
    last = rng.standard_normal((5, 2)).astype(np.float32)
    trails.add(last)
    trails.add(last.copy())
    assert trails.held == 9 and any(len(lines) and (lines[:, 2:] == last[0]).all(1).any() for lines, _ in trails.bands)
    trails.add(rng.standard_normal((7, 2)).astype(np.float32))
    assert trails.held == 1 and not trails.bands
    trails.set_length(0)
    trails.add(rng.standard_normal((7, 2)).astype(np.float32))
    assert not trails.bands


def test_the_preset_says_how_long_trails_are(make_panel: MakePanel) -> None:
    panel = make_panel("latent", trail=3)
    for tick in range(9):
        panel.show_frame(frames.frame(latent=frames.latent_part(chains=4, tick=tick)))
    assert sum(len(lines) for lines, _ in panel.plane.trails.bands) == 3 * 4
    panel.update_settings(frames.preset(trail=0))
    assert not panel.plane.trails.bands


def test_a_trail_does_not_bridge_the_time_that_a_panel_was_hidden(make_panel: MakePanel) -> None:
    panel = make_panel("data")
    for tick in range(4):
        panel.show_frame(frames.frame(data=frames.data_part(20, 4, tick=tick)))
    trails = panel._pictures[0].trails
    assert trails.held == 4
    panel.hide()
    panel.show()
    panel.show_frame(frames.frame(data=frames.data_part(20, 4, tick=9)))
    assert trails.held == 1


def test_published_arrays_are_left_alone(make_panel: MakePanel) -> None:
    frame = frames.full_frame()
    assert frame.data is not None
    assert not frame.data.chains.flags.writeable
    panel = make_panel("data", colour="log_weight", arrows="energy")
    panel.show_frame(frame)
    picture(panel)


def test_long_moves_leave_no_line(qapp: QApplication) -> None:
    trails = Trails()
    trails.restyle(theme.LIGHT)
    trails.set_span(10.0)
    trails.add(np.array([[0, 0], [0, 0]], dtype=np.float32))
    trails.add(np.array([[1, 0], [5, 0]], dtype=np.float32))
    assert [lines.tolist() for lines, _ in trails.bands] == [[[0, 0, 1, 0]]]


def test_many_chains_are_drawn_smaller() -> None:
    assert crowded(96) is None
    sizes = crowded(400)
    assert sizes is not None and sizes.shape == (400,) and 0.4 < sizes[0] < 0.6


def test_a_lone_weight_does_not_grey_the_rest() -> None:
    assert symmetric_limit(frames.floats([0.5] * 99 + [-80.0])) == pytest.approx(0.5)
    assert symmetric_limit(frames.floats([-24.0] * 50 + [1.0] * 50)) == pytest.approx(1.25)
    assert symmetric_limit(frames.floats([-24.0] * 50 + [8.0] * 50)) == 3.0
    assert symmetric_limit(frames.floats([])) == 1.0


def test_a_potential_is_coloured_where_chains_can_be(qapp: QApplication) -> None:
    item = MapImage()
    item.show_map(frames.plane_map("potential", levels=(-1.0, 108.0)), theme.LIGHT)
    assert item.shown_levels == (-1.0, 14.0)


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        (("x₁", "x₂"), "x₁ across, x₂ up"),
        (("x₁", ""), "x₁ across"),
        (("oblique view", "oblique view"), "oblique view"),
    ],
)
def test_the_line_under_the_picture_names_the_axes_that_there_are(axes: tuple[str, str], says: str) -> None:
    part = dataclasses.replace(frames.data_part(), axes=axes, ess_fraction=float("nan"))
    assert sentence(part, None, None, None) == says
