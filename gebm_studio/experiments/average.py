"""The running average of a base's weights, which is better than any one of them: steps scatter around it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from gebm_studio.models.bases import Base


class Average:
    """θ̄ ← dθ̄ + (1 − d)θ after every base step, d = min(decay, (1 + t)/(10 + t)), so that early weights are forgotten.

    Only parameters are averaged; what a base counts of its batches belongs to the weights that made them.

    Arguments:
        base: The base that learns.
        decay: The decay, below 1; at 0 nothing is kept.

    References:
        The unusual effectiveness of averaging in GAN training (Yazıcı et al., 2019), arXiv 1806.04498.
    """

    def __init__(self, base: Base, decay: float) -> None:
        self._base, self._decay = base, decay
        self.steps = 0
        self._average: list[Tensor] = []
        if decay > 0:
            self._average = [parameter.detach().clone() for parameter in base.parameters()]

    @torch.no_grad()
    def follow(self) -> None:
        """Take in the base's weights as they are after a step."""
        if not self._average:
            return
        decay = min(self._decay, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(self._average, [p.detach() for p in self._base.parameters()], 1 - decay)
        self.steps += 1

    @torch.no_grad()
    def take_its_place(self) -> bool:
        """Give the base its averaged weights, and begin anew from there; whether there were any."""
        if not self.steps:
            return False
        for parameter, average in zip(self._base.parameters(), self._average, strict=True):
            parameter.copy_(average)
        self.steps = 0
        return True

    def tensors(self) -> dict[str, Tensor]:
        """All that goes on, by name; empty where nothing is averaged."""
        if not self._average:
            return {}
        found = {f"weights.{index}": average for index, average in enumerate(self._average)}
        return found | {"steps": torch.tensor(self.steps)}

    def load_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `tensors` gave; an older file has none, and the average begins at the weights as they are.

        Raises:
            KeyError, RuntimeError: Where it belongs to another base.
        """
        for index, average in enumerate(self._average if tensors else []):
            average.copy_(tensors[f"weights.{index}"])
        self.steps = int(tensors["steps"]) if tensors else 0
