"""One measurement of a model's images, in small pieces."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.diagnostics import FeatureSpace
from gebm_studio.diagnostics.calibration import calibration
from gebm_studio.diagnostics.frechet import RESAMPLES, frechet_in_pieces
from gebm_studio.diagnostics.intervals import UNKNOWN, about
from gebm_studio.diagnostics.kernel_distance import kernel_in_pieces
from gebm_studio.diagnostics.neighbours import copies, nearest_in_pieces
from gebm_studio.diagnostics.precision_recall import precision_recall_in_pieces
from gebm_studio.diagnostics.resampling import Bootstrap
from gebm_studio.diagnostics.shares import shares, total_variation
from gebm_studio.experiments import effective
from gebm_studio.experiments.pieces import telling
from gebm_studio.experiments.pixels import pixels
from gebm_studio.experiments.quality import words
from gebm_studio.experiments.quality.fresh import FreshChains, group_size
from gebm_studio.experiments.quality.looking import Looked, look_in_pieces
from gebm_studio.experiments.quality.references import References
from gebm_studio.experiments.quality.spaces import spaces_of
from gebm_studio.messages import Bytes, FactorShares, Interval, Measured
from gebm_studio.models import Gebm, log_mean_exp
from gebm_studio.schema.data import Data
from gebm_studio.schema.images import Quality
from gebm_studio.schema.sampling import Sampler
from gebm_studio.targets import Target

STREAM = 0x5155414C
SHOWN = 8
"""GEBM images that are shown beside their nearest training image."""
CHAINS = 0.7
"""Share of the progress that the chains are."""
_WIDE, _FEW = 256, 40
"""Features above which a bootstrap makes do with few resamples."""
_SCORES = ("frechet", "kernel", "precision", "recall")
_PAIR = ("base", "gebm")

T = TypeVar("T")
Pieces = Generator[float, None, T]
"""Work that tells between small pieces how much of it is done, from 0 to 1."""


class Result(NamedTuple):
    """A measurement, with GEBM images (k, h, w[, 3]) and the training images that they are nearest to."""

    measured: Measured
    nearest: Bytes
    train: Bytes


@dataclass(frozen=True)
class Measuring:
    """Measures a model's images against a target's held-out ones.

    Arguments:
        model: A copy that stays as it is.
        target: Images.
        kind: The target's settings, which the protocol tells.
        quality: What is measured.
        sampler: Of the fresh chains.
        seed: The preset's.
        iteration: Of the model; all that is drawn depends on it and on the seed.
        references: What is measured of the data.
    """

    model: Gebm
    target: Target
    kind: Data
    quality: Quality
    sampler: Sampler
    seed: int
    iteration: int
    references: References

    def in_pieces(self) -> Pieces[Result]:
        """The measurement; yields how much of it is done.

        Raises:
            PresetError: Where there are no such features.
            ValueError: Where the energy cannot be calibrated as the sampler asks.
        """
        effective.ready()  # a library that takes half a second to load: it begins now
        quality, target, model = self.quality, self.target, self.model
        space, n = spaces_of(target).of(quality.features), quality.draws
        z = model.prior(n, self._generator(0))
        chains = FreshChains(model, target, self.sampler, z, quality.steps, self._seeds(1))
        for done in chains:
            yield CHAINS * done
        looked: dict[str, Looked] = {}
        for index, (law, latents) in enumerate((("base", z), ("gebm", chains.position))):
            pieces = look_in_pieces(model, latents, space, spaces_of(target).classifier, group_size(target, z.device))
            looked[law] = yield from _between(pieces, CHAINS + 0.04 * index, CHAINS + 0.04 * (index + 1))
        lost = {law: images.lost for law, images in looked.items()}
        scores, frechet, resamples, floor = yield from self._scores(space, looked)
        factors = yield from _at(self._factors(looked), 0.9)
        kale, calibrated = yield from _at(self._energy(looked["base"].energies), 0.92)
        training = yield from _at(self.references.training(), 0.93)
        share, nearest, train = yield from self._nearest(chains.position, training)
        while not effective.ready():
            yield 0.99
        rhat, ess = chains.mixing()
        numbers = {
            "resamples": resamples, "floor": floor, "compared": len(training),
            "watched": len(chains.noted), "time": chains.time, "lost": lost,
            "exact": bool(getattr(target, "factor_masses", {})),
        }  # fmt: skip
        paired = not any(lost.values())
        measured = Measured(
            iteration=self.iteration,
            protocol=words.protocol(quality, self.sampler, self.kind, target, space),
            scores=scores,
            difference=frechet.difference("gebm", "base") if paired else UNKNOWN,
            ratio=frechet.ratio("gebm", "base") if paired else UNKNOWN,
            kale=kale,
            rhat=rhat,
            ess=ess,
            time=chains.time,
            copies=share,
            factors=factors,
            calibration=calibrated,
            notes=words.notes(quality, self.sampler, target, space, numbers),
        )
        return Result(measured, nearest, train)

    def _seeds(self, purpose: int) -> tuple[int, ...]:
        return self.seed, STREAM, self.iteration + 1, purpose

    def _generator(self, purpose: int) -> torch.Generator:
        state = np.random.SeedSequence(self._seeds(purpose)).generate_state(1, np.uint64)
        return torch.Generator(self.model.device).manual_seed(int(state[0]) >> 1)

    def _rng(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng(self._seeds(purpose))

    def _scores(
        self, space: FeatureSpace, looked: dict[str, Looked]
    ) -> Pieces[tuple[dict[str, dict[str, Interval]], Bootstrap, int, int]]:
        """Scores by law and name, the bootstrap of the Fréchet distances, its resamples, and the size of the floor."""
        data = yield from _at(self.references.floor(space, self.quality.draws), CHAINS + 0.08)
        real = yield from _at(self.references.held_out(space), CHAINS + 0.09)
        radii = yield from _at(self.references.radii(space, self.quality.neighbours), CHAINS + 0.1)
        laws = {law: looked[law].features for law in _PAIR if not looked[law].lost} | {"data": data}
        scores = {law: dict.fromkeys(_SCORES, UNKNOWN) for law in (*_PAIR, "data")}
        resamples = RESAMPLES if space.width <= _WIDE else _FEW
        paired = tuple(law for law in _PAIR if law in laws)
        frechet = yield from _at(frechet_in_pieces(real, laws, self._rng(2), paired, resamples), 0.82)
        kernel = yield from _at(kernel_in_pieces(real, laws, self._rng(3), paired, resamples), 0.85)
        for law, features in laws.items():
            pieces = precision_recall_in_pieces(real, features, self.quality.neighbours, radii)
            precision, recall = yield from _at(pieces, 0.88)
            scores[law] = {
                "frechet": frechet.interval(law, 0.0), "kernel": kernel.interval(law),
                "precision": precision, "recall": recall,
            }  # fmt: skip
        return scores, frechet, resamples, len(data)

    def _factors(self, looked: dict[str, Looked]) -> Generator[None, None, tuple[FactorShares, ...]]:
        """Shares of the classes by the classifier, against exact masses where these are known."""
        tells = spaces_of(self.target).classifier
        if tells is None:
            return ()
        held_out = yield from self.references.counts()
        exact: dict[str, Any] = dict(getattr(self.target, "factor_masses", {}))
        rng, found = self._rng(4), []
        for head, names in tells.heads.items():
            counts = {law: looked[law].counts[head].tolist() for law in _PAIR}
            total = int(held_out[head].sum())
            truth = exact[head][1] if head in exact else tuple((held_out[head] / total).tolist())
            counted = None if head in exact else total
            variation = {law: total_variation(counts[law], truth, rng, counted) for law in _PAIR}
            base, gebm = (shares(counts[law]) for law in _PAIR)
            found.append(FactorShares(head, names, tuple(truth), head in exact, base, gebm, variation))
            yield
        return tuple(found)

    def _energy(self, base: NDArray[np.float64]) -> Generator[None, None, tuple[Interval, Any]]:
        """F(E, c) on the held-out images, and the calibration of E, from energies (n,) of base draws.

        F(E, c) = 1 − E_P[E + c] − E_G[e^{−E−c}].
        """
        parts = []
        for images in self.target.held_out.split(group_size(self.target, self.model.device)):
            with torch.no_grad():
                parts.append(self.model.energy(images).double().cpu().numpy())
            yield
        data, c = np.concatenate(parts), float(self.model.log_partition)
        with np.errstate(over="ignore", invalid="ignore"):  # an infinite mass has no interval
            mass = np.exp(-base - c)
            stderr = math.sqrt(data.var(ddof=1) / len(data) + mass.var(ddof=1) / len(mass))
            kale = about(float(1 - (data.mean() + c) - mass.mean()), stderr)
        log_z, _ = log_mean_exp(torch.from_numpy(-base))
        m = min(len(data), len(base))
        if not math.isfinite(log_z):
            return kale, calibration(np.empty(0), np.empty(0))
        return kale, calibration(-data[:m] - log_z, -base[:m] - log_z)

    def _nearest(self, latents: Tensor, training: Tensor) -> Pieces[tuple[Interval, Bytes, Bytes]]:
        """The share of copies, with the GEBM images nearest to training images, and these."""
        held_out = yield from _at(self.references.distances(), 0.94)
        distances, places = [], []
        for z in latents.split(256):
            images = torch.nan_to_num(self.model.samples(z), nan=math.inf)
            found = yield from _at(nearest_in_pieces(images, training), 0.96)
            distances.append(found.distance)
            places.append(found.places)
        distance, place = np.concatenate(distances), np.concatenate(places)
        first = np.argsort(distance, kind="stable")[:SHOWN].tolist()
        share = copies(distance, held_out) if np.isfinite(distance).all() else UNKNOWN
        return share, pixels(self.model.samples(latents[first])), pixels(training[place[first].tolist()])


def _at(pieces: Generator[Any, None, T], progress: float) -> Pieces[T]:
    """Pieces that do not tell how far they are."""
    return telling(pieces, lambda _: progress)


def _between(pieces: Pieces[T], start: float, end: float) -> Pieces[T]:
    """Pieces that are a part of the whole."""
    return telling(pieces, lambda share: start + (end - start) * share)
