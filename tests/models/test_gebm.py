"""GEBMs against closed forms, and networks against what their settings promise."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gebm_studio.models import Gebm, build, ess_fraction, log_mean_exp, tilt
from gebm_studio.schema import TrainingPreset
from tests.typed import training

CPU = torch.device("cpu")


def no_density(x: Tensor) -> Tensor:
    raise AssertionError("only the exact ratio needs the target's density")


def model_of(**sections: Any) -> Gebm:
    return build(TrainingPreset.model_validate({"title": "test"} | sections), (2,), no_density, CPU)


@pytest.mark.parametrize("beta", [0.3, 1.0, 2.5])
def test_log_z_of_a_linear_gaussian_model(beta: float) -> None:
    """log Z_β = −½ log|I + βAᵀMA| − ½ β rᵀ(M⁻¹ + βAAᵀ)⁻¹ r: within four standard errors of 200,000 draws."""
    a = torch.tensor([[0.8, 0.3], [-0.2, 0.5]], dtype=torch.float64)
    m = torch.tensor([[1.0, 0.3], [0.3, 0.7]], dtype=torch.float64)
    r = torch.tensor([0.4, -0.6], dtype=torch.float64)
    model = model_of(
        base={"kind": "linear", "matrix": a.tolist(), "shift": [0.5, 0.5]},
        energy={"kind": "quadratic", "precision": m.tolist(), "mean": (r + 0.5).tolist()},
    )
    lam = torch.eye(2, dtype=torch.float64) + beta * a.T @ m @ a
    inner = torch.linalg.inv(m) + beta * a @ a.T
    exact = -0.5 * torch.logdet(lam) - 0.5 * beta * r @ torch.linalg.solve(inner, r)
    estimate, stderr = model.log_z(200_000, torch.Generator().manual_seed(0), beta)
    assert stderr < 0.005
    assert abs(estimate - float(exact)) < 4 * stderr
    # U itself, at a point, up to no constant at all.
    z = torch.tensor([[0.3, -1.1]])
    offset = z.double() @ a.T - r
    expected = 0.5 * z.double().square().sum() + beta * 0.5 * (offset @ m * offset).sum()
    assert model.potential(beta)(z).item() == pytest.approx(float(expected), rel=1e-5)


def test_the_standard_error_of_log_z_is_honest() -> None:
    """Over 300 repetitions the scores (estimate − truth)/stderr have a spread near one: χ² within 5 σ."""
    model = model_of(
        base={"kind": "linear", "matrix": [[1.0, 0.0], [0.0, 1.0]]},
        energy={"kind": "quadratic", "precision": [[1.0, 0.0], [0.0, 1.0]]},
    )
    generator = torch.Generator().manual_seed(1)
    exact = -math.log(2.0)
    scores = [(value - exact) / error for value, error in (model.log_z(2000, generator) for _ in range(300))]
    mean_square = sum(score**2 for score in scores) / 300
    assert mean_square == pytest.approx(1.0, abs=5 * math.sqrt(2 / 300))


@given(st.lists(st.floats(-3000, 3000), min_size=2, max_size=50))
def test_log_mean_exp_never_overflows(values: list[float]) -> None:
    exponents = torch.tensor(values, dtype=torch.float64)
    estimate, _ = log_mean_exp(exponents)
    assert max(values) - math.log(len(values)) - 1e-6 <= estimate <= max(values) + 1e-6


def test_ess_fraction_of_gaussian_weights() -> None:
    """G = N(0,1), E = ½ax²: the fraction is √(1+2a)/(1+a)."""
    z = torch.special.ndtri((torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000)
    for a in (0.5, 2.0):
        assert ess_fraction(-0.5 * a * z.square()) == pytest.approx(math.sqrt(1 + 2 * a) / (1 + a), abs=1e-4)


def test_at_beta_zero_an_infinite_energy_weighs_nothing() -> None:
    energy = torch.tensor([1.0, math.inf])
    assert tilt(energy, 0.0).tolist() == [0.0, 0.0]
    assert tilt(energy, 2.0).tolist() == [-2.0, -math.inf]


def test_the_density_of_a_linear_gaussian_model() -> None:
    """G = N(0, 4 I), E = ½|x|²: Q = N(0, I/(1 + 1/4)), and log Z = −log(1 + 4)."""
    model = model_of(
        base={"kind": "linear", "matrix": [[2.0, 0.0], [0.0, 2.0]]},
        energy={"kind": "quadratic", "precision": [[1.0, 0.0], [0.0, 1.0]]},
    )
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    exact = -0.5 * 1.25 * x.square().sum(1) - math.log(2 * math.pi / 1.25)
    with torch.no_grad():
        assert torch.allclose(model.log_density(x, -math.log(5.0)), exact, atol=1e-5)
        assert torch.allclose(model.log_weights(x, -math.log(5.0)), -0.5 * x.square().sum(1) + math.log(5.0))


def test_the_circle_spreads_its_mass_evenly_and_stays_on_the_circle() -> None:
    model = model_of(
        target={"kind": "von_mises"},
        base={"kind": "circle", "radius": 1.7, "center": [0.3, -0.4]},
        energy={"kind": "mlp", "hidden": 4},
    )
    z = torch.special.ndtri((torch.arange(1000, dtype=torch.float64) + 0.5) / 1000).float().unsqueeze(1)
    x = model.base(z).detach()
    offset = x - torch.tensor([0.3, -0.4])
    assert torch.allclose(offset.norm(dim=1), torch.full((1000,), 1.7), atol=1e-5)
    angles = torch.atan2(offset[:, 1], offset[:, 0]) % (2 * math.pi)
    expected = (torch.arange(1000) + 0.5) / 1000 * 2 * math.pi
    assert torch.allclose(angles, expected, atol=1e-3)


def test_a_linear_base_knows_its_density() -> None:
    model = model_of(base={"kind": "linear", "matrix": [[1.2, 0.4], [-0.3, 0.9]], "shift": [0.5, -0.2]})
    matrix = torch.tensor([[1.2, 0.4], [-0.3, 0.9]], dtype=torch.float64)
    normal = torch.distributions.MultivariateNormal(torch.tensor([0.5, -0.2], dtype=torch.float64), matrix @ matrix.T)
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.allclose(model.base.log_density(x), normal.log_prob(x), atol=1e-6)


def test_a_base_that_loses_a_dimension_has_no_density() -> None:
    model = model_of(base={"kind": "linear", "matrix": [[1.0, 2.0], [0.5, 1.0]]})
    assert not model.base.has_density
    with pytest.raises(ValueError, match="no density"):
        model.base.log_density(torch.zeros(1, 2))


def test_the_floor_stops_the_energy_and_its_gradient() -> None:
    model = model_of(energy={"kind": "mlp", "hidden": 8, "floor": -0.5})
    parameters = list(model.energy.parameters())
    with torch.no_grad():
        parameters[-1].fill_(-50.0)  # the last bias
    x = torch.randn(10, 2, requires_grad=True)
    energy = model.energy(x)
    assert (energy == -0.5).all()
    assert (torch.autograd.grad(energy.sum(), x)[0] == 0).all()


def test_spectral_normalisation_bounds_the_slope() -> None:
    """Every layer has norm one, so with ReLU the critic is 1-Lipschitz."""
    energy = {"kind": "mlp", "hidden": 32, "depth": 3, "activation": "relu", "spectral_norm": True}
    model = model_of(energy=energy)
    plain = model_of(energy=energy | {"spectral_norm": False})
    with torch.no_grad():
        for network in (model, plain):
            for name, parameter in network.energy.named_parameters():
                if "weight" in name:
                    parameter.mul_(20)
    model.energy.train()
    for _ in range(100):
        model.energy(torch.zeros(1, 2))
    model.energy.eval()
    x, y = torch.randn(500, 2), torch.randn(500, 2)
    with torch.no_grad():
        for network, bounded in ((model, True), (plain, False)):
            slope = ((network.energy(x) - network.energy(y)).abs() / (x - y).norm(dim=1)).max()
            assert (slope <= 1.001) == bounded


def test_building_a_model_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = build(training("ring"), (2,), no_density, CPU)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    second = build(training("ring"), (2,), no_density, CPU)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@settings(max_examples=25)
@given(
    st.integers(1, 512),
    st.integers(1, 64),
    st.integers(0, 4),
    st.sampled_from(["relu", "leaky_relu", "silu", "softplus", "tanh"]),
    st.booleans(),
)
def test_networks_of_every_size(latent: int, hidden: int, depth: int, activation: Any, normalised: bool) -> None:
    model = model_of(
        base={"kind": "mlp", "latent_dim": latent, "hidden": hidden, "depth": depth, "activation": activation},
        energy={"kind": "mlp", "hidden": hidden, "depth": depth, "activation": activation, "spectral_norm": normalised},
    )
    z = model.prior(3, torch.Generator().manual_seed(0))
    assert z.shape == (3, latent)
    assert model.base(z).shape == (3, 2)
    assert model.energies(z).shape == (3,)


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        ({"base": {"kind": "linear", "matrix": [[1.0]], "shift": [0.0]}}, "A has 1 rows"),
        ({"base": {"kind": "conv"}, "energy": {"kind": "mlp"}}, "square images of 8, 16"),
        ({"energy": {"kind": "conv"}}, "square images of 8, 16"),
        ({"energy": {"kind": "quadratic", "precision": [[1.0]], "mean": [0.0]}}, "1 entries"),
    ],
)
def test_parts_that_do_not_fit_a_file_are_told(sections: dict[str, Any], says: str) -> None:
    """A file's shape is known only once it is read; the schema cannot tell before."""
    preset = TrainingPreset.model_validate({"title": "test", "target": {"kind": "file", "path": "x.csv"}} | sections)
    with pytest.raises(ValueError, match=says):
        build(preset, (2,), no_density, CPU)
