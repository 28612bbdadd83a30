"""Persistent latent chains that run beside training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from gebm_studio import samplers, schema
from gebm_studio.diagnostics import ModeTracker
from gebm_studio.experiments.history import SHOWN, History
from gebm_studio.models import Gebm
from gebm_studio.targets import Target

FILM = 12
BINS = 160
RANGE = 4.0


class Chains:
    """Chains on ν_β(z) ∝ η(z) e^{−βE(G(z))} that follow the model as it learns.

    All that they remember of the past (histories, film, histogram) is bounded.
    """

    def __init__(self, model: Gebm, target: Target, settings: schema.Sampler, generator: torch.Generator) -> None:
        self._model, self._target, self._generator = model, target, generator
        self.steps = 0
        self.time = 0.0
        self.nonfinite = 0
        self._stale = False
        self.tracker: ModeTracker | None = None
        if target.modes is not None:
            self.tracker = ModeTracker(target.modes.to(model.device), target.mode_radius, settings.chains)
        self._settings = settings
        self._sampler = samplers.make(settings)
        self._potential = model.potential(1.0 / settings.temperature)
        self.state: Any = self._sampler.init(model.prior(settings.chains, generator), self._potential, generator)
        self._forget()

    def _forget(self) -> None:
        self.history = History()
        self.histogram = torch.zeros(BINS, dtype=torch.float64)
        self.film: list[tuple[int, Tensor]] = []
        self._stride = 1
        self._rounds = 0

    @property
    def position(self) -> Tensor:
        """Where the chains are, (N, d)."""
        position: Tensor = self.state.position
        return position

    @property
    def energies(self) -> Tensor:
        """E(G(z)) of every chain where its potential was last evaluated, (N,)."""
        return self._potential.energies

    @property
    def velocity(self) -> Tensor | None:
        """Velocities (N, d), None for samplers that have none."""
        return getattr(self.state, "velocity", None)

    @property
    def kinetic_temperature(self) -> float:
        """⟨|v|²⟩/d, which is one in equilibrium; NaN without velocities."""
        return float("nan") if self.velocity is None else float(self.velocity.square().mean())

    @property
    def beta(self) -> float:
        """Inverse temperature."""
        return self._potential.beta

    def configure(self, settings: schema.Sampler) -> None:
        """Take changed settings; the chains go on from where they are."""
        old, self._settings = self._settings, settings
        self._sampler = samplers.make(settings)
        if settings.temperature != old.temperature:
            self._potential = self._model.potential(1.0 / settings.temperature)
        position = self.position
        if settings.chains != len(position):
            fresh = self._model.prior(max(settings.chains - len(position), 0), self._generator)
            position = torch.cat((position[: settings.chains], fresh))
            if self.tracker is not None:
                self.tracker.resize(settings.chains)
        if settings.name != old.name or settings.chains != old.chains:
            velocity = self.velocity
            self.state = self._sampler.init(position, self._potential, self._generator)
            if velocity is not None and self.velocity is not None:
                kept = min(len(velocity), len(position))
                self.state = self.state._replace(velocity=torch.cat((velocity[:kept], self.velocity[kept:])))
            self.film, self._stride = [], 1
        self.model_moved()
        self.histogram.zero_()

    def model_moved(self) -> None:
        """Tell that cached energies and gradients belong to a model of the past."""
        self._stale = True

    def advance(self, steps: int) -> None:
        """Take some steps with every chain, then record where they are."""
        if steps < 1:
            return
        if self._stale:
            self.state = self._sampler.refresh(self.state, self._potential)
            # What a moving model leaves in the histogram fades; a model at rest fills it for good.
            self.histogram *= 0.95
            self._stale = False
        for _ in range(steps):
            self.state, info = self._sampler.step(self.state, self._potential, self._generator)
            self.nonfinite += int(info.nonfinite.sum())
            if self.tracker is not None:
                self.tracker.update(self._potential.samples.flatten(1))
        self.steps += steps
        self.time += steps * self._sampler.time_per_step()
        self._record()

    def _record(self) -> None:
        modes = self.tracker.mode[:SHOWN] if self.tracker is not None else torch.empty(0, dtype=torch.int64)
        self.history.append(self.steps, float(self.energies.mean()), self.kinetic_temperature, modes.cpu().numpy())
        if self._model.base.latent_dim == 1:
            line = self.position[:, 0].double().cpu().clamp(-RANGE, RANGE)
            self.histogram += torch.histc(line, BINS, -RANGE, RANGE)
        # A film of fixed length that reaches from the first round to now: full, it drops every
        # second picture and from then on takes half as many.
        if self._rounds % self._stride == 0:
            self.film.append((self.steps, self.position[:SHOWN].clone()))
            if len(self.film) > FILM:
                del self.film[1::2]
                self._stride *= 2
        self._rounds += 1

    def tensors(self) -> dict[str, Tensor]:
        """All that a checkpoint needs to go on bit for bit."""
        found = {f"state.{name}": value for name, value in self.state._asdict().items()}
        found["counts"] = torch.tensor([self.steps, self.nonfinite], dtype=torch.int64)
        found["time"] = torch.tensor(self.time, dtype=torch.float64)
        found["stale"] = torch.tensor(self._stale)
        if self.tracker is not None:
            found |= {f"tracker.{name}": value for name, value in self.tracker.state().items()}
        return found

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave."""
        device = self._model.device
        names = {key.split(".", 1)[1]: value.to(device) for key, value in tensors.items() if key.startswith("state.")}
        self.state = type(self.state)(**names)
        self.steps, self.nonfinite = (int(count) for count in tensors["counts"])
        self.time = float(tensors["time"])
        self._stale = bool(tensors["stale"])
        if self.tracker is not None:
            prefix = "tracker."
            self.tracker.load({k[len(prefix) :]: v.to(device) for k, v in tensors.items() if k.startswith(prefix)})
        self._forget()
        with torch.no_grad():
            self._potential(self.position)  # so that energies and samples are at hand before the next step


class SampleRun:
    """Draws of ν_β by fresh chains, in chunks that fit in memory.

    Every chain starts from the prior. Iterating yields how many of `total` units of work are done;
    `position` (count, d) is whole only at the end.
    """

    def __init__(
        self,
        model: Gebm,
        settings: schema.Sampler,
        count: int,
        steps: int,
        generator: torch.Generator,
        chunk: int = 4096,
    ) -> None:
        self._model, self._generator, self._steps = model, generator, steps
        self._sampler = samplers.make(settings)
        self._potential = model.potential(1.0 / settings.temperature)
        self._sizes = [min(chunk, count - start) for start in range(0, count, chunk)]
        self.total = steps * len(self._sizes)
        self.position = torch.empty(0, model.base.latent_dim, device=model.device)

    def __iter__(self) -> Iterator[int]:
        done, parts = 0, []
        for size in self._sizes:
            start = self._model.prior(size, self._generator)
            state = self._sampler.init(start, self._potential, self._generator)
            for _ in range(self._steps):
                state, _ = self._sampler.step(state, self._potential, self._generator)
                done += 1
                yield done
            parts.append(state.position)
        self.position = torch.cat(parts) if parts else self.position
