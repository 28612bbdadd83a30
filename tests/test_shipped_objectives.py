"""F40 and F48: what the base is told by a critic that sees through it, and by a kernel's witness."""

from __future__ import annotations

import math

import torch

from gebm_studio import presets
from gebm_studio.experiments import Training
from tests.typed import training

CPU = torch.device("cpu")
QUIET = {"sampler.steps": 0, "training.metrics_every": 10, "training.truth_every": 150}


def runs_of(name: str, iterations: int) -> dict[str, Training]:
    """Each run of the comparison by its label, alone: in lockstep they take the same steps."""
    preset = presets.changed(training(name), QUIET)
    found = {}
    for variant, alone in zip(preset.compare.runs, presets.variants(preset), strict=True):
        found[variant.label] = Training(alone, CPU)
        found[variant.label].train(iterations)
    return found


def column(run: Training, name: str) -> torch.Tensor:
    """A column of the curves (rows,), without what was not measured."""
    values = torch.from_numpy(run.curves.since(0))[:, run.curves.columns.index(name)]
    return values[~values.isnan()]


def test_f40_the_saturating_base_loses_its_gradient_and_stands_still() -> None:
    """Rows 100 to 150; measured over two seeds: gradients of 3e-9 to 2e-3 against 20 to 40."""
    runs = runs_of("f40", 150)
    saturating, passing = runs["GAN"], runs["non-saturating GAN"]
    for run in runs.values():
        assert abs(float(column(run, "divergence")[-1]) - math.log(2)) < 0.01
    assert float(column(saturating, "base_gradient")[-5:].median()) < 1e-3
    assert float(column(passing, "base_gradient")[-5:].min()) > 5
    still, moved = (float(column(run, "w1_base")[-1]) for run in (saturating, passing))
    assert still > 0.85
    assert moved < still - 0.04


def test_f48_mmd_and_w1_fall_together() -> None:
    """Measured over two seeds: MMD² from .43 to .49 down to .004 to .01, W₁ from 1.93 to .71 to .81."""
    for run in runs_of("f48", 150).values():
        mmd, w1 = column(run, "divergence"), column(run, "w1_base")
        assert float(mmd[0]) > 0.35
        assert float(mmd[-5:].mean()) < 0.03
        assert float(w1[-1]) < 0.5 * float(w1[0])
