"""Curves: the table, what is drawn of it, and the bound against c."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.messages import CurvesPart, frozen
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bound import bound_at, gap_at
from gebm_studio.ui.panels.curve_sets import CHOICES, SETS
from gebm_studio.ui.panels.table import CurveTable, nice_range, thinned
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn

__all__ = ["make_panel"]


def part(since: int, *rows: tuple[float, ...], columns: tuple[str, ...] = ("iteration", "a")) -> CurvesPart:
    table = np.array(rows, dtype=float).reshape(-1, len(columns))
    return CurvesPart(since, columns, frozen(table), (("a", "n = 5"),))


def test_rows_are_added_once_and_none_is_lost() -> None:
    table = CurveTable()
    assert table.add(part(0, (0, 1), (10, 2)))
    assert table.add(part(2, (20, 3)))
    assert not table.add(part(9, (90, 9))), "a gap is refused"
    assert not table.add(part(3))
    assert len(table) == 3
    assert table.column("a").tolist() == [1, 2, 3]
    assert table.notes == {"a": "n = 5"}
    assert table.add(part(1, (10, 7))), "a restored run goes back"
    assert table.column("a").tolist() == [1, 7]
    assert table.column("none").tolist() == []


def test_a_table_grows_without_losing_rows() -> None:
    table = CurveTable()
    for start in range(0, 3000, 7):
        table.add(part(start, *((float(i), float(i) ** 2) for i in range(start, min(start + 7, 3000)))))
    assert len(table) == 3000
    assert table.column("a").tolist() == [float(i) ** 2 for i in range(3000)]


def test_new_columns_begin_a_new_table() -> None:
    table = CurveTable()
    table.add(part(0, (0, 1)))
    assert not table.add(part(1, (10, 2, 3), columns=("iteration", "a", "b")))
    assert table.add(part(0, (0, 2, 3), columns=("iteration", "a", "b")))
    assert table.last("b") == 3


def test_the_last_measured_value_may_lie_far_back() -> None:
    table = CurveTable()
    rows = [(float(i), 5.0 if i == 3 else math.nan) for i in range(2000)]
    table.add(part(0, *rows))
    assert table.last("a") == 5
    x, y = table.measured("a")
    assert (x.tolist(), y.tolist()) == ([3.0], [5.0])


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 3000), st.integers(2, 400), st.integers(0, 2**32 - 1))
def test_thinning_keeps_ends_order_and_spikes(count: int, pixels: int, seed: int) -> None:
    y = np.random.default_rng(seed).standard_cauchy(count)
    x = np.arange(count, dtype=float)
    kept_x, kept_y = thinned(x, y, pixels)
    assert len(kept_y) <= 2 * pixels + 1
    assert (np.diff(kept_x) >= 0).all()
    assert kept_x[-1] >= x[-1] - max(1, count // pixels) * 2
    assert (y[kept_x.astype(int)] == kept_y).all()
    whole = count if len(kept_y) == count else count // max(2, pixels) * max(2, pixels)
    assert kept_y.max() >= y[:whole].max() and kept_y.min() <= y[:whole].min()


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ranges_are_round_and_hold_the_values(low: float, span: float) -> None:
    bottom, top = nice_range(low, low + span)
    slack = 1e-6 * max(abs(low), span, 1e-6)
    assert bottom <= low + slack and low + span <= top + slack
    assert top - bottom <= 2.5 * span + slack


def test_a_range_of_one_value_has_room() -> None:
    assert nice_range(2.0, 2.0) == pytest.approx((1.8, 2.2))
    assert nice_range(0.0, 0.0)[1] > 0


def test_single_values_far_apart_are_all_in_the_picture(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="w1")
    whole = frames.curves_part(1)
    values = {"w1_gebm": 0.5, "w1_base": 0.52, "w1_floor": 0.08}
    row = tuple(values.get(name, value) for name, value in zip(whole.columns, whole.rows[0], strict=True))
    panel.show_frame(frames.frame(curves=frames.changed(whole, rows=frames.floats(np.array([row])))))
    redrawn(panel)
    bottom, top = panel.current_view().extent[2:]
    assert bottom <= 0.08 and top >= 0.52


@pytest.mark.parametrize("name", list(SETS))
def test_every_set_draws_its_columns(make_panel: MakePanel, name: str) -> None:
    panel = make_panel("curves", curves=name)
    panel.show_frame(frames.frame(curves=frames.curves_part(200)))
    redrawn(panel)
    view = panel.current_view()
    assert view is panel.plots[name]
    for curve in SETS[name][1]:
        if curve.column not in frames.COLUMNS:
            assert view._entries[curve.column].isHidden()
            continue
        x, y = view._lines[curve.column].getData()
        rows = frames.curve_rows(200)
        column = rows[:, frames.COLUMNS.index(curve.column)]
        measured = np.isfinite(column)
        assert np.allclose(x, rows[measured, 0]) and np.allclose(y, column[measured])
        entry = view._entries[curve.column]
        assert entry.isVisible()
        assert float(entry.value.replace("−", "-")) == pytest.approx(column[measured][-1], rel=0.01)
        assert curve.formula in entry.toolTip()
    *_, on_top = (curve for curve in SETS[name][1] if curve.column in frames.COLUMNS)
    assert has_colour(picture(panel), getattr(theme.LIGHT, on_top.role), 40)


def test_the_gap_between_likelihood_and_kl_is_filled_and_told(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="likelihood")
    panel.show_frame(frames.frame(curves=frames.curves_part(200)))
    redrawn(panel)
    view = panel.current_view()
    rows = {
        name: frames.curve_rows(200)[:, frames.COLUMNS.index(name)] for name in ("kl_base", "kl_gebm", "likelihood")
    }
    _, outline = view.gap.getData()
    known = np.isfinite(rows["likelihood"])
    assert np.allclose(outline, np.concatenate([rows["kl_base"][known], rows["likelihood"][known][::-1]]))
    gap = next(entry for entry, wanted in view.entries_wanted() if wanted and entry.text() == "gap")
    assert float(gap.value) == pytest.approx(rows["kl_gebm"][known][-1], rel=0.01)
    nothing = np.where(np.array(frames.COLUMNS) == "likelihood", np.nan, frames.curve_rows(50))
    panel.clear()
    panel.show_frame(frames.frame(curves=frames.curves_part(50, rows=nothing)))
    redrawn(panel)
    assert "gap" not in [entry.text() for entry, wanted in view.entries_wanted() if wanted]


def test_log_2_is_drawn_only_for_objectives_that_estimate_the_jensen_shannon_divergence(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="objective")
    panel.show_frame(frames.frame(curves=frames.curves_part(50)))
    view = redrawn(panel).current_view()
    assert not view.level.bands
    preset = frames.preset(curves="objective")
    panel.update_settings(preset.model_copy(update={"objective": preset.objective.model_copy(update={"name": "gan"})}))
    panel.redraw()
    ((line, _),) = view.level.bands
    assert line[0, 1] == line[0, 3] == pytest.approx(math.log(2))
    assert "log 2" in [entry.text() for entry, wanted in view.entries_wanted() if wanted]
    assert view.extent[3] > math.log(2)


def test_a_note_says_how_a_column_was_measured(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="w1")
    panel.show_frame(frames.frame(curves=frames.curves_part(50)))
    assert "exact assignment, n = 512" in redrawn(panel).current_view()._entries["w1_gebm"].toolTip()


def test_infinity_is_said_and_never_drawn(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="kale")
    rows = frames.curve_rows(100)
    rows[::10, frames.COLUMNS.index("kl_base")] = np.inf
    notes = (("kl_base", "the base has no density on the plane"),)
    panel.show_frame(frames.frame(curves=frames.curves_part(rows=rows, notes=notes)))
    view = redrawn(panel).current_view()
    entry = view._entries["kl_base"]
    assert (entry.text(), entry.value) == ("KL(P‖G)", "= ∞")
    assert "no density on the plane" in entry.toolTip()
    assert not len(view._lines["kl_base"].getData()[0])
    assert np.isfinite(view.extent).all() and view.extent[3] < 5


def test_missing_columns_are_simply_not_there(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="kale")
    keep = [frames.COLUMNS.index(name) for name in ("iteration", "kale_train")]
    rows = frozen(frames.curve_rows(40)[:, keep])
    panel.show_frame(frames.frame(curves=CurvesPart(0, ("iteration", "kale_train"), rows, ())))
    view = redrawn(panel).current_view()
    assert [c for c, e in view._entries.items() if e.isVisible()] == ["kale_train"]


def test_a_spike_at_the_start_does_not_flatten_the_rest(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="kale")
    rows = frames.curve_rows(400)
    rows[0, frames.COLUMNS.index("kale_train")] = -1e6
    panel.show_frame(frames.frame(curves=frames.curves_part(rows=rows)))
    bottom, top = redrawn(panel).current_view().extent[2:]
    assert -1 < bottom < top < 3


def test_the_start_leaves_the_picture_only_where_it_flattens_the_rest(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="kale")
    rows = frames.curve_rows(300)
    panel.show_frame(frames.frame(curves=frames.curves_part(rows=rows)))
    assert redrawn(panel).current_view().extent[3] >= 1.2, "a slow fall is shown whole"
    place = frames.COLUMNS.index("kale_heldout")
    rows[:60, place] += np.linspace(40, 10, 60)
    panel.start_run(frames.preset(curves="kale"))
    panel.show_frame(frames.frame(curves=frames.curves_part(rows=rows)))
    assert redrawn(panel).current_view().extent[3] < 3


def test_published_likelihoods_are_ghosts_with_their_certainty(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="nll")
    ours = frames.preset(curves="nll")
    table = {"kind": "table", "name": "redwine"}
    panel.update_settings(presets.changed(ours, {"target": table}))
    panel.show_frame(frames.frame(curves=frames.curves_part(100)))
    view = redrawn(panel).current_view()
    ghosts = next(entry for entry, _ in view.entries_wanted() if entry.text() == "published")
    assert ghosts.isVisible()
    assert "NVP, contrastive divergence: 11.88 (unverified)" in ghosts.toolTip()
    assert "KALE: 12.1 (repository)" in ghosts.toolTip()
    assert view.extent[2] <= 11.19 and view.extent[3] >= 12.1
    panel.update_settings(ours)
    panel.redraw()
    assert not ghosts.isVisible()


def test_the_band_is_one_standard_error_wide(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="log_partition")
    panel.show_frame(frames.frame(curves=frames.curves_part(100)))
    x, y = redrawn(panel).current_view()._bands["log_z"].getData()
    half = len(x) // 2
    assert np.allclose(y[:half] - y[half:][::-1], 0.08)


def test_hovering_reads_the_nearest_row(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="w1")
    panel.show_frame(frames.frame(curves=frames.curves_part(100)))
    redrawn(panel)
    panel._point((503.0, 0.0))
    rows = frames.curve_rows(100)
    assert "iteration 500" in panel.readout.text
    assert f"GEBM, W₁ {rows[50, frames.COLUMNS.index('w1_gebm')]:.3f}" in panel.readout.text
    panel._point(None)
    assert "iteration 990" in panel.readout.text


def test_the_bound_is_highest_at_log_z_and_the_gap_is_exact() -> None:
    mean, log_z = 0.7, -1.2
    for c in (-4.0, -1.2, 0.0, 2.5):
        gap = bound_at(log_z, mean, log_z) - bound_at(c, mean, log_z)
        assert gap == pytest.approx(gap_at(c, log_z)) and gap >= 0
    assert bound_at(log_z, mean, log_z) == pytest.approx(-mean - log_z)
    assert math.isfinite(gap_at(-1e5, 0.0))


def test_the_bound_panel_shows_c_on_the_curve(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="bound")
    panel.show_frame(frames.frame(curves=frames.curves_part(60)))
    view = redrawn(panel).current_view()
    rows = frames.curve_rows(60)
    c, log_z, mean = (rows[-1, frames.COLUMNS.index(n)] for n in ("log_partition", "log_z", "energy_data"))
    assert np.allclose(view.learned.points, [[c, bound_at(c, mean, log_z)]])
    x, y = view.curve.getData()
    assert np.isclose(x[np.argmax(y)], log_z, atol=(x[1] - x[0]))
    left, right, _, _ = view.extent
    assert left < c < right and left < log_z < right
    assert float(view._entries[3].value) == pytest.approx(gap_at(c, log_z), rel=0.01)
    assert has_colour(picture(panel), theme.LIGHT.second, 10)


def test_choosing_a_set_is_told_and_all_can_be_chosen(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel("curves")
    panel.show_frame(frames.frame(curves=frames.curves_part(30)))
    for value, _ in CHOICES:
        with qtbot.waitSignal(panel.setting_changed) as told:
            panel._set.pick(value)
        assert told.args == ["view.curves", value]
        assert panel.current_view().isVisible()
        assert sum(entry.isVisible() for entry, _ in panel.current_view().entries_wanted()) > 0


def test_the_picture_is_redrawn_a_few_times_a_second_and_ends_up_to_date(
    make_panel: MakePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = make_panel("curves", curves="kale")
    rows = frames.curve_rows(60)
    drawn: list[int] = []

    def redraw() -> None:
        drawn.append(len(panel.table))
        panel.redraw()

    monkeypatch.setattr(panel.throttle, "_function", redraw)
    panel.throttle.now()
    for end in range(1, 61):
        panel.show_frame(frames.frame(curves=frames.curves_part(rows=rows[:end], since=end - 1)))
    assert len(drawn) <= 3
    qtbot.waitUntil(lambda: drawn[-1] == 60, timeout=2000)
    assert panel.row_count == 60


def test_a_set_that_was_never_measured_says_so(make_panel: MakePanel) -> None:
    panel = make_panel("curves", curves="w1")
    rows = frozen(np.array([[0.0, 1.0], [10.0, 2.0]]))
    panel.show_frame(frames.frame(curves=CurvesPart(0, ("iteration", "kale_train"), rows, ())))
    redrawn(panel)
    assert panel.is_empty
    assert "distances" in panel._note.text()
    panel._set.pick("kale")
    assert not panel.is_empty
