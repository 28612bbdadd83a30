"""One step of ULA and of kinetic Langevin against a bare gradient evaluation and its bare matrix products.

Base and energy MLPs 3×128. All in one run, by turns: only the ratios carry over to other machines.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from gebm_studio import models, presets
from gebm_studio.samplers import SAMPLERS, value_at
from tests.typed import training

WIDTH = 128
PRESET = presets.changed(
    training("ring"),
    {"base.hidden": WIDTH, "base.depth": 3, "energy.hidden": WIDTH, "energy.depth": 3},
)
CPU = torch.device("cpu")
Work = Callable[[], Any]


def model() -> models.Gebm:
    return models.build(PRESET, (2,), lambda x: x[:, 0], CPU)


def step_of(name: str, gebm: models.Gebm, chains: int) -> Work:
    potential, generator = gebm.potential(1.0), torch.Generator().manual_seed(0)
    sampler = SAMPLERS[name](step_size=0.01)
    state = sampler.init(torch.randn(chains, 2, generator=generator), potential, generator)

    def step() -> None:
        nonlocal state
        state, _ = sampler.step(state, potential, generator)

    return step


def gradient(gebm: models.Gebm, z: torch.Tensor) -> Work:
    """U and ∇U as one would first write them."""

    def evaluate() -> None:
        leaf = z.detach().requires_grad_(True)
        u = 0.5 * leaf.square().sum(1) + gebm.energy(gebm.base(leaf))
        torch.autograd.grad(u.sum(), leaf)

    return evaluate


def products(z: torch.Tensor) -> Work:
    """The matrix products alone, forward and back through both networks."""
    widths = [2, WIDTH, WIDTH, WIDTH, 2, WIDTH, WIDTH, WIDTH, 1]
    weights = [torch.randn(b, a) for a, b in zip(widths[:-1], widths[1:], strict=True)]

    def multiply() -> None:
        x = z
        for weight in weights:
            x = x @ weight.T
        back = torch.ones_like(x)
        for weight in reversed(weights):
            back = back @ weight

    return multiply


def seconds(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Median time of each, taken by turns so that a machine whose speed drifts does not decide."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 5):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            if turn >= 5:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in times.items()}


@pytest.mark.parametrize("chains", [64, 1000, 4096])
def test_sampler_step(benchmark: Any, chains: int, report: Callable[[str, str, str], None]) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        gebm = model()
        z = torch.randn(chains, 2, generator=torch.Generator().manual_seed(1))
        potential = gebm.potential(1.0)
        works = {
            "gradient": gradient(gebm, z),
            "products": products(z),
            "energy": lambda: value_at(potential, z),
            "ula": step_of("ula", gebm, chains),
            "kinetic": step_of("kinetic", gebm, chains),
        }
        median = seconds(works, 200 if chains < 500 else 40)
        for name in ("ula", "kinetic"):
            per_gradient, per_products = (median[name] / median[other] for other in ("gradient", "products"))
            report(
                f"{name} step, {chains} chains, 3×{WIDTH}",
                f"{1e3 * median[name]:.2f} ms: {per_gradient:.2f} × a bare gradient, {per_products:.2f} × its products",
                "≤ 1.1 and ≤ 1.3 at 4096",
            )
        share = median["energy"] / median["gradient"]
        report(f"U alone, {chains} chains", f"{share:.2f} × a bare gradient", "counted as 0.5")
        benchmark.pedantic(works["kinetic"], rounds=20, warmup_rounds=2)
    finally:
        torch.set_num_threads(threads)
