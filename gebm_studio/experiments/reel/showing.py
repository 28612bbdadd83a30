"""What the gallery shows, and what is under way to take its place."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from gebm_studio.experiments.reel.begun import Begun
from gebm_studio.experiments.reel.neighbours import Neighbours
from gebm_studio.experiments.reel.plan import Plan, Settings
from gebm_studio.experiments.reel.strip import Strip, Wanted
from gebm_studio.messages import Film, FilmMode

STILL = 0.2
"""Seconds without a change of settings after which chains that are under way give place to those of the new ones.

A setting that is dragged changes more often than chains come to their end: they would never be seen.
"""


class Showing:
    """Chains that are shown, those that come next, and a film; all of it in small pieces of work.

    Arguments:
        plan: What the first chains are made from.
        neighbours: Where training images are looked for.
    """

    def __init__(self, plan: Plan, neighbours: Neighbours) -> None:
        self.newest = self.shown = Begun(plan, fills_in=True)
        self._neighbours = neighbours
        self._settings, self._settings_since = plan.settings, time.perf_counter()
        self._mode: FilmMode = "chain"
        self._first, self._second = 0, -1
        self._film: Film | None = None
        self._film_of: tuple[object, ...] = ()
        self._strip = self._made_strip()

    def want(self, mode: FilmMode, first: int, second: int) -> None:
        """Choose the film; where there are fewer chains, the last one takes the place of those beyond."""
        if (mode, first, second) != (self._mode, self._first, self._second):
            self._mode, self._first, self._second = mode, first, second
            self._strip = self._made_strip()

    def _made_strip(self) -> Strip | None:
        """The film that is wanted of the chains that are shown; None for a way without an end."""
        last = self.shown.plan.settings[1].chains - 1
        if self._mode == "chain":
            wanted = Wanted("chain", min(max(self._first, 0), last))
        elif self._second < 0:
            return None
        else:
            wanted = Wanted(self._mode, min(max(self._first, 0), last), min(self._second, last))
        return Strip(self.shown.plan, self.shown.chains, wanted, self._neighbours)

    def work(self, settings: Settings, version: int, plan: Callable[[], Plan]) -> bool:
        """One piece, towards what these settings on this version of the model show; False where all is shown.

        Arguments:
            settings: The sampler's and the reel's.
            version: How often the model has changed.
            plan: Makes the plan of both.
        """
        newest = self.newest
        changed = newest.plan.settings != settings
        if changed and self._still(settings) and not newest.ends_soon:
            return self._begin(plan(), fills_in=True)
        if self._strip is not None and self._strip.work():
            return True
        if not newest.chains.complete:
            newest.advance()
            if newest is not self.shown and newest.can_be_shown:
                self.shown = newest
                self._strip = self._made_strip()
            return True
        if changed:
            return self._begin(plan(), fills_in=True)
        if self._neighbours.work():
            return True
        # Only what a person has changed is worth a film that is not yet whole.
        return newest.plan.version != version and self._begin(plan(), fills_in=False)

    def _still(self, settings: Settings) -> bool:
        """Whether nobody is changing the settings right now."""
        now = time.perf_counter()
        if settings != self._settings:
            self._settings, self._settings_since = settings, now
        return now - self._settings_since >= STILL

    def _begin(self, plan: Plan, *, fills_in: bool) -> bool:
        self.newest = Begun(plan, fills_in=fills_in)
        return True

    def film(self) -> Film | None:
        """The newest film; that of before until the next one has caught up with its chains."""
        strip = self._strip
        if strip is None:
            self._film, self._film_of = None, ()
            return None
        of = strip, strip.revision, math.isnan(self._neighbours.usual)
        if of != self._film_of and strip.ready and (strip.caught_up or not self._shows(strip.wanted)):
            self._film, self._film_of = strip.film(), of
        return self._film

    def _shows(self, wanted: Wanted) -> bool:
        """Whether the film that is shown is of the same mode and chains."""
        film = self._film
        return film is not None and (film.mode, film.first, film.second) == (wanted.mode, wanted.first, wanted.second)
