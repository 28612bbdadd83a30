"""The sweep panel: the table that fills, the published counts beside it, one score against the other."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from gebm_studio import presets
from gebm_studio.messages import Counts
from gebm_studio.ui import theme
from gebm_studio.ui.panels.sweep import clock, progress
from gebm_studio.ui.panels.sweep_counts import rows_of, tones
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn

__all__ = ["make_panel"]

THRESHOLDS = (10.0, 30.0, 50.0, 70.0, 90.0)


def shown(make_panel: MakePanel, part: Any, size: tuple[int, int] = (900, 340)) -> Any:
    panel = make_panel("sweep", size)
    panel.show_frame(frames.frame(sweep=part))
    return redrawn(panel)


def point(widget: QWidget, at: QPointF) -> None:
    """Move the pointer there."""
    place = widget.mapToGlobal(at)
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(QMouseEvent.Type.MouseMove, at, place, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def test_rows_count_the_networks_and_stand_beside_the_published_ones(make_panel: MakePanel) -> None:
    panel = shown(make_panel, frames.sweep_part())
    rows = panel.counts.rows
    assert [row.threshold for row in rows] == [60.0, *THRESHOLDS]
    assert rows[0].chosen and rows[0].published is None and rows[0].counts == Counts(1, 1, 1, 1)
    assert all(sum(row.counts) == 4 for row in rows)
    assert [row.published.min_score for row in rows[1:]] == [1, 3, 5, 7, 9]
    assert "of 200 networks" in panel.counts.toolTip() and "(source)" in panel.counts.toolTip()
    assert "n = 2000" in panel.counts.toolTip()
    assert "by GAN to the right" in panel.scatter.toolTip() and "n = 2000" in panel.scatter.toolTip()
    pixels = picture(panel.scatter)
    assert all(has_colour(pixels, tone, 8, 12) for tone in tones(theme.LIGHT))


def test_published_counts_stand_only_beside_as_many_thresholds() -> None:
    rows = rows_of(frames.sweep_part(), (20.0, 80.0), 50.0)
    assert [row.published for row in rows] == [None, None, None]


def test_the_threshold_is_moved_live(make_panel: MakePanel) -> None:
    panel = shown(make_panel, frames.sweep_part())
    told: list[tuple[str, object]] = []
    panel.setting_changed.connect(lambda path, value: told.append((path, value)))
    assert panel.scatter.classes == [0, 1, 2, 3]
    panel.slider.setValue(85)
    assert told == [("sweep.threshold", 85.0)]
    assert panel.counts.rows[0].counts == Counts(1, 0, 0, 3) and panel.scatter.classes == [3, 3, 0, 3]
    assert panel.chosen.text() == "success from 85"
    # The engine's answer moves the slider without telling it again.
    panel.update_settings(presets.changed(frames.preset(), {"sweep.threshold": 40.0}))
    redrawn(panel)
    assert panel.slider.value() == 40 and len(told) == 1
    assert panel.counts.rows[0].threshold == 40


def test_pointing_at_a_network_tells_its_architecture(make_panel: MakePanel) -> None:
    panel = shown(make_panel, frames.sweep_part())
    assert panel.readout.text.startswith("As many draws of the data score 96. Score: 100 Σ min(w, q)")
    point(panel.scatter, panel.scatter.spot(1))
    assert panel.readout.text.startswith("2: base 1×16 relu")
    assert "GAN diverged" in panel.readout.text and "WGAN-GP 80.0 (88 % of the modes" in panel.readout.text
    point(panel.scatter, QPointF(1, 1))
    assert panel.readout.text.startswith("As many draws")


def test_progress_says_what_is_done_and_what_is_left(make_panel: MakePanel) -> None:
    part = frames.sweep_part()
    assert progress(part) == "9 of 10 trainings · network 5 of 5, WGAN-GP (30 %) · 2:05 min so far · about 1:01 h left"
    panel = shown(make_panel, part)
    assert panel.progress.text() == progress(part)
    assert progress(replace(part, rest=math.nan)).endswith("so far")
    assert progress(replace(part, done=10, going="")) == "10 of 10 trainings: complete"
    assert (clock(59.6), clock(3600.0)) == ("1:00 min", "1:00 h")


def test_settings_by_methods_with_intervals_and_the_worst(make_panel: MakePanel) -> None:
    panel = shown(make_panel, frames.settings_part())
    assert panel.pages.currentWidget() is panel.grid
    # F is not whole yet and counts for nobody.
    assert panel.grid.worst == ["12", "40"]
    point(panel.grid, QPointF(panel.grid.width() - 8, 60))
    assert panel.readout.text.startswith("A: rate 0.0001 · SN-GAN: 40.0 (50 % of the modes")
    assert panel.readout.text.count(";") == 1
    assert has_colour(picture(panel), theme.LIGHT.accent, 10, 30)


@pytest.mark.parametrize("size", [(900, 340), (420, 340), (300, 520)])
def test_every_size_has_room_for_table_and_picture(make_panel: MakePanel, size: tuple[int, int]) -> None:
    panel = shown(make_panel, frames.sweep_part(), size)
    for widget in (panel.counts, panel.scatter):
        assert widget.isVisible() and widget.width() >= 100 and widget.height() >= 100
        assert panel.rect().contains(widget.mapTo(panel, widget.rect().topLeft()))
        assert panel.rect().contains(widget.mapTo(panel, widget.rect().bottomRight()))


def test_a_new_run_forgets_the_table(make_panel: MakePanel) -> None:
    panel = shown(make_panel, frames.sweep_part())
    panel.start_run(frames.preset())
    assert panel.is_empty and panel.progress.text() == "" and panel.readout.text == ""
    assert not panel.export_button.isEnabled()
    panel.update_settings(presets.changed(frames.preset(), {"sweep.study": "optimisers"}))
    assert panel.export_button.isEnabled()


def test_dark_is_as_readable(make_panel: MakePanel, qapp: QApplication) -> None:
    panel = shown(make_panel, frames.sweep_part())
    theme.apply(qapp, "dark")
    pixels = picture(redrawn(panel))
    assert has_colour(pixels, theme.DARK.text, 30, 40) and not has_colour(pixels, theme.LIGHT.plot, 200, 2)
    assert np.ptp(pixels) > 150
