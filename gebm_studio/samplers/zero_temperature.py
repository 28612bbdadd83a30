"""Descent of the energy without noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from gebm_studio.samplers.sampler import Info, Law, Potential
from gebm_studio.samplers.ula import GradientState, Overdamped


@dataclass(frozen=True)
class ZeroTemperature(Overdamped):
    """z′ = z − δ∇V(z), V = βE(G(z)): each chain runs down to a minimum of the energy; the prior takes no part.

    No stationary law: what it finds are modes of E∘G, which at β → ∞ are all that is left of ν_β.

    Arguments:
        step_size: δ, in overdamped time.

    Raises:
        ValueError: Where `step_size` is not positive and finite.
    """

    LAW: ClassVar[Law] = "other"

    def step(
        self, state: GradientState, potential: Potential, generator: torch.Generator
    ) -> tuple[GradientState, Info]:
        """One step; costs one gradient."""
        # ∇U = z + ∇V.
        position = state.position - self.step_size * (state.gradient - state.position)
        return self._moved(state, position, potential)
