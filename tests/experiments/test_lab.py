"""The divergence lab as it runs: frames follow settings, slow work waits, and a run goes on bit for bit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gebm_studio.experiments.lab.later import Later, Pieces, finished
from gebm_studio.messages import SetValue, StepOnce
from gebm_studio.presets import PresetError
from gebm_studio.schema.measures import ABOUT
from tests.experiments.lab_cases import ALL, done, frame, lab_of, preset_of, settled, value

MOONS = {"kind": "toy", "name": "moons"}


def test_a_change_shows_in_the_next_frame() -> None:
    lab = lab_of(preset_of())
    first = frame(lab)
    lab.set_value(SetValue("q.at", (0.25, 0.0)))
    found = frame(lab)
    assert first.pair is not None and found.pair is not None and found.bars is not None and found.swept is not None
    assert found.preset is not None and found.pair.q.at == (0.25, 0.0) and found.pair.version > first.pair.version
    bars = {one.name: one for one in found.bars.values}
    assert bars["kl"].value == pytest.approx(0.25**2 / 2) and bars["kl"].fresh
    assert bars["kale"].value == value("kale", q={"kind": "gaussian", "at": (0.25, 0)}).value
    assert found.swept.at == 0.25 and found.swept.now[0] == pytest.approx(0.25**2 / 2)
    lab.set_value(SetValue("kernel.regularisation", 10.0))
    again = frame(lab)
    assert again.bars is not None and again.bars.version > found.bars.version
    kale = next(one for one in again.bars.values if one.name == "kale")
    assert kale.fresh and kale.value < bars["kale"].value


def test_values_do_not_depend_on_what_was_looked_at() -> None:
    preset = preset_of({"kind": "mixture"}, {"kind": "uniform", "width": 3})
    alone = lab_of(preset).values()
    lab = lab_of(preset)
    for at in (0.0, 1.0, -2.0, 0.5, 0.0):
        lab.set_value(SetValue("q.at", (at, 0.0)))
        frame(lab)
    assert set(alone) == set(ABOUT)
    np.testing.assert_equal({name: one.value for name, one in lab.values().items()},
                            {name: one.value for name, one in alone.items()})  # fmt: skip
    assert (lab.pair.p.sample(50) == lab_of(preset).pair.p.sample(50)).all()
    found = settled(lab)
    assert found.bars is not None
    for one in found.bars.values:
        np.testing.assert_equal(one.value, alone[one.name].value)


def test_a_hand_is_not_held_by_slow_values() -> None:
    lab = lab_of(preset_of(MOONS, space="plane"))
    settled(lab, needs=frozenset({"bars"}))
    for step in range(5):
        lab.set_value(SetValue("q.at", (1.1 + 0.1 * step, 0.0)))
        found = frame(lab, needs=frozenset({"bars"}))
        assert found.bars is not None and not found.rests
        fresh = {one.name: one.fresh for one in found.bars.values}
        assert fresh["mmd"] and fresh["sliced_w2"] and not fresh["kl"] and not fresh["sinkhorn"]
    last = settled(lab, needs=frozenset({"bars"}))
    assert last.bars is not None and all(one.fresh for one in last.bars.values)
    assert not lab.resting  # the swept point would run


def test_a_change_of_the_kernel_leaves_what_has_none() -> None:
    lab = lab_of(preset_of(MOONS, space="plane"))
    settled(lab, needs=frozenset({"bars"}))
    lab.set_value(SetValue("kernel.regularisation", 0.5))
    found = frame(lab, needs=frozenset({"bars"}))
    assert found.bars is not None
    fresh = {one.name: one.fresh for one in found.bars.values}
    assert fresh["kl"] and fresh["w1"] and fresh["sinkhorn"] and not fresh["lipschitz_w1"]


def test_at_rest_nothing_is_left_to_do() -> None:
    lab = lab_of(preset_of(swept__period=0.0))
    assert lab.resting and lab.iteration == 0
    settled(lab)
    assert lab.resting
    found = [frame(lab).pair for _ in range(3)]
    assert found[0] is found[1] is found[2]
    before = lab.iteration
    lab.step(StepOnce("iteration", 5))
    assert lab.iteration == before
    with pytest.raises(PresetError, match="only a training"):
        lab.step(StepOnce("energy"))


def test_the_point_runs_from_end_to_end_and_back() -> None:
    lab = lab_of(preset_of(swept__low=0.0, swept__high=2.0, swept__period=1.0, view__pace=20.0))
    places = []
    for _ in range(45):
        lab.advance()
        places.append(lab.preset.q.at[0])
    assert lab.iteration == 45 and lab.preset.q.at[1] == 0
    assert np.abs(np.diff(places)) == pytest.approx(0.1, abs=1e-6)  # 20 ticks for a length of 2
    assert places[9] == 2 and places[29] == 0 and places[-1] == pytest.approx(1.5)
    found = frame(lab, state="running")
    assert found.swept is not None and found.preset is not None
    assert found.swept.at == places[-1] and found.swept.now[0] == pytest.approx(places[-1] ** 2 / 2)


def test_the_running_point_computes_no_curve_again() -> None:
    lab = lab_of(preset_of())
    before = settled(lab).swept
    assert before is not None
    for _ in range(10):
        lab.advance()
        after = frame(lab, state="running").swept
        assert after is not None and after.done == 1 and after.at != before.at
        assert all((a.values == b.values).all() for a, b in zip(before.curves, after.curves, strict=True))


RUNS = [("measure.samples", 10, 400), ("critic.size", 1, 9), ("kernel.regularisation", 1e-3, 10), ("p.width", -1, 2)]


@pytest.mark.parametrize(("over", "low", "high"), RUNS)
def test_every_parameter_can_run(over: str, low: float, high: float) -> None:
    preset = preset_of(swept__over=over, swept__low=low, swept__high=high, swept__points=5, swept__curves=["kl"],
                       swept__period=0.5, view__pace=60.0)  # fmt: skip
    lab = lab_of(preset)
    group, _, name = over.partition(".")
    seen = set()
    for _ in range(70):
        lab.advance()
        seen.add(float(getattr(getattr(lab.preset, group), name)))
    least = max(low, 0.0)
    assert min(seen) == pytest.approx(least) and max(seen) == pytest.approx(high) and len(seen) > 5
    part = settled(lab, needs=frozenset({"swept"})).swept
    assert part is not None and part.done == 1
    if over == "p.width":
        assert math.isnan(part.curves[0].values[0]) and "p.width lies from 0 to 100" in part.note


@pytest.mark.parametrize("over", ["q.at", "critic.size"])
def test_a_saved_lab_goes_on_bit_for_bit(over: str) -> None:
    preset = preset_of(swept__over=over, swept__low=1.0, swept__high=6.0)
    lab = lab_of(preset)
    for _ in range(370):
        lab.advance()
    other = lab_of(lab.preset)
    other.take_back(lab.saved())
    for _ in range(200):
        lab.advance()
        other.advance()
        assert lab.preset == other.preset and lab.iteration == other.iteration
    assert lab.saved().facts == other.saved().facts


def test_to_begin_again_takes_the_point_to_its_left_end() -> None:
    lab = lab_of(preset_of(swept__low=-2.0))
    lab.advance()
    lab.restart_chains()
    assert lab.preset.q.at == (-2.0, 0.0)


def test_a_hand_may_move_the_running_point() -> None:
    lab = lab_of(preset_of(swept__period=6.0, view__pace=10.0))
    lab.advance()
    lab.set_value(SetValue("q.at", (-1.0, 0.5)))
    lab.advance()
    assert lab.preset.q.at[0] == pytest.approx(-0.9) and lab.preset.q.at[1] == 0.5


@pytest.mark.parametrize("needs", [ALL, frozenset({"bars"}), frozenset({"swept"})])
def test_bad_pairs_end_in_words_and_infinities(needs: frozenset[Any]) -> None:
    laws: list[dict[str, Any]] = [
        {"kind": "points"}, {"kind": "point"}, {"kind": "gaussian", "width": 0}, {"kind": "points", "points": [1] * 5},
        {"kind": "uniform", "width": 1e-3},
    ]  # fmt: skip
    for p in laws:
        for lower in ("log_ratio", "critics", "integrand", "mmd_witness", "kale_witness", "transport"):
            lab = lab_of(preset_of(p, view__lower=lower, swept__points=5, swept__curves=["kl", "w1", "kale"]))
            found = settled(lab, needs=needs)
            assert done(found)
            if found.pair is not None:
                assert found.pair.below or found.pair.note
                assert np.isfinite(found.pair.home).all() and found.pair.home[0] < found.pair.home[1]


def test_newer_work_takes_the_place_of_older() -> None:
    done_by: list[str] = []

    def work(name: str, count: int) -> Pieces[None]:
        for _ in range(count):
            done_by.append(name)
            yield

    later: Later[None] = Later()
    later.want("a", work("a", 100))
    later.work(0.0)
    later.want("b", work("b", 2))
    while later.pending:
        later.work(0.0)
    assert done_by == ["a", "b", "b"] and later.key == "b"

    def answer() -> Pieces[int]:
        yield
        return 7

    assert finished(answer()) == 7
