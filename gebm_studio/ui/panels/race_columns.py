"""The columns of the race: what each says, how it is written, and where it stands."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gebm_studio.messages import LaneResult, RacePart
from gebm_studio.published import relative_scores, relative_scores_in_words
from gebm_studio.ui import theme
from gebm_studio.ui.panels.numbers import count, short, with_error

DASH = "–"
SURE = 2.0
"""Standard errors from which a bias is marked: chance alone passes them once in twenty."""
MIXED = 1.1
"""R-hat above which chains are marked as not yet agreeing."""
GAP = 7
BARRED = 4
"""Times the spare room of another column that one with bars gets."""


@dataclass(frozen=True)
class Column:
    """One number of a lane; `widest` is the longest text that it keeps room for.

    `value` tells whether there is anything to say (NaN: no), `text` says it, `exact` what the row of the exact law
    says, `marked` whether it deserves attention, `barred` whether a bar stands below it.
    """

    title: str
    tip: str
    widest: str
    value: Callable[[LaneResult], float]
    text: Callable[[LaneResult, RacePart], str]
    exact: Callable[[RacePart], str] = lambda _: ""
    marked: Callable[[LaneResult, RacePart], bool] = lambda _lane, _part: False
    always: bool = False
    barred: bool = False

    def write(self, lane: LaneResult, part: RacePart) -> str:
        """The text of a lane, a dash where it cannot be said."""
        return DASH if math.isnan(self.value(lane)) else self.text(lane, part)

    def explain(self, part: RacePart | None) -> str:
        """The tooltip: definition, and protocol where one is known."""
        return self.tip.format(
            truth=part.truth if part is not None and part.truth else "not known yet",
            base=_percent(part.base_astray if part is not None else math.nan),
            published=relative_scores_in_words(),
        )


@dataclass(frozen=True)
class Bar:
    """A score as a bar: the value with its interval, and what was published of the sampler, all in % of the base's."""

    value: float
    low: float
    high: float
    published: tuple[float, ...]


def score_bar(lane: LaneResult, sampler: str) -> Bar | None:
    """The bar of a lane of some algorithm of the registry; None before there is a score."""
    if math.isnan(lane.score[0]):
        return None
    return Bar(*lane.score, tuple(score.value for score in relative_scores() if score.sampler == sampler))


def bias_error(lane: LaneResult, part: RacePart) -> float:
    """The standard error of a bias: of the lane and of the exact value."""
    return math.hypot(lane.error, part.exact_error)


def bias_is_sure(lane: LaneResult, part: RacePart) -> bool:
    """Whether a bias is more than chance would make it."""
    return abs(lane.bias) > SURE * bias_error(lane, part)


def _percent(share: float) -> str:
    return DASH if math.isnan(share) else f"{100 * share:.1f} %"


def _exact_energy(part: RacePart) -> str:
    return DASH if math.isnan(part.exact_energy) else with_error(part.exact_energy, part.exact_error)


def _score(lane: LaneResult, _: RacePart) -> str:
    value, low, high = lane.score
    return f"{value:.0f} [{low:.0f}, {high:.0f}]"


COLUMNS: tuple[tuple[Column, ...], ...] = (
    (
        Column(
            "steps", "Steps of each chain.", "10 000", lambda lane: lane.steps,
            lambda lane, _: count(lane.steps), always=True,
        ),
        Column(
            "gradients", "Evaluations of ∇U that each chain has spent; U alone counts half. Equal for all.", "10 000",
            lambda lane: lane.cost, lambda lane, _: count(round(lane.cost)), always=True,
        ),
    ),
    (
        Column(
            "accepts", "Mean acceptance of proposals after the first half of the steps; a dash where none are judged.",
            "100 %", lambda lane: lane.acceptance, lambda lane, _: f"{100 * lane.acceptance:.0f} %",
        ),
        Column(
            "R-hat", "Rank-normalised split R-hat, the largest of E(G(z)), z₁ and z₂, of up to 64 chains after the "
            f"first half of the steps. 1 means that the chains agree; above {MIXED} it is marked.", "1.000",
            lambda lane: lane.rhat, lambda lane, _: f"{lane.rhat:.3f}" if lane.rhat < 10 else short(lane.rhat, 3),
            marked=lambda lane, _: lane.rhat > MIXED, always=True,
        ),
    ),
    (
        Column(
            "mean E", "Mean of E(G(z)) over all chains after the first half of the steps was dropped, ± its standard "
            "error from the effective sample size. Exact law: {truth}.", "−0.000 ± 0.000",
            lambda lane: lane.energy, lambda lane, _: with_error(lane.energy, lane.error),
            exact=_exact_energy,
            always=True,
        ),
        Column(
            "bias", "Mean E less the exact one, ± its standard error; marked where it is more than "
            f"{SURE:g} of them. Exact law: {{truth}}.", "−0.000 ± 0.000",
            lambda lane: lane.bias, lambda lane, part: with_error(lane.bias, bias_error(lane, part), signed=True),
            marked=bias_is_sure,
        ),
    ),
    (
        Column(
            "ESS/grad", "Effective draws (bulk ESS of E(G(z)), all chains) for each gradient evaluation after the "
            "first half of the steps.", "0.0000", lambda lane: lane.ess_per_gradient,
            lambda lane, _: short(lane.ess_per_gradient, 2), always=True,
        ),
        Column(
            "off-mode", "Share of up to 2048 samples G(z) where the data's density is below that of 99 % of held-out "
            "data; 1 % where the law is the data's. The base: {base}.", "base 27 %", lambda lane: lane.astray,
            lambda lane, _: _percent(lane.astray),
            exact=lambda part: "" if math.isnan(part.base_astray) else f"base {100 * part.base_astray:.0f} %",
        ),
    ),
    (
        Column(
            "FD %", "Fréchet distance of one image a chain to held-out data, in % of that of the base at "
            "the same n, with its 95 % bootstrap interval. Bars end at the score; the line across marks 100 %, faint "
            "marks what was published of the sampler on other data. {published}.", "100 [100, 100]",
            lambda lane: lane.score[0], _score, barred=True,
        ),
    ),
)  # fmt: skip
"""In pairs that may stand below each other."""


@dataclass(frozen=True)
class Slot:
    """Where a column stands: its left and width, and its line of so many."""

    column: Column
    left: float
    width: float
    line: int
    lines: int


def shown_pairs(part: RacePart | None) -> list[list[Column]]:
    """The columns that say something of any lane, in their pairs."""
    lanes = part.lanes if part is not None else ()
    pairs = [
        [column for column in pair if column.always or any(not math.isnan(column.value(lane)) for lane in lanes)]
        for pair in COLUMNS
    ]
    return [pair for pair in pairs if pair]


def place(pairs: list[list[Column]], room: float) -> list[Slot]:
    """Columns side by side where they fit, else in two lines, without the first where even these do not fit.

    Spare room is shared; bars get more of it.
    """
    font = theme.current().number_font

    def need(column: Column) -> float:
        texts = (column.title, column.widest)
        return max(theme.text_width(font, text) for text in texts) + GAP

    beside = [[column] for pair in pairs for column in pair]
    fits = sum(need(group[0]) for group in beside) <= room
    groups = beside if fits else pairs
    widths = [max(need(column) for column in group) for group in groups]
    while sum(widths) > room and len(widths) > 1:
        groups, widths = groups[1:], widths[1:]
    parts = [BARRED if group[0].barred else 1 for group in groups]
    spare = (room - sum(widths)) / max(sum(parts), 1)
    slots, left = [], 0.0
    for group, width, part in zip(groups, widths, parts, strict=True):
        for line, column in enumerate(group):
            slots.append(Slot(column, left, width + part * spare, line, len(group)))
        left += width + part * spare
    return slots


def progress(part: RacePart) -> str:
    """How far the race is."""
    done = min((lane.cost for lane in part.lanes), default=0.0)
    if not part.budget:
        return f"{count(int(done))} gradients a chain, without end"
    spent = f"{count(min(int(done), part.budget))} of {count(part.budget)} gradients a chain"
    return f"{spent}: complete" if done >= part.budget else spent
