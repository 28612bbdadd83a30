"""One optimisation step of the energy and one of the base."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gebm_studio import schema
from gebm_studio.experiments.adam import Adam, laid_out_as
from gebm_studio.experiments.negatives import Negatives
from gebm_studio.experiments.steps import Steps
from gebm_studio.models import Gebm
from gebm_studio.models.energies import Normalised
from gebm_studio.objectives import OBJECTIVES, climbed_constant
from gebm_studio.objectives.objective import BaseLoss
from gebm_studio.presets import PresetError
from gebm_studio.schema.run import Speed
from gebm_studio.targets import Target

DIVERGED_AT = 1e8
"""A bound or an energy beyond this is no longer learning anything."""


READY = ("ready_data", "ready_negatives")
"""Names of what waits for an energy step, in a saved run."""


class Diverged(Exception):
    """A quantity became NaN, infinite or absurdly large."""

    def __init__(self, quantity: str, value: float, advice: str) -> None:
        super().__init__(f"{quantity} became {value:g}; {advice}")
        self.quantity = quantity


@dataclass
class Learner:
    """Trains a GEBM on a target by the alternating recipe.

    `overflows` counts exponents that had to be guarded since the start; `penalty` is that of the last energy step,
    `base_gradient` the norm of the base's gradient in the last base step.

    References:
        Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033.
    """

    model: Gebm
    target: Target
    data_noise: torch.Generator
    latent_noise: torch.Generator
    speed: Speed = field(default_factory=Speed)

    def __post_init__(self) -> None:
        self.overflows = 0
        self.penalty = self.base_gradient = math.nan
        self.energy_parameters = list(self.model.energy.parameters())
        self.base_parameters = list(self.model.base.parameters())
        self.steps = Steps(self.model, self.energy_parameters, self.base_parameters, self.speed)
        self._negatives = Negatives(self.model, self.latent_noise)
        self._walk: Iterator[None] | None = None
        self._optimisers: dict[str, Adam] = {}
        self._renew_references()

    def tries(self, objective: schema.Objective, training: schema.Training) -> bool:
        """Whether the device was still being tried for the fastest energy step, a piece of that; never on the CPU."""
        if not self.steps.undecided(objective):
            return False
        self.steps.go_on_trying(self.target.shape, objective, training.batch)
        if not self.steps.undecided(objective):
            self.load_optimiser_state(self.optimiser_state())  # in the layout that the weights have now
        return True

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
                self._optimisers[name] = Adam(parameters, lr=rate, betas=betas, fused=fused)
            self.set_rate(name, rate)

    def set_rate(self, name: str, rate: float) -> None:
        """Set the learning rate of the `energy` or the `base`, where it has something to learn."""
        if name in self._optimisers:
            self._optimisers[name].param_groups[0]["lr"] = rate

    def walks(self, objective: schema.Objective, training: schema.Training) -> bool:
        """Whether the negatives of the next energy step are still under way, after a piece of their walk.

        Raises:
            Diverged: Where a chain is lost.
        """
        if OBJECTIVES[objective.name].negatives == "base" or self._negatives.ready is not None:
            return False
        if self._walk is None:
            data = self.target.sample(training.batch, self.data_noise)
            self._walk = self._negatives.draw_in_pieces(objective, data)
        try:
            next(self._walk)
        except StopIteration:
            self._walk = None
        except FloatingPointError as error:
            self._walk = None
            raise Diverged("the negative chains' energy", math.nan, f"{error}; lower the negative step size") from error
        return self._walk is not None

    def settle(self, objective: schema.Objective, training: schema.Training) -> None:
        """Finish a walk that is under way, so that `tensors` hold all of it."""
        while self._walk is not None:
            self.walks(objective, training)

    def energy_step(self, objective: schema.Objective, training: schema.Training) -> None:
        """Climb the objective in E and move c on one batch.

        Raises:
            Diverged: Naming the quantity; the parameters may then be unusable.
            PresetError: Where the objective trains no energy.
        """
        record, model, count = OBJECTIVES[objective.name], self.model, training.batch
        if record.value is None or (record.likelihood and not isinstance(model.critic, Normalised)):
            raise PresetError([f"objective {objective.name} trains no energy but one of kind flow; the energy rests"])
        if record.negatives == "base":
            draw = self.target.sample_for_base if self.steps.descender.learning else self.target.sample
            data = draw(count, self.data_noise)
            pushed_up = samples = self.steps.descender.samples(model.prior(count, self.latent_noise))
        else:
            data, pushed_up = self._walked(objective, training)
            samples = self.steps.descender.samples(model.prior(count, self.latent_noise))
        if not self.energy_parameters:
            self._renew_references()
            with torch.no_grad():
                self._move_constant(model.critic(samples), training)
            return
        climb = self.steps.climber.climb(objective, data, pushed_up, model.log_partition, self.latent_noise)
        gradients = climb.gradients
        self.penalty = math.nan if climb.penalty is None else climb.penalty.item()
        if objective.penalty == "weight_decay":
            gradients = self._with_decay(gradients, objective.strength)
        self.overflows += int(climb.overflows)
        self._check("the energy's loss", climb.loss.item(), "lower the energy rate or raise the penalty's weight")
        self._descend("energy", gradients)
        if objective.penalty == "clip":
            with torch.no_grad():
                for parameter in self.energy_parameters:
                    parameter.clamp_(-objective.clip, objective.clip)
        self._renew_references()
        values = climb.base
        if pushed_up is not samples:
            with torch.no_grad():
                values = model.critic(samples)
        self._move_constant(values, training)

    def base_step(self, objective: schema.Objective, training: schema.Training) -> None:
        """Descend the objective's loss of the base in its parameters on one batch.

        Raises:
            Diverged: Naming the quantity.
            PresetError: Where the objective trains no base.
        """
        z = self.model.prior(training.batch, self.latent_noise)
        if OBJECTIVES[objective.name].likelihood:
            descent = self.steps.descender.likelihood(self.target.sample(training.batch, self.data_noise), z)
        else:
            descent = self.steps.descender.descend(_base_loss(objective), z)
        if self.base_parameters:
            self._check("the base's loss", descent.loss.item(), "lower the base rate or the energy rate")
            self.base_gradient = self._descend("base", descent.gradients)
            if not self.steps.descender.learning:  # a single step of a base that rests
                self.steps.recalibrated()
        self._renew_references()
        self._move_constant(descent.values, training)

    def tensors(self) -> dict[str, Tensor]:
        """What else goes on: the replay buffer, and what was measured in the last steps."""
        numbers = {"penalty": self.penalty, "base_gradient": self.base_gradient}
        known = {name: value for name, value in numbers.items() if not math.isnan(value)}
        found = {name: torch.tensor(value, dtype=torch.float64) for name, value in known.items()}
        if self._negatives.buffer is not None:
            found["buffer"] = self._negatives.buffer
        if self._negatives.ready is not None:
            found |= dict(zip(READY, self._negatives.ready, strict=True))
        return found

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave; what an older file lacks begins anew."""
        self.penalty = float(tensors.get("penalty", math.nan))
        self.base_gradient = float(tensors.get("base_gradient", math.nan))
        buffer = tensors.get("buffer")
        self._negatives.buffer = None if buffer is None else buffer.to(self.model.device, copy=True)
        self._walk = None
        self._negatives.ready = None
        if READY[0] in tensors:
            data, negatives = (tensors[name].to(self.model.device, copy=True) for name in READY)
            self._negatives.ready = data, negatives

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
                    state.setdefault(int(index), {})[moment] = _laid_out(optimiser, int(index), value)
            optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})

    @torch.no_grad()
    def _renew_references(self) -> None:
        """Let a critic that compares do so with what data, base and features are now."""
        count = self.model.critic.references
        if count:
            samples = self.model.base(self.model.prior(count, self.latent_noise))
            self.model.critic.remember(self.target.sample(count, self.data_noise), samples)

    def _walked(self, objective: schema.Objective, training: schema.Training) -> tuple[Tensor, Tensor]:
        """Data and their negatives, once they have walked to the end."""
        while self.walks(objective, training):
            pass
        ready, self._negatives.ready = self._negatives.ready, None
        assert ready is not None  # noqa: S101  a walk that ends leaves it
        return ready

    def _with_decay(self, gradients: Sequence[Tensor | None], strength: float) -> list[Tensor]:
        """The gradients of λ/2 |θ|² added; the penalty is ½ |θ|²."""
        weights = [parameter.detach() for parameter in self.energy_parameters]
        self.penalty = 0.5 * _norm(weights) ** 2
        return [
            strength * weight if gradient is None else gradient + strength * weight
            for gradient, weight in zip(gradients, weights, strict=True)
        ]

    def _descend(self, name: str, gradients: Sequence[Tensor | None]) -> float:
        """One step of Adam; the gradient's norm."""
        norm = _norm(gradient for gradient in gradients if gradient is not None)
        self._check(f"the {name}'s gradient", norm, f"lower the {name} rate", math.inf)
        self._optimisers[name].descend(gradients)
        return norm

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
        raise PresetError([f"objective {settings.name} trains the energy alone; the base rests"])
    return loss


def _laid_out(optimiser: Adam, index: int, value: Tensor) -> Tensor:
    """A copy of what Adam keeps of a parameter, in that parameter's layout."""
    parameter = optimiser.param_groups[0]["params"][index]
    return laid_out_as(parameter, value).clone() if value.shape == parameter.shape else value.clone()


def _norm(gradients: Iterable[Tensor]) -> float:
    # Not get_total_norm: its sorting of tensors by device takes longer than the norms of a small network.
    norms: list[Tensor] = [torch.linalg.vector_norm(gradient) for gradient in gradients]
    return float(torch.stack(norms).norm()) if norms else 0.0
