"""The presets dock: every preset is listed, can be found, and opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.files import shipped
from gebm_studio.ui import theme
from gebm_studio.ui.preset_list import ENTRY, PresetList, wrapped


@pytest.fixture
def gallery(qtbot: QtBot) -> PresetList:
    entries, problems = presets.listing()
    assert not problems
    widget = PresetList(entries)
    qtbot.addWidget(widget)
    widget.resize(240, 700)
    widget.show()
    return widget


def names(gallery: PresetList) -> list[str]:
    rows = range(gallery.model.rowCount())
    return [gallery.model.index(row, 0).data(ENTRY).name for row in rows if not gallery.list.isRowHidden(row)]


def test_lists_all_with_the_first_preset_on_top(gallery: PresetList) -> None:
    assert names(gallery)[0] == presets.FIRST
    assert len(names(gallery)) == len(presets.listing()[0])


@pytest.mark.parametrize("text", ["F01", "f01", "circle f01", "digits"])
def test_search_looks_at_figure_title_source_and_summary(gallery: PresetList, text: str) -> None:
    gallery.search.setText(text)
    assert 0 < len(names(gallery)) < len(presets.listing()[0])
    gallery.search.clear()
    assert len(names(gallery)) == len(presets.listing()[0])


def test_says_that_nothing_was_found(gallery: PresetList) -> None:
    gallery.search.setText("no such thing")
    assert names(gallery) == []
    assert gallery.nothing.isVisible()


def test_click_and_enter_open_once(gallery: PresetList, qtbot: QtBot) -> None:
    chosen: list[Any] = []
    gallery.chosen.connect(chosen.append)
    index = gallery.model.index(1, 0)
    centre = gallery.list.visualRect(index).center()
    QTest.mouseClick(gallery.list.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert [entry.name for entry in chosen] == [index.data(ENTRY).name]
    gallery.show_open(index.data(ENTRY).name, index.data(ENTRY).preset)
    QTest.mouseDClick(gallery.list.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    gallery.list.setCurrentIndex(gallery.model.index(2, 0))
    gallery.list.setFocus()
    QTest.keyClick(gallery.list, Qt.Key.Key_Return)
    assert chosen[-1].name == gallery.model.index(2, 0).data(ENTRY).name


def test_tells_what_to_look_at(gallery: PresetList) -> None:
    for entry in presets.listing()[0]:
        gallery.show_open(entry.name, entry.preset)
        assert gallery.list.currentIndex().data(ENTRY).name == entry.name
        assert entry.preset.title.split()[0] in gallery.text.text()
        assert "What to look at" in gallery.text.text()
        assert "What to expect" in gallery.text.text()


def test_every_preset_has_a_thumbnail_that_fits_light_and_dark() -> None:
    folder = shipped("resources") / "thumbnails"
    assert {entry.name for entry in presets.listing()[0]} == {path.stem for path in folder.glob("*.png")}
    for path in folder.glob("*.png"):
        with Image.open(path) as picture:
            assert (picture.mode, picture.size) == ("RGBA", (192, 192)), path.name


def test_entries_are_as_high_as_their_text(gallery: PresetList, qtbot: QtBot) -> None:
    view = gallery.list

    def high_enough() -> bool:
        option = QStyleOptionViewItem()
        indices = [gallery.model.index(row, 0) for row in range(gallery.model.rowCount())]
        wanted = [view.itemDelegate().sizeHint(option, index).height() for index in indices]
        return [view.visualRect(index).height() for index in indices] == wanted

    qtbot.waitUntil(high_enough, timeout=2000)
    gallery.resize(500, 700)
    qtbot.waitUntil(high_enough, timeout=2000)
    gallery.resize(200, 700)
    qtbot.waitUntil(high_enough, timeout=2000)


def test_wrapped_text_fits() -> None:
    font = QFont(theme.current().text_font)
    metrics = QFontMetrics(font)
    lines = wrapped("one two three four five six seven eight nine ten", font, 80, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(metrics.horizontalAdvance(line) <= 80 for line in lines)
    assert wrapped("", font, 80, 2) == []


def test_broken_presets_stand_in_the_log(make_window: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good = presets.load("ring")
    presets.save(good, tmp_path / "presets" / "ring.toml")
    (tmp_path / "presets" / "broken.toml").write_text("title = 'x'\nseed = -1\n")
    monkeypatch.setattr("gebm_studio.presets.shipped", lambda folder: tmp_path / folder)
    window = make_window(good)
    assert names(window.presets) == ["ring"]
    assert sum("broken.toml" in text for text in window.log.texts()) == 1
