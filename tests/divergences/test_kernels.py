"""Kernels and their sums and gradients; MMD² of samples against closed forms, without bias and with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gebm_studio.divergences import (
    KERNELS,
    EnergyDistance,
    Gaussian,
    InverseMultiquadric,
    Kernel,
    kernels,
    median_distance,
    mmd2,
    mmd_witness,
)

ALL: list[Kernel] = [
    Gaussian(0.7),
    Gaussian(1.3, 4.0),
    InverseMultiquadric(0.5),
    InverseMultiquadric(2.0, 1.5),
    EnergyDistance(),
]


def draw(seed: int, n: int, d: int = 2) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def kappa(variance: float, shift: float, scale: float) -> float:
    """E k(x, y) of x − y ~ N(shift, variance), in one dimension."""
    total = scale**2 + variance
    return float(scale / np.sqrt(total) * np.exp(-0.5 * shift**2 / total))


def nodes(centre: float) -> tuple[Tensor, Tensor]:
    """Midpoints of cells, and the mass of N(centre, 1) in each: exact beyond float64 for smooth functions."""
    x = -9 + 0.1 * (torch.arange(200, dtype=torch.float64) + 0.5)
    return x, 0.1 / math.sqrt(2 * math.pi) * torch.exp(-0.5 * (x - centre) ** 2)


def test_the_registry_names_them_all() -> None:
    assert sorted(KERNELS) == ["energy", "gaussian", "imq"]
    assert set(KERNELS.values()) == {type(kernel) for kernel in ALL}


def test_each_kernel_by_its_formula() -> None:
    x, y = torch.tensor([[0.0, 0.0], [3.0, 4.0]]).double(), torch.tensor([[3.0, 4.0], [6.0, 8.0]]).double()
    e = math.exp
    expected = {
        Gaussian(5.0, 2.0): [[2 * e(-0.5), 2 * e(-2)], [2.0, 2 * e(-0.5)]],
        InverseMultiquadric(5.0, 2.0): [[2**-2, 5**-2], [1.0, 2**-2]],
        EnergyDistance(): [[0.0, 0.0], [5.0, 5.0]],
    }
    for kernel, matrix in expected.items():
        torch.testing.assert_close(kernel.matrix(x, y), torch.tensor(matrix, dtype=torch.float64))


@pytest.mark.parametrize("kernel", ALL)
@pytest.mark.parametrize("d", [1, 3, 7])
def test_matrices_are_symmetric_and_positive_semidefinite(kernel: Kernel, d: int) -> None:
    x = draw(0, 40, d) + 5
    matrix = kernel.matrix(x, x)
    torch.testing.assert_close(matrix, matrix.T)
    torch.testing.assert_close(matrix.diagonal(), kernel.diagonal(x), atol=2e-7, rtol=0)
    assert float(torch.linalg.eigvalsh(matrix).min()) > -1e-6 * float(matrix.max())


@pytest.mark.parametrize("kernel", ALL)
@pytest.mark.parametrize("d", [1, 2, 6])
def test_gradients_are_those_of_the_sums(kernel: Kernel, d: int) -> None:
    x, y, weights = draw(1, 5, d), draw(2, 9, d) + 3, torch.linspace(-1, 1, 9, dtype=torch.float64)
    gradient = kernel.gradient(x, y, weights)
    for axis in range(d):
        step = torch.zeros(d, dtype=torch.float64)
        step[axis] = 1e-6
        slope = (kernel.sums(x + step, y, weights) - kernel.sums(x - step, y, weights)) / 2e-6
        torch.testing.assert_close(gradient[:, axis], slope, rtol=1e-6, atol=1e-8)


def test_the_energy_kernel_has_a_gradient_where_its_distances_have_none() -> None:
    x = torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    gradient = EnergyDistance().gradient(x, x, torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(gradient, torch.tensor([[0.5, 0.0], [0.5, 0.0]], dtype=torch.float64))


@pytest.mark.parametrize("kernel", ALL)
def test_blocks_change_nothing(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, weights = draw(3, 23), draw(4, 31), torch.linspace(-1, 2, 31, dtype=torch.float64)
    sums, gradient = kernel.sums(x, y, weights), kernel.gradient(x, y, weights)
    torch.testing.assert_close(sums, kernel.matrix(x, y) @ weights)
    assert kernel.form(y, weights) == pytest.approx(float(weights @ kernel.matrix(y, y) @ weights))
    monkeypatch.setattr(kernels, "_ENTRIES", 100)
    torch.testing.assert_close(kernel.sums(x, y, weights), sums)
    torch.testing.assert_close(kernel.gradient(x, y, weights), gradient)
    assert kernel.form(y, weights) == pytest.approx(float(weights @ kernel.matrix(y, y) @ weights))


def test_many_dimensions_far_from_the_origin_lose_little() -> None:
    x, y = draw(5, 10, 9), draw(6, 12, 9)
    exact = (x[:, None] - y).square().sum(2)
    torch.testing.assert_close(kernels.squared_distances(x + 1e4, y + 1e4), exact, rtol=0, atol=1e-9)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_kernel_needs_positive_numbers(value: float) -> None:
    with pytest.raises(ValueError, match="scale must be positive"):
        Gaussian(value)
    with pytest.raises(ValueError, match="amplitude must be positive"):
        Gaussian(1.0, value)
    with pytest.raises(ValueError, match="scale must be positive"):
        InverseMultiquadric(value)
    with pytest.raises(ValueError, match="exponent must be positive"):
        InverseMultiquadric(1.0, value)


def test_the_mean_over_samples_is_the_closed_form_on_gaussians() -> None:
    rng, scale = np.random.default_rng(0), 0.7
    p, q, delta = 1.0, 1.5**2, 0.8
    exact = kappa(2 * p, 0, scale) + kappa(2 * q, 0, scale) - 2 * kappa(p + q, delta, scale)
    found = [
        mmd2(rng.normal(0, 1, (40, 1)), rng.normal(delta, 1.5, (60, 1)), Gaussian(scale)) for _ in range(800)
    ]  # 800 of 40 and 60: a standard error of about 0.0012 around 0.0979
    assert abs(np.mean(found) - exact) < 4 * np.std(found) / np.sqrt(len(found))
    assert np.std(found) / np.sqrt(len(found)) < 0.003


def test_samples_of_one_law_have_none_on_average_and_fall_below_zero() -> None:
    rng = np.random.default_rng(1)
    found = [mmd2(rng.normal(size=(50, 2)), rng.normal(size=(50, 2)), Gaussian(1.0)) for _ in range(400)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))
    assert min(found) < 0


def test_two_points_by_hand() -> None:
    x, y = np.array([[0.0], [1.0]]), np.array([[0.0], [2.0]])
    k = {d: np.exp(-(d**2) / 2) for d in (0, 1, 2)}
    between = 2 * (k[0] + k[2] + k[1] + k[1]) / 4
    assert mmd2(x, y, Gaussian(1.0)) == pytest.approx(k[1] + k[2] - between)
    assert mmd2(x, y, Gaussian(1.0), unbiased=False) == pytest.approx(1 + (k[1] + k[2]) / 2 - between)
    assert mmd2([0.0], [1.0], Gaussian(1.0), unbiased=False) == pytest.approx(2 - 2 * k[1])


@pytest.mark.parametrize(("shift", "value"), [(2.693, 1.8), (1.350, 1.1)])
def test_two_normals_as_in_the_talk(shift: float, value: float) -> None:
    """The published numbers are MMD, not its square, with k = 4e^{−d²/2}."""
    (x, p), (_, q) = nodes(0), nodes(shift)
    found = mmd2(x, x, Gaussian(1.0, 4.0), unbiased=False, weights_x=p, weights_y=q)
    assert math.sqrt(found) == pytest.approx(value, abs=5e-4)
    assert found == pytest.approx(8 * (kappa(2, 0, 1) - kappa(2, shift, 1)), abs=1e-12)


def test_the_energy_kernel_gives_half_the_energy_distance() -> None:
    x, y = draw(7, 30) + 4, draw(8, 20)

    def mean(a: Tensor, b: Tensor) -> float:
        return float(torch.cdist(a, b).mean())

    half = mean(x, y) - 0.5 * mean(x, x) - 0.5 * mean(y, y)
    assert mmd2(x, y, EnergyDistance(), unbiased=False) == pytest.approx(half, abs=1e-7)


@given(seed=st.integers(0, 10**6), which=st.integers(0, len(ALL) - 1))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_the_witness_attains_mmd2_and_repeats_are_weights(seed: int, which: int) -> None:
    x, y, kernel = draw(seed, 12), draw(seed + 1, 15), ALL[which]
    weights = torch.arange(1, 13, dtype=torch.float64)
    found = mmd2(x, y, kernel, unbiased=False, weights_x=weights / weights.sum())
    repeated = mmd2(x.repeat_interleave(weights.long(), 0), y, kernel, unbiased=False)
    assert found == pytest.approx(repeated, abs=1e-12)
    p, q = (mmd_witness(at, x, y, kernel, weights_x=weights / weights.sum()) for at in (x, y))
    assert float(p @ weights / weights.sum() - q.mean()) == pytest.approx(found, abs=1e-12)
    assert mmd2(x, x, kernel, unbiased=False) < 1e-14


def test_float32_and_lists_are_the_float64_of_the_same_numbers() -> None:
    x, y = draw(9, 12).float(), draw(10, 15).float()
    exact = mmd2(x.double(), y.double(), Gaussian(1.0))
    assert mmd2(x, y, Gaussian(1.0)) == mmd2(x.numpy(), y.tolist(), Gaussian(1.0)) == exact


def test_the_median_distance() -> None:
    assert median_distance(np.array([[0.0], [1.0], [3.0]])) == 2.0
    assert median_distance([0.0], [1.0, 3.0]) == 2.0
    with pytest.raises(ValueError, match="most of them coincide"):
        median_distance(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="1 points"):
        median_distance([1.0])


def test_what_cannot_be_is_refused() -> None:
    five, kernel = np.zeros((5, 2)), Gaussian(1.0)
    with pytest.raises(ValueError, match="two points or more"):
        mmd2(np.zeros((1, 2)), five, kernel)
    with pytest.raises(ValueError, match="one dimension"):
        mmd2(np.zeros((5, 3)), five, kernel)
    with pytest.raises(ValueError, match="not finite"):
        mmd2(np.full((5, 2), np.nan), five, kernel)
    with pytest.raises(ValueError, match="takes no weights"):
        mmd2(five, five, kernel, weights_x=np.ones(5))
    with pytest.raises(ValueError, match="not negative"):
        mmd2(five, five, kernel, unbiased=False, weights_y=-np.ones(5))
