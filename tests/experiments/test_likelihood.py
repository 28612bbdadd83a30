"""Likelihoods, planted constants and the reduction to an EBM, against densities known in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from gebm_studio.experiments import Training
from gebm_studio.experiments.likelihood import DRAWS
from gebm_studio.experiments.reduction import applies, reduction_in_pieces
from gebm_studio.models.bases import Linear
from gebm_studio.schema import TrainingPreset

CPU = torch.device("cpu")
SMALL = {"sampler": {"chains": 4, "steps": 1}}


def run_of(**sections: Any) -> Training:
    return Training(TrainingPreset.model_validate({"title": "test", "seed": 1} | SMALL | sections), CPU)


def drained(pieces: Any) -> tuple[float, str]:
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found: tuple[float, str] = end.value
            return found


def test_the_nll_of_a_gaussian_model_is_that_of_scipy() -> None:
    """A quadratic energy on a Gaussian base: Q = N(m, (Σ⁻¹ + M)⁻¹); log Z by Monte Carlo, within 4 standard errors."""
    m = [[0.8, 0.2], [0.2, 0.5]]
    run = run_of(
        target={"kind": "pinwheel", "held_out": 1000},
        base={"kind": "linear"},
        energy={"kind": "quadratic", "precision": m},
        training={"train": "none"},
    )
    law = stats.multivariate_normal([0, 0], np.linalg.inv(np.eye(2) + np.array(m)))
    row, notes = run.curves.latest(), run.evaluation.notes
    values = -law.logpdf(run.target.held_out.double().numpy())
    spread = values.std(ddof=1) / math.sqrt(len(values))
    assert row["nll_test"] == pytest.approx(values.mean(), abs=4 * math.sqrt(row["nll_test_stderr"] ** 2 - spread**2))
    assert row["nll_test_stderr"] > spread
    assert "nll_valid" not in row and "log_z_planted" not in row
    assert f"{len(values)} held-out points" in notes["nll_test"] and f"{DRAWS} base draws" in notes["nll_test"]


def test_a_flow_energy_has_an_exact_nll_on_all_three_parts() -> None:
    run = run_of(
        target={"kind": "table", "name": "iris", "test": 0.2},
        base={"kind": "gaussian"},
        energy={"kind": "flow", "offset": -1.5, "hidden": 8},
        training={"train": "none"},
    )
    base, target, row = run.model.base, run.target, run.curves.latest()
    assert isinstance(base, Linear) and target.validation is not None
    covariance = (base.matrix @ base.matrix.T).detach().double().numpy()
    law = stats.multivariate_normal(base.shift.detach().double().numpy(), covariance)
    parts = {"train": target.training_data(0, 0), "valid": target.validation, "test": target.held_out}
    for name, points in parts.items():  # an untrained flow is its base
        values = -law.logpdf(points.double().numpy())
        assert row[f"nll_{name}"] == pytest.approx(values.mean(), abs=1e-4)
        assert row[f"nll_{name}_stderr"] == pytest.approx(values.std(ddof=1) / math.sqrt(len(values)), rel=1e-4)
        assert f"{len(values)} " in run.evaluation.notes[f"nll_{name}"]
    assert row["log_z_planted"] == 1.5
    assert row["log_partition"] == pytest.approx(1.5, abs=1e-4)


def test_measuring_twice_gives_the_same_and_draws_nothing_of_the_run() -> None:
    run = run_of(base={"kind": "gaussian"}, energy={"kind": "mlp", "hidden": 8, "depth": 1})
    everywhere = [generator.get_state().clone() for generator in run.generators.values()]
    first, second = (run.evaluation._likelihood.measure()[0] for _ in range(2))
    assert first == second and "nll_test" in first
    for before, generator in zip(everywhere, run.generators.values(), strict=True):
        assert torch.equal(before, generator.get_state())


def test_maximum_likelihood_of_a_base_measures_the_base() -> None:
    run = run_of(
        target={"kind": "pinwheel", "held_out": 500},
        base={"kind": "flow", "hidden": 8, "transforms": 2},
        objective={"name": "flow_likelihood"},
        training={"train": "base"},
    )
    with torch.no_grad():
        exact = -run.model.base.log_density(run.target.held_out).double().mean()
    assert run.curves.latest()["nll_test"] == pytest.approx(float(exact), abs=1e-5)
    assert "the base's own density" in run.evaluation.notes["nll_test"]


def test_without_a_density_nothing_is_said() -> None:
    run = run_of(base={"kind": "mlp", "hidden": 8, "depth": 1}, energy={"kind": "mlp", "hidden": 8, "depth": 1})
    assert not {"nll_test", "reduction_error", "log_z_planted"} & set(run.curves.latest())


@pytest.mark.parametrize("base", ["gaussian", "realnvp", "maf"])
def test_a_gebm_with_a_density_is_an_ebm(base: str) -> None:
    """max |e^{−E}g/Z − e^{−(E − log g)}/Z′| ≤ 1e-6, Z over latents and Z′ over data; a wrong log g is far from it."""
    section = {"kind": "gaussian"} if base == "gaussian" else {
        "kind": "flow", "architecture": base, "hidden": 8, "transforms": 2, "activation": "tanh"
    }  # fmt: skip
    run = run_of(base=section, energy={"kind": "mlp", "hidden": 32, "depth": 2}, training={"train": "none"})
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in run.model.parameters():
            parameter.add_(0.15 * torch.randn(parameter.shape, generator=generator))
    assert applies(run.model, run.target)
    error, note = drained(reduction_in_pieces(run.model))
    assert 0 <= error < 1e-6
    assert "log Z′" in note
    log_density = type(run.model.base).log_density
    try:
        type(run.model.base).log_density = lambda self, x: log_density(self, x) - 0.01  # type: ignore[method-assign]
        wrong, _ = drained(reduction_in_pieces(run.model))
    finally:
        type(run.model.base).log_density = log_density  # type: ignore[method-assign]
    # Both ways then carry the same factor at each point, but only one normalises it away.
    assert wrong > 1e-4


def test_the_row_of_a_run_holds_the_reduction() -> None:
    run = run_of(
        base={"kind": "gaussian"}, energy={"kind": "mlp", "hidden": 16, "depth": 2}, training={"train": "none"}
    )
    assert run.curves.latest()["reduction_error"] < 1e-6
    assert "over latents" in run.evaluation.notes["reduction_error"]
