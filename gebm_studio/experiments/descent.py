"""One descent of the base: the objective's loss on a batch, and its gradient through critic and base."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gebm_studio.experiments.means import EAGER, Means
from gebm_studio.models.bases import Base, Conv, Mlp
from gebm_studio.models.convolutional.batch_norm import of_batches
from gebm_studio.models.convolutional.form import Form
from gebm_studio.models.energies import Convolutional, Energy, Network
from gebm_studio.models.networks import autograd_pullback
from gebm_studio.models.products import back
from gebm_studio.models.walk import Walk
from gebm_studio.objectives.objective import BaseLoss
from gebm_studio.objectives.slopes import base_slopes


@dataclass(frozen=True)
class Descent:
    """What one descent gives.

    Attributes:
        loss: ().
        gradients: One for each parameter, None where it takes no part.
        values: e(G(z)), (N,), without a graph.
    """

    loss: Tensor
    gradients: Sequence[Tensor | None]
    values: Tensor


class Descender:
    """Computes descents of one base against one critic, whose parameters are constants here.

    MLPs are walked by hand, anything else goes through autograd; structure alone decides.

    Arguments:
        base: G, which learns.
        critic: e.
        parameters: Those of the base, in the order of the gradients.
        means: How convolutions are computed.

    Attributes:
        learning: Whether the base learns now: samples are then normalised by their own batch, as in its own step.
    """

    def __init__(self, base: Base, critic: Energy, parameters: list[nn.Parameter], means: Means = EAGER) -> None:
        self._base, self._critic, self._parameters, self._means = base, critic, parameters, means
        self._walk = Walk.of(base.net) if isinstance(base, Mlp) else None
        self._critic_walk = Walk.of(critic.net) if isinstance(critic, Network) else None
        self._generate = means.compiled(base) if isinstance(base, Conv) else base
        self._by_batch = base.normalised if isinstance(base, Conv) else []
        self._form = Form(critic.net) if isinstance(critic, Convolutional) else None
        self._layers = None if self._form is None else means.compiled(self._form)
        self.learning = True

    @torch.no_grad()
    def samples(self, z: Tensor) -> Tensor:
        """G(z), (N, *shape), of latents (N, d), without a graph."""
        if self._walk is None:
            self._means.begin_step()
            with of_batches(self._by_batch if self.learning else []):
                return self._generated(z)
        return self._shaped(self._walk.values(self._walk.weights(), z.T))

    @torch.no_grad()
    def descend(self, loss: BaseLoss, z: Tensor) -> Descent:
        """The descent on latents (N, d)."""
        if self._walk is None:
            self._means.begin_step()
            with torch.enable_grad(), of_batches(self._by_batch, remember=True):
                x = self._generated(z)
            value, slope, e = self._slope(loss, x.detach())
            if not self._parameters:
                return Descent(value, [], e)
            gradients = torch.autograd.grad(x, self._parameters, slope, allow_unused=True)
            return Descent(value, gradients, e)
        weights = self._walk.weights()
        x, passed = self._walk.forward(weights, z.T)
        value, slope, e = self._slope(loss, self._shaped(x))
        deltas, _ = self._walk.deltas(weights, passed, slope.flatten(1).T.contiguous(), keep=False)
        pairs = self._walk.gradients(passed, deltas)
        return Descent(value, [gradient for pair in pairs for gradient in pair], e)

    def likelihood(self, data: Tensor, z: Tensor) -> Descent:
        """The descent of −E_P log g, on data (N, *shape); the critic judges latents (M, d) all the same."""
        loss = -self._base.log_density(data).mean()
        gradients: Sequence[Tensor | None] = []
        if self._parameters:
            gradients = torch.autograd.grad(loss, self._parameters, allow_unused=True)
        with torch.no_grad():
            values = self._critic(self.samples(z))
        return Descent(loss.detach(), gradients, values)

    def _slope(self, loss: BaseLoss, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss (), ∂loss/∂x (N, *shape) and e(x) (N,)."""
        e, pull = self._pullback(x)
        value, seed = base_slopes(loss, e)
        return value, pull(seed), e

    def _pullback(self, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        walk = self._critic_walk
        if self._form is not None:
            return self._pullback_of_form(self._form, x)
        if walk is None or not isinstance(self._critic, Network):
            return self._critic.pullback(x)
        weights, floor = walk.weights(), self._critic.floor
        raw, passed = walk.forward(weights, x.flatten(1).T)

        def pull(seed: Tensor) -> Tensor:
            seeds = seed.unsqueeze(0) if floor is None else seed * (raw >= floor)
            deltas, _ = walk.deltas(weights, passed, seeds, keep=False)
            return back(weights[0][0], deltas[0]).T.reshape(x.shape)

        return raw[0] if floor is None else raw[0].clamp(min=floor), pull

    def _pullback_of_form(self, form: Form, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        critic, layers = self._critic, self._layers
        assert isinstance(critic, Convolutional) and layers is not None  # noqa: S101  it has a form
        weights = form.constants()

        def e(x: Tensor) -> Tensor:
            with self._means.precision():
                value = layers(weights, x)
            return critic.raised(value.float() if self._means.mixed else value)

        return autograd_pullback(e, x)

    def _generated(self, z: Tensor) -> Tensor:
        """G(z) in full precision, whatever it was computed in."""
        with self._means.precision():
            x: Tensor = self._generate(z)
        return x.float() if self._means.mixed else x

    def _shaped(self, x: Tensor) -> Tensor:
        """Examples (N, *shape) of columns (D, N)."""
        return x.T.reshape(x.shape[1], *self._base.shape) if isinstance(self._base, Mlp) else x.T
