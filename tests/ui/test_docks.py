"""The default layout and how it makes room for what a preset shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gebm_studio.ui.docks import Docks

NAMES = ("presets", "data", "latent", "curves", "diagnostics", "gallery", "controls", "log")


class Wishing(QWidget):
    """A widget that can ask for width."""

    wide_wished = Signal(bool)


@pytest.fixture
def docks(qtbot: QtBot) -> Iterator[Docks]:
    """Docks of a large window."""
    made = Docks()
    for name in NAMES:
        made.add(name, name, Wishing())
    made.arrange()
    made.resize(1440, 800)
    made.show()
    qtbot.waitExposed(made)
    QApplication.processEvents()
    yield made
    made.close()
    made.deleteLater()


def share(docks: Docks, front: str = "data") -> float:
    """The share of the upper row that a dock has."""
    width = docks.docks[front].width()
    return width / (width + docks.docks["latent"].width())


def test_three_pictures_and_images_get_more_width(docks: Docks, qtbot: QtBot) -> None:
    assert share(docks) == pytest.approx(0.5, abs=0.02)
    docks.docks["data"].widget().wide_wished.emit(True)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: share(docks) == pytest.approx(0.66, abs=0.02), timeout=2000)
    docks.show_images(True)
    qtbot.waitUntil(lambda: share(docks, "gallery") == pytest.approx(0.72, abs=0.02), timeout=2000)
    docks.show_images(False)
    docks.show_wide(False)
    qtbot.waitUntil(lambda: share(docks) == pytest.approx(0.5, abs=0.02), timeout=2000)


def test_widths_that_a_person_chose_stay(docks: Docks, qtbot: QtBot) -> None:
    both = [docks.docks["data"], docks.docks["latent"]]
    docks.resizeDocks(both, [350, 550], Qt.Orientation.Horizontal)
    QApplication.processEvents()
    chosen = share(docks)
    assert chosen < 0.45
    docks.show_wide(True)
    qtbot.wait(50)
    assert share(docks) == pytest.approx(chosen, abs=0.01)


def test_a_layout_left_on_images_makes_room_for_points(docks: Docks, qtbot: QtBot) -> None:
    docks.show_images(True)
    qtbot.waitUntil(lambda: share(docks, "gallery") == pytest.approx(0.72, abs=0.02), timeout=2000)
    again = Docks()
    for name in NAMES:
        again.add(name, name, Wishing())
    again.arrange()
    assert again.restore(docks.state())
    again.resize(1440, 800)
    again.show()
    try:
        qtbot.waitExposed(again)
        qtbot.waitUntil(lambda: share(again) == pytest.approx(0.5, abs=0.02), timeout=2000)
    finally:
        again.close()
        again.deleteLater()
