"""Objectives: what the energy climbs and the base descends, and penalties."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from gebm_studio.objectives.bounds import (
    base_loss,
    climbed_constant,
    donsker_varadhan,
    gradient_penalty,
    guarded_exp,
    kale,
    log_mean_exp,
)
from gebm_studio.objectives.gan import gan, non_saturating_loss

__all__ = [
    "OBJECTIVES",
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
]


class Objective(NamedTuple):
    """What energy and base learn by, as functions of energies on batches alone.

    value: E(x) of data (N,), E(G(z)) (M,) and c (), to what the energy climbs, (), and how many exponents
        had to be guarded.
    base_loss: E(G(z)) (M,) to what the base descends, (), up to its gradient.
    """

    value: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
    base_loss: Callable[[Tensor], Tensor]


OBJECTIVES: dict[str, Objective] = {
    "kale": Objective(kale, base_loss),
    "donsker_varadhan": Objective(donsker_varadhan, base_loss),
    "gan": Objective(gan, non_saturating_loss),
}
"""By the name of the schema's `objective.name`."""
