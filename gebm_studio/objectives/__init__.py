"""Objectives: what the critic climbs and the base descends, and penalties."""

from __future__ import annotations

import math

from torch import Tensor

from gebm_studio.objectives.bounds import (
    base_loss,
    climbed_constant,
    donsker_varadhan,
    guarded_exp,
    kale,
    log_mean_exp,
)
from gebm_studio.objectives.gan import gan, non_saturating_loss, saturating_loss
from gebm_studio.objectives.objective import Objective
from gebm_studio.objectives.penalties import PENALTIES, gradient_penalty

__all__ = [
    "OBJECTIVES",
    "PENALTIES",
    "Objective",
    "base_loss",
    "climbed_constant",
    "donsker_varadhan",
    "gan",
    "gradient_penalty",
    "guarded_exp",
    "kale",
    "log_mean_exp",
    "non_saturating_loss",
    "saturating_loss",
]


def _minus(log_ratio: Tensor) -> Tensor:
    return -log_ratio


OBJECTIVES: dict[str, Objective] = {
    "kale": Objective(kale, base_loss, tight=_minus, bounds="KL(P‖G)"),
    "donsker_varadhan": Objective(donsker_varadhan, base_loss, tight=_minus, bounds="KL(P‖G)"),
    "gan": Objective(
        gan,
        saturating_loss,
        passing=non_saturating_loss,
        tight=_minus,
        bounds="2·JSD − log 4",
        divergence=lambda value: (value + math.log(4)) / 2,
    ),
}
"""By the name of the schema's `objective.name`."""
