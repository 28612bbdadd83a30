"""One ascent of the critic: the objective's value on a batch, its penalty, and the gradients of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from gebm_studio import schema
from gebm_studio.models.energies import Energy
from gebm_studio.objectives import OBJECTIVES, PENALTIES


@dataclass(frozen=True)
class Climb:
    """What one ascent gives.

    loss: λ · penalty − value, (). gradients: one for each parameter, None where it takes no part.
    base: e(samples) (M,), detached. penalty: before λ, or None. overflows: exponents that had to be guarded.
    """

    loss: Tensor
    gradients: Sequence[Tensor | None]
    base: Tensor
    penalty: Tensor | None
    overflows: Tensor


class Climber:
    """Computes ascents of one critic.

    Arguments:
        critic: e, whose network learns.
        parameters: Those of the critic, in the order of the gradients.
    """

    def __init__(self, critic: Energy, parameters: list[nn.Parameter]) -> None:
        self._critic, self._parameters = critic, parameters
        # Switching modes costs a tenth of a step, so only where it does something.
        self._normalised = any(is_parametrized(module) for module in critic.modules())

    def climb(
        self, settings: schema.Objective, data: Tensor, samples: Tensor, c: Tensor, generator: torch.Generator
    ) -> Climb:
        """The ascent on data (N, *shape) and samples (M, *shape); nothing is changed but the power iteration's state.

        Arguments:
            settings: Names objective and penalty, and gives λ.
            data: Draws of P.
            samples: Draws of what the critic pushes up.
            c: The learned constant, ().
            generator: Draws the points of the segments.
        """
        objective, critic = OBJECTIVES[settings.name], self._critic
        if objective.value is None:
            raise ValueError(f"objective {settings.name} trains no critic")
        if self._normalised:
            critic.train()  # lets spectral normalisation take its power-iteration step, once
        on_data, on_samples = critic.judge(data, samples)
        if self._normalised:
            critic.eval()
        value, overflows = objective.value(on_data, on_samples, c)
        loss, penalty = -value, None
        if settings.penalty in PENALTIES and settings.strength > 0:
            penalty = PENALTIES[settings.penalty](critic, data, samples, generator)
            loss = loss + settings.strength * penalty
        gradients = torch.autograd.grad(loss, self._parameters, allow_unused=True)
        return Climb(loss.detach(), gradients, on_samples.detach(), penalty, overflows)
