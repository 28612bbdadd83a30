"""The gallery: grids of data, base and GEBM, and a film of one of its chains."""

from __future__ import annotations

import itertools
import time

from gebm_studio.experiments.judge import snapshot
from gebm_studio.experiments.pixels import pixels
from gebm_studio.experiments.reel.neighbours import Neighbours
from gebm_studio.experiments.reel.plan import Plan, Settings
from gebm_studio.experiments.reel.recorded import RecordedChains
from gebm_studio.experiments.reel.showing import Showing
from gebm_studio.experiments.reel.words import Words
from gebm_studio.messages import Bytes, GalleryPart, Pull
from gebm_studio.models import Gebm
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import Target

SLICE, SLICE_LEARNING = 0.02, 0.006
"""Seconds of work for one frame, at rest and while the model learns: a slider that is dragged should be followed."""
_VERSIONS = itertools.count(1)
"""Of all galleries together: in a comparison another run may come to the front."""


class Reel:
    """Chains made for the gallery, while somebody looks at it and only then.

    They depend on model, settings and seed alone, begin again when one of these changes, and change nothing of the run.
    Changed settings act at once; only while they are being dragged, or where the end is near, are chains under way
    first brought to it, so that a drag shows films and not their beginnings. A model that learns is copied: chains are
    finished on the copy, then others begin on the newest model. What was shown before stays until there is something
    in its place.

    Attributes:
        neighbours: Where training images are looked for.
        pending: Whether the next frame will show more, if somebody looks.
    """

    def __init__(self, model: Gebm, target: Target, seed: int) -> None:
        self._model, self._target, self._seed = model, target, seed
        self._images = len(target.shape) == 3
        self._words = Words(target, model.device)
        self.neighbours = Neighbours(target, seed)
        self.pending = False
        self._showing: Showing | None = None
        self._version = -1
        self._data: Bytes | None = None
        self._part: GalleryPart | None = None
        self._part_of: RecordedChains | None = None

    def plan(self, preset: TrainingPreset, version: int) -> Plan:
        """What makes the chains of these settings on the model as it is now, at a version."""
        showing = self._showing
        known = None if showing is None else showing.newest.plan
        model = known.model if known is not None and known.version == version else snapshot(self._model)
        return Plan(model, version, self._target, self._words, settings_of(preset), self._seed)

    def part(self, preset: TrainingPreset, pull: Pull, *, version: int, known: bool) -> GalleryPart | None:
        """The part of a frame, after a slice of work; None for points, and where the window holds the newest.

        Arguments:
            preset: The run's settings.
            pull: Which film is wanted, and what the window holds.
            version: Of the model: how often it has changed.
            known: Whether what the window says that it holds is of this run.
        """
        if not self._images:
            return None
        began = time.perf_counter()
        showing = self._showing = self._showing or Showing(self.plan(preset, version), self.neighbours)
        showing.want(pull.film_mode, pull.film_chain, pull.film_second)
        learning, self._version = self._version not in (-1, version), version
        deadline = began + (SLICE_LEARNING if learning else SLICE)
        self.pending = True
        while self.pending:
            self.pending = showing.work(settings_of(preset), version, lambda: self.plan(preset, version))
            if time.perf_counter() >= deadline:
                break
        part = self._published(showing)
        return None if known and pull.gallery_version == part.version else part

    def _published(self, showing: Showing) -> GalleryPart:
        chains, film, part = showing.shown.chains, showing.film(), self._part
        done = chains.kept[-1].step
        if part is None or chains is not self._part_of or part.done != done or part.film is not film:
            self._part_of = chains
            part = self._part = GalleryPart(
                data=self._held_out(len(chains.begun_as)),
                base=chains.begun_as,
                gebm=chains.images,
                done=done,
                total=chains.total,
                hops=chains.hops,
                film=film,
                version=next(_VERSIONS),
            )
        return part

    def _held_out(self, count: int) -> Bytes:
        if self._data is None or len(self._data) != min(count, len(self._target.held_out)):
            self._data = pixels(self._target.held_out[:count])
        return self._data


def settings_of(preset: TrainingPreset) -> Settings:
    """The settings that decide the chains; how many the run itself has, and how fast they go, does not."""
    return preset.sampler.model_copy(update={"chains": preset.reel.chains, "steps": 1}), preset.reel
