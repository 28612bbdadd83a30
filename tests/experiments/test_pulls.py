"""Where a step of the base would move its draws, against autograd and the closed gradients of Gaussians."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gebm_studio import messages as m
from gebm_studio.experiments import Training
from gebm_studio.experiments.pulls import base_step, force
from gebm_studio.schema import TrainingPreset

CPU = torch.device("cpu")


def training(**sections: Any) -> Training:
    return Training(TrainingPreset.model_validate({"title": "test", "training": {"train": "none"}} | sections), CPU)


@pytest.mark.parametrize("name", ["kale", "donsker_varadhan"])
def test_the_weighted_arrows_are_the_gradient_of_the_bound(name: str) -> None:
    """−N ∂/∂x of −E_P E − log mean exp(−E(G(z))), by autograd on the draws, which is −N softmax(−E) ∇E."""
    wide = {"kind": "linear", "matrix": [[1.5, 0.0], [0.5, 1.0]]}
    run = training(objective={"name": name}, base=wide, energy={"kind": "quadratic", "mean": [1.0, -0.5]})
    x = run.model.samples(run.model.prior(200, torch.Generator().manual_seed(0)))
    leaf = x.clone().requires_grad_(True)
    data = run.model.energy(run.target.held_out).mean()
    bound = -data - torch.logsumexp(-run.model.energy(leaf), 0) + torch.log(torch.tensor(200.0))
    (gradient,) = torch.autograd.grad(bound, leaf)
    step = base_step(run.model, run.preset.objective, x)
    assert step is not None
    torch.testing.assert_close(step, -200 * gradient, rtol=1e-4, atol=1e-7)
    weights = 200 * torch.softmax(-run.model.energy(x).detach(), 0)
    torch.testing.assert_close(step, weights.unsqueeze(1) * force(run.model, x), rtol=1e-4, atol=1e-7)
    assert (weights - 1).abs().max() > 0.05


@pytest.mark.parametrize("sigma", [0.85, 1.4])
def test_only_the_weighted_arrows_move_a_gaussian_as_kl_does(sigma: float) -> None:
    """P = N(0, 1), G = σz, E* = x²/2 − x²/2σ² − log σ: dK/dσ = 1/σ − 1/σ³; unweighted it would be σ − 1/σ.

    Means over 200,000 draws of step · ∂G/∂σ; five standard errors, a share of the gap between the two.
    """
    run = training(
        target={"kind": "mixture", "means": [0.0], "stds": [1.0]},
        base={"kind": "linear", "matrix": [[sigma]], "shift": [0.0]},
        energy={"kind": "quadratic", "precision": [[1 - sigma**-2]], "mean": [0.0]},
    )
    z = run.model.prior(200_000, torch.Generator().manual_seed(1))
    x = run.model.samples(z)
    step = base_step(run.model, run.preset.objective, x)
    assert step is not None
    for moved, slope in ((step, 1 / sigma - sigma**-3), (force(run.model, x), sigma - 1 / sigma)):
        products = -(moved * z).flatten().double()
        stderr = float(products.std()) / len(z) ** 0.5
        assert float(products.mean()) == pytest.approx(slope, abs=5 * stderr)
        assert 5 * stderr < 0.2 * abs((1 / sigma - sigma**-3) - (sigma - 1 / sigma))


def test_a_frame_has_both_kinds_of_arrows() -> None:
    run = training(view={"arrows": "base"})
    pull = m.Pull(needs=frozenset({"data"}))
    data = run.frame(pull, run_id=1, state="paused", rate=0.0, device="cpu").data
    assert data is not None and data.arrows is not None and data.unweighted is not None
    assert data.arrows.shape == data.unweighted.shape == (160, 4)
    assert (data.arrows[:, :2] == data.unweighted[:, :2]).all()
    weights = (data.arrows[:, 2:] * data.unweighted[:, 2:]).sum(1) / (data.unweighted[:, 2:] ** 2).sum(1)
    # N softmax(−E) is the weight over the mean weight.
    assert weights == pytest.approx(torch.tensor(data.log_weight[:160]).exp().numpy(), rel=1e-3)
    run.set_value(m.SetValue("view.arrows", "energy"))
    data = run.frame(pull, run_id=1, state="paused", rate=0.0, device="cpu").data
    assert data is not None and data.arrows is not None and data.unweighted is None


def test_a_base_that_learns_by_no_critic_has_no_arrows() -> None:
    run = training(objective={"name": "persistent_chains"}, view={"arrows": "base"})
    assert base_step(run.model, run.preset.objective, run.target.held_out[:5]) is None
