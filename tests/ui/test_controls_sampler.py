"""The sampler's controls: fourteen algorithms, their symbols, and a step size that the engine adapts."""

from __future__ import annotations

import dataclasses
import math
import time
from functools import partial
from operator import contains
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.engine.host import Options
from gebm_studio.samplers import SAMPLERS
from gebm_studio.schema import Sampler, TrainingPreset, settings_of
from gebm_studio.schema.sampling import ALGORITHMS
from gebm_studio.ui.controls.column import TrainingColumn
from gebm_studio.ui.controls.panel import ControlsPanel
from gebm_studio.ui.controls.sampler import conversions, rounded
from gebm_studio.ui.controls.simple import NumbersEditor
from gebm_studio.ui.session import Session
from tests.typed import training
from tests.ui import frames
from tests.ui.conftest import MakeWindow

HEADINGS = {"exact": "exact law", "biased": "biased law", "other": "another law"}


@pytest.fixture
def panel(qtbot: QtBot) -> Any:
    """Controls of a session whose engine never starts."""
    session = Session(presets.load("ring"), "thread", Options())
    made = ControlsPanel(session)
    qtbot.addWidget(made)
    made.resize(300, 800)
    made.show()
    yield made
    session.close()
    session.deleteLater()


def shown_rows(panel: ControlsPanel) -> set[str]:
    rows = panel.groups["sampler"].rows
    return {path.partition(".")[2] for path, row in rows.items() if row.isVisible()}


def test_the_list_names_each_algorithm_once_under_its_law() -> None:
    listed = {name: heading for heading, choices in ALGORITHMS for name, _ in choices}
    assert listed == {name: HEADINGS[sampler.LAW] for name, sampler in SAMPLERS.items()}
    assert sum(len(choices) for _, choices in ALGORITHMS) == len(SAMPLERS)


def test_headings_cannot_be_chosen_and_choices_say_what_they_are(panel: ControlsPanel) -> None:
    combo: Any = panel.row("sampler.name").editor
    combo = combo.combo
    items = [combo.model().item(place) for place in range(combo.count())]
    assert [item.text() for item in items if not item.isEnabled()] == list(HEADINGS.values())
    choices = [item for item in items if item.isEnabled()]
    assert {item.data(Qt.ItemDataRole.UserRole) for item in choices} == set(SAMPLERS)
    assert all(item.toolTip() for item in choices)
    assert combo.maxVisibleItems() == len(SAMPLERS) + 3


@pytest.mark.parametrize("name", SAMPLERS)
def test_each_algorithm_shows_what_acts_on_it(panel: ControlsPanel, name: str) -> None:
    """Exactly the settings that its class has, and of the general ones those that can act."""
    panel.row("sampler.name").editor.edited.emit(name)
    fields = {field.name for field in dataclasses.fields(SAMPLERS[name])}
    general = {"name", "temperature", "chains", "steps"}
    adapts = {"warmup"} if name == "tempering" else set()
    if hasattr(SAMPLERS[name], "TARGET_ACCEPTANCE"):
        adapts = {"warmup", "target_acceptance"}
    weighs = {"calibration"} if name in ("independence", "rejection", "importance") else set()
    assert shown_rows(panel) == fields | general | adapts | weighs
    rows = list(panel.groups["sampler"].rows)
    assert rows[:2] == ["sampler.name", "sampler.temperature"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ula", [0.4]), ("sphere", [0.4]), ("mala", [0.2]), ("tempering", [0.2]), ("random_walk", [math.sqrt(0.4)]),
        ("hmc", [2.0]), ("kinetic", [math.exp(-0.1), 0.01, 0.02]), ("ghmc", [math.exp(-0.1), 0.01, 0.02]),
        ("dgflow", [math.sqrt(0.004)]), ("zero_temperature", []), ("transport", []), ("independence", []),
        ("rejection", []), ("importance", []),
    ],
)  # fmt: skip
def test_steps_in_the_symbols_of_the_paper(panel: ControlsPanel, name: str, values: list[float]) -> None:
    sampler = Sampler(name=name, step_size=0.2, friction=0.5)
    assert [value for _, value in conversions(sampler, 0.2)] == pytest.approx(values)
    assert isinstance(panel.column, TrainingColumn)
    panel.column.conversions.show_sampler(sampler, 0.2)
    assert panel.column.conversions.isVisible() == bool(values)


@pytest.mark.parametrize(
    ("value", "text"), [(0.90484, "0.905"), (math.exp(-0.0004), "0.9996"), (1 - 1.23e-7, "0.99999988"), (1.0, "1")]
)
def test_a_share_just_below_one_is_not_rounded_to_it(value: float, text: str) -> None:
    assert rounded(value) == text


def test_overdamped_limits_agree_with_the_samplers() -> None:
    """At high friction a kinetic step advances as much overdamped time as the control says."""
    (_, share), (_, gamma), (_, limit) = conversions(Sampler(name="kinetic", friction=1e4), 0.1)
    assert share < 1e-9 and limit == pytest.approx(2 * gamma)
    assert SAMPLERS["kinetic"](step_size=0.1, friction=1e4).time_per_step() == pytest.approx(limit)


def test_a_step_size_that_adapts_is_shown_as_it_is(panel: ControlsPanel) -> None:
    row: Any = panel.row("sampler.step_size")
    part = frames.diagnostics_part(adapting=0.23456)
    panel._session.frame.emit(frames.frame(diagnostics=part))
    assert row.editor.line.text() == "0.235"
    assert "adapting" in row.label.text()
    panel.refresh()  # other settings change meanwhile
    assert row.editor.line.text() == "0.235"
    panel._session.frame.emit(frames.frame(diagnostics=frames.diagnostics_part()))
    assert row.editor.line.text() == "0.1"
    assert "adapting" not in row.label.text()


def test_the_adapted_step_size_comes_from_the_engine(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window("f03", sampler__name="mala", sampler__warmup=50, sampler__step_size=0.5)
    row: Any = window.controls.row("sampler.step_size")
    qtbot.waitUntil(lambda: training(window.session.preset).sampler.step_size != 0.5, timeout=15_000)
    adapted = training(window.session.preset).sampler.step_size
    assert 1e-4 < adapted < 0.5
    qtbot.waitUntil(lambda: row.editor.line.text() != "0.5" and "adapting" not in row.label.text(), timeout=5_000)
    assert float(row.editor.line.text()) == adapted


def test_a_dragged_slider_acts_on_the_running_chains_within_a_tenth_of_a_second(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    """Until a frame says that the engine uses the value; the best of some, so that a busy machine does not decide."""
    window = make_window("ring")
    qtbot.waitUntil(lambda: window.session.state == "running" and window.session.iteration > 5, timeout=30_000)
    used: list[float] = []
    window.session.frame.connect(
        lambda frame: used.append(frame.preset.sampler.friction) if frame.preset is not None else None
    )
    editor: Any = window.controls.row("sampler.friction").editor
    spent = []
    for position in (200, 350, 500, 650, 800):
        began = time.perf_counter()
        editor.slider.setValue(position)
        qtbot.waitUntil(partial(contains, used, editor.scale.value(position)), timeout=5_000)
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.1, spent


def test_the_decay_group_is_there_only_for_presets_that_wish_for_it(panel: ControlsPanel) -> None:
    assert not panel.groups["decay"].isVisible()
    panel._session.settings.preset = presets.changed(panel._session.preset, {"decay.dimensions": (1, 8)})
    panel.refresh()
    assert panel.groups["decay"].isVisible()
    editor: Any = panel.row("decay.dimensions").editor
    assert isinstance(editor, NumbersEditor)
    told: list[Any] = []
    editor.edited.connect(told.append)
    editor.line.setText("2, 16")
    editor._typed("2, 16")
    assert told == [(2, 16)] and all(type(entry) is int for entry in told[0])
    assert training(panel._session.settings.with_pending()).decay.dimensions == (2, 16)
    editor._typed("2.5")
    assert panel._session.apply_pending()[0].startswith("decay.dimensions")


def test_temperature_and_friction_have_logarithmic_sliders() -> None:
    found = {setting.path: setting for setting in settings_of(TrainingPreset(title="x").sampler, "sampler")}
    assert all(found[f"sampler.{name}"].scale == "log" for name in ("temperature", "friction", "step_size"))
