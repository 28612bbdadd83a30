"""A film in the making: the images of one chain, or of the way between two starts."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gebm_studio.experiments.pixels import pixels
from gebm_studio.experiments.reel.neighbours import Neighbours
from gebm_studio.experiments.reel.plan import Plan
from gebm_studio.experiments.reel.recorded import RecordedChains
from gebm_studio.experiments.reel.words import Codes, changes
from gebm_studio.messages import Bytes, Film, FilmMode, Floats, frozen, regime


@dataclass(frozen=True)
class Wanted:
    """Which film: `mode`, of chain `first`, or between the starts of `first` and `second`."""

    mode: FilmMode
    first: int
    second: int = -1


class Frames(NamedTuple):
    """Images (f, h, w[, 3]), where they are, energies and potentials (f,), latents (f, d), words (f,) or (0,)."""

    images: Bytes
    at: list[int]
    energy: Floats
    potential: Floats
    latents: Tensor
    codes: Codes


class Strip:
    """Makes a film, a piece at a time.

    Arguments:
        plan: What the chains were made from.
        chains: Those of the grid; they may still be under way.
        wanted: Which film; its chains exist.
        neighbours: Where training images are looked for.

    Attributes:
        revision: Grows with everything that is added to the film.
    """

    def __init__(self, plan: Plan, chains: RecordedChains, wanted: Wanted, neighbours: Neighbours) -> None:
        self.wanted, self.revision = wanted, 0
        self._plan, self._neighbours = plan, neighbours
        way = wanted.mode != "chain"
        self._seen = plan.way(wanted.first, wanted.second, carried=wanted.mode == "carried") if way else chains
        self._way = way
        self._images: Bytes | None = None
        self._nearest: tuple[Bytes, float] | None = None
        self._search: Generator[None, None, tuple[Bytes, float]] | None = None

    @property
    def ready(self) -> bool:
        """Whether there is an image to show."""
        return self._way or self._images is not None

    @property
    def caught_up(self) -> bool:
        """Whether it shows all that there is to show: carried points at their end, a chain as far as it has come."""
        return self._seen.complete if self._way else self._made == len(self._seen.kept)

    def work(self) -> bool:
        """One small piece; False where there is nothing to do until the grid's chains have moved."""
        if self._way:
            if not self._seen.complete:
                before = len(self._seen.kept)
                self._seen.advance()
                self.revision += len(self._seen.kept) > before
                return True
        elif self._made < len(self._seen.kept):
            self._make()
            return True
        return self._seen.complete and self._nearest is None and self._look_for_nearest()

    @property
    def _made(self) -> int:
        return 0 if self._images is None else len(self._images)

    @torch.no_grad()
    def _make(self) -> None:
        """The next image of a chain: each alone, since rounding may depend on those beside it."""
        z = self._seen.kept[self._made].position[self.wanted.first].unsqueeze(0)
        new = pixels(self._plan.model.base(z))
        self._images = new if self._images is None else frozen(np.concatenate((self._images, new)))
        self.revision += 1

    @torch.no_grad()
    def _look_for_nearest(self) -> bool:
        if self._search is None:
            place = -1 if self._way else self.wanted.first
            last = self._seen.kept[-1].position[place].unsqueeze(0)
            self._search = self._neighbours.nearest_in_pieces(self._plan.model.base(last))
        try:
            next(self._search)
        except StopIteration as end:
            self._nearest = end.value
            self.revision += 1
        return True

    def film(self) -> Film:
        """The film as far as it is made.

        Raises:
            ValueError: Where it has no image yet; `ready` tells.
        """
        frames = self.frames()
        words, rests = self._plan.words, self._seen.complete and self.wanted.mode != "latent"
        nearest, distance = (frames.images[0, :0], math.nan) if self._nearest is None else self._nearest
        return Film(
            mode=self.wanted.mode,
            first=self.wanted.first,
            second=self.wanted.second,
            images=frames.images,
            at=frozen(np.asarray(frames.at, dtype=np.int32)),
            energy=frozen(frames.energy),
            potential=frozen(frames.potential),
            latents=_on_plane(frames.latents),
            labels=words.spelled(frames.codes.tolist()),
            hops=int(changes(frames.codes)) if words.known else -1,
            nearest=nearest,
            distance=distance,
            usual=self._neighbours.usual,
            regime=regime(self._seen.time) if rests else "",
        )

    def frames(self) -> Frames:
        """The images with all that is known of each, as far as they are made.

        Raises:
            ValueError: As `film`.
        """
        return self._on_the_way() if self._way else self._of_a_chain()

    def _on_the_way(self) -> Frames:
        state = self._seen.kept[-1]
        at = np.linspace(0, 1000, len(state.energy)).round().astype(int).tolist()
        return Frames(self._seen.images, at, state.energy, state.potential, state.position, state.words)

    def _of_a_chain(self) -> Frames:
        if self._images is None:
            raise ValueError("no image of this film is made yet; see `ready`")
        states, place = self._seen.kept[: self._made], self.wanted.first
        told = states if self._plan.words.known else []
        return Frames(
            self._images,
            [state.step for state in states],
            np.array([state.energy[place] for state in states], dtype=np.float32),
            np.array([state.potential[place] for state in states], dtype=np.float32),
            torch.stack([state.position[place] for state in states]),
            np.array([state.words[place] for state in told], dtype=np.int64),
        )


def _on_plane(latents: Tensor) -> Floats:
    """The first two coordinates of latents (f, d), (f, 2); the second is zero where there is but one."""
    plane = torch.nn.functional.pad(latents[:, :2], (0, max(0, 2 - latents.shape[1])))
    shown: Floats = frozen(plane.float().cpu().numpy().copy())
    return shown
