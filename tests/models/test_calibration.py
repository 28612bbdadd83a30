"""Calibration undoes what was done to an exact critic, and gives an independence sampler its exact law back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gebm_studio.models import Gebm, build
from gebm_studio.models.calibration import Calibration, calibrated, fit
from gebm_studio.models.energies import Energy
from gebm_studio.samplers import SAMPLERS, value_and_gradient
from gebm_studio.schema import TrainingPreset

SIGMA = 0.7
"""Data N(0, σ²) and base N(0, 1): the exact E = log g − log p."""
CPU = torch.device("cpu")
Distortion = Callable[[Tensor], Tensor]


def exact(x: Tensor) -> Tensor:
    return 0.5 * x.square() / SIGMA**2 - 0.5 * x.square() + math.log(SIGMA)


def points(law: float, count: int = 4000, seed: int = 0) -> Tensor:
    return law * torch.randn(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def stretched(energy: Tensor) -> Tensor:
    return 3 * energy + 2


def bent(energy: Tensor) -> Tensor:
    return 2 * torch.sinh(1.5 * (energy + 0.3))


@pytest.mark.parametrize(("kind", "distortion", "tolerance"), [("logistic", stretched, 0.06), ("isotonic", bent, 0.11)])
def test_a_distorted_critic_is_put_right(
    kind: Literal["logistic", "isotonic"], distortion: Distortion, tolerance: float
) -> None:
    """Root mean square error of the weights e^{−E} of fresh base draws; exactly they lie from 0 to 1.43.

    Fits to 4,000 points each, over 20 seeds: .015 ± .008 (logistic) and .058 ± .010 (isotonic). Without calibration
    it is .85 and .45.
    """
    found = fit(kind, distortion(exact(points(SIGMA))), distortion(exact(points(1.0, seed=1))))
    x = points(1.0, seed=2)
    weights = (-exact(x)).exp()
    assert ((-found(distortion(exact(x)))).exp() - weights).square().mean().sqrt().item() < tolerance
    assert ((-distortion(exact(x))).exp() - weights).square().mean().sqrt().item() > 0.4


def test_the_logistic_map_of_an_affine_distortion_is_its_inverse() -> None:
    """a within 5 standard errors of 1/3, over the whole line: beyond the fitted energies too."""
    count = 20_000
    found = fit("logistic", stretched(exact(points(SIGMA, count))), stretched(exact(points(1.0, count, seed=1))))
    assert float(found.outer) == pytest.approx(1 / 3, abs=0.04)
    far = torch.tensor([-50.0, 50.0], dtype=torch.float64)
    assert found(far).diff().item() == pytest.approx(100 * float(found.outer))


@given(st.integers(0, 1000))
def test_isotonic_is_monotone_and_knows_the_order_alone(seed: int) -> None:
    data, base = points(SIGMA, 200, seed), points(1.0, 200, seed + 1)
    found = fit("isotonic", exact(data), exact(base))
    line = torch.linspace(-2, 12, 500, dtype=torch.float64)
    assert (found(line).diff() >= -1e-12).all()
    again = fit("isotonic", exact(data).exp(), exact(base).exp())
    assert torch.allclose(again.values, found.values)


def test_no_odds_are_infinite_even_where_the_classes_are_apart() -> None:
    low, high = torch.linspace(-3, -2, 300), torch.linspace(2, 3, 300)
    for kind in ("logistic", "isotonic"):
        found = fit(kind, low, high)
        assert torch.isfinite(found(torch.tensor([-100.0, 0.0, 100.0]))).all()
        assert float(found(low).max()) < -3 < 3 < float(found(high).min())
    assert float(fit("isotonic", low, high).values[0]) == pytest.approx(-math.log(301), abs=0.1)


def test_a_critic_that_tells_nothing_gives_even_odds() -> None:
    for kind in ("logistic", "isotonic"):
        found = fit(kind, torch.full((50,), 3.0), torch.full((50,), 3.0))
        assert found(torch.tensor([3.0, 7.0, -2.0])).abs().max().item() < 1e-6


def test_unequal_numbers_do_not_shift_the_odds() -> None:
    equal = fit("logistic", exact(points(SIGMA, 8000)), exact(points(1.0, 8000, seed=1)))
    unequal = fit("logistic", exact(points(SIGMA, 8000)), exact(points(1.0, 800, seed=1)))
    energy = torch.zeros(1, dtype=torch.float64)
    assert float(unequal(energy)) == pytest.approx(float(equal(energy)), abs=0.3)  # log 10 = 2.3 without it


def test_infinite_energies_pass_and_are_counted_among_the_draws() -> None:
    """Half of the base outside of the data's support: inside, data are twice as dense as the base."""
    base = torch.cat((torch.zeros(500), torch.full((500,), math.inf)))
    for kind in ("logistic", "isotonic"):
        found = fit(kind, torch.zeros(1000), base)
        judged = found(torch.tensor([0.0, math.inf]))
        assert math.isinf(float(judged[1]))
        if kind == "isotonic":
            assert float(judged[0]) == pytest.approx(-math.log(2), abs=0.01)
    with pytest.raises(ValueError, match="two finite energies of the base or more, got 0 of 4"):
        fit("isotonic", torch.zeros(4), torch.full((4,), math.nan))


def gaussian_model() -> Gebm:
    """Base N(0, 1) and the exact energy up to 0.3: the GEBM is N(0, σ²), and log Z = −0.3."""
    section = {
        "title": "test",
        "target": {"kind": "ring"},
        "base": {"kind": "linear", "matrix": [[1.0, 0.0], [0.0, 1.0]]},
        "energy": {"kind": "ratio", "offset": 0.3},
        "training": {"train": "none"},
    }
    normal = torch.distributions.Normal(0.0, SIGMA)
    return build(TrainingPreset.model_validate(section), (2,), lambda x: normal.log_prob(x).sum(1), CPU)


class Distorted(Energy):
    """A critic that is too sure of itself: 3 E + 2."""

    def __init__(self, inner: Energy) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return stretched(self.inner(x))


def variance_of_independence(model: Gebm, calibration: Calibration | None) -> tuple[float, float]:
    """Variance of a coordinate under independence MH, and its standard error, from 4,000 chains of 60 steps."""
    sampler, generator = SAMPLERS["independence"](), torch.Generator().manual_seed(5)
    potential = model.potential(1.0, calibration)
    state = sampler.init(model.prior(4000, generator), potential, generator)
    for _ in range(60):
        state, _ = sampler.step(state, potential, generator)
    squares = state.position.double().square().mean(1)
    return float(squares.mean()), float(squares.std()) / math.sqrt(len(squares))


def test_independence_mh_has_the_exact_law_only_when_calibrated() -> None:
    """Var = σ² = 0.49. Chains end within e^{-60/9} of their law; the fit to 20,000 points moves it by about .01."""
    model = gaussian_model()
    held_out = SIGMA * torch.randn(20_000, 2, generator=torch.Generator().manual_seed(1))
    variance, error = variance_of_independence(model, None)
    assert abs(variance - SIGMA**2) < 4 * error
    model.energy = Distorted(model.energy)
    variance, error = variance_of_independence(model, None)
    assert variance < SIGMA**2 - 15 * error, "the test must be able to see a critic that is wrong"
    for kind in ("logistic", "isotonic"):
        energy_base = model.energies(model.prior(20_000, torch.Generator().manual_seed(2)))
        calibration = fit(kind, model.energy(held_out), energy_base)
        variance, error = variance_of_independence(model, calibration)
        assert abs(variance - SIGMA**2) < 4 * math.hypot(error, 0.01)


def test_a_run_is_not_changed_by_calibrating_and_the_map_is_the_same_each_time() -> None:
    model = gaussian_model()
    held_out = SIGMA * torch.randn(500, 2, generator=torch.Generator().manual_seed(1))
    before = torch.random.get_rng_state()
    first, second = calibrated("isotonic", model, held_out), calibrated("isotonic", model, held_out)
    assert torch.equal(before, torch.random.get_rng_state())
    assert first is not None and second is not None
    assert all(torch.equal(part, vars(second)[name]) for name, part in vars(first).items())
    assert calibrated("none", model, held_out) is None


def test_a_calibrated_potential_is_prior_and_calibrated_energy() -> None:
    """U = ½|z|² + βE_cal(G(z)), with its gradient; the energies that are looked at stay those of the model."""
    model = gaussian_model()
    z = torch.randn(50, 2, generator=torch.Generator().manual_seed(3))
    calibration = Calibration(torch.tensor([0.0]), torch.tensor([1.5]), torch.tensor(0.25))
    potential = model.potential(0.5, calibration)
    value, gradient = value_and_gradient(potential, z)
    energy = model.energies(z)
    assert torch.allclose(value, 0.5 * z.square().sum(1) + 0.5 * (1.5 + 0.25 * energy), atol=1e-5)
    assert torch.allclose(potential.look(z)[1], energy)
    _, plain = value_and_gradient(model.potential(0.125), z)
    assert torch.allclose(gradient, plain, atol=1e-5)
