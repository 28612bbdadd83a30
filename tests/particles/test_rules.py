"""Every rule of a particle flow against the divergence that it goes down, exact cases and its contract."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import lambertw
from torch import Tensor

from gebm_studio.divergences import Gaussian, mmd2, rkhs_kale, sinkhorn_divergence
from gebm_studio.particles import FLOWS, Goal, Injection, KaleFlow, LangevinFlow, MmdFlow, Rule, SinkhornFlow, State

SCALE = 0.7
Divergence = Callable[[Tensor, Tensor], float]


def score(y: Tensor) -> Tensor:
    """Of N(0, I)."""
    return -y


def clouds(n: int = 7, m: int = 9, seed: int = 0) -> tuple[Tensor, Goal]:
    generator = torch.Generator().manual_seed(seed)
    y = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    return y, Goal(1.3 * torch.randn(m, 2, generator=generator, dtype=torch.float64) + 0.4, score)


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def half_mmd2(y: Tensor, x: Tensor) -> float:
    return 0.5 * mmd2(y, x, Gaussian(SCALE), unbiased=False)


def kale(lam: float) -> Divergence:
    return lambda y, x: rkhs_kale(y, x, Gaussian(SCALE), lam, tolerance=1e-13).value


def sinkhorn(y: Tensor, x: Tensor) -> float:
    return sinkhorn_divergence(y, x, 0.3, tolerance=1e-12).value


RULES: dict[str, Rule] = {
    "mmd": MmdFlow(0.01, SCALE),
    "kale": KaleFlow(0.01, SCALE, 0.1),
    "langevin": LangevinFlow(0.01),
    "sinkhorn": SinkhornFlow(0.01, 0.3),
    "noisy mmd": MmdFlow(0.01, SCALE, Injection(0.5, 10.0)),
    "noisy kale": KaleFlow(0.01, SCALE, 0.1, Injection(0.5)),
}
DOWN: list[tuple[Rule, Divergence, float]] = [
    (RULES["mmd"], half_mmd2, 1e-8),
    (KaleFlow(0.01, SCALE, 1e-2), kale(1e-2), 1e-4),
    (KaleFlow(0.01, SCALE, 1.0), kale(1.0), 1e-4),
    (KaleFlow(0.01, SCALE, 1e3), kale(1e3), 1e-4),
    (RULES["sinkhorn"], sinkhorn, 1e-3),
]


def velocity(rule: Rule, y: Tensor, goal: Goal) -> Tensor:
    return rule.step(rule.init(y, goal), goal, noise())[1].velocity


@pytest.mark.parametrize(("rule", "divergence", "tolerance"), DOWN)
def test_a_velocity_is_n_times_the_slope_downwards(rule: Rule, divergence: Divergence, tolerance: float) -> None:
    """Central differences of the divergence with respect to each coordinate of each particle."""
    y, goal = clouds()
    step = 1e-4
    slope = torch.empty_like(y)
    for i in range(len(y)):
        for axis in range(2):
            beside = torch.zeros_like(y)
            beside[i, axis] = step
            slope[i, axis] = (divergence(y + beside, goal.points) - divergence(y - beside, goal.points)) / (2 * step)
    found = velocity(rule, y, goal)
    assert torch.allclose(found, -len(y) * slope, rtol=0, atol=tolerance * float(found.abs().max()))


@pytest.mark.parametrize(("rule", "divergence", "_"), DOWN)
def test_a_flow_goes_down(rule: Rule, divergence: Divergence, _: float) -> None:
    y, goal = clouds(20, 30)
    state = rule.init(y, goal)
    values = [divergence(y, goal.points)]
    for _step in range(5):
        state, _info = rule.step(state, goal, noise())
        values.append(divergence(state.position, goal.points))
    assert values == sorted(values, reverse=True)


@given(lam=st.floats(0.05, 1e4), distance=st.floats(0.05, 3.0))
@settings(max_examples=30, deadline=None)
def test_one_particle_and_one_draw_move_as_lambert_says(lam: float, distance: float) -> None:
    """∇h(y) = −f ∇k(y, x)/λ with f = λW(e^{k/λ}/λ)."""
    y, x = torch.zeros(1, 2, dtype=torch.float64), torch.tensor([[distance, 0.0]], dtype=torch.float64)
    k = math.exp(-(distance**2) / (2 * SCALE**2))
    f = lam * float(lambertw(math.exp(k / lam) / lam).real)
    expected = (1 + lam) * f / lam * k * distance / SCALE**2
    found = velocity(KaleFlow(0.1, SCALE, lam), y, Goal(x))
    assert found[0].tolist() == pytest.approx([expected, 0.0], rel=2e-3, abs=1e-9)


def test_kale_with_a_large_penalty_is_mmd() -> None:
    y, goal = clouds(30, 20)
    exact = velocity(RULES["mmd"], y, goal)
    for lam, tolerance in ((1e2, 0.05), (1e4, 5e-4)):
        found = velocity(KaleFlow(0.01, SCALE, lam), y, goal)
        assert torch.allclose(found, exact, rtol=0, atol=tolerance * float(exact.abs().max()))


@pytest.mark.parametrize("name", ["mmd", "kale", "sinkhorn"])
def test_particles_that_are_the_target_stay(name: str) -> None:
    _, goal = clouds()
    assert float(velocity(RULES[name], goal.points.flip(0), goal).abs().max()) < 1e-3 * (name == "sinkhorn") + 1e-9


@pytest.mark.parametrize("name", ["mmd", "kale", "sinkhorn"])
def test_rotation_translation_and_order_change_nothing(name: str) -> None:
    y, goal = clouds()
    angle, shift = 0.8, torch.tensor([3.0, -2.0], dtype=torch.float64)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], dtype=torch.float64)
    order = torch.randperm(len(y), generator=noise())
    moved = velocity(RULES[name], (y @ turn.T + shift)[order], Goal(goal.points.flip(0) @ turn.T + shift))
    expected = (velocity(RULES[name], y, goal) @ turn.T)[order]
    assert torch.allclose(moved, expected, rtol=0, atol=1e-3 * float(expected.abs().max()))


@pytest.mark.parametrize("name", RULES)
def test_a_step_depends_on_state_and_generator_alone(name: str) -> None:
    """The same again, and the state that was given is as it was; so is one that went through a file."""
    y, goal = clouds()
    rule = RULES[name]
    state = rule.init(y, goal)
    for _ in range(3):
        state, _info = rule.step(state, goal, noise(1))
    kept = State(state.position.clone(), state.steps, tuple(x.clone() for x in state.warm))
    first, info = rule.step(state, goal, noise(5))
    again, info_again = rule.step(kept, goal, noise(5))
    assert torch.equal(kept.position, state.position)
    assert torch.equal(first.position, again.position) and torch.equal(info.velocity, info_again.velocity)
    assert first.steps == 4 and first.position.dtype == torch.float64
    assert not info.note


@pytest.mark.parametrize("name", ["kale", "sinkhorn"])
def test_a_warm_start_gives_the_answer_of_a_cold_one(name: str) -> None:
    y, goal = clouds(40, 30)
    rule = RULES[name]
    state = rule.init(y, goal)
    for _ in range(5):
        state, _info = rule.step(state, goal, noise())
    assert state.warm
    warm, cold = (rule.step(s, goal, noise())[1].velocity for s in (state, State(state.position, state.steps)))
    assert torch.allclose(warm, cold, rtol=0, atol=2e-3 * float(cold.abs().max()))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 5), (6, 1), (4, 11)])
def test_few_points_and_unequal_numbers_do(name: str, n: int, m: int) -> None:
    y, goal = clouds(n, m)
    state, info = RULES[name].step(RULES[name].init(y, goal), goal, noise())
    assert state.position.shape == info.velocity.shape == (n, 2)
    assert bool(torch.isfinite(state.position).all())


@pytest.mark.parametrize("name", ["mmd", "kale", "sinkhorn"])
def test_particles_at_one_place_move_together(name: str) -> None:
    y, goal = torch.zeros(5, 2, dtype=torch.float64), clouds()[1]
    found = velocity(RULES[name], y, goal)
    assert torch.allclose(found, found[:1].expand(5, 2), atol=1e-12)


def test_another_number_of_draws_begins_anew() -> None:
    y, goal = clouds()
    for name in ("kale", "sinkhorn"):
        state, _ = RULES[name].step(RULES[name].init(y, goal), goal, noise())
        fewer = Goal(goal.points[:4])
        after, _ = RULES[name].step(state, fewer, noise())
        cold, _ = RULES[name].step(State(state.position), fewer, noise())
        assert torch.equal(after.position, cold.position)


def test_noise_halves_and_without_it_nothing_is_drawn() -> None:
    injection = Injection(0.8, 100.0)
    assert [injection.at(n) for n in (0, 100, 300)] == pytest.approx([0.8, 0.4, 0.1])
    assert Injection(0.8).at(10**6) == 0.8
    generator = noise()
    before, (y, _) = generator.get_state(), clouds()
    assert Injection().moved(y, 0, generator) is y
    assert torch.equal(generator.get_state(), before)
    many = torch.zeros(20_000, 2, dtype=torch.float64)
    # The variance of 40,000 normal numbers, to five standard errors.
    assert float(injection.moved(many, 100, generator).var()) == pytest.approx(0.16, rel=5 * math.sqrt(2 / 40_000))


def test_noise_moves_where_a_velocity_is_taken_and_not_the_particle() -> None:
    y, goal = clouds()
    for name, plain in (("noisy mmd", "mmd"), ("noisy kale", "kale")):
        rule = RULES[name]
        state, info = rule.step(rule.init(y, goal), goal, noise(3))
        assert torch.allclose(state.position, y + 0.01 * info.velocity, atol=1e-15)
        assert not torch.allclose(info.velocity, velocity(RULES[plain], y, goal), atol=1e-3)


def test_langevin_keeps_its_gaussian_with_the_bias_of_its_step() -> None:
    """Stationary variance 1/(1 − δ/2), five standard errors of 12,000 numbers."""
    step = 0.2
    rule, goal, generator = LangevinFlow(step), clouds()[1], noise(7)
    state = rule.init(torch.randn(6000, 2, generator=generator, dtype=torch.float64), goal)
    for _ in range(40):
        state, _info = rule.step(state, goal, generator)
    assert float(state.position.var()) == pytest.approx(1 / (1 - step / 2), rel=5 * math.sqrt(2 / 12_000))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MmdFlow(0.0, 1.0), "step_size"),
        (lambda: MmdFlow(0.1, math.nan), "scale"),
        (lambda: KaleFlow(0.1, 1.0, 0.0), "regularisation"),
        (lambda: KaleFlow(0.1, 1.0, -1.0), "regularisation"),
        (lambda: SinkhornFlow(0.1, math.inf), "epsilon"),
        (lambda: LangevinFlow(-1.0), "step_size"),
        (lambda: Injection(-0.1), "noise"),
        (lambda: Injection(0.1, math.inf), "half-life"),
        (lambda: LangevinFlow(0.1).init(clouds()[0], Goal(clouds()[1].points)), "smooth density"),
        (lambda: MmdFlow(0.1, 1.0).init(clouds()[0], Goal(torch.empty(0, 2))), "a draw of its target"),
        (lambda: MmdFlow(0.1, 1.0).init(clouds()[0][:, :1], clouds()[1]), "points"),
    ],
)
def test_bad_settings_are_refused(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_the_registry_names_every_rule() -> None:
    assert set(FLOWS) == {"mmd", "kale", "langevin", "sinkhorn"}
