"""One KALE energy step and one base step against plain eager code, compiled code, and their bare matrix products.

MLPs 3×128, batch 256, gradient penalty. All in one run, by turns: only the ratios carry over to other machines.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad

from gebm_studio import presets
from gebm_studio.experiments import Training
from tests.typed import training

CPU = torch.device("cpu")
BATCH, WIDTH = 256, 128
TURNS, IN_A_ROW = 50, 5
RING = training("ring")
PRESET = presets.changed(
    RING,
    {
        "base.hidden": WIDTH,
        "base.depth": 3,
        "energy.hidden": WIDTH,
        "energy.depth": 3,
        "training.batch": BATCH,
        "objective.strength": 1.0,
    },
)
KINDS = ("energy_step", "base_step")
Batch = tuple[Tensor, Tensor, Tensor]


class Plain:
    """Both steps as one would first write them: a pass each for data and samples, backward(), default Adam."""

    def __init__(self) -> None:
        run = Training(PRESET, CPU)
        self.target, self.base, self.energy = run.target, run.model.base, run.model.energy
        self.c = nn.Parameter(torch.zeros(()))
        self.generator = torch.Generator().manual_seed(0)
        self.energy_adam = torch.optim.Adam([*self.energy.parameters(), self.c], lr=1e-3, betas=(0.5, 0.999))
        self.base_adam = torch.optim.Adam(self.base.parameters(), lr=1e-3, betas=(0.5, 0.999))

    def batch(self) -> Batch:
        """Data, samples, and a point of each segment between them."""
        data = self.target.sample(BATCH, self.generator)
        samples = self.base(torch.randn(BATCH, 2, generator=self.generator)).detach()
        share = torch.rand(BATCH, 1, generator=self.generator)
        return data, samples, share * data + (1 - share) * samples

    def energy_step(self) -> None:
        data, samples, between = self.batch()
        between.requires_grad_(True)
        self.energy_adam.zero_grad()
        bound = 1 - (self.energy(data) + self.c).mean() - torch.exp(-(self.energy(samples) + self.c)).mean()
        (gradient,) = torch.autograd.grad(self.energy(between).sum(), between, create_graph=True)
        (gradient.square().sum(1).mean() - bound).backward()
        self.energy_adam.step()

    def base_step(self) -> None:
        self.energy.requires_grad_(False)
        self.base_adam.zero_grad()
        energies = self.energy(self.base(torch.randn(BATCH, 2, generator=self.generator)))
        (-torch.logsumexp(-energies, 0)).backward()
        self.base_adam.step()
        self.energy.requires_grad_(True)


class Compiled(Plain):
    """The same steps as functions of the parameters, each compiled whole, with the fused Adam."""

    def __init__(self) -> None:
        super().__init__()
        self.energies = {name: p.detach() for name, p in self.energy.named_parameters()} | {"c": self.c.detach()}
        self.bases = {name: p.detach() for name, p in self.base.named_parameters()}
        self.energy_adam = torch.optim.Adam(self.energies.values(), lr=1e-3, betas=(0.5, 0.999), fused=True)
        self.base_adam = torch.optim.Adam(self.bases.values(), lr=1e-3, betas=(0.5, 0.999), fused=True)
        self.energy_gradients = torch.compile(grad(self.energy_loss), dynamic=False)
        self.base_gradients = torch.compile(grad(self.base_loss), dynamic=False)
        self.samples = torch.compile(self.base, dynamic=False)

    def energy_loss(self, parameters: dict[str, Tensor], data: Tensor, samples: Tensor, between: Tensor) -> Tensor:
        *weights, c = parameters.items()
        c_now = c[1]

        def e(x: Tensor) -> Tensor:
            value: Tensor = functional_call(self.energy, dict(weights), (x,))
            return value

        slope = grad(lambda x: e(x).sum())(between)
        on_data, on_samples = e(torch.cat((data, samples))).split(BATCH)
        bound = 1 - (on_data + c_now).mean() - torch.exp(-(on_samples + c_now)).mean()
        loss: Tensor = slope.square().sum(1).mean() - bound
        return loss

    def base_loss(self, parameters: dict[str, Tensor], z: Tensor) -> Tensor:
        return -torch.logsumexp(-self.energy(functional_call(self.base, parameters, (z,))), 0)

    def energy_step(self) -> None:
        data = self.target.sample(BATCH, self.generator)
        with torch.no_grad():
            samples = self.samples(torch.randn(BATCH, 2, generator=self.generator))
        share = torch.rand(BATCH, 1, generator=self.generator)
        found = self.energy_gradients(self.energies, data, samples, torch.lerp(data, samples, share))
        self.descend(self.energy_adam, self.energies, found)

    def base_step(self) -> None:
        found = self.base_gradients(self.bases, torch.randn(BATCH, 2, generator=self.generator))
        self.descend(self.base_adam, self.bases, found)

    @staticmethod
    def descend(adam: torch.optim.Adam, parameters: dict[str, Tensor], gradients: dict[str, Tensor]) -> None:
        for name, parameter in parameters.items():
            parameter.grad = gradients[name]
        adam.step()


class Products:
    """The matrix products alone that such steps cannot do without."""

    def __init__(self) -> None:
        widths = [2, WIDTH, WIDTH, WIDTH, 1]
        self.energy = [torch.randn(b, a) for a, b in zip(widths[:-1], widths[1:], strict=True)]
        self.base = [*self.energy[:-1], torch.randn(2, WIDTH)]

    @staticmethod
    def forward(layers: list[Tensor], x: Tensor) -> list[Tensor]:
        inputs = []
        for weight in layers:
            inputs.append(x)
            x = x @ weight.T
        return [*inputs, x]

    @staticmethod
    def backward(layers: list[Tensor], inputs: list[Tensor], parameters: bool) -> None:
        gradient = torch.ones_like(inputs[-1])
        for weight, x in zip(reversed(layers), reversed(inputs[:-1]), strict=True):
            if parameters:
                gradient.T @ x
            gradient = gradient @ weight

    def energy_step(self) -> None:
        self.forward(self.base, torch.randn(BATCH, 2))
        self.backward(self.energy, self.forward(self.energy, torch.randn(2 * BATCH, 2)), parameters=True)
        inputs = self.forward(self.energy, torch.randn(BATCH, 2))
        self.backward(self.energy, inputs, parameters=False)
        # The gradient of |∇E|²: through the backward pass, then through the forward pass.
        self.backward(self.energy, inputs, parameters=True)
        self.backward(self.energy, inputs, parameters=True)

    def base_step(self) -> None:
        inputs = self.forward(self.base, torch.randn(BATCH, 2))
        self.backward(self.energy, self.forward(self.energy, inputs[-1]), parameters=False)
        self.backward(self.base, inputs, parameters=True)


class Ours:
    """The studio's own."""

    def __init__(self) -> None:
        self.learner = Training(PRESET, CPU).learner

    def energy_step(self) -> None:
        self.learner.energy_step(PRESET.objective, PRESET.training)

    def base_step(self) -> None:
        self.learner.base_step(PRESET.objective, PRESET.training)


def by_turns(steps: dict[str, Any], turns: int, warm: int) -> dict[str, dict[str, list[float]]]:
    """Processor seconds a step of each kind, taken by turns so that a machine whose speed drifts does not decide.

    A turn is a few steps in a row, as they come in training; the first, which finds the others' numbers in the
    caches, does not count.
    """
    times: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in steps} for kind in KINDS}
    for turn in range(warm + turns):
        for name, both in steps.items():
            for kind in KINDS:
                step = getattr(both, kind)
                step()
                began = time.thread_time()
                for _ in range(IN_A_ROW):
                    step()
                if turn >= warm:
                    times[kind][name].append((time.thread_time() - began) / IN_A_ROW)
    return times


def ratio(ours: list[float], theirs: list[float]) -> str:
    shares = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    quarter = len(shares) // 4
    return f"{statistics.median(shares):.2f} × ({shares[quarter]:.2f} to {shares[-1 - quarter]:.2f})"


@pytest.fixture
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_steps(benchmark: Any, report: Callable[[str, str, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    steps: dict[str, Any] = {"ours": Ours(), "plain": Plain(), "products": Products()}
    if shutil.which(os.environ.get("CXX", "g++")):
        monkeypatch.setattr("torch._inductor.config.compile_threads", 1)  # leaves no process behind
        began = time.perf_counter()
        steps["compiled"] = Compiled()
        steps["compiled"].energy_step()
        steps["compiled"].base_step()
        report("compilation", f"{time.perf_counter() - began:.1f} s", "")
    for kind, times in by_turns(steps, TURNS, 3).items():
        name = kind.replace("_", " ")
        report(name, ", ".join(f"{who} {1e3 * statistics.median(all_):.2f} ms" for who, all_ in times.items()), "")
        report(f"{name} / plain eager", ratio(times["ours"], times["plain"]), "aim ≤ 0.5")
        report(f"{name} / bare products", ratio(times["ours"], times["products"]), "aim ≤ 1.5")
        if "compiled" in times:
            report(f"{name} / compiled", ratio(times["ours"], times["compiled"]), "")
    benchmark.group = f"KALE energy step, MLP 3×{WIDTH}, batch {BATCH}, penalty"
    benchmark.pedantic(Ours().energy_step, rounds=50, warmup_rounds=5)


@pytest.mark.usefixtures("one_thread")
def test_iterations_of_ring(benchmark: Any) -> None:
    run = Training(RING, CPU)
    run.train(20)
    benchmark.group = "ring: an iteration of five energy steps, a base step and the chains'"
    benchmark.pedantic(lambda: run.train(1), rounds=100)
