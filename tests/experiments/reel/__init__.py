"""Small image runs whose gallery is looked at frame by frame."""

from __future__ import annotations

from typing import Any

import torch

from gebm_studio import presets
from gebm_studio.experiments import Training
from gebm_studio.messages import Frame, GalleryPart, Pull, State
from tests.images import untrained

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {
    "base": {"kind": "mlp", "latent_dim": 4, "hidden": 16, "depth": 1},
    "energy": {"kind": "mlp", "hidden": 16, "depth": 1},
    "training.batch": 16,
    "training.metrics_every": 1000,
    "training.truth_every": 1000,
    "sampler.name": "kinetic",
    "sampler.step_size": 0.2,
    "sampler.friction": 1.0,
    "sampler.chains": 4,
    "sampler.steps": 1,
    "reel.chains": 9,
    "reel.steps": 24,
    "reel.frames": 5,
}


def run_of(**changes: Any) -> Training:
    """A small model of digits, not trained."""
    changes = {path.replace("__", "."): value for path, value in changes.items()}
    return Training(presets.changed(untrained(), {**SMALL, **changes}), CPU)


def looked(run: Training, state: State = "paused", **pull: Any) -> Frame:
    """One frame with the gallery."""
    wanted = Pull(needs=frozenset({"gallery"}), run_id=1, **pull)
    return run.frame(wanted, run_id=1, state=state, rate=0.0, device="cpu")


def part_of(run: Training, **pull: Any) -> GalleryPart:
    """The part of one frame."""
    part = looked(run, **pull).gallery
    assert part is not None
    return part


def rested(run: Training, **pull: Any) -> GalleryPart:
    """The part once nothing is left to do."""
    for _ in range(100_000):
        frame = looked(run, **pull)
        if frame.rests:
            assert frame.gallery is not None
            return frame.gallery
    raise AssertionError("the gallery does not come to rest")


def settle(run: Training, **pull: Any) -> Any:
    """The film once nothing is left to do."""
    film = rested(run, **pull).film
    assert film is not None
    return film
