"""Controls made from the schema: every setting has one, nothing typed is lost, nothing moves by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QSlider, QWidget
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.engine.host import Options
from gebm_studio.schema import KINDS, Preset, Setting, TrainingPreset, settings_of, value_at
from gebm_studio.ui.controls.column import GROUPS, TrainingColumn
from gebm_studio.ui.controls.editor import number_text, parse_number
from gebm_studio.ui.controls.number import NumberEditor, SliderScale, slider_scale
from gebm_studio.ui.controls.optional import OptionalEditor
from gebm_studio.ui.controls.panel import ControlsPanel
from gebm_studio.ui.controls.row import Row, tooltip
from gebm_studio.ui.controls.simple import ChoiceEditor, ChoicesEditor, NumbersEditor, SwitchEditor
from gebm_studio.ui.run_settings import kinds_of
from gebm_studio.ui.session import Session
from tests.registry import section_classes
from tests.typed import plain, training

MakePanel = Callable[..., ControlsPanel]


@pytest.fixture
def make_panel(qtbot: QtBot) -> Iterator[MakePanel]:
    """Controls of a session whose engine never starts."""
    sessions = []

    def make(preset: str | Preset = "ring") -> ControlsPanel:
        opened = presets.load(preset) if isinstance(preset, str) else preset
        session = Session(opened, "thread", Options())
        sessions.append(session)
        panel = ControlsPanel(session)
        qtbot.addWidget(panel)
        panel.resize(300, 800)
        panel.show()
        return panel

    yield make
    for session in sessions:
        session.close()
        session.deleteLater()


def column_of(panel: ControlsPanel) -> TrainingColumn:
    assert isinstance(panel.column, TrainingColumn)
    return panel.column


def shown(panel: ControlsPanel, path: str) -> str:
    return str(line_of(panel.row(path)).text())


def line_of(row: Row) -> Any:
    editor: Any = getattr(row.editor, "inner", row.editor)
    return editor.line


def type_in(row: Row, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
    line = line_of(row)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, key)


def test_every_setting_of_every_shipped_preset_has_a_control(make_panel: MakePanel) -> None:
    panel = make_panel()
    entries, problems = presets.listing()
    assert not problems
    for entry in entries:
        panel._session.settings.preset = entry.preset
        panel.refresh()
        for name in GROUPS[entry.preset.kind]:
            for setting in settings_of(getattr(entry.preset, name), name):
                if setting.kind == "sections":  # the lanes of a race have their controls in its panel
                    continue
                row = panel.row(setting.path)
                assert row.toolTip()
                assert setting.label in row.label.text()
        assert "Seed" in panel.row("seed").label.text()


@pytest.mark.parametrize(
    ("kind", "group"),
    [(kind, group) for kind in KINDS for group in GROUPS[kind] if kinds_of(group, KINDS[kind])],
)
def test_every_kind_of_a_group_can_be_chosen_and_shown(make_panel: MakePanel, kind: str, group: str) -> None:
    panel = make_panel(plain(kind))
    for name, section in kinds_of(group, KINDS[kind]).items():
        combo = panel.row(group).editor
        assert isinstance(combo, ChoiceEditor)
        combo.edited.emit(name)
        assert set(panel.groups[group].rows) == {setting.path for setting in settings_of(section, group)}


def test_algorithm_temperature_step_and_friction_stand_first(make_panel: MakePanel) -> None:
    panel = make_panel()
    assert next(iter(panel.groups)) == "sampler"
    first = [path.partition(".")[2] for path in panel.groups["sampler"].rows][:4]
    assert first == ["name", "temperature", "step_size", "friction"]


def test_typed_value_acts_exactly(make_panel: MakePanel) -> None:
    panel = make_panel()
    type_in(panel.row("sampler.friction"), "0.123456789")
    assert training(panel._session.preset).sampler.friction == 0.123456789
    assert float(shown(panel, "sampler.friction")) == 0.123456789


@pytest.mark.parametrize("text", ["abc", "-1", "", "1e9", "nan"])
def test_bad_text_stays_with_the_reason_in_red(make_panel: MakePanel, text: str) -> None:
    panel = make_panel()
    row = panel.row("sampler.friction")
    if text:
        type_in(row, text)
    else:
        line_of(row).selectAll()
        QTest.keyClick(line_of(row), Qt.Key.Key_Delete)
        QTest.keyClick(line_of(row), Qt.Key.Key_Return)
    assert row.problem.isVisible()
    assert "Friction must be a number from 0.0001 to 10000, got" in row.problem.text()
    assert line_of(row).text() == text
    assert training(panel._session.preset).sampler.friction == 1.0
    panel.refresh()  # a frame comes: the text must not be lost
    assert line_of(row).text() == text
    assert row.problem.isVisible()
    QTest.keyClick(line_of(row), Qt.Key.Key_Escape)
    assert line_of(row).text() == "1"
    assert not row.problem.isVisible()


def test_double_click_on_the_name_brings_the_default_back(make_panel: MakePanel) -> None:
    panel = make_panel()
    row = panel.row("sampler.friction")
    type_in(row, "7")
    QTest.mouseDClick(row.label, Qt.MouseButton.LeftButton)
    assert training(panel._session.preset).sampler.friction == 1.0
    assert line_of(row).text() == "1"


def test_slider_and_line_agree_and_showing_changes_nothing(make_panel: MakePanel) -> None:
    panel = make_panel()
    editor = panel.row("sampler.friction").editor
    assert isinstance(editor, NumberEditor)
    assert editor.slider is not None
    editor.slider.setValue(editor.slider.maximum())
    assert training(panel._session.preset).sampler.friction == 100.0
    assert editor.line.text() == "100"
    said: list[Any] = []
    editor.edited.connect(said.append)
    editor.show_value(5000.0)
    assert said == []
    assert editor.slider.value() == editor.slider.maximum()
    assert editor.line.text() == "5000"


def test_a_dragged_slider_is_not_moved_by_frames(make_panel: MakePanel) -> None:
    panel = make_panel()
    editor = panel.row("sampler.friction").editor
    assert isinstance(editor, NumberEditor)
    assert editor.slider is not None
    editor.slider.setSliderDown(True)
    editor.slider.setSliderPosition(900)
    panel._session.settings.preset = presets.changed(panel._session.preset, {"sampler.friction": 0.5})
    panel.refresh()
    assert editor.slider.value() == 900
    editor.slider.setSliderDown(False)
    panel.refresh()
    assert editor.line.text() == "0.5"


def test_the_wheel_scrolls_and_changes_nothing_without_focus(make_panel: MakePanel) -> None:
    panel = make_panel()
    for widget in panel.findChildren(QWidget):
        if isinstance(widget, QSlider | QComboBox) and widget.isVisible() and widget.parent() is not None:
            before = widget.value() if isinstance(widget, QSlider) else widget.currentIndex()
            widget.clearFocus()
            wheel = QWheelEvent(
                QPointF(2, 2), QPointF(2, 2), QPoint(), QPoint(0, -240), Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(widget, wheel)
            after = widget.value() if isinstance(widget, QSlider) else widget.currentIndex()
            assert before == after, widget


def test_beta_is_the_inverse_temperature(make_panel: MakePanel) -> None:
    panel = make_panel()
    slider = column_of(panel).beta.editor.slider
    assert slider is not None
    assert (column_of(panel).beta.editor.scale.low, column_of(panel).beta.editor.scale.high) == (0.0, 2.0)  # type: ignore[union-attr]
    slider.setValue(slider.maximum())
    assert training(panel._session.preset).sampler.temperature == 0.5
    slider.setValue(0)
    assert training(panel._session.preset).sampler.temperature == math.inf
    assert shown(panel, "sampler.temperature") == "∞"
    assert column_of(panel).beta.editor.line.text() == "0"
    type_in(panel.row("sampler.temperature"), "4")
    assert column_of(panel).beta.editor.line.text() == "0.25"
    type_in(panel.row("sampler.temperature"), "inf")
    assert column_of(panel).beta.editor.line.text() == "0"


def test_settings_that_do_not_act_are_hidden(make_panel: MakePanel) -> None:
    panel = make_panel()
    assert panel.row("sampler.friction").isVisible()
    choice = panel.row("sampler.name").editor
    choice.edited.emit("ula")
    assert not panel.row("sampler.friction").isVisible()
    assert not panel.row("sampler.scheme").isVisible()
    assert "2δ" in column_of(panel).conversions._names[0].text()
    assert column_of(panel).conversions._values[0].text() == "0.2"
    choice.edited.emit("kinetic")
    assert panel.row("sampler.friction").isVisible()
    assert [value.text() for value in column_of(panel).conversions._values] == ["0.905", "0.0025", "0.005"]


def test_a_change_that_needs_a_restart_waits_and_can_be_discarded(make_panel: MakePanel) -> None:
    panel = make_panel()
    assert not panel.bar.isVisible()
    type_in(panel.row("training.batch"), "64")
    type_in(panel.row("seed"), "5")
    assert panel.bar.isVisible()
    assert "2 changes wait" in panel.bar.text.text()
    assert "•" in panel.row("training.batch").label.text()
    assert training(panel._session.preset).training.batch == 256
    assert shown(panel, "training.batch") == "64"
    panel.bar.discard_button.click()
    assert not panel.bar.isVisible()
    assert shown(panel, "training.batch") == "256"
    assert "•" not in panel.row("training.batch").label.text()


def test_changing_a_value_back_leaves_nothing_waiting(make_panel: MakePanel) -> None:
    panel = make_panel()
    type_in(panel.row("target.weights"), "1, 1, 1, 1, 1, 1, 1, 1")
    assert panel.bar.isVisible()
    type_in(panel.row("target.weights"), "8 1 4 2 6 1 3 2")
    assert not panel.bar.isVisible()


def test_changes_that_do_not_fit_together_say_so_and_stay(make_panel: MakePanel) -> None:
    panel = make_panel()
    type_in(panel.row("target.modes"), "5")
    panel.bar.apply_button.click()
    assert "5 components need 5 weights, got 8" in panel.bar.problem.text()
    assert shown(panel, "target.modes") == "5"
    type_in(panel.row("target.weights"), "1 2 3 4 5")
    panel.bar.apply_button.click()
    assert not panel.bar.isVisible()
    assert training(panel._session.preset).target.kind == "ring"
    assert value_at(panel._session.preset, "target.weights") == (1, 2, 3, 4, 5)


def test_another_kind_with_changed_fields_is_applied_as_one(make_panel: MakePanel) -> None:
    panel = make_panel()
    panel.row("target").editor.edited.emit("moons")
    type_in(panel.row("target.noise"), "0.2")
    panel.bar.apply_button.click()
    target = training(panel._session.preset).target
    assert target.kind == "moons"
    assert target.noise == 0.2


def test_optional_value_comes_and_goes(make_panel: MakePanel) -> None:
    panel = make_panel()
    editor = panel.row("energy.floor").editor
    assert isinstance(editor, OptionalEditor)
    assert not editor.inner.isEnabled()
    editor.box.click()
    assert editor.inner.isEnabled()
    assert panel._session.settings.pending == {"energy.floor": -10.0}
    type_in(panel.row("energy.floor"), "-3")
    assert panel._session.settings.pending == {"energy.floor": -3.0}
    editor.box.click()
    assert panel._session.settings.pending == {}


def test_switches_and_rows_of_numbers(make_panel: MakePanel) -> None:
    panel = make_panel()
    norm = panel.row("energy.spectral_norm").editor
    assert isinstance(norm, SwitchEditor)
    norm.box.click()
    assert panel._session.settings.pending == {"energy.spectral_norm": True}
    row = panel.row("target.weights")
    assert isinstance(row.editor, NumbersEditor)
    type_in(row, "1, two")
    assert "'two' is no number" in row.problem.text()
    type_in(row, "1; 2")
    assert "no semicolon" in row.problem.text()


def test_matrices_are_typed_row_by_row(make_panel: MakePanel) -> None:
    panel = make_panel()
    panel.row("base").editor.edited.emit("linear")
    assert shown(panel, "base.matrix") == "1, 0; 0, 1"
    type_in(panel.row("base.matrix"), "2, 0; 0, 0.5")
    assert panel._session.settings.pending["base.matrix"] == ((2.0, 0.0), (0.0, 0.5))


def test_groups_fold(make_panel: MakePanel) -> None:
    panel = make_panel()
    group = panel.groups["energy"]
    group.heading.click()
    assert not group.body.isVisible()
    group.heading.click()
    assert group.body.isVisible()


def test_tooltip_says_formula_range_and_when_it_acts() -> None:
    settings = {setting.path: setting for setting in settings_of(TrainingPreset(title="x").sampler, "sampler")}
    text = tooltip(settings["sampler.friction"])
    assert "e^{−κh}" in text
    assert "from 0.0001 to 10000" in text
    assert "Acts at once" in text
    schedule = {setting.path: setting for setting in settings_of(TrainingPreset(title="x").training, "training")}
    assert "Needs a restart" in tooltip(schedule["training.batch"])


@pytest.mark.parametrize("value", [1.0, 0.1, 1 / 3, 1e-7, 123456789.123, math.inf, -math.inf, 5, 0.30000000000000004])
def test_number_text_reads_back_exactly(value: float) -> None:
    setting = Setting("x", "X", "int" if isinstance(value, int) else "float", 0.0, "")
    assert parse_number(setting, number_text(value)) == value


def test_a_number_of_more_digits_than_one_types_is_shown_in_six_and_stays_what_it_is() -> None:
    editor = NumberEditor(Setting("x", "X", "float", 0.0, "", low=0.0, high=1.0))
    taken: list[object] = []
    editor.edited.connect(taken.append)
    editor.show_value(1 / 1.87)
    assert editor.line.text() == "0.534759"
    assert editor.line.toolTip() == number_text(1 / 1.87)
    editor.line.taken.emit(editor.line.text())
    assert taken == [1 / 1.87]
    editor.show_value(0.25)
    assert (editor.line.text(), editor.line.toolTip()) == ("0.25", "")


def numbers() -> list[Setting]:
    """Every number of every section of every kind of preset that can be dragged."""
    classes = {model: group for kind in KINDS for group, model in section_classes(kind) if group in GROUPS[kind]}
    settings = [setting for model, group in classes.items() for setting in settings_of(model, group)]
    return [setting for setting in settings if setting.kind in ("int", "float") and slider_scale(setting) is not None]


@pytest.mark.parametrize("setting", numbers(), ids=lambda setting: setting.path)
def test_slider_positions_stay_within_bounds_and_return(setting: Setting) -> None:
    scale = slider_scale(setting)
    assert isinstance(scale, SliderScale)
    for position in range(0, scale.steps + 1, max(1, scale.steps // 50)):
        value = scale.value(position)
        assert setting.low is None or value >= setting.low
        assert setting.high is None or value <= setting.high
        if not (scale.whole and scale.log):
            assert abs(scale.position(value) - position) <= max(1, scale.steps // 100)
        assert isinstance(value, int) == (setting.kind == "int")


@pytest.mark.parametrize("kind", KINDS)
def test_default_values_are_what_the_rows_show(make_panel: MakePanel, kind: str) -> None:
    panel = make_panel(plain(kind))
    preset = panel._session.preset
    for name in GROUPS[kind]:
        for path, row in panel.groups[name].rows.items():
            editor: Any = row.editor
            if isinstance(editor, NumberEditor):
                assert parse_number(row.setting, line_of(row).text()) == value_at(preset, path)
            elif isinstance(editor, SwitchEditor):
                assert editor.box.isChecked() == value_at(preset, path)
            elif isinstance(editor, ChoiceEditor):
                assert editor.combo.currentData() == value_at(preset, path)
            elif isinstance(editor, ChoicesEditor):
                assert {name for name, action in editor.actions_by_name.items() if action.isChecked()} == set(
                    value_at(preset, path)
                )


def test_no_check_box_takes_the_window_shortcuts(make_panel: MakePanel) -> None:
    panel = make_panel()
    for box in panel.findChildren(QCheckBox):
        assert box.focusPolicy() == Qt.FocusPolicy.StrongFocus
