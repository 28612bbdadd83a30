"""Panels for tests: shown, filled, and looked at pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gebm_studio.schema import Preset
from gebm_studio.ui import theme
from gebm_studio.ui.panels import PANELS, Panel
from tests.ui import frames

MakePanel = Callable[..., Any]


@pytest.fixture
def make_panel(qtbot: QtBot, qapp: QApplication) -> Iterator[MakePanel]:
    """A shown panel with a run begun, of a training unless told otherwise; all are closed at the end."""
    panels: list[Panel] = []
    theme.apply(qapp, "light")

    def make(name: str, size: tuple[int, int] = (420, 340), preset: Preset | None = None, **view: Any) -> Panel:
        panel = PANELS[name]()
        panel.resize(*size)
        panel.setAutoFillBackground(True)
        panel.start_run(preset or frames.preset(**view))
        panel.show()
        qtbot.waitExposed(panel)
        panels.append(panel)
        return panel

    yield make
    theme.apply(qapp, "light")
    for panel in panels:
        panel.close()
        panel.deleteLater()


def picture(panel: QWidget) -> np.ndarray:
    """The panel's pixels, (h, w, 3)."""
    QApplication.processEvents()
    image = panel.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def has_colour(pixels: np.ndarray, colour: str, at_least: int = 5, tolerance: int = 6) -> bool:
    """Whether so many pixels have a colour."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(pixels.astype(int) - wanted) <= tolerance).all(axis=2).sum()) >= at_least


def redrawn(panel: Any) -> Any:
    """The panel with a throttled picture brought up to date."""
    if hasattr(panel, "throttle"):
        panel.throttle.now()
    QApplication.processEvents()
    return panel
