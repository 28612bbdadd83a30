"""Quality in the window: it comes with images, is measured on demand, kept as a reference and exported."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.ui.window import _wanted
from tests.images import untrained

PATIENCE = 60_000
FEW: dict[str, Any] = {"quality__draws": 100, "quality__steps": 4, "quality__every": 0}


def test_presets_of_images_want_the_panel_and_others_do_not() -> None:
    assert _wanted(presets.load("f62")) == {"gallery", "quality"}
    assert {"quality", "race"} < _wanted(presets.load("f14"))
    assert "quality" not in _wanted(presets.load("ring"))


def test_it_is_measured_kept_compared_and_exported(make_window: Any, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window(untrained(), **FEW)
    panel = window.panels["quality"]
    qtbot.waitUntil(lambda: "quality" in window._pull_fields()[0], timeout=PATIENCE)
    assert "curves" not in window._pull_fields()[0] and "diagnostics" in window._pull_fields()[0]
    qtbot.waitUntil(lambda: window.session.iteration > 2, timeout=PATIENCE)
    window.session.toggle()
    panel.measure_button.click()
    qtbot.waitUntil(lambda: not panel.is_empty, timeout=PATIENCE)
    assert "n 100" in " ".join(panel.facts.texts) and panel.verdict.text().startswith("FD(GEBM) − FD(base) = ")
    assert "no claim" in panel.verdict.text(), "four steps do not bring chains to equilibrium"
    panel.keep_button.click()
    window.session.reset()
    qtbot.waitUntil(lambda: panel.is_empty, timeout=PATIENCE)
    assert panel.reference is not None and panel.keep_button.isChecked()
    for suffix, scale in ((".csv", 1), (".png", 4)):
        with qtbot.waitSignal(window.session.written, timeout=PATIENCE):
            window.files.export_quality(tmp_path / f"quality{suffix}", scale)
    with (tmp_path / "quality.csv").open(encoding="utf-8") as file:
        assert {row["score"] for row in csv.DictReader(file)} >= {"frechet", "precision"}
    with Image.open(tmp_path / "quality.png") as image:
        assert image.width > 1000
    qtbot.waitUntil(lambda: not panel.is_empty, timeout=PATIENCE)  # the export measured


@pytest.mark.parametrize(("chosen", "name"), [("PNG (*.png)", "f62-quality.png"), ("CSV (*.csv)", "f62-quality.csv")])
def test_a_chosen_filter_changes_the_suffix_of_the_file(make_window: Any, qtbot: QtBot, chosen: str, name: str) -> None:
    window = make_window(untrained(), **FEW)
    window.session.name = "f62"
    window.panels["quality"].export_button.click()
    dialog = window.findChild(QFileDialog)
    dialog.filterSelected.emit(chosen)
    assert [line.text() for line in dialog.findChildren(QLineEdit)] == [name]
    dialog.close()
