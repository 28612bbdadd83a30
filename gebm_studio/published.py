"""Numbers that the sources have published, for reference beside our own, each with how sure it is.

They are of other data, networks and budgets: a direction to compare with, never a target to be met.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from gebm_studio.files import shipped

GEBM = "Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033"
SAMPLERS = {"ihm": "independence", "dot": "transport", "langevin": "kinetic"}
"""The registry's names of the samplers in the table of relative scores."""
METHODS = {
    "kale": "KALE",
    "donsker_varadhan": "Donsker–Varadhan",
    "maximum_likelihood": "maximum likelihood",
    "nvp_ml": "NVP, maximum likelihood",
    "nvp_cd": "NVP, contrastive divergence",
    "kale_dv": "Donsker–Varadhan",
}
"""Readable names of the methods in the table of likelihoods."""
DATA = {"cifar10": "CIFAR-10", "lsun": "LSUN", "celeba": "CelebA", "imagenet32": "ImageNet 32"}
"""Readable names of the data sets of relative scores."""
TITLES = {"independence": "independence MH", "transport": "DOT", "kinetic": "Langevin"}


@dataclass(frozen=True)
class RelativeScore:
    """100 FID(sampler)/FID(base) on a data set, by a sampler's name in the registry.

    `certainty` says whether the number was read in a source or its repository, or is remembered and unverified.
    """

    sampler: str
    data: str
    value: float
    certainty: str

    @property
    def data_title(self) -> str:
        """The data set as a person calls it."""
        return DATA[self.data]

    def __str__(self) -> str:
        return f"{self.data}: {self.value:g} % ({self.certainty})"


@cache
def relative_scores() -> tuple[RelativeScore, ...]:
    """All published relative scores of Langevin sampling and what it was compared with (F14).

    Raises:
        OSError: Where the shipped file cannot be read.
    """
    table = _tables()["relative_fid"]
    return tuple(
        RelativeScore(sampler, data, float(value), table["certainty"])
        for key, sampler in SAMPLERS.items()
        for data, value in zip(table["columns"], table[key], strict=True)
    )


def relative_scores_in_words() -> str:
    """The range of each sampler's published relative scores over the data sets, and how sure they are."""
    scores = relative_scores()
    parts = []
    for sampler, title in TITLES.items():
        values = [score.value for score in scores if score.sampler == sampler]
        parts.append(f"{title} {min(values):.0f} to {max(values):.0f}")
    data, certainty = dict.fromkeys(score.data for score in scores), scores[0].certainty.partition(" ")[0]
    return f"Published ({certainty}; {', '.join(data)}): {', '.join(parts)}"


class Likelihood(NamedTuple):
    """A published test NLL, in nats, of a method on a table of the UCI repository, and how sure it is."""

    method: str
    value: float
    certainty: str

    def __str__(self) -> str:
        return f"{self.method}: {self.value:g} ({self.certainty})"


@cache
def likelihoods(table: str) -> tuple[Likelihood, ...]:
    """The published test NLLs of a table (F09); empty where none was published.

    Their preprocessing is not ours to the last step: whitening and noise move an NLL by a constant.

    Raises:
        OSError: Where the shipped file cannot be read.
    """
    known = _tables()["uci_nll"]
    if table not in known["columns"]:
        return ()
    place = known["columns"].index(table)
    return tuple(
        Likelihood(METHODS[method], float(values[place]), known[group]["certainty"])
        for group in ("repository_run_2020_05_30", "paper")
        for method, values in known[group].items()
        if method != "certainty"
    )


class Stability(NamedTuple):
    """Of 200 random networks, how many reach a least Inception score by GAN alone, WGAN-GP alone, both, neither."""

    min_score: float
    only_gan: int
    only_wgan_gp: int
    both: int
    neither: int


@cache
def stability() -> tuple[Stability, ...]:
    """The published stability grid, on images of 32 × 32 (F45).

    Raises:
        OSError: Where the shipped file cannot be read.
    """
    return tuple(Stability(float(row[0]), *row[1:]) for row in _tables()["wgan_gp_stability"]["rows"])


def stability_certainty() -> str:
    """How sure the published stability grid is."""
    return str(_tables()["wgan_gp_stability"]["certainty"])


@cache
def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = json.loads((shipped("resources") / "published.json").read_text(encoding="utf-8"))
    return tables
