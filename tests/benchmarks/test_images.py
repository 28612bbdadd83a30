"""Steps of image networks against a plain eager loop, and 100 kinetic steps of 1,000 chains.

The plain loop is what a textbook has: float32, rows in order, a pass each for data and samples, backward(), Adam as it
comes. Ours is what `auto` chooses. All in one run, by turns: only the ratios carry over to other machines. On the CPU,
and on CUDA where there is one.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gebm_studio import models, targets
from gebm_studio.experiments.learner import Learner
from gebm_studio.models import Gebm
from gebm_studio.samplers import SAMPLERS
from gebm_studio.schema import TrainingPreset

BATCH = 64
CHAINS, STEPS = 1000, 100
CASES = {
    "digits 8×8, dcgan": {
        "target": {"kind": "digits"},
        "base": {"kind": "conv", "channels": 64},
        "energy": {"kind": "conv", "channels": 64, "spectral_norm": True},
    },
    "sprites 32×32, dcgan": {
        "target": {"kind": "sprites"},
        "base": {"kind": "conv", "channels": 64, "batch_norm": True},
        "energy": {"kind": "conv", "channels": 64, "spectral_norm": True},
    },
    "sprites 32×32, sngan": {
        "target": {"kind": "sprites"},
        "base": {"kind": "conv", "architecture": "sngan", "channels": 128, "batch_norm": True},
        "energy": {"kind": "conv", "architecture": "sngan", "channels": 128, "spectral_norm": True},
    },
}  # fmt: skip
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")),
]
Report = Callable[[str, str, str], None]


def preset_of(case: str) -> TrainingPreset:
    # So slow that thousands of steps without a penalty stay where they are: what is timed does not depend on it.
    training = {"batch": BATCH, "energy_lr": 1e-7, "base_lr": 1e-7}
    rest = {"title": "t", "training": training, "objective": {"penalty": "none"}, "sampler": {"chains": 8}}
    return TrainingPreset.model_validate(rest | CASES[case])


def learner_of(case: str, device: torch.device) -> Learner:
    preset = preset_of(case)
    target = targets.build(preset.target, seed=0, device=device)
    model = models.build(preset, target.shape, lambda x: x.flatten(1)[:, 0], device)
    data_noise, latent_noise = (torch.Generator(device).manual_seed(seed) for seed in (1, 2))
    learner = Learner(model, target, data_noise, latent_noise, preset.speed)
    learner.configure(preset.training)
    return learner


class Ours:
    """The studio's own steps, by the means of `auto`."""

    def __init__(self, case: str, device: torch.device) -> None:
        self.preset = preset_of(case)
        self.learner = learner_of(case, device)
        while self.learner.tries(self.preset.objective, self.preset.training):
            pass

    def energy_step(self) -> None:
        self.learner.energy_step(self.preset.objective, self.preset.training)

    def base_step(self) -> None:
        self.learner.base_step(self.preset.objective, self.preset.training)


class Plain:
    """Both steps as one would first write them."""

    def __init__(self, case: str, device: torch.device) -> None:
        learner = learner_of(case, device)
        self.target, self.device = learner.target, device
        self.base, self.energy = plain(learner.model.base), plain(learner.model.energy)
        self.c = nn.Parameter(torch.zeros((), device=device))
        self.generator = torch.Generator(device).manual_seed(0)
        self.energy_adam = torch.optim.Adam([*self.energy.parameters(), self.c], lr=1e-4, betas=(0.5, 0.999))
        self.base_adam = torch.optim.Adam(self.base.parameters(), lr=1e-4, betas=(0.5, 0.999))

    def latents(self) -> Tensor:
        return torch.randn(BATCH, self.base.latent_dim, generator=self.generator, device=self.device)

    def energy_step(self) -> None:
        data, samples = self.target.sample(BATCH, self.generator), self.base(self.latents()).detach()
        self.energy_adam.zero_grad()
        bound = 1 - (self.energy(data) + self.c).mean() - torch.exp(-(self.energy(samples) + self.c)).mean()
        (-bound).backward()
        self.energy_adam.step()

    def base_step(self) -> None:
        self.base_adam.zero_grad()
        (-torch.logsumexp(-self.energy(self.base(self.latents())), 0)).backward()
        self.base_adam.step()


def plain(part: nn.Module) -> Any:
    """As it was made: in training, with rows in order."""
    return part.train().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]


def seconds(works: Mapping[str, Callable[[], object]], device: torch.device, turns: int, in_a_row: int = 3) -> Any:
    """Times of each, taken by turns so that a machine whose speed drifts does not decide."""

    def now() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
            return time.perf_counter()
        return time.thread_time()

    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(-2, turns):
        for name, work in works.items():
            began = now()
            for _ in range(in_a_row):
                work()
            if turn >= 0:
                times[name].append((now() - began) / in_a_row)
    return times


def ratio(ours: list[float], theirs: list[float]) -> str:
    shares = sorted(b / a for a, b in zip(ours, theirs, strict=True))
    quarter = len(shares) // 4
    return f"{statistics.median(shares):.2f} × ({shares[quarter]:.2f} to {shares[-1 - quarter]:.2f})"


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.collect()
    yield
    torch.set_num_threads(threads)


@pytest.mark.filterwarnings("ignore")  # the compiler's own
@pytest.mark.parametrize("device_name", DEVICES)
@pytest.mark.parametrize("case", CASES)
def test_images_a_second(case: str, device_name: str, report: Report, benchmark: Any) -> None:
    device = torch.device(device_name)
    ours, theirs = Ours(case, device), Plain(case, device)
    for line in ours.learner.steps.acceleration.reasons():
        report(f"{case}, {device_name}", line, "")
    aim = "aim ≥ 3" if device.type == "cuda" else "aim ≥ 1"
    for step in ("energy_step", "base_step"):
        works = {"ours": getattr(ours, step), "plain": getattr(theirs, step)}
        times = seconds(works, device, turns=15)
        name = f"{case}, {device_name}: {step.replace('_', ' ')}"
        speeds = ", ".join(f"{who} {BATCH / statistics.median(found):,.0f}" for who, found in times.items())
        report(name, f"{speeds} images/s", "")
        report(f"{name} / plain", ratio(times["ours"], times["plain"]), aim)
    benchmark.group = f"energy step, {case}, {device_name}"
    benchmark.pedantic(ours.energy_step, rounds=10)


@pytest.mark.parametrize("device_name", DEVICES)
@pytest.mark.parametrize("case", CASES)
def test_kinetic_steps(case: str, device_name: str, report: Report, benchmark: Any) -> None:
    """Against the same steps whose gradient is autograd's, with weights that ask for gradients, rows in order."""
    device = torch.device(device_name)
    model, other = (learner_of(case, device).model for _ in range(2))
    other.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    z = torch.randn(CHAINS, model.base.latent_dim, generator=torch.Generator().manual_seed(0)).to(device)
    count = STEPS if device.type == "cuda" else 1
    works = {"ours": walk(model.potential(), z, count), "plain": walk(_PlainPotential(other), z, count)}
    times = seconds(works, device, turns=8, in_a_row=1)
    taken = {who: statistics.median(found) * STEPS / count for who, found in times.items()}
    name = f"{case}, {device_name}: {STEPS} kinetic steps of {CHAINS} chains"
    report(name, ", ".join(f"{who} {found:.2f} s" for who, found in taken.items()), "")
    report(f"{name} / plain", ratio(times["ours"], times["plain"]), "aim ≥ 1")
    benchmark.group = f"kinetic steps, {case}, {device_name}"
    benchmark.pedantic(works["ours"], rounds=2)


class _PlainPotential:
    """U and ∇U as one would first write them."""

    def __init__(self, model: Gebm) -> None:
        self._model = model

    def __call__(self, z: Tensor) -> Tensor:
        energy: Tensor = self._model.energy(self._model.base(z))
        return 0.5 * z.square().sum(1) + energy


def walk(potential: Any, z: Tensor, count: int) -> Callable[[], None]:
    generator = torch.Generator(z.device).manual_seed(0)
    sampler = SAMPLERS["kinetic"](step_size=0.01)
    state = sampler.init(z, potential, generator)

    def steps() -> None:
        nonlocal state
        for _ in range(count):
            state, _ = sampler.step(state, potential, generator)

    return steps
