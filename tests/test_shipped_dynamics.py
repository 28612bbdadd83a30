"""The presets on how chains move show what their rows say: decay and collapse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.experiments import Training
from gebm_studio.experiments.decay_theory import splitting
from tests.typed import training

CPU = torch.device("cpu")


def run_of(name: str, **changes: Any) -> Training:
    return Training(presets.changed(training(name), {path.replace("__", "."): v for path, v in changes.items()}), CPU)


def frame_of(run: Training, part: m.Part) -> Any:
    frame = run.frame(m.Pull(needs=frozenset({part})), run_id=1, state="paused", rate=0.0, device="cpu")
    return getattr(frame, part)


def decayed(run: Training) -> m.DecayPart:
    exhibit: Any = run.exhibits["decay"]
    while not all(line.done for line in exhibit._lines):
        exhibit.advance()
    exhibit._made = None
    part = frame_of(run, "decay")
    assert isinstance(part, m.DecayPart)
    return part


def test_f10_log_w2_falls_straight_at_the_slope_of_theory() -> None:
    """|z| < 3 in four dimensions: a right program fails for about one seed in 90; this one is fixed."""
    part = decayed(run_of("f10"))
    assert [curve.dim for curve in part.curves] == [1, 2, 8, 32]
    assert part.rate == pytest.approx(math.log(1 - 0.01 * 2) / 0.01)
    assert part.continuous == -2.0
    for curve in part.curves:
        end = int(np.argmax(curve.measured <= 3 * curve.floor))
        clean = np.log(curve.measured[:end] ** 2 - curve.floor**2) / 2
        assert np.corrcoef(curve.times[:end], clean)[0, 1] ** 2 > 0.99
        assert abs(curve.slope - curve.slope_theory) < 3 * curve.slope_error
        assert curve.slope_theory == pytest.approx(part.rate, rel=0.01)


def test_f10_kinetic_chains_are_fastest_at_critical_friction() -> None:
    slopes = {}
    for friction in (2 * math.sqrt(2), 10.0):
        run = run_of("f10", sampler__name="kinetic", sampler__step_size=0.05, sampler__friction=friction)
        curve = decayed(run).curves[2]
        assert abs(curve.slope - curve.slope_theory) < 3 * curve.slope_error
        slopes[friction] = curve.slope
    assert list(slopes.values()) == pytest.approx([-0.95, -0.21], abs=0.03)


def test_f10_shows_the_same_problem_in_all_panels() -> None:
    """The chains of the preset itself come to N(2, 1/2) in latent space; five standard errors."""
    run = run_of("f10", sampler__steps=400, sampler__chains=2000)
    run.train(1)
    z = run.chains.position
    assert z.mean(0).numpy() == pytest.approx(2.0, abs=5 * math.sqrt(0.5 / 2000))
    assert z.var(0).numpy() == pytest.approx(0.5 / (1 - 0.01), rel=5 * math.sqrt(2 / 2000))


def variances(run: Training, steps: tuple[int, ...]) -> list[float]:
    """Variance of all shown latent coordinates of the frames after some steps."""
    found = []
    for step in steps:
        run.train(step - run.chains.steps)
        found.append(float(np.square(frame_of(run, "latent").chains).mean()))
    return found


STEPS = (80, 155, 314, 471)
ERROR = 5 * math.sqrt(2 / 4000)
"""Five standard errors, relative, of a variance of 4,000 coordinates."""


def exact_variances(first_velocity: float) -> list[float]:
    matrix, noise = splitting("ABOBA", 0.01, 0.04, 1.0)
    covariance, found = np.diag([1.0, first_velocity]), []
    for step in range(1, STEPS[-1] + 1):
        covariance = matrix @ covariance @ matrix.T + noise
        if step in STEPS:
            found.append(float(covariance[0, 0]))
    return found


def test_f18_chains_without_velocities_collapse_together() -> None:
    exact = exact_variances(0.0)
    assert exact[1] == pytest.approx(0.060, abs=5e-4)
    run = run_of("f18", training__metrics_every=1000)
    assert variances(run, STEPS) == pytest.approx(exact, rel=ERROR)


def test_f18_velocities_from_the_prior_cure_it_live() -> None:
    run = run_of("f18", training__metrics_every=1000)
    run.train(155)
    run.set_value(m.SetValue("sampler.velocity", "normal"))
    assert run.chains.steps == 0, "the chains begin again"
    assert variances(run, (80, 155, 314)) == pytest.approx([1.0] * 3, rel=ERROR)
