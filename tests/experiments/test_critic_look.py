"""What is said of a critic: optima on a line, slopes on segments, gradients a layer, spectra."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from gebm_studio import messages as m
from gebm_studio.experiments import Training
from gebm_studio.experiments.critic_views import layer_norms, on_line, slopes
from gebm_studio.experiments.spectra import (
    leading,
    learned_weights,
    look_at,
    power_iteration,
    slope_bound,
    steepest,
    weighted_layers,
)
from gebm_studio.objectives import OBJECTIVES
from gebm_studio.schema import TrainingPreset

CPU = torch.device("cpu")
ON_A_LINE: dict[str, Any] = {
    "target": {"kind": "mixture", "means": [-1.0, 2.0], "stds": [0.5, 1.0]},
    "base": {"kind": "linear", "matrix": [[2.0]], "shift": [0.5]},
    "energy": {"kind": "mlp", "hidden": 16},
}


def training(**sections: Any) -> Training:
    return Training(TrainingPreset.model_validate({"title": "test", "training": {"train": "none"}} | sections), CPU)


def look(run: Training, **pull: Any) -> m.CriticPart:
    asked = m.Pull(needs=frozenset({"critic"}), **pull)
    for _ in range(200):
        part = run.frame(asked, run_id=1, state="paused", rate=0.0, device="cpu").critic
        if part is not None:
            return part
    raise AssertionError("no look was ready after 200 frames")


# On a line.


@pytest.mark.parametrize("name", ["gan", "kale", "pearson", "jeffrey", "least_squares"])
def test_a_critic_at_its_optimum_lies_on_the_drawn_one(name: str) -> None:
    """With log p/g put in place of the network, every reading is its own optimum."""
    run = training(**ON_A_LINE, objective={"name": name})
    model = run.model
    tight = OBJECTIVES[name].tight
    assert tight is not None

    def at_optimum(x: Tensor) -> Tensor:
        x = x.double()
        return tight(run.target.log_density(x) - model.base.log_density(x)) - float(model.log_partition)

    if name != "kale":
        model.log_partition.zero_()
    model.critic.forward = at_optimum  # type: ignore[method-assign]
    line = on_line(model, run.target, run.preset.objective, "modes", model.prior(10, torch.Generator()))
    assert {"V", "D"} <= {reading.name for reading in line.readings}
    heavy = (line.p > 0.02 * line.p.max()) & (line.g > 0.02 * line.g.max())
    assert heavy.sum() > 50
    for reading in line.readings:
        assert np.allclose(reading.learned[heavy], reading.optimum[heavy], rtol=1e-3, atol=1e-3), reading.name
    share = dict(zip([r.name for r in line.readings], line.readings, strict=True))["D"].optimum
    assert np.allclose(share[heavy], (line.p / (line.p + line.g))[heavy], atol=1e-5)


@pytest.mark.parametrize(
    ("sections", "along", "known"),
    [
        ({"target": {"kind": "ring"}, "base": {"kind": "linear"}}, "across", True),
        ({"target": {"kind": "swiss_roll"}}, "up", False),
        ({"target": {"kind": "mixture"}, "base": {"kind": "mlp", "latent_dim": 1}}, "modes", False),
        ({"target": {"kind": "digits"}}, "modes", False),
    ],
    ids=str,
)
def test_every_target_has_a_line(sections: dict[str, Any], along: m.Along, known: bool) -> None:
    part = look(training(**sections, view={"critic": "line"}), critic_along=along)
    line = part.line
    assert part.view == "line" and line is not None
    assert (np.diff(line.at) > 0).all()
    assert np.isfinite(line.readings[0].learned).all()
    assert bool(len(line.readings[0].optimum)) == known
    if sections["target"]["kind"] == "mixture":  # g by a histogram, which tells how often
        assert float(line.g.sum() * (line.at[1] - line.at[0])) == pytest.approx(1, abs=0.02)
        assert "histogram of 8192" in line.note


@pytest.mark.parametrize("name", ["wasserstein", "total_variation", "mmd", "flow_likelihood"])
def test_critics_that_decide_no_ratio_have_every_view_without_an_optimum(name: str) -> None:
    sections = ON_A_LINE | ({"energy": {"kind": "witness"}} if name == "mmd" else {})
    run = training(**sections, objective={"name": name})
    for view in ("line", "segments", "layers", "spectra"):
        run.set_value(m.SetValue("view.critic", view))
        part = look(run)
        assert part.view == view and not part.note
        assert part.line is None or "D" not in [reading.name for reading in part.line.readings]


# Slopes.


def test_slopes_are_those_of_the_energy() -> None:
    run = training(energy={"kind": "quadratic", "precision": [[2.0, 0.0], [0.0, 1.0]], "mean": [1.0, 0.0]})
    x = run.target.held_out[:100]
    expected = ((x - torch.tensor([1.0, 0.0])) @ torch.diag(torch.tensor([2.0, 1.0]))).norm(dim=1)
    torch.testing.assert_close(slopes(run.model.critic, x), expected)
    part = look(training(view={"critic": "segments"}, objective={"penalty": "gradient_to_one"}))
    assert part.segments is not None and part.segments.shape == (1024,) and part.wanted == 1.0
    assert math.isnan(look(training(view={"critic": "segments"})).wanted)


def test_gradients_a_layer_are_those_of_finite_differences() -> None:
    """∂ℓ/∂h of the middle layer, by moving its bias: the sum over the batch of each unit's gradient."""
    run = training(
        objective={"name": "wasserstein", "penalty": "clip"}, energy={"kind": "mlp", "hidden": 6, "depth": 2}
    )
    critic, c = run.model.critic.double(), run.model.log_partition.double()
    data, samples = run.target.held_out[:50].double(), 0.3 * run.target.held_out[50:100].double()
    norms = layer_norms(critic, run.preset.objective, data, samples, c)
    assert norms is not None and norms.shape == (3,)
    # By W₁'s loss mean e(data) − mean e(samples) the last layer's output has the slopes ±1 exactly.
    assert float(norms[-1]) == pytest.approx(1.0, rel=1e-9)
    one = data[:1]
    alone = layer_norms(critic, run.preset.objective, one, one + 100.0, c)
    layer = cast(Any, weighted_layers(critic)[1])
    moved = []
    for unit in range(6):
        for step in (1e-5, -1e-5):
            with torch.no_grad():
                layer.bias[unit] += step
                moved.append((float(critic(one).detach()), float(critic(one + 100.0).detach())))
                layer.bias[unit] -= step
    up, down = np.array(moved[::2]), np.array(moved[1::2])
    by_hand = math.sqrt(float((((up - down) / 2e-5) ** 2).sum()) / 2)
    assert alone is not None and float(alone[1]) == pytest.approx(by_hand, rel=1e-5)


def test_where_no_critic_learns_there_are_no_layers_and_it_is_said() -> None:
    part = look(training(energy={"kind": "quadratic"}, view={"critic": "layers"}))
    assert part.layers == () and part.note
    part = look(training(energy={"kind": "quadratic"}, view={"critic": "spectra"}))
    assert part.spectra is None and part.note


# Spectra.


@pytest.mark.parametrize(("rows", "columns"), [(64, 2), (40, 40), (1, 30), (200, 150)])
def test_power_iteration_falls_at_its_rate(rows: int, columns: int) -> None:
    """tan θ_k ≤ tan θ₀ (σ₂/σ₁)^{2k}; in the end in that proportion; the error of σ₁ is at most tan² θ."""
    weights = np.random.default_rng(rows).standard_normal((rows, columns))
    first, second, right = leading(weights)
    exact = np.linalg.svd(weights, compute_uv=False)
    assert first == pytest.approx(exact[0], rel=1e-12)
    assert second == pytest.approx(exact[1] if len(exact) > 1 else 0.0, rel=1e-9)
    assert np.linalg.norm(weights @ right) == pytest.approx(first, rel=1e-12)
    path = power_iteration(weights, first, right, seed=1, steps=300)
    k = np.arange(301)
    bound = path.tangents[0] * (second / first) ** (2 * k)
    assert (path.tangents <= bound * (1 + 1e-9) + 1e-12).all()
    assert (path.values <= path.tangents[1:] ** 2 + 1e-12).all()
    late = np.flatnonzero((path.tangents > 1e-9) & (k > 0))
    if second > 0:
        falls = np.diff(np.log(path.tangents))[late[-2] - 1]
        assert falls == pytest.approx(2 * math.log(second / first), rel=0.02)


@pytest.mark.parametrize("activation", ["relu", "silu"])
@pytest.mark.parametrize("settings", [{}, {"spectral_norm": True}, {"residual": True}], ids=str)
def test_the_measured_slope_is_under_the_product(activation: str, settings: dict[str, Any]) -> None:
    """Each a true bound, after training has moved the weights; the power iteration's state is left as it is."""
    energy = {"kind": "mlp", "hidden": 24, "depth": 3, "activation": activation} | settings
    run = training(energy=energy, training={"warmup": 40, "energy_lr": 0.001}, view={"critic": "spectra"})
    run.step(m.StepOnce("energy", 40))
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    spectra = look(run).spectra
    assert spectra is not None
    assert spectra.slope <= spectra.product * (1 + 1e-5)
    assert spectra.slope > 0.01 * spectra.product
    assert all(torch.equal(value, run.model.state_dict()[name]) for name, value in before.items())
    assert np.isfinite(spectra.iterated).all() == ("spectral_norm" in settings)
    if "spectral_norm" in settings:
        # One step of the iteration an energy step follows the weights: the layers keep the norm one.
        assert spectra.effective == pytest.approx(np.ones(4), abs=0.2)
        assert spectra.effective.min() >= 1 - 1e-6


def test_what_the_layers_multiply_by_is_what_the_spectra_say() -> None:
    run = training(energy={"kind": "mlp", "hidden": 12, "spectral_norm": True})
    for layer in weighted_layers(run.model.critic):
        found = look_at(layer, seed=0)
        exact = torch.linalg.svdvals(cast(Any, layer).weight.detach().double())[0]
        assert found.effective == pytest.approx(float(exact), rel=1e-5)
        assert found.exact == pytest.approx(np.linalg.svd(learned_weights(layer), compute_uv=False)[0], rel=1e-12)


def test_convolutions_bound_no_slope_by_their_matrices() -> None:
    run = training(target={"kind": "digits"}, energy={"kind": "conv", "channels": 8}, view={"critic": "spectra"})
    spectra = look(run).spectra
    assert spectra is not None and math.isnan(spectra.product) and len(spectra.exact) == 3
    assert steepest("relu") == 1.0 and steepest("silu") == pytest.approx(1.09984, abs=1e-5)
    assert math.isnan(slope_bound(torch.nn.Dropout(), {}))


# A look changes nothing.


@pytest.mark.parametrize("view", ["line", "segments", "layers", "spectra"])
def test_a_look_changes_nothing_and_comes_again_only_when_the_critic_has_moved(view: str) -> None:
    energy = {"kind": "mlp", "hidden": 16, "spectral_norm": True}
    plain, looked = (training(energy=energy, training={"warmup": 2}, view={"critic": view}) for _ in range(2))
    for _ in range(3):
        for run in (plain, looked):
            run.train(1)
        look(looked)
    first, second = plain.tensors(), looked.tensors()
    assert all(torch.equal(first[name], second[name]) for name in first)
    part = look(looked)
    for _ in range(20):  # as many pieces as a look may have
        part = look(looked)
    assert part.iteration == 3 and look(looked) is part
    looked.set_value(m.SetValue("view.critic", "line" if view != "line" else "segments"))
    assert look(looked).view != view
