"""Objectives: the bounds that train the energy, the base's loss, and penalties."""

from gebm_studio.objectives.bounds import (
    BOUNDS,
    base_loss,
    climbed_constant,
    donsker_varadhan,
    gradient_penalty,
    guarded_exp,
    kale,
    log_mean_exp,
)

__all__ = [
    "BOUNDS",
    "base_loss",
    "climbed_constant",
    "donsker_varadhan",
    "gradient_penalty",
    "guarded_exp",
    "kale",
    "log_mean_exp",
]
