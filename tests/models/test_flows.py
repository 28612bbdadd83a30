"""Normalising flows: invertible, normalised, exact; energies of a planted log Z."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gebm_studio.experiments import Training
from gebm_studio.experiments.maps import grid
from gebm_studio.models import Gebm, build
from gebm_studio.models.bases import Density, Normalising
from gebm_studio.models.energies import Normalised
from gebm_studio.models.flows import Flow
from gebm_studio.objectives import OBJECTIVES
from gebm_studio.presets import PresetError
from gebm_studio.schema import TrainingPreset
from gebm_studio.schema.model import FlowBase

CPU = torch.device("cpu")
ARCHITECTURES = ("realnvp", "maf")


def unknown(_: Any) -> Tensor:
    raise AssertionError("neither the target's density nor its data is needed")


def bent(module: torch.nn.Module, seed: int, size: float = 0.25) -> None:
    """Move the parameters away from the identity, as training does."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(size * torch.randn(parameter.shape, generator=generator))


def a_base(architecture: str, dim: int, seed: int = 0, **settings: Any) -> Normalising:
    section = FlowBase.model_validate({"architecture": architecture, "hidden": 16, "transforms": 3} | settings)
    torch.manual_seed(seed)
    base = Normalising(section, (dim,))
    bent(base, seed)
    return base


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_a_flow_is_inverted_by_encoding(architecture: str, dim: int) -> None:
    base = a_base(architecture, dim)
    z = torch.randn(200, dim, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(base.encode(base(z)), z, rtol=0, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_flow_integrates_to_one(architecture: str) -> None:
    """Σ q(x) Δ² over 600 × 600 cells of [−40, 40]², in float64, is one to 1e-3."""
    base = a_base(architecture, 2, seed=2)
    points = grid((-40.0, 40.0, -40.0, 40.0), 600, CPU).double()
    with torch.no_grad():
        mass = base.log_density(points).exp().sum() * (80 / 600) ** 2
    assert float(mass) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_density_is_that_of_the_change_of_variables(architecture: str) -> None:
    """log q(G(z)) = log η(z) − log |det ∂G/∂z|, the determinant by autograd, in float64 to 1e-9."""
    base = a_base(architecture, 3, seed=3).double()
    z = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    for point in z:
        jacobian: Any = torch.autograd.functional.jacobian(lambda z: base(z.unsqueeze(0))[0], point)
        exact = -0.5 * point.square().sum() - 1.5 * math.log(2 * math.pi) - torch.linalg.slogdet(jacobian)[1]
        assert base.log_density(base(point.unsqueeze(0))).item() == pytest.approx(float(exact), abs=1e-9)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("dim", [1, 4])
def test_a_flow_begins_as_the_identity(architecture: str, dim: int) -> None:
    flow = Flow(FlowBase.model_validate({"architecture": architecture}), dim)
    x = torch.randn(20, dim, generator=torch.Generator().manual_seed(3))
    exact = torch.distributions.Normal(0, 1).log_prob(x).sum(1)
    with torch.no_grad():
        torch.testing.assert_close(flow.log_density(x), exact, rtol=1e-6, atol=1e-5)
        torch.testing.assert_close(flow.decode(x), x, rtol=0, atol=1e-6)


def test_building_a_flow_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    models = [a_model(seed=9) for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), before)
    for mine, other in zip(*(model.state_dict().values() for model in models), strict=True):
        assert torch.equal(mine, other)


def test_precision_follows_the_points() -> None:
    base = a_base("realnvp", 2)
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    with torch.no_grad():
        double, single = base.log_density(x), base.log_density(x.float())
        assert double.dtype == torch.float64 and single.dtype == torch.float32
        torch.testing.assert_close(double.float(), single, rtol=1e-4, atol=1e-4)
        assert torch.equal(double, copy.deepcopy(base).double().log_density(x))


def test_a_flow_energy_begins_at_its_gaussian_base() -> None:
    """E = k everywhere, so that every draw of the base counts."""
    model = a_model(0.7, "gaussian")
    x = 3 * torch.randn(50, 2, generator=torch.Generator().manual_seed(12))
    with torch.no_grad():
        torch.testing.assert_close(model.energy(x), torch.full((50,), 0.7), rtol=0, atol=1e-5)


def a_model(offset: float = 0.0, base: str = "flow", seed: int = 0, bend: float = 0.0) -> Gebm:
    bases: dict[str, dict[str, Any]] = {
        "flow": {"kind": "flow", "hidden": 16, "transforms": 2},
        "gaussian": {"kind": "gaussian", "mean": [0.2, -0.1], "covariance": [[1.5, 0.4], [0.4, 1.2]]},
    }
    sections = {
        "base": bases[base], "energy": {"kind": "flow", "offset": offset, "hidden": 16, "transforms": 2}
    }  # fmt: skip
    model = build(
        TrainingPreset.model_validate({"title": "test", "seed": seed} | sections), (2,), unknown, CPU, unknown
    )
    if bend:
        bent(model, seed, bend)
    return model


@pytest.mark.parametrize("base", ["flow", "gaussian"])
@pytest.mark.parametrize("offset", [-3.0, 2.5])
def test_the_planted_log_z_is_found_by_monte_carlo(base: str, offset: float) -> None:
    """log E_G e^{−E} = −k within four standard errors of 200,000 draws."""
    model = a_model(offset, base, seed=4, bend=0.08)
    estimate, stderr = model.log_z(200_000, torch.Generator().manual_seed(5))
    assert 1e-5 < stderr < 0.02
    assert abs(estimate + offset) < 4 * stderr


def test_the_models_density_is_the_flow() -> None:
    model = a_model(1.7, bend=0.1)
    assert isinstance(model.energy, Normalised)
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    with torch.no_grad():
        found = model.log_density(x, -1.7)
        torch.testing.assert_close(found, model.energy.log_density(x), rtol=1e-12, atol=1e-12)


def test_the_base_is_a_constant_of_a_flow_energy() -> None:
    """G = z + θ, q = N(0, 1) and its base gradient −E_Q[∂E ∂G] = θ; with log g's own dependence it would be 0."""
    sections = {
        "base": {"kind": "linear", "matrix": [[1.0]], "shift": [0.0]},
        "energy": {"kind": "flow", "transforms": 1},
    }
    model = build(TrainingPreset.model_validate({"title": "t", "target": {"kind": "file", "path": "x"}} | sections),
                  (1,), unknown, CPU, unknown)  # fmt: skip
    with torch.no_grad():  # the flow has begun at N(0, 1), where the base was
        dict(model.base.named_parameters())["shift"].fill_(0.3)
    z = model.prior(400_000, torch.Generator().manual_seed(7))
    loss = -torch.logsumexp(-model.critic(model.base(z)), 0)
    shift = dict(model.base.named_parameters())["shift"]
    (gradient,) = torch.autograd.grad(loss, [shift])
    # Self-normalised weights e^{−0.3 z}: standard error √(1.1/400000) ≈ 0.0017.
    assert float(gradient) == pytest.approx(0.3, abs=0.008)


def test_a_copy_of_a_model_refers_to_its_own_base() -> None:
    model = a_model(bend=0.1)
    x = torch.randn(10, 2, generator=torch.Generator().manual_seed(8))
    with torch.no_grad():
        before = model.energy(x)
        copied = copy.deepcopy(model)
        bent(model.base, 1)
        assert torch.equal(copied.energy(x), before)
        assert not torch.equal(model.energy(x), before)
    assert not any("_density" in name for name in model.state_dict())


def test_a_density_at_rest_has_the_same_values_and_no_gradient_in_the_base() -> None:
    base = a_base("maf", 2)
    x = torch.randn(10, 2, generator=torch.Generator().manual_seed(9)).requires_grad_(True)
    value = Density(base).at_rest(x)
    assert torch.equal(value, base.log_density(x))
    gradients = torch.autograd.grad(value.sum(), [x, *base.parameters()], allow_unused=True)
    assert gradients[0] is not None and all(gradient is None for gradient in gradients[1:])


def test_training_resumes_bit_for_bit() -> None:
    preset = TrainingPreset.model_validate({
        "title": "test", "seed": 3, "target": {"kind": "moons", "held_out": 200},
        "base": {"kind": "flow", "architecture": "maf", "hidden": 8, "transforms": 2},
        "energy": {"kind": "flow", "hidden": 8, "transforms": 2, "offset": 1.0},
        "training": {"batch": 32, "warmup": 2}, "sampler": {"chains": 8},
        "objective": {"penalty": "none"},
    })  # fmt: skip
    first, second = Training(preset, CPU), Training(preset, CPU)
    first.train(4)
    second.load_tensors(first.tensors(), first.counts())
    first.train(3)
    second.train(3)
    for name, value in first.tensors().items():
        torch.testing.assert_close(value, second.tensors()[name], rtol=0, atol=0, equal_nan=True, msg=name)


def test_a_flow_energy_says_what_base_it_needs() -> None:
    with pytest.raises(ValueError, match="energy: kind flow needs a base with a density"):
        TrainingPreset.model_validate({"title": "test", "energy": {"kind": "flow"}})
    singular = {"kind": "linear", "matrix": [[1.0, 1.0], [1.0, 1.0]]}
    preset = TrainingPreset.model_validate({"title": "test", "base": singular, "energy": {"kind": "flow"}})
    with pytest.raises(PresetError, match="needs a base with a density"):
        Training(preset, CPU)


def test_samplers_run_on_a_flow() -> None:
    """After 300 MALA steps of 400 chains the mean and deviation of x are those of q, within five standard errors."""
    model = a_model(0.5, bend=0.08, seed=6)
    from gebm_studio.samplers import SAMPLERS

    generator = torch.Generator().manual_seed(10)
    sampler = SAMPLERS["mala"](step_size=0.5)
    potential = model.potential()
    state = sampler.init(model.prior(400, generator), potential, generator)
    for _ in range(300):
        state, _ = sampler.step(state, potential, generator)
    assert isinstance(model.energy, Normalised)
    with torch.no_grad():
        exact = model.energy.flow.decode(torch.randn(200_000, 2, generator=generator)).numpy()
    found = model.samples(state.position).numpy()
    error = exact.std(0) / np.sqrt(len(found))
    assert np.all(np.abs(found.mean(0) - exact.mean(0)) < 5 * error)
    assert np.all(np.abs(found.std(0) / exact.std(0) - 1) < 0.25)


def test_a_base_under_an_exact_ratio_learns_the_target() -> None:
    """∇KL(P‖G) = E_Q[∇E ∂G] with g at rest: G = σz moves from 1 to the target's σ = 0.5, to within 0.02."""
    preset = TrainingPreset.model_validate({
        "title": "test", "target": {"kind": "ring", "modes": 1, "radius": 0.0, "std": 0.5}, "base": {"kind": "linear"},
        "energy": {"kind": "ratio"}, "training": {"train": "base", "base_lr": 0.02}, "sampler": {"chains": 2},
    })  # fmt: skip
    run = Training(preset, CPU)
    run.train(120)
    matrix = run.model.base.state_dict()["matrix"].double()
    covariance = matrix @ matrix.T
    torch.testing.assert_close(covariance, 0.25 * torch.eye(2, dtype=torch.float64), rtol=0, atol=0.02)


def test_maximum_likelihood_of_a_flow_energy_is_that_of_the_flow() -> None:
    """∇(−E_P E) = ∇E_P log q, exactly, for g does not move; any other energy is refused."""
    model = a_model(1.3, bend=0.1)
    x = torch.randn(64, 2, generator=torch.Generator().manual_seed(11))
    parameters = list(model.energy.parameters())
    record = OBJECTIVES["flow_likelihood"]
    assert record.value is not None and isinstance(model.energy, Normalised)
    value, _ = record.value(model.critic(x), model.critic(x), torch.zeros(()))
    found = torch.autograd.grad(value, parameters)
    wanted = torch.autograd.grad(model.energy.log_density(x).mean(), parameters)
    for mine, exact in zip(found, wanted, strict=True):
        torch.testing.assert_close(mine, exact, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="trains no energy but one of kind flow, got both with kind mlp"):
        TrainingPreset.model_validate(
            {"title": "t", "base": {"kind": "flow"}, "objective": {"name": "flow_likelihood"}}
        )
