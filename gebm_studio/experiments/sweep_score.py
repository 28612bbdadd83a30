"""How well a base does: the share of the data's mass that its samples deliver."""

from __future__ import annotations

import math
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
    "base, drawn after the last iteration, in its core ({core}); one training each, a diverged one scores 0"
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
    distance, nearest = torch.cdist(samples.flatten(1), target.modes).min(dim=1)
    inside = nearest[distance <= target.mode_radius]
    share = torch.bincount(inside, minlength=len(target.modes)).double() / len(samples)
    weights = target.mode_weights.double()
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


def interval(scores: list[float]) -> tuple[float, float]:
    """Mean of independent scores, and half the width of its 95 % t-interval, NaN from fewer than two."""
    n = len(scores)
    if n == 0:
        return math.nan, math.nan
    mean = sum(scores) / n
    if n == 1:
        return mean, math.nan
    from scipy.special import stdtrit

    variance = sum((score - mean) ** 2 for score in scores) / (n - 1)
    return mean, float(stdtrit(n - 1, 0.975)) * math.sqrt(variance / n)
