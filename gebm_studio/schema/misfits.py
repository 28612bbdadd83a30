"""Which objectives go with which models and schedules, each refusal in one line."""

from __future__ import annotations

from collections.abc import Iterator

from gebm_studio.schema.model import Base, Energy
from gebm_studio.schema.objective import BY_CHAINS, Objective
from gebm_studio.schema.run import Training


def objective_misfits(objective: Objective, base: Base, energy: Energy, training: Training) -> Iterator[str]:
    """What is wrong with training this base and energy by this objective."""
    name, trains = objective.name, training.train
    if name == "flow_likelihood":
        if not base.has_density:
            yield f"objective: flow_likelihood needs a base with a density, not {base.kind}; use kind flow or gaussian"
        if trains in ("both", "energy") and energy.kind != "flow":
            yield (
                f"training.train: flow_likelihood trains no energy but one of kind flow, got {trains} with kind "
                f"{energy.kind}; use base or none"
            )
    if name in BY_CHAINS and trains in ("both", "base"):
        yield f"training.train: {name} trains the energy alone, got {trains}; use energy or none"
    if name == "contrastive_divergence" and not base.has_density:
        yield (
            f"objective: contrastive_divergence begins its chains at data, which a base of kind {base.kind} cannot "
            "encode; use kind linear (square), gaussian or flow, or the objective persistent_chains"
        )
    if name == "mmd" and energy.kind != "witness":
        yield f"objective: mmd needs an energy of kind witness, not {energy.kind}; choose that energy first"
