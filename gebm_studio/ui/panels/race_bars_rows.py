"""What the chart of the race says of each sampler."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gebm_studio.messages import LaneResult
from gebm_studio.published import RelativeScore, relative_scores
from gebm_studio.schema import Lane
from gebm_studio.schema.sampling import title
from gebm_studio.ui.panels.image_sheet import Sheet
from gebm_studio.ui.panels.numbers import count
from gebm_studio.ui.panels.quality_words import interval_text
from gebm_studio.ui.panels.race_columns import MIXED

PROVISO = "published, remembered, not verified"
HEADINGS = (
    "100 · FD(sampler) / FD(base) with 95 % intervals: lower is better",
    "FD in % of the base, 95 % intervals: lower is better",
    "FD in % of the base",
)
AXIS_TIP = (
    "Fréchet distance of one image a chain to held-out data, in % of that of the base at the same n, with its 95 % "
    "bootstrap interval."
)
LEGEND = (("gebm", "samples the GEBM"), ("first", "another law"))


@dataclass(frozen=True)
class Row:
    """A bar: its name, score with interval, role of its colour, images, published scores, and words in its place."""

    name: str
    score: tuple[float, float, float]
    role: str
    images: Sheet
    published: tuple[RelativeScore, ...]
    instead: str
    warning: str
    tip: str


def base_row() -> Row:
    """The bar of the base, which is 100 by definition."""
    tip = "The base alone: 100 by definition. Below the line a sampler is closer to the held-out data than it."
    return Row("base", (100.0, 100.0, 100.0), "base", Sheet(), (), "", "", tip)


def row_of(result: LaneResult, lane: Lane, images: Sheet) -> Row:
    """The bar of a lane."""
    published = tuple(score for score in relative_scores() if score.sampler == lane.name)
    noun = "chain has" if result.diverged == 1 else "chains have"
    gone = f"{count(result.diverged)} {noun} diverged: lower the step size" if result.diverged else ""
    apart = result.rhat > MIXED and result.law != "other"
    warning = gone or (f"R-hat {result.rhat:.2f}" if apart else "")
    said = [f"{result.label}: {interval_text(result.score)} % of the base. {AXIS_TIP}"]
    if apart:
        said.append(f"R-hat is {result.rhat:.3g}, above {MIXED}: its chains are not yet in equilibrium.")
    if published:
        values = ", ".join(f"{score.data_title} {score.value:g}" for score in published)
        said.append(f"Published on other data ({published[0].certainty}): {values}.")
    instead = gone or ("no score yet" if math.isnan(result.score[0]) else "")
    role = "first" if result.law == "other" else "gebm"
    return Row(title(lane), result.score, role, images, published, instead, warning, " ".join(said))


def number(row: Row) -> str:
    """The score with its interval, and a mark where its chains are apart."""
    if row.instead:
        return ""
    return f"⚠ {interval_text(row.score)}" if row.warning else interval_text(row.score)
