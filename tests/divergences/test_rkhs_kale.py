"""KALE in an RKHS against Lambert's W, quadrature, its limits, its bounds and itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import lambertw, rel_entr
from torch import Tensor

from gebm_studio.divergences import (
    EnergyDistance,
    Gaussian,
    InverseMultiquadric,
    Kale,
    Kernel,
    lowrank,
    mmd2,
    rkhs_kale,
)
from gebm_studio.divergences.lowrank import Gram, PivotedCholesky
from gebm_studio.divergences.newton import Problem, Solver, excess

KERNELS: list[Kernel] = [Gaussian(0.7), InverseMultiquadric(0.5), EnergyDistance()]
FEW = settings(max_examples=15, deadline=None, derandomize=True)


def samples(seed: int, m: int = 40, n: int = 50, shift: float = 0.6) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x_p = torch.randn(m, 2, generator=generator, dtype=torch.float64) * 0.8
    return x_p, torch.randn(n, 2, generator=generator, dtype=torch.float64) + shift


def atoms(seed: int, n: int = 12) -> tuple[Tensor, Tensor, Tensor]:
    """Common atoms on the line, and two laws on them."""
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.full(n, 3.0)), rng.dirichlet(np.full(n, 3.0))
    return torch.arange(n, dtype=torch.float64), torch.tensor(p), torch.tensor(q)


def kl(p: Tensor, q: Tensor) -> float:
    return float(rel_entr(p.numpy(), q.numpy()).sum())


def nodes(centre: float, sigma: float) -> tuple[Tensor, Tensor]:
    """Midpoints of 160 cells and the mass of N(centre, sigma²) in each: exact beyond float64 for smooth functions."""
    cell = 16 / 160
    x = -8 + cell * (torch.arange(160, dtype=torch.float64) + 0.5)
    return x, cell / (sigma * math.sqrt(2 * math.pi)) * torch.exp(-0.5 * ((x - centre) / sigma) ** 2)


def particles(k: float, lam: float) -> Kale:
    """One particle each, with k(x, y) = k and k(x, x) = 1."""
    distance = math.sqrt(-2 * math.log(k)) if k else 50.0
    return rkhs_kale([0.0], [distance], Gaussian(1.0), lam)


def lambert(k: float, lam: float) -> float:
    f = lam * lambertw(math.exp(k / lam) / lam).real if k / lam < 500 else math.nan
    if math.isnan(f):  # log f + f/λ = k/λ by iteration, where e^{k/λ} is no float
        f = k
        for _ in range(100):
            f -= (math.log(f) + (f - k) / lam) / (1 / f + 1 / lam)
    return (1 + lam) * (f * math.log(f) - f + 1 + (f * f - 2 * f * k + 1) / (2 * lam))


@pytest.mark.parametrize("lam", [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3])
@pytest.mark.parametrize("k", [0.0, 0.5, 0.99, 1.0])
def test_single_particles_are_lamberts(k: float, lam: float) -> None:
    found, exact = particles(k, lam), lambert(k, lam)
    assert found.converged and found.note == ""
    assert found.value == pytest.approx(exact, rel=1e-8, abs=1e-8)
    # Beside the gap there is the rounding of the closed form itself.
    assert abs(found.value - exact) <= (1 + lam) * (found.gap + 1e-16) + 1e-14 * exact


@pytest.mark.parametrize(
    ("k", "lam", "value"), [(0, 1, 1.54406), (0, 10, 1.05135), (0.5, 1, 0.88037), (0.5, 0.1, 4.27161), (1, 1, 0)]
)
def test_single_particles_as_tabulated(k: float, lam: float, value: float) -> None:
    assert particles(k, lam).value == pytest.approx(value, abs=5e-6)


@pytest.mark.parametrize("k", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("lam", [1e-7, 1e-6, 1e-5])
def test_a_tiny_penalty_gives_an_answer_with_an_honest_gap(k: float, lam: float) -> None:
    found = particles(k, lam)
    assert abs(found.value - lambert(k, lam)) <= (1 + lam) * found.gap + 1e-14 * found.value
    assert found.converged and found.gap < 1e-10 * found.value


@pytest.mark.parametrize(("shift", "value"), [(0.7809, 0.18), (0.6358, 0.12)])
def test_two_normals_as_in_the_talk(shift: float, value: float) -> None:
    (x, p), (_, q) = nodes(0, 1), nodes(shift, 1)
    found = rkhs_kale(x, x, Gaussian(1.0), 0.1, weights_p=p, weights_q=q)
    assert found.penalised == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(("s", "value"), [(0.9, 0.0055), (0.8, 0.0250), (0.7, 0.0646), (0.6, 0.1322), (0.5, 0.2368)])
def test_against_the_width_as_in_the_talk(s: float, value: float) -> None:
    """The published figures are the penalised objective, without the factor 1 + λ, and a kernel of scale one."""
    (x, p), (_, q) = nodes(0, 1), nodes(0, s)
    found = rkhs_kale(x, x, Gaussian(1.0), 0.05, weights_p=p, weights_q=q)
    assert found.converged
    assert found.penalised == pytest.approx(value, abs=5e-5)
    assert abs(found.value - value) > 2e-4


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_large_penalty_gives_half_of_mmd2(kernel: Kernel) -> None:
    x_p, x_q = samples(0)
    half = 0.5 * mmd2(x_p, x_q, kernel, unbiased=False)
    for lam in (1e4, 1e6):
        assert rkhs_kale(x_p, x_q, kernel, lam).value == pytest.approx(half, abs=10 / lam)


@given(seed=st.integers(0, 10**6))
@FEW
def test_a_small_penalty_gives_the_kl_of_common_atoms(seed: int) -> None:
    x, p, q = atoms(seed)
    values = [rkhs_kale(x, x, Gaussian(0.7), lam, weights_p=p, weights_q=q).value for lam in (1e-2, 1e-4, 1e-6)]
    errors = [abs(value - kl(p, q)) for value in values]
    assert errors[2] < 1e-4 and errors[2] < errors[1] < errors[0]


@given(seed=st.integers(0, 10**6), lam=st.floats(1e-3, 1e3))
@FEW
def test_it_is_at_most_kl_and_falls_in_the_penalty(seed: int, lam: float) -> None:
    x, p, q = atoms(seed)
    found, more = (rkhs_kale(x, x, Gaussian(1.5), penalty, weights_p=p, weights_q=q) for penalty in (lam, 1.5 * lam))
    assert found.value <= (1 + lam) * (kl(p, q) + found.gap)
    assert more.penalised <= found.penalised + more.gap + found.gap
    assert found.unpenalised == pytest.approx(found.penalised + 0.5 * lam * found.norm**2, abs=1e-10)


@given(seed=st.integers(0, 10**6), exponent=st.floats(-4, 4), which=st.integers(0, 2))
@FEW
def test_primal_equals_dual(seed: int, exponent: float, which: int) -> None:
    x_p, x_q = samples(seed, m=30, n=25)
    found = rkhs_kale(x_p, x_q, KERNELS[which], 10**exponent)
    assert found.converged, found.note
    assert found.primal == pytest.approx(found.dual, rel=1e-8, abs=1e-8)
    assert 0 <= found.gap <= 1e-10 * max(1, found.value)


def test_the_optimum_is_stationary_and_its_numbers_agree() -> None:
    x_p, x_q = samples(3)
    kernel, lam = Gaussian(0.5), 0.02
    found = rkhs_kale(x_p, x_q, kernel, lam, tolerance=1e-13)
    torch.testing.assert_close(found.alpha, torch.exp(found.log_density) / len(x_q), rtol=1e-6, atol=0)
    torch.testing.assert_close(found.h(x_q), found.log_density, rtol=0, atol=1e-10)
    torch.testing.assert_close(found.witness(x_q), torch.exp(found.log_density))
    direct = 1 + found.h(x_p).mean() - found.witness(x_q).mean()
    assert float(direct) == pytest.approx(found.unpenalised, abs=1e-10)
    bump, own = x_q[:1], float(found.h(x_q[:1]))
    for t in (-1e-2, 1e-2):  # |h + t k(x, ·)|² = |h|² + 2t h(x) + t²
        over_p = found.h(x_p).mean() + t * kernel.matrix(x_p, bump).mean()
        over_q = (found.h(x_q) + t * kernel.matrix(x_q, bump)[:, 0]).exp().mean()
        objective = 1 + over_p - over_q - 0.5 * lam * (found.norm**2 + 2 * t * own + t**2)
        assert found.penalised - 1e-4 < float(objective) < found.penalised


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_gradient_is_of_h(kernel: Kernel) -> None:
    x_p, x_q = samples(4)
    found = rkhs_kale(x_p, x_q, kernel, 0.1)
    points = torch.tensor([[0.31, -0.2], [2.0, 1.1], [-0.7, 0.4]], dtype=torch.float64)
    for axis in range(2):
        step = torch.zeros(2, dtype=torch.float64)
        step[axis] = 1e-6
        slope = (found.h(points + step) - found.h(points - step)) / 2e-6
        torch.testing.assert_close(found.gradient(points)[:, axis], slope, rtol=1e-6, atol=1e-7)


@given(seed=st.integers(0, 10**6), angle=st.floats(0, 6), shift=st.floats(-100, 100))
@FEW
def test_a_joint_motion_or_order_changes_nothing(seed: int, angle: float, shift: float) -> None:
    x_p, x_q = samples(seed)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], dtype=torch.float64)
    order = torch.randperm(len(x_q), generator=torch.Generator().manual_seed(seed))
    found = rkhs_kale(x_p, x_q, Gaussian(0.7), 0.01)
    moved = rkhs_kale(x_p @ turn + shift, (x_q @ turn + shift)[order], Gaussian(0.7), 0.01)
    assert moved.value == pytest.approx(found.value, abs=1e-9)
    torch.testing.assert_close(moved.log_density, found.log_density[order], rtol=0, atol=1e-4)


def test_float32_arrays_and_lists_are_the_float64_of_the_same_numbers() -> None:
    x_p, x_q = (x.float() for x in samples(5))
    exact = rkhs_kale(x_p.double(), x_q.double(), Gaussian(0.7), 0.01)
    for given_p, given_q in ((x_p, x_q), (x_p.numpy(), x_q.numpy()), (x_p.tolist(), x_q)):
        found = rkhs_kale(given_p, given_q, Gaussian(0.7), 0.01)
        assert found.value == exact.value and found.alpha.dtype == torch.float64


@pytest.mark.parametrize("lam", [1.0, 1e-2, 1e-3])
def test_low_rank_and_dense_agree(lam: float) -> None:
    x_p, x_q = samples(6, m=200, n=400)
    kernel = Gaussian(0.5)
    v, w = (torch.full((n,), 1 / n, dtype=torch.float64) for n in (200, 400))
    gram = Gram(kernel, x_q)
    problem = Problem(gram, kernel.sums(x_q, x_p, v), w, kernel.form(x_p, v), lam)
    low, dense = (Solver(gram, lam, dense=dense).solve(problem, None, 1e-12, 100) for dense in (False, True))
    assert low.critic.dual == pytest.approx(dense.critic.dual, abs=1e-9)
    torch.testing.assert_close(low.critic.theta, dense.critic.theta, rtol=0, atol=1e-5)
    assert rkhs_kale(x_p, x_q, kernel, lam).penalised == pytest.approx(dense.critic.dual, abs=1e-9)


def test_pivoted_cholesky_keeps_its_tolerance() -> None:
    _, x = samples(7, n=300)
    gram = Gram(Gaussian(0.5), x)
    low = PivotedCholesky(gram, 300)
    ranks = []
    for tolerance in (1e-2, 1e-5, 1e-8):
        assert low.refine(tolerance)
        ranks.append(low.rank)
        assert float((gram.matrix() - low.factor @ low.factor.T).abs().max()) <= 1.01 * tolerance
    assert ranks[0] < ranks[1] < ranks[2] < 300
    assert not PivotedCholesky(gram, 3).refine(1e-8)


@pytest.mark.parametrize("n", [50, 400])
def test_a_matrix_too_large_to_keep_is_evaluated_anew(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x_p, x_q = samples(13, n=n)
    kept = rkhs_kale(x_p, x_q, Gaussian(0.5), 0.01)
    monkeypatch.setattr(lowrank, "_STORED", 10)
    assert rkhs_kale(x_p, x_q, Gaussian(0.5), 0.01).value == pytest.approx(kept.value, abs=1e-10)


@pytest.mark.parametrize("n", [60, 400])
def test_a_start_nearby_saves_steps_and_changes_no_value(n: int) -> None:
    x_p, x_q = samples(8, n=n)
    first = rkhs_kale(x_p, x_q, Gaussian(0.5), 1e-3)
    moved = x_p - 1e-5 * first.gradient(x_p)
    cold, warm = rkhs_kale(moved, x_q, Gaussian(0.5), 1e-3), rkhs_kale(moved, x_q, Gaussian(0.5), 1e-3, start=first)
    other = rkhs_kale(moved, x_q, Gaussian(0.5), 1e-3, start=first.log_density.numpy())
    assert warm.value == pytest.approx(cold.value, abs=1e-9) == other.value
    assert warm.steps <= 3 and warm.factorisations == 0 and cold.factorisations > 2


def test_a_start_that_is_far_or_of_another_penalty_does_no_harm() -> None:
    x_p, x_q = samples(9)
    first = rkhs_kale(x_p, x_q, Gaussian(0.5), 1e-3)
    far, kernel = x_p + 3, Gaussian(0.5)
    for lam, p in ((1e-3, far), (1.0, x_p), (1e-4, x_p)):
        warm, cold = rkhs_kale(p, x_q, kernel, lam, start=first), rkhs_kale(p, x_q, kernel, lam)
        assert warm.converged and warm.value == pytest.approx(cold.value, rel=1e-9, abs=1e-9)
    wild = rkhs_kale(x_p, x_q, kernel, 1e-3, start=np.full(len(x_q), 1e4))
    assert wild.value == pytest.approx(first.value, abs=1e-9)


@pytest.mark.parametrize("lam", [1e-3, 1.0, 1e3])
def test_a_law_against_itself_is_zero(lam: float) -> None:
    x, p, _ = atoms(0)
    found = rkhs_kale(x, x, Gaussian(1.0), lam, weights_p=p, weights_q=p)
    assert found.value <= 1e-12 and found.norm < 1e-6 and found.converged
    assert rkhs_kale(np.zeros((5, 2)), np.zeros((7, 2)), Gaussian(1.0), lam).value <= 1e-12


def test_points_without_mass_drop_out() -> None:
    x_p, x_q = samples(10)
    v, w = torch.rand(40, dtype=torch.float64), torch.rand(50, dtype=torch.float64)
    v[::3], w[::4] = 0, 0
    found = rkhs_kale(x_p, x_q, Gaussian(0.7), 0.1, weights_p=v, weights_q=w)
    kept = rkhs_kale(x_p[v > 0], x_q[w > 0], Gaussian(0.7), 0.1, weights_p=v[v > 0], weights_q=w[w > 0])
    assert found.value == pytest.approx(kept.value, abs=1e-10)
    assert bool((found.alpha[::4] == 0).all()) and found.alpha.shape == found.log_density.shape == (50,)
    torch.testing.assert_close(found.log_density, found.h(x_q), rtol=0, atol=1e-9)


def test_repeated_points_are_points_of_more_mass() -> None:
    x_p, x_q = samples(11)
    once = rkhs_kale(x_p, x_q, Gaussian(0.7), 0.01)
    twice = rkhs_kale(x_p.repeat(2, 1), x_q.repeat(3, 1), Gaussian(0.7), 0.01)
    assert twice.value == pytest.approx(once.value, abs=1e-9)


def test_a_tiny_penalty_is_reached_through_larger_ones() -> None:
    x_p, x_q = samples(3, m=60, n=60)
    found = rkhs_kale(x_p, x_q, Gaussian(1.0), 1e-7)
    by_hand = None
    for exponent in range(0, -8, -1):
        by_hand = rkhs_kale(x_p, x_q, Gaussian(1.0), 10.0**exponent, start=by_hand)
    assert by_hand is not None and found.converged and by_hand.converged
    assert found.value == pytest.approx(by_hand.value, rel=1e-9)


def test_what_cannot_be_reached_is_said() -> None:
    x_p, x_q = samples(12, m=50, n=60)
    found = rkhs_kale(x_p, x_q, Gaussian(0.5), 1e-9, most_steps=40)
    lower = rkhs_kale(x_p, x_q, Gaussian(0.5), 1e-3)
    assert not found.converged and "may be off by" in found.note
    assert found.penalised + found.gap >= lower.penalised and math.isfinite(found.penalised)
    short = rkhs_kale(x_p, x_q, Gaussian(0.5), 1e-3, most_steps=2)
    assert not short.converged and "steps" in short.note
    assert short.penalised <= lower.penalised + lower.gap <= short.penalised + short.gap + 2 * lower.gap


def test_the_excess_of_the_exponential_does_not_cancel() -> None:
    r = torch.tensor([-800.0, -1e-3, -1e-9, 0.0, 1e-9, 0.9e-3, 1.1e-3, 3.0], dtype=torch.float64)
    exact = [799.0, 4.998333749833e-7, 5e-19, 0.0, 5e-19, 4.05121527e-7, 6.052220e-7, math.exp(3) - 4]
    torch.testing.assert_close(excess(r), torch.tensor(exact, dtype=torch.float64), rtol=1e-6, atol=0)


X = np.zeros((3, 2))
REFUSED: list[tuple[dict[str, Any], str]] = [
    (dict(lam=0.0), "penalty λ must be positive"),
    (dict(lam=-1.0), "penalty λ must be positive"),
    (dict(lam=math.nan), "penalty λ must be positive"),
    (dict(lam=math.inf), "penalty λ must be positive"),
    (dict(tolerance=0.0), "tolerance must be positive"),
    (dict(most_steps=0), "most_steps must be 1"),
    (dict(x_p=np.zeros((3, 1))), "one dimension"),
    (dict(x_p=np.full((3, 2), np.nan)), "not finite"),
    (dict(x_q=np.zeros((0, 2))), "must be points"),
    (dict(weights_q=[1.0, 2.0]), "one for each point"),
    (dict(weights_p=[-1.0, 1.0, 1.0]), "not negative"),
    (dict(weights_q=[0.0, 0.0, 0.0]), "some of them positive"),
    (dict(start=np.zeros(4)), "must have the 3 points"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = dict(x_p=X, x_q=X, kernel=Gaussian(1.0), lam=1.0)
    with pytest.raises(ValueError, match=message):
        rkhs_kale(**(arguments | change))
