"""Which divergences between two laws are infinite because of how their densities fade, exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

ROUNDING = 1e-14
"""Two sides of a criterion that differ by less, relatively, are equal: the border belongs to ∞."""


@dataclass(frozen=True)
class Tail:
    """How a density fades on one side: as s^{−power} e^{−square·s² + linear·s} for s = |x| → ∞, up to a factor.

    Attributes:
        square: 1/2σ² of a Gaussian; 0 for slower tails; ∞ for a density that is zero beyond some point.
        linear: ±μ/σ² of a Gaussian, + on the right; −1/b of a Laplace density.
        power: 0 of both; ν + 1 of Student's t.
    """

    square: float
    linear: float = 0.0
    power: float = 0.0


class Tails(NamedTuple):
    """The two sides of a density on the line."""

    left: Tail
    right: Tail


COMPACT = Tails(Tail(math.inf), Tail(math.inf))
"""Of a law that lives on a bounded set."""


def gaussian_tails(means: list[float], stds: list[float]) -> Tails:
    """Tails of a Gaussian, or of a mixture of Gaussians: those of its widest component, the outermost of such.

    Those of isotropic mixtures in the plane decide alike along every line, but at the border 2σq² = σp² of a finite χ².

    Raises:
        ValueError: For a deviation that is not positive, or lists that are empty or of unequal length.
    """
    if not means or len(means) != len(stds) or not all(std > 0 for std in stds):
        raise ValueError(f"a Gaussian tail needs means and as many positive deviations, got {means} and {stds}")
    widest = max(stds)
    outer = [mean for mean, std in zip(means, stds, strict=True) if std == widest]
    precision = 1 / widest**2
    return Tails(Tail(precision / 2, -min(outer) * precision), Tail(precision / 2, max(outer) * precision))


def infinite_by_tails(p: Tails, q: Tails) -> frozenset[str]:
    """The rows of the table whose D_f(P‖Q) the tails make infinite.

    Between Gaussians χ²(P‖Q) = ∫ p²/q − 1 is finite iff 2/σp² > 1/σq². What jumps inside make infinite shows at the
    nodes of a quadrature, and is not told here.
    """
    sides = list(zip(p, q, strict=True))
    forward, backward = (any(_kl_diverges(*pair) for pair in pairs) for pairs in (sides, _swapped(sides)))
    rows = {
        "kl": forward,
        "reverse_kl": backward,
        "jeffrey": forward or backward,
        "pearson": any(_square_diverges(*pair) for pair in sides),
        "neyman": any(_square_diverges(*pair) for pair in _swapped(sides)),
    }
    return frozenset(name for name, infinite in rows.items() if infinite)


def _swapped(sides: list[tuple[Tail, Tail]]) -> list[tuple[Tail, Tail]]:
    return [(q, p) for p, q in sides]


def _square_diverges(p: Tail, q: Tail) -> bool:
    """∫ p²/q = ∞ on this side."""
    if math.isinf(p.square):
        return False
    if math.isinf(q.square):
        return True
    square, linear = 2 * p.square - q.square, 2 * p.linear - q.linear
    if abs(square) > ROUNDING * q.square:
        return square < 0
    return linear > 0 or (linear == 0 and 2 * p.power - q.power <= 1)


def _kl_diverges(p: Tail, q: Tail) -> bool:
    """∫ p log(p/q) = ∞ on this side."""
    if math.isinf(p.square):
        return False
    if math.isinf(q.square):
        return True
    if p.square > 0 or p.linear < 0:
        return False
    # p = s^{−power}: the power of s by which log p/q grows decides; a logarithm of s is harmless.
    growth = 2 if q.square > 0 else 1 if q.linear < 0 else 0
    return growth > 0 and p.power - growth <= 1
