"""The race in the window: it comes with its preset, and what a person does to it can be taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from gebm_studio import presets

FEW: dict[str, Any] = {"race__lanes": [{"name": "ula"}, {"name": "mala"}], "race__budget": 40, "race__chains": 8}


def test_f11_brings_the_race_and_another_preset_puts_it_away(make_window: Any, qtbot: QtBot) -> None:
    window = make_window("f11", **FEW)
    race = window.panels["race"]
    qtbot.waitUntil(lambda: "race" in window._pull_fields()[0] and not race.is_empty, timeout=60_000)
    assert "curves" not in window._pull_fields()[0]
    assert window.controls.groups["race"].isVisible()
    window.files.open(presets.find("ring"))
    qtbot.waitUntil(lambda: "curves" in window._pull_fields()[0], timeout=60_000)
    assert window.docks.docks["race"].isHidden() and not window.controls.groups["race"].isVisible()
    window.docks.docks["race"].show()
    window.docks.docks["race"].raise_()
    qtbot.waitUntil(lambda: "race" in window._pull_fields()[0], timeout=5000)
    assert race.is_empty and "add samplers" in race._note.text()
    race.add_lane("ula")
    qtbot.waitUntil(lambda: not race.is_empty, timeout=20_000)


def test_edits_reach_the_engine_and_can_be_undone(make_window: Any, qtbot: QtBot) -> None:
    window = make_window("f11", **FEW)
    race = window.panels["race"]
    qtbot.waitUntil(lambda: not race.is_empty, timeout=60_000)
    race.edit_lane(1, "step_size", 0.25)
    qtbot.waitUntil(lambda: race._part.lanes[1].step_size == 0.25, timeout=20_000)
    assert window.session.preset.race.lanes[1].step_size == 0.25
    race.remove_lane(0)
    qtbot.waitUntil(lambda: len(race._part.lanes) == 1, timeout=20_000)
    window.changes.stack.undo()
    window.changes.stack.undo()
    qtbot.waitUntil(lambda: [lane.step_size for lane in race._part.lanes] == [0.1, 0.1], timeout=20_000)


def test_the_table_is_exported_and_the_chains_begin_again(make_window: Any, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window("f11", **FEW)
    race = window.panels["race"]
    qtbot.waitUntil(lambda: not race.is_empty and race._part.lanes[0].steps == 40, timeout=60_000)
    with qtbot.waitSignal(window.session.written, timeout=20_000):
        window.files.export_race(tmp_path / "race.csv")
    assert (tmp_path / "race.csv").read_text(encoding="utf-8").count("\n") == 3
    window.session.toggle()
    qtbot.waitUntil(lambda: window.session.state == "paused", timeout=20_000)
    race.restart_button.click()
    qtbot.waitUntil(lambda: race._part.lanes[0].steps == 0, timeout=20_000)
