"""Small particle flows for tests."""

from __future__ import annotations

from typing import Any

import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.experiments import ParticleFlow
from gebm_studio.schema import ParticlesPreset

CPU = torch.device("cpu")
MIXTURE = {"kind": "mixture", "means": [[-1.0, 0.0], [1.0, 0.5]], "stds": [0.3, 0.4]}
FOUR = (
    {"name": "mmd", "step_size": 0.1, "scale": 0.5, "noise": 0.3},
    {"name": "langevin", "step_size": 0.01},
    {"name": "sinkhorn", "step_size": 0.05, "epsilon": 0.1},
)


def preset(**changes: Any) -> ParticlesPreset:
    """A KALE flow of few points; dots of a path are written as two underscores."""
    small = {"cloud.particles": 20, "cloud.targets": 30, "flow.scale": 0.5, "measure.every": 2, "view.record": 1}
    given = {path.replace("__", "."): value for path, value in changes.items()}
    return presets.changed(ParticlesPreset(title="small", target=MIXTURE), small | given)  # type: ignore[arg-type]


def flow(**changes: Any) -> ParticleFlow:
    return ParticleFlow(preset(**changes), CPU)


def go(run: ParticleFlow, steps: int) -> ParticleFlow:
    goal = run.iteration + steps
    while run.iteration < goal:
        run.advance()
    run.settle()
    return run


def frame(run: ParticleFlow, **pull: Any) -> m.Frame:
    asked = m.Pull(run_id=1, needs=frozenset({"flow", "flow_curves"}), **pull)
    return run.frame(asked, run_id=1, state="running", rate=0.0, device="cpu")
