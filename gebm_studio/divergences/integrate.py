"""Adaptive quadrature of several functions at once: over panels of the line, and over cells of the plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gebm_studio.divergences.pieces import Pieces, finished

Doubles = NDArray[np.float64]
Function = Callable[[Doubles], Doubles]
"""Points (N,) on the line, or (N, 2) in the plane, to values (N,), or (K, N) for K functions at once."""

_HALF_NODES = (
    0.991455371120812639206854697526329, 0.949107912342758524526189684047851, 0.864864423359769072789712788640926,
    0.741531185599394439863864773280788, 0.586087235467691130294144691693429, 0.405845151377397166906606412076961,
    0.207784955007898467600689403773245,
)  # fmt: skip
_HALF_KRONROD = (
    0.022935322010529224963732008058970, 0.063092092629978553290700663189204, 0.104790010322250183839876322541518,
    0.140653259715525918745189590510238, 0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
    0.204432940075298892414161999234649,
)  # fmt: skip
_HALF_GAUSS = (0.0, 0.129484966168869693270611432679082, 0.0, 0.279705391489276667901467771423780, 0.0,
               0.381830050505118944950369775488975, 0.0)  # fmt: skip
_NODES = np.array([*(-x for x in _HALF_NODES), 0.0, *reversed(_HALF_NODES)])
_KRONROD = np.array([*_HALF_KRONROD, 0.209482141084727828012999174891714, *reversed(_HALF_KRONROD)])
_GAUSS = np.array([*_HALF_GAUSS, 0.417959183673469387755102040816327, *reversed(_HALF_GAUSS)])
_AT_ONCE = 8
"""Cells of the plane that are evaluated at once: a piece of work."""
_EPSILON = float(np.finfo(np.float64).eps)


class Integral(NamedTuple):
    """Integrals () or (K,) with an estimate of each one's error; ∞ where a value at a node was, with error 0."""

    value: Doubles
    error: Doubles


class _Rule(NamedTuple):
    """Nodes (n, d) in [−1, 1]^d with the weights of two rules of unequal order on them.

    A panel's error is `caution` times the distance between the two. On smooth panels the finer rule is far better than
    that; but a bend narrower than the gaps of the nodes may bring the two close by chance. On the line, where a digit
    more costs no time, 20 was too little for 2 of 13,500 rows between random mixtures with widths a factor 300 apart,
    and these missed by 2·10⁻⁸ of their value at a tolerance of 10⁻⁸.
    """

    nodes: Doubles
    fine: Doubles
    coarse: Doubles
    caution: float


_ON_LINE = _Rule(_NODES[:, None], _KRONROD, _GAUSS, 20.0)
_IN_PLANE = _Rule(
    np.stack(np.meshgrid(_NODES, _NODES, indexing="ij"), axis=-1).reshape(-1, 2),
    np.outer(_KRONROD, _KRONROD).ravel(),
    np.outer(_GAUSS, _GAUSS).ravel(),
    1.0,
)


def integrate(f: Function, panels: ArrayLike, *, tolerance: float = 1e-9, most: int = 4000) -> Integral:
    """Integrals over the line by the Gauss–Kronrod pair of 7 and 15 nodes, halving panels until they suffice.

    All panels of a round go to f in one call, never at their ends: a jump belongs on an edge. Rounds end where the
    errors sum to less than `tolerance`·max(1, |value|) for each function, or at `most` panels: then the error says so.

    Arguments:
        f: What is integrated.
        panels: Edges (M+1,) of the first panels, finite and increasing.
        tolerance: Error aimed at, absolute below a value of one, relative above.
        most: Panels evaluated at most.

    Raises:
        ValueError: For edges that are not increasing numbers, or an f that gives NaN or the wrong shape.

    References:
        QUADPACK (Piessens, de Doncker-Kapenga, Überhuber, Kahaner, 1983), whose pair of rules this is.
    """
    edges = np.asarray(panels, dtype=np.float64)
    _check_edges("panels", edges)
    middles, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    pieces = _adaptive(lambda x: f(x[:, 0]), middles[:, None], halves[:, None], _ON_LINE, tolerance, most, most)
    return finished(pieces)


def integrate_plane(f: Function, x: ArrayLike, y: ArrayLike, *, tolerance: float = 1e-6, most: int = 1500) -> Integral:
    """Integrals over a rectangle by the same rule along both axes, quartering cells until they suffice.

    Arguments:
        f: What is integrated.
        x: Edges (M+1,) of the first cells across.
        y: Edges of the first cells upwards.
        tolerance: As in `integrate`.
        most: Cells evaluated at most, of 225 points each.

    Raises:
        ValueError: As `integrate`.
    """
    return finished(integrate_plane_in_pieces(f, x, y, tolerance=tolerance, most=most))


def integrate_plane_in_pieces(
    f: Function, x: ArrayLike, y: ArrayLike, *, tolerance: float = 1e-6, most: int = 1500
) -> Pieces[Integral]:
    """As `integrate_plane`, and returns the same: it yields after each few cells, so that other work may go on."""
    across, upwards = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    _check_edges("x", across)
    _check_edges("y", upwards)
    middles = [(edges[1:] + edges[:-1]) / 2 for edges in (across, upwards)]
    halves = [np.diff(edges) / 2 for edges in (across, upwards)]
    return (yield from _adaptive(f, _pairs(*middles), _pairs(*halves), _IN_PLANE, tolerance, most, _AT_ONCE))


def _adaptive(
    f: Function, middles: Doubles, halves: Doubles, rule: _Rule, tolerance: float, most: int, at_once: int
) -> Pieces[Integral]:
    d = middles.shape[1]
    corners = _pairs(*[np.array([-0.5, 0.5])] * d) if d > 1 else np.array([[-0.5], [0.5]])
    spent = len(middles)
    values, shape = yield from _values(f, middles, halves, rule, at_once)
    infinite = np.zeros(len(values), dtype=bool)
    kept_value, kept_error = np.zeros(len(values)), np.zeros(len(values))
    while True:
        value, error, beyond = _estimates(values, halves, rule)
        infinite |= beyond
        value[infinite] = error[infinite] = 0
        total, total_error = kept_value + value.sum(axis=1), kept_error + error.sum(axis=1)
        goal = tolerance * np.maximum(1, np.abs(total))
        if (total_error <= goal).all():
            break
        poor = (error > goal[:, None] / (2 * spent)).any(axis=0) & (halves > 4 * _EPSILON * np.abs(middles)).all(axis=1)
        spent += int(poor.sum()) * len(corners)
        if spent > most or not poor.any():
            break
        kept_value, kept_error = kept_value + value[:, ~poor].sum(axis=1), kept_error + error[:, ~poor].sum(axis=1)
        middles = (middles[poor, None] + halves[poor, None] * corners).reshape(-1, d)
        halves = np.repeat(halves[poor] / 2, len(corners), axis=0)
        values, _ = yield from _values(f, middles, halves, rule, at_once)
    total[infinite] = np.inf
    return Integral(total.reshape(shape), total_error.reshape(shape))


def _values(
    f: Function, middles: Doubles, halves: Doubles, rule: _Rule, at_once: int
) -> Pieces[tuple[Doubles, tuple[int, ...]]]:
    """Values (K, M, n) at the nodes of M panels, so many at once, and the shape of f without its points: () or (K,)."""
    parts: list[Doubles] = []
    shape: tuple[int, ...] = ()
    for first in range(0, len(middles), at_once):
        some = slice(first, first + at_once)
        part, shape = _values_at_once(f, middles[some], halves[some], rule)
        parts.append(part)
        if first + at_once < len(middles):
            yield
    return np.concatenate(parts, axis=1), shape


def _values_at_once(f: Function, middles: Doubles, halves: Doubles, rule: _Rule) -> tuple[Doubles, tuple[int, ...]]:
    points = (middles[:, None] + halves[:, None] * rule.nodes).reshape(-1, middles.shape[1])
    values = np.asarray(f(points), dtype=np.float64)
    if values.ndim not in (1, 2) or values.shape[-1] != len(points):
        raise ValueError(f"f must give values ({len(points)},) or (K, {len(points)}), got {values.shape}")
    if np.isnan(values).any():
        raise ValueError(f"f gives {int(np.isnan(values).sum())} NaN at {len(points)} points")
    return values.reshape(-1, len(middles), len(rule.nodes)), values.shape[:-1]


def _estimates(values: Doubles, halves: Doubles, rule: _Rule) -> tuple[Doubles, Doubles, NDArray[np.bool_]]:
    """Each panel's integral (K, M) and its error, and which of the K left the range of a float (K,)."""
    volume = halves.prod(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        value = volume * (values @ rule.fine)
        error = rule.caution * np.abs(value - volume * (values @ rule.coarse))
        error = np.maximum(error, 50 * _EPSILON * volume * (np.abs(values) @ rule.fine))
    beyond = ~(np.isfinite(value) & np.isfinite(error)).all(axis=1)
    return value, error, beyond


def _pairs(first: Doubles, second: Doubles) -> Doubles:
    return np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)


def _check_edges(name: str, edges: Doubles) -> None:
    if edges.ndim != 1 or len(edges) < 2 or not (np.isfinite(edges).all() and (np.diff(edges) > 0).all()):
        raise ValueError(f"{name} must be two or more finite increasing edges, got {edges}")
