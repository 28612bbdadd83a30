"""Curves over a parameter: nearest first, kept while only the parameter moves, and against KL."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gebm_studio.messages import SetValue, SweptPart
from tests.experiments.lab_cases import frame, lab_of, preset_of, settled, value

SWEPT: frozenset[Any] = frozenset({"swept"})


def part_of(**changes: Any) -> SweptPart:
    part = settled(lab_of(preset_of(**changes)), needs=SWEPT).swept
    assert part is not None
    return part


def test_a_curve_holds_the_values_at_its_places() -> None:
    names = ("kl", "jensen_shannon", "w2", "mmd", "kale")
    part = part_of(swept__low=-1.0, swept__high=2.0, swept__points=7, swept__curves=names, q={"kind": "mixture"})
    assert part.values == pytest.approx(np.linspace(-1, 2, 7)) and (part.horizontal == part.values).all()
    for curve in part.curves:
        alone = [value(curve.name, q={"kind": "mixture", "at": (at, 0)}).value for at in part.values]
        assert curve.values == pytest.approx(alone, rel=1e-12) and curve.fresh
    assert part.horizontal_label == "place of Q" and part.done == 1


def test_a_logarithmic_axis_and_whole_numbers() -> None:
    part = part_of(swept__over="kernel.regularisation", swept__low=1e-3, swept__high=1e3, swept__points=7,
                   swept__spacing="log", swept__curves=["kale"])  # fmt: skip
    assert part.values == pytest.approx(10.0 ** np.arange(-3, 4)) and part.logarithmic
    kale = part.curves[0].values
    assert kale[0] == pytest.approx(0.5, abs=0.02) and kale[-1] == pytest.approx(value("half_mmd2").value, rel=1e-2)
    counted = part_of(
        swept__over="critic.size",
        swept__low=1,
        swept__high=4,
        swept__points=40,
        swept__curves=["kale_features"],
        critic__family="polynomial",
        q={"kind": "gaussian", "width": 2},
    )
    assert counted.values.tolist() == [1, 2, 3, 4]
    # Of linear critics KALE is (m_p − m_q)²/2σ² = 0 here, of quadratic ones KL.
    features = counted.curves[0].values
    assert features[0] == pytest.approx(0, abs=1e-6)
    assert features[1:] == pytest.approx(math.log(2) + 1 / 8 - 0.5, abs=1e-5)


def test_against_kl_the_axis_is_kl_at_each_place() -> None:
    part = part_of(swept__curves=["kale"], swept__against="kl", swept__points=9)
    assert part.horizontal == pytest.approx(part.values**2 / 2) and part.horizontal_label == "KL(P‖Q)"
    assert part.now_horizontal == pytest.approx(0.5) and part.inset is not None
    assert np.trapezoid(part.inset.p, part.inset.x) == pytest.approx(1, abs=1e-3)
    assert part_of(swept__points=5, space="plane", swept__against="kl", swept__curves=["w2"]).inset is None


def test_the_nearest_values_come_first_and_old_ones_stay_until_then() -> None:
    lab = lab_of(preset_of(swept__points=401, swept__curves=["kale"]))
    part = frame(lab, needs=SWEPT).swept
    assert part is not None and 0 < part.done < 1
    known = np.flatnonzero(~np.isnan(part.curves[0].values))
    assert np.abs(part.values[known] - 1).max() <= 1.1 * (len(known) + 1) * 6 / 400 and part.curves[0].fresh
    before = settled(lab, needs=SWEPT).swept
    assert before is not None
    lab.set_value(SetValue("kernel.regularisation", 1.0))
    after = frame(lab, needs=SWEPT).swept
    assert after is not None and after.done < 1 and not after.curves[0].fresh
    assert np.isfinite(after.curves[0].values).all()
    last = settled(lab, needs=SWEPT).swept
    assert last is not None and last.curves[0].fresh and (last.curves[0].values[:5] < before.curves[0].values[:5]).all()


def test_a_change_that_a_curve_does_not_feel_leaves_it() -> None:
    lab = lab_of(preset_of(swept__curves=["kl", "w1", "kale"]))
    settled(lab, needs=SWEPT)
    lab.set_value(SetValue("kernel.regularisation", 1.0))
    part = frame(lab, needs=SWEPT).swept
    assert part is not None and [curve.fresh for curve in part.curves[:2]] == [True, True]
    lab.set_value(SetValue("view.slope", 1.0))
    lab.set_value(SetValue("critic.rate", 0.5))
    assert settled(lab, needs=SWEPT).swept is not None
    lab.set_value(SetValue("swept.high", 2.0))
    moved = frame(lab, needs=SWEPT).swept
    assert moved is not None and moved.done < 1 and moved.values[-1] == 2


def test_infinite_values_are_part_of_a_curve() -> None:
    part = part_of(p={"kind": "uniform"}, q={"kind": "uniform"}, swept__low=0.0, swept__high=2.0, swept__points=5,
                   swept__curves=["kl", "w1"])  # fmt: skip
    assert part.curves[0].values.tolist() == [0, *[math.inf] * 4]
    assert part.curves[1].values == pytest.approx(part.values)


def test_curves_are_computed_while_the_point_runs_beside_slow_values() -> None:
    lab = lab_of(preset_of(swept__points=5, swept__curves=["kl", "kale"], measure__samples=60))
    done = 0.0
    for _ in range(2000):
        part = frame(lab, "running", frozenset({"bars", "swept"})).swept
        assert part is not None
        done = part.done
        if done == 1:
            break
        lab.advance()
    assert done == 1 and lab.iteration > 0
