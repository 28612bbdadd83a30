"""Controls of labs and flows: their own column, widths down to zero, and lists of names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.engine.host import Options
from gebm_studio.schema import KINDS, DivergencesPreset, Preset
from gebm_studio.ui.controls.column import GROUPS, SettingsColumn
from gebm_studio.ui.controls.number import NumberEditor
from gebm_studio.ui.controls.panel import ControlsPanel
from gebm_studio.ui.controls.row import tooltip
from gebm_studio.ui.controls.simple import ChoicesEditor, NumbersEditor
from gebm_studio.ui.session import Session
from gebm_studio.ui.undo import UndoableChanges
from tests.typed import plain


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[ControlsPanel]:
    """Controls of a lab of two Gaussians, in a session whose engine never starts."""
    session = Session(plain("divergences"), "thread", Options())
    made = ControlsPanel(session)
    qtbot.addWidget(made)
    made.resize(300, 800)
    made.show()
    yield made
    session.close()
    session.deleteLater()


def lab(panel: ControlsPanel) -> DivergencesPreset:
    assert isinstance(panel._session.preset, DivergencesPreset)
    return panel._session.preset


def choices(panel: ControlsPanel, path: str) -> ChoicesEditor:
    editor = panel.row(path).editor
    assert isinstance(editor, ChoicesEditor)
    return editor


def ticked(editor: ChoicesEditor) -> set[str]:
    return {name for name, action in editor.actions_by_name.items() if action.isChecked()}


def open_preset(panel: ControlsPanel, preset: Preset) -> None:
    panel._session.settings.preset = preset
    panel.refresh()
    QApplication.processEvents()  # new rows appear with the next layout


def test_the_column_is_that_of_the_kind_that_is_open(panel: ControlsPanel) -> None:
    columns: dict[str, SettingsColumn] = {}
    for kind in (*KINDS, *KINDS):
        open_preset(panel, plain(kind))
        assert list(panel.groups) == list(GROUPS[kind]) and panel.column.kind == kind
        assert panel.scroller.widget() is panel.column
        assert panel.column.isVisible() and panel.row("seed").isVisible()
        assert columns.setdefault(kind, panel.column) is panel.column, "made once"
        hidden = [column for name, column in columns.items() if name != kind]
        assert not any(column.isVisible() for column in hidden)
    for path in ("sampler.friction", "p.width", "nothing.at.all"):
        with pytest.raises(KeyError):
            panel.row(path)


def test_the_groups_of_a_lab_are_there_where_their_panels_are(panel: ControlsPanel) -> None:
    groups = panel.groups
    assert groups["swept"].isVisible() and not groups["critic"].isVisible() and not groups["fit"].isVisible()
    changes = {"view.docks": ("bound", "tangent"), "fit.divergences": ("kl",)}
    open_preset(panel, presets.changed(lab(panel), changes))
    assert not groups["swept"].isVisible() and groups["critic"].isVisible() and groups["fit"].isVisible()


@pytest.mark.parametrize(("path", "most"), [("q.width", 4.0), ("p.width", 4.0), ("kernel.scale", 4.0)])
def test_what_may_be_zero_has_a_slider_down_to_zero(panel: ControlsPanel, path: str, most: float) -> None:
    editor = panel.row(path).editor
    assert isinstance(editor, NumberEditor) and editor.slider is not None
    editor.slider.setValue(editor.slider.maximum())
    assert presets.value_at(lab(panel), path) == most
    editor.slider.setValue(0)
    assert presets.value_at(lab(panel), path) == 0.0 and editor.line.text() == "0"
    editor.slider.setValue(editor.slider.maximum() // 4)
    assert presets.value_at(lab(panel), path) == most / 4
    assert panel._session.settings.pending == {}


def test_on_the_line_a_place_is_one_number_and_the_other_stays(panel: ControlsPanel) -> None:
    open_preset(panel, presets.changed(lab(panel), {"q.at": (1.0, 7.0)}))
    editor = panel.row("q.at").editor
    assert isinstance(editor, NumbersEditor) and editor.line.text() == "1"
    editor._typed("0.5")
    assert lab(panel).q.at == (0.5, 7.0) and editor.line.text() == "0.5"
    editor._typed("0.25, -2")
    assert lab(panel).q.at == (0.25, -2.0) and editor.line.text() == "0.25"
    open_preset(panel, presets.changed(lab(panel), {"space": "plane"}))
    assert editor.line.text() == "0.25, -2"


def test_points_are_typed_as_rows_where_there_are_none_yet(panel: ControlsPanel) -> None:
    open_preset(panel, presets.changed(lab(panel), {"space": "plane", "p": {"kind": "points"}}))
    row = panel.row("p.points")
    assert isinstance(row.editor, NumbersEditor)
    for text, points in (
        ("1, 2; 3, 4", ((1.0, 2.0), (3.0, 4.0))), ("", ()), ("1, 2;", ((1.0, 2.0),)), ("", ()),
    ):  # fmt: skip
        row.editor._typed(text)
        assert not row.problem.isVisible() and presets.value_at(lab(panel), "p.points") == points
    row.editor._typed("1, 2; 3")
    assert "every row must have the same" in row.problem.text()


def test_a_place_in_the_plane_is_typed_as_two_numbers(panel: ControlsPanel) -> None:
    open_preset(panel, presets.changed(lab(panel), {"space": "plane"}))
    row = panel.row("q.at")
    assert isinstance(row.editor, NumbersEditor)
    row.editor.line.setFocus()
    row.editor.line.selectAll()
    QTest.keyClicks(row.editor.line, "0.5, -2")
    QTest.keyClick(row.editor.line, Qt.Key.Key_Return)
    assert lab(panel).q.at == (0.5, -2.0)
    row.editor._typed("1")
    assert row.problem.isVisible() and lab(panel).q.at == (0.5, -2.0)


def test_names_are_chosen_in_order_and_act_at_once(panel: ControlsPanel) -> None:
    editor = choices(panel, "swept.curves")
    assert list(editor.actions_by_name) == list(editor.setting.choices)
    assert ticked(editor) == {"kl", "jensen_shannon", "w1", "mmd", "kale"}
    assert editor.button.text() == "kl and 4 more"
    editor.actions_by_name["w2"].trigger()
    assert lab(panel).swept.curves == ("kl", "jensen_shannon", "w1", "mmd", "kale", "w2")
    editor.actions_by_name["kl"].trigger()
    assert lab(panel).swept.curves == ("jensen_shannon", "w1", "mmd", "kale", "w2")
    assert editor.button.text() == "jensen shannon and 4 more"
    panel.row("swept.curves").restore_default()
    assert lab(panel).swept.curves == ("kl", "jensen_shannon", "w1", "mmd", "kale")
    assert ticked(editor) == set(lab(panel).swept.curves)


def test_the_last_name_stays_where_one_is_needed(panel: ControlsPanel) -> None:
    open_preset(panel, presets.changed(lab(panel), {"swept.curves": ("kl",)}))
    editor, row = choices(panel, "swept.curves"), panel.row("swept.curves")
    assert editor.button.text() == "kl"
    editor.actions_by_name["kl"].trigger()
    assert row.problem.isVisible() and "must have 1 entry or more" in row.problem.text()
    assert lab(panel).swept.curves == ("kl",) and ticked(editor) == {"kl"}


def test_why_something_was_refused_stands_while_the_run_sends_its_settings(panel: ControlsPanel) -> None:
    editor, row = choices(panel, "swept.curves"), panel.row("swept.curves")
    open_preset(panel, presets.changed(lab(panel), {"swept.curves": ("kl",)}))
    editor.actions_by_name["kl"].trigger()
    panel._session.change("q", "toy")
    panel.apply()
    for at in (0.1, 0.2):
        open_preset(panel, presets.changed(lab(panel), {"q.at": (at, 0.0)}))
        assert (
            row.problem.isVisible()
            and panel.bar.problem.isVisible()
            and "does not live on the line" in panel.bar.problem.text()
        )
    editor.actions_by_name["w1"].trigger()
    panel._session.discard_pending()
    assert not row.problem.isVisible() and not panel.bar.problem.isVisible()


def test_the_fields_of_a_kind_that_waits_are_changed_and_undone(panel: ControlsPanel) -> None:
    session = panel._session
    changes = UndoableChanges(session)
    for kind, path, old, new in (
        ("file", "q.path", "", "points.csv"), ("mixture", "q.stds", (0.5, 0.5), (0.2, 0.3)),
    ):  # fmt: skip
        assert changes.change("q", kind) == [] and session.settings.shown(path) == old
        assert changes.change(path, new) == [] and session.settings.shown(path) == new
        changes.stack.undo()
        assert session.settings.shown(path) == old
    assert session.settings.shown("p.width") == lab(panel).p.width  # type: ignore[union-attr]


def test_a_list_that_may_be_empty_says_so(panel: ControlsPanel) -> None:
    editor: Any = choices(panel, "view.bars")
    assert editor.button.text() == "none chosen" and not ticked(editor)
    editor.actions_by_name["kale"].trigger()
    assert lab(panel).view.bars == ("kale",) and editor.button.text() == "kale"
    editor.actions_by_name["kale"].trigger()
    assert lab(panel).view.bars == () and editor.button.text() == "none chosen"
    assert "some of kl, reverse_kl" in tooltip(editor.setting)


def test_what_a_rule_does_not_use_is_hidden(panel: ControlsPanel) -> None:
    open_preset(panel, plain("particles"))
    acting = {"mmd": {"scale", "noise", "noise_decay"}, "kale": {"scale", "regularisation", "noise", "noise_decay"},
              "langevin": set(), "sinkhorn": {"epsilon"}}  # fmt: skip
    always = {"name", "label", "step_size"}
    for rule, names in acting.items():
        open_preset(panel, presets.changed(plain("particles"), {"flow.name": rule}))
        rows = panel.groups["flow"].rows
        assert {path.partition(".")[2] for path, row in rows.items() if row.isVisible()} == names | always
