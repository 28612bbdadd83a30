"""The gallery in the window, with a real engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gebm_studio.ui.window import StudioWindow
from tests.images import untrained
from tests.ui.conftest import MakeWindow

SMALL: dict[str, Any] = {
    "base__hidden": 16, "energy__hidden": 16, "training__batch": 32, "sampler__chains": 16, "reel__chains": 9,
    "reel__steps": 12, "reel__frames": 5, "training__train": "none",
}  # fmt: skip


@pytest.fixture
def window(make_window: MakeWindow, qtbot: QtBot) -> StudioWindow:
    """Digits, with a film that is whole."""
    window = make_window(untrained(), **SMALL)
    gallery: Any = window.panels["gallery"]
    qtbot.waitUntil(lambda: gallery.film.reel is not None and gallery.film.share == 1.0, timeout=60000)
    return window


def click(qtbot: QtBot, gallery: Any, place: int) -> None:
    grid = gallery.grids["gebm"]
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell(place).center().toPoint())


def shown(gallery: Any) -> tuple[str, int, int]:
    film = gallery.film.reel.film
    return film.mode, film.first, film.second


def test_films_follow_clicks_modes_and_sliders(window: StudioWindow, qtbot: QtBot) -> None:
    gallery: Any = window.panels["gallery"]
    assert len(gallery.grids["base"].images) == len(gallery.grids["gebm"].images) == 9
    click(qtbot, gallery, 4)
    qtbot.waitUntil(lambda: shown(gallery) == ("chain", 4, -1), timeout=20000)
    assert gallery.film.reel.film.at.tolist() == [0, 3, 6, 9, 12]
    assert np.array_equal(gallery.film.reel.film.images[0], gallery.grids["base"].images[4])
    assert np.array_equal(gallery.film.reel.film.images[-1], gallery.grids["gebm"].images[4])
    gallery.bar.mode.pick("carried")
    click(qtbot, gallery, 7)
    qtbot.waitUntil(lambda: shown(gallery) == ("carried", 4, 7), timeout=20000)
    gallery.bar.mode.pick("chain")
    qtbot.waitUntil(lambda: shown(gallery) == ("chain", 4, -1), timeout=20000)
    before = gallery.grids["gebm"].images
    gallery.bar.beta.editor.slider.setValue(0)
    qtbot.waitUntil(lambda: not np.array_equal(gallery.grids["gebm"].images, before), timeout=20000)
    assert gallery.bar.beta.editor.line.text() == "0"
    qtbot.waitUntil(lambda: window.session.preset.sampler.temperature == float("inf"), timeout=20000)  # type: ignore[attr-defined]


def test_space_plays_in_the_gallery_and_runs_elsewhere(window: StudioWindow, qtbot: QtBot) -> None:
    gallery: Any = window.panels["gallery"]
    window.activateWindow()
    click(qtbot, gallery, 2)
    qtbot.waitUntil(lambda: gallery.player.isVisible() and window.session.state == "running", timeout=20000)
    qtbot.keyClick(gallery.grids["gebm"], Qt.Key.Key_Space)
    assert gallery.player.playing
    qtbot.wait(100)
    assert window.session.state == "running"
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state == "paused", timeout=20000)
    assert gallery.player.playing  # a film goes on while the run rests


def test_a_film_is_written_from_the_menu(window: StudioWindow, qtbot: QtBot, tmp_path: Path) -> None:
    gallery: Any = window.panels["gallery"]
    click(qtbot, gallery, 3)
    gallery.ask_export()
    dialog = window.files.film_dialog
    assert dialog is not None and not dialog.isModal()
    assert dialog.which.currentText() == "chain 3"
    dialog.path.setText(str(tmp_path / "film.gif"))
    dialog.scale.setValue(4)
    dialog.export_button.click()
    qtbot.waitUntil(lambda: window.files.film_dialog is None, timeout=5000)
    qtbot.waitUntil(lambda: any("film.gif" in text for text in window.banner.texts()), timeout=30000)
    with Image.open(tmp_path / "film.gif") as film:
        assert getattr(film, "n_frames", 1) == 5 and film.width >= 32
