"""U and ∇U where chains stand, which may be a place without numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gebm_studio.samplers.sampler import Potential, finite, value_and_gradient, value_at


def standing(potential: Potential, position: Tensor) -> tuple[Tensor, Tensor]:
    """U (N,) and ∇U (N, D) at positions (N, D) that were not chosen by a sampler: a start, or a changed model.

    Where either is no number the density counts as zero: U = ∞ and only the prior pulls, ∇U = z. A chain
    leaves such a place with the first finite proposal, instead of being held by it for ever.

    Raises:
        ValueError: Where the potential does not return one number for each chain.
    """
    value, gradient = value_and_gradient(potential, position)
    ok = finite(value, gradient)
    return torch.where(ok, value, math.inf), torch.where(ok.unsqueeze(1), gradient, position.detach())


def standing_value(potential: Potential, position: Tensor) -> Tensor:
    """The same for U alone, (N,).

    Raises:
        ValueError: Where the potential does not return one number for each chain.
    """
    value = value_at(potential, position)
    return torch.where(finite(value), value, math.inf)
