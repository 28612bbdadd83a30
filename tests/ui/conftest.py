"""Windows for tests: each with its own settings folder, all closed at the end."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.schema import Preset

if TYPE_CHECKING:
    from gebm_studio.ui.window import StudioWindow


class MakeWindow(Protocol):
    """Opens a window on a preset; `sampler__friction=0.5` changes the setting at `sampler.friction`."""

    def __call__(self, preset: str | Preset = "ring", *, engine: str = "thread", **changes: Any) -> StudioWindow: ...


@pytest.fixture(scope="session", autouse=True)
def imports_set_aside() -> None:
    """Take what imports leave out of Python's lists: after each test all that is in them is searched for leaks."""
    for name in ("gebm_studio.ui.window", "gebm_studio.engine.loop"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


@pytest.fixture
def make_window(qtbot: QtBot, tmp_path: Path) -> Iterator[MakeWindow]:
    """A factory of shown windows; the leak checks of every test say what outlives them."""
    from gebm_studio.ui.window import StudioWindow

    windows: list[StudioWindow] = []

    def make(preset: str | Preset = "ring", *, engine: str = "thread", **changes: Any) -> StudioWindow:
        chosen = presets.load(preset) if isinstance(preset, str) else preset
        if changes:
            chosen = presets.changed(chosen, {path.replace("__", "."): value for path, value in changes.items()})
        window = StudioWindow(
            chosen,
            folder=str(tmp_path),
            engine=engine,
            device="cpu",
            settings_folder=tmp_path / f"settings{len(windows)}",
        )
        windows.append(window)
        window.show()
        qtbot.waitExposed(window)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    windows.clear()
