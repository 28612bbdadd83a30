"""A training of images from fresh weights, for tests of all that runs beside it."""

from __future__ import annotations

from typing import Any

from gebm_studio.schema import TrainingPreset


def untrained(**sections: Any) -> TrainingPreset:
    """Two small MLPs that learn 8×8 digits; what is given takes the place of the sections of that name."""
    mlp = {"kind": "mlp", "hidden": 256, "depth": 2}
    given = {
        "title": "Digits",
        "figure": "F62",
        "seed": 62,
        "target": {"kind": "digits"},
        "base": mlp | {"latent_dim": 16},
        "energy": mlp,
        "objective": {"strength": 1.0},
        "training": {
            "batch": 256, "energy_lr": 0.001, "base_lr": 0.0005, "energy_steps": 3, "warmup": 50, "truth_every": 100,
        },
        "sampler": {"name": "kinetic", "step_size": 0.1, "friction": 2.0, "chains": 64, "steps": 1},
        "view": {"map": "none", "curves": "w1"},
    }  # fmt: skip
    return TrainingPreset.model_validate(given | sections)
