"""Closed forms between Gaussians against quadrature, each other, and the point masses at their border."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gebm_studio.divergences import (
    IsotropicMixture,
    chi2,
    chi2_normal,
    f_divergences_1d,
    gaussian_breaks,
    hellinger2,
    hellinger2_normal,
    integrate,
    integrate_plane,
    jeffrey_normal,
    kl,
    kl_normal,
    mmd2_gaussians,
    mmd2_mixtures,
    tv_normal,
    w1_normal,
    w2_normal,
    w2_squared,
    witness_of_mixtures,
)

PAIR = (0.3, 0.8, -0.4, 1.1)
MEANS, STDS = st.floats(-3, 3), st.floats(0.2, 4)
FORMS = {
    "kl": kl_normal,
    "reverse_kl": lambda m, s, n, t: kl_normal(n, t, m, s),
    "pearson": chi2_normal,
    "neyman": lambda m, s, n, t: chi2_normal(n, t, m, s),
    "hellinger": hellinger2_normal,
    "total_variation": tv_normal,
    "jeffrey": jeffrey_normal,
}


def normal(mean: float, std: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: -0.5 * ((x - mean) / std) ** 2 - math.log(std * math.sqrt(2 * math.pi))


def test_the_reference_pair_has_its_known_values() -> None:
    assert kl_normal(*PAIR) == pytest.approx(0.2853959, abs=5e-8)
    assert chi2_normal(*PAIR) == pytest.approx(0.4929263, abs=5e-8)
    assert hellinger2_normal(*PAIR) == pytest.approx(0.1742424, abs=5e-8)
    assert w1_normal(*PAIR) == pytest.approx(0.7019917, abs=5e-8)
    assert w2_normal(*PAIR) == pytest.approx(math.sqrt(0.7**2 + 0.3**2), rel=1e-14)


@settings(max_examples=60, deadline=None)
@given(MEANS, STDS, MEANS, STDS)
def test_closed_forms_are_what_quadrature_finds(m: float, s: float, n: float, t: float) -> None:
    breaks = gaussian_breaks([m, n], [s, t])
    infinite = {name for name, form in FORMS.items() if form(m, s, n, t) == math.inf}
    found = f_divergences_1d(normal(m, s), normal(n, t), breaks, infinite=infinite)
    for name, form in FORMS.items():
        wanted = form(m, s, n, t)
        if wanted < 1e200:
            assert found[name].value == pytest.approx(wanted, rel=2e-8, abs=2e-9), name
        if wanted < 1e9:  # A larger χ² lives where log densities are large, and their rounding with them.
            assert abs(found[name].value - wanted) <= found[name].error + 1e-12 * (1 + wanted), name


@settings(max_examples=100, deadline=None)
@given(MEANS, STDS, MEANS, STDS)
def test_inequalities(m: float, s: float, n: float, t: float) -> None:
    divergence, chi, h2, tv = (form(m, s, n, t) for form in (kl_normal, chi2_normal, hellinger2_normal, tv_normal))
    slack = 1e-12
    assert h2 / 2 <= tv + slack
    assert tv <= math.sqrt(h2 * (1 - h2 / 4)) + 1e-7
    assert 2 * tv**2 <= divergence + slack, "Pinsker"
    assert tv <= math.sqrt(1 - math.exp(-divergence)) + 1e-7, "Bretagnolle and Huber"
    assert divergence <= math.log1p(chi) + slack
    assert h2 <= divergence + slack
    assert divergence <= jeffrey_normal(m, s, n, t) + slack
    assert w1_normal(m, s, n, t) <= w2_normal(m, s, n, t) + slack
    assert w2_normal(m, s, n, t) ** 2 <= 2 * t**2 * divergence + 1e-10, "Talagrand"


@settings(max_examples=40, deadline=None)
@given(MEANS, STDS, MEANS, STDS, st.floats(0.1, 10), st.floats(-5, 5))
def test_f_divergences_do_not_depend_on_the_units(
    m: float, s: float, n: float, t: float, unit: float, shift: float
) -> None:
    for form in FORMS.values():
        moved = form(unit * m + shift, unit * s, unit * n + shift, unit * t)
        wanted = form(m, s, n, t)
        if wanted < 1e12:
            assert moved == pytest.approx(wanted, rel=1e-8, abs=1e-9)


def test_chi2_is_infinite_from_twice_the_variance_on() -> None:
    assert chi2_normal(0, math.sqrt(2) * (1 - 1e-9), 0, 1) < math.inf
    assert chi2_normal(0, math.sqrt(2), 0, 1) == math.inf
    assert chi2_normal(0, 1, 0.5, math.sqrt(0.5)) == math.inf
    assert chi2_normal(0, 3, 0, 1) == math.inf
    assert chi2_normal(0, 1, 0, 3) < math.inf
    assert chi2_normal(40, 1, 0, 1) == math.inf, "e^1600 is beyond a float"
    assert chi2([0, 0], np.diag([1.0, 2.0]), [0, 0], np.eye(2)) == math.inf


def test_equal_and_far_laws_lose_no_digits() -> None:
    for form in FORMS.values():
        assert form(0.3, 0.7, 0.3, 0.7) == 0
    assert tv_normal(0, 1, 1e-9, 1) == pytest.approx(1e-9 / math.sqrt(2 * math.pi), rel=1e-9)
    assert tv_normal(0, 1, 0.5, 1 + 1e-9) == pytest.approx(tv_normal(0, 1, 0.5, 1), abs=1e-9)
    assert hellinger2_normal(0, 1, 1e-6, 1) == pytest.approx(1e-12 / 4, rel=1e-9)
    assert chi2_normal(0, 1, 1e-6, 1) == pytest.approx(1e-12, rel=1e-9)
    assert kl_normal(0, 1, 1e4, 1) == pytest.approx(5e7, rel=1e-14)
    assert (tv_normal(0, 1, 1e4, 1), hellinger2_normal(0, 1, 1e4, 2)) == (1, 2)


@pytest.mark.parametrize(("p", "q"), [((0.5, 0.0), (0.5, 1.0)), ((0.5, 1.0), (0.5, 0.0)), ((0.5, 0.0), (0.6, 0.0))])
def test_point_masses_are_singular(p: tuple[float, float], q: tuple[float, float]) -> None:
    infinite = {"kl", "reverse_kl", "pearson", "neyman", "jeffrey"}
    for name, form in FORMS.items():
        assert form(*p, *q) == (math.inf if name in infinite else 2 if name == "hellinger" else 1)
        assert form(*p, *p) == 0
    gap, width = p[0] - q[0], p[1] - q[1]
    assert w2_normal(*p, *q) == pytest.approx(math.hypot(gap, width))
    assert w1_normal(*p, *q) == pytest.approx(abs(gap) if width == 0 else math.sqrt(2 / math.pi))


# Several dimensions.


def test_on_one_axis_and_along_many_the_forms_agree() -> None:
    m, s, n, t = PAIR
    one = ([m], [[s**2]], [n], [[t**2]])
    assert chi2(*one) == pytest.approx(chi2_normal(*PAIR), rel=1e-13)
    assert hellinger2(*one) == pytest.approx(hellinger2_normal(*PAIR), rel=1e-13)
    rng = np.random.default_rng(0)
    m_p, m_q, s_p, s_q = rng.normal(size=3), rng.normal(size=3), rng.uniform(0.6, 1, 3), rng.uniform(0.8, 2, 3)
    rotation = stats.ortho_group.rvs(3, random_state=1)
    laws = [(rotation @ mean, rotation @ np.diag(std**2) @ rotation.T) for mean, std in ((m_p, s_p), (m_q, s_q))]
    axes = list(zip(m_p, s_p, m_q, s_q, strict=True))
    wanted = math.prod(1 + chi2_normal(*axis) for axis in axes) - 1
    assert chi2(*laws[0], *laws[1]) == pytest.approx(wanted, rel=1e-10)
    wanted = 2 - 2 * math.prod(1 - hellinger2_normal(*axis) / 2 for axis in axes)
    assert hellinger2(*laws[0], *laws[1]) == pytest.approx(wanted, rel=1e-10)
    assert kl(*laws[0], *laws[1]) <= math.log1p(chi2(*laws[0], *laws[1]))


@pytest.mark.parametrize("form", [chi2, hellinger2])
def test_forms_in_many_dimensions_refuse_singular_covariances(form: Callable[..., float]) -> None:
    with pytest.raises(ValueError, match="not positive definite"):
        form([0, 0], np.diag([1.0, 0]), [0, 0], np.eye(2))
    with pytest.raises(ValueError, match="dimension: 2 and 1"):
        form([0, 0], np.eye(2), [0], np.eye(1))


# Maximum mean discrepancy.


def test_f21_calibration() -> None:
    """k = 4e^{−d²/2}, N(0, 1) against N(Δ, 1)."""
    for shift, wanted in ((2.693, 1.8), (1.350, 1.1)):
        value = mmd2_gaussians([0], [[1]], [shift], [[1]], scale=1, amplitude=4)
        assert math.sqrt(value) == pytest.approx(wanted, abs=2e-4)


@settings(max_examples=25, deadline=None)
@given(MEANS, STDS, MEANS, STDS, st.floats(0.3, 3))
def test_mmd_is_the_norm_of_the_witness(m: float, s: float, n: float, t: float, scale: float) -> None:
    """MMD² = ∫ (μ_P − μ_Q)(dP − dQ)."""
    p, q = (IsotropicMixture(np.array([[mean]]), np.array([std]), np.ones(1)) for mean, std in ((m, s), (n, t)))

    def product(x: np.ndarray) -> np.ndarray:
        signed = np.exp(normal(m, s)(x)) - np.exp(normal(n, t)(x))
        return witness_of_mixtures(x[:, None], p, q, scale, 2.0) * signed

    found = integrate(product, np.unique(gaussian_breaks([m, n], [s, t])), tolerance=1e-10)
    value = mmd2_gaussians([m], [[s**2]], [n], [[t**2]], scale, 2.0)
    assert value == pytest.approx(float(found.value), abs=1e-9)
    assert mmd2_mixtures(p, q, scale, 2.0) == pytest.approx(value, abs=1e-14)


def test_mmd_of_mixtures_in_the_plane_is_found_by_quadrature() -> None:
    p = IsotropicMixture(np.array([[0.0, 0.0], [1.5, -1.0]]), np.array([0.4, 0.7]), np.array([0.3, 0.7]))
    q = IsotropicMixture(np.array([[0.5, 1.0]]), np.array([0.9]), np.array([1.0]))

    def density(law: IsotropicMixture, x: np.ndarray) -> np.ndarray:
        parts = zip(law.means, law.stds, law.weights, strict=True)
        return sum(w * stats.multivariate_normal(m, s**2).pdf(x) for m, s, w in parts)

    def product(x: np.ndarray) -> np.ndarray:
        return witness_of_mixtures(x, p, q, 0.8) * (density(p, x) - density(q, x))

    found = integrate_plane(product, np.linspace(-6, 7, 6), np.linspace(-7, 7, 6), tolerance=1e-8)
    assert mmd2_mixtures(p, q, 0.8) == pytest.approx(float(found.value), abs=1e-8)
    assert mmd2_mixtures(p, p, 0.8) == 0
    # The same law, one component told twice.
    doubled = IsotropicMixture(q.means[[0, 0]], q.stds[[0, 0]], np.array([0.25, 0.75]))
    assert mmd2_mixtures(p, doubled, 0.8) == pytest.approx(mmd2_mixtures(p, q, 0.8), rel=1e-12)
    assert mmd2_mixtures(q, doubled, 0.8) == pytest.approx(0, abs=1e-15)


def test_mmd_of_point_masses_is_the_kernel_s() -> None:
    zero = np.zeros((2, 2))
    apart = np.array([0.3, 0.4])
    wanted = 2 - 2 * math.exp(-0.25 / (2 * 0.7**2))
    assert mmd2_gaussians([0, 0], zero, apart, zero, 0.7) == pytest.approx(wanted, rel=1e-13)
    p, q = (IsotropicMixture(mean[None], np.zeros(1), np.ones(1)) for mean in (np.zeros(2), apart))
    assert mmd2_mixtures(p, q, 0.7) == pytest.approx(wanted, rel=1e-13)


def test_mmd_refuses_what_is_no_law() -> None:
    good = IsotropicMixture(np.zeros((1, 2)), np.ones(1), np.ones(1))
    for bad, said in (
        (good._replace(weights=np.array([0.5])), "sum to 1"),
        (good._replace(stds=np.array([-1.0])), "not negative"),
        (good._replace(means=np.zeros((2, 2))), r"got \(2, 2\), \(1,\) and \(1,\)"),
        (good._replace(means=np.zeros((1, 3))), "dimension: 2 and 3"),
    ):
        with pytest.raises(ValueError, match=said):
            mmd2_mixtures(good, bad, 1.0)
    with pytest.raises(ValueError, match="must be positive, got 0"):
        mmd2_gaussians([0], [[1]], [0], [[1]], 0)
    with pytest.raises(ValueError, match=r"points \(N, 2\), got \(4,\)"):
        witness_of_mixtures(np.zeros(4), good, good, 1.0)
    assert w2_squared([0, 0], np.zeros((2, 2)), [3, 4], np.zeros((2, 2))) == pytest.approx(25)
