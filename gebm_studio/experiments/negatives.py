"""Negative samples of maximum likelihood: chains on the model's own law, begun at data or going on in a buffer."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import torch
from torch import Tensor

from gebm_studio import schema
from gebm_studio.models import Gebm
from gebm_studio.objectives import OBJECTIVES
from gebm_studio.samplers import SAMPLERS

PIECE = 5
"""Steps of the chains at once: a few milliseconds."""


class Negatives:
    """k Langevin steps on U(z) = ½|z|² + E(G(z)) before each energy step.

    With an affine base z is the data space in other coordinates, so these are the chains of an ordinary energy-based
    model there. `buffer` (B, d) holds the persistent chains once there are any; `ready`, data and their negatives that
    wait for an energy step.

    Arguments:
        model: The GEBM, whose base stays.
        generator: Draws the noise, the choice from the buffer and the renewals.

    References:
        Training Products of Experts by Minimizing Contrastive Divergence (Hinton, 2002), section 3.
        Training Restricted Boltzmann Machines using Approximations to the Likelihood Gradient (Tieleman, 2008).
        Implicit Generation and Modeling with Energy-Based Models (Du, Mordatch, 2019), arXiv 1903.08689, algorithm 1.
    """

    def __init__(self, model: Gebm, generator: torch.Generator) -> None:
        self._model, self._generator = model, generator
        self.buffer: Tensor | None = None
        self.ready: tuple[Tensor, Tensor] | None = None

    def draw_in_pieces(self, settings: schema.Objective, data: Tensor) -> Iterator[None]:
        """Walk, then make data (N, *shape) and G(z) (M, *shape), M ≤ N, `ready`.

        Raises:
            FloatingPointError: Where a step met a NaN or an infinity.
        """
        if OBJECTIVES[settings.name].negatives == "contrastive":
            with torch.no_grad():
                start = self._model.base.encode(data)
            position = yield from self._walk(settings, start)
        else:
            chosen, buffer = self._choose(settings, len(data))
            position = yield from self._walk(settings, buffer[chosen])
            buffer[chosen] = position
        self.ready = data, self._model.samples(position)

    def _choose(self, settings: schema.Objective, count: int) -> tuple[Tensor, Tensor]:
        """Which chains go on, and the buffer, with a share of them begun anew."""
        if self.buffer is None:
            self.buffer = self._model.prior(settings.buffer, self._generator)
        device = self.buffer.device
        chosen = torch.randperm(len(self.buffer), generator=self._generator, device=device)[:count]
        renewed = torch.rand(len(chosen), generator=self._generator, device=device) < settings.renewal
        fresh = self._model.prior(len(chosen), self._generator)
        self.buffer[chosen] = torch.where(renewed[:, None], fresh, self.buffer[chosen])
        return chosen, self.buffer

    def _walk(self, settings: schema.Objective, position: Tensor) -> Generator[None, None, Tensor]:
        sampler = SAMPLERS["ula"](step_size=settings.chain_step_size)
        potential = self._model.potential()
        state = sampler.init(position, potential, self._generator)
        lost = torch.zeros(len(position), dtype=torch.bool, device=position.device)
        for step in range(settings.chain_steps):
            if step and step % PIECE == 0:
                yield
            state, info = sampler.step(state, potential, self._generator)
            lost |= info.nonfinite
        if bool(lost.any()):
            raise FloatingPointError(
                f"{int(lost.sum())} of {len(lost)} negative chains met a number that is not finite"
            )
        ended: Tensor = state.position
        return ended
