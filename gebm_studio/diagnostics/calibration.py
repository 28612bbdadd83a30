"""Whether an energy tells the odds that it states: held-out data against base draws."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gebm_studio.diagnostics.intervals import UNKNOWN, about
from gebm_studio.messages import Calibration, Interval, frozen

BINS = 10
FEWEST = 20
"""Finite energies of each kind below which nothing is said."""
_ROUNDS = 60

Array = NDArray[np.float64]


def calibration(data: Array, base: Array) -> Calibration:
    """What is counted where an energy states certain log odds.

    Where E is the log of g/p, −E − log Z is the log odds of a point that is drawn from data or base with even chances.
    Bins hold as many points of both kinds together; in one with k of the data among m, the odds are (k + ½)/(m − k + ½)
    and their 95 % interval is that of Jeffreys, which is finite for k = 0 too.

    Arguments:
        data: −E − log Z of held-out data, (n,).
        base: The same of base draws, (m,).

    Returns:
        Without bins, and with a slope of NaNs, where fewer than `FEWEST` of either kind are finite.
    """
    data, base = data[np.isfinite(data)], base[np.isfinite(base)]
    if min(len(data), len(base)) < FEWEST:
        empty = frozen(np.zeros(0, dtype=np.float32))
        return Calibration(empty, empty, empty, empty, UNKNOWN)
    stated = np.concatenate((data, base))
    is_data = np.repeat([True, False], [len(data), len(base)])
    prior = math.log(len(data) / len(base))
    order = np.argsort(stated, kind="stable")
    rows = [_bin(stated[part], is_data[part], prior) for part in np.array_split(order, BINS)]
    predicted, found, low, high = (frozen(np.array(column, dtype=np.float32)) for column in zip(*rows, strict=True))
    return Calibration(predicted, found, low, high, slope(data, base))


def _bin(stated: Array, is_data: NDArray[np.bool_], prior: float) -> tuple[float, float, float, float]:
    """Mean stated log odds of a bin's points, and those that are counted, with their interval; one may be infinite."""
    from scipy.special import betaincinv, logit

    m, k = len(stated), int(is_data.sum())
    low, high = logit(betaincinv(k + 0.5, m - k + 0.5, [0.025, 0.975])) - prior
    return float(stated.mean()), math.log((k + 0.5) / (m - k + 0.5)) - prior, float(low), float(high)


def slope(data: Array, base: Array) -> Interval:
    """a of the log odds a s + b that fit best where s are stated, with its 95 % interval by Fisher's information.

    Below 1 the energy is surer than it may be, above 1 less sure. `UNKNOWN` where s divides data from base wholly, for
    which no a is best, or is the same for all.

    Arguments:
        data, base: Stated log odds of data (n,) and of base draws (m,), finite.

    References:
        Two further applications of a model for binary regression (Cox, 1958).
    """
    s = np.concatenate((data, base))
    if np.ptp(s) == 0 or data.min() >= base.max() or base.min() >= data.max():
        return UNKNOWN
    centre, scale = s.mean(), s.std()
    design = np.stack(((s - centre) / scale, np.ones_like(s)), axis=1)
    label = np.repeat([1.0, 0.0], [len(data), len(base)])
    parameters = np.array([0.0, math.log(len(data) / len(base))])
    loss = _loss(design, label, parameters)
    for _ in range(_ROUNDS):
        share, information = _information(design, parameters)
        step = np.linalg.solve(information, design.T @ (label - share))
        size = 1.0
        while (better := _loss(design, label, parameters + size * step)) > loss and size > 1e-6:
            size /= 2
        moved, loss = np.abs(size * step).max(), min(better, loss)
        parameters = parameters + size * step
        if moved < 1e-10:
            break
    stderr = math.sqrt(float(np.linalg.inv(_information(design, parameters)[1])[0, 0]))
    return about(float(parameters[0] / scale), stderr / float(scale))


def _information(design: Array, parameters: Array) -> tuple[Array, Array]:
    """Shares of data as the fit has them (n,), and Fisher's information of its parameters (2, 2)."""
    from scipy.special import expit

    share = expit(design @ parameters)
    information = (design.T * (share * (1 - share))) @ design
    information[np.diag_indices(2)] += 1e-12 * len(design)
    return share, information


def _loss(design: Array, label: Array, parameters: Array) -> float:
    s = design @ parameters
    return float(np.sum(np.logaddexp(0, s) - label * s))
