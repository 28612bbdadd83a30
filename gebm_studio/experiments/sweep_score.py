"""How well a base does: the share of the data's mass that its samples deliver."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gebm_studio.targets import Target

SAMPLES = 2000
"""Samples of the base from which a score is taken."""
FOUND = 0.25
"""A mode counts as found from this share of its mass on."""
PROTOCOL = (
    f"Score: 100 Σ min(w, q) over the modes, w the data's mass of a mode, q the share of n = {SAMPLES} samples of the "
    "base, drawn after the last iteration, in its core ({core}); one training each, a diverged one scores 0; "
    f"a mode counts as found from {100 * FOUND:.0f} % of its mass on"
)


@dataclass(frozen=True)
class Score:
    """Of one training: score and quality in percent, modes found as a share of all, whether it diverged.

    Quality is the share of samples in any core; a mode is found where it has `FOUND` of its mass.
    """

    score: float
    quality: float
    found: float
    diverged: bool


FAILED = Score(0.0, 0.0, 0.0, True)


def score_of(samples: Tensor, target: Target) -> Score:
    """The score 100 Σ_k min(w_k, q_k) of samples (n, *shape); points that are not finite lie in no mode.

    Σ_k min(w_k, q_k) = 1 − TV of the masses of the cores, counting all that lies outside as lost: it falls with modes
    that are missed, with wrong weights and with samples that are like no data.

    Raises:
        ValueError: Where the target names no modes.
    """
    if target.modes is None or target.mode_weights is None:
        raise ValueError("the score needs a target that names its modes")
    share, weights = target.mode_shares(samples)[:-1], target.mode_weights.double().cpu()
    return Score(
        score=100.0 * torch.minimum(share, weights).sum().item(),
        quality=100.0 * share.sum().item(),
        found=(share >= FOUND * weights).double().mean().item(),
        diverged=False,
    )


def data_score(target: Target, seed: int) -> float:
    """What as many fresh draws of the data score: no base can be seen to do better."""
    generator = torch.Generator(target.device).manual_seed(seed)
    return score_of(target.sample(SAMPLES, generator), target).score
