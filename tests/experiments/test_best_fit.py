"""The best Gaussian where the answer is known, and where densities leave the range of a float."""

from __future__ import annotations

import math

import pytest
import torch

from gebm_studio.experiments.best_fit import best_gaussian, value
from gebm_studio.models import build
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import build as build_target

CPU = torch.device("cpu")


def two(place: float, width: float) -> TrainingPreset:
    return TrainingPreset.model_validate(
        {
            "title": "Two Gaussians",
            "target": {"kind": "mixture", "means": [[-place], [place]], "stds": [width, width]},
            "base": {"kind": "linear", "matrix": [[1.0]], "shift": [0.0]},
        }
    )


@pytest.mark.parametrize(("place", "width"), [(1.0, 0.5), (5.0, 0.1), (20.0, 0.1)])
def test_kl_is_least_at_the_target_s_own_moments_however_far_its_modes_are(place: float, width: float) -> None:
    preset = two(place, width)
    target = build_target(preset.target, seed=0, device=CPU)
    fit = best_gaussian(build(preset, (1,), target.log_density, CPU), target, "kl")
    assert fit is not None
    assert (abs(fit.mean), fit.std) == pytest.approx((0.0, math.hypot(place, width)), abs=1e-4)


def test_no_fit_is_told_where_ratios_leave_the_range_of_a_float() -> None:
    preset = two(5.0, 0.1)
    target = build_target(preset.target, seed=0, device=CPU)
    model = build(preset, (1,), target.log_density, CPU)
    assert best_gaussian(model, target, "jeffrey") is None
    picked = best_gaussian(model, target, "neyman")  # one of the modes: χ²(G‖P) = ∫ g²/p − 1 = 2 − 1
    assert picked is not None
    assert (picked.value, abs(picked.mean), picked.std) == pytest.approx((1.0, 5.0, 0.1), rel=1e-6)


def test_missed_mass_costs_what_it_should() -> None:
    """P = ½N(−4, .1²) + ½N(4, .1²), G its left half: reverse KL log 2, TV ½, KL no bargain."""
    x = torch.linspace(-6, 6, 8001, dtype=torch.float64)
    left, right = (-0.5 * ((x - m) / 0.1) ** 2 - math.log(0.1 * math.sqrt(2 * math.pi)) for m in (-4.0, 4.0))
    log_p = torch.logaddexp(left, right) - math.log(2)
    assert value("reverse_kl", x, log_p, left) == pytest.approx(math.log(2), rel=1e-6)
    assert value("total_variation", x, log_p, left) == pytest.approx(0.5, rel=1e-6)
    assert value("kl", x, log_p, left) > 100
