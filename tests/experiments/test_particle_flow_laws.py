"""Scores of laws and KL from an exact density."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter

from gebm_studio.experiments.flows.entropy import kl_to_density
from gebm_studio.experiments.flows.score import score_of
from gebm_studio.schema.law import AnyLaw
from gebm_studio.targets.laws import Law, place

SMOOTH: list[dict[str, Any]] = [
    {"kind": "gaussian", "at": [1.0, -2.0], "width": 0.7, "aspect": 3.0, "angle": 0.6},
    {
        "kind": "mixture",
        "means": [[-1, 0], [1, 1], [0, 3]],
        "stds": [0.3, 0.5, 1.0],
        "weights": [1, 2, 3],
        "width": 2.0,
    },
    {"kind": "toy", "name": "ring"},
    {"kind": "toy", "name": "moons", "width": 1.5, "at": [0.3, 0.2]},
    {"kind": "toy", "name": "funnel"},
]


def law_of(section: dict[str, Any]) -> tuple[Law, Any]:
    made: Any = TypeAdapter(AnyLaw).validate_python(section)
    return place(made, 2, seed=0), made


@pytest.mark.parametrize("section", SMOOTH)
def test_a_score_is_the_slope_of_the_log_density(section: dict[str, Any]) -> None:
    """Differences at points where the law has its mass."""
    law, made = law_of(section)
    score = score_of(law, made)
    assert score is not None
    y, h = law.sample(40), 1e-5
    shifts = [np.array([h, 0.0]), np.array([0.0, h])]
    slopes = np.stack([(law.log_density(y + s) - law.log_density(y - s)) / (2 * h) for s in shifts], axis=1)
    found = score(torch.from_numpy(y)).numpy()
    assert found == pytest.approx(slopes, rel=1e-4, abs=1e-4 * np.abs(slopes).max())


@pytest.mark.parametrize("kind", ["uniform", "rings", "shape", "point"])
def test_laws_whose_density_jumps_or_is_none_have_no_score(kind: str) -> None:
    assert score_of(*law_of({"kind": kind})) is None


def test_kl_of_gaussians_from_the_exact_density() -> None:
    """KL(N(m, s²I)‖N(0, I)); the mean of four sets of draws, whose spread was measured as 0.03 for one."""
    shift, width, n = 0.5, 0.6, 1500
    exact = shift**2 / 2 + width**2 - 1 - 2 * math.log(width)
    rng = np.random.default_rng(0)
    law, _ = law_of({"kind": "gaussian"})
    found = [kl_to_density(width * rng.standard_normal((n, 2)) + [shift, 0.0], law.log_density) for _ in range(4)]
    assert np.mean(found) == pytest.approx(exact, abs=5 * 0.03 / 2)


def test_kl_is_infinite_outside_of_the_support_and_refuses_what_has_no_density() -> None:
    law, _ = law_of({"kind": "uniform"})
    inside = np.random.default_rng(0).random((50, 2)) - 0.5
    assert math.isfinite(kl_to_density(inside, law.log_density))
    assert kl_to_density(inside + np.array([0.2, 0.0]), law.log_density) == math.inf
    with pytest.raises(ValueError, match="coincide"):
        kl_to_density(np.zeros((9, 2)), law.log_density)
    with pytest.raises(ValueError, match="more than k points"):
        kl_to_density(inside[:4], law.log_density)
