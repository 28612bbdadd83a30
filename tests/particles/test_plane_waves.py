"""The Gaussian kernel by plane waves against its pairs, to rounding."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.divergences import Gaussian, rkhs_kale
from gebm_studio.particles import PlaneGaussian
from gebm_studio.particles import plane_waves as module


@given(
    scale=st.floats(0.02, 30.0),
    amplitude=st.floats(0.1, 10.0),
    shift=st.floats(-50.0, 50.0),
    wide=st.floats(0.0, 3.0),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_waves_are_pairs(scale: float, amplitude: float, shift: float, wide: float, seed: int) -> None:
    """Errors of the order of 1e-15 of the sum of all weights; also where all points lie on a line or in one place."""
    generator = torch.Generator().manual_seed(seed)
    x, y = (torch.rand(n, 2, generator=generator, dtype=torch.float64) * 2 + shift for n in (30, 40))
    x[:, 1], y[:, 1] = x[:, 1] * wide, y[:, 1] * wide
    w = torch.randn(40, generator=generator, dtype=torch.float64)
    pairs, waves = Gaussian(scale, amplitude), PlaneGaussian(scale, amplitude)
    unit = amplitude * float(w.abs().sum())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_FEW_PAIRS", -(10**12))
        assert waves._waves(x, y) is not None
        assert torch.allclose(waves.sums(x, y, w), pairs.sums(x, y, w), rtol=0, atol=2e-14 * unit)
        slopes = waves.gradient(x, y, w), pairs.gradient(x, y, w)
        assert torch.allclose(*slopes, rtol=0, atol=1e-13 * unit / scale)
        assert waves.form(y, w) == pytest.approx(pairs.form(y, w), rel=0, abs=2e-14 * unit * float(w.abs().sum()))


def test_waves_are_taken_where_they_pay() -> None:
    few, many = torch.rand(100, 2, dtype=torch.float64), torch.rand(1000, 2, dtype=torch.float64)
    assert PlaneGaussian(0.2)._waves(few, few) is None
    assert PlaneGaussian(0.2)._waves(many, many) is not None
    assert PlaneGaussian(1e-4)._waves(many, many) is None, "thousands of waves"
    assert PlaneGaussian(0.2)._waves(many[:, :1], many[:, :1]) is None, "on the line"


def test_kale_does_not_see_the_difference() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand(700, 2, generator=generator, dtype=torch.float64) for _ in range(2))
    found = [rkhs_kale(x, y, kernel(0.2), 0.01).value for kernel in (Gaussian, PlaneGaussian)]
    assert found[0] == pytest.approx(found[1], rel=1e-9)
