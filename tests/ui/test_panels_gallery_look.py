"""How the gallery looks: exact pixels, nothing that overlaps or jumps, in any size and both themes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn
from tests.ui.test_panels_gallery import digits, gallery, show
from tests.ui.test_panels_gallery_film import first_states
from tests.ui.test_panels_gallery_grid import enlarged

__all__ = ["digits", "gallery", "make_panel"]

SIZES = [(640, 450), (410, 330), (240, 300), (500, 800), (1100, 420), (240, 180)]


def pixels_at(widget: QWidget, cell: Any) -> np.ndarray:
    room = cell.toRect()
    return picture(widget)[room.top() : room.bottom() + 1, room.left() : room.right() + 1]


def test_the_strip_shows_states_pixel_for_pixel(gallery: Any) -> None:
    strip, film = gallery.film.strip, gallery._part.film
    assert len(strip.places) > 2 and strip.places[0] == 0 and strip.places[-1] == 9
    assert len(set(np.diff(strip.places))) <= 2  # even
    gallery.player.look_at(1)
    for slot, place in enumerate(strip.places):
        cell = strip.cell(slot)
        zoom = int(cell.width()) // 8
        assert np.array_equal(pixels_at(strip, cell), enlarged(film.images[place], zoom)), place


def test_a_word_stands_out_where_it_is_not_that_of_the_state_shown_before(gallery: Any) -> None:
    strip = gallery.film.strip

    def coloured(words: list[str]) -> list[bool]:
        show(gallery, frames.gallery_part(36, film=frames.film(labels=tuple(words))))
        gallery.player.look_at(1)
        pixels, cells = picture(strip), [strip.cell(slot).toRect() for slot in range(len(strip.places))]
        below = [pixels[cell.bottom() + 6 :, cell.left() : cell.left() + 40] for cell in cells]
        return [has_colour(each, theme.LIGHT.accent, 3) for each in below]

    assert coloured(["3"] * 10) == [False] * len(strip.places)
    last = strip.places[-1]
    assert coloured(["3"] * last + ["5"] * (10 - last)) == [False] * (len(strip.places) - 1) + [True]
    between = strip.places[1] + 1  # a change there and back that no shown state tells
    assert between not in strip.places
    assert coloured(["5" if frame == between else "3" for frame in range(10)]) == [False] * len(strip.places)


def test_the_stage_shows_any_state_and_the_nearest_training_image(gallery: Any, qtbot: QtBot) -> None:
    stage, film = gallery.film.stage, gallery._part.film
    state, beside = stage.cells()
    zoom = int(state.width()) // 8
    assert zoom > int(gallery.film.strip.cell(0).width()) // 8 and beside is not None
    for frame in (0, 4, 9):
        gallery.player.look_at(frame)
        assert np.array_equal(pixels_at(stage, state), enlarged(film.images[frame], zoom))
        assert np.array_equal(pixels_at(stage, beside), enlarged(film.nearest, zoom))
    assert "21 grey levels; held-out images: 18" in stage.toolTip()


def test_the_film_is_smaller_where_else_not_all_images_are_seen(make_panel: MakePanel, digits: TrainingPreset) -> None:
    panel = make_panel("gallery", (640, 420), digits)
    board = show(panel, frames.gallery_part(36, 32)).board
    assert (board.grid.zoom, board.grid.across, board.grid.last_row) == (1, 6, 0)
    panel.resize(640, 330)  # not even then
    redrawn(panel)
    assert board.grid.last_row > 0 and board.film.height() > 100


def test_a_pass_under_way_fills_in_without_moving_anything(gallery: Any) -> None:
    film = gallery.film
    show(gallery, frames.gallery_part(36, film=frames.film(regime="gradient flow"), version=2))
    before = [film.stage.geometry(), film.strip.geometry(), film.curve.geometry(), film.strip.places]
    whole = picture(film)
    part = frames.gallery_part(36, film=first_states(frames.film(), 4), done=80, version=3)
    show(gallery, part)
    assert film.share == 0.4 and film.reel is not None and film.reel.fresh == 4
    assert [film.stage.geometry(), film.strip.geometry(), film.curve.geometry(), film.strip.places] == before
    assert film.stage.at == 9 and film.regime == "gradient flow"
    assert not np.array_equal(picture(film), whole)  # what is of the pass before is faint
    show(gallery, frames.changed(part, film=None, version=4))
    assert film.reel is not None
    done = frames.gallery_part(36, film=frames.film(regime="gradient flow"), version=5)
    assert np.array_equal(picture(show(gallery, done).film), whole)


def test_the_note_of_the_regime_is_a_warning(gallery: Any) -> None:
    assert not has_colour(picture(gallery.film), theme.LIGHT.warning, 3)
    film = frames.film(regime="gradient flow, not equilibrium (time 0.036)")
    show(gallery, frames.gallery_part(36, film=film))
    assert has_colour(picture(gallery.film), theme.LIGHT.warning, 10)
    assert "not equilibrium" in gallery.film.accessibleDescription()


def test_the_sliders_leave_room_for_all_buttons_in_one_line(gallery: Any, qtbot: QtBot) -> None:
    bar = gallery.bar

    def in_one_line() -> bool:
        parts = (bar.mode, bar.zoom, bar.beta, bar.friction, bar.export_button)
        middles = [part.geometry().center().y() for part in parts]
        return max(middles) - min(middles) <= 2 and bar.export_button.geometry().right() <= bar.width()

    for mode in ("chain", "carried", "chain"):
        bar.mode.pick(mode)
        qtbot.waitUntil(in_one_line, timeout=2000)


def test_close_energies_are_told_apart_on_the_scale(gallery: Any) -> None:
    energy = frames.floats(0.1512 + 0.002 * np.arange(10) / 9)
    assert not np.array_equal(
        picture(show(gallery, frames.gallery_part(36, film=frames.film(energy=energy))).film.curve),
        picture(show(gallery, frames.gallery_part(36, film=frames.film(energy=energy + 0.002))).film.curve),
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", [8, 32, 64])
def test_nothing_overlaps_in_any_size(
    make_panel: MakePanel, digits: TrainingPreset, size: tuple[int, int], side: int
) -> None:
    panel = show(make_panel("gallery", size, digits), frames.gallery_part(36, side))
    parts = [*panel.grids.values(), panel.film]
    inside = [part for part in (panel.film.stage, panel.film.strip, panel.film.curve) if part.isVisible()]
    assert panel.film.strip in inside
    for group, room in ((parts, panel.board.rect()), (inside, panel.film.rect())):
        for part in group:
            assert part.width() > 0 and part.height() > 0
            assert side == 64 or room.contains(part.geometry()), part
            for other in group:
                assert part is other or not part.geometry().intersects(other.geometry()), (part, other)
    last = panel.film.geometry().bottom()
    assert last == panel.board.height() - 1
    assert 1 <= len(panel.film.strip.places) <= 10
    cell = panel.film.strip.cell(0)
    assert side > 8 or cell.bottom() + 3 * theme.line_height(theme.LIGHT.number_font) <= panel.film.strip.height() + 4


def test_where_there_is_no_stage_the_strip_holds_the_state_that_is_looked_at(
    make_panel: MakePanel, digits: TrainingPreset
) -> None:
    panel = show(make_panel("gallery", (240, 300), digits), frames.gallery_part(36, frames=40))
    assert panel.film.stage.isHidden() and panel.bar.beta.isHidden()
    panel.player.look_at(17)
    assert 17 in panel.film.strip.places


def test_frames_as_fast_as_they_come_convert_nothing_twice(gallery: Any) -> None:
    part = frames.gallery_part(36, film=frames.film())
    show(gallery, part)
    sheets = [grid._sheet for grid in gallery.grids.values()]
    reel = gallery.film.reel
    show(gallery, part)
    assert [grid._sheet for grid in gallery.grids.values()] == sheets and gallery.film.reel is reel


def test_both_themes_colour_everything(gallery: Any, qapp: QApplication) -> None:
    light = picture(gallery)
    theme.apply(qapp, "dark")
    QApplication.processEvents()
    dark = picture(gallery)
    assert has_colour(dark, theme.DARK.gebm, 20) and has_colour(dark, theme.DARK.accent, 20)
    assert dark.mean() < light.mean() - 60
