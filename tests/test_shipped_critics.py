"""F04, F06, F34, F43, F44 and F46: what is seen of critics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.experiments import Comparison, Training
from gebm_studio.experiments.best_fit import best_gaussian
from gebm_studio.models.bases import Linear
from gebm_studio.presets import variants
from tests.typed import training

CPU = torch.device("cpu")
F34 = {  # value, mean and standard deviation, as published
    "kl": (0.2831, 1.0100, 1.8308),
    "reverse_kl": (0.2480, 1.5782, 1.6319),
    "jensen_shannon": (0.1280, 1.3070, 1.7542),
    "jeffrey": (0.5705, 1.3218, 1.7034),
    "pearson": (0.6457, 0.5737, 1.9274),
}


def preset_of(name: str, /, **changes: Any) -> Any:
    return presets.changed(training(name), {path.replace("__", "."): v for path, v in changes.items()})


def look(run: Training | Comparison) -> m.CriticPart:
    """The critic as it is now; twenty frames have room for every piece of a look."""
    pull = m.Pull(needs=frozenset({"critic"}))
    parts = [run.frame(pull, run_id=1, state="paused", rate=0.0, device="cpu").critic for _ in range(20)]
    assert parts[-1] is not None
    return parts[-1]


def test_f04_the_gap_below_kl_is_the_kl_that_is_left() -> None:
    run = Training(preset_of("f04", sampler__chains=4), CPU)
    run.train(150)
    table = {name: run.curves.since(0)[:, index] for index, name in enumerate(run.curves.columns)}
    kl, bound, left = (table[name] for name in ("kl_base", "likelihood", "kl_gebm"))
    assert np.isfinite(kl).all() and len(kl) == 31
    assert kl - bound == pytest.approx(left, abs=1e-5)
    assert (left > 0).all() and np.ptp(kl) == 0
    # Held-out data and base draws tell of it with an error of a few hundredths.
    assert table["donsker_varadhan"][-10:] == pytest.approx(bound[-10:], abs=0.15)
    assert left[-5:].mean() < 0.15 * left[0]


def test_f06_the_arrows_of_unlikely_points_are_short_only_with_their_weights() -> None:
    run = Training(preset_of("f06", sampler__chains=1), CPU)
    run.train(3)
    data = run.frame(m.Pull(needs=frozenset({"data"})), run_id=1, state="paused", rate=0.0, device="cpu").data
    assert data is not None and data.arrows is not None and data.unweighted is not None
    weighted, plain = (np.linalg.norm(arrows[:, 2:], axis=1) for arrows in (data.arrows, data.unweighted))
    weight = np.exp(data.log_weight[: len(plain)])
    assert weighted == pytest.approx(weight * plain, rel=2e-3, abs=1e-6)
    light, heavy = weight < 0.3, weight > 1.5
    assert light.mean() > 0.1 and heavy.mean() > 0.1
    assert weighted[light].mean() < 0.3 * plain[light].mean() and weighted[heavy].mean() > plain[heavy].mean()


@pytest.mark.parametrize("name", list(F34))
def test_f34_the_exact_fits_are_the_published_ones(name: str) -> None:
    run = Training(preset_of("f34", compare__runs=[], training__train="none", sampler__chains=1), CPU)
    fit = best_gaussian(run.model, run.target, name)
    assert fit is not None
    assert tuple(fit) == pytest.approx(F34[name], abs=1e-3)


def fitted(name: str, iterations: int, **changes: Any) -> tuple[float, float]:
    """Mean and standard deviation of the base, averaged over the second half of some iterations."""
    chosen = {str(run.objective.name): run for run in variants(preset_of("f34", sampler__chains=1, **changes))}
    run = Training(chosen[name], CPU)
    base = run.model.base
    assert isinstance(base, Linear)
    seen = []
    for _ in range(iterations // 10):
        run.train(10)
        seen.append((base.shift.item(), abs(base.matrix.item())))
    mean, std = np.mean(seen[len(seen) // 2 :], axis=0)
    return float(mean), float(std)


def test_f34_adversarial_training_finds_the_best_gaussian_of_its_divergence() -> None:
    """KL alone in few iterations: measured .01 and .02 off over two seeds; the next best fit is .3 away."""
    mean, std = fitted("kl", 240, training__warmup=100, training__base_lr=0.01)
    assert mean == pytest.approx(F34["kl"][1], abs=0.1)
    assert std == pytest.approx(F34["kl"][2], abs=0.1)


@pytest.mark.slow_statistics
@pytest.mark.parametrize("name", ["kl", "reverse_kl", "jensen_shannon", "pearson"])
def test_f34_each_run_comes_to_its_own_exact_fit(name: str) -> None:
    """Within .06, as the preset says: the base wanders by .03, and its mean over 600 iterations by a third of that."""
    mean, std = fitted(name, 1200)
    assert mean == pytest.approx(F34[name][1], abs=0.06)
    assert std == pytest.approx(F34[name][2], abs=0.06)


def test_f43_clipping_lets_gradients_vanish_or_explode_and_the_penalty_does_neither() -> None:
    """The factor a layer back is e to minus the slope of log norm over layers; a line fits what is exponential."""
    run = Comparison(preset_of("f43", sampler__chains=1), CPU)
    run.train(25)
    factors, residuals = {}, {}
    for layer in look(run).layers:
        logs = np.log(layer.norms[layer.norms > 1e-30].astype(np.float64))
        places = np.arange(len(logs))
        line = np.polyfit(places, logs, 1)
        factors[layer.label] = math.exp(-line[0])
        residuals[layer.label] = np.std(logs - np.polyval(line, places)) / np.std(logs)
    assert list(factors) == ["clip .001", "clip .01", "clip .1", "gradient penalty"]
    assert factors["clip .001"] < 0.02 and factors["clip .01"] < 0.15
    assert factors["clip .1"] > 1.4
    assert factors["gradient penalty"] == pytest.approx(1.0, abs=0.15)
    assert max(residuals[label] for label in ("clip .001", "clip .01", "clip .1")) < 0.2


def test_f44_the_gradient_gathers_around_one() -> None:
    """Measured 1.08 with a spread of .15 after 50 iterations, after the warm-up; at the start the critic is flat."""
    run = Training(preset_of("f44", sampler__chains=1), CPU)
    flat = look(run).segments
    assert flat is not None and flat.mean() < 0.1
    run.train(30)
    part = look(run)
    assert part.segments is not None and part.wanted == 1.0
    assert part.segments.mean() == pytest.approx(1.0, abs=0.15)
    assert part.segments.std() < 0.3
    assert ((part.segments > 0.7) & (part.segments < 1.3)).mean() > 0.8


def test_f46_one_power_iteration_a_step_keeps_the_norms_at_one() -> None:
    run = Training(preset_of("f46", sampler__chains=1), CPU)
    run.train(30)
    spectra = look(run).spectra
    assert spectra is not None and len(spectra.exact) == 4
    assert spectra.effective.min() > 1 - 1e-5  # an estimate uᵀWv is never above σ₁
    assert spectra.effective.max() < 1.3
    assert np.abs(spectra.exact - 1).max() > 0.2, "the weights themselves go where they like"
    assert spectra.slope <= spectra.product == pytest.approx(math.prod(spectra.effective), rel=1e-4)
    k = np.arange(spectra.tangents.shape[1])
    for tangents, first, second in zip(spectra.tangents, spectra.exact, spectra.second, strict=True):
        assert (tangents <= tangents[0] * (second / first) ** (2.0 * k) * 1.001 + 1e-6).all()
