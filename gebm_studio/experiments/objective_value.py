"""The value of a run's own objective on fresh draws, and the divergence that it estimates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from gebm_studio.models import Gebm
from gebm_studio.models.energies import Normalised
from gebm_studio.objectives import OBJECTIVES, donsker_varadhan

BLOCKS = 8
"""Parts of the draws whose values give the standard error of the whole's."""
WITNESS_DRAWS = 256
"""Of data and of samples, for critics that compare all pairs."""


class Scores(NamedTuple):
    """Columns of the curves by name, and how each was measured."""

    columns: dict[str, float]
    notes: dict[str, str]


class Draws(NamedTuple):
    """Training and held-out data (N, *shape), G(z) (M, *shape), and e of each, (N,) or (M,)."""

    train: Tensor
    held_out: Tensor
    samples: Tensor
    on_train: Tensor
    on_held_out: Tensor
    on_samples: Tensor


@torch.no_grad()
def scores(name: str, model: Gebm, draws: Draws) -> Scores:
    """`objective_train`, `objective_heldout` and `divergence` of the objective of that name.

    Chains do not climb a value: what maximum likelihood by chains climbs is L(E) up to a constant, that of a base
    is E_P log g, and that of a flow energy E_P log q; these are measured in its place.
    """
    record = OBJECTIVES[name]
    if record.likelihood:
        return _of_density(model, draws)
    value, what = (record.value, f"value of {name}") if record.negatives == "base" else (donsker_varadhan, "L(E)")
    assert value is not None  # noqa: S101  a record without a value is one of likelihood
    pairs = [(draws.on_train, draws.on_samples), (draws.on_held_out, draws.on_samples)]
    if model.critic.references:
        some = WITNESS_DRAWS
        pairs = [model.critic.judge(data[:some], draws.samples[:some]) for data in (draws.train, draws.held_out)]
    c = model.log_partition.double()
    train, held_out = (float(value(on_data.double(), on_base.double(), c)[0]) for on_data, on_base in pairs)
    unit = model.critic.unit if name == "mmd" else 1.0
    convert = record.divergence or float  # affine
    divergence, scale = convert(held_out / unit), (convert(1.0) - convert(0.0)) / unit
    sizes = f"{len(pairs[1][0])} held-out points and {len(pairs[1][1])} base draws"
    error = _block_error(lambda data, base: float(value(data, base, c)[0]), *pairs[1])
    return Scores(
        {"objective_train": train, "objective_heldout": held_out, "divergence": divergence},
        {
            "objective_train": f"{what} on {len(pairs[0][0])} training points and {len(pairs[0][1])} base draws",
            "objective_heldout": f"{what} on {sizes}, standard error {error:.2g} from {BLOCKS} blocks",
            "divergence": f"{record.estimates} as the critic estimates it from {sizes}, standard error "
            f"{error * scale:.2g}",
        },
    )


def _of_density(model: Gebm, draws: Draws) -> Scores:
    energy = model.energy
    log_density, name = (
        (energy.log_density, "log q") if isinstance(energy, Normalised) else (model.base.log_density, "log g")
    )
    train, held_out = log_density(draws.train).double(), log_density(draws.held_out).double()
    error = float(held_out.std()) / math.sqrt(len(held_out))
    return Scores(
        {"objective_train": float(train.mean()), "objective_heldout": float(held_out.mean())},
        {
            "objective_train": f"mean {name} of {len(train)} training points",
            "objective_heldout": f"mean {name} of {len(held_out)} held-out points, standard error {error:.2g}",
        },
    )


def _block_error(value: Callable[[Tensor, Tensor], float], on_data: Tensor, on_base: Tensor) -> float:
    """The standard error of a value of e, from its values on `BLOCKS` parts of the draws."""
    parts = [
        value(on_data[block::BLOCKS].double(), on_base[block::BLOCKS].double())
        for block in range(min(BLOCKS, len(on_data), len(on_base)))
    ]
    if len(parts) < 2:
        return math.nan
    return float(torch.tensor(parts).std()) / math.sqrt(len(parts))
