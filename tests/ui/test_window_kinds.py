"""A window that goes from one kind of preset to another, with real engines."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.messages import SetValue
from gebm_studio.schema import DivergencesPreset
from gebm_studio.ui.controls.column import GROUPS
from gebm_studio.ui.window import StudioWindow
from tests.typed import plain, training
from tests.ui.conftest import MakeWindow

SMALL: dict[str, Any] = {
    "base__hidden": 16, "base__depth": 1, "energy__hidden": 16, "energy__depth": 1, "training__batch": 32,
    "sampler__chains": 16,
}  # fmt: skip
OF_A_TRAINING = ("data", "latent", "curves", "diagnostics")


def opened(window: StudioWindow, kind: str, qtbot: QtBot) -> StudioWindow:
    """The window once a run of the kind has shown its first frame."""
    qtbot.waitUntil(lambda: window.session.preset.kind == kind and window.session.state != "starting", timeout=60_000)
    qtbot.waitUntil(lambda: window.controls.column.kind == kind, timeout=2000)
    return window


def of_a_training(window: StudioWindow) -> list[bool]:
    """Whether each dock of a training has its place."""
    return [not window.docks.docks[name].isHidden() for name in OF_A_TRAINING]


@pytest.mark.parametrize("kind", ["divergences", "particles"])
def test_another_kind_hides_the_docks_of_a_training_and_a_training_brings_them_back(
    make_window: MakeWindow, qtbot: QtBot, kind: str
) -> None:
    window = opened(make_window(**SMALL), "training", qtbot)
    ring = training(window.session.preset)
    assert of_a_training(window) == [True] * 4
    window.session.load(plain(kind))
    opened(window, kind, qtbot)
    assert of_a_training(window) == [False] * 4
    assert list(window.controls.groups) == list(GROUPS[kind])
    assert {panel.kind for panel in window._speaking()} <= {kind}
    needs, _ = window._pull_fields()
    assert needs.isdisjoint(OF_A_TRAINING), "nothing of a training is asked for"
    window.session.load(ring)
    opened(window, "training", qtbot)
    assert of_a_training(window) == [True] * 4
    assert list(window.controls.groups) == list(GROUPS["training"])
    qtbot.waitUntil(lambda: not window.panels["data"].is_empty, timeout=10_000)


@pytest.mark.parametrize("kind", ["divergences", "particles"])
def test_a_window_opens_on_a_lab_or_flows(make_window: MakeWindow, qtbot: QtBot, kind: str) -> None:
    preset = plain(kind)
    window = opened(make_window(preset), kind, qtbot)
    assert window.session.state in ("running", "paused") and not window.session.refused
    assert window.windowTitle().startswith(preset.title)


def test_a_setting_of_a_lab_acts_at_once_and_can_be_undone(make_window: MakeWindow, qtbot: QtBot) -> None:
    still = presets.changed(plain("divergences"), {"swept.period": 0.0})
    window = opened(make_window(still), "divergences", qtbot)

    def in_force() -> tuple[tuple[float, float], float]:
        preset = window.session.settings._engine_preset
        assert isinstance(preset, DivergencesPreset) and preset.q.kind == "gaussian"
        return preset.q.at, preset.q.width

    assert window.changes.change("q.at", (2.0, -1.0)) == []
    assert window.changes.change("q.width", 0.0) == []
    qtbot.waitUntil(lambda: in_force() == ((2.0, -1.0), 0.0), timeout=10_000)
    assert window.session.settings.pending == {}
    window.changes.stack.undo()
    window.changes.stack.undo()
    qtbot.waitUntil(lambda: in_force() == ((1.0, 0.0), 1.0), timeout=10_000)
    assert window.changes.change("q.width", -1.0) == ["q.width: must lie from 0 to 100, got -1.0"]


def test_what_only_a_training_has_is_refused_by_a_lab(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = opened(make_window(plain("divergences")), "divergences", qtbot)
    window.session.send(SetValue("sampler.friction", 2.0))
    qtbot.waitUntil(lambda: any("sampler.friction" in text for text in window.log.texts()), timeout=10_000)
    assert window.session.state != "stopped"
