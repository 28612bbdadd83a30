"""The conjugate of a generator as its tangents: φ*(v) is what the tangent of slope v leaves below zero at u = 0."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from gebm_studio.divergences import GENERATORS, Generator, biconjugate, evaluate
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.shown import floats
from gebm_studio.messages import TangentPart
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import Phi

_POINTS = 321
_LEFT, _RIGHT = -1.0, 5.0
"""Range of u; it begins at 0 where the supremum of the conjugate is over u ≥ 0 alone."""
_HIGHEST = 6.0
"""φ and φ* are drawn up to this; toward an end where they are infinite the range ends there."""
_SLOPES = 4.0
"""Range of t on both sides of 0."""
_NEAREST = 1e-4
"""Distance of the range from an end where a function is infinite or has no slope."""


class _Curves(NamedTuple):
    """φ and φ** over u (n,), φ* over t (m,), and the largest |φ** − φ|."""

    u: Doubles
    generator: Doubles
    biconjugate: Doubles
    t: Doubles
    conjugate: Doubles
    error: float


def tangent_part(preset: DivergencesPreset, version: int) -> TangentPart:
    """The tangent of slope `view.slope` to the φ of `view.divergence`.

    Of Pearson's χ² and of total variation the conjugate is that of the literature, a supremum over the whole line: φ is
    drawn left of u = 0 too, where no ratio p/q lies, so that the tangents touch what is drawn.

    Arguments:
        preset: The settings.
        version: Given back in the part.
    """
    name, slope = preset.view.divergence, preset.view.slope
    generator, curves = GENERATORS[name], _curves(name)
    touches = touching(generator, slope)
    return TangentPart(
        name=name,
        u=floats(curves.u),
        generator=floats(curves.generator),
        biconjugate=floats(curves.biconjugate),
        t=floats(curves.t),
        conjugate=floats(curves.conjugate),
        slope=slope,
        touches=touches,
        value_there=math.nan if math.isnan(touches) else float(evaluate(generator.f, touches)),
        conjugate_there=conjugate_at(generator, slope),
        domain=generator.domain,
        formulas=(f"φ(u) = {generator.formula}", f"φ*(t) = {generator.conjugate_formula}"),
        error=curves.error,
        version=version,
    )


def conjugate_at(generator: Generator, slope: float) -> float:
    """φ*(v); ∞ outside of its domain, and at an end where it grows to ∞."""
    low, high = generator.domain
    return float(evaluate(generator.conjugate, slope)) if low <= slope <= high else math.inf


def touching(generator: Generator, slope: float) -> float:
    """A u at which the line of slope v touches φ from below: the inverse slope, or the kink; NaN where there is none.

    At an end of the domain the line touches nowhere, or only in the limit u → ∞, which just before it is out of reach.
    """
    low, high = generator.domain
    if generator.inverse_slope is None:
        return 1.0 if low <= slope <= high else math.nan
    touched = float(evaluate(generator.inverse_slope, slope)) if low < slope < high else math.nan
    return touched if math.isfinite(touched) and math.isfinite(float(evaluate(generator.f, touched))) else math.nan


@cache
def _curves(name: Phi) -> _Curves:
    generator = GENERATORS[name]
    u = _u_range(generator)
    values, twice = evaluate(generator.f, u), biconjugate(generator, u)
    low, high = generator.domain
    t = np.linspace(max(-_SLOPES, low), min(_SLOPES, high), _POINTS)
    conjugate = np.array([conjugate_at(generator, float(v)) for v in t])
    shown = conjugate <= _HIGHEST
    return _Curves(u, values, twice, t[shown], conjugate[shown], float(np.abs(twice - values).max()))


def _u_range(generator: Generator) -> Doubles:
    """The u of the picture (n,), closer to each other toward zero where φ may be steep."""
    if generator.lowest == -math.inf:
        return np.linspace(_LEFT, _RIGHT, _POINTS)
    u = _NEAREST + (_RIGHT - _NEAREST) * np.linspace(0, 1, 4 * _POINTS) ** 2
    u = u[evaluate(generator.f, u) <= _HIGHEST]
    low, high = float(u[0]), float(u[-1])
    return low + (high - low) * np.linspace(0, 1, _POINTS) ** 2
