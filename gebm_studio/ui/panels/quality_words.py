"""What is said of a measurement of quality: the verdict, what it rests on, and how it compares with another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from gebm_studio.messages import Interval, Measured, regime
from gebm_studio.messages.doubts import AGREE, ENOUGH, doubts
from gebm_studio.messages.protocols import compare, differing
from gebm_studio.messages.protocols import facts_of as facts_of_protocol
from gebm_studio.ui.panels.facts import Fact
from gebm_studio.ui.panels.numbers import count, short, with_error, with_interval

UNKNOWN: Interval = (math.nan, math.nan, math.nan)
Tone = Literal["better", "worse", "open", "unsettled"]
"""What the difference of the Fréchet distances says; of chains out of equilibrium it says nothing."""


class Score(NamedTuple):
    """A score by its name in `messages.Measured`, with its title, which way is better, and what it is written times."""

    name: str
    title: str
    lower: bool
    scale: float
    tip: str

    @property
    def headings(self) -> tuple[str, str]:
        """The title with the unit of its numbers, and the shortest form of it."""
        unit = {1.0: "", 100.0: ", %", 1000.0: " × 1000"}[self.scale]
        return self.title + unit, self.title.partition(" ")[0] + unit

    @property
    def direction(self) -> str:
        """Which way is better."""
        return "lower is better" if self.lower else "higher is better"


SCORES = (
    Score(
        "frechet", "Fréchet distance", True, 1.0,
        "‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½) between Gaussians of the features of images and of held-out data.",
    ),
    Score(
        "kernel", "Kernel distance", True, 1000.0,
        "MMD² between the features of images and of held-out data, without bias: near 0, of either sign, where the "
        "laws agree.",
    ),
    Score(
        "precision", "Precision", False, 100.0,
        "Share of the images that lie within the reach of held-out data: how many look real.",
    ),
    Score(
        "recall", "Recall", False, 100.0,
        "Share of held-out data that lie within the reach of the images: how much of the data is covered.",
    ),
)  # fmt: skip
LAWS = (("base", "base"), ("gebm", "GEBM"), ("data", "data"))
"""The laws that are scored, with their names on screen."""


@dataclass(frozen=True)
class Reference:
    """A measurement that is kept to compare with, and of which preset it is."""

    measured: Measured
    preset: str

    @property
    def name(self) -> str:
        """How it is called."""
        return f"{self.preset} at iteration {count(self.measured.iteration)}"


@dataclass(frozen=True)
class Shown:
    """What a panel of quality shows: a measurement, and one to compare it with where that is fair."""

    measured: Measured
    beside: Measured | None = None

    def score(self, law: str, name: str) -> Interval:
        """A score of a law, NaN where there is none."""
        return _score(self.measured, law, name)

    def ghost(self, law: str, name: str) -> Interval:
        """The same of the measurement to compare with."""
        return UNKNOWN if self.beside is None else _score(self.beside, law, name)

    def change(self, law: str, name: str) -> Interval:
        """The difference to it, of independent measurements."""
        if self.beside is None:
            return UNKNOWN
        return compare(self.measured, self.beside).get(law, {}).get(name, UNKNOWN)

    def note(self, name: str) -> str:
        """How a column was measured."""
        return dict(self.measured.notes).get(name, "")

    @property
    def settled(self) -> bool:
        """Whether the chains behind the GEBM's images are in equilibrium, as far as can be told."""
        return not doubts(self.measured)


def interval_text(value: Interval, scale: float = 1.0, signed: bool = False) -> str:
    """A number with its interval in parentheses."""
    middle, low, high = (scale * number for number in value)
    text, ends = with_interval(middle, low, high, signed=signed)
    return f"{text} ({ends})" if ends else text


def half_text(value: Interval, scale: float = 1.0) -> str:
    """A number ± half of its interval."""
    middle, low, high = (scale * number for number in value)
    return with_error(middle, (high - low) / 2)


def tone_of(measured: Measured) -> Tone:
    """What may be claimed of the energy."""
    middle, low, high = measured.difference
    if math.isnan(middle) or math.isnan(low) or math.isnan(high):
        return "open"
    if doubts(measured):
        return "unsettled"
    return "better" if high < 0 else "worse" if low > 0 else "open"


def verdict(measured: Measured) -> str:
    """One sentence with its numbers."""
    middle, low, high = measured.difference
    if math.isnan(middle):
        return "FD(GEBM) − FD(base) could not be measured: no claim"
    text, ends = with_interval(middle, low, high, signed=True)
    number = f"FD(GEBM) − FD(base) = {text}" + (f" (95 %: {ends})" if ends else "")
    claim = {
        "better": ": the energy improves the base",
        "worse": ": the energy makes the base worse",
        "open": ": the interval holds zero, no claim" if ends else ": without an interval, no claim",
        "unsettled": "; chains not in equilibrium: no claim",
    }
    if tone_of(measured) == "unsettled" and math.isnan(measured.rhat):
        return f"{number}; equilibrium not known: no claim"
    return number + claim[tone_of(measured)]


def verdict_tip(measured: Measured) -> str:
    """What the verdict speaks of, how it was measured, and what speaks against a claim."""
    why = doubts(measured)
    note = dict(measured.notes).get("difference", "")
    parts = ["The difference of the Fréchet distances to held-out data, paired, with its 95 % interval.", note]
    return " ".join(part for part in [*parts, f"No claim: {'; '.join(why)}." if why else ""] if part)


def facts_of(measured: Measured, few: bool = False) -> list[Fact]:
    """What the verdict rests on: the ratio, KALE, how well the chains mixed, and when it was measured.

    Arguments:
        measured: The measurement.
        few: Whether there is room for what the verdict depends on only.
    """
    notes = dict(measured.notes)
    facts = [Fact(f"iteration {count(measured.iteration)}", "The model that was measured, on a copy of it.")]
    if not few and not math.isnan(measured.ratio[0]):
        tip = "100 FD(GEBM) / FD(base) with its 95 % interval: below 100 the energy improves the base. "
        facts.append(Fact(f"· ratio {half_text(measured.ratio)} %", tip + notes.get("ratio", "")))
    if not few and not math.isnan(measured.kale[0]):
        tip = "F(E, c) on held-out images, in nats, with its 95 % interval: what the energy knows beyond the base. "
        facts.append(Fact(f"· KALE {half_text(measured.kale)}", tip + notes.get("kale", "")))
    doubtful = math.isnan(measured.rhat) or measured.rhat > AGREE
    agree = f"Whether the chains watched behind GEBM agree on E: above {AGREE} they are not in equilibrium. "
    known = "—" if math.isnan(measured.rhat) else f"{measured.rhat:.3f}"
    facts.append(_marked(f"R-hat {known}", agree + notes.get("rhat", ""), doubtful))
    scarce = math.isnan(measured.ess) or measured.ess < ENOUGH
    size = f"How many independent draws of E the watched chains are worth: below {ENOUGH:g} they tell too little. "
    facts.append(_marked(f"ESS {short(measured.ess)}", size + notes.get("ess", ""), scarce))
    if note := regime(measured.time):
        facts.append(
            _marked(note, "Below a time of 1 chains descend from their start and have not come to rest.", True)
        )
    elif not few and not math.isnan(measured.time):
        tip = f"Overdamped time that each chain has run: from 1 on it has forgotten its start. {notes.get('time', '')}"
        facts.append(Fact(f"· time {short(measured.time)}", tip))
    return facts


def protocol_facts(measured: Measured) -> list[Fact]:
    """How it was measured, in pieces that can stand on any line; only a bare number stands with its name."""
    said = []
    for name, fact in facts_of_protocol(measured.protocol).items():
        said += [f"{name} {fact}"] if fact.isdigit() else (fact or name).split(", ")
    return [Fact(f"· {text}", measured.protocol) for text in said]


def why_not_compared(measured: Measured, reference: Reference) -> str:
    """In what the protocols of two measurements differ, so that they may not be compared; empty where they may."""
    now, then = (facts_of_protocol(one.protocol) for one in (measured, reference.measured))
    said = [
        f"{name} ({then.get(name, 'not told')} there, {now.get(name, 'not told')} here)"
        for name in differing(measured, reference.measured)
    ]
    return f"not compared with {reference.name}, which differs in {', '.join(said)}" if said else ""


def compared(measured: Measured, reference: Reference) -> str:
    """How the Fréchet distances differ from those of a measurement with the same protocol."""
    changes = compare(measured, reference.measured)
    said = [
        f"FD({title}) {interval_text(changes[law]['frechet'], signed=True)}"
        for law, title in LAWS[:2]
        if not math.isnan(changes[law]["frechet"][0])
    ]
    return f"against {reference.name}: {', '.join(said) or 'no Fréchet distances'}"


def _score(measured: Measured, law: str, name: str) -> Interval:
    return measured.scores.get(law, {}).get(name, UNKNOWN)


def _marked(text: str, tip: str, warns: bool) -> Fact:
    return Fact(f"· ⚠ {text}" if warns else f"· {text}", tip, warns)
