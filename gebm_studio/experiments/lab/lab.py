"""The divergence lab: two laws, every divergence between them, and what moves."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.lab.bound import Bound
from gebm_studio.experiments.lab.later import Pieces, finished
from gebm_studio.experiments.lab.moving import Runner, moved, present
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.picture import Picture, waits_for_critic
from gebm_studio.experiments.lab.plan import plan_part
from gebm_studio.experiments.lab.present import Present
from gebm_studio.experiments.lab.swept import SweptCurves, needed
from gebm_studio.experiments.lab.tangent import tangent_part
from gebm_studio.experiments.lab.values import Values
from gebm_studio.experiments.stepwise import Stepwise
from gebm_studio.messages import BarsPart, PairPart, PlanPart, Pull
from gebm_studio.messages.arrays import Extent
from gebm_studio.messages.divergences import Value
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import ABOUT, Measure

AT_REST, IN_HAND, RUNNING = 0.08, 0.004, 0.008
"""Seconds that pending work may take of a frame: while nothing moves, while a hand drags, and while the lab runs."""


class DivergenceLab(Stepwise[DivergencesPreset]):
    """The running thing behind a divergence lab.

    Every number is a function of the preset alone; what a window looks at decides only which are computed.
    """

    def __init__(self, preset: DivergencesPreset, device: torch.device, folder: str = "") -> None:
        super().__init__(preset, device, folder)
        self._iteration = 0
        self._runner = Runner()
        self._pair = Pair(preset, folder)
        self._present = Present(self._pair)
        self._swept = SweptCurves()
        self._swept.take(self._pair)
        self._bound = Bound(preset, self._pair)
        self._picture = Picture()
        self._plan: tuple[object, PlanPart] | None = None
        self._looked: tuple[Measure, ...] = ()
        self._sees_curves = self._sees_climb = False
        self._shown_version = 0
        self._free_at = 0.0

    @property
    def iteration(self) -> int:
        return self._iteration

    @property
    def pair(self) -> Pair:
        """Both laws as they are now."""
        return self._pair

    @property
    def resting(self) -> bool:
        return not (self._runs_along or self.pending) and self._bound.resting

    @property
    def _runs_along(self) -> bool:
        """Whether the swept point moves while the lab runs."""
        return "swept" in self.preset.view.docks and self.preset.swept.period > 0

    @property
    def pending(self) -> bool:
        curves, climbs = self._sees_curves and self._swept.pending, self._sees_climb and self._bound.seeks
        return self._present.pending(self._looked) or curves or climbs

    def advance(self) -> None:
        climbs = not self._bound.resting
        if self._runs_along:
            self._move()
        if climbs:
            self._bound.advance()
        self._iteration += self._runs_along or climbs
        began = time.perf_counter()
        if began >= self._free_at or not (self._runs_along or climbs):
            self._work(RUNNING, moving=self._runs_along)
            # A piece may take longer than a tick: what moves gets as much time as what is computed beside it.
            now = time.perf_counter()
            self._free_at = now + (now - began)

    def adopt(self, old: DivergencesPreset) -> None:
        self._take(drop=True)

    def parts(self, pull: Pull, *, known: bool, running: bool) -> dict[str, Any]:
        in_hand = self.settings_version != self._shown_version and not running
        self._shown_version = self.settings_version
        self._look(pull)
        self._present.quick(self._looked)
        if not running:
            self._work(IN_HAND if in_hand else AT_REST, slow=not in_hand)
        found: dict[str, Any] = {}
        if "pair" in pull.needs:
            fine = not in_hand and not running
            found["pair"] = self._pair_part(pull.pair_extent, fine=fine)
        if "bars" in pull.needs:
            values = tuple(self._present.value(name) for name in shown(self.preset))
            found["bars"] = BarsPart(values, self._present.changes)
        if "swept" in pull.needs:
            version = self._present.changes + self._swept.changes + self.settings_version
            found["swept"] = self._swept.part(self._present, version)
        if "tangent" in pull.needs:
            found["tangent"] = tangent_part(self.preset, self.settings_version)
        if "bound" in pull.needs:
            found["bound"] = self._bound.part(pull.bound_since if known else 0)
        if "plan" in pull.needs:
            found["plan"] = self._plan_part()
        return found

    def restart_chains(self) -> None:
        """Begin again: the climb from its start, and from its left end a swept parameter that runs along."""
        self._bound.restart()
        if self._runs_along:
            self._runner = Runner()
            self._put(self.preset.swept.low)

    def saved(self) -> Saved:
        bound = self._bound.saved()
        facts = {"iteration": self._iteration, "runner": self._runner.saved(), "bound": bound.facts}
        return Saved({f"bound.{name}": value for name, value in bound.tensors.items()}, facts)

    def take_back(self, saved: Saved) -> None:
        self._iteration = int(saved.facts["iteration"])
        self._runner.take_back(saved.facts["runner"])
        self._bound.take_back(Saved(saved.under("bound."), saved.facts["bound"]))

    def values(self) -> dict[str, Value]:
        """Every divergence of the pair as it is now, computed to the end."""
        return finished(self.values_in_pieces())

    def values_in_pieces(self) -> Pieces[dict[str, Value]]:
        """As `values`, a piece at a time."""
        values = Values(self._pair)
        yield from values.all_in_pieces(ABOUT)
        return {name: values.value(name) for name in ABOUT}

    def swept(self) -> SweptCurves:
        """The swept curves, computed to the end."""
        return finished(self.swept_in_pieces())

    def swept_in_pieces(self) -> Pieces[SweptCurves]:
        """As `swept`, a piece at a time."""
        yield from self._swept.finish()
        return self._swept

    @property
    def bound(self) -> Bound:
        """What climbs."""
        return self._bound

    def _pair_part(self, extent: Extent | None, *, fine: bool) -> PairPart:
        version = self._bound.version if self.preset.view.lower == "critics" else 0
        part = self._picture.part(self._pair, extent, self._bound.learned, version, fine=fine)
        return self._picture.with_fits(part, self._bound.fits(part.x.astype(np.float64)))

    def _plan_part(self) -> PlanPart:
        """The plan, made again only where a law or the draws have changed."""
        key = (self.preset.p, self.preset.q, self.preset.measure)
        if self._plan is None or self._plan[0] != key:
            self._plan = key, plan_part(self._pair, self.preset, self.settings_version)
        return self._plan[1]

    def _look(self, pull: Pull) -> None:
        """Note what a window looks at."""
        names: tuple[Measure, ...] = ()
        if "bars" in pull.needs:
            names += shown(self.preset)
        self._sees_curves, self._sees_climb = "swept" in pull.needs, "bound" in pull.needs
        if self._sees_curves:
            names += tuple(name for name in needed(self.preset) if name not in names)
        if "pair" in pull.needs and "kale" not in names and waits_for_critic(self._pair):
            names += ("kale",)
        self._looked = names

    def _work(self, seconds: float, *, slow: bool = True, moving: bool = False) -> None:
        """Go on with what a window looks at: slow values first, then the curves.

        While the pair moves the curves come first: they stay, slow values are of another pair with the next tick.
        """
        curves = self._sees_curves and self._swept.pending and (slow or self._pair.dimension == 1)
        if slow and self._present.pending(self._looked) and not (moving and curves):
            self._present.work(self._looked, seconds)
        elif curves:
            self._swept.work(seconds)

    def _move(self) -> None:
        """Let the swept point run one tick further; controls follow it."""
        self._put(self._runner.next(self.preset))

    def _put(self, value: float) -> None:
        if value != present(self.preset):
            self.preset = moved(self.preset, value)
            self.settings_version += 1
            self._take(drop=False)

    def _take(self, *, drop: bool) -> None:
        self._pair = Pair(self.preset, self.folder, of=self._pair)
        self._present.take(self._pair, drop=drop)
        self._swept.take(self._pair)
        self._bound.configure(self.preset, self._pair)


def shown(preset: DivergencesPreset) -> tuple[Measure, ...]:
    """The divergences that the bars show: those that are chosen, or all that there are."""
    return preset.view.bars or tuple(ABOUT)
