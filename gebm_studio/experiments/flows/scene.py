"""Where particles begin and where they should go: the two laws of a preset, drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gebm_studio import schema
from gebm_studio.experiments.flows.score import score_of
from gebm_studio.messages import Doubles, Floats, frozen
from gebm_studio.particles import Goal, Score
from gebm_studio.presets import PresetError
from gebm_studio.schema.law import AnyLaw
from gebm_studio.schema.particles import Rule
from gebm_studio.targets.laws import Law, place
from gebm_studio.targets.target import Extent, square

_STREAM = 0x464C4F57
"""Keeps the draws of both laws apart from each other and from those of trainings with the same seed."""

MOST_OF_SINKHORN = 2000
"""Points of a cloud for which a step of Sinkhorn's flow takes less than a second; of 5,000 it takes a minute."""


@dataclass(frozen=True)
class Scene:
    """What all flows of a preset share.

    Attributes:
        start: The law at the beginning.
        target: The law to go to.
        source: Particles at the beginning, (n, 2).
        goal: The target as the rules see it.
        shown: Its points, as frames hold them.
        home: A square of the plane that shows both laws.
    """

    start: Law
    target: Law
    source: Tensor
    goal: Goal
    shown: Floats
    home: Extent


def scene_of(preset: schema.ParticlesPreset, folder: str, device: torch.device, of: Scene | None = None) -> Scene:
    """Draw both laws of a preset.

    Arguments:
        preset: The settings.
        folder: Where relative file names start.
        device: Where to compute.
        of: That of the same preset but for live settings, whose laws are moved.

    Raises:
        PresetError: Where a law has no points or its file cannot be used, and where a rule needs a density that the
            target does not have, or fewer points.
    """
    seeds = np.random.SeedSequence([preset.seed, _STREAM]).generate_state(2, np.uint32)
    start = _placed("start", preset.start, int(seeds[0]), folder, of.start if of else None)
    target = _placed("target", preset.target, int(seeds[1]), folder, of.target if of else None)
    score = score_of(target, preset.target)
    if problems := [*_without_density(preset, target, score), *_too_many(preset)]:
        raise PresetError(problems)
    points = _points(target, preset.cloud.targets)
    source = torch.from_numpy(np.ascontiguousarray(start.sample(preset.cloud.particles))).to(device)
    goal = Goal(torch.from_numpy(points).to(device), score)
    low, high = np.minimum(start.home[0], target.home[0]), np.maximum(start.home[1], target.home[1])
    home = square(float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    shown: Floats = frozen(points.astype(np.float32))
    return Scene(start, target, source, goal, shown, home)


def _without_density(preset: schema.ParticlesPreset, target: Law, score: Score | None) -> list[str]:
    """Why Langevin cannot go to this target."""
    has = f"one of kind {preset.target.kind}" + ("" if target.width else " and width 0")
    return [
        f"{name}: langevin needs a target with a smooth density, and {has} has none; choose another rule or target"
        for name in _names(preset, "langevin")
        if score is None
    ]


def _too_many(preset: schema.ParticlesPreset) -> list[str]:
    """Why Sinkhorn's transport would hold everything up."""
    most = max(preset.cloud.particles, preset.cloud.targets)
    return [
        f"{name}: a step of sinkhorn takes too long for {most} points; take at most {MOST_OF_SINKHORN} particles and "
        "targets in cloud, or another rule"
        for name in _names(preset, "sinkhorn")
        if most > MOST_OF_SINKHORN
    ]


def _names(preset: schema.ParticlesPreset, rule: Rule) -> list[str]:
    """The settings that ask for a rule."""
    names = ["flow.name", *(f"others.{index}.name" for index in range(len(preset.others)))]
    return [name for name, flow in zip(names, preset.flows, strict=True) if flow.name == rule]


def _placed(name: str, section: AnyLaw, seed: int, folder: str, of: Law | None) -> Law:
    try:
        law = place(section, 2, seed=seed, folder=folder, of=of)
    except PresetError as error:
        raise PresetError([f"{name}: {problem}" for problem in error.problems]) from error
    if law.is_empty:
        raise PresetError([f"{name}: a drawing without points; set some in {name}.points, or choose another law"])
    return law


def _points(law: Law, most: int) -> Doubles:
    """Draws (m, 2) of a law; of a finite one with no more atoms than that the atoms themselves."""
    atoms = law.atoms
    points = atoms.points if atoms is not None and len(atoms.points) <= most else law.sample(most)
    return np.ascontiguousarray(points, dtype=np.float64)
