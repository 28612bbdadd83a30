"""Many small trainings in the background, each judged by a score."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from gebm_studio.schema.field import Section, setting

_STUDIES = ("random_networks", "optimisers")
Threshold = Annotated[float, Strict(), Field(ge=0.0, le=100.0)]


class Sweep(Section):
    """Many small trainings in the background, each judged by its score.

    The score is 100 Σ_k min(w_k, q_k): w_k the mass of mode k of the data, q_k the share of the base's samples in its
    core. It is 0 where no sample is like the data, and about 97 for the data's own law.
    """

    study: Literal["none", "random_networks", "optimisers"] = setting(
        "none",
        help="random_networks: random small networks, each trained as a GAN and as WGAN-GP (stability grid); "
        "optimisers: the optimiser settings A to F of the spectral normalisation paper, by several methods.",
    )
    trials: int = setting(
        60, help="Random networks that are tried.", unit="networks", ge=1, le=1000, when=("study", ("random_networks",))
    )
    seeds: int = setting(
        5, help="Trainings of each setting by each method, from which the interval is taken.", ge=1, le=50,
        when=("study", ("optimisers",)),
    )  # fmt: skip
    iterations: int = setting(
        1000, help="Base iterations of each training.", unit="iterations", ge=1, le=100_000, scale="log",
        when=("study", _STUDIES),
    )  # fmt: skip
    batch: int = setting(
        128, help="Points in one step of each training.", unit="points", ge=2, le=4096, scale="log",
        when=("study", _STUDIES),
    )  # fmt: skip
    critic_steps: int = setting(
        3, help="Critic steps before each base step of a random network, by either method.", symbol="K", unit="steps",
        ge=1, le=100, when=("study", ("random_networks",)),
    )  # fmt: skip
    thresholds: tuple[Threshold, ...] = setting(
        (10.0, 30.0, 50.0, 70.0, 90.0), help="Scores from which a training counts as a success, one row of the table "
        "each.", min_length=1, max_length=8,
    )  # fmt: skip
    threshold: float = setting(
        60.0, help="One more score from which a training counts as a success, to be moved by hand.", unit="%", ge=0.0,
        le=100.0, live=True, when=("study", _STUDIES),
    )  # fmt: skip
    share: float = setting(
        0.5, help="Share of the time that the sweep takes while the run goes on, 8 ms after each of its steps at most.",
        label="Share of time", ge=0.05, le=0.8, live=True, when=("study", _STUDIES),
    )  # fmt: skip
