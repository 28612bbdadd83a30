"""The dialog that writes films."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gebm_studio.messages import ExportFilm
from gebm_studio.ui.film_dialog import FilmDialog
from gebm_studio.ui.panels.film_choice import FilmWish

WISH = FilmWish("chain", first=5, second=-1, count=36, frames=12, width=8, height=8)


class Asked(NamedTuple):
    """The dialog, and what it has had written."""

    dialog: FilmDialog
    written: list[ExportFilm]


@pytest.fixture
def asked(qtbot: QtBot, tmp_path: Path) -> Iterator[Asked]:
    written: list[ExportFilm] = []
    window = QWidget()
    dialog = FilmDialog(window, tmp_path, written.append, WISH)
    dialog.show()
    yield Asked(dialog, written)
    window.deleteLater()


def test_a_film_is_written_as_it_is_set_up(asked: Asked, tmp_path: Path) -> None:
    dialog, written = asked
    assert dialog.size_text.text() == "12 states of 128 × 128 pixels an image, 1.0 s."
    dialog.scale.setValue(4)
    dialog.rate.setValue(24)
    dialog.captions.setChecked(False)
    assert dialog.size_text.text() == "12 states of 32 × 32 pixels an image, 0.5 s."
    dialog.export_button.click()
    path = str(tmp_path / "film.webp")
    assert written == [ExportFilm(path, "chain", 5, -1, scale=4, rate=24, captions=False)]
    assert not dialog.isVisible()


@pytest.mark.parametrize(
    ("row", "suffix", "rate", "scale"),
    [(0, "webp", True, True), (1, "gif", True, True), (2, "png", False, True), (3, "npz", False, False)],
)
def test_each_format_has_its_own_settings(asked: Asked, row: int, suffix: str, rate: bool, scale: bool) -> None:
    dialog = asked.dialog
    dialog.format.setCurrentIndex(row)
    assert dialog.path.text().endswith(f"film.{suffix}")
    assert dialog.rate.isEnabled() == rate
    assert dialog.scale.isEnabled() == dialog.captions.isEnabled() == scale
    dialog._take_path(Path("/somewhere/else.gif"))
    assert (dialog.suffix, dialog.file) == (".gif", "/somewhere/else.gif")


def test_all_chains_are_no_picture(asked: Asked) -> None:
    dialog = asked.dialog
    dialog.which.setCurrentIndex(1)
    assert dialog.which.currentText() == "all 36 chains of the grid at once"
    assert dialog.command().first == -1 and dialog.export_button.isEnabled()
    dialog.format.setCurrentIndex(2)
    assert not dialog.export_button.isEnabled() and "a picture is of one" in dialog.size_text.text()
    dialog.which.setCurrentIndex(0)
    assert dialog.export_button.isEnabled()
    dialog.path.clear()
    assert not dialog.export_button.isEnabled() and dialog.size_text.text() == "Name a file."


def test_another_film_can_be_offered(asked: Asked) -> None:
    dialog = asked.dialog
    dialog.show_wish(replace(WISH, mode="carried", second=9, width=32, height=24))
    assert [dialog.which.itemText(row) for row in range(dialog.which.count())] == [
        "between 5 and 9, each carried by its chain"
    ]
    order = dialog.command()
    assert (order.mode, order.first, order.second, order.scale) == ("carried", 5, 9, 4)
    assert dialog.size_text.text().startswith("12 states of 128 × 96 pixels")
