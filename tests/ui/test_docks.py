"""The default layout and how it makes room for what a preset shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gebm_studio.ui.docks import QUALITY, Docks

NAMES = ("presets", "data", "latent", "curves", "diagnostics", "gallery", "quality", "race", "decay", "sweep", "critic",
         "compare", "pair", "bars", "bound", "tangent", "plan", "swept", "flow", "flow_curves",
         "controls", "log")  # fmt: skip
OF_A_TRAINING = ("data", "latent", "curves", "diagnostics")
IMAGES = frozenset({"gallery"})
RACE = frozenset({"race"})
LAB = frozenset({"pair", "bars", "swept"})
FLOWS = frozenset({"flow", "flow_curves"})


class Wishing(QWidget):
    """A widget that can ask for width."""

    wide_wished = Signal(bool)


@pytest.fixture
def docks(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[Docks]:
    """Docks of a large window, opened on a preset that needs the optional ones of the parameter."""
    made = Docks()
    for name in NAMES:
        made.add(name, name, Wishing())
    made.show_for(getattr(request, "param", frozenset()))
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


@pytest.mark.parametrize("docks", [frozenset(), IMAGES, RACE], indirect=True, ids=["plain", "images", "race"])
def test_whatever_is_opened_first_the_columns_at_the_sides_are_as_wide(docks: Docks) -> None:
    left, right = docks.docks["presets"].width(), docks.docks["controls"].width()
    assert left == pytest.approx(0.18 * 1440, abs=12)
    assert right == pytest.approx(0.20 * 1440, abs=12)


def test_three_pictures_and_images_get_more_width(docks: Docks, qtbot: QtBot) -> None:
    assert share(docks) == pytest.approx(0.5, abs=0.02)
    docks.docks["data"].widget().wide_wished.emit(True)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: share(docks) == pytest.approx(0.66, abs=0.02), timeout=2000)
    docks.show_for(IMAGES)
    qtbot.waitUntil(lambda: share(docks, "gallery") == pytest.approx(0.72, abs=0.02), timeout=2000)
    docks.show_for(frozenset())
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
    docks.show_for(IMAGES)
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


def test_a_race_stands_before_the_curves_and_has_their_row_alone(docks: Docks, qtbot: QtBot) -> None:
    parts = docks.docks
    assert parts["race"].isHidden() and parts["decay"].isHidden()
    docks.show_for(RACE)
    qtbot.waitUntil(lambda: parts["race"].isVisible() and not parts["race"].visibleRegion().isEmpty(), timeout=2000)
    assert parts["diagnostics"].isHidden() and parts["curves"].visibleRegion().isEmpty()
    middle = parts["data"].width() + parts["latent"].width()
    qtbot.waitUntil(lambda: parts["race"].width() == pytest.approx(middle, abs=12), timeout=2000)
    qtbot.waitUntil(lambda: parts["race"].height() > 1.2 * parts["data"].height(), timeout=2000)
    docks.show_for(frozenset({"decay"}))
    qtbot.waitUntil(lambda: not parts["decay"].visibleRegion().isEmpty(), timeout=2000)
    assert parts["race"].isHidden() and not parts["diagnostics"].isHidden()
    docks.show_for(frozenset())
    qtbot.waitUntil(lambda: not parts["curves"].visibleRegion().isEmpty(), timeout=2000)
    qtbot.waitUntil(lambda: parts["data"].height() > 1.2 * parts["curves"].height(), timeout=2000)


def test_quality_stands_before_the_curves_and_a_race_before_it(docks: Docks, qtbot: QtBot) -> None:
    parts = docks.docks
    docks.show_for(IMAGES | {"quality"})
    qtbot.waitUntil(lambda: not parts["quality"].visibleRegion().isEmpty(), timeout=2000)
    assert parts["curves"].visibleRegion().isEmpty() and not parts["diagnostics"].isHidden()
    row = parts["quality"].width() + parts["diagnostics"].width()
    qtbot.waitUntil(lambda: parts["quality"].width() == pytest.approx(QUALITY[1] * row, abs=12), timeout=2000)
    docks.show_for(IMAGES | RACE | {"quality"})
    qtbot.waitUntil(lambda: not parts["race"].visibleRegion().isEmpty(), timeout=2000)
    assert parts["quality"].visibleRegion().isEmpty() and parts["quality"].isVisible()
    docks.show_for(frozenset())
    qtbot.waitUntil(lambda: not parts["curves"].visibleRegion().isEmpty(), timeout=2000)
    assert parts["quality"].isHidden()


def test_a_sweep_has_the_lower_row_alone(docks: Docks, qtbot: QtBot) -> None:
    docks.show_for(frozenset({"sweep"}))
    parts = docks.docks
    qtbot.waitUntil(lambda: not parts["sweep"].visibleRegion().isEmpty(), timeout=2000)
    qtbot.waitUntil(lambda: parts["sweep"].height() > 1.2 * parts["data"].height(), timeout=2000)
    assert parts["diagnostics"].isHidden()


def test_what_a_person_closed_stays_closed_after_a_race(docks: Docks) -> None:
    docks.docks["diagnostics"].close()
    docks.show_for(RACE)
    docks.show_for(frozenset())
    assert docks.docks["diagnostics"].isHidden()


def test_what_gave_way_to_a_race_is_not_lost_with_the_window(docks: Docks, qtbot: QtBot) -> None:
    docks.show_for(RACE)
    assert docks.docks["diagnostics"].isHidden()
    again = Docks()
    for name in NAMES:
        again.add(name, name, Wishing())
    again.arrange()
    try:
        assert again.restore(docks.state())
        again.show()
        qtbot.waitExposed(again)
        QApplication.processEvents()
        assert not again.docks["diagnostics"].isHidden()
    finally:
        again.close()
        again.deleteLater()


def seen(docks: Docks) -> set[str]:
    """The docks of which a part can be seen."""
    return {name for name, dock in docks.docks.items() if dock.isVisible() and not dock.visibleRegion().isEmpty()}


@pytest.mark.parametrize("wanted", [LAB, LAB | {"tangent", "bound", "plan"}, frozenset({"pair", "bars"}), FLOWS])
def test_a_lab_or_flows_take_the_room_of_a_training_and_give_it_back(
    docks: Docks, qtbot: QtBot, wanted: frozenset[str]
) -> None:
    before = seen(docks)
    assert set(OF_A_TRAINING) <= before
    docks.show_for(wanted)
    qtbot.waitUntil(lambda: wanted & {"pair", "flow"} <= seen(docks), timeout=2000)
    assert all(docks.docks[name].isHidden() for name in OF_A_TRAINING)
    assert all(not docks.docks[name].isHidden() for name in wanted)
    assert {"presets", "controls"} <= seen(docks)
    docks.show_for(frozenset())
    qtbot.waitUntil(lambda: seen(docks) == before, timeout=2000)
    assert all(docks.docks[name].isHidden() for name in wanted)


@pytest.mark.parametrize("docks", [LAB, FLOWS], indirect=True, ids=["lab", "flows"])
def test_a_window_that_opens_on_another_kind_has_a_training_s_docks_later(docks: Docks, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: seen(docks).isdisjoint(OF_A_TRAINING), timeout=2000)
    docks.show_for(FLOWS)
    docks.show_for(LAB)
    docks.show_for(frozenset())
    qtbot.waitUntil(lambda: set(OF_A_TRAINING) <= seen(docks), timeout=2000)


def test_what_a_person_closed_stays_closed_after_a_lab(docks: Docks) -> None:
    docks.docks["diagnostics"].close()
    for wanted in (LAB, RACE, FLOWS, frozenset[str]()):
        docks.show_for(wanted)
    assert docks.docks["diagnostics"].isHidden() and not docks.docks["data"].isHidden()


def test_what_gave_way_to_a_lab_is_not_lost_with_the_window(docks: Docks) -> None:
    docks.show_for(LAB)
    state = docks.state()
    docks.show_for(frozenset())
    assert docks.restore(state)
    assert not any(docks.docks[name].isHidden() for name in OF_A_TRAINING)
