"""Chains from given starts, with the states that they went through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gebm_studio import schema
from gebm_studio.experiments.draws import SampleRun
from gebm_studio.experiments.pixels import pixels
from gebm_studio.experiments.reel.words import Codes, Words, changes
from gebm_studio.messages import Bytes, Floats, Ints, frozen
from gebm_studio.models import Gebm, tilt
from gebm_studio.samplers.sampler import prior_energy
from gebm_studio.targets import Target


class Kept(NamedTuple):
    """Where n chains are at a step: latents (n, d) with E(G(z)) and U_β(z), (n,), and words (n,) by number."""

    step: int
    position: Tensor
    energy: Floats
    potential: Floats
    words: Codes


def kept_steps(steps: int, frames: int) -> tuple[int, ...]:
    """Steps from 0 to `steps`, evenly spaced, as many as there are frames, or all of them where they are fewer."""
    return tuple(np.unique(np.linspace(0, steps, frames).round().astype(int)).tolist())


class RecordedChains:
    """Chains of fresh noise from latents (n, d), a step at a time; what they show depends on the arguments alone.

    Arguments:
        model: A GEBM that stays as it is.
        target: What it learns; a calibration of the energy is fitted to its held-out points.
        sampler: The algorithm, with its temperature.
        start: Where the chains begin, (n, d).
        at: Steps at which states are kept, from 0 on, rising; the chains end at the last.
        noise: Where all noise is drawn from.
        words: The classifier that tells a word of each image.

    Attributes:
        at: The steps at which states are kept.
        done, total: Steps taken, and in all.
        kept: The states so far, oldest first.
        begun_as: Images at the start, (n, h, w) or (n, h, w, 3).
        images: Images at the newest kept state, likewise.
    """

    def __init__(
        self, model: Gebm, target: Target, sampler: schema.Sampler, start: Tensor, at: Sequence[int],
        noise: torch.Generator, words: Words,
    ) -> None:  # fmt: skip
        self._run = SampleRun(model, target, sampler, len(start), at[-1], noise, start)
        self._steps = iter(self._run)
        self.at, self._words = frozenset(at), words
        self.total, self.done = at[-1], 0
        self.kept: list[Kept] = []
        self._keep()
        self.begun_as = self.images

    @property
    def complete(self) -> bool:
        """Whether all steps are taken."""
        return self.done == self.total

    @property
    def time(self) -> float:
        """Overdamped time that the chains have advanced, NaN where steps have no length in time."""
        return self._run.time

    def advance(self) -> None:
        """One step of all chains, where there is one left."""
        if self.complete:
            return
        self.done = next(self._steps)
        if self.done in self.at:
            self._keep()

    @property
    def hops(self) -> Ints:
        """How often the word changes along the kept states of each chain, (n,); (0,) without a classifier."""
        hops: Ints = frozen(changes(np.stack([state.words for state in self.kept])).astype(np.int32))
        return hops

    @torch.no_grad()
    def _keep(self) -> None:
        z, potential = self._run.position.detach(), self._run.potential
        x, energy = potential.look(z)
        judged = energy if potential.calibration is None else potential.calibration(energy)
        u = prior_energy(z) - tilt(judged, potential.beta)
        self.images: Bytes = pixels(x)
        energy_now, u_now = (values.float().cpu().numpy().copy() for values in (energy, u))
        self.kept.append(Kept(self.done, z.clone(), energy_now, u_now, self._words.codes(x)))
