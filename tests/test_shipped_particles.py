"""The presets of particle flows show what their rows say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gebm_studio import presets
from gebm_studio.divergences import sliced_w2, w2
from gebm_studio.experiments import ParticleFlow
from gebm_studio.schema import ParticlesPreset

CPU = torch.device("cpu")


def shipped(name: str, **changes: Any) -> ParticleFlow:
    given = presets.changed(presets.load(name), {path.replace("__", "."): x for path, x in changes.items()})
    assert isinstance(given, ParticlesPreset)
    return ParticleFlow(given, CPU)


def at(run: ParticleFlow, step: int) -> ParticleFlow:
    while run.iteration < step:
        run.advance()
    run.settle()
    assert not any(cloud.stopped or cloud.note for cloud in run.clouds)
    return run


def measured(run: ParticleFlow, name: str) -> np.ndarray[Any, Any]:
    """A curve of each flow, (rows, flows)."""
    names = run.measuring.measures
    rows = run.measuring.table.since(0)[:, 1:].reshape(-1, len(run.clouds), len(names))
    return np.asarray(rows[:, :, names.index(name)])  # type: ignore[arg-type]


def nearest(run: ParticleFlow, flow: int) -> Tensor:
    """Distances of particles from the nearest draw of the target."""
    return torch.cdist(run.clouds[flow].state.position, run.scene.goal.points).min(1).values


def uncovered(run: ParticleFlow, flow: int) -> float:
    """The longest distance of a draw of the target from the nearest particle."""
    return float(torch.cdist(run.scene.goal.points, run.clouds[flow].state.position).min(1).values.max())


def test_f50_the_flow_of_mmd_stalls_without_noise() -> None:
    run = at(shipped("f50", measure__every=1000), 2000)
    assert measured(run, "mmd")[-1] == pytest.approx([1.5e-3, 1.6e-4], rel=0.1)
    assert measured(run, "w2")[-1] == pytest.approx([1.38, 0.53], abs=0.05)
    strays = [int((nearest(run, flow) > 0.5).sum()) for flow in range(2)]
    assert strays[0] > 15 and strays[1] < 8


@pytest.mark.slow_statistics
def test_f50_does_not_fall_much_further() -> None:
    run = at(shipped("f50", measure__every=1000), 4000)
    assert measured(run, "mmd")[-1] == pytest.approx([1.15e-3, 1.13e-4], rel=0.1)
    assert measured(run, "mmd")[2, 0] < 1.5 * measured(run, "mmd")[-1, 0]


def test_f51_a_small_penalty_keeps_to_the_rings_and_a_large_one_is_mmd() -> None:
    run = at(shipped("f51", measure__every=2000), 400)
    kale, large, mmd = (nearest(run, flow).max().item() for flow in range(3))
    assert kale < 0.11 and large == pytest.approx(0.57, abs=0.02) and mmd == pytest.approx(large, abs=1e-3)
    clouds = [cloud.state.position.numpy() for cloud in run.clouds]
    assert w2(clouds[1], clouds[2]) < 1e-4 < 0.1 < w2(clouds[0], clouds[2])


@pytest.mark.slow_statistics
def test_f51_in_the_end_the_rings_are_reached() -> None:
    run = at(shipped("f51", measure__every=2000), 2000)
    assert nearest(run, 0).max() < 0.1 and nearest(run, 1).max() == pytest.approx(0.88, abs=0.02)
    at(run, 6000)
    assert measured(run, "w2")[-1] == pytest.approx([0.033, 0.1515, 0.1515], abs=0.005)
    assert nearest(run, 0).max() < 0.1 and nearest(run, 1).max() > 0.9


def test_f52_a_small_penalty_goes_nearest_to_langevin() -> None:
    """The first 150 steps of seed 0; the mean over 1,000 of three seeds is the slow test's."""
    run = at(shipped("f52", measure__every=50), 150)
    small, langevin, large, sinkhorn = measured(run, "apart")[1:].mean(axis=0)
    assert langevin == 0
    assert small == pytest.approx(0.56, abs=0.03)
    assert large == pytest.approx(0.72, abs=0.03) and sinkhorn == pytest.approx(0.73, abs=0.03)


@pytest.mark.slow_statistics
@pytest.mark.parametrize(
    ("seed", "expected"), [(0, (0.64, 0.78, 0.88)), (1, (0.25, 0.74, 0.82)), (2, (0.61, 0.71, 0.78))]
)
def test_f52_over_the_whole_way(seed: int, expected: tuple[float, float, float]) -> None:
    run = at(shipped("f52", seed=seed), 1000)
    assert measured(run, "apart")[1:].mean(axis=0)[[0, 2, 3]] == pytest.approx(expected, abs=0.02)
    if not seed:
        assert measured(run, "w2")[-1, [1, 3]] == pytest.approx([1.1, 0.4], abs=0.05)


def outside(run: ParticleFlow) -> float:
    """The share of particles farther than 0.045 from every draw of the target."""
    return float((nearest(run, 0) > 0.045).double().mean())


def apart(run: ParticleFlow) -> float:
    """Sliced W₂ of the first flow from the draws of the target."""
    return sliced_w2(run.clouds[0].state.position.numpy(), run.scene.goal.points.numpy()).value


def test_f53_the_spiral_becomes_a_heart() -> None:
    run = shipped("f53", measure__every=1000)
    assert apart(run) == pytest.approx(0.132, abs=0.003) and outside(run) == pytest.approx(0.074, abs=0.002)
    at(run, 20)
    assert apart(run) == pytest.approx(0.080, abs=0.003) and outside(run) < 0.02
    assert uncovered(run, 0) < 0.1 and nearest(run, 0).max() < 0.11


def test_f53_how_near_two_samples_of_the_heart_are() -> None:
    """The floor that the flow is held against: the draws of other seeds from those of this one."""
    run = shipped("f53", measure__every=1000)
    one = run.scene.goal.points
    for seed in (1, 2, 3):
        other = shipped("f53", measure__every=1000, seed=seed).scene.goal.points
        assert 0.008 < sliced_w2(one.numpy(), other.numpy()).value < 0.03
        assert 0.005 < float((torch.cdist(other, one).min(1).values > 0.045).double().mean()) < 0.017


@pytest.mark.slow_statistics
def test_f53_in_the_end_the_shapes_match() -> None:
    run = at(shipped("f53"), 100)
    assert apart(run) == pytest.approx(0.023, abs=0.002) and outside(run) < 0.008
    at(run, 200)
    assert apart(run) == pytest.approx(0.007, abs=0.001) and outside(run) < 0.008
    assert uncovered(run, 0) < 0.07 and nearest(run, 0).max() < 0.11


@pytest.mark.slow_statistics
def test_f53_a_larger_penalty_leaves_particles_outside() -> None:
    run = at(shipped("f53", flow__regularisation=0.1), 100)
    assert outside(run) == pytest.approx(0.046, abs=0.005)
