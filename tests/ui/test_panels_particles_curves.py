"""The panel of curves along particle flows: rows that come bit by bit, the choice of measure, gaps and notes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio.messages import FlowCurvesPart, frozen
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import RUN_COLOURS
from gebm_studio.ui.panels.flow_curve_view import coinciding, log_numbers
from gebm_studio.ui.render import SUFFIXES, export_panel
from tests.ui.flow_frames import LABELS, flow_curves_part, flow_preset, without
from tests.ui.frames import frame
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]


def shown(make_panel: MakePanel, part: FlowCurvesPart | None = None, flows: int = 2, **changes: Any) -> Any:
    panel = make_panel("flow_curves", (620, 260), flow_preset(flows, **changes))
    return put(panel, part or flow_curves_part(flows))


def put(panel: Any, part: FlowCurvesPart) -> Any:
    panel.show_frame(frame(flow_curves=part))
    panel.throttle.now()
    QApplication.processEvents()
    return panel


def test_each_flow_has_its_line_and_its_newest_value(make_panel: MakePanel) -> None:
    panel = shown(make_panel, flows=4)
    assert [entry.text() for entry in panel.entries] == list(LABELS)
    assert [entry.value for entry in panel.entries] == ["0.00606", "0.110", "0.289", "0.469"]
    assert all("MMD² of 240 particles" in entry.toolTip() for entry in panel.entries)
    pixels = picture(panel.view)
    assert all(has_colour(pixels, colour) for colour in RUN_COLOURS)
    assert "measured up to step 580" in panel.readout.text and "240 particles" in panel.readout.text
    assert [entry.isVisible() for entry in shown(make_panel).entries] == [True, True, False, False]


def test_rows_come_bit_by_bit_and_begin_again(make_panel: MakePanel) -> None:
    panel = make_panel("flow_curves", (620, 260), flow_preset())
    assert panel.is_empty and panel.pull_fields() == {"flow_since": 0}
    put(panel, flow_curves_part(rows=10))
    assert panel.pull_fields() == {"flow_since": 10}
    put(panel, flow_curves_part(rows=14, since=10))
    assert panel.pull_fields() == {"flow_since": 14}
    assert panel.table.column("iteration").tolist() == [20.0 * row for row in range(14)]
    put(panel, flow_curves_part(rows=30, since=20))  # rows between are missing: refused, and asked for again
    assert panel.pull_fields() == {"flow_since": 14}
    put(panel, flow_curves_part(rows=2))  # since 0: the flows have begun again
    assert panel.pull_fields() == {"flow_since": 2}
    put(panel, flow_curves_part(rows=0))
    assert panel.pull_fields() == {"flow_since": 0} and panel.is_empty
    put(panel, flow_curves_part(rows=1))
    assert not panel.is_empty
    panel.start_run(flow_preset())
    assert panel.is_empty and panel.pull_fields() == {"flow_since": 0}


def test_the_measure_is_a_setting(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel, view__curve="w2")
    assert panel.measure == "w2" and panel.entries[0].value == "0.00908"
    with qtbot.waitSignal(panel.setting_changed) as caught:
        panel._measure.pick("kl")
    assert caught.args == ["view.curve", "kl"] and panel.entries[0].value == "0.0121"
    panel.update_settings(flow_preset(view__curve="kale"))
    assert panel.measure == "kale" and panel.entries[0].value == "0.00303"


def test_only_what_is_measured_is_offered(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    visible = {str(action.data()) for action in panel._measure._group.actions() if action.isVisible()}
    assert visible == {"kale", "mmd", "w2", "kl"}
    panel.update_settings(flow_preset(view__curve="apart"))
    assert panel.is_empty and "W₂ to Langevin has not been measured" in panel._note.text()
    put(panel, flow_curves_part(measures=("kale", "mmd", "w2", "kl", "apart")))
    assert not panel.is_empty


def test_the_logarithm_leaves_out_what_is_not_positive_and_says_so(make_panel: MakePanel) -> None:
    part = without(flow_curves_part(), "mmd", slice(5, 8), -0.1)
    panel = shown(make_panel, part)
    assert "3 values ≤ 0 left out" in panel.readout.text
    x, y = panel.view.lines[0].getData()
    assert len(x) == 27 and y[0] == pytest.approx(math.log10(part.rows[0, 2]))
    panel._log.click()
    x, y = panel.view.lines[0].getData()
    assert len(x) == 30 and y.min() == pytest.approx(-0.1) and "left out" not in panel.readout.text
    assert panel.view.extent[2] <= -0.1


def test_what_could_not_be_measured_leaves_a_gap(make_panel: MakePanel) -> None:
    panel = shown(make_panel, without(flow_curves_part(), "mmd", slice(10, 12)))
    line = panel.view.lines[0]
    assert len(line.getData()[0]) == 28
    assert np.flatnonzero(~line.opts["connect"]).tolist() == [9]
    panel = put(panel, without(flow_curves_part(), "mmd", slice(0, 30)))
    assert panel.entries[0].value == "—" and panel.entries[1].value == "0.110" and not panel.is_empty


def test_a_curve_on_another_is_broken_so_that_both_are_seen(make_panel: MakePanel) -> None:
    part = flow_curves_part(3)
    rows = part.rows.copy()
    rows[:, 9:13] = rows[:, 1:5] * 1.001
    panel = shown(make_panel, FlowCurvesPart(0, part.labels, part.measures, frozen(rows), part.notes), flows=3)
    assert panel.view.dashed == [False, False, True]
    pixels = picture(panel.view)
    assert all(has_colour(pixels, colour, 40) for colour in RUN_COLOURS[:3])


@pytest.mark.parametrize(
    ("second", "expected"),
    [([1, 2, 3, 4], True), ([1, 2, 3.5, 4], False), ([1, 2, math.nan, 4], True), ([math.nan] * 3 + [4], False)],
)
def test_curves_coincide_where_nearly_all_their_rows_do(second: list[float], expected: bool) -> None:
    assert coinciding([np.array([1.0, 2, 3, 4]), np.array(second, dtype=float)], 0.1) == [False, expected]


def test_one_row_alone_is_seen(make_panel: MakePanel) -> None:
    panel = shown(make_panel, flow_curves_part(rows=1))
    assert has_colour(picture(panel.view), RUN_COLOURS[1])  # which lies over the first: both began at one place


def test_thousands_of_rows_are_thinned_and_keep_their_gap(make_panel: MakePanel) -> None:
    panel = shown(make_panel, without(flow_curves_part(rows=9000), "mmd", slice(4000, 4100), flow=1))
    x, _ = panel.view.lines[1].getData()
    joined = panel.view.lines[1].opts["connect"]
    assert len(x) < 2500 and (gap := np.flatnonzero(~joined)).size == 1
    assert x[gap[0]] <= 4000 * 20 and x[gap[0] + 1] >= 4100 * 20


def test_the_pointer_reads_all_flows_at_one_step(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.view.pointed.emit((107.0, 0.0))
    assert panel.readout.text == "step 100 · MMD² · KALE flow 0.736 · MMD flow 1.21"
    panel.view.pointed.emit(None)
    assert "measured up to" in panel.readout.text


def test_a_line_marks_the_step_that_is_looked_at(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.mark_step(240.0)
    ((line, _),) = panel.view.mark.bands
    assert line[:, [0, 2]].tolist() == [[240.0, 240.0]]
    panel.mark_step(None)
    assert not len(panel.view.mark.bands[0][0])


@pytest.mark.parametrize(("low", "high"), [(-3.0, 0.0), (0.1, 0.2), (-1.02, -1.0), (-299.0, 300.0), (0.0, 1.0)])
def test_a_logarithmic_axis_has_some_numbers_at_any_zoom(low: float, high: float) -> None:
    (ticks,) = log_numbers(low, high)
    inside = [(place, text) for place, text in ticks if low <= place <= high]
    assert 3 <= len(inside) <= 12
    assert all(math.isclose(10**place, float(text), rel_tol=1e-5) for place, text in inside)


def test_zooming_far_out_does_no_harm(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.view.go_to((0.0, 100.0, -5000.0, 5000.0))
    assert has_colour(picture(panel), theme.LIGHT.plot)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_it_takes_the_colours_of_the_theme(make_panel: MakePanel, qapp: QApplication, name: Any) -> None:
    panel = shown(make_panel)
    look = theme.apply(qapp, name)
    pixels = picture(panel)
    assert has_colour(pixels, look.plot, 5000) and has_colour(pixels, RUN_COLOURS[1])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_curves_are_exported(make_panel: MakePanel, tmp_path: Path, suffix: str) -> None:
    export_panel(shown(make_panel), tmp_path / f"curves{suffix}")
    assert (tmp_path / f"curves{suffix}").stat().st_size > 2000
