"""All rows of the table by quadrature: known pairs, supports, tails, far and narrow laws, the plane."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import erf, ndtr

from gebm_studio.divergences import (
    COMPACT,
    GENERATORS,
    Tail,
    Tails,
    chi2,
    chi2_normal,
    f_divergences_1d,
    f_divergences_2d,
    f_divergences_uniform,
    gaussian_breaks,
    gaussian_tails,
    hellinger2,
    hellinger2_normal,
    infinite_by_tails,
    kl,
    kl_normal,
    tv_normal,
)

LogDensity = Callable[[np.ndarray], np.ndarray]
UNBOUNDED = {"kl", "reverse_kl", "pearson", "neyman", "jeffrey"}


def normal(mean: float, std: float) -> LogDensity:
    return lambda x: -0.5 * ((x - mean) / std) ** 2 - math.log(std * math.sqrt(2 * math.pi))


def uniform(low: float, high: float) -> LogDensity:
    return lambda x: np.where((x >= low) & (x <= high), -math.log(high - low), -np.inf)


def gaussian(mean: list[float], cov: list[list[float]]) -> LogDensity:
    law = stats.multivariate_normal(mean, cov)
    return lambda x: np.asarray(law.logpdf(x))


# On the line.


def test_the_reference_pair_has_its_known_values() -> None:
    found = f_divergences_1d(normal(0.3, 0.8), normal(-0.4, 1.1), gaussian_breaks([0.3, -0.4], [0.8, 1.1]))
    assert list(found) == list(GENERATORS)
    for name, wanted in (("kl", 0.2853959), ("pearson", 0.4929263), ("hellinger", 0.1742424)):
        assert found[name].value == pytest.approx(wanted, abs=5e-8)
    for name in ("jensen_shannon", "gan"):
        assert found[name].value == pytest.approx(0.0801844, abs=5e-8)
    assert found["gan"].raw == pytest.approx(2 * 0.0801844 - math.log(4), abs=1e-7)
    assert found["jensen_shannon"].raw == pytest.approx(2 * 0.0801844, abs=1e-7)
    assert all(result.error < 1e-8 for name, result in found.items() if name != "neyman")


@settings(max_examples=40, deadline=None)
@given(st.floats(-4, 4), st.floats(0.3, 3), st.floats(0.05, 0.95), st.floats(0.2, 3))
def test_what_holds_between_the_rows_holds_for_mixtures(mean: float, std: float, weight: float, other: float) -> None:
    def log_p(x: np.ndarray) -> np.ndarray:
        parts = math.log(weight) + normal(mean, std)(x), math.log1p(-weight) + normal(-1, 0.5)(x)
        return np.logaddexp(*parts)

    p, q = gaussian_tails([mean, -1], [std, 0.5]), gaussian_tails([0], [other])
    breaks = gaussian_breaks([mean, -1, 0], [std, 0.5, other])
    value = {
        name: result.value
        for name, result in f_divergences_1d(log_p, normal(0, other), breaks, infinite=infinite_by_tails(p, q)).items()
    }
    slack = 1e-8
    tv, h2, jsd = value["total_variation"], value["hellinger"], value["jensen_shannon"]
    assert h2 / 2 <= tv + slack and tv <= math.sqrt(h2 * (1 - h2 / 4)) + 1e-6
    assert 2 * tv**2 <= value["kl"] + slack
    assert value["kl"] <= math.log1p(value["pearson"]) + slack
    assert value["reverse_kl"] <= math.log1p(value["neyman"]) + slack
    assert tv**2 / 2 <= jsd + slack and jsd <= math.log(2) * tv + slack
    assert jsd <= value["jeffrey"] / 4 + slack
    assert value["gan"] == pytest.approx(jsd, abs=slack)
    assert value["jeffrey"] == pytest.approx(value["kl"] + value["reverse_kl"], rel=1e-7, abs=slack)


def test_exchanging_the_laws_exchanges_the_rows() -> None:
    breaks = gaussian_breaks([0, 1], [1, 1.2])
    one = f_divergences_1d(normal(0, 1), normal(1, 1.2), breaks)
    other = f_divergences_1d(normal(1, 1.2), normal(0, 1), breaks)
    for name, partner in (("kl", "reverse_kl"), ("pearson", "neyman"), ("hellinger", "hellinger"),
                          ("jensen_shannon", "jensen_shannon"), ("total_variation", "total_variation")):  # fmt: skip
        assert one[name].value == pytest.approx(other[partner].value, rel=1e-8)


HALVES, WIDTHS = st.integers(-6, 6).map(lambda n: n / 2), st.integers(1, 6).map(lambda n: n / 2)


@settings(max_examples=40, deadline=None)
@given(HALVES, WIDTHS, HALVES, WIDTHS)
def test_uniforms_by_quadrature_are_their_closed_forms(low: float, width: float, other: float, wide: float) -> None:
    ends = (low, low + width, other, other + wide)
    found = f_divergences_1d(uniform(*ends[:2]), uniform(*ends[2:]), ends)
    for name, wanted in f_divergences_uniform(*ends).items():
        assert found[name].value == pytest.approx(wanted.value, rel=1e-8, abs=1e-8), name


def test_a_uniform_against_a_gaussian() -> None:
    """p = 1/2a on [−a, a], q = N(0, 1): ∞ where q is beyond the support of p."""
    a = 1.5
    tails = infinite_by_tails(COMPACT, gaussian_tails([0], [1]))
    found = f_divergences_1d(uniform(-a, a), normal(0, 1), [-10, -4, -a, 0, a, 4, 10], tolerance=1e-10)
    log_z, inside = math.log(math.sqrt(2 * math.pi)), 2 * ndtr(a) - 1
    assert found["kl"].value == pytest.approx(-math.log(2 * a) + a**2 / 6 + log_z, abs=1e-9)
    moment = stats.norm.expect(lambda x: 1.0 / stats.norm.pdf(x) ** 2, lb=-a, ub=a) / (4 * a**2) - 1
    assert found["pearson"].value == pytest.approx(moment, rel=1e-9)
    # √(pq) integrates to (2a)^{−½} (2π)^{−¼} 2√π erf(a/2).
    affinity = (2 * a) ** -0.5 * (2 * math.pi) ** -0.25 * 2 * math.sqrt(math.pi) * erf(a / 2)
    assert found["hellinger"].value == pytest.approx(2 - 2 * affinity, abs=1e-9)
    crossing = math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) / (2 * a)))
    middle = 2 * ndtr(crossing) - 1 - crossing / a
    assert found["total_variation"].value == pytest.approx(1 - inside + middle, abs=1e-9)
    infinite = {name for name, result in found.items() if result.value == math.inf}
    assert infinite == {"reverse_kl", "neyman", "jeffrey"} == tails
    swapped = f_divergences_1d(normal(0, 1), uniform(-a, a), [-10, -4, -a, 0, a, 4, 10], tolerance=1e-10)
    assert {name for name, result in swapped.items() if result.value == math.inf} == {"kl", "pearson", "jeffrey"}
    assert swapped["reverse_kl"].value == pytest.approx(found["kl"].value, abs=1e-9)


def test_disjoint_supports() -> None:
    found = f_divergences_1d(uniform(0, 1), uniform(5, 7), [0, 1, 5, 7])
    for name, wanted in (
        ("total_variation", 1),
        ("hellinger", 2),
        ("jensen_shannon", math.log(2)),
        ("gan", math.log(2)),
    ):
        assert found[name].value == pytest.approx(wanted, abs=1e-12)
    assert {name for name, result in found.items() if result.value == math.inf} == UNBOUNDED
    assert all(found[name].error == 0 for name in UNBOUNDED)


@pytest.mark.parametrize("shift", [10.0, 30.0, 1e3, 1e6])
def test_far_laws_have_a_large_and_finite_kl(shift: float) -> None:
    """At every point between them p or q underflows; only log densities know the ratio."""
    found = f_divergences_1d(normal(0, 1), normal(shift, 2), gaussian_breaks([0, shift], [1, 2]))
    assert found["kl"].value == pytest.approx(kl_normal(0, 1, shift, 2), rel=1e-9)
    assert found["reverse_kl"].value == pytest.approx(kl_normal(shift, 2, 0, 1), rel=1e-9)
    assert found["total_variation"].value == pytest.approx(tv_normal(0, 1, shift, 2), abs=1e-10)
    assert found["jensen_shannon"].value == pytest.approx(math.log(2), abs=1e-2 if shift == 10 else 1e-10)


@pytest.mark.parametrize("std", [1e-1, 1e-3, 1e-6])
@pytest.mark.parametrize("mean", [0.0, 0.7])
def test_a_narrow_law_beside_a_wide_one(mean: float, std: float) -> None:
    found = f_divergences_1d(normal(mean, std), normal(0, 1), gaussian_breaks([mean, 0], [std, 1]))
    pair = (mean, std, 0, 1)
    assert found["kl"].value == pytest.approx(kl_normal(*pair), rel=1e-9)
    assert found["pearson"].value == pytest.approx(chi2_normal(*pair), rel=1e-8)
    assert found["hellinger"].value == pytest.approx(hellinger2_normal(*pair), rel=1e-9)
    assert found["total_variation"].value == pytest.approx(tv_normal(*pair), rel=1e-9)
    assert found["neyman"].value == math.inf


def test_the_range_grows_to_where_chi2_lives() -> None:
    """p²/q of N(0, 1) and N(6, .75²) is a Gaussian of variance 4.5 about −48, far from both laws."""
    found = f_divergences_1d(normal(0, 1), normal(6, 0.75), [-1, 1, 5, 7])
    assert found["pearson"].value == pytest.approx(chi2_normal(0, 1, 6, 0.75), rel=1e-8)
    assert found["kl"].value == pytest.approx(kl_normal(0, 1, 6, 0.75), rel=1e-8)


def test_what_still_rises_far_away_is_infinite() -> None:
    found = f_divergences_1d(normal(0, 1), normal(0, 0.6), gaussian_breaks([0, 0], [1, 0.6]))
    assert found["pearson"].value == math.inf
    assert found["neyman"].value == pytest.approx(chi2_normal(0, 0.6, 0, 1), rel=1e-8)
    # Cauchy laws fade slowly, and yet their KL is finite: log (1 + s)²/4s at a ratio s of widths.
    cauchy = (stats.cauchy.logpdf, lambda x: stats.cauchy.logpdf(x, scale=2))
    found = f_divergences_1d(*cauchy, np.linspace(-50, 50, 30))
    wanted = math.log(9 / 8)
    for name in ("kl", "reverse_kl"):
        assert abs(found[name].value - wanted) <= found[name].error < 1e-6


def test_an_integrand_at_the_end_of_the_range_of_a_float_is_no_warning() -> None:
    """p²/q = e^709 everywhere beyond five."""

    def log_q(x: np.ndarray) -> np.ndarray:
        return np.where(np.abs(x) < 5, normal(0, 1)(x), 2 * normal(0, 1)(x) - 709)

    found = f_divergences_1d(normal(0, 1), log_q, [-10, -5, 0, 5, 10])
    assert found["pearson"].value == math.inf
    assert found["total_variation"].value < 1e-6


def test_rows_can_be_chosen_and_declared_infinite() -> None:
    breaks = gaussian_breaks([0, 1], [1, 1])
    found = f_divergences_1d(normal(0, 1), normal(1, 1), breaks, names=["jeffrey", "kl"], infinite=["kl", "neyman"])
    assert list(found) == ["jeffrey", "kl"]
    assert found["kl"] == (math.inf, math.inf, 0)
    assert found["jeffrey"].value == pytest.approx(1, abs=1e-9)


def test_equal_laws_are_at_zero() -> None:
    found = f_divergences_1d(normal(0.1, 0.3), normal(0.1, 0.3), gaussian_breaks([0.1], [0.3]))
    for result in found.values():
        assert 0 <= result.value < 1e-12


def test_a_mass_that_is_missed_shows_in_the_error() -> None:
    def half(x: np.ndarray) -> np.ndarray:
        return normal(0, 1)(x) - math.log(2)  # as if another half of P stood elsewhere

    found = f_divergences_1d(half, normal(0, 1), gaussian_breaks([0], [1]))
    assert found["total_variation"].error > 0.1
    assert found["kl"].error > 0.1


# What tails decide.


def test_tails_of_gaussians_decide_on_chi2() -> None:
    pair = infinite_by_tails
    assert pair(gaussian_tails([0], [1]), gaussian_tails([3], [0.7])) == {"pearson"}
    assert pair(gaussian_tails([0], [1]), gaussian_tails([3], [0.71])) == frozenset()
    assert pair(gaussian_tails([0], [1]), gaussian_tails([0], [math.sqrt(0.5)])) == {"pearson"}
    assert pair(gaussian_tails([0], [1]), gaussian_tails([0], [2])) == {"neyman"}
    # At the border the outermost means decide: q = ½N(−9, ½) + ½N(9, ½) falls more slowly than p² on both sides.
    wide = gaussian_tails([-9, 9, 0], [math.sqrt(0.5), math.sqrt(0.5), 0.1])
    assert pair(gaussian_tails([0, 1], [1, 0.2]), wide) == frozenset()
    assert pair(gaussian_tails([0], [1]), gaussian_tails([9], [math.sqrt(0.5)])) == {"pearson"}
    assert pair(COMPACT, COMPACT) == frozenset()
    assert pair(COMPACT, gaussian_tails([0], [1])) == {"reverse_kl", "neyman", "jeffrey"}
    with pytest.raises(ValueError, match="positive deviations"):
        gaussian_tails([0], [0])


def test_other_tails() -> None:
    def both(tail: Tail) -> Tails:
        return Tails(tail, tail)

    cauchy, student, laplace = both(Tail(0, 0, 2)), both(Tail(0, 0, 4.5)), both(Tail(0, -1))
    gauss = gaussian_tails([0], [1])
    assert infinite_by_tails(cauchy, cauchy) == frozenset()
    assert infinite_by_tails(cauchy, gauss) == {"kl", "jeffrey", "pearson"}
    assert infinite_by_tails(student, gauss) == {"pearson"}
    assert infinite_by_tails(cauchy, laplace) == {"kl", "jeffrey", "pearson"}
    assert infinite_by_tails(laplace, gauss) == {"pearson"}
    assert infinite_by_tails(laplace, both(Tail(0, -2))) == {"pearson"}
    assert infinite_by_tails(laplace, both(Tail(0, -1.9))) == frozenset()


# In the plane.


def test_gaussians_in_the_plane_have_their_closed_forms() -> None:
    p = ([0.3, -0.2], [[0.7, 0.2], [0.2, 0.5]])
    q = ([-0.5, 0.4], [[0.9, -0.1], [-0.1, 1.2]])
    found = f_divergences_2d(gaussian(*p), gaussian(*q), (-8, 8, -8, 8), infinite=["neyman"])
    wanted = {"kl": kl(*p, *q), "reverse_kl": kl(*q, *p), "pearson": chi2(*p, *q), "hellinger": hellinger2(*p, *q)}
    assert chi2(*q, *p) == math.inf
    for name, value in wanted.items():
        assert found[name].value == pytest.approx(value, rel=1e-5), name
        assert abs(found[name].value - value) <= found[name].error, name
    assert found["neyman"].value == math.inf
    assert found["total_variation"].error < 2e-5


def test_total_variation_in_the_plane_is_that_along_the_line_between() -> None:
    p, q = gaussian([0, 0], [[1, 0], [0, 1]]), gaussian([0.9, 1.2], [[1, 0], [0, 1]])
    found = f_divergences_2d(p, q, (-7, 8, -7, 8), names=["total_variation", "jensen_shannon"])
    line = f_divergences_1d(normal(0, 1), normal(1.5, 1), gaussian_breaks([0, 1.5], [1, 1]))
    for name, result in found.items():
        assert abs(result.value - line[name].value) <= result.error < 2e-5


def test_boxes_in_the_plane_follow_their_breaks() -> None:
    def box(low: np.ndarray, high: np.ndarray) -> LogDensity:
        def log(x: np.ndarray) -> np.ndarray:
            return np.where(((x > low) & (x < high)).all(axis=1), -np.log(high - low).sum(), -np.inf)

        return log

    ends = [np.array(end) for end in ((0.0, 0.0), (1.0, 2.0), (0.3, 0.5), (1.7, 3.0))]
    breaks = tuple([float(end[axis]) for end in ends] for axis in (0, 1))
    found = f_divergences_2d(box(*ends[:2]), box(*ends[2:]), (-1, 4, -1, 4), breaks=(breaks[0], breaks[1]))
    for name, wanted in f_divergences_uniform(ends[0], ends[1], ends[2], ends[3]).items():
        assert found[name].value == pytest.approx(wanted.value, abs=1e-9), name


def test_a_rectangle_that_cuts_a_law_says_so() -> None:
    p, q = gaussian([0, 0], [[1, 0], [0, 1]]), gaussian([1, 0], [[1, 0], [0, 1]])
    found = f_divergences_2d(p, q, (0, 7, -7, 7), names=["kl", "total_variation"])
    line = f_divergences_1d(normal(0, 1), normal(1, 1), gaussian_breaks([0, 1], [1, 1]))
    for name, result in found.items():
        assert 0.01 < abs(result.value - line[name].value) <= result.error


def test_divergences_refuse_what_they_cannot_integrate() -> None:
    p = normal(0, 1)
    for breaks, said in (([0.0], "two or more"), ([0, math.nan], "finite"), ([1, 1], "two or more different")):
        with pytest.raises(ValueError, match=said):
            f_divergences_1d(p, p, breaks)
    with pytest.raises(ValueError, match="no divergence is called 'tv'"):
        f_divergences_1d(p, p, [-1, 1], names=["tv"])
    with pytest.raises(ValueError, match="log_q must give numbers below ∞"):
        f_divergences_1d(p, lambda x: x * np.nan, [-1, 1])
    with pytest.raises(ValueError, match="left < right"):
        f_divergences_2d(p, p, (1, 0, 0, 1))
