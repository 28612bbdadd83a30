"""Objectives: the bounds that train the energy, the base's loss, and penalties."""

from gebm_studio.objectives.bounds import (
    BOUNDS,
    base_loss,
    donsker_varadhan,
    gradient_penalty,
    guarded_exp,
    kale,
    log_mean_exp,
    partition_ascent,
)

__all__ = [
    "BOUNDS",
    "base_loss",
    "donsker_varadhan",
    "gradient_penalty",
    "guarded_exp",
    "kale",
    "log_mean_exp",
    "partition_ascent",
]
