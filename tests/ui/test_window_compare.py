"""A comparison in the window: it comes with its preset, and the run in front is what all panels show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from gebm_studio import presets

SMALL: dict[str, Any] = {"energy__hidden": 8, "energy__depth": 1, "training__batch": 16, "training__warmup": 2}


def test_f41_brings_the_comparison_and_a_click_changes_what_all_panels_show(make_window: Any, qtbot: QtBot) -> None:
    window = make_window("f41", **SMALL)
    compare, curves = window.panels["compare"], window.panels["curves"]
    qtbot.waitUntil(lambda: not compare.is_empty and len(curves.table) > 1, timeout=60_000)
    assert window.docks.docks["latent"].isHidden()
    assert "data" not in window._pull_fields()[0]
    qtbot.waitUntil(lambda: all(len(table) for table in compare.tables), timeout=20_000)
    window.session.toggle()
    qtbot.waitUntil(lambda: window.session.state == "paused", timeout=20_000)
    compare.tiles[1].name.click()
    qtbot.waitUntil(lambda: window._front == 1 and len(curves.table) == len(compare.tables[1]), timeout=20_000)
    ours, theirs = curves.table.column("objective_heldout"), compare.tables[1].column("objective_heldout")
    assert ours.tolist() == theirs.tolist()
    assert ours.tolist() != compare.tables[0].column("objective_heldout").tolist()
    window.changes.stack.undo()
    qtbot.waitUntil(lambda: window._front == 0 and len(curves.table) == len(compare.tables[0]), timeout=20_000)
    window.files.open(presets.find("ring"))
    qtbot.waitUntil(lambda: "data" in window._pull_fields()[0] and compare.is_empty, timeout=60_000)
    assert window.docks.docks["compare"].isHidden() and window.docks.docks["latent"].isVisible()


def test_scores_are_exported_from_the_window(make_window: Any, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window("f41", **SMALL)
    qtbot.waitUntil(lambda: not window.panels["compare"].is_empty, timeout=60_000)
    with qtbot.waitSignal(window.session.written, timeout=60_000):
        window.files.export_compare(tmp_path / "scores.csv")
    header, *rows = (tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert header.startswith("run,law,iteration,w1,w1_low,w1_high,")
    assert {row.split(",")[0] for row in rows} == {"KL", "reverse KL", "Jensen–Shannon", "Pearson", "data"}
    window.files.open(presets.find("ring"))
    qtbot.waitUntil(lambda: not window.session.preset.compare.runs, timeout=60_000)
    with qtbot.waitSignal(window.session.note, check_params_cb=lambda note: "no comparison" in note.text):
        window.files.export_compare(tmp_path / "none.csv")
