"""Parts of particle flows with believable numbers, made without an engine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gebm_studio.messages import Cloud, FlowCurvesPart, FlowPart, frozen
from gebm_studio.schema import ParticlesPreset
from gebm_studio.schema.particles import MEASURES
from tests.ui.frames import floats

FLOWS: tuple[dict[str, Any], ...] = (
    {"name": "kale", "regularisation": 1e-3, "noise": 0.1},
    {"name": "mmd", "step_size": 0.05},
    {"name": "langevin"},
    {"name": "sinkhorn", "epsilon": 0.02},
)
LABELS = ("KALE flow", "MMD flow", "Langevin", "Sinkhorn flow")
HOME = (-1.5, 1.5, -1.5, 1.5)


def flow_preset(flows: int = 2, **changes: Any) -> ParticlesPreset:
    """So many flows from a point to three rings; `view__trail=5` changes the setting at `view.trail`."""
    table: dict[str, Any] = {"title": "flows", "flow": FLOWS[0], "others": FLOWS[1:flows]}
    for path, value in changes.items():
        group, _, name = path.partition("__")
        if name:
            table[group] = {**table.get(group, {}), name: value}
        else:
            table[group] = value
    return ParticlesPreset.model_validate(table)


def rings(count: int) -> Any:
    """Points (n, 2) on three rings."""
    angle = np.arange(count) * 2.399963
    middle = np.array([(-0.7, 0.0), (0.0, 0.0), (0.7, 0.0)])[np.arange(count) % 3]
    return middle + 0.3 * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def cloud(label: str = LABELS[0], count: int = 240, done: float = 0.6, trail: int = 12, **changes: Any) -> Cloud:
    """Particles that have done a part of the way from a point to the rings."""
    start, goal = np.array([0.45, -0.9]), rings(count)
    way = [start + (goal - start) * done * (move + 1) / (trail + 1) for move in range(trail)]
    fields: dict[str, Any] = dict(
        label=label,
        points=floats(start + (goal - start) * done),
        velocity=floats((goal - start) * (1 - done)),
        trail=floats(np.stack(way) if way else np.empty((0, count, 2))),
    )
    return Cloud(**{**fields, **changes})


def flow_part(*clouds: Cloud, frames: int = 41, at: int = -1, every: int = 5, **changes: Any) -> FlowPart:
    """Clouds after so many recorded frames; `at` as it is pulled."""
    clouds = clouds or (cloud(LABELS[0]), cloud(LABELS[1], done=0.3))
    fields: dict[str, Any] = dict(
        clouds=clouds,
        target=floats(rings(len(clouds[0].points))),
        home=HOME,
        steps=floats(np.arange(frames) * every),
        at=frames - 1 if at < 0 else at,
        live=at < 0,
    )
    return FlowPart(**{**fields, **changes})


def flow_curves_part(
    flows: int = 2, rows: int = 30, since: int = 0, measures: tuple[str, ...] = ("kale", "mmd", "w2", "kl"),
) -> FlowCurvesPart:  # fmt: skip
    """Measures that fall, each flow more slowly than the one before, from row `since` to row `rows`."""
    step = np.arange(since, rows) * 20.0
    columns = [
        (1 + place) * np.exp(-step / (100 * (1 + flow))) for flow in range(flows) for place in range(len(measures))
    ]
    notes = tuple((name, f"{MEASURES[name]} of 240 particles") for name in measures)  # type: ignore[index]
    table = np.stack([step, *columns], axis=1)
    return FlowCurvesPart(since, LABELS[:flows], measures, frozen(table), notes)


def without(part: FlowCurvesPart, name: str, rows: slice, value: float = math.nan, flow: int = 0) -> FlowCurvesPart:
    """The same with another value of one measure of a flow in some rows."""
    table = part.rows.copy()
    table[rows, 1 + flow * len(part.measures) + part.measures.index(name)] = value
    return FlowCurvesPart(part.since, part.labels, part.measures, frozen(table), part.notes)
