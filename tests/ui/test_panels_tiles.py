"""Diagnostics and gallery."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio.messages import frozen
from gebm_studio.schema import Preset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import mode_table
from gebm_studio.ui.panels.diagnostics import FAR_OFF
from gebm_studio.ui.panels.gallery import NO_IMAGES
from gebm_studio.ui.panels.mosaic import GAP, best_grid
from gebm_studio.ui.panels.numbers import count, short, vector
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn

__all__ = ["make_panel"]


def test_numbers_read_well() -> None:
    cases = [
        (0.0, "0"), (1.0, "1.00"), (-0.25, "−0.250"), (1234.5, "1234"), (1e9, "1.00e9"), (-2e-7, "−2.00e−7"),
        (float("nan"), "—"), (float("inf"), "∞"), (-float("inf"), "−∞"),
    ]  # fmt: skip
    assert [short(value) for value, _ in cases] == [text for _, text in cases]
    assert count(1234567).replace("\N{NARROW NO-BREAK SPACE}", " ") == "1 234 567"
    assert vector((1.0, 2.0, 3.0), 2) == "(1.00, 2.00, …)"


def test_every_tile_shows_its_numbers(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics", (720, 420))
    part = frames.diagnostics_part()
    panel.show_frame(frames.frame(diagnostics=part))
    redrawn(panel)
    assert np.allclose(panel.energy.values, part.mean_energy)
    assert np.allclose(panel.temperature.values, part.kinetic_temperature)
    assert panel.timeline.timeline is part.timeline
    assert sorted(panel.hops.bars) == sorted(part.hops)
    rate = 1000 * part.hops.sum() / (64 * part.chain_steps)
    assert panel.hops.value == f"{int((part.hops > 0).sum())} of 64 hopped · {rate:.1f} / 1000"
    assert np.allclose(panel.occupancy.bars, part.occupancy)
    assert panel.energies.bars.sum() == 64
    assert not any(tile.why_empty for tile in panel.tiles)
    pixels = picture(panel)
    for role in ("first", "gebm", "muted"):
        assert has_colour(pixels, getattr(theme.LIGHT, role), 50)


def test_facts_say_what_the_sampler_does(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part()))
    texts = redrawn(panel).facts.texts
    assert texts[0] == "kinetic" and "unadjusted: no accept step" in texts[1]
    assert len(texts) == 4
    part = frames.diagnostics_part(acceptance=0.574, accumulated_time=0.011, rejected_nonfinite=7)
    panel.show_frame(frames.frame(diagnostics=part))
    texts = redrawn(panel).facts.texts
    assert "accepts 57.4 %" in texts[1]
    assert texts[4:] == [
        "· gradient flow, not equilibrium", "(time below 1)", "· 7 moves refused:", "energy not finite",
    ]  # fmt: skip
    assert has_colour(picture(panel), theme.LIGHT.warning, 5)


def test_an_empty_tile_says_why(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    part = frames.diagnostics_part(modes=0, sampler="ula", kinetic_temperature=frames.floats(np.full(200, np.nan)))
    panel.show_frame(frames.frame(diagnostics=part))
    redrawn(panel)
    assert panel.temperature.why_empty == "ula has no velocities"
    for tile in (panel.timeline, panel.hops, panel.occupancy):
        assert tile.why_empty == "this target names no modes"
    assert not panel.energy.why_empty
    # Tiles that can say nothing for this target leave their room to the others.
    assert [tile.isHidden() for tile in panel.tiles] == [False, False, True, True, True, False]
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part()))
    redrawn(panel)
    assert not any(tile.isHidden() for tile in panel.tiles)


def test_chains_that_fly_off_are_told_and_not_drawn(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics", (720, 420))
    energies = np.linspace(-1, 2, 64)
    energies[:3] = [4e5, np.inf, np.nan]
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part(chain_energy=frames.floats(energies))))
    redrawn(panel)
    assert panel.facts.texts[4:] == ["· 3 of 64 chains have diverged:", "lower the step size"]
    assert panel.energies.bars.sum() == 61
    assert not panel.energy.why_empty
    gone = frames.diagnostics_part(
        chain_energy=frames.floats(np.full(64, 1e30)), mean_energy=frames.floats([1.0, 300.0, 1e30])
    )
    panel.show_frame(frames.frame(diagnostics=gone))
    redrawn(panel)
    assert panel.facts.texts[4] == "· 64 of 64 chains have diverged:"
    assert panel.energy.why_empty == FAR_OFF and not len(panel.energy.values)
    assert panel.energies.why_empty
    assert has_colour(picture(panel), theme.LIGHT.warning, 5)


def test_a_timeline_has_one_colour_a_mode(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics", (720, 420))
    timeline = frozen(np.array([[-1, 2], [0, 2]], dtype=np.int32))
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part(timeline=timeline)))
    redrawn(panel)
    pixels = picture(panel.timeline)
    table = mode_table(theme.LIGHT)
    for mode, expected in ((-1, 1), (0, 1), (1, 0), (2, 2)):
        seen = int((pixels == table[mode + 1]).all(axis=2).sum())
        assert (seen > 400) == bool(expected), mode


def test_more_modes_than_colours_go_round(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    timeline = frozen(np.arange(400, dtype=np.int32).reshape(4, 100))
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part(timeline=timeline)))
    picture(redrawn(panel))


def test_tiles_stand_in_as_many_columns_as_fit(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics", (720, 420))
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part()))
    for width, columns in ((720, 3), (420, 2), (220, 1), (720, 3)):
        panel.resize(width, 420)
        redrawn(panel)
        assert len({tile.x() for tile in panel.tiles}) == columns
        assert all(tile.height() >= 60 for tile in panel.tiles)


def test_images_are_shown_pixel_for_pixel(make_panel: MakePanel) -> None:
    panel = make_panel("gallery", (600, 400))
    image = np.zeros((1, 4, 4), dtype=np.uint8)
    image[0, 1, 2] = 200
    part = frames.gallery_part(1, 4, data=frozen(image))
    panel.show_frame(frames.frame(gallery=part))
    redrawn(panel)
    grid = panel.grids["data"]
    cell = grid.cell(0)
    zoom = int(cell.width()) // 4
    assert zoom >= 10
    pixels = picture(grid)[int(cell.top()) : int(cell.bottom()), int(cell.left()) : int(cell.right())]
    assert (pixels.reshape(4, zoom, 4, zoom, 3).transpose(0, 2, 1, 3, 4)[1, 2] == 200).all()
    assert int((pixels == 200).all(axis=2).sum()) == zoom * zoom


def test_a_click_on_a_gebm_image_asks_for_its_film(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel("gallery", (600, 400))
    panel.show_frame(frames.frame(gallery=frames.gallery_part()))
    redrawn(panel)
    assert panel.pull_fields() == {"film_chain": 0}
    spot = panel.grids["gebm"].cell(9).center().toPoint()
    with qtbot.waitSignal(panel.hovered):
        qtbot.mouseClick(panel.grids["gebm"], Qt.MouseButton.LeftButton, pos=spot)
    assert panel.pull_fields() == {"film_chain": 9}
    qtbot.keyClick(panel.grids["gebm"], Qt.Key.Key_Right)
    assert panel.chain == 10
    qtbot.mouseClick(panel.grids["base"], Qt.MouseButton.LeftButton, pos=spot)
    qtbot.mouseClick(panel.grids["gebm"], Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert panel.chain == 10
    panel.show_frame(frames.frame(gallery=frames.gallery_part(chain=10)))
    redrawn(panel)
    assert panel.film.heading.startswith("chain 10")
    panel.resize(900, 400)
    QApplication.processEvents()
    assert panel.film.shown == 10
    panel.resize(240, 300)
    QApplication.processEvents()
    assert 1 <= panel.film.shown < 10
    panel.start_run(frames.preset())
    assert panel.chain == 0


def test_a_preset_without_images_says_so(make_panel: MakePanel) -> None:
    panel = make_panel("gallery")
    assert panel._note.text() == NO_IMAGES
    digits = Preset(
        title="d",
        target={"kind": "digits"},
        base={"kind": "conv"},
        energy={"kind": "conv"},  # type: ignore[arg-type]
    )
    panel.start_run(digits)
    assert panel._note.text() == panel.empty


@pytest.mark.parametrize("count_", [1, 5, 16, 64, 100])
@pytest.mark.parametrize("room", [(60, 40), (160, 200), (400, 150)])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_grid_zooms_by_whole_pixels_of_the_screen(count_: int, room: tuple[int, int], ratio: float) -> None:
    across, zoom = best_grid(count_, 8, 8, *room, ratio)
    assert zoom * ratio == pytest.approx(round(zoom * ratio)) and zoom > 0
    assert across * (8 * zoom + GAP) <= room[0] or zoom * ratio == 1


def test_of_grids_with_one_zoom_the_squarest_is_taken() -> None:
    assert best_grid(64, 8, 8, 200, 300, 1.0) == (8, 3.0)
    assert best_grid(64, 8, 8, 112, 200, 1.0) == (6, 2.0)
