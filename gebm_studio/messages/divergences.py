"""Parts of a frame of the divergence lab."""

from __future__ import annotations

from dataclasses import dataclass

from gebm_studio.messages.arrays import Doubles, Extent, Floats
from gebm_studio.messages.pictures import Map
from gebm_studio.schema.measures import Measure


@dataclass(frozen=True)
class LawShown:
    """One law as the pair's picture shows it.

    `density` (n,) on the line's x; empty without a density, and in the plane. `points` (k, dim): draws, or the atoms of
    a finite law. `contour` is its density on the plane, where it has one. `at` (2,) and `width` are its settings,
    which place its handles; the width is NaN where it has none.
    """

    density: Floats
    points: Floats
    contour: Map | None
    at: tuple[float, float]
    width: float
    atoms: bool
    note: str = ""


@dataclass(frozen=True)
class Function:
    """A function over the line's x, (n,), with what to call it; `tight` marks the optimum that a critic climbs to."""

    label: str
    values: Floats
    tight: bool = False


@dataclass(frozen=True)
class PairPart:
    """Both laws, and what is shown below them.

    On the line x is (n,), in the plane empty. `below` are functions on the line; `map` is the same on the plane.
    `home` shows everything; on the line its last two numbers are the range of the densities. `fits` are densities (n,)
    of fitted Gaussians, by the divergence that each descends. `version` changes whenever what is shown does.
    """

    x: Floats
    p: LawShown
    q: LawShown
    below: tuple[Function, ...]
    below_label: str
    map: Map | None
    fits: tuple[Function, ...]
    home: Extent
    note: str
    version: int


@dataclass(frozen=True)
class Value:
    """One divergence: infinite where it is, NaN where it cannot be had, with the reason in `note`.

    `error` is an estimate of its numerical or statistical error, 0 for closed forms; `protocol` says how it was found,
    with its n. Of an earlier pair, while the present one is being computed, it is not `fresh`.
    """

    name: Measure
    value: float
    error: float
    protocol: str
    note: str = ""
    fresh: bool = True


@dataclass(frozen=True)
class BarsPart:
    """All divergences of the pair as it is now."""

    values: tuple[Value, ...]
    version: int


@dataclass(frozen=True)
class SweptCurve:
    """One divergence over the swept parameter, (m,): NaN where not computed yet, infinite where it is."""

    name: Measure
    values: Doubles
    fresh: bool = True


@dataclass(frozen=True)
class Inset:
    """The densities p and q (n,) over the line's x (n,), as they are now."""

    x: Floats
    p: Floats
    q: Floats


@dataclass(frozen=True)
class SweptPart:
    """Curves over the values (m,) of a parameter; `at` is where it is now, `done` the share that is computed.

    `horizontal` (m,) is what the horizontal axis shows: the parameter, or KL(P‖Q) at it. `now` is the value of each
    curve at the present parameter, `now_horizontal` its place. Against KL, on the line, an `inset` shows both laws.
    """

    parameter: str
    values: Doubles
    horizontal: Doubles
    horizontal_label: str
    logarithmic: bool
    curves: tuple[SweptCurve, ...]
    at: float
    now: tuple[float, ...]
    now_horizontal: float
    done: float
    version: int
    note: str = ""
    inset: Inset | None = None


@dataclass(frozen=True)
class TangentPart:
    """A generator φ over u (n,), its conjugate over t (m,), and the tangent of slope v.

    The tangent touches φ at `touches` (NaN where none does, as for a slope outside the domain of φ*) and
    meets the vertical axis at −φ*(v). `biconjugate` (n,) is φ** from the numeric conjugate of φ*; `error` its largest
    distance from φ. `domain` is where φ* is finite.
    """

    name: Measure
    u: Floats
    generator: Floats
    biconjugate: Floats
    t: Floats
    conjugate: Floats
    slope: float
    touches: float
    value_there: float
    conjugate_there: float
    domain: tuple[float, float]
    formulas: tuple[str, str]
    error: float
    version: int


@dataclass(frozen=True)
class FitRow:
    """A Gaussian under one divergence: where its descent is, and the best that there is."""

    name: Measure
    value: float
    mean: float
    std: float
    best_value: float
    best_mean: float
    best_std: float


@dataclass(frozen=True)
class BoundPart:
    """A bound that a critic climbs, over steps (m,), from row `since` on, beside the value that it bounds.

    `rows` (k, 2): step and bound. `exact` is the value (infinite where it is), `gap` what is left. `critic` says class,
    size and method; `protocol` on what expectations are taken. `fits` are the Gaussians that descend. `climb` changes
    whenever rows no longer continue those of before.
    """

    title: str
    since: int
    rows: Doubles
    bound: float
    exact: float
    gap: float
    bound_label: str
    exact_label: str
    critic: str
    protocol: str
    fits: tuple[FitRow, ...]
    version: int
    note: str = ""
    climb: int = 0


@dataclass(frozen=True)
class PlanPart:
    """The optimal plan of W₁ on the line and the critic that proves it.

    `plan` (k, 3): from, to, mass, at most a few hundred pieces; `x` (n,) and the 1-Lipschitz `critic` (n,). The cost of
    the plan is the critic's gain.
    """

    plan: Floats
    x: Floats
    critic: Floats
    cost: float
    gain: float
    note: str
    version: int
