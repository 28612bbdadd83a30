"""What is shown below the densities: functions of both laws, on the line or over the plane."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch

from gebm_studio.divergences import integrands
from gebm_studio.experiments.lab.games import reading_of
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.plan import lipschitz_critic
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.messages import Function, Map
from gebm_studio.messages.arrays import Extent
from gebm_studio.schema.measures import ABOUT, Phi

Learned = Callable[[Doubles], tuple[Function, ...]]
"""Critics that are learned, at points (n, d)."""
LABELS = {
    "log_ratio": "log p/q",
    "critics": "critics",
    "integrand": "integrand",
    "mmd_witness": "witness μ_P − μ_Q",
    "kale_witness": "witness e^h",
    "kale_critic": "critic h",
    "transport": "1-Lipschitz critic",
}
_SEEN = 1e-3
"""Of its highest density, from which on the place of a law counts for the colours of a map."""
_STEEPEST = 700.0
"""Logarithms of ratios beyond this leave the range of a float."""


def label_of(pair: Pair) -> str:
    """What the lower picture shows, in words."""
    view = pair.preset.view
    return f"q φ(p/q), {ABOUT[view.divergence].label}" if view.lower == "integrand" else LABELS[view.lower]


def map_name(pair: Pair) -> Literal["log_ratio", "critic", "integrand", "witness"]:
    """The kind of map that it is on the plane."""
    match pair.preset.view.lower:
        case "log_ratio":
            return "log_ratio"
        case "integrand":
            return "integrand"
        case "mmd_witness" | "kale_witness":
            return "witness"
        case _:
            return "critic"


def functions(pair: Pair, x: Doubles, log_p: Doubles | None, log_q: Doubles | None, learned: Learned) -> list[Function]:
    """The functions at points x (n, d).

    Arguments:
        pair: Both laws.
        x: Where.
        log_p: log p there (n,), None without a density.
        log_q: log q there.
        learned: Critics that stand beside the tight one.

    Raises:
        Unknown: Where they cannot be had, saying why.
    """
    view = pair.preset.view
    match view.lower:
        case "log_ratio":
            return [_function(label_of(pair), _log_ratio(pair, log_p, log_q))]
        case "critics":
            found = learned(x)
            try:
                return [*found, *_tight(pair, log_p, log_q)]
            except Unknown:
                if not found:
                    raise
                return list(found)
        case "integrand":
            return [_function(label_of(pair), _integrand(pair, view.divergence, log_p, log_q))]
        case "mmd_witness":
            return [_function(label_of(pair), _mmd_witness(pair, x))]
        case "kale_witness":
            return [_function(label_of(pair), pair.kale.witness(x).numpy())]
        case "kale_critic":
            return [_function(label_of(pair), pair.kale.h(x).numpy())]
    return [_function(label_of(pair), lipschitz_critic(pair)(x[:, 0]))]


def map_of(pair: Pair, function: Function, cells: int, extent: Extent, logs: list[Doubles | None]) -> Map:
    """A function on the plane's grid as a map, its colours over what it is where the laws have mass.

    Arguments:
        pair: Both laws.
        function: Of the grid's points (cells²,).
        cells: Along a side.
        extent: What the grid covers.
        logs: log p and log q there, None without a density.
    """
    values = function.values.reshape(cells, cells)
    known = np.isfinite(function.values)
    densities = [np.exp(log) for log in logs if log is not None]
    if densities:
        known &= np.any([density > _SEEN * density.max() for density in densities], axis=0)
    seen = function.values[known]
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    return Map(map_name(pair), values, extent, (low, high if high > low else low + 1.0), 0)


def _function(label: str, values: Doubles, tight: bool = False) -> Function:
    limited = np.clip(values, -1e30, 1e30).astype(np.float32)
    limited.flags.writeable = False
    return Function(label, limited, tight)


def _log_ratio(pair: Pair, log_p: Doubles | None, log_q: Doubles | None) -> Doubles:
    """log p/q where it is finite, else NaN."""
    if log_p is None or log_q is None:
        pair.log_density_functions()
        raise Unknown("the laws have no density ratio")
    both = np.isfinite(log_p) & np.isfinite(log_q)
    return np.asarray(np.subtract(log_p, log_q, out=np.full(len(log_p), math.nan), where=both))


def _tight(pair: Pair, log_p: Doubles | None, log_q: Doubles | None) -> list[Function]:
    """The critic at which the bound touches, as the learned one is shown: φ′(p/q) unless it has another reading."""
    critic = pair.preset.critic
    if critic.family == "gaussian":
        return []
    name = pair.preset.view.divergence if critic.family == "none" else critic.divergence
    ratio = np.clip(_log_ratio(pair, log_p, log_q), -_STEEPEST, _STEEPEST)
    reading = reading_of(name)
    return [_function(reading.tight_label, reading.of_log_ratio(torch.from_numpy(ratio)).numpy(), tight=True)]


def _integrand(pair: Pair, name: Phi, log_p: Doubles | None, log_q: Doubles | None) -> Doubles:
    if log_p is None or log_q is None:
        pair.log_density_functions()
        raise Unknown("the laws have no densities")
    values = integrands([name], log_p, log_q)[0]
    return np.where(np.isfinite(values), values, math.nan)


def _mmd_witness(pair: Pair, x: Doubles) -> Doubles:
    at = torch.from_numpy(np.ascontiguousarray(x))
    of_p, of_q = (
        pair.kernel.sums(at, torch.from_numpy(on.points), torch.from_numpy(on.weights)).numpy() for on in pair.on
    )
    return np.asarray(of_p - of_q)
