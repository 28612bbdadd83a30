"""What there is to say of the chains in words."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QWidget

from gebm_studio.messages import FARTHEST, RELAXED, DiagnosticsPart, Floats, Mixing, regime
from gebm_studio.ui import theme
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.numbers import count, short

FEW_DRAWS = 8
"""Draws of each chain below which no effective size is said."""
SURE_HOPS = 20
"""Hops from which on a rate is compared with that of another sampler."""
LAWS = {
    "exact": ("exact law", "Once the chains have forgotten their start, their law is the GEBM's latent posterior."),
    "biased": (
        "biased by its step",
        "The law differs from the latent posterior by a bias that vanishes with the step.",
    ),
    "other": ("not the GEBM's law", "The chains do not sample the latent posterior, however long they run."),
}
POOL = ("biased by its pool", "The law differs from the latent posterior by a bias that vanishes as the pool grows.")


class Fact(NamedTuple):
    """A few words, what they mean and how they were measured, and whether they are a warning."""

    text: str
    tip: str = ""
    warns: bool = False


class Facts(FlowBar):
    """A line of facts, as many lines as it needs; warnings have a colour of their own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: list[QLabel] = []

    @property
    def texts(self) -> list[str]:
        """What is said."""
        return [label.text() for label in self._labels if not label.isHidden()]

    @property
    def tips(self) -> dict[str, str]:
        """What is explained, by what is said."""
        return {label.text(): label.toolTip() for label in self._labels if not label.isHidden()}

    def show_facts(self, facts: list[Fact]) -> None:
        """Say facts, the first of them as a heading."""
        look = theme.current()
        while len(self._labels) < len(facts):
            self._labels.append(QLabel(self))
            self.add(self._labels[-1])
        for place, label in enumerate(self._labels):
            label.setVisible(place < len(facts))
            if place >= len(facts):
                continue
            fact = facts[place]
            label.setText(fact.text)
            label.setToolTip(fact.tip)
            colour = QColor(look.warning if fact.warns else look.text if place == 0 else look.muted)
            if label.palette().color(label.foregroundRole()) != colour:
                palette = label.palette()
                palette.setColor(label.foregroundRole(), colour)
                label.setPalette(palette)


class HopRates:
    """How often chains hop, compared with the sampler that ran before on the same run."""

    def __init__(self) -> None:
        self._now = self._before = ("", 0, 0.0)

    def facts(self, part: DiagnosticsPart) -> list[Fact]:
        """Hops in 1000 gradients, their ratio to the sampler before, modes a chain; none before there are numbers."""
        hops, gradients = int(part.hops.sum()), part.counted_cost * len(part.hops)
        if not len(part.true_weights) or not gradients:
            return []
        if part.sampler != self._now[0] and self._now[1] >= SURE_HOPS:
            self._before = self._now
        self._now = part.sampler, hops, gradients
        spent = f"{count(len(part.hops))} chains with {count(round(part.counted_cost))} gradients each"
        facts = [
            Fact(f"· {short(1000 * hops / gradients, 2)} hops in 1000 gradients", f"{count(hops)} hops of {spent}.")
        ]
        name, hops_before, gradients_before = self._before
        if name and name != part.sampler and hops >= SURE_HOPS:
            ratio = hops / gradients * gradients_before / hops_before
            error = ratio * math.sqrt(1 / hops + 1 / hops_before)
            tip = (
                f"Hops at equal gradients over those of {name}: {ratio:.2f} ± {error:.2f}, taking hops as independent."
            )
            facts.append(Fact(f"= {short(ratio, 2)} × {name}", tip))
        each = short(float(part.visited.mean()), 2)
        return [*facts, Fact(f"· {each} modes a chain", f"In how many modes a chain has been, mean of {spent}.")]


def facts_of(part: DiagnosticsPart, hops: list[Fact]) -> list[Fact]:
    """Facts, then warnings; long ones in parts, which can stand on lines of their own where the panel is narrow."""
    law, meaning = POOL if part.sampler == "importance" and part.law == "biased" else LAWS[part.law]
    facts = [Fact(part.sampler, "The algorithm of the persistent chains."), Fact(f"· {law}", meaning)]
    if not math.isnan(part.acceptance):
        protocol = f"Mean over {count(len(part.chain_energy))} chains and the last rounds since a setting changed."
        facts.append(Fact(f"· accepts {100 * part.acceptance:.1f} %", protocol))
    if not math.isnan(part.adapting):
        facts.append(Fact(f"· step size adapts, now {short(part.adapting)}", "It stands still after the warm-up."))
    facts += _of_mixing(part)
    facts += hops
    spent = f"{count(round(part.cost))} gradient evaluations of each of {count(len(part.chain_energy))} chains."
    facts.append(Fact(f"· {count(part.chain_steps)} steps a chain", spent))
    if not math.isnan(part.accumulated_time) and not regime(part.accumulated_time):
        meaning = "Overdamped time that the chains have run: the sum of their steps."
        facts.append(Fact(f"· time {short(part.accumulated_time)}", meaning))
    return facts + _warnings(part)


def why_no_mixing(mixing: Mixing, trace: Floats) -> str:
    """Why an effective size of the draws in a trace (t, k) cannot be said; empty where it can."""
    if not math.isnan(mixing.ess):
        return ""
    if mixing.draws < FEW_DRAWS:
        return f"fewer than {FEW_DRAWS} draws"
    drawn = trace[-mixing.draws :]
    return "the chains never move" if np.isfinite(drawn).all() else "an energy is not finite"


def protocol_of(mixing: Mixing) -> str:
    """Of which draws the numbers on mixing are."""
    rounds = f"the last {count(mixing.draws)} rounds" if mixing.draws else "the rounds"
    every = "" if math.isnan(mixing.every) else f", {short(mixing.every)} steps apart,"
    slowest = f"Of {mixing.slowest}, the slowest of E(G(z)), z₁ and z₂,"
    return f"{slowest} of {mixing.chains} chains in {rounds}{every} since a setting changed."


def _of_mixing(part: DiagnosticsPart) -> list[Fact]:
    mixing = part.mixing
    if mixing is None:
        why = (
            "The model learns: draws of a law that moves have no effective sample size. Freeze the training to see it."
        )
        return [Fact("· ESS — (the model learns)", why)]
    protocol = protocol_of(mixing)
    if why := why_no_mixing(mixing, part.trace):
        return [Fact(f"· ESS — ({why})", protocol)]
    draws = f"({mixing.chains} × {count(mixing.draws)} draws)"
    size = "Bulk effective sample size, rank-normalised (Vehtari et al., 2021)."
    agree = "Rank-normalised split R-hat (Vehtari et al., 2021): above 1.01 the chains, or their halves, disagree. "
    agree += "The largest of those of E(G(z)), z₁ and z₂."
    size = f"{size} {protocol}"
    facts = [Fact(f"· ESS {short(mixing.ess)} of {mixing.slowest}", size), Fact(draws, size)]
    if math.isnan(mixing.rhat):
        facts.append(Fact("· R-hat — (one chain)", agree))
    else:
        facts.append(Fact(f"· R-hat {mixing.rhat:.3f}", f"{agree} {protocol}"))
    price = f"Effective draws for each gradient evaluation, {count(round(mixing.cost))} of them. {protocol}"
    facts.append(Fact(f"· ESS/gradient {short(mixing.ess / mixing.cost, 2) if mixing.cost else '—'}", price))
    return facts


def _warnings(part: DiagnosticsPart) -> list[Fact]:
    texts: list[str] = []
    tips: list[str] = []
    if (gone := diverged(part.chain_energy)) and part.chain_steps:
        texts += [f"· {count(gone)} of {count(len(part.chain_energy))} chains have diverged:", "lower the step size"]
        tips += ["Their energies are not finite, or beyond what chains near the model's mass can have."] * 2
    if note := regime(part.accumulated_time):
        words, number = note.split(" (")
        is_so, is_not = words.split(", ")
        texts += [f"· {is_so},", is_not, f"({number}"]
        tips += [f"Below a time of {RELAXED:g} chains descend from their start and have not come to rest."] * 3
    if part.rejected_nonfinite > 0:
        texts += [f"· {count(part.rejected_nonfinite)} moves refused:", "energy not finite"]
        tips += ["The chains stayed where they were."] * 2
    return [Fact(text, tip, warns=True) for text, tip in zip(texts, tips, strict=True)]


def diverged(energies: Floats) -> int:
    """How many chains have energies that no chain near the model's mass can have."""
    return int((~(np.abs(energies) <= FARTHEST)).sum())


def within_reason(energies: Floats) -> Floats:
    """The energies, with those of chains that have diverged left out: they would flatten all the rest."""
    return np.where(np.abs(energies) <= FARTHEST, energies, np.float32(np.nan))
