"""Variational critics: exact values of their classes, bounds that hold, and climbs that are never lost."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gebm_studio.divergences import (
    KALE_GAME,
    KL_GAME,
    Basis,
    Box,
    Bumps,
    Game,
    LinearCritic,
    NetworkCritic,
    Nodes,
    Polynomials,
    Relus,
)
from gebm_studio.divergences.gaussians import kl_normal
from gebm_studio.objectives.f_divergences import F_DIVERGENCES

PAIR = (0.3, 0.8, -0.4, 1.1)
RANGE = Box.around(torch.tensor([[-5.0], [5.0]]))


def _normal(mean: float, std: float, count: int = 2001) -> Nodes:
    x = torch.linspace(-15, 15, count, dtype=torch.float64)
    density = (-0.5 * ((x - mean) / std).square()).exp() / (std * math.sqrt(2 * math.pi))
    return Nodes.of(x, density * (x[1] - x[0]))


P, Q = _normal(*PAIR[:2]), _normal(*PAIR[2:])


def _game(name: str) -> Game:
    row = F_DIVERGENCES[name]
    return Game(gain=lambda v: row.activation(v)[0], cost=lambda v: row.cost(v)[0])


# Classes with known values.


@pytest.mark.parametrize("game", [KL_GAME, KALE_GAME])
@pytest.mark.parametrize("pair", [PAIR, (0.0, 1.0, 1.0, 1.0), (0.5, 0.6, 0.0, 1.5), (-1.0, 1.2, 0.5, 0.9)])
def test_linear_and_quadratic_critics_of_gaussians(game: Game, pair: tuple[float, float, float, float]) -> None:
    p, q = _normal(*pair[:2]), _normal(*pair[2:])
    linear = LinearCritic(Polynomials(RANGE, 1), p, q, game).solve()
    assert linear.converged and not linear.note
    assert linear.bound == pytest.approx((pair[0] - pair[2]) ** 2 / (2 * pair[3] ** 2), abs=1e-8)
    quadratic = LinearCritic(Polynomials(RANGE, 2), p, q, game).solve()
    assert quadratic.bound == pytest.approx(kl_normal(*pair), abs=1e-8)
    assert quadratic.gradient < 1e-6 and quadratic.gap < 1e-10


def test_the_best_critic_of_a_rich_class_is_the_log_ratio() -> None:
    critic = LinearCritic(Polynomials(RANGE, 2), P, Q, KALE_GAME)
    critic.solve()
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)[:, None]
    mu_p, sigma_p, mu_q, sigma_q = PAIR
    log_ratio = math.log(sigma_q / sigma_p) - ((x - mu_p) / sigma_p) ** 2 / 2 + ((x - mu_q) / sigma_q) ** 2 / 2
    np.testing.assert_allclose(critic(x), log_ratio[:, 0], atol=1e-6)
    np.testing.assert_allclose(critic.output(x), critic(x))


@pytest.mark.parametrize("name", ["reverse_kl", "hellinger", "jensen_shannon", "gan"])
def test_games_with_a_bounded_domain_reach_their_divergence(name: str) -> None:
    # Their best V is the log ratio (half of it for Hellinger), which a quadratic is.
    row, game = F_DIVERGENCES[name], _game(name)
    p, q = P.weights, Q.weights
    kept = (p > 1e-250) & (q > 1e-250)
    value = float((q * row.f(p / q))[kept].sum())
    assert game.concave
    found = LinearCritic(Polynomials(RANGE, 2), P, Q, game).solve()
    assert found.converged
    # Reverse KL guards exponents above 20, far out in the tails.
    assert found.bound == pytest.approx(value, abs=1e-7)


def test_concave_games_are_told_from_the_others() -> None:
    concave = {name for name in F_DIVERGENCES if _game(name).concave}
    assert set(F_DIVERGENCES) - concave == {"neyman", "total_variation"}


def test_a_game_that_is_not_concave_still_climbs_and_says_what_it_found() -> None:
    exact = float((P.weights - Q.weights).abs().sum() / 2)
    critic = LinearCritic(Polynomials(RANGE, 2), P, Q, _game("total_variation"))
    bounds = [critic.step() for _ in range(30)]
    assert all(after >= before - 1e-13 for before, after in itertools.pairwise(bounds))
    found = critic.solve(tolerance=1e-6)
    assert 0.999 * exact < found.bound < exact
    assert "not concave" in found.note


@pytest.mark.parametrize("name", sorted(F_DIVERGENCES))
def test_every_bound_stays_below_its_divergence(name: str) -> None:
    row, p, q = F_DIVERGENCES[name], _normal(0.2, 0.9, 801), _normal(0.0, 1.1, 801)
    kept = (p.weights > 1e-250) & (q.weights > 1e-250)
    value = float((q.weights * row.f(p.weights / q.weights))[kept].sum())
    for basis in (Polynomials(RANGE, 1), Polynomials(RANGE, 4), Bumps(RANGE, 12), Relus(RANGE, 15)):
        for climb in ("newton", "gradient"):
            critic = LinearCritic(basis, p, q, _game(name), climb=climb)  # type: ignore[arg-type]
            bounds = [critic.bound, *(critic.step() for _ in range(8))]
            assert all(after >= before - 1e-13 for before, after in itertools.pairwise(bounds))
            assert bounds[-1] <= value + 1e-9


# Nested classes.


def test_bounds_rise_with_the_degree() -> None:
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(300, 2)))
    p, q = Nodes.of(x), Nodes.of(1.3 * x.flip(0) + 0.5)
    box = Box.around(p.x, q.x)
    bounds = [LinearCritic(Polynomials(box, degree), p, q, _game("gan")).solve().bound for degree in range(5)]
    assert all(after >= before - 1e-9 for before, after in itertools.pairwise(bounds))
    assert bounds[0] == pytest.approx(-math.log(4), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 20), st.integers(1, 20), st.integers(0, 1000))
def test_relu_classes_are_nested(d: int, width: int, more: int, seed: int) -> None:
    x = torch.from_numpy(np.random.default_rng(seed).normal(size=(7, d)))
    box = Box.around(x)
    narrow, wide = Relus(box, width, seed)(x), Relus(box, width + more, seed)(x)
    np.testing.assert_allclose(wide[:, : width + 1], narrow, atol=1e-13)
    assert torch.equal(narrow[:, 0], torch.ones(7, dtype=torch.float64))


def test_relu_kinks_lie_inside_the_box() -> None:
    z = torch.linspace(2, 4, 201, dtype=torch.float64)[:, None]
    features = Relus(Box.around(z), 50)(z)[:, 1:]
    assert ((features == 0).any(0) & (features > 0).any(0)).all()


def test_polynomials_are_products_of_chebyshev_polynomials() -> None:
    x = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, size=(9, 2)))
    found = Polynomials(Box(torch.zeros(2).double(), torch.ones(2).double()), 3)(x).numpy()
    u, v = x.numpy().T
    assert found.shape == (9, 10)
    expected = [np.ones(9), v, u, 2 * v**2 - 1, u * v, 2 * u**2 - 1, 4 * v**3 - 3 * v, u * (2 * v**2 - 1)]
    for column, values in enumerate(expected):
        np.testing.assert_allclose(found[:, column], values, atol=1e-14)


# Samples, ends and rounding.


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2))
def test_a_class_with_its_constant_is_above_zero_and_zero_for_equal_samples(seed: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(30, d)), rng.normal(size=(40, d))
    p, q = Nodes.of(x), Nodes.of(y)
    box = Box.around(p.x, q.x)
    apart = LinearCritic(Polynomials(box, 2), p, q, KALE_GAME, ridge=1e-3).solve()
    assert apart.objective >= 0
    same = LinearCritic(Relus(box, 30), p, Nodes.of(rng.permutation(x)), KALE_GAME).solve()
    assert same.bound == pytest.approx(0, abs=1e-9)


def test_shift_scale_and_order_of_the_points_change_nothing() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(50, 2)), rng.normal(size=(60, 2)) + 0.5

    def bound(u: Any, v: Any) -> float:
        p, q = Nodes.of(u), Nodes.of(v)
        return LinearCritic(Polynomials(Box.around(p.x, q.x), 2), p, q, KALE_GAME).solve().bound

    assert bound(100 * x[::-1] + 7, 100 * y + 7) == pytest.approx(bound(x, y), abs=1e-9)


def test_a_class_that_parts_the_samples_says_that_it_grows_without_end() -> None:
    p, q = Nodes.of(np.linspace(0, 1, 20)), Nodes.of(np.linspace(2, 3, 30))
    basis = Polynomials(Box.around(p.x, q.x), 2)
    found = LinearCritic(basis, p, q, KALE_GAME).solve()
    assert found.unbounded and not found.converged
    assert "grows without end" in found.note and math.isfinite(found.bound)
    bounded = LinearCritic(basis, p, q, _game("jensen_shannon")).solve()
    assert bounded.bound == pytest.approx(2 * math.log(2), abs=1e-8)
    assert bounded.converged and not bounded.unbounded


def test_one_point_and_coincident_points_are_no_trouble() -> None:
    for p, q in ((Nodes.of([1.0]), Nodes.of([1.0, 1.0])), (Nodes.of([[1.0, 2.0]]), Nodes.of([[1.0, 2.0]]))):
        box = Box.around(p.x, q.x)
        for basis in (Polynomials(box, 3), Bumps(box, 4), Relus(box, 5)):
            found = LinearCritic(basis, p, q, KALE_GAME).solve()
            assert found.converged and found.bound == pytest.approx(0, abs=1e-12)


def test_nodes_without_mass_count_for_nothing() -> None:
    far = Nodes.of(torch.cat((Q.x, torch.full((1, 1), 1e6))), torch.cat((Q.weights, torch.zeros(1).double())))
    found = LinearCritic(Polynomials(RANGE, 2), P, far, KALE_GAME).solve()
    assert found.bound == pytest.approx(kl_normal(*PAIR), abs=1e-8)


def test_the_ridge_is_part_of_the_objective_and_spares_the_constant() -> None:
    critic = LinearCritic(Polynomials(RANGE, 3), P, Q, KALE_GAME, ridge=0.05)
    found = critic.solve(tolerance=1e-14)
    assert found.objective == pytest.approx(found.bound - 0.025 * critic.norm**2, abs=1e-14)
    # Stationary in every coefficient, the constant's without a ridge: ∫e^h dQ = 1.
    weights = torch.cat((torch.zeros(1).double(), torch.full((3,), 0.05).double())) * critic.parameters
    slope = critic.basis(P.x).T @ P.weights - critic.basis(Q.x).T @ (Q.weights * critic(Q.x).exp()) - weights
    np.testing.assert_allclose(slope, 0, atol=1e-9)


def test_a_start_and_steps_lead_to_the_same_top() -> None:
    basis = Polynomials(RANGE, 4)
    cold = LinearCritic(basis, P, Q, KALE_GAME)
    found = cold.solve()
    warm = LinearCritic(basis, P, Q, KALE_GAME, start=cold.parameters)
    assert warm.bound == pytest.approx(found.bound, abs=1e-12)
    assert warm.solve().steps <= 1
    slow = LinearCritic(Polynomials(RANGE, 1), P, Q, KALE_GAME, climb="gradient")
    for _ in range(300):
        slow.step()
    assert slow.bound == pytest.approx((PAIR[0] - PAIR[2]) ** 2 / (2 * PAIR[3] ** 2), abs=1e-6)


# A network.


def test_a_network_climbs_close_to_kl_and_repeats_with_its_seed() -> None:
    p, q = _normal(*PAIR[:2], 201), _normal(*PAIR[2:], 201)
    critic = NetworkCritic(p, q, KALE_GAME, hidden=(16,), rate=0.03, seed=1)
    state = torch.random.get_rng_state()
    assert critic.bound == pytest.approx(0, abs=1e-12)
    for _ in range(300):
        assert critic.step() <= kl_normal(*PAIR) + 1e-9
    assert critic.bound > 0.9 * kl_normal(*PAIR)
    again = NetworkCritic(p, q, KALE_GAME, hidden=(16,), rate=0.03, seed=1)
    found = again.solve(most_steps=300)
    assert torch.equal(state, torch.random.get_rng_state())
    assert found.bound >= critic.bound - 1e-12
    assert found.steps == 300 and not found.converged and "lower bound" in found.note
    assert critic(torch.zeros(4, 1).double()).shape == (4,)


def test_a_network_with_a_wild_rate_keeps_finite_numbers() -> None:
    p, q = _normal(0, 1, 101), _normal(30, 1, 101)
    critic = NetworkCritic(p, Nodes.of(q.x + 30, _normal(0, 1, 101).weights), KALE_GAME, hidden=(8,), rate=1e3)
    bounds = [critic.step() for _ in range(60)]
    assert all(math.isfinite(bound) for bound in bounds)
    assert bool(critic(p.x).isfinite().all())


# What is refused.


def _basis() -> Basis:
    return Polynomials(RANGE, 1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Nodes.of([]), "at least one point"),
        (lambda: Nodes.of([math.nan]), "holds 1 non-finite numbers"),
        (lambda: Nodes.of([1.0, 2.0], [1.0]), "one each is needed"),
        (lambda: Nodes.of([1.0], [-1.0]), "finite and not negative"),
        (lambda: Nodes.of([1.0], [0.0]), "with one above zero"),
        (lambda: Nodes.of([1.0], [math.nan]), "finite and not negative"),
        (lambda: LinearCritic(_basis(), P, Q, ridge=-1), "ridge must be 0 or more, got -1"),
        (lambda: LinearCritic(_basis(), P, Q, rate=0), "rate must be positive, got 0"),
        (lambda: LinearCritic(_basis(), P, Q, start=torch.zeros(3)), "at most 2 finite numbers"),
        (lambda: LinearCritic(_basis(), Nodes.of([[0.0, 1.0]]), Q), r"shape \(N, 1\) with N ≥ 1, got \(1, 2\)"),
        (lambda: LinearCritic(_basis(), P, Q).solve(tolerance=0), "tolerance must be positive"),
        (lambda: LinearCritic(_basis(), P, Q).solve(most_steps=0), "most_steps must be 1 or more"),
        (lambda: LinearCritic(_basis(), P, Q)(torch.full((1, 1), math.inf)), "not finite"),
        (lambda: Polynomials(RANGE, -1), "degree must be 0 or more"),
        (
            lambda: Polynomials(Box.around(torch.zeros(1, 2)), 100),
            "5151 functions, at most 2000; choose a smaller degree",
        ),
        (lambda: Bumps(RANGE, 1), "per_axis must be 2 or more"),
        (lambda: Relus(RANGE, 0), "width must be 1 or more"),
        (lambda: Relus(RANGE, 5000), "choose a smaller width"),
        (lambda: NetworkCritic(P, Q, hidden=()), "hidden needs one width"),
        (lambda: NetworkCritic(P, Q, rate=-1.0), "rate must be positive"),
        (lambda: NetworkCritic(P, Nodes.of([[0.0, 1.0]])), "differ in dimension: 1 and 2"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_a_game_of_plain_functions_needs_no_second_derivative() -> None:
    # Integral probability metrics: gain and cost are V itself; without a ridge nothing bounds them.
    def same(v: Tensor) -> Tensor:
        return v

    critic = LinearCritic(Polynomials(RANGE, 1), P, Q, Game(same, same), ridge=1.0)
    found = critic.solve()
    # The sup of (b/5)(μp − μq) − b²/2 is ((μp − μq)/5)²/2.
    assert found.objective == pytest.approx((0.7 / 5) ** 2 / 2, abs=1e-10)
