"""KALE of the lab where nodes are too few or the laws too far apart: its error says so, or there is no number."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.experiments.lab_cases import value


def normal(mean: float, std: float) -> dict[str, Any]:
    return {"kind": "gaussian", "at": (mean, 0), "width": std}


@pytest.mark.parametrize("kernel", ["gaussian", "energy"])
@pytest.mark.parametrize("distance", [6.0, 10.0, 15.0])
def test_kale_of_distant_gaussians_in_the_plane_stays_below_kl(kernel: str, distance: float) -> None:
    settings = {"kernel__name": kernel, "kernel__regularisation": 1e-3, "kernel__factor": False}
    kale = value("kale", normal(0, 1), normal(distance, 1), space="plane", **settings)
    assert kale.value <= distance**2 / 2 + kale.error and kale.error < 0.06 * kale.value


def test_kale_is_unknown_where_floats_cannot_hold_the_mass_of_q() -> None:
    settings = {"kernel__name": "energy", "kernel__regularisation": 5e-5}
    p, q = normal(30.7, 0.026), normal(-0.44, 0.26)
    for name in ("kale", "lipschitz_w1"):
        assert math.isnan(value(name, p, q, **settings).value)
    assert "so far from Q" in value("kale", p, q, **settings).note
    gentle = value("kale", p, q, **settings | {"kernel__regularisation": 10.0})
    assert math.isfinite(gentle.value) and gentle.error < 0.1 * gentle.value


def test_kale_is_unknown_where_nodes_are_too_coarse_to_tell_it_from_nothing() -> None:
    p, q = normal(0.5, 0.2), {"kind": "mixture", "at": (0, 0), "means": [-1, 6, 0, -0.5], "stds": [3, 0.4, 0.14, 2]}
    for name, lam in (("gaussian", 6e-4), ("imq", 5e-3)):
        settings = {"kernel__name": name, "kernel__scale": 0.03}
        kale = value("kale", p, q, **settings, kernel__regularisation=lam)
        assert math.isnan(kale.value) and "too far apart" in kale.note
        gentle = value("kale", p, q, **settings, kernel__regularisation=1.0)
        assert 0 < gentle.value <= 2 * 2.521 + gentle.error and gentle.error < gentle.value


def test_nodes_of_q_reach_as_far_as_a_wide_p() -> None:
    p, q = normal(0, 3), normal(1, 1)
    kale = value("kale", p, q, kernel__regularisation=1e-4, kernel__factor=False)
    exact = -math.log(3) + (9 + 1) / 2 - 0.5
    assert 0.9 * exact < kale.value <= exact + kale.error and kale.error < 1e-3


def test_kale_of_draws_says_that_they_are_draws() -> None:
    one = value("kale", normal(0, 1), normal(0, 1), measure__values="samples", measure__samples=20)
    assert one.value > 0 and "positive even where P = Q" in one.note
