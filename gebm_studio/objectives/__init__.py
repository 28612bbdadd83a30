"""Objectives: what the critic climbs and the base descends, and penalties."""

from __future__ import annotations

from torch import Tensor

from gebm_studio.divergences.lambert import log_omega
from gebm_studio.objectives.bounds import base_loss, climbed_constant, donsker_varadhan, kale, log_likelihood
from gebm_studio.objectives.f_divergences import F_DIVERGENCES, FDivergence
from gebm_studio.objectives.games import HINGE, LEAST_SQUARES, MMD, WASSERSTEIN, difference
from gebm_studio.objectives.guards import guarded_exp, log_mean_exp
from gebm_studio.objectives.objective import Objective
from gebm_studio.objectives.penalties import PENALTIES, gradient_penalty

__all__ = [
    "F_DIVERGENCES",
    "OBJECTIVES",
    "PENALTIES",
    "FDivergence",
    "Objective",
    "base_loss",
    "climbed_constant",
    "donsker_varadhan",
    "gradient_penalty",
    "guarded_exp",
    "kale",
    "log_mean_exp",
    "log_omega",
]


def _minus(log_ratio: Tensor) -> Tensor:
    return -log_ratio


OBJECTIVES: dict[str, Objective] = {
    "kale": Objective(kale, base_loss, tight=_minus, bounds="KL(P‖G)", estimates="KL(P‖G)"),
    "donsker_varadhan": Objective(donsker_varadhan, base_loss, tight=_minus, bounds="KL(P‖G)", estimates="KL(P‖G)"),
    **{name: row.objective() for name, row in F_DIVERGENCES.items()},
    "least_squares": LEAST_SQUARES,
    "hinge": HINGE,
    "wasserstein": WASSERSTEIN,
    "mmd": MMD,
    # The gradient of the likelihood: E falls on data and rises on the model's own samples.
    "contrastive_divergence": Objective(difference, None, tight=_minus, estimates="KL(P‖G)", negatives="contrastive"),
    "persistent_chains": Objective(difference, None, tight=_minus, estimates="KL(P‖G)", negatives="persistent"),
    "flow_likelihood": Objective(log_likelihood, None, likelihood=True),
}
"""By the name of the schema's `objective.name`."""
