"""The gallery with real widgets: choosing, following, scrubbing, zooming, and what it asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.messages import frozen
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.film_choice import FilmWish
from gebm_studio.ui.panels.gallery import NO_IMAGES
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn
from tests.ui.test_panels_gallery_grid import wheel

__all__ = ["make_panel"]

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def digits() -> TrainingPreset:
    networks: dict[str, Any] = dict(base={"kind": "conv"}, energy={"kind": "conv"})
    return TrainingPreset(title="d", target={"kind": "digits"}, **networks)  # type: ignore[arg-type]


@pytest.fixture
def gallery(make_panel: MakePanel, digits: TrainingPreset) -> Any:
    """A gallery of 36 digits with a film of 10 states, in a common size."""
    panel = make_panel("gallery", (640, 450), digits)
    return show(panel, frames.gallery_part(36))


def show(panel: Any, part: Any) -> Any:
    panel.show_frame(frames.frame(gallery=part))
    return redrawn(panel)


def click(qtbot: QtBot, panel: Any, grid: str, place: int, held: Any = Qt.KeyboardModifier.NoModifier) -> None:
    spot = panel.grids[grid].cell(place).center().toPoint()
    qtbot.mouseClick(panel.grids[grid], LEFT, held, spot)


def test_a_click_asks_for_the_film_of_a_chain(gallery: Any, qtbot: QtBot) -> None:
    asked = {"film_mode": "chain", "film_chain": 0, "film_second": -1, "gallery_version": 1}
    assert gallery.pull_fields() == asked
    with qtbot.waitSignal(gallery.hovered):
        click(qtbot, gallery, "gebm", 9)
    assert gallery.pull_fields() == asked | {"film_chain": 9, "gallery_version": -1}  # until its film has come
    assert gallery.grids["gebm"].marks == gallery.grids["base"].marks == {9: ""}
    assert gallery.grids["gebm"].accessibleDescription() == "chosen: 9"
    show(gallery, frames.gallery_part(36, chain=9, version=2))
    assert gallery.pull_fields()["gallery_version"] == 2
    assert gallery.film.heading.startswith("chain 9: 1 hop")
    click(qtbot, gallery, "base", 4)
    click(qtbot, gallery, "data", 7)
    qtbot.mouseClick(gallery.grids["gebm"], LEFT, pos=QPoint(1, 1))
    assert gallery.choice.first == 4
    gallery.start_run(frames.preset())
    assert gallery.pull_fields() == asked | {"gallery_version": -1}


def test_between_two_images_a_click_chooses_a_and_b(gallery: Any, qtbot: QtBot) -> None:
    with qtbot.waitSignal(gallery.hovered):
        gallery.bar.mode.pick("carried")
    click(qtbot, gallery, "gebm", 3)
    assert gallery.pull_fields()["film_mode"] == "carried"
    assert gallery.grids["base"].marks == {0: "A", 3: "B"}
    click(qtbot, gallery, "base", 8)
    click(qtbot, gallery, "base", 9, SHIFT)
    assert gallery.grids["gebm"].marks == {8: "A", 9: "B"}
    cell = gallery.grids["gebm"].cell(8).toRect()
    assert has_colour(picture(gallery.grids["gebm"])[cell.top() : cell.bottom()], theme.LIGHT.accent, 60)
    between = frames.film(mode="carried", first=8, second=9)
    show(gallery, frames.gallery_part(36, film=between, version=5))
    assert gallery.film.heading == "between 8 (A) and 9 (B), each carried by its chain: 1 hop"
    assert gallery.pull_fields()["gallery_version"] == 5
    tips = [action.toolTip() for action in gallery.bar.mode.menu().actions()]
    assert len(set(tips)) == 3 and "z_A" in tips[1]


def test_pointing_at_an_image_marks_its_partner(gallery: Any) -> None:
    gallery._part = frames.changed(gallery._part, hops=frozen(np.arange(36, dtype=np.int32)))
    base, gebm = gallery.grids["base"], gallery.grids["gebm"]
    QTest.mouseMove(base, base.cell(2).center().toPoint())
    assert (base.partner, gebm.partner) == (None, 2)
    assert gallery.film.reading == "base 2: after 200 steps its chain is at GEBM 2, 2 hops"
    QTest.mouseMove(gebm, gebm.cell(1).center().toPoint())
    assert (base.partner, gebm.partner) == (1, None)
    assert gallery.film.reading == "GEBM 1: 200 steps from base 1, 1 hop"
    QTest.mouseMove(gebm, QPoint(1, 1))
    assert (base.partner, gebm.partner) == (None, None)
    assert gallery.film.reading == ""


def test_arrow_keys_choose_images_in_the_grids(gallery: Any, qtbot: QtBot) -> None:
    grid = gallery.grids["gebm"]
    click(qtbot, gallery, "gebm", 8)
    across = gallery.board.grid.across
    for key, expected in ((Qt.Key.Key_Right, 9), (Qt.Key.Key_Down, 9 + across), (Qt.Key.Key_Left, 8 + across)):
        qtbot.keyClick(grid, key)
        assert gallery.choice.first == expected
    gallery.bar.mode.pick("latent")
    second = gallery.choice.second
    qtbot.keyClick(grid, Qt.Key.Key_Right, SHIFT)
    assert (gallery.choice.first, gallery.choice.second) == (8 + across, second + 1)


def test_strip_curve_slider_and_keys_look_at_states(gallery: Any, qtbot: QtBot) -> None:
    film, player = gallery.film, gallery.player
    assert player.at == film.stage.at == film.curve.at == 9
    qtbot.mouseClick(film.strip, LEFT, pos=film.strip.cell(0).center().toPoint())
    assert player.at == film.stage.at == film.curve.at == player.slider.value() == 0
    qtbot.mouseClick(film.curve, LEFT, pos=film.curve.spot(4).toPoint())
    assert player.at == film.stage.at == 4
    player.slider.setValue(7)
    assert film.stage.at == film.curve.at == 7
    qtbot.keyClick(player.slider, Qt.Key.Key_Left)
    assert film.stage.at == 6
    film.strip.setFocus()
    for key, expected in ((Qt.Key.Key_Right, 7), (Qt.Key.Key_Home, 0), (Qt.Key.Key_End, 9)):
        qtbot.keyClick(film.strip, key)
        assert film.stage.at == expected
    assert player.text.text() == "10 / 10"


def test_space_plays_the_film_and_stops_it(gallery: Any, qtbot: QtBot) -> None:
    click(qtbot, gallery, "gebm", 0)
    grid, player = gallery.grids["gebm"], gallery.player
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    assert player.playing and player.button.isChecked()
    seen: set[int] = set()
    player.moved.connect(seen.add)
    qtbot.waitUntil(lambda: len(seen) >= 3, timeout=5000)
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    assert not player.playing
    qtbot.mouseClick(player.button, LEFT)
    assert player.playing
    gallery.hide()
    assert not player.playing


def test_a_state_is_kept_where_the_number_of_states_changes(gallery: Any) -> None:
    gallery.player.look_at(3)
    show(gallery, frames.gallery_part(36, frames=19))
    assert gallery.player.at == gallery.film.stage.at == 6
    gallery.player.look_at(18)
    show(gallery, frames.gallery_part(36, frames=40))
    assert gallery.player.at == 39  # the end stays the end
    show(gallery, frames.gallery_part(36, frames=1))
    assert gallery.player.isHidden()


def test_zoom_by_choice_keys_and_wheel(gallery: Any, qtbot: QtBot) -> None:
    board, grid = gallery.board, gallery.grids["gebm"]
    fit = board.grid.zoom
    assert len({each.cell(0).width() for each in gallery.grids.values()}) == 1
    gallery.bar.zoom.pick("8")
    assert board.grid.zoom == 8 and board.grid.last_row > 0
    wheel(grid, -2)
    assert board.first_row == 2 and {each.shown_at[1] for each in gallery.grids.values()} == {2}
    wheel(gallery.grids["data"], -100)
    assert board.first_row == board.grid.last_row
    grid.setFocus()
    for _ in range(40):
        qtbot.keyClick(grid, Qt.Key.Key_Right)
    gallery.choice.first = 1
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert board.first_row == 0  # the chosen image comes into view
    wheel(grid, -1, Qt.KeyboardModifier.ControlModifier)
    assert (board.grid.zoom, gallery.bar.zoom.value()) == (6, "6")
    qtbot.keyClick(grid, Qt.Key.Key_Minus)
    assert board.grid.zoom == 4
    qtbot.keyClick(grid, Qt.Key.Key_Plus)
    assert board.grid.zoom == 6
    qtbot.keyClick(grid, Qt.Key.Key_0)
    assert (board.grid.zoom, gallery.bar.zoom.value()) == (fit, "0")


def test_sliders_change_beta_and_friction(gallery: Any, qtbot: QtBot, digits: TrainingPreset) -> None:
    told: list[tuple[str, Any]] = []
    held: list[bool] = []
    gallery.setting_changed.connect(lambda path, value: told.append((path, value)))
    gallery.held.connect(held.append)
    beta, friction = gallery.bar.beta.editor, gallery.bar.friction.editor
    slider = beta.slider
    slider.sliderPressed.emit()
    slider.setValue(slider.maximum())
    slider.sliderReleased.emit()
    assert told == [("sampler.temperature", 0.5)] and held == [True, False]
    friction.line.selectAll()
    qtbot.keyClicks(friction.line, "0.5")
    qtbot.keyClick(friction.line, Qt.Key.Key_Return)
    assert told[1] == ("sampler.friction", 0.5)
    beta.line.selectAll()
    qtbot.keyClicks(beta.line, "0")
    qtbot.keyClick(beta.line, Qt.Key.Key_Return)
    assert told[2] == ("sampler.temperature", float("inf"))
    friction.line.selectAll()
    qtbot.keyClicks(friction.line, "-1")
    qtbot.keyClick(friction.line, Qt.Key.Key_Return)
    assert len(told) == 3 and "Friction must be" in gallery.film.reading
    changed = {"sampler.temperature": 0.01, "sampler.name": "ula"}
    gallery.update_settings(presets.changed(digits, changed))
    assert beta.line.text() == "100"
    assert gallery.bar.friction.isHidden() and not gallery.bar.beta.isHidden()


def test_a_preset_without_images_says_so(make_panel: MakePanel, digits: TrainingPreset) -> None:
    panel = make_panel("gallery")
    assert panel._note.text() == NO_IMAGES
    panel.start_run(digits)
    assert panel._note.text() == panel.empty
    assert panel.bar.isHidden() and panel.player.isHidden()


def test_fewer_images_than_before_choose_one_that_is_there(gallery: Any, qtbot: QtBot) -> None:
    click(qtbot, gallery, "gebm", 30)
    show(gallery, frames.gallery_part(9, chain=8))
    assert gallery.choice.first == 8 and gallery.grids["gebm"].marks == {8: ""}
    assert gallery.pull_fields()["gallery_version"] == 1


def test_the_export_names_the_film_that_is_looked_at(gallery: Any, qtbot: QtBot) -> None:
    gallery.bar.mode.pick("latent")
    click(qtbot, gallery, "gebm", 5)
    with qtbot.waitSignal(gallery.export_wished) as told:
        qtbot.mouseClick(gallery.bar.export_button, LEFT)
    assert told.args == [FilmWish("latent", 0, 5, 36, 12, 8, 8)]
    assert told.args[0].name == "between 0 and 5, in latent space"
