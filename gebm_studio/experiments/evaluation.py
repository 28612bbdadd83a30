"""What is measured of a run: bounds on held-out data, log Z, and comparisons with the truth.

Every number comes with its protocol in `notes`. Draws come from a generator of their own and
happen at fixed iterations, so measuring changes nothing of the training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.diagnostics import frechet_distance, frechet_interval
from gebm_studio.divergences import w1
from gebm_studio.divergences.pieces import finished
from gebm_studio.experiments import likelihood, reduction
from gebm_studio.experiments.kullback import KlPair, Pieces, Remembered, kl_in_pieces
from gebm_studio.experiments.objective_value import Draws, scores
from gebm_studio.experiments.pieces import without_values
from gebm_studio.experiments.quality.spaces import Features, spaces_of
from gebm_studio.models import Gebm, ess_fraction, log_mean_exp, tilt
from gebm_studio.objectives import OBJECTIVES
from gebm_studio.targets import Target

COLUMNS = (
    "iteration",
    "kale_train",
    "kale_heldout",
    "donsker_varadhan",
    "log_partition",
    "log_z",
    "log_z_stderr",
    "energy_data",
    "energy_base",
    "energy_chains",
    "ess_fraction",
    "penalty",
    "overflows",
    "kl_base",
    "kl_gebm",
    "likelihood",
    "w1_base",
    "w1_gebm",
    "w1_floor",
    "fd_base",
    "fd_gebm",
    "objective_train",
    "objective_heldout",
    "divergence",
    "base_gradient",
    *likelihood.COLUMNS,
    reduction.COLUMN,
)
DRAWS = 1024
"""Draws behind a point of the curves."""
STARTING_DRAWS, STARTING_IMAGES = 32768, 4096
"""Draws that c starts from; fewer where each is an image, which takes long to make."""
W1_LIVE, W1_FINAL = 256, 1000
"""Points of an exact assignment: 10 ms and 0.3 s."""
OVERSAMPLE = 16
W1_DIMENSIONS = 16


class Evaluation:
    """Measures a GEBM against its target. `notes` says how each column was measured.

    Arguments:
        model: The GEBM.
        target: What it learns.
        generator: Draws all that is measured with.
        objective: The name of what it learns by.
        features: Where Fréchet distances of images are taken.

    Raises:
        PresetError: Where there are no such features.
    """

    def __init__(
        self, model: Gebm, target: Target, generator: torch.Generator, objective: str, features: Features = "auto"
    ) -> None:
        self._model, self._target, self._generator, self._objective = model, target, generator, objective
        self.notes: dict[str, str] = {}
        self.divergences: KlPair | None = None
        self._images = len(target.shape) == 3
        self._remembered = Remembered()
        self._likelihood = likelihood.Likelihood(model, target, OBJECTIVES[objective].likelihood)
        self._features: Features = "auto"
        self._real: dict[str, NDArray[np.float64]] = {}
        self.take_features(features)

    def starting_constant(self) -> float:
        """A Monte-Carlo estimate of log Z, at which c starts (and stays, where nothing learns)."""
        estimate, _ = self._model.log_z(STARTING_IMAGES if self._images else STARTING_DRAWS, self._generator)
        return estimate if math.isfinite(estimate) else 0.0

    @torch.no_grad()
    def bounds(self, draws: int = DRAWS) -> dict[str, float]:
        """KALE, Donsker–Varadhan, the objective, log Z and mean energies.

        From `draws` base draws and held-out points. All but the objective speak of the energy that the critic is
        read as, whatever it was trained by.
        """
        model, target = self._model, self._target
        held_out = target.held_out[:draws]
        train = target.sample(len(held_out), self._generator)
        samples = model.samples(model.prior(draws, self._generator))
        critic = [_in_pieces(model.critic, x) for x in (train, held_out, samples)]
        energy_train, energy_heldout, energy_base = (model.read(values).double() for values in critic)
        scored = scores(self._objective, model, Draws(train, held_out, samples, *critic))
        log_z, stderr = log_mean_exp(-energy_base)
        c = float(model.log_partition)
        # Beyond e^700 the mass of the base no longer fits a float: the bound is then −∞ in effect.
        mass = math.exp(min(log_z - c, 700.0))
        mean = float(energy_heldout.mean())
        spread = float(energy_heldout.std()) / math.sqrt(len(held_out))
        self.notes |= scored.notes | {
            "kale_heldout": f"F(E, c) on {len(held_out)} held-out points and {draws} base draws",
            "kale_train": f"F(E, c) on {len(train)} training points and {draws} base draws",
            "donsker_varadhan": f"L(E) on {len(held_out)} held-out points and {draws} base draws, "
            f"standard error {math.hypot(spread, stderr):.2g}",
            "log_z": f"Monte Carlo over {draws} base draws",
            "log_partition": "the learned constant c",
            "ess_fraction": f"(Σw)²/(nΣw²) of {draws} base draws",
        }
        return {
            "kale_train": 1 - (float(energy_train.mean()) + c) - mass,
            "kale_heldout": 1 - (mean + c) - mass,
            "donsker_varadhan": -mean - log_z,
            "log_partition": c,
            "log_z": log_z,
            "log_z_stderr": stderr,
            "energy_data": mean,
            "energy_base": float(energy_base.mean()),
            "ess_fraction": ess_fraction(-energy_base),
            **scored.columns,
        }

    def truth(self) -> dict[str, float]:
        """W1 and KL for low dimensions, Fréchet distances for images."""
        found: dict[str, float] = {}
        for piece in self.truth_in_pieces():
            found |= piece
        return found

    @torch.no_grad()
    def truth_in_pieces(self, version: int | None = None) -> Iterator[dict[str, float]]:
        """The same in pieces of about 10 ms, so that frames need not wait for the whole.

        All that depends on the model happens before the first piece is given. A `version` of the model that is
        that of the last time tells that its quadrature need not be done again.
        """
        model, target = self._model, self._target
        n = min(W1_LIVE, len(target.held_out))
        z = model.prior(OVERSAMPLE * n, self._generator)
        weights = torch.softmax(tilt(model.energies(z), 1.0).double(), 0)
        # Multinomial: independent draws, since an assignment has no use for lower variance alone.
        picked = torch.multinomial(weights, n, replacement=True, generator=self._generator)
        images = model.base(z[:n]), model.base(z[picked])
        base, gebm = map(_flat, images)
        data, again = _flat(target.held_out[:n]), _flat(target.sample(n, self._generator))
        as_ebm = reduction.reduction_in_pieces(model) if reduction.applies(model, target) else None
        if as_ebm is not None:
            next(as_ebm)  # it has copied the model
        likelihoods, notes = self._likelihood.measure()
        self.notes |= notes
        if self._images:
            yield likelihoods | self._frechet_distances(*images)
        else:
            divergences = self._kl_in_pieces(version)
            next(divergences)  # it has what it needs of the model
            yield likelihoods
            yield self._kl((yield from without_values(divergences)))
        if target.dim <= W1_DIMENSIONS:
            against = f"exact assignment of n = {n} points to held-out data"
            self.notes |= {
                "w1_base": against,
                "w1_gebm": f"{against}; GEBM by importance resampling of {OVERSAMPLE * n} base draws at β = 1",
                "w1_floor": f"training data against held-out data, n = {n}",
            }
            for name, cloud in (("w1_base", base), ("w1_gebm", gebm), ("w1_floor", again)):
                yield {name: w1(cloud, data)}
        if as_ebm is not None:
            value, self.notes[reduction.COLUMN] = yield from without_values(as_ebm)
            yield {reduction.COLUMN: value}

    def kl(self) -> dict[str, float]:
        """KL(P‖G) and KL(P‖Q) alone, as `truth` has them; empty where neither can be had."""
        return {} if self._images else self._kl(finished(self._kl_in_pieces()))

    def _kl_in_pieces(self, version: int | None = None) -> Pieces:
        bound = self.donsker_varadhan(4 * DRAWS)
        return kl_in_pieces(self._model, self._target, self._generator, *bound, self._remembered, version)

    def _kl(self, pair: KlPair | None) -> dict[str, float]:
        self.divergences = pair
        if pair is None:
            return {}
        self.notes |= {"kl_base": pair.base_note, "kl_gebm": pair.gebm_note}
        if math.isnan(pair.likelihood):
            return {"kl_base": pair.base, "kl_gebm": pair.gebm}
        self.notes["likelihood"] = f"L(E) = −E_P E − log Z, {pair.base_note.partition(',')[0]}"
        return {"kl_base": pair.base, "kl_gebm": pair.gebm, "likelihood": pair.likelihood}

    @torch.no_grad()
    def log_z(self, draws: int) -> tuple[float, float]:
        """log Z and its standard error from fresh base draws."""
        return self._model.log_z(draws, self._generator)

    @torch.no_grad()
    def donsker_varadhan(self, draws: int) -> tuple[float, float]:
        """L(E) on all held-out data and `draws` base draws, with its standard error."""
        energy = self._energies(self._target.held_out)
        log_z, stderr = self.log_z(draws)
        spread = float(energy.std()) / math.sqrt(len(energy))
        return -float(energy.mean()) - log_z, math.hypot(spread, stderr)

    def _energies(self, x: Tensor) -> Tensor:
        return _in_pieces(self._model.energy, x).double()

    # Images.

    @property
    def features(self) -> str:
        """The name of the feature space of the Fréchet distances."""
        return spaces_of(self._target).of(self._features).name

    def take_features(self, features: Features) -> None:
        """Measure images in other features from now on; of anything else nothing is changed.

        Raises:
            PresetError: Where there are no such features; those of before stay.
        """
        if self._images:
            spaces_of(self._target).of(features)
            self._features = features

    @torch.no_grad()
    def frechet_interval(self, images: Tensor, seed: int = 0) -> tuple[float, tuple[float, float]]:
        """The Fréchet distance of images to the held-out ones and its 95 % bootstrap interval."""
        generated = spaces_of(self._target).of(self._features)(images.to(self._target.device))
        value, low, high = frechet_interval(self._held_out(), generated, 200, np.random.default_rng(seed))
        return value, (low, high)

    def _frechet_distances(self, base: Tensor, gebm: Tensor) -> dict[str, float]:
        held_out, space = self._held_out(), spaces_of(self._target).of(self._features)
        note = f"Fréchet distance, {space.name}, n = {len(base)} against {len(held_out)} held-out images"
        self.notes |= {"fd_base": note, "fd_gebm": f"{note}; GEBM by importance resampling at β = 1"}
        found = {}
        for name, images in (("fd_base", base), ("fd_gebm", gebm)):
            known = bool(torch.isfinite(images).all())
            found[name] = frechet_distance(held_out, space(images)) if known else math.nan
        return found

    def _held_out(self) -> NDArray[np.float64]:
        """The features of the held-out images, (m, k)."""
        space = spaces_of(self._target).of(self._features)
        if space.name not in self._real:
            self._real[space.name] = space(self._target.held_out)
        return self._real[space.name]


def _in_pieces(judge: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return torch.cat([judge(part) for part in x.split(8192)])


def _flat(x: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = x.detach().flatten(1).double().cpu().numpy()
    return array
