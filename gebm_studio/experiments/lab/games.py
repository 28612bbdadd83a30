"""The games of the lab's critics: gain(V) on P against cost(V) on Q, and how such a critic is read.

In float64 and without guards: a guarded exponential would let the bound rise above what it bounds. The optimum is at
the V of `objectives.F_DIVERGENCES[name].tight`, and T = gain(V) lies inside the conjugate's domain for every V.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gebm_studio.divergences import GENERATORS, KALE_GAME, KL_GAME, Game

_LOG2 = math.log(2)
GAMES: dict[str, Game] = {
    "kl": KL_GAME,
    "reverse_kl": Game(gain=lambda v: -(-v).exp(), cost=lambda v: v - 1),
    "jeffrey": Game(gain=lambda v: v, cost=GENERATORS["jeffrey"].conjugate),
    "pearson": Game(gain=lambda v: v, cost=lambda v: v.square() / 4 + v),
    "neyman": Game(gain=lambda v: -torch.expm1(v), cost=lambda v: -2 * torch.expm1(v / 2)),
    "hellinger": Game(gain=lambda v: -torch.expm1(-v), cost=torch.expm1),
    "jensen_shannon": Game(gain=lambda v: _LOG2 - softplus(-v), cost=lambda v: softplus(v) - _LOG2),
    "gan": Game(gain=lambda v: -softplus(-v), cost=softplus),
    "total_variation": Game(gain=lambda v: 0.5 * v.tanh(), cost=lambda v: 0.5 * v.tanh()),
    "kale": KALE_GAME,
}
"""By the name of the schema's `critic.divergence`; cost = φ*∘gain, but for KALE, whose V is h."""


@dataclass(frozen=True)
class Reading:
    """What a picture shows of a critic V beside its optimum.

    Attributes:
        label: Of what is learned.
        tight_label: Of the optimum.
        of_critic: Its values from V (n,).
        of_log_ratio: Those of the optimum, from log p/q (n,).
    """

    label: str
    tight_label: str
    of_critic: Callable[[Tensor], Tensor]
    of_log_ratio: Callable[[Tensor], Tensor]


def reading_of(name: str) -> Reading:
    """The energy −h beside −log p/q for KALE, D beside p/(p + q) for the GAN, else T beside φ′(p/q)."""
    if name == "kale":
        return Reading("learned energy −h", "−log p/q", torch.neg, torch.neg)
    if name == "gan":
        return Reading("learned D", "D* = p/(p + q)", torch.sigmoid, torch.sigmoid)
    slope = GENERATORS[name].slope
    return Reading("learned T", f"φ′(p/q), {GENERATORS[name].label}", GAMES[name].gain, lambda r: slope(r.exp()))


def bound_label(name: str) -> str:
    """The bound as a formula."""
    return "1 + E_P h − E_Q eʰ" if name == "kale" else "E_P T − E_Q φ*(T)"


def bounded_label(name: str) -> str:
    """What the bound bounds: of the Jensen–Shannon divergence twice of it, as its generator gives."""
    match name:
        case "kale":
            return "KL(P‖Q)"
        case "jensen_shannon":
            return "2·JSD"
        case "gan":
            return "2·JSD − log 4"
        case _:
            return GENERATORS[name].label


def bounded(name: str, shown: float) -> float:
    """∫ q φ(p/q), which the bound bounds, from the value that the bars show."""
    return 2 * shown if name == "jensen_shannon" else shown
