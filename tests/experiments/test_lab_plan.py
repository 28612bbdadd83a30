"""Plans of W₁: the cost of the plan is the gain of its critic, which is 1-Lipschitz."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.plan import plan_part
from gebm_studio.messages import PlanPart
from tests.experiments.lab_cases import preset_of, value

NORMAL = {"kind": "gaussian"}
MIXTURE = {"kind": "mixture", "means": [-1.0, 2.0], "stds": [0.25, 1.4], "weights": [0.33, 0.67]}
BIMODAL = {"kind": "mixture", "means": [-3.0, 3.0], "stds": [0.1, 0.3]}
INTERVAL = {"kind": "uniform", "at": (0.3, 0.0), "width": 2.0}
ATOMS = {"kind": "points", "points": [0.0, 1.0, 1.0, 3.5]}
POINT = {"kind": "gaussian", "at": (1.0, 0.0), "width": 0.0}
LAWS = (NORMAL, MIXTURE, BIMODAL, INTERVAL, ATOMS, POINT)


def part_of(p: dict[str, Any], q: dict[str, Any], **settings: Any) -> PlanPart:
    preset = preset_of(p, q, **settings)
    return plan_part(Pair(preset), preset, 1)


@pytest.mark.parametrize("p", LAWS, ids=lambda law: law["kind"])
@pytest.mark.parametrize("q", LAWS, ids=lambda law: law["kind"])
def test_the_plan_costs_what_the_critic_gains(p: dict[str, Any], q: dict[str, Any]) -> None:
    part = part_of(p, q)
    assert part.gain == pytest.approx(part.cost, abs=1e-8)
    assert part.cost == pytest.approx(value("w1", p, q).value, abs=1e-8)
    assert part.plan[:, 2].sum() == pytest.approx(1, abs=1e-5)
    x, f = part.x.astype(float), part.critic.astype(float)
    # Knots in single precision are off by 10⁻⁷ of their place.
    assert (np.abs(np.diff(f)) <= np.diff(x) + 1e-5).all()
    assert (part.plan[np.argsort(part.plan[:, 0]), 1] == np.sort(part.plan[:, 1])).all()  # monotone
    shown = float(part.plan[:, 2] @ np.abs(part.plan[:, 0] - part.plan[:, 1]))
    assert shown == pytest.approx(part.cost, abs=0.02)


@settings(max_examples=20, deadline=None)
@given(st.floats(-3, 3), st.floats(0.1, 3))
def test_two_gaussians(shift: float, width: float) -> None:
    part = part_of(NORMAL, {"kind": "gaussian", "at": (shift, 0.0), "width": width})
    s = abs(1 - width)
    if s > 1e-3:
        ratio = -shift / s
        closed = s * math.sqrt(2 / math.pi) * math.exp(-(ratio**2) / 2) + shift * math.erf(-ratio / math.sqrt(2))
    else:
        closed = abs(shift)
    assert part.cost == pytest.approx(closed, abs=2e-3 if s <= 1e-3 else 1e-7)
    assert part.gain == pytest.approx(part.cost, abs=1e-8)


def test_draws_are_matched_exactly_and_thinned_for_the_picture() -> None:
    part = part_of(NORMAL, {"kind": "gaussian", "at": (1.0, 0.0)}, measure__values="samples", measure__samples=1500)
    assert part.gain == pytest.approx(part.cost, abs=1e-12)
    assert part.cost == pytest.approx(1, abs=0.15)  # standard error 0.037
    assert len(part.plan) == 200 and "1500 draws" in part.note and "200 of 1500" in part.note


def test_what_has_no_plan_says_why() -> None:
    for part, why in (
        (part_of({"kind": "points"}, NORMAL), "no points"),
        (part_of(NORMAL, NORMAL, space="plane"), "line"),
    ):
        assert why in part.note and math.isnan(part.cost) and len(part.plan) == len(part.x) == 0


def test_equal_laws_move_nothing() -> None:
    part = part_of(MIXTURE, MIXTURE)
    assert part.cost == pytest.approx(0, abs=1e-12) and part.gain == pytest.approx(0, abs=1e-12)
    assert not part.critic.any()
