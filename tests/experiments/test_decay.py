"""W₂ decay: theory against samplers, measurement against closed forms, and when it begins, ends and begins again."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import presets, samplers
from gebm_studio.divergences.gaussians import w2_squared
from gebm_studio.experiments.decay import Decay
from gebm_studio.experiments.decay_line import LEAST, RECORDS, Line, measure, problem
from gebm_studio.experiments.decay_theory import Prediction, splitting, theory_of
from gebm_studio.messages import DecayPart
from gebm_studio.schema import Sampler, TrainingPreset

SHORT: dict[str, Any] = {"dimensions": (1, 8), "chains": 1000, "shift": 4.0}
UNUSED: Any = None


def decay_of(decay: dict[str, Any] | None = None, seed: int = 0, **sampler: Any) -> Decay:
    section = SHORT | (decay or {})
    return Decay(UNUSED, UNUSED, TrainingPreset(title="x", seed=seed, decay=section, sampler={"steps": 10} | sampler))


def finished(decay: Decay, most: int = 4000) -> DecayPart:
    for _ in range(most):
        decay.advance()
        if all(line.done for line in decay._lines):
            break
    decay._made = None
    part = decay.part()
    assert part is not None
    return part


def test_the_distance_is_that_of_gaussians() -> None:
    z = torch.randn(500, 3, generator=torch.Generator().manual_seed(1)) * torch.tensor([1.0, 0.5, 2.0]) + 0.3
    exact = w2_squared(z.double().mean(0).numpy(), np.cov(z.double().numpy().T), np.full(3, 0.7), 0.64 * np.eye(3))
    assert measure(z, 0.7, 0.8).squared == pytest.approx(exact, rel=1e-4)


def test_the_influence_is_the_derivative_of_the_distance() -> None:
    """Leaving out a batch moves W₂² by minus its influence, to first order in its share."""
    z = torch.randn(5000, 2, generator=torch.Generator().manual_seed(2)) + 0.5
    found = measure(z, 0.0, 0.7)
    batches = np.array_split(np.arange(5000), len(found.influence))
    left_out = []
    for batch in batches:
        kept = np.setdiff1d(np.arange(5000), batch)
        left_out.append(measure(z[torch.as_tensor(kept)], 0.0, 0.7).squared - found.squared)
    predicted = -found.influence / (len(batches) - 1)
    assert np.corrcoef(left_out, predicted)[0, 1] > 0.999
    assert np.std(left_out) == pytest.approx(np.std(predicted), rel=0.03)
    assert abs(found.influence.mean()) < 1e-6


@pytest.mark.parametrize("scheme", ["ABOBA", "BAOAB", "OBABO", "OABAO"])
def test_splittings_have_the_stationary_laws_of_their_table(scheme: str) -> None:
    h, friction, curvature = 0.6, 0.7, 2.0
    matrix, noise = splitting(scheme, h, friction, curvature)
    covariance = np.zeros((2, 2))
    for _ in range(2000):
        covariance = matrix @ covariance @ matrix.T + noise
    a = h * h * curvature / 4
    expected = {"ABOBA": (1, 1 / (1 - a)), "BAOAB": (1, 1 - a), "OBABO": (1 / (1 - a), 1), "OABAO": (1 - a, 1)}
    assert (covariance[0, 0] * curvature, covariance[1, 1]) == pytest.approx(expected[scheme], rel=1e-9)


@pytest.mark.parametrize(
    "sampler",
    [
        {"name": "ula", "step_size": 0.2},
        {"name": "kinetic", "step_size": 0.3, "friction": 0.5, "scheme": "OABAO"},
        {"name": "kinetic", "step_size": 0.3, "friction": 5.0, "velocity": "zero"},
    ],
)
def test_theory_is_the_samplers_own_map(sampler: dict[str, Any]) -> None:
    """Mean and variance of 200,000 chains after seven steps; six standard errors each."""
    settings = Sampler(**sampler)
    posterior = problem(TrainingPreset(title="x", decay={"curvature": 1.5, "shift": 2.0}).decay, 1.0)
    theory = theory_of(settings, posterior.curvature)
    assert theory is not None
    prediction = Prediction(theory, -posterior.centre, posterior.s)
    prediction.at(7)
    algorithm, generator = samplers.make(settings), torch.Generator().manual_seed(3)
    state = algorithm.init(torch.randn(200_000, 1, generator=generator), posterior, generator)
    for _ in range(7):
        state, _ = algorithm.step(state, posterior, generator)
    y = state.position[:, 0].double() - posterior.centre
    variance = prediction._covariance[0, 0]
    assert float(y.mean()) == pytest.approx(prediction._mean[0], abs=6 * math.sqrt(variance / 200_000))
    assert float(y.var()) == pytest.approx(variance, rel=6 * math.sqrt(2 / 200_000))


@pytest.mark.parametrize(
    "sampler",
    [
        {"name": "ula", "step_size": 0.02},
        {"name": "kinetic", "step_size": 0.1, "friction": 2 * math.sqrt(2)},
        {"name": "kinetic", "step_size": 0.1, "friction": 10.0},
    ],
)
def test_slopes_are_those_of_theory(sampler: dict[str, Any]) -> None:
    """|z| < 4: with six fits a right program fails about once in 2,000 seeds; this seed is fixed."""
    part = finished(decay_of(seed=1, **sampler))
    for curve in part.curves:
        assert curve.slope_error < 0.1 * abs(curve.slope)
        assert abs(curve.slope - curve.slope_theory) < 4 * curve.slope_error


def test_the_floor_is_what_exact_draws_show() -> None:
    """E W₂² of n exact draws is about s² (d/n + d(d+1)/4n), a mean over eight of them."""
    part = finished(decay_of({"dimensions": (8,), "chains": 2000}, name="ula", step_size=0.05))
    curve = part.curves[0]
    expected = math.sqrt(0.5 * (8 + 8 * 9 / 4) / 2000)
    assert curve.floor == pytest.approx(expected, rel=0.2)
    # In the end the chains are as far off as exact draws are; ULA's bias, √8 · .025 s = .05, is half of that.
    assert float(np.median(curve.measured[-10:])) == pytest.approx(curve.floor, rel=0.35)


def test_it_stands_still_in_the_end_and_begins_again() -> None:
    decay = decay_of(name="ula", step_size=0.05)
    part = finished(decay)
    steps = [line.steps for line in decay._lines]
    decay.advance()
    assert [line.steps for line in decay._lines] == steps
    decay.restart()
    again = finished(decay)
    for first, second in zip(part.curves, again.curves, strict=True):
        assert np.array_equal(first.measured, second.measured)


def test_only_changes_of_the_sampler_begin_it_again() -> None:
    decay = decay_of(name="ula", step_size=0.05)
    for _ in range(5):
        decay.advance()
    lines = decay._lines
    for path, value in (("view.trail", 3), ("sampler.chains", 10), ("sampler.steps", 3)):
        decay.configure(presets.changed(decay._preset, {path: value}))
        assert decay._lines is lines
    changes: tuple[dict[str, Any], ...] = (
        {"sampler.step_size": 0.1}, {"sampler.name": "kinetic"}, {"sampler.temperature": 2.0},
    )  # fmt: skip
    for change in changes:
        before = decay._lines
        decay.configure(presets.changed(decay._preset, change))
        assert decay._lines is not before and all(line.steps == 0 for line in decay._lines)


def test_without_dimensions_there_is_nothing() -> None:
    decay = decay_of({"dimensions": ()})
    decay.advance()
    assert decay.part() is None


def test_memory_is_bounded_and_thinned_records_stay_in_order() -> None:
    decay = decay_of({"dimensions": (1,), "chains": 100}, name="ula", step_size=0.001)
    for _ in range(200):
        decay.advance()
    line = decay._lines[0]
    curve = line.curve()
    assert line.steps > RECORDS
    assert len(curve.times) <= RECORDS
    assert np.allclose(np.diff(curve.times), np.diff(curve.times)[0], rtol=1e-3)


@pytest.mark.parametrize("name", samplers.SAMPLERS)
def test_every_sampler_can_be_watched(name: str) -> None:
    decay = decay_of({"dimensions": (1, 4), "chains": 200}, name=name, step_size=0.05)
    for _ in range(LEAST):
        decay.advance()
    part = decay.part()
    assert part is not None and part.note
    for curve in part.curves:
        assert np.isfinite(curve.measured).all() and np.isfinite(curve.floor)
        assert not curve.measured.flags.writeable
        assert math.isnan(part.rate) == (not np.isfinite(curve.theory).all())


@pytest.mark.parametrize("temperature", [math.inf, 1e-3])
def test_extreme_temperatures_have_a_defined_result(temperature: float) -> None:
    """At β = 0 the chains are at home from the start; at β = 1000 such a step is far beyond stability."""
    part = finished(decay_of(name="ula", step_size=0.1, temperature=temperature), most=60)
    assert all(np.isfinite(curve.measured).all() for curve in part.curves)
    if math.isinf(temperature):
        assert math.isnan(part.rate)
        assert all(math.isnan(curve.slope) for curve in part.curves)
    else:
        assert part.rate > 0


def test_no_piece_of_work_is_long() -> None:
    """The largest that the schema allows, once warm: a step with its measurement, the best of some."""
    posterior = problem(TrainingPreset(title="x").decay, 1.0)
    settings = Sampler(name="ula", step_size=0.01)
    line = Line(128, posterior, settings, 4096, theory_of(settings, posterior.curvature), 0.01, 0)
    spent = []
    for _ in range(16):
        began = time.perf_counter()
        line.work()
        spent.append(time.perf_counter() - began)
    assert min(spent[-6:]) < 0.03
