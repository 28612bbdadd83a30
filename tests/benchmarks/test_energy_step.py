"""One KALE energy step against a plain eager implementation and against its bare matrix products.

MLPs 3×128, batch 256, gradient penalty. All three in one run: only the ratios carry over to other machines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gebm_studio import presets
from gebm_studio.experiments import Training

CPU = torch.device("cpu")
BATCH, WIDTH = 256, 128
PRESET = presets.changed(
    presets.load("ring"),
    {
        "base.hidden": WIDTH,
        "base.depth": 3,
        "energy.hidden": WIDTH,
        "energy.depth": 3,
        "training.batch": BATCH,
        "objective.strength": 1.0,
    },
)


def ours() -> Callable[[], Any]:
    run = Training(PRESET, CPU)
    return lambda: run.learner.energy_step(PRESET.objective, PRESET.training)


def plain() -> Callable[[], Any]:
    """The step as one would first write it: one pass each for data and samples, backward(), default Adam."""
    run = Training(PRESET, CPU)
    base, energy = run.model.base, run.model.energy
    c = nn.Parameter(torch.zeros(()))
    optimiser = torch.optim.Adam([*energy.parameters(), c], lr=1e-3, betas=(0.5, 0.999))
    generator = torch.Generator().manual_seed(0)

    def step() -> None:
        data = run.target.sample(BATCH, generator)
        samples = base(torch.randn(BATCH, 2, generator=generator)).detach()
        share = torch.rand(BATCH, 1, generator=generator)
        between = (share * data + (1 - share) * samples).requires_grad_(True)
        optimiser.zero_grad()
        bound = 1 - (energy(data) + c).mean() - torch.exp(-(energy(samples) + c)).mean()
        (gradient,) = torch.autograd.grad(energy(between).sum(), between, create_graph=True)
        (gradient.square().sum(1).mean() - bound).backward()
        optimiser.step()

    return step


def products() -> Callable[[], Any]:
    """The matrix products alone that such a step cannot do without.

    The base forward; the energy forward and backward on data and samples; the penalty's forward,
    input gradient, and the backward pass through both.
    """
    widths = [2, WIDTH, WIDTH, WIDTH, 1]
    weights = [torch.randn(b, a) for a, b in zip(widths[:-1], widths[1:], strict=True)]
    base = [torch.randn(b, a) for a, b in zip([2, *widths[1:-1]], [*widths[1:-1], 2], strict=True)]

    def forward(layers: list[Tensor], x: Tensor) -> list[Tensor]:
        inputs = []
        for weight in layers:
            inputs.append(x)
            x = x @ weight.T
        return [*inputs, x]

    def backward(inputs: list[Tensor], parameters: bool) -> list[Tensor]:
        gradient, gradients = torch.ones_like(inputs[-1]), []
        for weight, x in zip(reversed(weights), reversed(inputs[:-1]), strict=True):
            if parameters:
                gradients.append(gradient.T @ x)
            gradient = gradient @ weight
        return [*gradients, gradient]

    def step() -> None:
        forward(base, torch.randn(BATCH, 2))
        backward(forward(weights, torch.randn(2 * BATCH, 2)), parameters=True)
        inputs = forward(weights, torch.randn(BATCH, 2))
        backward(inputs, parameters=False)
        # The gradient of |∇E|²: through the backward pass, then through the forward pass.
        backward(inputs, parameters=True)
        backward(inputs, parameters=True)

    return step


@pytest.mark.parametrize("make", [ours, plain, products], ids=lambda make: make.__name__)
def test_energy_step(benchmark: Any, make: Callable[[], Callable[[], Any]]) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    benchmark.group = f"KALE energy step, MLP 3×{WIDTH}, batch {BATCH}, penalty"
    benchmark.pedantic(make(), rounds=150, warmup_rounds=20)
    torch.set_num_threads(threads)
