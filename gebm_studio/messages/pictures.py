"""Parts of a frame: pictures, curves and galleries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gebm_studio.messages.arrays import Doubles, Extent, Flags, Floats


@dataclass(frozen=True)
class Map:
    """A picture of a function on the plane: `values` (H, W), row 0 at the bottom."""

    name: Literal["energy", "density", "critic", "potential", "log_ratio", "integrand", "witness"]
    values: Floats
    extent: Extent
    levels: tuple[float, float]
    iteration: int
    note: str = ""


@dataclass(frozen=True)
class DataLine:
    """Data of one dimension over x (n,): densities p, g and q of the GEBM at β, and E and V = −(critic's output).

    p is NaN where the target has no density; g and q are exact where the base has one, else histograms of base draws,
    as `note` says. `histogram` (n,) counts the held-out data, in mass per unit of length. `best` is the density of the
    best fit of the base under its objective, where that can be computed, else (0,).
    """

    x: Floats
    p: Floats
    g: Floats
    q: Floats
    energy: Floats
    critic: Floats
    histogram: Floats
    best: Floats
    note: str


@dataclass(frozen=True)
class DataPart:
    """Points in data space, on the plane of view (the identity where data is 2-D).

    data (n, 2); base (m, 2) with its latent (m, d), energy (m,), log_weight (m,) = −βE − log Z_β;
    chains (k, 2); gebm (g, 2): draws of the GEBM by importance resampling of base draws at β;
    arrows (a, 4): x, y and −∇E there, or what a step of the base moves it by, −N ∂ℓ/∂x of its loss ℓ over N draws;
    then `unweighted` (a, 4) is −∇E there. `map` only when a new one was made. `home` is the extent
    that shows everything; `axes` names the two axes of the plane. Data of one dimension come with a `line`.
    """

    data: Floats
    base: Floats
    base_latent: Floats
    base_energy: Floats
    log_weight: Floats
    chains: Floats
    gebm: Floats
    arrows: Floats | None
    map: Map | None
    home: Extent
    axes: tuple[str, str]
    ess_fraction: float
    unweighted: Floats | None = None
    line: DataLine | None = None


@dataclass(frozen=True)
class LatentPart:
    """The latent space. In one dimension `line` holds rows z, U(z), exact ν_β(z), chain histogram.

    `chains` (k, 2) are the chains on the plane of the first two coordinates ((k, 1) in one
    dimension), `energy` (k,) their E(G(z)). `map` is U on that plane through the origin.
    Of the last step, for the first k′ chains: `origins` where they came from, `proposals`, both (k′, 2) or
    (k′, 1), and whether each was taken, `accepted` (k′,); all empty for samplers that do not choose.
    `paths` (s, p, 2) are the ways of the first p chains to their proposals, s points each, empty for samplers
    without trajectories and in one dimension.
    """

    dim: int
    chains: Floats
    energy: Floats
    map: Map | None
    line: Floats | None
    home: Extent
    origins: Floats
    proposals: Floats
    accepted: Flags
    paths: Floats


@dataclass(frozen=True)
class CurvesPart:
    """Rows of the curve table from index `since`; a NaN means "not measured at this row".

    An infinite value is meant: KL(P‖G) is ∞ where the supports differ. `notes` says how each
    measured column was computed (n, protocol), by column name.
    """

    since: int
    columns: tuple[str, ...]
    rows: Doubles
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Reading:
    """An exact reading at the pointer: `x` on the plane of view, potential and z only in latent space."""

    space: str
    x: tuple[float, ...]
    energy: float
    log_weight: float
    z: tuple[float, ...] | None = None
    potential: float | None = None
