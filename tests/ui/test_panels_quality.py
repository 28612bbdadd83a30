"""The quality panel: what it claims, what it refuses to claim, what it compares, and that all of it fits."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from gebm_studio.messages import Measured, QualityPart, frozen
from gebm_studio.messages.doubts import doubts
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.numbers import with_interval
from gebm_studio.ui.panels.quality import in_view
from gebm_studio.ui.panels.quality_words import facts_of, protocol_facts, tone_of, verdict
from tests.ui import frames
from tests.ui.frames import around, measured
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]

DIGITS = TrainingPreset.model_validate({"title": "Digits", "target": {"kind": "digits"}})
WIDE, SMALL, LARGE = (700, 320), (320, 240), (1200, 640)
NAN = math.nan


def shown(make_panel: MakePanel, *measurements: Measured, size: tuple[int, int] = WIDE, **changes: Any) -> Any:
    panel = make_panel("quality", size, DIGITS)
    show(panel, *measurements, **changes)
    return panel


def show(panel: Any, *measurements: Measured, **changes: Any) -> None:
    held = -1 if panel._part is None else panel._part.version
    part = frames.quality_part(*measurements, **{"version": held + 1, **changes})
    panel.show_frame(frames.frame(quality=part))
    QApplication.processEvents()


# What is said


def test_numbers_have_the_digits_that_half_of_their_interval_leaves() -> None:
    assert with_interval(-8.13, -10.24, -6.02) == ("−8.1", "−10.2 to −6.0")
    assert with_interval(37.249, 37.03, 37.46) == ("37.25", "37.03 to 37.46")
    assert with_interval(812.6, 650.2, 990.1) == ("813", "650 to 990")
    assert with_interval(0.5, 0.5, 0.5) == ("0.500", "") and with_interval(1.0, NAN, NAN) == ("1.00", "")
    assert with_interval(0.001, -0.3, 0.3, signed=True) == ("+0.00", "−0.30 to 0.30")
    assert with_interval(NAN, NAN, NAN) == ("—", "")


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e3))
def test_no_digit_is_finer_than_a_hundredth_of_half_the_interval(value: float, half: float) -> None:
    text, ends = with_interval(value, value - half, value + half)
    if ends:
        places = len(text.partition(".")[2])
        assert places == 0 or 10.0**-places > half / 101
        assert abs(float(text.replace("−", "-")) - value) <= 0.5 * 10.0**-places * (1 + 1e-9)


def test_the_verdict_is_a_sentence_with_its_numbers() -> None:
    better = measured(difference=(-8.13, -10.24, -6.02))
    assert verdict(better) == "FD(GEBM) − FD(base) = −8.1 (95 %: −10.2 to −6.0): the energy improves the base"
    assert tone_of(better) == "better"
    worse = measured(difference=(3.0, 1.0, 5.0))
    assert verdict(worse).endswith("= +3.0 (95 %: 1.0 to 5.0): the energy makes the base worse")
    open_ = measured(difference=(-1.0, -3.0, 1.0))
    assert (
        verdict(open_).endswith("(95 %: −3.0 to 1.0): the interval holds zero, no claim") and tone_of(open_) == "open"
    )
    for ends in ((-2.0, 0.0), (0.0, 2.0)):  # zero is in the interval
        assert tone_of(measured(difference=(sum(ends) / 2, *ends))) == "open"
    unknown = measured(difference=(NAN, NAN, NAN))
    assert verdict(unknown) == "FD(GEBM) − FD(base) could not be measured: no claim"
    assert verdict(measured(difference=(-8.0, NAN, NAN))).endswith("= −8.00: without an interval, no claim")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rhat": 1.31}, "R-hat 1.31 is above 1.05"),
        ({"ess": 34.0}, "ESS 34 is below 100"),
        ({"time": 0.02}, "gradient flow, not equilibrium (time 0.02)"),
    ],
)
def test_chains_out_of_equilibrium_carry_no_claim(changes: dict[str, Any], why: str) -> None:
    one = measured(**changes)
    assert doubts(one) == [why] and tone_of(one) == "unsettled"
    assert verdict(one).endswith("(95 %: −10.2 to −6.0); chains not in equilibrium: no claim")
    marked = [fact for fact in facts_of(one) if fact.warns]
    assert len(marked) == 1 and marked[0].text.startswith("· ⚠ ")


def test_what_is_not_known_of_the_chains_carries_no_claim_either() -> None:
    assert verdict(measured(rhat=NAN, ess=NAN)).endswith("(95 %: −10.2 to −6.0); equilibrium not known: no claim")
    assert not doubts(measured(time=NAN)), "a sampler without a time is judged by R-hat and ESS"


def test_a_protocol_is_said_fact_by_fact() -> None:
    texts = [fact.text for fact in protocol_facts(measured())]
    assert texts[:2] == ["· n 1000", "· classifier-32"] and texts[-2:] == ["· 597 held-out images", "· k 3"]
    assert "· T = 1" in texts


# What is seen


def test_the_panel_says_verdict_protocol_and_equilibrium(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    assert panel.verdict.text() == verdict(measured())
    assert "paired" in panel.verdict.toolTip()
    texts = panel.facts.texts
    assert texts[0].startswith("iteration 1") and {"· R-hat 1.012", "· ESS 842"} <= set(texts)
    assert "· KALE 0.742 ± 0.061" in texts and "597 held-out images" in panel.facts.tips["· KALE 0.742 ± 0.061"]
    assert has_colour(picture(panel.verdict), theme.LIGHT.gebm, 20)
    show(panel, measured(rhat=1.4))
    assert has_colour(picture(panel.verdict), theme.LIGHT.warning, 20)
    assert not has_colour(picture(panel.verdict), theme.LIGHT.gebm, 5)


def test_each_score_has_its_number_and_its_explanation(make_panel: MakePanel) -> None:
    panel = shown(make_panel, size=LARGE)
    picture(panel)
    written = panel.scores.written
    assert written["frechet", "base"] == "37.2 (35.3 to 39.1)"
    assert written["kernel", "gebm"] == "28.7 (26.0 to 31.4)", "in thousandths"
    assert written["precision", "data"] == "93.0 (91.9 to 94.1)", "in per cent"
    assert len(written) == 12
    tips = panel.scores.tips
    assert len(tips) == 4 + 12
    assert any(tip.startswith("Fréchet distance, of GEBM: 29.1 (27.5 to 30.7)") for tip in tips)
    assert sum("Lower is better" in tip for tip in tips) == 2 and sum("Higher is better" in tip for tip in tips) == 2
    assert panel.scores.tip_at(QPoint(1, 1)) == panel.scores.tip


def bars_of(card: Any, colour: str) -> list[int]:
    """The lengths of the runs of a colour in a column of their own, top to bottom: one number for each bar."""
    pixels = picture(card).astype(int)
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    counts = (np.abs(pixels - wanted) <= 2).all(axis=2).sum(axis=1)
    longest: list[int] = []
    inside = False
    for count_ in counts.tolist():
        if count_ > 3:
            longest = [*longest[:-1], max(longest[-1], count_)] if inside else [*longest, count_]
        inside = count_ > 3
    return longest


def test_bars_are_as_long_as_their_scores(make_panel: MakePanel, qtbot: QtBot) -> None:
    """Without intervals, on axes of their own: shares of 80 and 40 % reach 0.8 and 0.4 of the same length."""
    flat = {
        law: dict.fromkeys(("frechet", "kernel", "precision", "recall"), (value, value, value))
        for law, value in (("base", 0.8), ("gebm", 0.4), ("data", 1.0))
    }
    panel = shown(make_panel, measured(scores=flat), size=LARGE)
    base, gebm = (bars_of(panel.scores, getattr(theme.LIGHT, law)) for law in ("base", "gebm"))
    assert len(base) == len(gebm) == 4
    for long, short in zip(base, gebm, strict=True):
        assert long / short == pytest.approx(2.0, rel=0.03)


def test_bars_of_chains_out_of_equilibrium_are_pale(make_panel: MakePanel) -> None:
    panel = shown(make_panel, measured(rhat=1.4))
    assert has_colour(picture(panel.scores), theme.LIGHT.base, 100, 2)
    assert not has_colour(picture(panel.scores), theme.LIGHT.gebm, 1, 2)
    assert any("not in equilibrium" in tip for tip in panel.scores.tips)


def test_factors_stand_beside_or_below_each_other_with_their_distance_to_the_truth(make_panel: MakePanel) -> None:
    panel = shown(make_panel, measured(factors=frames.SPRITES), size=LARGE)
    panel.choose("factors")
    picture(panel)
    assert len(panel.factors.tips) == 3 + 4 + 3 + 4
    first = panel.factors.tips[0]
    assert first.startswith("Total variation of shape to its exact masses") and "base 0.164 (0.143 to 0.185)" in first
    assert any("shape disc: 45.0 % exactly" in tip for tip in panel.factors.tips)
    for law in ("data", "base", "gebm"):
        assert has_colour(picture(panel.factors), getattr(theme.LIGHT, law), 200)
    show(panel, measured(factors=()))
    assert panel.factors.why_empty.startswith("No classifier")


def test_calibration_shows_bins_diagonal_and_slope(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.choose("calibration")
    card = panel.calibration
    assert card.value == "slope 0.820 ± 0.090" and len(card.points.points) == 8
    left, right, bottom, top = card.view.extent
    assert left < -4 and right > 3 and bottom < min(-4, -3.63) and top > 3
    (diagonal, _), (whiskers, _) = card.diagonal.bands[0], card.whiskers.bands[0]
    assert diagonal[0, 0] == diagonal[0, 1] and diagonal[0, 2] == diagonal[0, 3] and len(whiskers) == 8
    table = measured().calibration
    card._point((float(table.predicted[2]), float(table.found[2])))
    assert card.view.crosshair.ring == pytest.approx((table.predicted[2], table.found[2]))
    assert "found" in card.view.toolTip()
    card._point(None)
    assert card.view.crosshair.ring is None and "Held-out KALE: 0.742 (0.681 to 0.803) nats" in card.tip
    empty = frames.floats([])
    show(panel, measured(calibration=replace(table, predicted=empty, found=empty, low=empty, high=empty)))
    assert not card.view.isVisible() and card.why_empty


def test_pairs_show_both_images_pixel_for_pixel(make_panel: MakePanel) -> None:
    """One colour for the GEBM's images and another for the training images: as many pixels of each."""
    gebm, train = (np.full((6, 4, 4, 3), colour, dtype=np.uint8) for colour in ((250, 20, 20), (20, 20, 250)))
    panel = shown(make_panel, nearest=frozen(gebm), train=frozen(train))
    panel.choose("copies")
    pixels = picture(panel.pairs).astype(int)
    red, blue = ((np.abs(pixels - colour) <= 2).sum(axis=2) == 3 for colour in ((250, 20, 20), (20, 20, 250)))
    assert red.sum() == blue.sum() > 6 * 16 * 9
    zoom = math.isqrt(int(red.sum()) // 6 // 16)
    assert red.sum() == 6 * 16 * zoom**2
    row = int(np.argmax(red.any(axis=1)))
    assert np.flatnonzero(red[row])[0] < np.flatnonzero(blue[row])[0], "the GEBM's image stands first"
    assert panel.pairs.value == "1.20 (0.60 to 1.80) % copies"
    show(panel, measured(copies=around(0.08, 0.01)), pairs=0)
    assert panel.pairs.why_empty and panel.pairs._warns


def test_the_history_follows_one_protocol_and_the_pointer_picks(make_panel: MakePanel) -> None:
    runs = [measured(100 * k, 2.0 * k) for k in range(1, 5)]
    panel = shown(make_panel, replace(measured(50), protocol="n: 10"), *runs, size=LARGE)
    card = panel.history
    x, y = card.lines["gebm"].getData()
    assert x.tolist() == [100, 200, 300, 400] and y.tolist() == pytest.approx([35.2, 33.2, 31.2, 29.2])
    card._point((210.0, 33.0))
    assert "iteration 200" in panel.facts.texts and panel.verdict.text() == verdict(runs[1])
    assert card.view.crosshair.ring == pytest.approx((200.0, 33.2))
    card._point(None)
    assert "iteration 400" in panel.facts.texts
    show(panel, runs[0])
    assert "begins with the second" in card.why_empty and not card.view.isVisible()
    show(panel, replace(measured(50), protocol="n: 10"), runs[0])
    assert "1 of others" in card.why_empty


# Comparing


def test_a_reference_outlives_runs_and_is_compared_where_the_protocol_is_the_same(make_panel: MakePanel) -> None:
    panel = shown(make_panel, measured(800, 4.0), size=LARGE)
    panel.keep_button.click()
    assert panel.reference.name == "Digits at iteration 800" and panel.keep_button.isChecked()
    assert panel.beside.text == "", "not with itself"
    panel.start_run(DIGITS)
    assert panel.is_empty and panel.reference is not None and panel.pull_fields() == {"quality_version": -1}
    show(panel, measured(900, 9.0))
    # GEBM: 28.2 − 33.2, halves √(1.6² + 1.6²); the base is the same.
    assert panel.beside.text == (
        "against Digits at iteration 800: FD(base) 0.0 (−2.7 to 2.7), FD(GEBM) −5.0 (−7.3 to −2.7)"
    )
    picture(panel)
    assert any("Reference: 33.2 (31.6 to 34.8); difference −5.0" in tip for tip in panel.scores.tips)
    panel.keep_button.click()
    assert panel.reference is None and not panel.beside.isVisible()
    picture(panel)
    assert not any("Reference" in tip for tip in panel.scores.tips)


def test_measurements_of_other_protocols_are_not_compared_and_the_reason_is_named(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.keep_button.click()
    other = measured(protocol=measured().protocol.replace("n: 1000", "n: 500").replace("classifier-32", "PCA-16"))
    show(panel, other)
    assert panel.beside.text == (
        "not compared with Digits at iteration 1\N{NARROW NO-BREAK SPACE}200, which differs in "
        "n (1000 there, 500 here), features (classifier-32 there, PCA-16 here)"
    )
    picture(panel)
    assert not any("Reference" in tip for tip in panel.scores.tips)


# What a person does


def test_buttons_ask_for_what_they_say_and_progress_is_a_thin_line(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel)
    for button, signal in (
        (panel.measure_button, panel.measure_wished), (panel.export_button, panel.export_wished),
    ):  # fmt: skip
        with qtbot.waitSignal(signal):
            button.click()
    show(panel, progress=0.4)
    assert panel.progress.share == 0.4 and not panel.measure_button.isEnabled()
    assert has_colour(picture(panel.progress), theme.LIGHT.accent, 100)
    show(panel)
    assert panel.progress.share == 0.0 and panel.measure_button.isEnabled()


def test_it_says_why_there_is_nothing(make_panel: MakePanel) -> None:
    panel = make_panel("quality", WIDE, DIGITS)
    assert panel.is_empty and "Measure now" in panel._note.text()
    assert not any(tab.isVisible() for tab in panel.tabs.values()) and panel.measure_button.isVisible()
    empty = QualityPart((), 0.0, frozen(np.zeros((0, 1, 1), np.uint8)), frozen(np.zeros((0, 1, 1), np.uint8)),
                        "the model is still learning", 1)  # fmt: skip
    panel.show_frame(frames.frame(quality=empty))
    assert panel._note.text() == "the model is still learning" and not panel.keep_button.isEnabled()
    panel.show_frame(frames.frame(quality=replace(empty, note="", progress=0.2, version=2)))
    assert "being measured" in panel._note.text() and not panel.measure_button.isEnabled()
    panel.update_settings(TrainingPreset(title="ring"))
    assert "target of images" in panel._note.text() and not panel.measure_button.isEnabled()


def test_a_part_that_is_held_is_not_asked_for_again(make_panel: MakePanel) -> None:
    panel = shown(make_panel, version=7)
    assert panel.pull_fields() == {"quality_version": 7}
    panel.show_frame(frames.frame())
    assert not panel.is_empty, "a frame without the part leaves what is shown"


# That it fits


def test_as_many_sections_are_seen_as_have_room() -> None:
    names = ("scores", "factors", "calibration", "copies", "history")
    assert in_view(names, "copies", 1) == ("copies",)
    assert in_view(names, "copies", 2) == ("scores", "copies")
    assert in_view(names, "scores", 2) == ("scores", "factors")
    assert in_view(names, "history", 3) == ("scores", "factors", "history")
    assert in_view(names, "scores", 6) == names


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("size", [(320, 240), (340, 215), (480, 260), WIDE, (700, 500), LARGE])
@pytest.mark.parametrize("section", ["scores", "factors", "calibration", "copies", "history"])
def test_nothing_overlaps_or_is_cut(
    make_panel: MakePanel, qapp: QApplication, size: tuple[int, int], section: str, look: Any
) -> None:
    theme.apply(qapp, look)
    panel = shown(make_panel, *(measured(k, factors=frames.SPRITES, rhat=1.2) for k in (1, 2)), size=size)
    panel.choose(section)
    panel.keep_button.click()
    show(panel, *(measured(k, factors=frames.SPRITES, rhat=1.2, protocol="n: 10; k: 3") for k in (3, 4)))
    picture(panel)
    assert panel.beside.isVisible() and section in panel.shown_cards
    parts = [widget for widget in panel.canvas.children() if hasattr(widget, "geometry") and widget.isWidgetType()]
    parts = [widget for widget in parts if not widget.isHidden()]
    for place, part in enumerate(parts):
        assert panel.canvas.rect().contains(part.geometry()), part
        assert not any(part.geometry().intersects(other.geometry()) for other in parts[place + 1 :])
    for label in panel.facts.findChildren(QLabel):
        assert label.isHidden() or panel.facts.rect().contains(label.geometry())
    for name in panel.shown_cards:
        card = panel.cards[name]
        assert card.height() >= 60 and card.width() >= 200
        for room, _ in card._tips:
            assert card.rect().adjusted(-1, -1, 1, 1).contains(room.toAlignedRect())
