"""What an objective is: what the critic climbs, what the base descends, and how the critic is read as an energy.

The critic's network gives e(x), low on data; the table's variational critic is V = −e. All functions here are of e on
batches alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

Value = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""e(x), x ~ P, (N,), e(G(z)) (M,) and c () to a value () and how many exponents had to be guarded."""
BaseLoss = Callable[[Tensor], Tensor]
"""e(G(z)) (M,) to a loss ()."""
Map = Callable[[Tensor], Tensor]
"""(N,) to (N,), elementwise."""


@dataclass(frozen=True)
class Objective:
    """What critic and base learn by.

    Attributes:
        value: What the critic climbs; None where no critic learns.
        base_loss: What the base descends, up to its gradient; None where no base learns by the critic.
        passing: The same for a base that wants to pass for data (`descent = "passing"`); None where there is none.
        energy: e to the energy E = −log r̂ that the critic stands for; None where e is that energy.
        tight: log p/g to e at the optimum; None where the optimum is no function of it.
        bounds: What the value bounds from below, such as ``KL(P‖G)``; empty where nothing.
        divergence: The value to the divergence it estimates, such as (V + log 4)/2; None where it is that already.
        estimates: The name of that divergence.
        negatives: Where the samples that the critic pushes up come from.
        likelihood: Each part learns by its own density: the base descends −E_P log g, a flow energy −E_P log q.
    """

    value: Value | None
    base_loss: BaseLoss | None
    passing: BaseLoss | None = None
    energy: Map | None = None
    tight: Map | None = None
    bounds: str = ""
    divergence: Callable[[float], float] | None = None
    estimates: str = ""
    negatives: Literal["base", "contrastive", "persistent"] = "base"
    likelihood: bool = False
