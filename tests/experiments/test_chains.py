"""The persistent chains: saved and restored bit for bit, changed while they run, followed as they are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.engine import storage
from gebm_studio.experiments import Training
from gebm_studio.samplers import SAMPLERS, TemperingState
from tests.typed import training

CPU = torch.device("cpu")
each_sampler = pytest.mark.parametrize("name", SAMPLERS)


def run_of(**sampler: Any) -> Training:
    """A few chains on the five modes of F13, whose energy is exact and at rest."""
    changes = {f"sampler.{key}": value for key, value in {"chains": 5, "steps": 3, **sampler}.items()}
    return Training(presets.changed(training("f13"), changes), CPU)


def set_values(run: Training, **sampler: Any) -> None:
    for key, value in sampler.items():
        run.set_value(m.SetValue(f"sampler.{key}", value))


def frame_of(run: Training) -> m.Frame:
    parts: frozenset[m.Part] = frozenset({"data", "latent", "diagnostics"})
    return run.frame(m.Pull(needs=parts), run_id=1, state="paused", rate=0.0, device="cpu")


def assert_goes_on(run: Training, path: Path, iterations: int) -> None:
    """A saved and restored run takes the very steps that the run itself takes."""
    storage.save(run, path)
    restored: Training = storage.load(path, CPU)
    assert restored.preset == run.preset
    for each in (run, restored):
        each.train(iterations)
    ours, theirs = run.tensors(), restored.tensors()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) or bool(ours[key].isnan().all()) for key in ours)


@each_sampler
def test_a_saved_run_goes_on_bit_for_bit(name: str, tmp_path: Path) -> None:
    run = run_of(name=name)
    run.train(7)
    assert_goes_on(run, tmp_path / "run.gebm", 6)


@pytest.mark.parametrize("name", ["mala", "random_walk", "hmc", "ghmc", "tempering"])
def test_a_run_saved_while_it_adapts_goes_on_bit_for_bit(name: str, tmp_path: Path) -> None:
    """Saved half-way; restored, it ends its adaptation at the same step with the same step size."""
    run = run_of(name=name, warmup=30, step_size=0.013)
    run.train(5)
    assert run.chains.climbing if name == "tempering" else run.chains.adapting > 0
    assert_goes_on(run, tmp_path / "half.gebm", 7)
    assert not run.chains.climbing and math.isnan(run.chains.adapting)
    assert_goes_on(run, tmp_path / "after.gebm", 3)


def test_the_step_size_that_was_found_stands_in_the_settings() -> None:
    run = run_of(name="mala", warmup=60, step_size=1e-3, chains=64)
    version = run.settings_version
    run.train(19)
    frame = frame_of(run)
    assert frame.diagnostics is not None and frame.preset is not None
    assert frame.diagnostics.adapting > 0
    assert training(frame.preset).sampler.step_size == 1e-3
    run.train(1)
    frame = frame_of(run)
    assert frame.diagnostics is not None and frame.preset is not None
    found = training(frame.preset).sampler.step_size
    assert math.isnan(frame.diagnostics.adapting)
    assert found == run.chains.settings.step_size > 0.01
    assert found == float(f"{found:.3g}")
    assert frame.settings_version > version
    # Frozen: it does not move again, and a new one set by hand is taken.
    run.train(5)
    assert run.preset.sampler.step_size == found
    set_values(run, step_size=0.02)
    run.train(1)
    assert run.preset.sampler.step_size == 0.02


def test_adaptation_goes_on_through_changes_of_other_settings() -> None:
    run = run_of(name="ghmc", warmup=300, step_size=0.01)
    run.train(5)
    adapting = run.chains.adapting
    set_values(run, friction=3.0)
    assert run.chains.adapting == adapting != 0.01


@pytest.mark.parametrize("name", ["ula", "kinetic", "dgflow", "tempering"])
def test_an_algorithm_without_a_choice_keeps_its_step_size(name: str) -> None:
    """A target acceptance and a warm-up may be left from another algorithm, whose controls are hidden now."""
    run = run_of(name=name, warmup=20, target_acceptance=0.7, step_size=0.05)
    run.train(10)
    assert math.isnan(run.chains.adapting)
    assert run.preset.sampler.step_size == 0.05


def test_live_changes_of_everything_keep_the_positions() -> None:
    run = run_of()
    run.train(2)
    for name in [*SAMPLERS, *reversed(SAMPLERS)]:
        before = run.chains.position.clone()
        set_values(run, name=name)
        if name == "sphere":  # which knows no other points: chains keep their direction
            before *= math.sqrt(2) / before.norm(dim=1, keepdim=True)
            assert torch.allclose(run.chains.position, before)
        else:
            assert torch.equal(run.chains.position, before)
        run.train(1)
        assert torch.isfinite(run.chains.position).all()
        frame = frame_of(run)
        assert frame.diagnostics is not None
        assert frame.diagnostics.sampler.startswith(name)
        assert (frame.diagnostics.ladder is not None) == (name == "tempering")
    set_values(run, name="tempering")
    changes: list[dict[str, Any]] = [
        {"replicas": 2}, {"replicas": 9}, {"chains": 2}, {"chains": 30}, {"temperature": math.inf},
        {"temperature": 0.3}, {"warmup": 50}, {"step_size": 0.3}, {"name": "kinetic"}, {"scheme": "BAOAB"},
        {"friction": 1e-3}, {"temperature": math.inf}, {"name": "hmc"}, {"leapfrog_steps": 3}, {"jitter": 0.0},
        {"name": "rejection"}, {"percentile": 60.0}, {"epsilon": 0.5}, {"chains": 1}, {"name": "dgflow"},
        {"divergence": "js"}, {"noise": 0.0}, {"temperature": 1.0}, {"name": "importance"}, {"steps": 1},
    ]  # fmt: skip
    for change in changes:
        before = run.chains.position.clone()
        set_values(run, **change)
        kept = min(len(before), len(run.chains.position))
        assert torch.equal(run.chains.position[:kept], before[:kept]), change
        run.train(2)
        assert torch.isfinite(run.chains.position).all(), change
        frame_of(run)


@each_sampler
def test_chains_are_followed_where_they_are(name: str) -> None:
    """What the tracker sees at each step, taken from the step's own evaluations, is G of the positions."""
    run = run_of(name=name, step_size=0.2, chains=40)
    chains, seen = run.chains, []
    assert chains.tracker is not None
    update = chains.tracker.update

    def watched(x: torch.Tensor) -> None:
        seen.append(x.clone())
        update(x)

    chains.tracker.update = watched  # type: ignore[method-assign]
    for count in (1, 4, 1, 3):
        for _ in range(count):
            chains.advance(1)
            assert torch.allclose(seen[-1], run.model.samples(chains.position), atol=1e-6)
        set_values(run, friction=2.0 / count)
    assert len(seen) == 9


def test_counts_begin_anew_with_other_settings() -> None:
    run = run_of(step_size=0.3, chains=40, steps=20)
    tracker = run.chains.tracker
    assert tracker is not None
    run.train(10)
    assert tracker.hops.sum() > 0
    assert run.chains.counted == (200, 200)
    modes = tracker.mode.clone()
    set_values(run, friction=0.5)
    assert (run.chains.counted, int(tracker.hops.sum()), int(tracker.dwell.sum())) == ((0, 0), 0, 0)
    assert torch.equal(tracker.mode, modes)
    run.train(1)
    assert run.chains.counted == (20, 20)
    assert run.chains.steps == 220
    run.restart_chains()
    assert run.chains.steps == run.chains.time == run.chains.cost == 0
    assert (tracker.mode == -1).all() and not len(run.chains.history.steps)


def test_time_is_the_sum_over_what_had_one() -> None:
    run = run_of(name="ula", step_size=0.02, steps=10)
    run.train(1)
    assert run.chains.time == pytest.approx(0.2)
    set_values(run, name="independence")
    run.train(1)
    assert run.chains.time == pytest.approx(0.2)
    diagnostics = frame_of(run).diagnostics
    assert diagnostics is not None and math.isnan(diagnostics.accumulated_time)
    set_values(run, name="ula")
    run.train(1)
    diagnostics = frame_of(run).diagnostics
    assert diagnostics is not None and diagnostics.accumulated_time == pytest.approx(0.4)
    set_values(run, name="tempering", warmup=10)
    run.train(2)
    state = run.chains.state
    assert isinstance(state, TemperingState)
    # Adapted over the first ten steps, frozen over the next: those are of the first rung's own length.
    before = run.chains.time
    run.train(1)
    assert run.chains.time - before == pytest.approx(10 * float(state.step_sizes[0]))
