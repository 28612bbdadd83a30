"""One ascent of the critic: the objective's value on a batch, its penalty, and the gradients of both."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from gebm_studio import schema
from gebm_studio.experiments.ascent import Climb, Task, by_hand
from gebm_studio.experiments.means import EAGER, Means
from gebm_studio.models.convolutional.form import Form
from gebm_studio.models.energies import Convolutional, Energy, Network
from gebm_studio.models.walk import Walk
from gebm_studio.objectives import OBJECTIVES, PENALTIES
from gebm_studio.objectives.penalties import Critic


class Climber:
    """Computes ascents of one critic.

    An MLP is walked by hand, any other critic goes through autograd: its structure alone decides, so that a seed
    gives the same bits each time. `walk` is None where autograd does it.

    Arguments:
        critic: e, whose network learns.
        parameters: Those of the critic, in the order of the gradients.
        means: How convolutions are computed.
    """

    def __init__(self, critic: Energy, parameters: list[nn.Parameter], means: Means = EAGER) -> None:
        self._critic, self._parameters, self._means = critic, parameters, means
        # Switching modes costs a tenth of a step, so only where it does something.
        self._normalised = any(is_parametrized(module) for module in critic.modules())
        self.walk = Walk.of(critic.net) if isinstance(critic, Network) else None
        self._form = Form(critic.net) if isinstance(critic, Convolutional) else None
        self._layers = None if self._form is None else means.compiled(self._form)

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
        value = OBJECTIVES[settings.name].value
        if value is None:
            raise ValueError(f"objective {settings.name} trains no critic")
        penalty = PENALTIES[settings.penalty] if settings.penalty in PENALTIES and settings.strength > 0 else None
        task = Task(value, penalty, settings.strength, data, samples, c, generator)
        if self.walk is not None:
            return self._by_hand(self.walk, task)
        return self.by_autograd(task) if self._form is None else self._by_form(self._form, task)

    def by_autograd(self, task: Task) -> Climb:
        """The ascent of any critic."""
        critic = self._critic
        if self._normalised:
            critic.train()  # lets spectral normalisation take its power-iteration step, once
        on_data, on_samples = critic.judge(task.data, task.samples)
        if self._normalised:
            critic.eval()
        return self._ascent(task, on_data, on_samples, critic)

    def _by_form(self, form: Form, task: Task) -> Climb:
        """The ascent of convolutions, by the means that were chosen; the penalty eagerly and in full precision."""
        critic = self._critic
        assert isinstance(critic, Convolutional) and self._layers is not None  # noqa: S101  it has a form
        self._means.begin_step()
        if self._normalised:
            critic.train()
        weights = form.weights()
        if self._normalised:
            critic.eval()
        with self._means.precision():
            value = self._layers(weights, torch.cat((task.data, task.samples)))
        e = critic.raised(value.float() if self._means.mixed else value)
        on_data, on_samples = e[: len(task.data)], e[len(task.data) :]
        return self._ascent(task, on_data, on_samples, lambda x: critic.raised(form(weights, x)))

    def _ascent(self, task: Task, on_data: Tensor, on_samples: Tensor, critic: Critic) -> Climb:
        value, overflows = task.value(on_data, on_samples, task.c)
        loss, penalty = -value, None
        if task.penalty is not None:
            penalty = task.penalty(critic, task.data, task.samples, task.generator)
            loss = loss + task.strength * penalty
        gradients = torch.autograd.grad(loss, self._parameters, allow_unused=True)
        return Climb(loss.detach(), gradients, on_samples.detach(), penalty, overflows)

    def _by_hand(self, walk: Walk, task: Task) -> Climb:
        if self._normalised:
            self._critic.train()
        weights = walk.weights()
        if self._normalised:
            self._critic.eval()
        floor = self._critic.floor if isinstance(self._critic, Network) else None
        climb = by_hand(walk, weights, floor, task)
        if not self._normalised:
            return climb
        outputs = [tensor for pair in weights for tensor in pair]
        # From weights to parameters: what normalises them is left to autograd.
        gradients = torch.autograd.grad(outputs, self._parameters, climb.gradients, allow_unused=True)
        return replace(climb, gradients=gradients)
