"""Every divergence of the lab against oracles of the library, and what it says where there is none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.divergences import (
    chi2_normal,
    f_divergences_1d,
    gaussian_breaks,
    hellinger2_normal,
    kl,
    kl_normal,
    mmd2_gaussians,
    tv_normal,
    w1_normal,
    w2_normal,
)
from gebm_studio.schema.measures import ABOUT, PHI, Measure
from tests.experiments.lab_cases import preset_of, value, values_of

SPREAD = st.floats(0.3, 3)
PLACE = st.floats(-3, 3)
POINTS = {"kind": "points", "points": [1, 2, 3]}
SINGULAR = {"hellinger": 2.0, "jensen_shannon": math.log(2), "total_variation": 1.0, "gan": 0.0}


def normal(mean: float, std: float) -> dict[str, Any]:
    return {"kind": "gaussian", "at": (mean, 0), "width": std}


@given(PLACE, SPREAD, PLACE, SPREAD)
@settings(max_examples=15, deadline=None)
def test_gaussians_have_their_closed_forms(a: float, s: float, b: float, t: float) -> None:
    found = values_of(preset_of(normal(a, s), normal(b, t)))
    arguments = a, s, b, t
    exact: dict[Measure, float] = {
        "kl": kl_normal(*arguments),
        "reverse_kl": kl_normal(b, t, a, s),
        "pearson": chi2_normal(*arguments),
        "neyman": chi2_normal(b, t, a, s),
        "hellinger": hellinger2_normal(*arguments),
        "total_variation": tv_normal(*arguments),
        "w1": w1_normal(*arguments),
        "w2": w2_normal(*arguments),
        "sliced_w2": w2_normal(*arguments),
        "half_mmd2": mmd2_gaussians([a], [[s * s]], [b], [[t * t]], 1.0) / 2,
    }
    for name, expected in exact.items():
        one = found.value(name)
        assert one.value == pytest.approx(expected, rel=1e-9, abs=1e-9), name
        assert one.error == 0 and one.protocol == "closed form"
    js, gan = found.value("jensen_shannon"), found.value("gan")
    assert 0 <= js.value <= math.log(2) and gan.value == pytest.approx(2 * js.value - math.log(4), abs=1e-9)
    assert found.value("mmd").value == pytest.approx(math.sqrt(2 * exact["half_mmd2"]), abs=1e-7)


@given(PLACE, SPREAD, st.floats(1e-3, 1e2))
@settings(max_examples=15, deadline=None)
def test_kale_lies_between_what_bounds_it(b: float, t: float, lam: float) -> None:
    found = values_of(preset_of(normal(0, 1), normal(b, t), kernel__regularisation=lam))
    kale, half = found.value("kale"), found.value("half_mmd2")
    assert kale.value <= (1 + lam) * found.value("kl").value + 1e-8
    assert kale.value <= found.value("lipschitz_w1").value + 1e-8
    assert kale.error < 1e-5 * max(1, kale.value) and half.value >= 0
    penalised = values_of(preset_of(normal(0, 1), normal(b, t), kernel__regularisation=lam, kernel__factor=False))
    assert penalised.value("kale").value * (1 + lam) == pytest.approx(kale.value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", ["gaussian", "imq"])
@pytest.mark.parametrize("q", [normal(0.7, 0.5), {"kind": "uniform", "at": (1.5, 0)}, POINTS])
def test_kale_never_exceeds_the_lipschitz_constant_times_w1(name: str, q: dict[str, Any]) -> None:
    for lam in (1e-4, 1e-2, 1.0, 1e4):
        for scale in (0.3, 2.0):
            changes = {"kernel__regularisation": lam, "kernel__scale": scale, "kernel__amplitude": 2.0}
            found = values_of(preset_of(normal(0, 1), q, kernel__name=name, **changes))
            kale, bound = found.value("kale"), found.value("lipschitz_w1")
            assert 0 < kale.value <= bound.value * (1 + 1e-6) + kale.error
    energy = value("lipschitz_w1", kernel__name="energy")
    assert math.isnan(energy.value) and "Lipschitz" in energy.note


def test_kale_goes_to_kl_and_to_half_mmd2() -> None:
    small = value("kale", normal(0, 1), normal(0.5, 1), kernel__regularisation=1e-6)
    assert small.value == pytest.approx(0.125, rel=1e-3)
    large = value("kale", kernel__regularisation=1e6)
    assert large.value == pytest.approx(value("half_mmd2").value, rel=1e-5)


def test_mixtures_agree_with_quadrature_and_transport_with_sorted_quantiles() -> None:
    p = {"kind": "mixture", "means": [-1, 1.5], "stds": [0.4, 0.8], "weights": [1, 2]}
    found = values_of(preset_of(p, normal(0.3, 1.5)))
    pair = found.pair
    functions = pair.log_density_functions()
    breaks = gaussian_breaks([-1, 1.5, 0.3], [0.4, 0.8, 1.5])
    exact = f_divergences_1d(*functions, breaks, tolerance=1e-11)
    for name in ("kl", "reverse_kl", "pearson", "hellinger", "total_variation", "jensen_shannon"):
        one = found.value(name)  # type: ignore[arg-type]
        assert one.value == pytest.approx(exact[name].value, abs=1e-8) and one.error < 1e-8
    assert found.value("neyman").value == math.inf
    u = (np.arange(20_000) + 0.5) / 20_000
    apart = np.abs(pair.p.quantile(u) - pair.q.quantile(u))
    assert found.value("w1").value == pytest.approx(apart.mean(), abs=1e-3)
    assert found.value("w2").value == pytest.approx(math.sqrt((apart**2).mean()), abs=1e-2)


def test_points_against_a_density_share_no_mass() -> None:
    found = values_of(preset_of(POINTS, normal(0, 1)))
    for name in PHI:
        assert found.value(name).value == pytest.approx(SINGULAR.get(name, math.inf))
    u = (np.arange(300_000) + 0.5) / 300_000
    apart = np.abs(found.pair.p.quantile(u) - found.pair.q.quantile(u))
    assert found.value("w1").value == pytest.approx(apart.mean(), abs=1e-4)
    assert found.value("w2").value == pytest.approx(math.sqrt((apart**2).mean()), abs=1e-4)
    few = found.value("knn_kl")
    assert math.isnan(few.value) and "k = 4" in few.note and "3 and 240" in few.note


def test_finite_laws_are_summed_over_their_points() -> None:
    found = values_of(preset_of(POINTS, {"kind": "points", "points": [1, 1, 2, 3]}))
    p, q = np.array([1, 1, 1]) / 3, np.array([2, 1, 1]) / 4
    assert found.value("kl").value == pytest.approx(float(p @ np.log(p / q)))
    assert found.value("total_variation").value == pytest.approx(np.abs(p - q).sum() / 2)
    assert found.value("w1").value == pytest.approx(0.25)
    same = values_of(preset_of(POINTS, POINTS))
    others: tuple[Measure, ...] = ("w1", "w2", "mmd", "kale")
    for name in (*PHI, *others):
        expected = -math.log(4) if name == "gan" else 0
        assert same.value(name).value == pytest.approx(expected, abs=1e-7), name


@pytest.mark.parametrize("kind", ["gaussian", "uniform", "mixture"])
def test_equal_laws_are_at_no_distance(kind: str) -> None:
    found = values_of(preset_of({"kind": kind}, {"kind": kind}))
    for name in ABOUT:
        if name in ("knn_kl", "kale_features", "sinkhorn"):
            continue
        expected = -math.log(4) if name == "gan" else 0
        assert found.value(name).value == pytest.approx(expected, abs=1e-6), name


@given(shift=st.floats(-20, 20))
@settings(max_examples=8, deadline=None)
def test_a_joint_shift_changes_nothing(shift: float) -> None:
    names: tuple[Measure, ...] = ("kl", "jensen_shannon", "w1", "w2", "mmd", "kale")
    p, q = {"kind": "mixture"}, normal(0.4, 0.9)
    still = values_of(preset_of(p, q))
    moved = values_of(preset_of(p | {"at": (shift, 0)}, q | {"at": (0.4 + shift, 0)}))
    for name in names:
        assert moved.value(name).value == pytest.approx(still.value(name).value, rel=1e-6, abs=1e-8), name


@given(angle=st.floats(-3, 3))
@settings(max_examples=5, deadline=None)
def test_a_joint_turn_changes_nothing_in_the_plane(angle: float) -> None:
    def turned(turn: float) -> Any:
        at = (math.cos(turn), math.sin(turn))
        p = {"kind": "gaussian", "aspect": 0.5, "angle": turn}
        return values_of(preset_of(p, {"kind": "gaussian", "at": at, "aspect": 0.8, "angle": turn}, space="plane"))

    still, found = turned(0), turned(angle)
    for name in ("kl", "pearson", "hellinger", "w2", "mmd"):
        assert found.value(name).value == pytest.approx(still.value(name).value, rel=1e-8)
    for name in ("jensen_shannon", "kale"):
        assert found.value(name).value == pytest.approx(still.value(name).value, rel=1e-4)


def test_the_plane_has_closed_forms_quadrature_and_draws() -> None:
    q = {"kind": "gaussian", "at": (1, 1), "width": 1.0}
    found = values_of(preset_of({"kind": "gaussian", "aspect": 0.5}, q, space="plane", measure__samples=200))
    assert found.value("kl").value == pytest.approx(kl([0, 0], np.diag([1, 0.25]), [1, 1], np.eye(2)))
    js = found.value("jensen_shannon")
    assert js.error < 1e-4 and "quadrature" in js.protocol
    w1 = found.value("w1")
    assert "n = 200, assignment" in w1.protocol and "P = Q" in w1.note and 1.0 < w1.value < 2.0
    assert 0.01 < w1.error < 0.1
    point = values_of(preset_of({"kind": "point"}, q, space="plane"))
    # E|X| of N(m, I) in the plane, by its own quadrature over angles and radii: here against many draws.
    lengths = np.linalg.norm(point.pair.q.sample(40_000), axis=1)
    assert point.value("w1").value == pytest.approx(lengths.mean(), abs=0.02)
    assert point.value("w2").value == pytest.approx(2.0)  # √(|m|² + tr I)


def test_blurred_toys_are_integrated_over_a_grid() -> None:
    p = {"kind": "toy", "name": "ring", "width": 1}
    angles = np.arange(8) * math.pi / 4
    mixture = {
        "kind": "mixture", "means": np.stack([2 * np.cos(angles), 2 * np.sin(angles)], 1).tolist(), "stds": [0.15] * 8,
    }  # fmt: skip
    q = {"kind": "gaussian", "width": 1.5}
    toy, own = (values_of(preset_of(law, q, space="plane")) for law in (p, mixture))
    for name in ("kl", "pearson", "jensen_shannon"):
        one, other = toy.value(name), own.value(name)  # type: ignore[arg-type]
        assert one.value == pytest.approx(other.value, abs=one.error + other.error + 1e-6)
    assert toy.value("neyman").value == math.inf == own.value("neyman").value


def test_draws_stand_for_laws_where_values_are_taken_from_samples() -> None:
    found = values_of(preset_of(measure__values="samples", measure__samples=300))
    for name in ("kl", "pearson", "total_variation"):
        one = found.value(name)  # type: ignore[arg-type]
        assert one.value == pytest.approx(SINGULAR.get(name, math.inf)) and "share none" in one.note
    assert "300 draws" in found.value("kale").protocol and found.value("kale").error > 0.01
    assert found.value("kale").value == pytest.approx(value("kale").value, abs=4 * found.value("kale").error)
    assert found.value("mmd").value == pytest.approx(value("mmd").value, abs=4 * found.value("mmd").error)
    knn = found.value("knn_kl")
    assert knn.value == pytest.approx(0.5, abs=4 * knn.error + 0.05) and "n = 300" in knn.protocol


def test_unequal_numbers_of_points_are_transported_by_a_programme() -> None:
    p = {"kind": "points", "points": [[0, 0], [2, 0]]}
    q = {"kind": "points", "points": [[0, 0], [1, 0], [2, 0]]}
    one = value("w1", p, q, space="plane")
    assert one.value == pytest.approx(1 / 3) and "linear programme" in one.protocol


@pytest.mark.parametrize("space", ["line", "plane"])
def test_what_is_missing_is_said(space: str) -> None:
    found = values_of(preset_of({"kind": "points"}, {"kind": "gaussian"}, space=space))
    for name in ABOUT:
        one = found.value(name)
        assert math.isnan(one.value) and one.note == "P has no points yet; draw some"
    rings = values_of(preset_of({"kind": "toy", "name": "pinwheel"}, {"kind": "gaussian"}, space="plane"))
    assert "P has no known density" in rings.value("kl").note
    same = {"kind": "points", "points": [[1, 1]] * 5}
    one = value("mmd", same, same, space="plane", kernel__scale=0)
    assert math.isnan(one.value) and "set the kernel's length" in one.note


@pytest.mark.parametrize("lam", [1e-8, 1e6])
def test_extreme_penalties_end_in_a_number_with_its_error(lam: float) -> None:
    for p in ({"kind": "gaussian", "width": 0}, POINTS, {"kind": "gaussian"}):
        one = value("kale", p, normal(1, 1), kernel__regularisation=lam)
        assert one.value >= 0 and (one.error < 1e-2 * max(1, one.value) or one.note)


@pytest.mark.parametrize("name", ["w1", "w2", "mmd", "kale"])
@pytest.mark.parametrize("space", ["line", "plane"])
def test_a_drawing_of_one_point_stands_where_that_point_is(name: Measure, space: str) -> None:
    drawn = {"kind": "points", "points": [[2.0, 1.0][: 1 if space == "line" else 2]], "at": (1, 0), "width": 0.5}
    point = {"kind": "point", "at": (2.0, 0.5)}
    here, there = (value(name, normal(0, 1), q, space=space) for q in (drawn, point))
    assert here.value == pytest.approx(there.value, rel=1e-9) and here.value > 0.1


@given(PLACE, SPREAD, PLACE, SPREAD)
@settings(max_examples=8, deadline=None)
def test_the_energy_kernel_is_integrated_on_the_line(a: float, s: float, b: float, t: float) -> None:
    def mean_distance(m: float, std: float) -> float:
        return std * math.sqrt(2 / math.pi) * math.exp(-((m / std) ** 2) / 2) + m * math.erf(m / std / math.sqrt(2))

    found = value("half_mmd2", normal(a, s), normal(b, t), kernel__name="energy")
    within = sum(mean_distance(0, math.sqrt(2) * std) for std in (s, t)) / 2
    assert found.value == pytest.approx((mean_distance(a - b, math.hypot(s, t)) - within) / 2, abs=1e-9)


def test_points_against_a_mixture_have_a_closed_mmd() -> None:
    q = {"kind": "mixture", "means": [-1, 1], "stds": [0.3, 5]}
    found = value("half_mmd2", POINTS, q, kernel__scale=0.1)
    assert found.protocol == "closed form"
    rng = np.random.default_rng(0)
    y = np.where(rng.random(4000) < 0.5, -1 + 0.3 * rng.standard_normal(4000), 1 + 5 * rng.standard_normal(4000))
    x = np.array([1.0, 2.0, 3.0])

    def kernel(u: np.ndarray[Any, Any], v: np.ndarray[Any, Any]) -> float:
        return float(np.exp(-((u[:, None] - v) ** 2) / 0.02).mean())

    assert found.value == pytest.approx((kernel(x, x) + kernel(y[:2000], y[2000:]) - 2 * kernel(x, y)) / 2, abs=0.02)


def test_the_protocol_names_the_error_of_its_own_value() -> None:
    q = {"kind": "uniform", "at": (0.5, 0)}
    for name in ("mmd", "half_mmd2"):
        one = value(name, normal(0, 1), q, kernel__name="imq", kernel__scale=0.1)
        assert one.protocol == f"quadrature, error {one.error:.0e}"


def test_a_chi_square_beyond_all_floats_is_infinite_without_a_warning() -> None:
    moons = {"kind": "toy", "name": "moons", "at": (1.2, 0), "width": 1.45}
    far = {"kind": "gaussian", "at": (4.1, 19.8), "width": 0.25, "aspect": 2.26, "angle": -0.85}
    found = values_of(preset_of(moons, far, space="plane"))
    assert math.isinf(found.value("pearson").value) and math.isfinite(found.value("kl").value)


def test_the_tails_of_a_funnel_count() -> None:
    p, q = normal(1.2, 0.33), {"kind": "toy", "name": "funnel", "at": (-1, -4), "width": 1.5}
    found = values_of(preset_of(p, q, space="plane"))
    x = found.pair.q.sample(40_000)
    log_p, log_q = found.pair.log_densities(x)
    one, spread = found.value("reverse_kl"), float((log_q - log_p).std()) / math.sqrt(len(x))
    assert abs(one.value - float((log_q - log_p).mean())) <= 5 * spread + one.error and one.error < 1e-2
