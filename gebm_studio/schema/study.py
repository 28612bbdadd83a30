"""Several trainings at once: a few side by side in lockstep, or a grid of many small ones."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from gebm_studio.schema.field import Section, setting

MOST_RUNS = 4


class Variant(Section):
    """One run of a comparison: the preset with some settings changed."""

    label: str = setting("", help="Name of the run, as pictures and table show it.", min_length=1, max_length=24)
    changes: dict[str, Any] = Field(
        default_factory=dict, description='Settings by dotted path, such as "objective.name" = "gan".'
    )


class Compare(Section):
    """Two to four runs in lockstep on the same data and seeds; none: one run alone."""

    runs: tuple[Variant, ...] = setting((), help="The runs that are compared.", max_length=MOST_RUNS)
    front: int = setting(
        0, help="Which run the other panels show, counted from 0.", label="In front", ge=0, le=MOST_RUNS - 1, live=True
    )


class Sweep(Section):
    """Many small trainings in the background, each judged by its success."""

    study: Literal["none", "random_networks", "optimisers"] = setting(
        "none",
        help="random_networks: random small networks, trained by each method (stability grid); "
        "optimisers: the optimiser settings A to F of the spectral normalisation paper, by each method.",
    )
    trials: int = setting(
        40, help="Random networks that are tried.", unit="networks", ge=1, le=1000, when=("study", ("random_networks",))
    )
    iterations: int = setting(300, help="Base iterations of each training.", ge=1, le=100_000, scale="log")
