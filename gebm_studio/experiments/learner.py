"""One optimisation step of the energy and one of the base."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gebm_studio import schema
from gebm_studio.experiments.climb import Climber
from gebm_studio.models import Gebm
from gebm_studio.objectives import OBJECTIVES, climbed_constant
from gebm_studio.objectives.objective import BaseLoss
from gebm_studio.targets import Target

DIVERGED_AT = 1e8
"""A bound or an energy beyond this is no longer learning anything."""


class Diverged(Exception):
    """A quantity became NaN, infinite or absurdly large."""

    def __init__(self, quantity: str, value: float, advice: str) -> None:
        super().__init__(f"{quantity} became {value:g}; {advice}")
        self.quantity = quantity


@dataclass
class Learner:
    """Trains a GEBM on a target by the alternating recipe.

    `overflows` counts exponents that had to be guarded since the start; `penalty` is that
    of the last energy step.

    References:
        Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033.
    """

    model: Gebm
    target: Target
    data_noise: torch.Generator
    latent_noise: torch.Generator

    def __post_init__(self) -> None:
        self.overflows = 0
        self.penalty = math.nan
        self.energy_parameters = list(self.model.energy.parameters())
        self.base_parameters = list(self.model.base.parameters())
        self._climber = Climber(self.model.critic, self.energy_parameters)
        self._optimisers: dict[str, torch.optim.Adam] = {}

    def configure(self, training: schema.Training) -> None:
        """Take the learning rates of the settings, making the optimisers at the first call."""
        for name, parameters, rate in (
            ("energy", self.energy_parameters, training.energy_lr),
            ("base", self.base_parameters, training.base_lr),
        ):
            if not parameters:
                continue
            if name not in self._optimisers:
                betas = (training.beta1, training.beta2)
                # One fused kernel instead of a dozen small ones for each parameter.
                fused = self.model.device.type in ("cpu", "cuda")
                self._optimisers[name] = torch.optim.Adam(parameters, lr=rate, betas=betas, fused=fused)
            self._optimisers[name].param_groups[0]["lr"] = rate

    def energy_step(self, objective: schema.Objective, training: schema.Training) -> None:
        """Climb the objective in E and move c on one batch.

        Raises:
            Diverged: Naming the quantity; the parameters may then be unusable.
        """
        model, count = self.model, training.batch
        data = self.target.sample(count, self.data_noise)
        with torch.no_grad():
            samples = model.base(model.prior(count, self.latent_noise))
        if not self.energy_parameters:
            with torch.no_grad():
                self._move_constant(model.critic(samples), training)
            return
        climb = self._climber.climb(objective, data, samples, model.log_partition, self.latent_noise)
        if climb.penalty is not None:
            self.penalty = climb.penalty.item()
        self.overflows += int(climb.overflows)
        self._check("the energy's loss", climb.loss.item(), "lower the energy rate or raise the penalty's weight")
        self._descend("energy", climb.gradients, self.energy_parameters)
        self._move_constant(climb.base, training)

    def base_step(self, objective: schema.Objective, training: schema.Training) -> None:
        """Descend the objective's loss of the base in its parameters on one batch.

        Raises:
            Diverged: Naming the quantity.
        """
        model = self.model
        z = model.prior(training.batch, self.latent_noise)
        values = model.critic(model.base(z))
        if self.base_parameters:
            loss = _base_loss(objective)(values)
            self._check("the base's loss", loss.item(), "lower the base rate or the energy rate")
            # Not .backward(): the critic's parameters must not collect gradients.
            gradients = torch.autograd.grad(loss, self.base_parameters, allow_unused=True)
            self._descend("base", gradients, self.base_parameters)
        self._move_constant(values.detach(), training)

    def optimiser_state(self) -> dict[str, Tensor]:
        """Adam's moments and counts, as flat tensors by name."""
        tensors: dict[str, Tensor] = {}
        for name, optimiser in self._optimisers.items():
            for index, moments in optimiser.state_dict()["state"].items():
                tensors |= {f"{name}.{index}.{key}": value.clone() for key, value in moments.items()}
        return tensors

    def load_optimiser_state(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `optimiser_state` gave."""
        for name, optimiser in self._optimisers.items():
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in tensors.items():
                owner, index, moment = key.split(".")
                if owner == name:
                    state.setdefault(int(index), {})[moment] = value.clone()
            optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})

    def _descend(self, name: str, gradients: Sequence[Tensor | None], parameters: list[nn.Parameter]) -> None:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        norm = _norm(gradient for gradient in gradients if gradient is not None)
        self._check(f"the {name}'s gradient", norm, f"lower the {name} rate", math.inf)
        self._optimisers[name].step()
        self._optimisers[name].zero_grad(set_to_none=True)

    def _move_constant(self, critic_values: Tensor, training: schema.Training) -> None:
        """Move c towards log Z, given e(G(z)) (M,)."""
        c = self.model.log_partition
        c.copy_(climbed_constant(self.model.read(critic_values), c, training.log_partition_rate))

    @staticmethod
    def _check(quantity: str, value: float, advice: str, limit: float = DIVERGED_AT) -> None:
        if not abs(value) < limit:
            raise Diverged(quantity, value, advice)


def _base_loss(settings: schema.Objective) -> BaseLoss:
    objective = OBJECTIVES[settings.name]
    loss = objective.passing if settings.descent == "passing" and objective.passing else objective.base_loss
    if loss is None:
        raise ValueError(f"objective {settings.name} trains no base")
    return loss


def _norm(gradients: Iterable[Tensor]) -> float:
    return torch.nn.utils.get_total_norm(list(gradients)).item()
