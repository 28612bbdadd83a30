"""The part of a frame that looks at the critic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gebm_studio.messages.arrays import Floats

CriticView = Literal["line", "segments", "layers", "spectra"]
Along = Literal["modes", "across", "up"]


@dataclass(frozen=True)
class CriticReading:
    """One way to read the critic on a line: what it is now and, where known, at its optimum; (n,) or (0,)."""

    name: str
    formula: str
    learned: Floats
    optimum: Floats


@dataclass(frozen=True)
class CriticLine:
    """The critic on a line: at `at` (n,), with the densities p and g (n,), NaN where unknown.

    Data of one dimension: `at` is x itself. Else `at` is the way along a straight line from `start` to `end`.
    """

    at: Floats
    p: Floats
    g: Floats
    readings: tuple[CriticReading, ...]
    axis: str
    note: str


@dataclass(frozen=True)
class LayerNorms:
    """Root mean square of |∂ℓᵢ/∂hₗ|, the critic's loss of one example by each layer's output, (L,).

    Over `points` data and as many base draws.
    """

    label: str
    norms: Floats
    points: int


@dataclass(frozen=True)
class Spectra:
    """Largest singular values of each layer's weights, (L,) each, and what they say of the slope.

    `exact` σ₁ by singular value decomposition of the weights that learn, `second` σ₂; `iterated` the estimate that
    spectral normalisation divides by, NaN where a layer is not normalised; `effective` σ₁ of what the layer
    multiplies by. `product` of them all and of the activations' steepest slopes, NaN where the network is no chain of
    linear layers; `slope` the largest |∇V| at `points` points. `tangents` (L, k + 1): tan θ, θ the angle
    between the right vector of a power iteration and the exact one, at a fresh start and after each of k steps.
    """

    exact: Floats
    second: Floats
    iterated: Floats
    effective: Floats
    product: float
    slope: float
    points: int
    tangents: Floats


@dataclass(frozen=True)
class CriticPart:
    """The critic V = −(its network's output) of the run in front, as one of four views.

    segments (n,): |∇V| at random points of the segments between data and samples; `wanted` is the norm that the
    penalty asks for, NaN where it asks for none. `layers` holds every run of a comparison, else one.
    """

    view: CriticView
    iteration: int
    line: CriticLine | None = None
    segments: Floats | None = None
    wanted: float = float("nan")
    layers: tuple[LayerNorms, ...] = ()
    spectra: Spectra | None = None
    note: str = ""
