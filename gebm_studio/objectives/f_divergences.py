"""f-divergences D_f(P‖G) = E_G f(p/g) as games: E_P T − E_G f*(T) with T = g(V), V = −e.

With r = p/g the bound is tight at T = f′(r). Where a critic decides log r, E = −log r is its energy.

Their generators and conjugates stand in `divergences.generators`.

References:
    f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization
    (Nowozin, Cseke, Tomioka, 2016), arXiv 1606.00709, table 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gebm_studio.divergences.generators import GENERATORS, Generator
from gebm_studio.divergences.lambert import log_omega
from gebm_studio.objectives.guards import guarded_exp, log_guarded_exp
from gebm_studio.objectives.objective import Map, Objective

Guarded = Callable[[Tensor], tuple[Tensor, Tensor]]
"""(N,) to (N,) and how many exponents had to be guarded, ()."""
LEAST_RATIO = 0.01
"""A critic that gives r itself may give nothing, or less: below this −log r goes on along its tangent."""


@dataclass(frozen=True)
class FDivergence:
    """One row of the table.

    Attributes:
        generator: f, f′ and f*.
        activation: T = g(v), inside the domain for every v.
        cost: f*(g(v)), in a form that loses no digits.
        tight: V*, of log r; None where it is infinite.
        energy: e to E = −log r̂; None where e is that already, or decides no ratio.
        name: What the value estimates, after `divergence`.
        divergence: As in `Objective`.
        bounds: What the value bounds, where that has another name.
    """

    generator: Generator
    activation: Guarded
    cost: Guarded
    tight: Map | None
    energy: Map | None
    name: str
    divergence: Callable[[float], float] | None = None
    bounds: str = ""

    @property
    def f(self) -> Map:
        """The generator's f(u)."""
        return self.generator.f

    @property
    def slope(self) -> Map:
        """f′(u)."""
        return self.generator.slope

    @property
    def conjugate(self) -> Map:
        """f*(t), for t inside the domain."""
        return self.generator.conjugate

    @property
    def domain(self) -> tuple[float, float]:
        """Infimum and supremum of the t that have a finite f*(t)."""
        return self.generator.domain

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


def _pearson_energy(e: Tensor) -> Tensor:
    """−log r̂, r̂ = 1 + V/2 = 1 − e/2, and its tangent below `LEAST_RATIO`."""
    ratio = 1 - 0.5 * e
    kept = ratio.clamp(min=LEAST_RATIO)
    return -kept.log() + (kept - ratio) / LEAST_RATIO


F_DIVERGENCES: dict[str, FDivergence] = {
    "kl": FDivergence(
        generator=GENERATORS["kl"],
        activation=_free(_same),
        cost=lambda v: guarded_exp(v - 1),
        tight=lambda log_ratio: 1 + log_ratio,
        energy=lambda e: 1 + e,
        name="KL(P‖G)",
    ),
    "reverse_kl": FDivergence(
        generator=GENERATORS["reverse_kl"],
        activation=_reverse_kl_activation,
        cost=_free(lambda v: -1 - log_guarded_exp(-v)),
        tight=_same,
        energy=None,
        name="KL(G‖P)",
    ),
    "pearson": FDivergence(
        generator=GENERATORS["pearson"],
        activation=_free(_same),
        cost=_free(lambda v: v.square() / 4 + v),
        tight=lambda log_ratio: 2 * (guarded_exp(log_ratio)[0] - 1),
        energy=_pearson_energy,
        name="χ²(P‖G)",
    ),
    "neyman": FDivergence(
        generator=GENERATORS["neyman"],
        activation=_neyman_activation,
        cost=_free(lambda v: 2 - 2 * (0.5 * log_guarded_exp(v)).exp()),
        tight=lambda log_ratio: -2 * log_ratio,
        energy=lambda e: -0.5 * e,
        name="χ²(G‖P)",
    ),
    "hellinger": FDivergence(
        generator=GENERATORS["hellinger"],
        activation=_hellinger_activation,
        cost=_hellinger_cost,
        tight=lambda log_ratio: 0.5 * log_ratio,
        energy=lambda e: 2 * e,
        name="H²",
    ),
    "jensen_shannon": FDivergence(
        generator=GENERATORS["jensen_shannon"],
        activation=_free(lambda v: math.log(2) - softplus(-v)),
        cost=_free(lambda v: softplus(v) - math.log(2)),
        tight=_same,
        energy=None,
        name="JSD",
        divergence=GENERATORS["jensen_shannon"].customary,
        bounds="2·JSD",
    ),
    "gan": FDivergence(
        generator=GENERATORS["gan"],
        activation=_free(lambda v: -softplus(-v)),
        cost=_free(softplus),
        tight=_same,
        energy=None,
        name="JSD",
        divergence=GENERATORS["gan"].customary,
        bounds="2·JSD − log 4",
    ),
    "total_variation": FDivergence(
        generator=GENERATORS["total_variation"],
        activation=_free(lambda v: 0.5 * v.tanh()),
        cost=_free(lambda v: 0.5 * v.tanh()),
        tight=None,
        energy=None,
        name="TV",
    ),
    "jeffrey": FDivergence(
        generator=GENERATORS["jeffrey"],
        activation=_free(_same),
        cost=_jeffrey_cost,
        tight=lambda log_ratio: log_ratio + 1 - guarded_exp(-log_ratio)[0],
        energy=lambda e: log_omega(1 + e),
        name="KL(P‖G) + KL(G‖P)",
    ),
}
"""By the name of the schema's `objective.name`."""
