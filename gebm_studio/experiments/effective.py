"""How many independent draws chains are worth, through arviz-stats (numpy and scipy alone, no xarray).

References:
    Rank-normalization, folding, and localization: an improved R-hat (Vehtari et al., 2021), arXiv 1903.08008.
"""

from __future__ import annotations

import math
import sys
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[Any]
"""Draws (chains, n) of one number, each row one chain in the order of time."""

FEWEST = 8
"""Draws of each chain below which nothing is said: both halves of a chain need four."""
_LIBRARY = "arviz_stats.base.array"
_loading: threading.Thread | None = None


def ready() -> bool:
    """Whether the library is loaded; the first call begins to load it, in a thread of its own.

    Loading takes half a second, most of it scipy.stats: an engine that answers frames asks this and
    says nothing yet, where a script that can wait calls the functions below at once.
    """
    if _LIBRARY in sys.modules and _loading is None:
        return True
    return _load()


def ess_bulk(draws: Draws) -> float:
    """The rank-normalised split bulk effective sample size of all chains together.

    NaN for fewer than `FEWEST` draws a chain, for numbers that are not finite, and for chains that never moved.
    """
    return float(_stats().ess(draws, chain_axis=0, draw_axis=1, method="bulk")) if _usable(draws) else math.nan


def rhat(draws: Draws) -> float:
    """The rank-normalised split R-hat, bulk or folded, whichever is larger; NaN as `ess_bulk`, and for one chain."""
    if len(draws) < 2 or not _usable(draws):
        return math.nan
    return float(_stats().rhat(draws, chain_axis=0, draw_axis=1, method="rank"))


def mean_and_error(draws: Draws) -> tuple[float, float]:
    """The mean of all draws and its Monte-Carlo standard error sd/√ESS, by the ESS of the mean; NaNs as `ess_bulk`."""
    if not _usable(draws):
        return math.nan, math.nan
    error = _stats().mcse(draws, chain_axis=0, draw_axis=1, method="mean")
    return float(np.mean(draws, dtype=np.float64)), float(error)


def autocorrelation(draws: Draws, lags: int) -> NDArray[np.float32]:
    """The mean over chains of each chain's autocorrelation at lags 0 to lags − 1, (min(lags, n),).

    Chains that never moved have none and are left out; empty where no chain has one.
    """
    draws = np.asarray(draws, dtype=np.float64)
    if not _usable(draws):
        return np.zeros(0, dtype=np.float32)
    moving = np.ptp(draws, axis=1) > 0
    each = _stats().autocorr(draws[moving], axis=1)[:, :lags]
    mean: NDArray[np.float32] = each.mean(axis=0).astype(np.float32)
    return mean


def _usable(draws: Draws) -> bool:
    """Whether something can be said: the library itself takes chains that never moved for perfect ones."""
    if draws.ndim != 2 or len(draws) < 1 or draws.shape[1] < FEWEST or not np.isfinite(draws).all():
        return False
    half = draws.shape[1] // 2
    return bool(np.ptp(draws[:, :half], axis=1).any() or np.ptp(draws[:, -half:], axis=1).any())


def _stats() -> Any:
    from arviz_stats.base.array import array_stats

    return array_stats


def _load() -> bool:
    global _loading  # noqa: PLW0603  one library, loaded once a process
    if _loading is None:
        _loading = threading.Thread(target=_stats, name="load arviz-stats", daemon=True)
        _loading.start()
    if _loading.is_alive():
        return False
    _loading = None
    _stats()  # what went wrong in the thread is told here
    return True
