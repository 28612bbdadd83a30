"""Steps of convolutional networks: against autograd, by every means that this machine has, and across a rest."""

from __future__ import annotations

import copy
import os
import shutil
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._inductor import config as inductor

from gebm_studio import schema
from gebm_studio.experiments import Training
from gebm_studio.experiments.climb import Climber
from gebm_studio.experiments.descent import Descender
from gebm_studio.experiments.means import EAGER, Means
from gebm_studio.models.bases import Conv
from gebm_studio.models.energies import Convolutional
from gebm_studio.objectives import base_loss
from gebm_studio.schema import TrainingPreset
from tests.models.test_convolutional import NAMES, base_of, critic_of, noise

CPU = torch.device("cpu")
N, SHAPE = 12, (1, 8, 8)
every_architecture = pytest.mark.parametrize("architecture", NAMES)
Gradients = list[Tensor]


def energy_of(architecture: str, *, floor: float | None = None, normalised: bool = True) -> Convolutional:
    return Convolutional(critic_of(architecture, SHAPE, spectral_norm=normalised), floor, SHAPE).eval()


def images(seed: int = 3) -> Tensor:
    return noise(N, *SHAPE, seed=seed).tanh()


def ascent(energy: Convolutional, means: Means, penalty: str = "gradient", dtype: torch.dtype = torch.float32) -> Any:
    energy = copy.deepcopy(energy).to(dtype)
    means.lay_out(energy)
    climber = Climber(energy, list(energy.parameters()), means)
    settings = schema.Objective(penalty=penalty, strength=0.5)
    c = torch.tensor(0.1, dtype=dtype)
    return climber.climb(settings, images(3).to(dtype), images(4).to(dtype), c, torch.Generator().manual_seed(1))


def descent(base: Conv, energy: Convolutional, means: Means, dtype: torch.dtype = torch.float32) -> Any:
    base, energy = copy.deepcopy(base).to(dtype), copy.deepcopy(energy).to(dtype)
    for part in (base, energy):
        means.lay_out(part)
    descender = Descender(base, energy, list(base.parameters()), means)
    found = descender.descend(base_loss, noise(N, 3).to(dtype))
    assert all(parameter.grad is None for parameter in (*base.parameters(), *energy.parameters()))
    return found


def close(ours: Gradients, theirs: Gradients, share: float) -> None:
    """All gradients together differ by less than a share of their norm."""
    off = torch.stack([(a - b).square().sum() for a, b in zip(ours, theirs, strict=True)]).sum().sqrt()
    norm = torch.stack([b.square().sum() for b in theirs]).sum().sqrt()
    assert float(off) < share * float(norm)


@every_architecture
@pytest.mark.parametrize("penalty", ["gradient", "r1", "none"])
@pytest.mark.parametrize("floor", [None, 0.0])
def test_an_ascent_is_that_of_autograd(architecture: str, penalty: str, floor: float | None) -> None:
    energy = energy_of(architecture, floor=floor)
    found = ascent(energy, EAGER, penalty, torch.float64)
    plain = copy.deepcopy(energy).double()
    climber = Climber(plain, list(plain.parameters()))
    climber._form = None
    settings = schema.Objective(penalty=penalty, strength=0.5)
    c = torch.tensor(0.1, dtype=torch.float64)
    wanted = climber.climb(settings, images(3).double(), images(4).double(), c, torch.Generator().manual_seed(1))
    torch.testing.assert_close(found.loss, wanted.loss, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found.base, wanted.base, rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(found.gradients, wanted.gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


@every_architecture
def test_a_descent_is_that_of_autograd_on_a_batch(architecture: str) -> None:
    base, energy = base_of(architecture, SHAPE, batch_norm=True), energy_of(architecture)
    found = descent(base, energy, EAGER, torch.float64)
    plain, critic = copy.deepcopy(base).double().train(), copy.deepcopy(energy).double()
    loss = base_loss(critic(plain(noise(N, 3).double())))
    wanted = torch.autograd.grad(loss, list(plain.parameters()))
    torch.testing.assert_close(found.loss, loss.detach(), rtol=1e-10, atol=1e-12)
    for ours, theirs in zip(found.gradients, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-10)


@every_architecture
def test_base_and_energy_see_the_same_images(architecture: str) -> None:
    """While the base learns, of the same latents; once it rests, the energy, chains and pictures see one G."""
    base, energy = base_of(architecture, SHAPE, batch_norm=True), energy_of(architecture)
    seen: list[Tensor] = []
    descender = Descender(base, energy, list(base.parameters()))
    z = noise(N, 3)
    samples = descender.samples(z)
    handle = base.register_forward_hook(lambda *given: seen.append(given[2].detach()))
    descender.descend(base_loss, z)
    handle.remove()
    assert torch.equal(seen[0], samples)
    with torch.no_grad():
        assert not torch.equal(base(z), samples)
        descender.learning = False
        assert torch.equal(base(z), descender.samples(z))


# Means.


@every_architecture
def test_channels_last_gives_the_same_within_rounding(architecture: str) -> None:
    base, energy = base_of(architecture, SHAPE, batch_norm=True), energy_of(architecture)
    means = Means(channels_last=True)
    close(list(ascent(energy, means).gradients), list(ascent(energy, EAGER).gradients), 1e-4)
    close(list(descent(base, energy, means).gradients), list(descent(base, energy, EAGER).gradients), 1e-3)


@every_architecture
@pytest.mark.parametrize("channels_last", [False, True])
def test_mixed_precision_is_near_and_leaves_float32(architecture: str, channels_last: bool) -> None:
    base, energy = base_of(architecture, SHAPE, batch_norm=True), energy_of(architecture)
    mixed = Means(mixed=True, channels_last=channels_last)
    climbs, descents = ([step(means) for means in (mixed, EAGER)] for step in (
        lambda means: ascent(energy, means), lambda means: descent(base, energy, means)
    ))  # fmt: skip
    # bfloat16 keeps 8 bits, a relative rounding of 2⁻⁹ a layer; what data and samples have in common cancels in the
    # gradient, the rounding does not.
    close(list(climbs[0].gradients), list(climbs[1].gradients), 0.2)
    close(list(descents[0].gradients), list(descents[1].gradients), 0.2)
    for found in (climbs[0], descents[0]):
        assert found.loss.dtype == torch.float32
        assert all(gradient.dtype == torch.float32 for gradient in found.gradients)
    assert climbs[0].base.dtype == torch.float32
    # The penalty knows no lower precision.
    torch.testing.assert_close(climbs[0].penalty, climbs[1].penalty, rtol=1e-5, atol=0)


@pytest.mark.slow_statistics
@pytest.mark.skipif(shutil.which(os.environ.get("CXX", "g++")) is None, reason="needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # the compiler's own
@pytest.mark.parametrize("mixed", [False, True])
def test_compiled_steps_give_the_same_within_rounding(mixed: bool) -> None:
    base, energy = base_of("dcgan", SHAPE, batch_norm=True), energy_of("dcgan")
    means = Means(compiling="on", mixed=mixed, channels_last=mixed)
    with inductor.patch(compile_threads=1):  # leaves no process behind
        up, down = ascent(energy, means), descent(base, energy, means)
    close(list(up.gradients), list(ascent(energy, EAGER).gradients), 0.2 if mixed else 1e-4)
    close(list(down.gradients), list(descent(base, energy, EAGER).gradients), 0.2 if mixed else 1e-3)


@pytest.mark.slow_statistics
@pytest.mark.skipif(shutil.which(os.environ.get("CXX", "g++")) is None, reason="needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_compiled_samples_follow_what_statistics_are_to_be_used() -> None:
    base, energy = base_of("dcgan", SHAPE, batch_norm=True), energy_of("dcgan")
    other, z = copy.deepcopy(base), noise(N, 3)
    descender = Descender(base, energy, list(base.parameters()), Means(compiling="on"))
    eager = Descender(other, energy, list(other.parameters()))
    with inductor.patch(compile_threads=1):
        for learning in (True, False, True):
            descender.learning = eager.learning = learning
            torch.testing.assert_close(descender.samples(z), eager.samples(z), rtol=1e-4, atol=1e-5)
            descender.descend(base_loss, z)
            eager.descend(base_loss, z)
            for ours, theirs in zip(base.buffers(), other.buffers(), strict=True):
                torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.filterwarnings("ignore")  # the compiler's own
@pytest.mark.parametrize("compiling", ["off", "on", "graphs"])
@every_architecture
def test_steps_on_a_gpu_are_near_those_of_the_cpu(architecture: str, compiling: Any) -> None:
    base, energy = base_of(architecture, SHAPE, batch_norm=True), energy_of(architecture)
    wanted = descent(base, energy, EAGER)
    cuda = torch.device("cuda")
    base, energy = base.to(cuda), energy.to(cuda)
    for mixed in (False, True):
        means = Means("cuda", mixed=mixed, channels_last=True, compiling=compiling)
        means.lay_out(base)
        means.lay_out(energy)
        climber = Climber(energy, list(energy.parameters()), means)
        descender = Descender(base, energy, list(base.parameters()), means)
        settings = schema.Objective(penalty="r1", strength=0.5)
        data, z, c = images(3).to(cuda), noise(N, 3).to(cuda), torch.tensor(0.1, device=cuda)

        def both() -> tuple[Any, Any]:
            up = climber.climb(settings, data, descender.samples(z), c, torch.Generator(cuda))  # noqa: B023
            return up, descender.descend(base_loss, z)  # noqa: B023

        *_, (up, down) = (both() for _ in range(5))  # graphs are recorded after a few turns
        assert up.loss.dtype == down.loss.dtype == torch.float32
        assert torch.isfinite(up.loss) and torch.isfinite(down.loss)
        close([g.cpu() for g in down.gradients if g is not None], list(wanted.gradients), 0.3 if mixed else 0.05)


# A whole run.


def run_of(**changes: Any) -> Training:
    sections: dict[str, Any] = {
        "title": "t",
        "target": {"kind": "digits"},
        "base": {"kind": "conv", "channels": 8, "latent_dim": 4, "batch_norm": True},
        "energy": {"kind": "conv", "channels": 8, "spectral_norm": True},
        "training": {"batch": 16, "warmup": 2, "energy_steps": 1, "until": 4, "energy_only": 6, "ema": 0.9},
        "sampler": {"chains": 8, "steps": 1},
    }
    return Training(TrainingPreset.model_validate(sections | changes), CPU)


@pytest.mark.parametrize("kept_at", [2, 5])
def test_a_run_goes_on_bit_for_bit_from_what_is_kept(kept_at: int) -> None:
    """Before and after the base has come to rest, with weights whose channels are together in memory."""
    whole, first, second = run_of(), run_of(), run_of()
    first.train(kept_at)
    kept = first.saved()
    tensors = {name: value.contiguous() for name, value in kept.tensors.items()}  # as a file keeps them
    second.take_back(type(kept)(tensors, kept.facts))
    second.train(8 - kept_at)
    whole.train(8)
    for name, tensor in whole.tensors().items():
        assert torch.equal(tensor, second.tensors()[name]), name


def test_a_base_at_rest_is_recalibrated_once_and_stays() -> None:
    run = run_of()
    base = run.model.base
    assert isinstance(base, Conv)
    run.train(4)
    rested = copy.deepcopy(base.state_dict())
    base.recalibrate()
    assert all(torch.equal(tensor, rested[name]) for name, tensor in base.state_dict().items())
    z = noise(16, 4)
    assert torch.equal(run.learner.steps.descender.samples(z), run.model.samples(z))
    run.train(3)
    assert all(torch.equal(tensor, rested[name]) for name, tensor in base.state_dict().items())
