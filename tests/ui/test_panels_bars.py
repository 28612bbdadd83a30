"""The bars of all divergences: what stands where, how ∞ and what is not known look, and what a click does."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from gebm_studio.messages import Value
from gebm_studio.schema.measures import ABOUT, PHI
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bars_board import LEAST_BARS, LEAST_LABELS
from gebm_studio.ui.panels.bars_rows import GROUPS, ORDER, Heading, in_family, number, rows_of, tip, unit_of
from gebm_studio.ui.panels.bars_scale import KEPT, Scale, Span, crowd, scale_of
from gebm_studio.ui.panels.colours import to_oklab
from gebm_studio.ui.panels.measure_colours import LOOKS, colour
from gebm_studio.ui.render import export_panel
from tests.ui import frames, lab_frames
from tests.ui.lab_frames import bars_part, value
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]


def shown(make_panel: MakePanel, *values: Value, size: tuple[int, int] = (520, 520), **view: Any) -> Any:
    panel = make_panel("bars", size, preset=lab_frames.lab_preset(**{f"view__{k}": v for k, v in view.items()}))
    panel.show_frame(frames.frame(bars=bars_part(*values)))
    QApplication.processEvents()
    return panel


def test_in_a_narrow_panel_labels_are_cut_before_bars_are(make_panel: MakePanel) -> None:
    wide, narrow = (shown(make_panel, size=(width, 520)).board for width in (520, 270))
    labels = [board.columns.left - board.columns.labels for board in (wide, narrow)]
    assert LEAST_LABELS < labels[1] < labels[0]
    assert wide.columns.width > narrow.columns.width == pytest.approx(LEAST_BARS)


def place_of(panel: Any, name: str) -> int:
    """The line on which a divergence stands."""
    return next(k for k, row in enumerate(panel.board.rows) if isinstance(row, Value) and row.name == name)


def spot(panel: Any, name: str, across: float = 0.5) -> QPoint:
    """A point on a line of the board."""
    room = panel.board.room_of(place_of(panel, name))
    return QPoint(int(across * room.width()), int(room.center().y()))


def strip(panel: Any, name: str) -> np.ndarray:
    """The pixels of one line, without the gutter."""
    room = panel.board.room_of(place_of(panel, name))
    pixels = picture(panel.board)
    return pixels[int(room.top()) : int(room.bottom()), int(panel.board.columns.left) :]


def bar_end(panel: Any, name: str) -> float:
    """Where the colour of a bar ends, as a share of the scale."""
    tone = colour(name, theme.current())  # type: ignore[arg-type]
    wanted = np.array([int(tone[i : i + 2], 16) for i in (1, 3, 5)])
    found = (np.abs(strip(panel, name).astype(int) - wanted) <= 4).all(axis=2).any(axis=0)
    columns = panel.board.columns
    return float(np.flatnonzero(found).max() + 1) / (columns.end - columns.left)


# What stands where


def test_every_divergence_has_a_group_a_colour_and_a_stroke_of_its_own() -> None:
    assert sorted(ORDER) == sorted(ABOUT) == sorted(LOOKS)
    assert len(set(LOOKS.values())) == len(LOOKS)
    assert {name for name in ORDER if unit_of(name) == "length"} == {"w1", "w2", "sliced_w2", "sinkhorn"}


def test_total_variation_stands_between_both_families_and_belongs_to_both(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    names = [row.name for row in panel.board.rows if isinstance(row, Value)]
    assert tuple(names) == ORDER
    middle = names.index("total_variation")
    assert all(in_family(name, ("phi", "both")) for name in names[: middle + 1])
    ipm = [k for k, name in enumerate(names) if in_family(name, ("both", "ipm"))]
    assert ipm == list(range(middle, ipm[-1] + 1)) and names[ipm[-1]] == "w1"
    titles = [row.group.title for row in panel.board.rows if isinstance(row, Heading)]
    assert titles == [group.title for group in GROUPS]


def test_only_what_is_wanted_is_shown_under_the_headings_that_it_needs() -> None:
    rows = rows_of(bars_part().values, ("kale", "kl", "total_variation"))
    assert [row.group.title if isinstance(row, Heading) else row.name for row in rows] == [
        "φ-divergences", "kl", "in both families", "total_variation", "KALE", "kale",
    ]  # fmt: skip
    assert rows_of((), ()) == ()


def test_bars_stand_on_one_scale_for_each_unit(make_panel: MakePanel) -> None:
    panel = shown(make_panel, value("w1", 40.0), value("w2", 20.0))
    panel._scale.pick("linear")
    assert panel.board.scales["length"].high == 40.0 and panel.board.scales["number"].high < 4.0
    assert bar_end(panel, "w1") == pytest.approx(2 * bar_end(panel, "w2"), abs=0.02)
    zero = panel.board.scales["number"].origin  # the GAN value is negative
    assert bar_end(panel, "jensen_shannon") - zero == pytest.approx(0.2218 * (bar_end(panel, "kl") - zero), abs=0.02)


def test_on_the_log_scale_ten_times_as_much_is_a_decade_more(make_panel: MakePanel) -> None:
    panel = shown(make_panel, value("kl", 0.01), value("hellinger", 0.1), value("pearson", 10.0))
    decade = 1 / 5  # from 10⁻⁴ to 10
    for name, exponent in (("kl", -2), ("hellinger", -1), ("pearson", 1)):
        assert bar_end(panel, name) == pytest.approx((exponent + 4) * decade, abs=0.012)


# What is not a number as others


def test_an_infinite_bar_runs_beyond_the_scale_and_is_torn(make_panel: MakePanel) -> None:
    panel = shown(make_panel, value("kl", math.inf), value("pearson", 999.0))
    assert bar_end(panel, "pearson") <= 1.01
    assert bar_end(panel, "kl") > 1.03
    tone = np.array([0x00, 0x72, 0xB2])
    room = strip(panel, "kl")
    middle = (np.abs(room[room.shape[0] // 2].astype(int) - tone) <= 4).all(axis=1)
    inside = middle[1 : np.flatnonzero(middle).max()]
    assert inside[: int(0.88 * len(inside))].all() and not inside.all()  # the tear
    columns = panel.board.columns
    beside = room[:, int(columns.right - columns.left) + 4 : int(columns.right - columns.left) + 20]
    assert has_colour(beside, theme.LIGHT.text, 6, 60)  # ∞


def test_what_is_not_known_says_why_in_place_of_a_bar(make_panel: MakePanel) -> None:
    note = "no exact transport in the plane"
    panel = shown(make_panel, value("w1", math.nan, note=note))
    assert not has_colour(strip(panel, "w1"), LOOKS["w1"].colour(theme.LIGHT), 1)
    assert has_colour(strip(panel, "w1"), theme.LIGHT.muted, 10, 40)
    row = panel.board.rows[place_of(panel, "w1")]
    assert note in tip(row) and number(row) == "—"


def test_zero_has_no_bar_and_a_trace_has_one(make_panel: MakePanel) -> None:
    panel = shown(make_panel, value("kl", 0.0), value("jensen_shannon", 1e-9))
    assert not has_colour(strip(panel, "kl"), LOOKS["kl"].colour(theme.LIGHT), 1)
    assert has_colour(strip(panel, "jensen_shannon"), LOOKS["jensen_shannon"].colour(theme.LIGHT), 8)


def test_a_negative_value_is_hollow_on_the_log_scale_and_left_of_zero_on_the_other(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    assert number(panel.board.rows[place_of(panel, "gan")]) == "−1.164"
    room = strip(panel, "gan")
    assert not (room[room.shape[0] // 2, 6:20].astype(int) < 200).any()
    panel._scale.pick("linear")
    scale = panel.board.scales["number"]
    assert scale.low <= -1.164 and 0 < scale.place(-1.164) < scale.origin < scale.place(0.1)


def test_an_older_value_is_dimmed_and_marked(make_panel: MakePanel) -> None:
    fresh, stale = shown(make_panel), shown(make_panel, value("kale", 0.2871, fresh=False))
    tone = LOOKS["kale"].colour(theme.LIGHT)
    assert has_colour(strip(fresh, "kale"), tone, 50) and not has_colour(strip(stale, "kale"), tone, 1)
    assert has_colour(strip(stale, "kale"), theme.mixed(theme.LIGHT.window, tone, 0.45), 50, 8)
    assert "earlier pair" in tip(stale.board.rows[place_of(stale, "kale")])


def test_an_error_is_a_whisker_on_the_bar(make_panel: MakePanel) -> None:
    small, large = shown(make_panel, value("mmd", 0.5, 1e-9)), shown(make_panel, value("mmd", 0.5, 0.3))
    dark = [int((strip(panel, "mmd").astype(int).sum(axis=2) < 200).sum()) for panel in (small, large)]
    assert dark[1] > dark[0] + 15


@pytest.mark.parametrize(
    ("found", "text", "plain"),
    [
        (value("kl", 0.16371234), "0.1637", "0.1637"),
        (value("kl", 0.16371234, 2e-9), "0.1637", "0.1637"),
        (value("knn_kl", 0.5234, 0.0312), "0.523 ± 0.031", "0.523"),
        (value("knn_kl", -0.0034, 0.05), "−0.003 ± 0.050", "−0.003"),
        (value("kl", math.inf), "∞", "∞"),
        (value("w1", math.nan), "—", "—"),
        (value("pearson", 8102.08), "8102", "8102"),
        (value("kl", 0.0), "0", "0"),
        (value("kl", 3.2e-7), "3.200e−7", "3.200e−7"),
    ],
)
def test_numbers_have_the_digits_that_their_error_leaves(found: Value, text: str, plain: str) -> None:
    assert (number(found), number(found, with_errors=False)) == (text, plain)


# What a person does


def test_a_click_on_a_phi_divergence_chooses_it(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    asked: list[tuple[str, object]] = []
    panel.setting_changed.connect(lambda path, chosen: asked.append((path, chosen)))
    QTest.mouseClick(panel.board, Qt.MouseButton.LeftButton, pos=spot(panel, "hellinger"))
    QTest.mouseClick(panel.board, Qt.MouseButton.LeftButton, pos=spot(panel, "w1"))
    QTest.mouseClick(panel.board, Qt.MouseButton.LeftButton, pos=QPoint(40, 4))
    assert asked == [("view.divergence", "hellinger")]
    panel.update_settings(lab_frames.lab_preset(view__divergence="hellinger"))
    assert panel.board.marked == "hellinger"
    room = panel.board.room_of(place_of(panel, "hellinger"))
    line = picture(panel.board)[int(room.top()) + 2 : int(room.bottom()) - 2]
    assert has_colour(line, theme.LIGHT.accent, 10) and has_colour(line, theme.LIGHT.control, 200)


def test_arrow_keys_go_from_one_phi_divergence_to_the_next(make_panel: MakePanel) -> None:
    panel = shown(make_panel, divergence="jensen_shannon")
    asked: list[object] = []
    panel.setting_changed.connect(lambda _path, chosen: asked.append(chosen))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Home, Qt.Key.Key_End):
        QTest.keyClick(panel.board, key)
    assert asked == ["gan", "hellinger", "kl", "total_variation"]
    panel.update_settings(lab_frames.lab_preset(view__divergence="kl"))
    QTest.keyClick(panel.board, Qt.Key.Key_Up)  # there is nothing above
    assert len(asked) == 4
    assert set(PHI) == {row.name for row in panel.board.rows if isinstance(row, Value) and row.name in PHI}


def test_the_line_below_tells_of_what_is_under_the_pointer(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    assert panel.readout.text == "KL(P‖Q) = E_P log p/q: 0.5000 nats · closed form"
    QTest.mouseMove(panel.board, spot(panel, "knn_kl"))
    assert "0.530 ± 0.090 nats" in panel.readout.text
    QApplication.sendEvent(panel.board, QEvent(QEvent.Type.Leave))
    assert panel.readout.text.startswith("KL(P‖Q)")


def test_tooltips_give_formula_error_and_protocol(make_panel: MakePanel) -> None:
    panel = shown(make_panel, value("kale", 0.2871, 3e-9, protocol="Newton, 240 atoms"))
    for name, said in (
        ("kale", ("max_h", "0.287100 ± 3.0e−9 nats", "Newton, 240 atoms")),
        ("total_variation", ("A φ-divergence and an integral probability metric.", "Click")),
        ("w1", ("coupling", "metric and a cost of transport")),
    ):
        at = spot(panel, name)
        help_event = QHelpEvent(QEvent.Type.ToolTip, at, panel.board.mapToGlobal(at))
        QApplication.sendEvent(panel.board, help_event)
        assert all(text in QToolTip.text() for text in said), QToolTip.text()
    QToolTip.hideText()
    QApplication.processEvents()


def test_the_menu_chooses_rows_and_all_of_them_are_none(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    asked: list[tuple[str, object]] = []
    panel.setting_changed.connect(lambda path, chosen: asked.append((path, chosen)))
    assert panel._menu.ticked() == ORDER
    panel._menu.actions_of["gan"].trigger()
    assert asked[-1] == ("view.bars", tuple(name for name in ORDER if name != "gan"))
    panel._menu.actions_of["gan"].trigger()
    assert asked[-1] == ("view.bars", ())
    panel.update_settings(lab_frames.lab_preset(view__bars=("kl", "w1")))
    assert [row.name for row in panel.board.rows if isinstance(row, Value)] == ["kl", "w1"]
    assert panel._menu.ticked() == ("kl", "w1")


def test_where_no_chosen_row_is_known_the_panel_says_what_to_do(make_panel: MakePanel) -> None:
    panel = make_panel("bars", preset=lab_frames.lab_preset(view__bars=("sliced_w2",)))
    panel.show_frame(frames.frame(bars=type(bars_part())((value("kl", 0.5),), 1)))
    assert panel.is_empty and "Rows" in panel._note.text()
    panel.update_settings(lab_frames.lab_preset())
    assert not panel.is_empty


# The scale


def test_the_scale_grows_at_once_and_shrinks_only_after_a_while() -> None:
    now = [0.0]
    span = Span(lambda: now[0])
    assert span.range is None
    span.need([1.0, math.inf, math.nan])
    span.need([5.0])
    assert span.range == (1.0, 5.0)
    now[0] = KEPT - 0.1
    span.need([2.0])
    assert span.range == (1.0, 5.0)
    now[0] = KEPT + 0.1
    span.need([2.0])
    assert span.range == (2.0, 2.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_dragged_value_never_leaves_the_scale(values: list[float], logarithmic: bool) -> None:
    now = [0.0]
    span = Span(lambda: now[0])
    for count, found in enumerate(values, start=1):
        now[0] += KEPT / 40
        span.need([found])
        scale = scale_of(span.range, logarithmic)
        assert 0.0 <= scale.place(found) <= 1.0 and 0.0 <= scale.origin <= 1.0
        so_far = values[:count]  # within these seconds it only grows
        if logarithmic:
            assert scale.high == 4 or max(map(abs, so_far)) <= 10.0**scale.high * (1 + 1e-9)
        else:
            nothing = 1e-8 * (scale.high - scale.low)
            assert scale.low - nothing <= min(so_far) and max(so_far) <= scale.high + nothing
        assert all(0.0 <= place <= 1.0 for place, _ in scale.ticks(6))
    span.settle()
    assert span.range == (values[-1], values[-1])


def test_few_values_far_beyond_all_others_leave_the_scale() -> None:
    assert crowd([0.5, 0.5, 1.0, 2841.0, 0.6, 2841.0, math.inf, math.nan]) == [1.0, 0.6, 0.5, 0.5]
    assert crowd([0.1, 0.2, 40.0]) == [0.2, 0.1]
    assert crowd([0.1, 2.0]) == [2.0, 0.1]  # of two none is the odd one
    assert crowd([4.0, 0.9, 0.3, 0.02, 0.0001]) == [4.0, 0.9, 0.3, 0.02, 0.0001]
    assert crowd([]) == []


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_a_bar_beyond_the_scale_is_cut_and_the_others_keep_their_length(make_panel: MakePanel, scale: str) -> None:
    panel = shown(make_panel, value("pearson", 7.2e10), value("neyman", 7.2e10))
    panel._scale.pick(scale)
    assert panel.board.scales["number"].high <= 4
    assert bar_end(panel, "pearson") > 1.03
    assert 0.2 < bar_end(panel, "kl") < 0.9
    room = strip(panel, "pearson")
    wanted = np.array([int(colour("pearson", theme.LIGHT)[i : i + 2], 16) for i in (1, 3, 5)])
    row = (np.abs(room[room.shape[0] // 2].astype(int) - wanted) <= 4).all(axis=1)
    assert 0 < (~row[1 : np.flatnonzero(row).max()]).sum() < 8  # the cut


def test_bars_stay_while_a_law_is_dragged_and_the_scale_settles_at_rest(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel._scale.pick("linear")
    high = panel.board.scales["number"].high
    for step, found in enumerate((8.0, 4.0, 2.0, 0.1)):
        panel.show_frame(
            frames.frame(bars=bars_part(value("pearson", found), value("neyman", found), version=step + 2))
        )
        assert panel.board.scales["number"].high == 8.0
    panel._rest.timeout.emit()
    assert panel.board.scales["number"].high < high
    assert panel.board.accessibleDescription().startswith("KL(P‖Q) 0.5000; KL(Q‖P) 0.5000; Jeffrey 1.000")


@pytest.mark.parametrize(
    ("scale", "texts"),
    [
        (Scale(-4, 1, True), ["0.0001", "0.001", "0.01", "0.1", "1", "10"]),
        (Scale(-4, 4, True), ["0.0001", "0.01", "1", "100", "10000"]),
        (Scale(-2.0, 4.0, False), ["−2", "0", "2", "4"]),
    ],
)
def test_scales_have_round_numbers(scale: Scale, texts: list[str]) -> None:
    assert [text for _, text in scale.ticks(6)] == texts


# Look, size, export


def test_a_low_panel_scrolls_and_never_overlaps(make_panel: MakePanel) -> None:
    panel = shown(make_panel, size=(300, 240))
    bar = panel._scroll.verticalScrollBar()
    assert bar.maximum() > 0
    assert panel.board.line >= theme.line_height(theme.current().text_font) - 1
    assert not panel._scroll.horizontalScrollBar().isVisible()
    assert panel.board.columns.left < panel.board.columns.end < panel.board.columns.right
    assert not panel.board.with_errors


def test_what_the_arrow_keys_reach_comes_into_sight(make_panel: MakePanel) -> None:
    panel = shown(make_panel, size=(300, 170))
    panel.update_settings(lab_frames.lab_preset(view__divergence="total_variation"))
    assert panel.board.marked_room().bottom() <= panel._scroll.verticalScrollBar().value() + panel._scroll.height()
    panel.update_settings(lab_frames.lab_preset(view__divergence="kl"))
    assert panel._scroll.verticalScrollBar().value() <= panel.board.marked_room().top()


def test_all_lines_are_exported_also_those_out_of_sight(make_panel: MakePanel, tmp_path: Path) -> None:
    panel = shown(make_panel, size=(300, 240))
    assert panel.figure() is panel.board
    for suffix in ("svg", "png", "pdf"):
        export_panel(panel, tmp_path / f"bars.{suffix}")
        assert (tmp_path / f"bars.{suffix}").stat().st_size > 1000
    text = (tmp_path / "bars.svg").read_text()
    assert all(said in text for said in ("KL(P‖Q)", "KL, neighbours", "0.2871"))


def test_both_themes_show_bars_in_their_colours(make_panel: MakePanel, qapp: QApplication) -> None:
    panel = shown(make_panel, size=(520, 560))
    for look in (theme.LIGHT, theme.DARK):
        theme.apply(qapp, look.name)
        pixels = picture(panel.board)
        assert all(has_colour(pixels, colour(name, look), 40) for name in ("kl", "kale", "w1", "total_variation"))


def test_colours_stand_out_and_stay_apart_for_colour_blind_eyes() -> None:
    # Deuteranopia and protanopia: Machado, Oliveira, Fernandes (2009), severity 1.
    eyes = (
        np.eye(3),
        np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
        np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    )
    for look in (theme.LIGHT, theme.DARK):
        tones = sorted({colour(name, look) for name in ORDER})
        assert len(tones) == 10
        assert min(theme.contrast(tone, look.plot) for tone in tones) >= 3
        share = np.array([[int(tone[i : i + 2], 16) for i in (1, 3, 5)] for tone in tones]) / 255
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        for eye in eyes:
            seen = np.clip(linear @ eye.T, 0, 1)
            bytes_ = np.rint(255 * np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055))
            lab = to_oklab(bytes_.astype(np.uint8))
            apart = np.linalg.norm(lab[:, None] - lab[None], axis=2) + 9 * np.eye(len(tones))
            assert apart.min() > 0.07


def test_a_new_run_forgets_the_last(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.start_run(lab_frames.lab_preset())
    assert panel.is_empty and panel.board.rows == () and panel.readout.text == ""
