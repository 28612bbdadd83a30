"""What the divergence lab can measure between two laws: the one list of names, families and formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Phi = Literal[
    "kl", "reverse_kl", "jeffrey", "pearson", "neyman", "hellinger", "jensen_shannon", "gan", "total_variation"
]
"""φ-divergences: E_Q φ(p/q)."""
Measure = Literal[
    "kl", "reverse_kl", "jeffrey", "pearson", "neyman", "hellinger", "jensen_shannon", "gan", "total_variation",
    "w1", "w2", "sliced_w2", "sinkhorn", "mmd", "half_mmd2", "kale", "kale_features", "lipschitz_w1", "knn_kl",
]  # fmt: skip
Family = Literal["phi", "both", "ipm", "transport", "kale", "estimate"]


@dataclass(frozen=True)
class About:
    """How one measure is shown.

    Attributes:
        label: Its short name.
        family: φ-divergence, integral probability metric, both, transport cost, KALE, or an estimate from samples.
        formula: What it is, for a tooltip.
    """

    label: str
    family: Family
    formula: str


ABOUT: dict[Measure, About] = {
    "kl": About("KL(P‖Q)", "phi", "E_P log p/q"),
    "reverse_kl": About("KL(Q‖P)", "phi", "E_Q log q/p"),
    "jeffrey": About("Jeffrey", "phi", "KL(P‖Q) + KL(Q‖P)"),
    "pearson": About("Pearson χ²", "phi", "∫ (p − q)²/q"),
    "neyman": About("Neyman χ²", "phi", "∫ (p − q)²/p"),
    "hellinger": About("Hellinger²", "phi", "∫ (√p − √q)²"),
    "jensen_shannon": About("Jensen–Shannon", "phi", "½ KL(P‖M) + ½ KL(Q‖M), M = ½(P + Q)"),
    "gan": About("GAN value", "phi", "sup_D E_P log D + E_Q log(1 − D) = 2 JS − log 4"),
    "total_variation": About("Total variation", "both", "½ ∫ |p − q| = sup over 0 ≤ f ≤ 1 of E_P f − E_Q f"),
    "w1": About("W₁", "ipm", "least mean distance of a coupling = sup over 1-Lipschitz f of E_P f − E_Q f"),
    "w2": About("W₂", "transport", "root of the least mean squared distance of a coupling"),
    "sliced_w2": About("sliced W₂", "transport", "root of the mean of W₂² over directions"),
    "sinkhorn": About("Sinkhorn", "transport", "entropic transport of ½|x − y|², without its bias"),
    "mmd": About("MMD", "ipm", "sup over |f|_H ≤ 1 of E_P f − E_Q f = |μ_P − μ_Q|_H"),
    "half_mmd2": About("½ MMD²", "ipm", "½ |μ_P − μ_Q|²_H, what KALE tends to as λ → ∞"),
    "kale": About("KALE", "kale", "(1 + λ) max_h 1 + E_P h − E_Q e^h − (λ/2)|h|²_H"),
    "kale_features": About("KALE, features", "kale", "max over a class of h = w·φ of 1 + E_P h − E_Q e^h"),
    "lipschitz_w1": About("L·W₁", "transport", "W₁ times the Lipschitz constant of the critic: it bounds KALE"),
    "knn_kl": About("KL, neighbours", "estimate", "KL(P‖Q) from distances to the k-th neighbours in samples"),
}
PHI: tuple[Phi, ...] = get_args(Phi)
