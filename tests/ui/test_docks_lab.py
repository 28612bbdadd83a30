"""The layout for laws in the hand and for particle flows, and the way back to a training."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gebm_studio.ui.docks import FLOWS as FLOWS_SHARE
from gebm_studio.ui.docks import GIVES_WAY, OPTIONAL, Docks

PLAIN = ("data", "latent", "curves", "diagnostics")
LAB = frozenset({"pair", "bars", "swept"})
FLOWS = frozenset({"flow", "flow_curves"})
SIZES = [(1440, 800), (1024, 600)]


class Panel(QWidget):
    """As large at least as a panel is."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(200, 140)


@pytest.fixture(params=SIZES, ids=["large", "small"])
def docks(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[Docks]:
    """Docks of a window as it opens on a training."""
    made = Docks()
    for name in ("presets", *PLAIN, *OPTIONAL, "controls", "log"):
        made.add(name, name, Panel())
    made.arrange()
    made.resize(*request.param)
    made.show()
    qtbot.waitExposed(made)
    qtbot.wait(50)  # the first shares are given once the window has a size
    yield made
    made.close()
    made.deleteLater()


def seen(docks: Docks) -> set[str]:
    """The docks in the middle of which something can be seen."""
    return {
        name
        for name, dock in docks.docks.items()
        if name not in ("presets", "controls") and dock.isVisible() and not dock.visibleRegion().isEmpty()
    }


def box(docks: Docks, name: str) -> tuple[int, int, int, int]:
    """Left, top, width and height of a dock."""
    place = docks.docks[name].geometry()
    return place.x(), place.y(), place.width(), place.height()


def test_a_lab_has_the_pair_and_bars_above_and_curves_below(docks: Docks, qtbot: QtBot) -> None:
    docks.show_for(LAB)
    qtbot.waitUntil(lambda: seen(docks) == {"pair", "bars", "swept"}, timeout=2000)
    pair, bars, swept = (box(docks, name) for name in ("pair", "bars", "swept"))
    assert pair[1] == bars[1] and pair[0] < bars[0] and swept[1] > pair[1] + pair[3] - 1
    qtbot.waitUntil(lambda: abs(box(docks, "pair")[2] - box(docks, "bars")[2]) <= 12, timeout=2000)
    middle = box(docks, "pair")[2] + box(docks, "bars")[2]
    qtbot.waitUntil(lambda: box(docks, "swept")[2] == pytest.approx(middle, abs=12), timeout=2000)
    qtbot.waitUntil(lambda: 1.0 <= box(docks, "pair")[3] / box(docks, "swept")[3] <= 1.5, timeout=2000)


@pytest.mark.parametrize("beside", ["bound", "tangent", "plan"])
def test_what_stands_beside_swept_curves_has_half_of_their_row(docks: Docks, qtbot: QtBot, beside: str) -> None:
    docks.show_for(LAB | {beside})
    qtbot.waitUntil(lambda: seen(docks) == {"pair", "bars", "swept", beside}, timeout=2000)
    qtbot.waitUntil(lambda: abs(box(docks, "swept")[2] - box(docks, beside)[2]) <= 16, timeout=2000)


def test_without_swept_curves_what_stands_below_has_the_whole_row(docks: Docks, qtbot: QtBot) -> None:
    docks.show_for(frozenset({"pair", "bars", "tangent"}))
    qtbot.waitUntil(lambda: seen(docks) == {"pair", "bars", "tangent"}, timeout=2000)
    middle = box(docks, "pair")[2] + box(docks, "bars")[2]
    qtbot.waitUntil(lambda: box(docks, "tangent")[2] == pytest.approx(middle, abs=12), timeout=2000)
    docks.docks["log"].show()  # by the View menu
    qtbot.waitUntil(lambda: seen(docks) == {"pair", "bars", "tangent", "log"}, timeout=2000)
    docks.show_for(frozenset())
    qtbot.waitUntil(lambda: seen(docks) >= {"data", "curves"} and not docks.docks["log"].isHidden(), timeout=2000)


def test_a_pair_alone_above_has_the_whole_row(docks: Docks, qtbot: QtBot) -> None:
    docks.show_for(frozenset({"pair", "swept"}))
    qtbot.waitUntil(lambda: seen(docks) == {"pair", "swept"}, timeout=2000)
    qtbot.waitUntil(lambda: abs(box(docks, "pair")[2] - box(docks, "swept")[2]) <= 4, timeout=2000)


def test_of_several_at_one_place_one_is_in_front_and_the_others_are_tabs(docks: Docks, qtbot: QtBot) -> None:
    docks.show_for(LAB | {"bound", "tangent"})
    qtbot.waitUntil(lambda: len(seen(docks) & {"bound", "tangent"}) == 1, timeout=2000)
    assert docks.docks["tangent"] in docks.tabifiedDockWidgets(docks.docks["bound"])


def test_flows_have_a_whole_row_each(docks: Docks, qtbot: QtBot) -> None:
    docks.show_for(FLOWS)
    qtbot.waitUntil(lambda: seen(docks) == {"flow", "flow_curves"}, timeout=2000)
    qtbot.waitUntil(lambda: abs(box(docks, "flow")[2] - box(docks, "flow_curves")[2]) <= 4, timeout=2000)
    qtbot.waitUntil(
        lambda: box(docks, "flow")[3] / docks.height() == pytest.approx(FLOWS_SHARE, abs=0.03), timeout=2000
    )


@pytest.mark.parametrize("wanted", [LAB, LAB | {"plan"}, frozenset({"pair", "bars", "bound"}), FLOWS])
def test_a_training_finds_its_docks_where_they_were(docks: Docks, qtbot: QtBot, wanted: frozenset[str]) -> None:
    before = {name: box(docks, name) for name in PLAIN}
    docks.show_for(wanted)
    qtbot.waitUntil(lambda: not seen(docks) & set(PLAIN), timeout=2000)
    docks.show_for(frozenset())
    qtbot.waitUntil(lambda: seen(docks) == set(PLAIN), timeout=2000)
    qtbot.waitUntil(
        lambda: all(box(docks, name) == pytest.approx(place, abs=16) for name, place in before.items()), timeout=2000
    )


def test_sizes_that_a_person_chose_are_kept_through_a_lab(docks: Docks, qtbot: QtBot) -> None:
    parts = docks.docks
    docks.resizeDocks([parts["data"], parts["curves"]], [260, 340], Qt.Orientation.Vertical)
    docks.resizeDocks([parts["data"], parts["latent"]], [210, 340], Qt.Orientation.Horizontal)
    qtbot.wait(20)
    before = {name: box(docks, name) for name in PLAIN}
    docks.show_for(LAB)
    qtbot.waitUntil(lambda: seen(docks) == LAB, timeout=2000)
    qtbot.wait(20)
    docks.show_for(frozenset())
    qtbot.waitUntil(
        lambda: all(box(docks, name) == pytest.approx(place, abs=4) for name, place in before.items()), timeout=2000
    )


@pytest.mark.parametrize("wanted", [LAB, frozenset({"pair", "bars", "tangent"}), FLOWS])
def test_the_default_layout_can_be_had_again_in_each_kind(docks: Docks, qtbot: QtBot, wanted: frozenset[str]) -> None:
    docks.show_for(wanted)
    qtbot.waitUntil(lambda: wanted <= seen(docks), timeout=2000)
    shown, side = seen(docks), box(docks, "presets")[2]
    docks.docks["controls"].close()
    docks.docks[min(wanted)].setFloating(True)
    docks.arrange()
    qtbot.waitUntil(lambda: seen(docks) == shown, timeout=2000)
    assert docks.docks["controls"].isVisible()
    qtbot.waitUntil(lambda: box(docks, "presets")[2] == pytest.approx(side, abs=12), timeout=2000)


def test_a_layout_that_was_left_in_a_lab_comes_back_as_a_training(docks: Docks, qtbot: QtBot) -> None:
    docks.resizeDocks([docks.docks["data"], docks.docks["latent"]], [240, 340], Qt.Orientation.Horizontal)
    qtbot.wait(20)
    before = {name: box(docks, name) for name in PLAIN}
    docks.show_for(LAB)
    qtbot.waitUntil(lambda: seen(docks) == {"pair", "bars", "swept"}, timeout=2000)
    again = Docks()
    for name in docks.docks:
        again.add(name, name, Panel())
    again.arrange()
    try:
        assert again.restore(docks.state())
        again.resize(docks.size())
        again.show()
        qtbot.waitExposed(again)
        qtbot.waitUntil(lambda: seen(again) == set(PLAIN), timeout=2000)
        qtbot.wait(50)
        assert {name: box(again, name) for name in PLAIN} == {
            name: pytest.approx(place, abs=16) for name, place in before.items()
        }
    finally:
        again.close()
        again.deleteLater()


def test_each_dock_that_others_give_way_to_exists() -> None:
    assert set(GIVES_WAY) <= set(OPTIONAL) and {name for names in GIVES_WAY.values() for name in names} <= set(PLAIN)
