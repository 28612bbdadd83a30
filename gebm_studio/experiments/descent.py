"""One descent of the base: the objective's loss on a batch, and its gradient through critic and base."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gebm_studio.models.bases import Base, Mlp
from gebm_studio.models.energies import Energy, Network
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
    """

    def __init__(self, base: Base, critic: Energy, parameters: list[nn.Parameter]) -> None:
        self._base, self._critic, self._parameters = base, critic, parameters
        self._walk = Walk.of(base.net) if isinstance(base, Mlp) else None
        self._critic_walk = Walk.of(critic.net) if isinstance(critic, Network) else None

    @torch.no_grad()
    def samples(self, z: Tensor) -> Tensor:
        """G(z), (N, *shape), of latents (N, d), without a graph."""
        if self._walk is None:
            x: Tensor = self._base(z)
            return x
        return self._shaped(self._walk.values(self._walk.weights(), z.T))

    @torch.no_grad()
    def descend(self, loss: BaseLoss, z: Tensor) -> Descent:
        """The descent on latents (N, d)."""
        if self._walk is None:
            with torch.enable_grad():
                x = self._base(z)
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
        if walk is None or not isinstance(self._critic, Network):
            return self._critic.pullback(x)
        weights, floor = walk.weights(), self._critic.floor
        raw, passed = walk.forward(weights, x.flatten(1).T)

        def pull(seed: Tensor) -> Tensor:
            seeds = seed.unsqueeze(0) if floor is None else seed * (raw >= floor)
            deltas, _ = walk.deltas(weights, passed, seeds, keep=False)
            return back(weights[0][0], deltas[0]).T.reshape(x.shape)

        return raw[0] if floor is None else raw[0].clamp(min=floor), pull

    def _shaped(self, x: Tensor) -> Tensor:
        """Examples (N, *shape) of columns (D, N)."""
        return x.T.reshape(x.shape[1], *self._base.shape) if isinstance(self._base, Mlp) else x.T
