"""What is chosen to compute steps by: rules, refusals, trials, and that a trial leaves a run alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from gebm_studio import models, schema
from gebm_studio.experiments.acceleration import Acceleration
from gebm_studio.experiments.means import Means
from gebm_studio.experiments.stopwatch import Stopwatch
from gebm_studio.presets import PresetError
from gebm_studio.schema import TrainingPreset
from gebm_studio.schema.run import Speed

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
PLAIN = Means("cuda")
FASTEST = Means("cuda", mixed=True, channels_last=True, compiling="graphs")


def chosen(device: torch.device = CPU, **settings: Any) -> Acceleration:
    return Acceleration(Speed(**settings), device, convolutional=True)


def clock(means: Means) -> float:
    """Each means makes a step faster but channels last, which does nothing to speak of."""
    shares = (0.6 if means.mixed else 1.0, 0.98 if means.channels_last else 1.0)
    return 1e-3 * shares[0] * shares[1] * {"off": 1.0, "on": 0.7, "graphs": 0.5}[means.compiling]


def test_on_the_cpu_everything_is_settled_by_rule() -> None:
    found = chosen()
    assert not found.undecided and found.means == Means("cpu", channels_last=True)
    assert [line.partition(":")[0] for line in found.reasons()] == [
        "speed.precision full", "speed.channels_last on", "speed.compile off",
    ]  # fmt: skip
    assert all(line.partition(": ")[2] and "\n" not in line for line in found.reasons())


def test_what_is_set_is_taken() -> None:
    found = chosen(precision="mixed", channels_last="off")
    assert found.means == Means("cpu", mixed=True)
    assert found.reasons()[0] == "speed.precision mixed: as set"
    on_cuda = chosen(CUDA, precision="full", channels_last="on", compile="off")
    assert not on_cuda.undecided and on_cuda.means == Means("cuda", channels_last=True)


def test_networks_without_convolutions_have_no_choice() -> None:
    plain = Acceleration(Speed(), CPU, convolutional=False)
    assert plain.means == Means("cpu") and plain.reasons() == () and not plain.undecided
    with pytest.raises(PresetError, match=r"speed\.precision: mixed is for networks of kind conv"):
        Acceleration(Speed(precision="mixed"), CPU, convolutional=False)


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_graphs_are_refused_where_there_is_no_cuda(device: str) -> None:
    with pytest.raises(PresetError, match=rf"compile: graphs are recorded on CUDA alone, the device is {device}"):
        chosen(torch.device(device), compile="graphs")


def test_a_missing_compiler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(PresetError, match=r"speed\.compile: on needs a C\+\+ compiler \(no-such-compiler\)"):
        chosen(compile="on")
    assert chosen().means.compiling == "off"


def test_a_trial_keeps_what_is_faster() -> None:
    found, asked = chosen(CUDA), []

    def noted(means: Means) -> float:
        asked.append(means)
        return clock(means)

    assert found.undecided and found.means == PLAIN and found.reasons() == ()
    pieces = sum(1 for _ in found.trial(noted))
    assert not found.undecided and found.means == replace(FASTEST, channels_last=False)
    assert asked == [
        PLAIN, Means("cuda", mixed=True), Means("cuda", mixed=True, channels_last=True),
        Means("cuda", mixed=True, compiling="on"), Means("cuda", mixed=True, compiling="graphs"),
    ]  # fmt: skip
    assert pieces == len(asked)
    assert found.reasons() == (
        "speed.precision mixed: an energy step took full 1 ms, mixed 0.6 ms",
        "speed.channels_last off: an energy step took off 0.6 ms, on 0.588 ms",
        "speed.compile graphs: an energy step took off 0.6 ms, on 0.42 ms, graphs 0.3 ms",
    )


def test_a_means_that_fails_is_left_with_its_reason() -> None:
    def failing(means: Means) -> float:
        if means.compiling != "off":
            raise RuntimeError("Cannot find a working triton installation.\nmore")
        return clock(means)

    found = chosen(CUDA, precision="full", channels_last="off")
    for _ in found.trial(failing):
        pass
    assert found.means == PLAIN
    assert found.reasons()[2] == (
        "speed.compile off: an energy step took off 1 ms, on failed (Cannot find a working triton installation.), "
        "graphs failed (Cannot find a working triton installation.)"
    )


def test_a_stopwatch_leaves_model_and_draws_alone() -> None:
    preset = TrainingPreset.model_validate({
        "title": "t", "target": {"kind": "digits"}, "base": {"kind": "conv", "channels": 8, "batch_norm": True},
        "energy": {"kind": "conv", "channels": 8, "spectral_norm": True},
    })  # fmt: skip
    shape = (1, 8, 8)
    model = models.build(preset, shape, lambda x: x.flatten(1)[:, 0], CPU)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.random.get_rng_state()
    stopwatch = Stopwatch(model, shape, schema.Objective(), batch=4)
    times = [stopwatch(means) for means in (Means(), Means(mixed=True, channels_last=True))]
    assert all(0 < seconds < 10 for seconds in times)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(a.is_contiguous() for a in model.parameters())
