"""Grids of images: where they stand, and that each pixel is one even square."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gebm_studio.messages import Bytes, frozen
from gebm_studio.ui.panels.image_grid import GAP, arranged, best_grid, gap_at
from gebm_studio.ui.panels.image_sheet import Sheet
from gebm_studio.ui.panels.mosaic import Mosaic, heading_height
from tests.ui import frames
from tests.ui.panels import picture


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


@settings(max_examples=80, deadline=None)
@given(
    count=st.integers(1, 256),
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    room=st.tuples(st.integers(70, 900), st.integers(70, 900)),
    ratio=st.sampled_from((1.0, 1.25, 1.5, 2.0)),
    zoom=st.sampled_from((0, 1, 2, 5, 16)),
)
def test_a_grid_fits_its_room_and_stands_on_whole_pixels(
    count: int, size: tuple[int, int], room: tuple[int, int], ratio: float, zoom: int
) -> None:
    grid = arranged(count, *size, *room, ratio, zoom)
    assert grid.size[0] <= room[0] + 1e-6 and grid.size[1] <= room[1] + 1e-6
    assert zoom == 0 or grid.zoom * ratio <= zoom
    assert grid.all_rows * grid.across >= count > (grid.all_rows - 1) * grid.across
    for place in {0, count // 2, count - 1}:
        cell = grid.cell(place, grid.last_row)
        for edge in (cell.left(), cell.top(), cell.width(), cell.height()):
            assert edge * ratio == pytest.approx(round(edge * ratio), abs=1e-6)
        row = place // grid.across - grid.last_row
        seen = 0 <= row < grid.rows
        assert grid.place_at(cell.center(), grid.last_row) == (place if seen else None)
    assert grid.place_at(QPointF(-1, 5)) is None and grid.place_at(QPointF(5, grid.size[1] + 1)) is None


def test_a_chosen_zoom_is_kept_unless_not_even_one_image_fits() -> None:
    grid = arranged(36, 8, 8, 200, 200, 1.0, 2)
    assert (grid.zoom, grid.across, grid.rows >= 6) == (2.0, 6, True)
    grid = arranged(36, 8, 8, 200, 200, 1.0, 16)
    assert (grid.zoom, grid.across, grid.rows, grid.last_row) == (16.0, 1, 1, 35)
    assert arranged(36, 8, 8, 100, 100, 1.0, 16).zoom == 12.0
    assert arranged(4, 64, 64, 40, 40, 1.0).zoom == 1.0


def shades(count: int, height: int, width: int, *, colour: bool = False) -> Bytes:
    """Images of which no two neighbouring pixels are alike."""
    channels = (3,) if colour else ()
    rng = np.random.default_rng(5)
    return frozen(rng.integers(0, 256, (count, height, width, *channels), dtype=np.uint8))


def enlarged(image: Bytes, zoom: int) -> np.ndarray:
    """What the screen has to show, (h, w, 3)."""
    rgb = image if image.ndim == 3 else np.repeat(image[..., None], 3, 2)
    return np.repeat(np.repeat(rgb, zoom, 0), zoom, 1)


def drawn(painted: QImage) -> np.ndarray:
    rgb = painted.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


@pytest.fixture
def mosaic(qtbot: QtBot) -> Iterator[Mosaic]:
    grid = Mosaic("GEBM", "gebm")
    grid.resize(220, 260)
    grid.show()
    qtbot.waitExposed(grid)
    yield grid
    grid.close()
    grid.deleteLater()


def fill(mosaic: Mosaic, images: Bytes, zoom: int = 0, first_row: int = 0) -> None:
    height, width = images.shape[1:3]
    room = mosaic.height() - heading_height()
    mosaic.show_images(images)
    mosaic.arrange(arranged(len(images), width, height, mosaic.width(), room, 1.0, zoom), first_row)


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (5, 7), (32, 32)])
def test_images_are_shown_pixel_for_pixel(mosaic: Mosaic, height: int, width: int, colour: bool) -> None:
    images = shades(12, height, width, colour=colour)
    fill(mosaic, images)
    zoom = int(mosaic.shown_at[0].zoom)
    assert zoom == mosaic.shown_at[0].zoom
    pixels = picture(mosaic)
    for place in range(12):
        cell = mosaic.cell(place).toRect()
        seen = pixels[cell.top() : cell.bottom() + 1, cell.left() : cell.right() + 1]
        assert np.array_equal(seen, enlarged(images[place], zoom)), place


def test_an_export_at_four_times_the_size_is_as_exact(mosaic: Mosaic) -> None:
    images = shades(9, 8, 8)
    fill(mosaic, images)
    picture_of = QImage(mosaic.size() * 4, QImage.Format.Format_RGB32)
    picture_of.setDevicePixelRatio(4)
    picture_of.fill(QColor("white"))
    painter = QPainter(picture_of)
    mosaic.render(painter, QPoint(), renderFlags=QWidget.RenderFlag(0))
    painter.end()
    zoom, cell = 4 * int(mosaic.shown_at[0].zoom), mosaic.cell(4).toRect()
    seen = drawn(picture_of)[4 * cell.top() :, 4 * cell.left() :][: 8 * zoom, : 8 * zoom]
    assert np.array_equal(seen, enlarged(images[4], zoom))


def test_a_grid_that_does_not_fit_shows_whole_rows_from_any_one_on(mosaic: Mosaic) -> None:
    images = shades(36, 8, 8)
    fill(mosaic, images, zoom=8, first_row=3)
    grid = mosaic.shown_at[0]
    assert grid.across == 3 and grid.last_row == 12 - grid.rows > 0
    pixels, cell = picture(mosaic), mosaic.cell(9).toRect()
    seen = pixels[cell.top() : cell.bottom() + 1, cell.left() : cell.right() + 1]
    assert np.array_equal(seen, enlarged(images[9], 8))
    assert mosaic.place_at(cell.center()) == 9
    below = math.ceil(mosaic.cell(9 + 3 * grid.rows).top())
    assert (pixels[below:, : 3 * 65] == pixels[-1, 1]).all()  # nothing is cut in the middle


def wheel(over: QWidget, notches: int, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    spot = QPointF(over.rect().center())
    turned = QPoint(0, 120 * notches)
    phase, button = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
    event = QWheelEvent(spot, over.mapToGlobal(spot), QPoint(), turned, button, held, phase, False)
    QApplication.sendEvent(over, event)


def test_a_wheel_scrolls_and_with_ctrl_zooms(mosaic: Mosaic) -> None:
    told: list[tuple[str, int]] = []
    mosaic.zoomed.connect(lambda steps: told.append(("zoom", steps)))
    mosaic.scrolled.connect(lambda rows: told.append(("rows", rows)))
    wheel(mosaic, -1)
    wheel(mosaic, 2, Qt.KeyboardModifier.ControlModifier)
    assert told == [("rows", 1), ("zoom", 2)]


def test_a_sheet_keeps_what_it_has_converted() -> None:
    images = frozen(frames.digits(4))
    sheet = Sheet(images)
    assert sheet.showing(images) is sheet and len(sheet) == 4
    assert len(sheet.showing(images[:2])) == 2
    assert not len(Sheet())


@pytest.mark.parametrize("ratio", ["1.25", "2"])
def test_images_are_exact_at_any_ratio_of_the_screen(ratio: str) -> None:
    # The ratio belongs to the whole program: each is looked at in one of its own.
    told = subprocess.run(
        [sys.executable, "-m", "tests.ui.exact_pixels"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": ratio},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    seen, looked_at, wrong = told.stdout.split()
    assert float(seen) == float(ratio) and int(looked_at) > 105 and int(wrong) == 0


def test_gaps_are_whole_pixels_of_the_screen() -> None:
    assert [gap_at(ratio) * ratio for ratio in (1.0, 1.25, 1.5, 2.0, 3.0)] == pytest.approx([1, 1, 2, 2, 3])
