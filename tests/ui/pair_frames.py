"""Pairs of laws for a panel, exact where they are Gaussians, made without an engine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gebm_studio.messages import Function, LawShown, Map, PairPart
from tests.ui.frames import floats

X = np.linspace(-5.0, 5.0, 401)


def normal(x: Any, at: float, width: float) -> Any:
    """The density of a Gaussian."""
    return np.exp(-0.5 * ((x - at) / width) ** 2) / (width * math.sqrt(2 * math.pi))


def gaussian(at: float, width: float, **changes: Any) -> LawShown:
    """A Gaussian on the line."""
    fields: dict[str, Any] = dict(
        density=floats(normal(X, at, width)), points=floats(np.empty((0, 1))), contour=None, at=(at, 0.0), width=width,
        atoms=False,
    )  # fmt: skip
    return LawShown(**{**fields, **changes})


def atoms(*places: float, at: float = 0.0) -> LawShown:
    """A finite law on the line."""
    points = floats(np.array(places, dtype=float).reshape(-1, 1))
    return LawShown(floats(np.empty(0)), points, None, (at, 0.0), 1.0, True, f"{len(places)} points")


def line_part(
    q_at: float = 1.0, q_width: float = 1.0, version: int = 1, p: LawShown | None = None, q: LawShown | None = None,
    **changes: Any,
) -> PairPart:  # fmt: skip
    """N(0, 1) against N(a, s²), with the logarithm of their ratio below."""
    with np.errstate(divide="ignore", over="ignore"):
        ratio = np.log(normal(X, 0.0, 1.0)) - np.log(normal(X, q_at, q_width))
    fields: dict[str, Any] = dict(
        x=floats(X), p=p or gaussian(0.0, 1.0), q=q or gaussian(q_at, q_width), map=None, fits=(), note="",
        below=(Function("log p/q", floats(ratio)),), below_label="log p/q", home=(-4.0, 4.0, 0.0, 0.55),
        version=version,
    )  # fmt: skip
    return PairPart(**{**fields, **changes})


def cloud(at: tuple[float, float], width: float, n: int = 240, size: int = 64) -> LawShown:
    """A round Gaussian in the plane with draws."""
    draws = np.random.default_rng(0).normal(size=(n, 2)) * width + np.array(at)
    edges = (np.arange(size) + 0.5) / size * 8 - 4
    density = normal(edges[None, :], at[0], width) * normal(edges[:, None], at[1], width)
    contour = Map("density", floats(density), (-4.0, 4.0, -4.0, 4.0), (0.0, float(density.max())), 0)
    return LawShown(floats(np.empty(0)), floats(draws), contour, at, width, False)


def plane_part(
    q_at: tuple[float, float] = (1.0, 0.5), q_width: float = 0.8, version: int = 1, size: int = 64, **changes: Any
) -> PairPart:
    """Two round Gaussians in the plane, with a map of the logarithm of their ratio."""
    p, q = cloud((-1.0, 0.0), 1.0, size=size), cloud(q_at, q_width, size=size)
    assert p.contour is not None and q.contour is not None
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(p.contour.values.astype(float)) - np.log(q.contour.values.astype(float))
    shown = Map("log_ratio", floats(ratio), (-4.0, 4.0, -4.0, 4.0), (-4.0, 3.0), 0, "cells of a grid")
    fields: dict[str, Any] = dict(
        x=floats(np.empty(0)), p=p, q=q, below=(), below_label="log p/q", map=shown, fits=(),
        home=(-4.0, 4.0, -4.0, 4.0), note="", version=version,
    )  # fmt: skip
    return PairPart(**{**fields, **changes})
