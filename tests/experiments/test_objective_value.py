"""What a run says of its own objective, with the exact critic of two Gaussians."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets, schema
from gebm_studio.divergences.gaussians import kl_normal
from gebm_studio.experiments import Diverged, Training

P, G = (0.0, 0.9), (0.4, 1.0)
"""Mean and standard deviation of data and base."""
KL, REVERSE = kl_normal(*P, *G), kl_normal(*G, *P)
HELLINGER = 2 * (1 - math.sqrt(2 * 0.9 / (0.81 + 1)) * math.exp(-0.16 / (4 * 1.81)))
CHI = 1 / (0.9 * math.sqrt(2 - 0.81)) * math.exp(0.16 / (2 - 0.81)) - 1
EXACT = {
    "kale": KL, "donsker_varadhan": KL, "kl": KL, "reverse_kl": REVERSE, "jeffrey": KL + REVERSE,
    "hellinger": HELLINGER, "pearson": CHI,
}  # fmt: skip


def exact_run(
    name: str, p: tuple[float, float] = P, g: tuple[float, float] = G, changes: dict[str, Any] | None = None
) -> Training:
    """Data N(p), base N(g), and the exact log ratio, of which the critic is made."""
    preset = presets.changed(
        schema.TrainingPreset(title="t"),
        {
            "target": {"kind": "mixture", "means": [[p[0]]], "stds": [p[1]]},
            "base": {"kind": "linear", "matrix": [[g[1]]], "shift": [g[0]]}, "energy": {"kind": "ratio"},
            "objective": {"name": name, "penalty": "none"}, "training": {"train": "base", "batch": 8192},
            "sampler.chains": 8,
        } | (changes or {}),
    )  # fmt: skip
    return Training(preset, torch.device("cpu"))


def error_of(note: str) -> float:
    return float(note.split("standard error ")[1].split(maxsplit=1)[0])


@pytest.mark.parametrize("name", EXACT)
def test_the_divergence_of_the_exact_critic_is_the_divergence(name: str) -> None:
    """Within four standard errors, as the note gives them from eight blocks (a t with seven degrees: 5.4)."""
    run = exact_run(name)
    row, notes = run.curves.latest(), run.evaluation.notes
    error = error_of(notes["divergence"])
    assert abs(row["divergence"] - EXACT[name]) < 5.4 * error
    assert error < 0.1
    assert "1024 base draws" in notes["divergence"]


def test_gan_and_jensen_shannon_differ_by_log_four_and_agree_on_the_divergence() -> None:
    gan, js = (exact_run(name).curves.latest() for name in ("gan", "jensen_shannon"))
    assert js["objective_heldout"] - gan["objective_heldout"] == pytest.approx(math.log(4), abs=1e-6)
    assert js["divergence"] == pytest.approx(gan["divergence"], abs=1e-6)


def test_the_base_s_gradient_is_the_shift() -> None:
    """P = N(0, 1), G = z + θ: dK/dθ = θ and dK/dσ = 0 at σ = 1; five standard errors of 8192 weighted draws."""
    run = exact_run("kale", (0.0, 1.0), (0.4, 1.0))
    run.step(m.StepOnce("base"))
    assert run.learner.base_gradient == pytest.approx(0.4, abs=0.08)
    run.train(10)
    assert run.curves.latest()["base_gradient"] == run.learner.base_gradient
    assert "8192" in run.evaluation.notes["base_gradient"]


def test_negative_chains_that_blow_up_are_told_in_a_line() -> None:
    run = exact_run(
        "persistent_chains",
        changes={
            "energy": {"kind": "quadratic", "precision": [[1000.0]], "mean": [0.0]}, "training.train": "energy",
            "training.batch": 16, "objective.chain_steps": 50, "objective.chain_step_size": 10.0,
        },
    )  # fmt: skip
    with pytest.raises(Diverged, match=r"^the negative chains' energy became nan; .* lower the negative step size$"):
        run.step(m.StepOnce("energy"))
