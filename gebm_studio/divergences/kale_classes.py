"""KALE over classes of functions that are linear in their parameters, nested ones among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.optimize import brentq
from torch import Tensor

from gebm_studio.divergences.critic_bases import Basis
from gebm_studio.divergences.critics import Climbed, LinearCritic
from gebm_studio.divergences.games import KALE_GAME, Nodes

_LEAST_RIDGE = 1e-12
"""Multipliers of a bound on the norm below this change no digit that is shown."""
_MOST_RIDGE = 1e12


@dataclass(frozen=True)
class KaleOfClass:
    """sup over h = Σ w_k φ_k of 1 + ∫h dP − ∫e^h dQ − (ridge/2)|w|².

    Attributes:
        value: 1 + ∫h dP − ∫e^h dQ at the best h, without the ridge's part; ∞ where it grows without end.
        penalised: The supremum, with the ridge's part; it rises with the class.
        coefficients: w (K,), the constant first.
        norm: |w| without the constant.
        gap: What is missing to the supremum, to second order.
        converged: Whether it is within the tolerance.
        note: Empty, or what is to be said beside the value.
    """

    value: float
    penalised: float
    coefficients: Tensor
    norm: float
    gap: float
    converged: bool
    note: str


@dataclass(frozen=True)
class First:
    """The first `size` functions of a basis, its constant included: nested classes."""

    basis: Basis
    size: int

    def __post_init__(self) -> None:
        if not 1 <= self.size <= self.basis.size:
            raise ValueError(f"class: size must lie in 1 to {self.basis.size}, got {self.size}")

    def __call__(self, x: Tensor) -> Tensor:
        return self.basis(x)[:, : self.size]


def kale_of_class(
    basis: Basis,
    p: Nodes,
    q: Nodes,
    *,
    ridge: float = 0.0,
    norm: float | None = None,
    start: Tensor | None = None,
    tolerance: float = 1e-12,
    most_steps: int = 500,
) -> KaleOfClass:
    """KALE(P‖Q) over the span of a basis, or over the part of it with |w| ≤ norm; at most KL(P‖Q).

    The constant is free of ridge and norm. It makes the class contain log Z, so that the value is not below zero and is
    zero for P = Q. On two samples a rich class without ridge or norm parts the points and the value is ∞.

    Arguments:
        basis: φ, the constant first.
        p: Nodes of P.
        q: Nodes of Q.
        ridge: 0 or more.
        norm: The most |w| may be, positive; no bound where silent.
        start: w to begin with (K,), K ≤ size.
        tolerance: Of the value.
        most_steps: Of each Newton climb.

    Raises:
        ValueError: For a ridge or norm outside its range, or nodes that do not fit.

    References:
        Generalized Energy Based Models (Arbel, Zhou and Gretton, 2021), arXiv 2003.05033, section 3.
    """

    def climb(at: float, from_w: Tensor | None) -> tuple[LinearCritic, Climbed]:
        critic = LinearCritic(basis, p, q, KALE_GAME, ridge=at, start=from_w)
        return critic, critic.solve(tolerance, most_steps)

    if norm is None:
        return _answer(*climb(ridge, start), ridge)
    if not 0 < norm < math.inf:
        raise ValueError(f"class: norm must be positive, got {norm}; leave it out for no bound")
    # A multiplier of |w| ≤ norm acts as a ridge: it is raised until the norm fits and then found between.
    high = max(1.0, ridge)
    critic, climbed = climb(high, start)
    while critic.norm > norm and high < _MOST_RIDGE:
        high *= 10
        critic, climbed = climb(high, critic.parameters)
    low = high
    inside = critic, climbed
    while critic.norm < norm and low > max(ridge, _LEAST_RIDGE):
        high, low = low, max(low / 10, ridge, _LEAST_RIDGE)
        inside = critic, climbed
        critic, climbed = climb(low, critic.parameters)
    if critic.norm <= norm:
        return _answer(critic, climbed, ridge)
    warm = inside[0].parameters

    def excess(log_ridge: float) -> float:
        return climb(math.exp(log_ridge), warm)[0].norm / norm - 1

    root = float(brentq(excess, math.log(low), math.log(high), xtol=1e-13, rtol=1e-13))
    return _answer(*climb(math.exp(root), warm), ridge)


def kale_by_width(
    basis: Basis,
    p: Nodes,
    q: Nodes,
    sizes: Sequence[int],
    *,
    ridge: float = 0.0,
    tolerance: float = 1e-12,
    most_steps: int = 500,
) -> list[KaleOfClass]:
    """KALE over the first K functions of a basis for rising K, each from the one before: never falling.

    Arguments:
        basis: φ, the constant first.
        p: Nodes of P.
        q: Nodes of Q.
        sizes: The K, increasing, in 1 to the size of the basis.
        ridge: 0 or more; with one it is `penalised` that rises.
        tolerance: Of each value.
        most_steps: Of each Newton climb.

    Raises:
        ValueError: For sizes that do not increase or leave their range, or as `kale_of_class`.
    """
    if not sizes or any(after <= before for before, after in zip(sizes, sizes[1:], strict=False)):
        raise ValueError(f"class: sizes must be increasing, got {list(sizes)}")
    found: list[KaleOfClass] = []
    for size in sizes:
        start = found[-1].coefficients if found and found[-1].converged else None
        part = First(basis, size)
        found.append(kale_of_class(part, p, q, ridge=ridge, start=start, tolerance=tolerance, most_steps=most_steps))
    return found


def _answer(critic: LinearCritic, climbed: Climbed, ridge: float) -> KaleOfClass:
    value = math.inf if climbed.unbounded else climbed.bound
    penalised = value - ridge * critic.norm**2 / 2
    return KaleOfClass(value, penalised, critic.parameters, critic.norm, climbed.gap, climbed.converged, climbed.note)
