"""A look at the critic while it learns, computed only when a frame asks for it.

It draws from a generator of its own and changes nothing of the run: the same data, latents and places serve every
look, so that what moves on screen is the critic and not the noise.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
import torch

from gebm_studio.experiments.critic_views import layer_norms, on_line, slopes
from gebm_studio.experiments.spectra import (
    Layer,
    look_at,
    slope_bound,
    weighted_layers,
)
from gebm_studio.messages import Along, CriticPart, CriticView, Floats, LayerNorms, Spectra, frozen
from gebm_studio.models import Gebm
from gebm_studio.models.energies import Network
from gebm_studio.objectives.penalties import on_segments
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import Target

SHARE = 0.03
"""Share of the engine's time that looks may take."""
PIECE = 0.006
"""Seconds after which a look that is not finished waits for the next frame."""
POINTS, IMAGE_POINTS, LAYER_POINTS = 1024, 128, 256
"""Data and samples of a look; gradients of every layer cost the most for each."""
DRAWS = 8192
SEED = 0x43524954


class CriticLook:
    """Makes the critic's part of a frame, one view at a time."""

    def __init__(self, model: Gebm, target: Target, seed: int) -> None:
        self._model, self._target = model, target
        generator = torch.Generator(model.device).manual_seed((seed + SEED) % 2**63)
        count = min(IMAGE_POINTS if len(target.shape) == 3 else POINTS, len(target.held_out))
        self._data = target.held_out[:count]
        self._z = model.prior(count, generator)
        self._z_histogram = model.prior(DRAWS, generator)
        self._shares = torch.Generator(model.device)
        self._shares_seed = generator.initial_seed() + 1
        self._made: CriticPart | None = None
        self._key: tuple[object, ...] = ()
        self._begun: tuple[tuple[object, ...], Iterator[CriticPart | None]] | None = None
        self._due = 0.0
        self._cost = 0.0

    def part(
        self, preset: TrainingPreset, along: Along, *, version: int, iteration: int, running: bool
    ) -> CriticPart | None:
        """The view that the preset wishes for, line where it wishes for none; None until the first is ready.

        While the engine is `running` a look comes again once the time since the last is 1/SHARE times what it cost.
        """
        wished = preset.view.critic
        view: CriticView = "line" if wished == "none" else wished
        asked = (view, along if view == "line" else "", preset.objective)
        if self._made is not None and self._key[:3] != asked:
            self._made, self._due = None, 0.0  # another view: at once
        key: tuple[object, ...] = (*asked, version)
        if self._begun is None or self._begun[0][:3] != asked:
            waits = running and time.perf_counter() < self._due
            if self._made is not None and (key == self._key or waits):
                return self._made
            self._begun = key, self._pieces(preset, view, along, iteration)
            self._cost = 0.0
        self._go_on(*self._begun)
        return self._made

    def layers(self, preset: TrainingPreset, label: str = "") -> LayerNorms | None:
        """Gradient norms a layer of this run's critic, as one of several."""
        data, samples = self._data[:LAYER_POINTS], self._model.samples(self._z[:LAYER_POINTS])
        found = layer_norms(self._model.critic, preset.objective, data, samples, self._model.log_partition)
        return None if found is None else LayerNorms(label, _floats(found.double().cpu().numpy()), len(data))

    def _go_on(self, key: tuple[object, ...], pieces: Iterator[CriticPart | None]) -> None:
        """Work on the look that has begun for as long as a frame can wait."""
        began = time.perf_counter()
        made = None
        while made is None and time.perf_counter() - began < PIECE:
            made = next(pieces)
        self._cost += time.perf_counter() - began
        if made is not None:
            self._made, self._key, self._begun = made, key, None
            self._due = time.perf_counter() + self._cost / SHARE

    def _pieces(
        self, preset: TrainingPreset, view: CriticView, along: Along, iteration: int
    ) -> Iterator[CriticPart | None]:
        """None after each piece of work, and the part at its end."""
        model = self._model
        if view == "line":
            line = on_line(model, self._target, preset.objective, along, self._z_histogram)
            yield CriticPart("line", iteration, line=line)
        elif view == "segments":
            wanted = 1.0 if preset.objective.penalty == "gradient_to_one" else math.nan
            yield CriticPart("segments", iteration, segments=self._slopes(), wanted=wanted)
        elif view == "layers":
            found = self.layers(preset)
            note = "" if found else "No critic with layers learns here."
            yield CriticPart("layers", iteration, layers=(found,) if found else (), note=note)
        else:
            yield from self._spectra(iteration)

    def _slopes(self) -> Floats:
        samples = self._model.samples(self._z)
        points = on_segments(self._data, samples, self._shares.manual_seed(self._shares_seed))
        return _floats(slopes(self._model.critic, points).double().cpu().numpy())

    def _spectra(self, iteration: int) -> Iterator[CriticPart | None]:
        critic = self._model.critic
        layers = weighted_layers(critic)
        if not layers:
            yield CriticPart("spectra", iteration, note="The critic has no layers of weights.")
            return
        found: list[Layer] = []
        for layer in layers:
            found.append(look_at(layer, SEED))
            yield None
        norms = {layer: look.effective for layer, look in zip(layers, found, strict=True)}
        product = slope_bound(critic.net, norms) if isinstance(critic, Network) else math.nan
        samples = self._model.samples(self._z)
        between = on_segments(self._data, samples, self._shares.manual_seed(self._shares_seed))
        points = torch.cat((self._data, samples, between))
        steepest = float(slopes(critic, points).max())
        yield CriticPart(
            "spectra",
            iteration,
            spectra=Spectra(
                exact=_floats(np.array([look.exact for look in found])),
                second=_floats(np.array([look.second for look in found])),
                iterated=_floats(np.array([look.iterated for look in found])),
                effective=_floats(np.array([look.effective for look in found])),
                product=product,
                slope=steepest,
                points=len(points),
                tangents=_floats(np.stack([look.path.tangents for look in found])),
            ),
        )


def _floats(values: np.ndarray) -> Floats:
    published: Floats = frozen(values.astype(np.float32))
    return published
