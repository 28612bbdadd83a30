"""Paths and rates: what the leapfrog keeps, how often barriers are crossed, and how samplers descend."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gebm_studio.experiments.selftest.check import gaussian, walk
from gebm_studio.experiments.selftest.models import DoubleWell, quadrature
from gebm_studio.samplers import SAMPLERS
from gebm_studio.samplers.hmc import Phase, leapfrog
from tests.samplers.cases import quadratic


class Quartic:
    """Σ(zᵢ⁴/4 + zᵢzᵢ₊₁/3), whose slope is known, so that a path can be differentiated as a whole."""

    def __call__(self, z: Tensor) -> Tensor:
        return (z**4 / 4 + z * z.roll(1, 1) / 3).sum(1)

    def value_and_gradient(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return self(z), z**3 + (z.roll(1, 1) + z.roll(-1, 1)) / 3


def test_the_leapfrog_keeps_volume_by_its_exact_jacobian() -> None:
    potential, start = Quartic(), gaussian(1, 6)

    def path(flat: Tensor) -> Tensor:
        x, v = flat[:3].unsqueeze(0), flat[3:].unsqueeze(0)
        phase = Phase(x, v, *potential.value_and_gradient(x))
        for _ in range(15):
            phase = leapfrog(phase, potential, 0.2)
        return torch.cat((phase.position[0], phase.velocity[0]))

    jacobian: Tensor = torch.autograd.functional.jacobian(path, start)  # type: ignore[no-untyped-call]
    assert torch.linalg.det(jacobian).item() == pytest.approx(1.0, abs=1e-12)
    # And it is symplectic: JᵀΩJ = Ω.
    zero, one = torch.zeros(3, 3, dtype=torch.float64), torch.eye(3, dtype=torch.float64)
    omega = torch.cat((torch.cat((zero, one), 1), torch.cat((-one, zero), 1)))
    torch.testing.assert_close(jacobian.T @ omega @ jacobian, omega, rtol=0, atol=1e-11)


def test_the_leapfrog_is_unstable_beyond_two() -> None:
    phase = Phase(torch.ones(1, 1), torch.zeros(1, 1), torch.tensor([0.5]), torch.ones(1, 1))
    for step, grows in ((1.95, False), (2.05, True)):
        now = phase
        for _ in range(200):
            now = leapfrog(now, quadratic, step)
        assert bool(now.position.abs() > 1e3) == grows


def test_hmc_draws_path_lengths_uniformly() -> None:
    sampler = SAMPLERS["hmc"](leapfrog_steps=4, jitter=0.5)
    assert sampler.lengths() == (2, 6)
    counts = [info.gradients for _, info in walk(sampler, quadratic, torch.zeros(1, 1), 3, 1000)]
    # A binomial share of 1/5 in 1,000 draws, at five standard errors.
    for length in range(2, 7):
        assert counts.count(length) / 1000 == pytest.approx(0.2, abs=5 * math.sqrt(0.16 / 1000))
    assert SAMPLERS["hmc"](leapfrog_steps=1, jitter=1.0).lengths() == (1, 2)
    assert SAMPLERS["hmc"](leapfrog_steps=7, jitter=0.0).lengths() == (7, 7)


def test_a_rejected_ghmc_chain_turns_round() -> None:
    """With no friction to speak of, a chain before a wall goes back the way it came."""

    def wall(z: Tensor) -> Tensor:
        return torch.where(z[:, 0] > 0, torch.full_like(z[:, 0], math.inf), 0.0 * z[:, 0])

    sampler, generator = SAMPLERS["ghmc"](step_size=0.1, friction=1e-4), torch.Generator().manual_seed(0)
    state = sampler.init(torch.tensor([[-0.01]]), wall, generator)
    state = state._replace(velocity=torch.ones(1, 1))
    state, info = sampler.step(state, wall, generator)
    assert info.nonfinite.item() and state.position.item() == pytest.approx(-0.01)
    assert state.velocity.item() == pytest.approx(-1.0, abs=0.05)


# Barriers.


@pytest.mark.parametrize("barrier", [4.0, 5.0, 6.0])
def test_kramers_rate_is_the_exact_one_up_to_its_known_correction(barrier: float) -> None:
    """The exact mean passage time by quadrature; Kramers' formula leaves out a share of order 1/B, here .5/B."""
    well = DoubleWell(barrier)
    mean, variance = well.passage()
    assert 1 / mean == pytest.approx(well.overdamped_rate() * (1 - 0.48 / barrier), rel=0.02)
    assert variance / mean**2 == pytest.approx(1.0, abs=0.05), "passages over a barrier forget when they began"


def test_the_passage_time_of_small_steps_tends_to_that_of_the_diffusion() -> None:
    well = DoubleWell(4.0)
    exact, _ = well.passage()
    gaps = [exact - well.passage_in_steps(step)[0] for step in (0.004, 0.002, 0.001)]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[2] < 0.005 * exact


@pytest.mark.parametrize("friction", [2.0, 8.0])
def test_kinetic_chains_cross_at_kramers_rate(friction: float) -> None:
    """All start in the left well; 1 − 2P(right) falls as e^{−2kt}.

    Formula and k differ by a share of order 1/B at moderate friction; with B = 5 and 4,000 chains the
    statistical error is 4 %, and 25 % in all are allowed.
    """
    well, step = DoubleWell(5.0), 0.1
    sampler = SAMPLERS["kinetic"](step_size=step, friction=friction)
    rate = well.kinetic_rate(friction)
    began, ended = 50, 50 + round(0.4 / rate / step)
    shares = {}
    start = torch.full((4000, 1), -1.0)
    for index, (state, _) in enumerate(walk(sampler, well, start, 5, ended), 1):
        if index in (began, ended):
            shares[index] = float((state.position > 0).float().mean())
    found = -0.5 * math.log((1 - 2 * shares[ended]) / (1 - 2 * shares[began])) / (step * (ended - began))
    assert found == pytest.approx(rate, rel=0.25)


# Descents.


def test_zero_temperature_finds_the_nearer_minimum_whatever_the_prior() -> None:
    def wells(z: Tensor) -> Tensor:
        return quadratic(z) + DoubleWell(2.0)(z)

    start = torch.tensor([[-0.2], [0.1], [2.0]])
    ends = [state.position for state, _ in walk(SAMPLERS["zero_temperature"](step_size=0.02), wells, start, 0, 600)]
    torch.testing.assert_close(ends[-1], torch.tensor([[-1.0], [1.0], [1.0]]))


def test_transport_rests_where_the_energy_is_no_steeper_than_its_lipschitz_constant() -> None:
    def tilted(z: Tensor) -> Tensor:
        return quadratic(z) + z[:, 0]

    start = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    states = [state for state, _ in walk(SAMPLERS["transport"](step_size=0.01), tilted, start, 0, 50)]
    assert states[-1].lipschitz[0] <= 1 + 1e-5
    assert (states[-1].position - start).norm(dim=1).max() < 0.1


def test_transport_on_a_circle_ends_at_the_minimum_of_its_objective() -> None:
    """d = 2, |z| = R: the chord plus V/k_eff as a function of the angle, minimised on a grid."""
    slopes = torch.tensor([0.3, 6.0], dtype=torch.float64)

    def bowl(z: Tensor) -> Tensor:
        return quadratic(z) + 0.5 * (slopes * z.square()).sum(1)

    angle, radius = 0.9, 6.0
    start = radius * torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=torch.float64)
    state = list(walk(SAMPLERS["transport"](step_size=0.01), bowl, start, 0, 4000))[-1][0]
    grid = torch.linspace(-0.3, 1.2, 20_001, dtype=torch.float64)
    ring = radius * torch.stack((grid.cos(), grid.sin()), 1)
    objective = (ring - start).norm(dim=1) + 0.5 * (slopes * ring.square()).sum(1) / state.lipschitz[0]
    best = float(grid[objective.argmin()])
    assert abs(best - angle) > 0.1, "the start must not be the minimum"
    found = math.atan2(*reversed(state.position[0].tolist()))
    assert found == pytest.approx(best, abs=0.02)


# Rejection by percentile.


@pytest.mark.parametrize("chains", [1, 64])
def test_the_percentile_of_rejection_does_not_hang_on_the_number_of_chains(chains: int) -> None:
    """At the percentile's own D the acceptance is one half, whoever else proposes."""

    def steep(z: Tensor) -> Tensor:
        return quadratic(z) + 8 * z.square().sum(1)

    sampler, generator = SAMPLERS["rejection"](percentile=80.0), torch.Generator().manual_seed(0)
    state = sampler.init(torch.zeros(chains, 1, dtype=torch.float64), steep, generator)
    # P(|z| < q) = .2 at q = .2533, where D = −8q².
    assert state.typical[0].item() == pytest.approx(-8 * 0.2533**2, rel=0.1)
    assert sampler.probability(state.typical, state.largest, state.typical)[0] == pytest.approx(0.5)
    middle = float(state.typical[0].exp())

    def expected(z: Tensor) -> Tensor:
        """Odds e^D/(1 − e^D), divided by those of the percentile."""
        weight = (-8 * z.square()).exp()
        odds = weight / (1 - weight + 1e-9) * (1 - middle) / middle
        return odds / (1 + odds)

    steps = list(walk(sampler, steep, torch.zeros(chains, 1, dtype=torch.float64), 1, 4000 // chains))
    seen = torch.stack([info.acceptance for _, info in steps]).flatten()
    error = float(seen.std()) / math.sqrt(len(seen))
    assert seen.mean().item() == pytest.approx(quadrature(quadratic, -8, 8).expect(expected), abs=5 * error)


def test_the_percentile_is_one_among_finite_weights() -> None:
    def half(z: Tensor) -> Tensor:
        return torch.where(z[:, 0] > 0, quadratic(z), torch.full_like(z[:, 0], math.inf))

    state = SAMPLERS["rejection"](percentile=50.0).init(torch.ones(2, 1), half, torch.Generator())
    assert state.typical.tolist() == [0.0, 0.0]
