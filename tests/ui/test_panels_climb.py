"""The bound that a critic climbs: rows that come bit by bit, another climb, ∞ and NaN, and fits beside the best."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio.messages import FitRow, Pause
from gebm_studio.ui import theme
from gebm_studio.ui.panels.climb_fits import placed, sentence
from gebm_studio.ui.panels.measure_colours import colour
from gebm_studio.ui.render import export_panel
from tests.ui import frames
from tests.ui.lab_frames import bound_part, bound_rows, doubles, fit_rows, lab_preset
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn

__all__ = ["make_panel"]
NETWORK = lab_preset(critic__family="network")


def show(panel: Any, part: Any) -> Any:
    panel.show_frame(frames.frame(bound=part))
    return redrawn(panel)


def shown(make_panel: MakePanel, part: Any = None, size: tuple[int, int] = (560, 330), preset: Any = NETWORK) -> Any:
    return show(make_panel("bound", size, preset=preset), bound_part() if part is None else part)


def only_fits(left: float = 0.1, **changes: Any) -> Any:
    fields: dict[str, Any] = dict(
        rows=bound_rows(0, 0), exact=math.nan, gap=math.nan, critic="", protocol="", title="Gaussians fitted to P",
        fits=fit_rows(left),
    )  # fmt: skip
    return bound_part(**{**fields, **changes})


def asked(panel: Any) -> list[tuple[str, Any]]:
    """What the panel wishes to change from now on."""
    changes: list[tuple[str, Any]] = []
    panel.setting_changed.connect(lambda path, wish: changes.append((path, wish)))
    return changes


def test_curve_exact_value_and_gap(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    x, y = panel.view.curve.getData()
    assert (x[0], x[-1]) == (0, 299) and y[-1] == pytest.approx(0.5 - 0.87 * math.exp(-299 / 80))
    assert panel.view.gap.opts["fillLevel"] == 0.5
    assert (panel.view.exact.bands[0][0][:, 1] == 0.5).all() and panel.view.labels.texts == ["step", "KL(P‖Q)"]
    texts = {name: (entry.text(), entry.value) for name, entry in panel.entries.items()}
    assert texts == {
        "bound": ("E_P T − E_Q φ*(T)", "0.4793"), "exact": ("KL(P‖Q)", "0.5000"), "gap": ("gap", "0.0207")
    }  # fmt: skip
    assert panel.caption.text == "Bound of KL(P‖Q) · network of 8 hidden units, Adam · quadrature, 400 nodes"
    assert panel.readout.text == "step 299"
    assert has_colour(picture(panel), theme.LIGHT.first, 100) and has_colour(picture(panel), theme.LIGHT.second, 60)


def test_rows_come_bit_by_bit(make_panel: MakePanel) -> None:
    panel = make_panel("bound", (560, 330), preset=NETWORK)
    assert panel.pull_fields() == {"bound_since": 0}
    show(panel, bound_part(0, bound_rows(0, 100)))
    assert panel.pull_fields() == {"bound_since": 100}
    show(panel, bound_part(100, bound_rows(100, 250), version=2))
    assert panel.pull_fields() == {"bound_since": 250}
    assert np.array_equal(panel.table.column("iteration"), np.arange(250))
    # A frame with no new rows changes nothing, and rows that would leave a gap are not taken.
    show(panel, bound_part(250, bound_rows(250, 250), version=3))
    show(panel, bound_part(400, bound_rows(400, 410), version=4))
    assert panel.pull_fields() == {"bound_since": 250}


def test_rows_from_the_start_take_the_place_of_all(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    show(panel, bound_part(0, bound_rows(0, 3), version=2))
    assert panel.pull_fields() == {"bound_since": 3}
    assert panel.view.curve.getData()[0][-1] == 2


@pytest.mark.parametrize(
    "change", [{"restart": 1}, {"family": "bumps"}, {"size": 9}, {"divergence": "pearson"}], ids=str
)  # fmt: skip
def test_after_another_climb_has_begun_all_its_rows_are_asked_for(make_panel: MakePanel, change: Any) -> None:
    panel = shown(make_panel)
    panel.update_settings(NETWORK)
    assert panel.pull_fields() == {"bound_since": 300}
    preset = NETWORK.model_copy(update={"critic": NETWORK.critic.model_copy(update=change)})
    panel.update_settings(preset)
    assert panel.pull_fields() == {"bound_since": 0}
    # A frame of the last climb that was on its way is not mixed with the new one.
    show(panel, bound_part(300, bound_rows(300, 310), version=2))
    assert panel.pull_fields() == {"bound_since": 0}
    show(panel, bound_part(0, bound_rows(0, 5), version=3))
    assert panel.pull_fields() == {"bound_since": 5}


def test_rows_of_two_climbs_are_never_mixed(make_panel: MakePanel) -> None:
    panel = shown(make_panel, bound_part(0, bound_rows(0, 10), climb=1))
    # Begun again by another hand, and by now longer than what is held: its frames so far were not seen.
    show(panel, bound_part(10, bound_rows(10, 30), climb=2, version=2))
    assert panel.pull_fields() == {"bound_since": 0}
    show(panel, bound_part(0, bound_rows(0, 40), climb=2, version=3))
    assert panel.pull_fields() == {"bound_since": 40}
    assert np.array_equal(panel.table.column("iteration"), np.arange(40))


def test_another_rate_goes_on_with_the_climb(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    critic = NETWORK.critic.model_copy(update={"rate": 0.3})
    panel.update_settings(NETWORK.model_copy(update={"critic": critic}))
    assert panel.pull_fields() == {"bound_since": 300}


def test_a_new_run_begins_without_rows(make_panel: MakePanel) -> None:
    panel = shown(make_panel, bound_part(fits=fit_rows()))
    panel.start_run(NETWORK)
    assert panel.is_empty and panel.pull_fields() == {"bound_since": 0} and panel.readout.text == ""
    assert panel.fits.fits == () and panel.caption.text == ""


def test_an_infinite_value_is_said_and_nothing_is_filled(make_panel: MakePanel) -> None:
    panel = shown(make_panel, bound_part(exact=math.inf, gap=math.inf))
    assert panel.entries["exact"].value == panel.entries["gap"].value == "∞"
    assert not len(panel.view.gap.getData()[0]) and panel.view.exact.bands == []
    assert "KL(P‖Q) = ∞, out of reach" in panel.view.labels.texts
    assert panel.readout.text == "step 299 · KL(P‖Q) = ∞: the bound climbs without end"
    assert panel.view.extent[3] < 2  # the picture holds the bound alone


def test_an_exact_value_that_is_not_known_yet_is_not_shown(make_panel: MakePanel) -> None:
    panel = shown(make_panel, bound_part(exact=math.nan, gap=math.nan, note="is being computed"))
    assert panel.entries["exact"].value == panel.entries["gap"].value == "—"
    assert not len(panel.view.gap.getData()[0]) and panel.view.exact.bands == []
    assert panel.view.labels.texts == ["step"] and panel.readout.text.endswith("is being computed")


def test_a_bound_that_is_no_number_leaves_a_gap_and_is_said(make_panel: MakePanel) -> None:
    rows = bound_rows(0, 50).copy()
    rows[40:, 1] = [math.nan, -math.inf] * 5
    panel = shown(make_panel, bound_part(rows=doubles(rows), bound=math.nan, gap=math.nan))
    assert panel.view.curve.getData()[0][-1] == 39 and np.isfinite(panel.view.curve.getData()[1]).all()
    assert "no number" in panel.readout.text
    show(panel, bound_part(rows=doubles([[0, math.nan]]), bound=math.nan, gap=math.nan, version=2))
    picture(panel)


def test_one_row_is_seen(make_panel: MakePanel) -> None:
    panel = shown(make_panel, bound_part(rows=bound_rows(0, 1)))
    assert len(panel.view.curve.getData()[0]) == 2
    assert has_colour(picture(panel), theme.LIGHT.second, 60)


def test_a_deep_start_does_not_flatten_the_rest(make_panel: MakePanel) -> None:
    rows = bound_rows(0, 300).copy()
    rows[:20, 1] = -1000
    panel = shown(make_panel, bound_part(rows=doubles(rows)))
    assert panel.view.extent[2] > -1


def test_pointing_reads_a_row(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.view.pointed.emit((80.2, 0.3))
    assert panel.readout.text == "step 80: bound 0.1799, 0.320 below"
    panel.view.pointed.emit(None)
    assert panel.readout.text == "step 299"


def test_choices_and_begin_again(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    told = asked(panel)
    panel._family.pick("bumps")
    panel._divergence.pick("kale")
    panel.restart.click()
    assert told == [("critic.family", "bumps"), ("critic.divergence", "kale"), ("critic.restart", 1)]
    panel.update_settings(lab_preset(critic__family="gaussian", critic__restart=7))
    assert panel._family.value() == "gaussian" and panel._divergence.isHidden()
    panel.restart.click()
    assert told[-1] == ("critic.restart", 8)


def test_in_the_plane_no_gaussian_climbs(make_panel: MakePanel) -> None:
    panel = make_panel("bound", preset=lab_preset(space="plane", critic__family="network"))
    offered = [action.text() for action in panel._family.menu().actions() if action.isVisible()]
    assert "Gaussian q" not in offered and "network" in offered


def test_without_steps_the_reason_is_said(make_panel: MakePanel) -> None:
    panel = shown(make_panel, bound_part(rows=bound_rows(0, 0), note="choose a class"))
    assert panel.is_empty and panel._note.text() == "choose a class"
    show(panel, bound_part(version=2))
    assert not panel.is_empty


def test_fits_stand_in_the_place_of_a_bound(make_panel: MakePanel) -> None:
    panel = shown(make_panel, only_fits())
    assert not panel.is_empty and panel.view.isHidden() and panel.legend.isHidden() and panel.fits.isVisible()
    assert [fit.name for fit in panel.fits.fits] == ["kl", "reverse_kl", "jeffrey", "jensen_shannon", "pearson"]
    pixels = picture(panel.fits)
    assert all(has_colour(pixels, colour(fit.name, theme.LIGHT), 10) for fit in panel.fits.fits)
    assert panel.fits.columns.both and panel.fits.columns.places == 4


@pytest.mark.parametrize(
    ("width", "beside", "places", "below"), [(560, True, 4, False), (380, True, 3, False), (300, False, 4, True)]
)
def test_the_best_numbers_stand_beside_or_below(
    make_panel: MakePanel, width: int, beside: bool, places: int, below: bool
) -> None:
    fits = shown(make_panel, only_fits(), (width, 290)).fits
    assert (fits.columns.both, fits.columns.places, fits.below) == (beside, places, below)
    picture(fits)


def test_a_bar_shrinks_as_a_fit_comes_to_its_best(make_panel: MakePanel) -> None:
    panel = shown(make_panel, only_fits(0.4))
    assert panel.fits.share(panel.fits.fits[0]) == 1.0
    wide = picture(panel.fits)
    show(panel, only_fits(0.1, version=2))
    assert panel.fits.share(panel.fits.fits[0]) == pytest.approx(0.25)
    assert (picture(panel.fits) != wide).any()
    show(panel, only_fits(0.0, version=3))
    assert panel.fits.share(panel.fits.fits[0]) == 0.0
    # Another climb begins from its own start.
    critic = NETWORK.critic.model_copy(update={"restart": 1})
    panel.update_settings(NETWORK.model_copy(update={"critic": critic}))
    show(panel, only_fits(0.2, version=4))
    assert panel.fits.share(panel.fits.fits[0]) == 1.0


def test_fits_whose_best_is_not_known_or_that_are_infinite(make_panel: MakePanel) -> None:
    nowhere = FitRow("kl", 0.3, 1.0, 2.0, math.nan, math.nan, math.nan)
    far = FitRow("pearson", math.inf, 1.0, 2.0, 0.6, 0.5, 1.9)
    panel = shown(make_panel, only_fits(fits=(nowhere, far)))
    assert all(math.isnan(panel.fits.share(fit)) for fit in (nowhere, far))
    picture(panel)
    assert sentence(nowhere).endswith("the best fit is not known") and "= ∞ at" in sentence(far)
    assert [placed(value) for value in (math.nan, math.inf, -math.inf, -0.5, 5e4)] == [
        "—",
        "∞",
        "−∞",
        "−0.5000",
        "5.0e+04",
    ]


def test_a_line_of_the_table_has_a_tooltip(make_panel: MakePanel) -> None:
    panel = shown(make_panel, only_fits())
    line = panel.fits.line
    assert panel.fits.fit_at(QPoint(5, int(line / 2))) is None
    assert panel.fits.fit_at(QPoint(5, int(2.5 * line))).name == "reverse_kl"
    assert sentence(panel.fits.fits[0]) == (
        "KL(P‖Q) = 0.3831 at μ = 0.7100, σ = 2.0308; the best fit has 0.2831 at μ = 1.0100, σ = 1.8308"
    )


@pytest.mark.parametrize("size", [(560, 330), (380, 240), (300, 500)])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_size_and_theme_has_room(
    make_panel: MakePanel, qapp: QApplication, size: tuple[int, int], look: Any
) -> None:
    panel = shown(make_panel, bound_part(fits=fit_rows()), size)
    theme.apply(qapp, look)
    redrawn(panel)
    pixels = picture(panel)
    assert has_colour(pixels, theme.current().first, 60) and has_colour(pixels, theme.current().second, 40)
    rooms = [widget.geometry() for widget in (panel.caption, panel.legend, panel.view, panel._scroll)]
    assert not any(a.intersects(b) for k, a in enumerate(rooms) for b in rooms[k + 1 :])
    assert panel.view.height() >= 60 and panel._scroll.height() >= 3 * 16
    columns = panel.fits.columns
    last = columns.cells(panel.fits.rect().toRectF(), 2)[1 if columns.both else 0]
    assert last.right() <= panel.fits.width()


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_exports(make_panel: MakePanel, tmp_path: Path, suffix: str) -> None:
    panel = shown(make_panel, bound_part(fits=fit_rows()))
    export_panel(panel, tmp_path / f"bound.{suffix}")
    assert (tmp_path / f"bound.{suffix}").stat().st_size > 2000


def test_an_update_of_a_long_climb_is_quick(make_panel: MakePanel) -> None:
    panel = shown(make_panel, bound_part(rows=bound_rows(0, 20_000), fits=fit_rows()))
    spent = []
    for k in range(20):
        rows = bound_rows(20_000 + k, 20_001 + k)
        begun = time.perf_counter()
        panel.show_frame(frames.frame(bound=replace(bound_part(20_000 + k, rows), fits=fit_rows(), version=k + 2)))
        panel.throttle.now()
        spent.append(time.perf_counter() - begun)
    assert panel.row_count == 20_020 and np.median(spent) < 0.004


def test_the_keyboard_reaches_the_buttons(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    told = asked(panel)
    panel.restart.setFocus()
    QTest.keyClick(panel.restart, Qt.Key.Key_Space)
    assert told == [("critic.restart", 1)]


def test_in_a_window_the_climb_begins_again(make_window: Any, qtbot: QtBot) -> None:
    window = make_window("f25_bound")
    panel = window.panels["bound"]
    qtbot.waitUntil(lambda: panel.row_count > 40, timeout=20_000)
    steps = panel.table.column("iteration")
    assert np.array_equal(steps, np.arange(len(steps)))
    bounds = panel.table.column("bound").copy()
    assert (bounds <= 0.28539588 + 1e-8).all()
    panel.restart.click()
    assert panel.row_count == 0
    qtbot.waitUntil(lambda: 0 < panel.row_count < 40, timeout=20_000)
    qtbot.waitUntil(lambda: panel.row_count > 40, timeout=20_000)
    again = panel.table.column("bound")[:40]
    assert np.array_equal(again, bounds[:40])
    window.session.send(Pause())
