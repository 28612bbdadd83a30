"""f-divergences D_f(P‖G) = E_G f(p/g) as games: E_P T − E_G f*(T) with T = g(V), V = −e.

With r = p/g the bound is tight at T = f′(r). Where a critic decides log r, E = −log r is its energy.

References:
    f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization
    (Nowozin, Cseke, Tomioka, 2016), arXiv 1606.00709, table 2, of which three rows are put right here: Jensen–Shannon
    without a factor ½, Pearson with q below the line, and total variation with f = ½|u − 1|.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gebm_studio.objectives.guards import guarded_exp, log_guarded_exp, log_omega
from gebm_studio.objectives.objective import Map, Objective

Guarded = Callable[[Tensor], tuple[Tensor, Tensor]]
"""(N,) to (N,) and how many exponents had to be guarded, ()."""
LEAST_RATIO = 0.01
"""A critic that gives r itself may give nothing, or less: below this −log r goes on along its tangent."""


@dataclass(frozen=True)
class FDivergence:
    """One row of the table.

    Attributes:
        f: The generator, of u > 0, with f(1) = 0 but for the GAN's −log 4.
        slope: f′(u).
        conjugate: f*(t), for t inside the domain.
        domain: Infimum and supremum of the t that have a finite f*(t).
        activation: T = g(v), inside the domain for every v.
        cost: f*(g(v)), in a form that loses no digits.
        tight: V*, of log r; None where it is infinite.
        energy: e to E = −log r̂; None where e is that already, or decides no ratio.
        name: What the value estimates, after `divergence`.
        divergence: As in `Objective`.
        bounds: What the value bounds, where that has another name.
    """

    f: Map
    slope: Map
    conjugate: Map
    domain: tuple[float, float]
    activation: Guarded
    cost: Guarded
    tight: Map | None
    energy: Map | None
    name: str
    divergence: Callable[[float], float] | None = None
    bounds: str = ""

    def objective(self) -> Objective:
        """The game of this row, as functions of e = −V."""

        def value(critic_data: Tensor, critic_base: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
            gain, first = self.activation(-critic_data)
            cost, second = self.cost(-critic_base)
            return gain.mean() - cost.mean(), first + second

        return Objective(
            value,
            base_loss=lambda critic_base: -self.cost(-critic_base)[0].mean(),
            passing=lambda critic_base: -self.activation(-critic_base)[0].mean(),
            energy=self.energy,
            tight=None if self.tight is None else _negated(self.tight),
            bounds=self.bounds or self.name,
            divergence=self.divergence,
            estimates=self.name,
        )


def _negated(function: Map) -> Map:
    return lambda argument: -function(argument)


def _free(function: Map) -> Guarded:
    """A function that needs no guard."""
    return lambda v: (function(v), torch.zeros((), dtype=torch.long, device=v.device))


def _same(v: Tensor) -> Tensor:
    return v


def _reverse_kl_activation(v: Tensor) -> tuple[Tensor, Tensor]:
    mass, overflows = guarded_exp(-v)
    return -mass, overflows


def _neyman_activation(v: Tensor) -> tuple[Tensor, Tensor]:
    mass, overflows = guarded_exp(v)
    return 1 - mass, overflows


def _hellinger_activation(v: Tensor) -> tuple[Tensor, Tensor]:
    mass, overflows = guarded_exp(-v)
    return 1 - mass, overflows


def _hellinger_cost(v: Tensor) -> tuple[Tensor, Tensor]:
    power, overflows = guarded_exp(-log_guarded_exp(-v))
    return power - 1, overflows


def _jeffrey_cost(v: Tensor) -> tuple[Tensor, Tensor]:
    """s + 1/s + v − 2 with s = W(e^{1−v}) = 1/r̂."""
    log_s = log_omega(1 - v)
    ratio, overflows = guarded_exp(-log_s)
    return log_s.exp() + ratio + v - 2, overflows


def _jeffrey_conjugate(t: Tensor) -> Tensor:
    log_s = log_omega(1 - t)
    return log_s.exp() + (-log_s).exp() + t - 2


def _pearson_energy(e: Tensor) -> Tensor:
    """−log r̂, r̂ = 1 + V/2 = 1 − e/2, and its tangent below `LEAST_RATIO`."""
    ratio = 1 - 0.5 * e
    kept = ratio.clamp(min=LEAST_RATIO)
    return -kept.log() + (kept - ratio) / LEAST_RATIO


F_DIVERGENCES: dict[str, FDivergence] = {
    "kl": FDivergence(
        f=lambda u: u * u.log(),
        slope=lambda u: 1 + u.log(),
        conjugate=lambda t: (t - 1).exp(),
        domain=(-math.inf, math.inf),
        activation=_free(_same),
        cost=lambda v: guarded_exp(v - 1),
        tight=lambda log_ratio: 1 + log_ratio,
        energy=lambda e: 1 + e,
        name="KL(P‖G)",
    ),
    "reverse_kl": FDivergence(
        f=lambda u: -u.log(),
        slope=lambda u: -1 / u,
        conjugate=lambda t: -1 - (-t).log(),
        domain=(-math.inf, 0.0),
        activation=_reverse_kl_activation,
        cost=_free(lambda v: -1 - log_guarded_exp(-v)),
        tight=_same,
        energy=None,
        name="KL(G‖P)",
    ),
    "pearson": FDivergence(
        f=lambda u: (u - 1).square(),
        slope=lambda u: 2 * (u - 1),
        conjugate=lambda t: t.square() / 4 + t,
        domain=(-math.inf, math.inf),
        activation=_free(_same),
        cost=_free(lambda v: v.square() / 4 + v),
        tight=lambda log_ratio: 2 * (guarded_exp(log_ratio)[0] - 1),
        energy=_pearson_energy,
        name="χ²(P‖G)",
    ),
    "neyman": FDivergence(
        f=lambda u: (1 - u).square() / u,
        slope=lambda u: 1 - u**-2,
        conjugate=lambda t: 2 - 2 * (1 - t).sqrt(),
        domain=(-math.inf, 1.0),
        activation=_neyman_activation,
        cost=_free(lambda v: 2 - 2 * (0.5 * log_guarded_exp(v)).exp()),
        tight=lambda log_ratio: -2 * log_ratio,
        energy=lambda e: -0.5 * e,
        name="χ²(G‖P)",
    ),
    "hellinger": FDivergence(
        f=lambda u: (u.sqrt() - 1).square(),
        slope=lambda u: 1 - u**-0.5,
        conjugate=lambda t: t / (1 - t),
        domain=(-math.inf, 1.0),
        activation=_hellinger_activation,
        cost=_hellinger_cost,
        tight=lambda log_ratio: 0.5 * log_ratio,
        energy=lambda e: 2 * e,
        name="H²",
    ),
    "jensen_shannon": FDivergence(
        f=lambda u: u * u.log() - (u + 1) * ((u + 1) / 2).log(),
        slope=lambda u: (2 * u / (u + 1)).log(),
        conjugate=lambda t: -(2 - t.exp()).log(),
        domain=(-math.inf, math.log(2)),
        activation=_free(lambda v: math.log(2) - softplus(-v)),
        cost=_free(lambda v: softplus(v) - math.log(2)),
        tight=_same,
        energy=None,
        name="JSD",
        divergence=lambda value: value / 2,
        bounds="2·JSD",
    ),
    "gan": FDivergence(
        f=lambda u: u * u.log() - (u + 1) * (u + 1).log(),
        slope=lambda u: (u / (u + 1)).log(),
        conjugate=lambda t: -(1 - t.exp()).log(),
        domain=(-math.inf, 0.0),
        activation=_free(lambda v: -softplus(-v)),
        cost=_free(softplus),
        tight=_same,
        energy=None,
        name="JSD",
        divergence=lambda value: (value + math.log(4)) / 2,
        bounds="2·JSD − log 4",
    ),
    "total_variation": FDivergence(
        f=lambda u: 0.5 * (u - 1).abs(),
        slope=lambda u: 0.5 * (u - 1).sign(),
        conjugate=_same,
        domain=(-0.5, 0.5),
        activation=_free(lambda v: 0.5 * v.tanh()),
        cost=_free(lambda v: 0.5 * v.tanh()),
        tight=None,
        energy=None,
        name="TV",
    ),
    "jeffrey": FDivergence(
        f=lambda u: (u - 1) * u.log(),
        slope=lambda u: u.log() + 1 - 1 / u,
        conjugate=_jeffrey_conjugate,
        domain=(-math.inf, math.inf),
        activation=_free(_same),
        cost=_jeffrey_cost,
        tight=lambda log_ratio: log_ratio + 1 - guarded_exp(-log_ratio)[0],
        energy=lambda e: log_omega(1 + e),
        name="KL(P‖G) + KL(G‖P)",
    ),
}
"""By the name of the schema's `objective.name`."""
