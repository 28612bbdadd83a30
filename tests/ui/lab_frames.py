"""Parts of a divergence lab with believable numbers, made without an engine."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from gebm_studio.messages import (
    BarsPart,
    BoundPart,
    FitRow,
    Inset,
    PlanPart,
    SweptCurve,
    SweptPart,
    TangentPart,
    Value,
    frozen,
)
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import Measure
from tests.ui.frames import floats

SHIFTED: dict[Measure, tuple[float, float]] = {
    "kl": (0.5, 0.0), "reverse_kl": (0.5, 0.0), "jeffrey": (1.0, 0.0), "pearson": (math.e - 1, 0.0),
    "neyman": (math.e - 1, 0.0), "hellinger": (2 - 2 * math.exp(-0.125), 0.0), "jensen_shannon": (0.1109, 2e-9),
    "gan": (2 * 0.1109 - math.log(4), 2e-9), "total_variation": (0.3829, 1e-9), "mmd": (0.5206, 0.0),
    "half_mmd2": (0.1355, 0.0), "w1": (1.0, 0.0), "w2": (1.0, 0.0), "sliced_w2": (1.0, 0.0), "sinkhorn": (0.5, 3e-4),
    "kale": (0.2871, 4e-9), "kale_features": (0.3102, 0.012), "lipschitz_w1": (0.62, 0.0), "knn_kl": (0.53, 0.09),
}  # fmt: skip
"""Values and errors for N(0, 1) against N(1, 1)."""


def lab_preset(**changes: Any) -> DivergencesPreset:
    """A lab of two Gaussians; `view__bars=("kl",)` changes the setting at `view.bars`."""
    table: dict[str, Any] = {"title": "lab"}
    for path, value in changes.items():
        group, _, name = path.partition("__")
        if name:
            table.setdefault(group, {})[name] = value
        else:
            table[group] = value
    for law in ("p", "q"):
        if law in table:
            table[law].setdefault("kind", "gaussian")
    return DivergencesPreset.model_validate(table)


def value(name: Measure, number: float, error: float = 0.0, **changes: Any) -> Value:
    """One value."""
    fields: dict[str, Any] = dict(name=name, value=number, error=error, protocol="closed form")
    return Value(**{**fields, **changes})


def bars_part(*values: Value, version: int = 1) -> BarsPart:
    """All divergences of two Gaussians, those given in place of theirs."""
    given = {one.name: one for one in values}
    return BarsPart(tuple(given.get(name, value(name, *SHIFTED[name])) for name in SHIFTED), version)


def doubles(values: Any) -> Any:
    """Published float64 numbers."""
    return frozen(np.asarray(values, dtype=np.float64))


def normal_inset(width: float, points: int = 121) -> Inset:
    """N(0, 1) and N(0, width²)."""
    x = np.linspace(-4, 4, points)
    p, q = (np.exp(-0.5 * (x / s) ** 2) / s / math.sqrt(2 * math.pi) for s in (1.0, width))
    return Inset(*(frozen(a.astype(np.float32)) for a in (x, p, q)))


def shift_part(at: float = 1.0, points: int = 41, **changes: Any) -> SweptPart:
    """N(0, 1) against N(a, 1) over a."""
    a = np.linspace(-3, 3, points)
    curves: dict[Any, Any] = {
        "kl": lambda a: a**2 / 2,
        "jensen_shannon": lambda a: math.log(2) * (1 - np.exp(-(a**2) / 6)),
        "w1": np.abs,
        "mmd": lambda a: np.sqrt(1.15 * (1 - np.exp(-(a**2) / 6))),
        "kale": lambda a: 0.9 * a**2 / (2 + 0.3 * a**2),
    }
    fields: dict[str, Any] = dict(
        parameter="q.at",
        values=doubles(a),
        horizontal=doubles(a),
        horizontal_label="place of Q",
        logarithmic=False,
        curves=tuple(SweptCurve(name, doubles(f(a))) for name, f in curves.items()),
        at=at,
        now=tuple(float(f(np.float64(at))) for f in curves.values()),
        now_horizontal=at,
        done=1.0,
        version=1,
    )
    return SweptPart(**{**fields, **changes})


def against_part(at: float = 0.7, points: int = 41, **changes: Any) -> SweptPart:
    """KALE against KL for N(0, 1) and N(0, s²) over s."""

    def kl(s: Any) -> Any:
        return np.log(s) + 1 / (2 * s**2) - 0.5

    def kale(s: Any) -> Any:
        return 0.45 * kl(s) / (1 + 0.6 * kl(s))

    s = np.linspace(0.5, 1.0, points)
    fields: dict[str, Any] = dict(
        parameter="q.width",
        values=doubles(s),
        horizontal=doubles(kl(s)),
        horizontal_label="KL(P‖Q)",
        logarithmic=False,
        curves=(SweptCurve("kale", doubles(kale(s))),),
        at=at,
        now=(float(kale(at)),),
        now_horizontal=float(kl(at)),
        done=1.0,
        version=1,
        inset=normal_inset(at),
    )
    return SweptPart(**{**fields, **changes})


def disjoint_part(at: float = 1.5, points: int = 41, **changes: Any) -> SweptPart:
    """Uniform laws of length 1 slid apart: from 1 on their supports are disjoint."""
    a = np.linspace(-2, 2, points)
    apart = np.minimum(np.abs(a), 1.0)
    curves: dict[Any, Any] = {
        "kl": np.where(a == 0, 0.0, np.inf),
        "reverse_kl": np.where(np.abs(a) < 1e-9, 0.0, np.inf),
        "pearson": np.where(np.abs(a) < 0.5, a**2, np.inf),
        "jensen_shannon": math.log(2) * apart,
        "total_variation": apart,
        "w1": np.abs(a),
        "mmd": 1 - np.exp(-(a**2)),
        "kale": 1.3 * (1 - np.exp(-(a**2) / 2)),
    }
    at_now = int(np.argmin(np.abs(a - at)))
    fields: dict[str, Any] = dict(
        parameter="q.at",
        values=doubles(a),
        horizontal=doubles(a),
        horizontal_label="place of Q",
        logarithmic=False,
        curves=tuple(SweptCurve(name, doubles(values)) for name, values in curves.items()),
        at=float(a[at_now]),
        now=tuple(float(values[at_now]) for values in curves.values()),
        now_horizontal=float(a[at_now]),
        done=1.0,
        version=1,
    )
    return SweptPart(**{**fields, **changes})


# The conjugate, the bound and the plan


def tangent_part(slope: float = 0.5, name: str = "kl", version: int = 1, **changes: Any) -> TangentPart:
    """The tangent of a slope to KL's u log u, or to the −log u of its reverse, which no slope above zero touches."""
    u, t = np.linspace(0.0, 4.0, 401), np.linspace(-4.0, 3.0, 351)
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "kl":
            generator = np.where(u > 0, u * np.log(u), 0.0)
            conjugate, there, touches = np.exp(t - 1), math.exp(slope - 1), math.exp(slope - 1)
            value_there, domain, formulas = (
                touches * (slope - 1),
                (-math.inf, math.inf),
                ("φ(u) = u log u", "φ*(t) = eᵗ⁻¹"),
            )
        else:
            generator = -np.log(u)
            conjugate = np.where(t < 0, -1 - np.log(-t), np.inf)
            there, touches = (-1 - math.log(-slope), -1 / slope) if slope < 0 else (math.inf, math.nan)
            value_there, domain, formulas = (
                -math.log(touches),
                (-math.inf, 0.0),
                ("φ(u) = −log u", "φ*(t) = −1 − log(−t)"),
            )
    fields: dict[str, Any] = dict(
        name=name, u=floats(u), generator=floats(generator), biconjugate=floats(generator), t=floats(t),
        conjugate=floats(conjugate), slope=slope, touches=touches, value_there=value_there, conjugate_there=there,
        domain=domain, formulas=formulas, error=3e-9, version=version,
    )  # fmt: skip
    return TangentPart(**{**fields, **changes})


def bound_rows(first: int, last: int) -> Any:
    """Step and bound of a critic that climbs to KL = 0.5."""
    steps = np.arange(first, max(first, last))
    return doubles(np.stack([steps, 0.5 - 0.87 * np.exp(-steps / 80)], axis=1))


def bound_part(since: int = 0, rows: Any = None, **changes: Any) -> BoundPart:
    """A network that climbs the bound of KL for N(0, 1) against N(1, 1)."""
    rows = bound_rows(since, 300) if rows is None else rows
    bound = float(rows[-1, 1]) if len(rows) else math.nan
    fields: dict[str, Any] = dict(
        title="Bound of KL(P‖Q)", since=since, rows=rows, bound=bound, exact=0.5, gap=0.5 - bound,
        bound_label="E_P T − E_Q φ*(T)", exact_label="KL(P‖Q)", critic="network of 8 hidden units, Adam",
        protocol="quadrature, 400 nodes", fits=(), version=1,
    )  # fmt: skip
    return BoundPart(**{**fields, **changes})


def fit_rows(left: float = 0.1) -> tuple[FitRow, ...]:
    """Gaussians under five divergences, so far from the best ones."""
    best: dict[Measure, tuple[float, float, float]] = {
        "kl": (0.2831, 1.0100, 1.8308), "reverse_kl": (0.2480, 1.5782, 1.6319), "jeffrey": (0.5705, 1.3218, 1.7034),
        "jensen_shannon": (0.0640, 1.3070, 1.7542), "pearson": (0.6457, 0.5737, 1.9274),
    }  # fmt: skip
    return tuple(
        FitRow(name, value + left, mean - 3 * left, std + 2 * left, value, mean, std)
        for name, (value, mean, std) in best.items()
    )


def plan_part(shift: float = 1.0, pieces: int = 60, **changes: Any) -> PlanPart:
    """N(0, 1) moved to N(a, 1.5²): pieces of equal mass between quantiles, and the critic that proves the cost."""
    source = np.array([NormalDist().inv_cdf((k + 0.5) / pieces) for k in range(pieces)])
    target = shift + 1.5 * source
    x = np.linspace(-5, 6, 301)
    middle = -shift / 0.5  # where mass turns round: x = a + 1.5 x
    critic = -np.abs(x - middle)
    plan = np.stack([source, target, np.full(pieces, 1 / pieces)], axis=1)
    cost = float(np.abs(target - source).mean())
    fields: dict[str, Any] = dict(
        plan=floats(plan),
        x=floats(x),
        critic=floats(critic),
        cost=cost,
        gain=cost - 2e-9,
        note="60 quantiles",
        version=1,
    )
    return PlanPart(**{**fields, **changes})
