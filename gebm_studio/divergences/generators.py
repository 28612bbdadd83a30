"""The table of φ-divergences D_f(P‖Q) = ∫ q f(p/q): generators, their conjugates and their limits.

The one table of the package: objectives take their games from it, quadrature its limits, the screen its texts.

References:
    f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization
    (Nowozin, Cseke, Tomioka, 2016), arXiv 1606.00709, table 2, of which three rows are put right here: Jensen–Shannon
    without a factor ½, Pearson with q below the line, and total variation with f = ½|u − 1|.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from gebm_studio.divergences.lambert import log_omega

Map = Callable[[Tensor], Tensor]
"""A function of each entry of a tensor."""
EVERYWHERE = (-math.inf, math.inf)


@dataclass(frozen=True)
class Generator:
    """One row of the table.

    Attributes:
        f: The generator, of u > 0, convex, with f(1) = 0 but for the GAN's −log 4.
        slope: f′(u).
        conjugate: f*(t) = sup_u ut − f(u), for t inside the domain.
        domain: Infimum and supremum of the t that have a finite f*(t).
        inverse_slope: f*′(t), the u whose tangent has slope t; None where f has a kink.
        value_at_zero: f(0+): what a part of Q counts where p = 0.
        slope_at_infinity: f′(∞) = lim f(u)/u: what a part of P counts where q = 0.
        label: Its name on the screen.
        formula: f as text, of u.
        conjugate_formula: f* as text, of t.
        note: What the reader of its value should know; may be empty.
        scale: See `customary`.
        offset: See `customary`.
        lowest: Infimum of the u that the conjugate's supremum is over: −∞ where f goes on to the whole line and the
            literature's conjugate does too. Over u ≥ 0 alone it would be smaller, below the slope f′(0).
    """

    f: Map
    slope: Map
    conjugate: Map
    domain: tuple[float, float]
    inverse_slope: Map | None
    value_at_zero: float
    slope_at_infinity: float
    label: str
    formula: str
    conjugate_formula: str
    note: str = ""
    scale: float = 1.0
    offset: float = 0.0
    lowest: float = 0.0

    def customary(self, raw: float) -> float:
        """The number that goes by the divergence's name, (raw + offset)·scale, from ∫ q f(p/q)."""
        return (raw + self.offset) * self.scale


def evaluate(function: Map, at: ArrayLike) -> NDArray[np.float64]:
    """A function of the table at the numbers of an array of any shape, in float64."""
    values: NDArray[np.float64] = function(torch.tensor(np.asarray(at, dtype=np.float64))).numpy()
    return values


def _jeffrey_conjugate(t: Tensor) -> Tensor:
    log_s = log_omega(1 - t)
    return log_s.exp() + (-log_s).exp() + t - 2


GENERATORS: dict[str, Generator] = {
    "kl": Generator(
        f=lambda u: u * u.log(),
        slope=lambda u: 1 + u.log(),
        conjugate=lambda t: (t - 1).exp(),
        domain=EVERYWHERE,
        inverse_slope=lambda t: (t - 1).exp(),
        value_at_zero=0.0,
        slope_at_infinity=math.inf,
        label="KL(P‖Q)",
        formula="u log u",
        conjugate_formula="eᵗ⁻¹",
    ),
    "reverse_kl": Generator(
        f=lambda u: -u.log(),
        slope=lambda u: -1 / u,
        conjugate=lambda t: -1 - (-t).log(),
        domain=(-math.inf, 0.0),
        inverse_slope=lambda t: -1 / t,
        value_at_zero=math.inf,
        slope_at_infinity=0.0,
        label="KL(Q‖P)",
        formula="−log u",
        conjugate_formula="−1 − log(−t)",
    ),
    "pearson": Generator(
        f=lambda u: (u - 1).square(),
        slope=lambda u: 2 * (u - 1),
        conjugate=lambda t: t.square() / 4 + t,
        domain=EVERYWHERE,
        inverse_slope=lambda t: 1 + t / 2,
        value_at_zero=1.0,
        slope_at_infinity=math.inf,
        label="Pearson χ²",
        formula="(u − 1)²",
        conjugate_formula="t²/4 + t",
        note="χ²(P‖Q) = ∫ (p − q)²/q",
        lowest=-math.inf,
    ),
    "neyman": Generator(
        f=lambda u: (1 - u).square() / u,
        slope=lambda u: 1 - u**-2,
        conjugate=lambda t: 2 - 2 * (1 - t).sqrt(),
        domain=(-math.inf, 1.0),
        inverse_slope=lambda t: (1 - t) ** -0.5,
        value_at_zero=math.inf,
        slope_at_infinity=1.0,
        label="Neyman χ²",
        formula="(1 − u)²/u",
        conjugate_formula="2 − 2√(1 − t)",
        note="χ²(Q‖P) = ∫ (p − q)²/p",
    ),
    "hellinger": Generator(
        f=lambda u: (u.sqrt() - 1).square(),
        slope=lambda u: 1 - u**-0.5,
        conjugate=lambda t: t / (1 - t),
        domain=(-math.inf, 1.0),
        inverse_slope=lambda t: (1 - t) ** -2,
        value_at_zero=1.0,
        slope_at_infinity=1.0,
        label="H²",
        formula="(√u − 1)²",
        conjugate_formula="t/(1 − t)",
        note="∫ (√p − √q)², at most 2",
    ),
    "jensen_shannon": Generator(
        f=lambda u: u * u.log() - (u + 1) * ((u + 1) / 2).log(),
        slope=lambda u: (2 * u / (u + 1)).log(),
        conjugate=lambda t: -(2 - t.exp()).log(),
        domain=(-math.inf, math.log(2)),
        inverse_slope=lambda t: t.exp() / (2 - t.exp()),
        value_at_zero=math.log(2),
        slope_at_infinity=math.log(2),
        label="JSD",
        formula="u log u − (u + 1) log((u + 1)/2)",
        conjugate_formula="−log(2 − eᵗ)",
        note="½ KL(P‖M) + ½ KL(Q‖M), M = ½(P + Q), at most log 2; its generator gives 2·JSD",
        scale=0.5,
    ),
    "gan": Generator(
        f=lambda u: u * u.log() - (u + 1) * (u + 1).log(),
        slope=lambda u: (u / (u + 1)).log(),
        conjugate=lambda t: -(1 - t.exp()).log(),
        domain=(-math.inf, 0.0),
        inverse_slope=lambda t: t.exp() / (1 - t.exp()),
        value_at_zero=0.0,
        slope_at_infinity=0.0,
        label="GAN",
        formula="u log u − (u + 1) log(u + 1)",
        conjugate_formula="−log(1 − eᵗ)",
        note="its generator gives 2·JSD − log 4; the customary value is JSD",
        scale=0.5,
        offset=math.log(4),
    ),
    "total_variation": Generator(
        f=lambda u: 0.5 * (u - 1).abs(),
        slope=lambda u: 0.5 * (u - 1).sign(),
        conjugate=lambda t: t,
        domain=(-0.5, 0.5),
        inverse_slope=None,
        value_at_zero=0.5,
        slope_at_infinity=0.5,
        label="TV",
        formula="½|u − 1|",
        conjugate_formula="t, |t| ≤ ½",
        note="½ ∫ |p − q|, at most 1",
        lowest=-math.inf,
    ),
    "jeffrey": Generator(
        f=lambda u: (u - 1) * u.log(),
        slope=lambda u: u.log() + 1 - 1 / u,
        conjugate=_jeffrey_conjugate,
        domain=EVERYWHERE,
        inverse_slope=lambda t: (-log_omega(1 - t)).exp(),
        value_at_zero=math.inf,
        slope_at_infinity=math.inf,
        label="Jeffrey",
        formula="(u − 1) log u",
        conjugate_formula="W(e¹⁻ᵗ) + 1/W(e¹⁻ᵗ) + t − 2",
        note="KL(P‖Q) + KL(Q‖P)",
    ),
}
"""By the name of the schema's `objective.name`."""
