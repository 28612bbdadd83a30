"""The tensors of a training by name: all that it needs to go on bit for bit, beside its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gebm_studio.experiments.exhibits import Keeping
from gebm_studio.messages import Part

if TYPE_CHECKING:
    from gebm_studio.experiments.training import Training

GROUPS = ("model", "average", "optimiser", "learner", "chains", "generator", "exhibit")
"""Whose the tensors are, as their names begin."""


def tensors_of(run: Training) -> dict[str, Tensor]:
    """Copies of weights, optimisers, negative chains, chains, generators and what exhibits have found."""
    found = {f"model.{name}": value for name, value in run.model.state_dict().items()}
    found |= {f"average.{name}": value for name, value in run.average.tensors().items()}
    found |= {f"optimiser.{name}": value for name, value in run.learner.optimiser_state().items()}
    found |= {f"learner.{name}": value for name, value in run.learner.tensors().items()}
    found |= {f"chains.{name}": value for name, value in run.chains.tensors().items()}
    found |= {f"generator.{role}": generator.get_state() for role, generator in run.generators.items()}
    for part, exhibit in _keeping(run).items():
        found |= {f"exhibit.{part}.{name}": value for name, value in exhibit.tensors().items()}
    return {name: value.detach().clone() for name, value in found.items()}


def put_back(run: Training, tensors: dict[str, Tensor]) -> None:
    """Take back what `tensors_of` gave; an exhibit of which nothing is there stays as it is.

    Raises:
        KeyError, RuntimeError, TypeError: Where they belong to another model.
    """
    groups: dict[str, dict[str, Tensor]] = {name: {} for name in GROUPS}
    for name, value in tensors.items():
        group, key = name.split(".", 1)
        groups[group][key] = value
    run.model.load_state_dict(groups["model"])
    run.average.load_tensors(groups["average"])
    run.learner.load_optimiser_state(groups["optimiser"])
    run.learner.load_tensors(groups["learner"])
    for role, generator in run.generators.items():
        generator.set_state(groups["generator"][role].cpu())
    run.chains.load_tensors(groups["chains"])
    for part, keeper in _keeping(run).items():
        kept = {key.partition(".")[2]: value for key, value in groups["exhibit"].items() if key.startswith(f"{part}.")}
        if kept:
            keeper.load_tensors(kept)


def _keeping(run: Training) -> dict[Part, Keeping]:
    return {part: exhibit for part, exhibit in run.exhibits.items() if isinstance(exhibit, Keeping)}
