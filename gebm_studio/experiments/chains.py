"""Persistent latent chains that run beside training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gebm_studio import samplers, schema
from gebm_studio.diagnostics import ModeTracker
from gebm_studio.experiments.history import SHOWN, History
from gebm_studio.models import Calibration, Gebm, calibrated
from gebm_studio.targets import Target

_AT_START = ("name", "chains", "warmup", "target_acceptance", "replicas", "calibration")
"""Settings whose change begins the algorithm anew where the chains are."""
REFIT_EVERY = 20
"""Rounds of a moving model after which a calibration is fitted again."""
FILM = 12
BINS = 160
RANGE = 4.0


class Chains:
    """Chains on ν_β(z) ∝ η(z) e^{−βE(G(z))} that follow the model as it learns.

    All that they remember of the past (histories, film, histogram) is bounded.
    """

    def __init__(self, model: Gebm, target: Target, settings: schema.Sampler, generator: torch.Generator) -> None:
        self._model, self._target, self._generator = model, target, generator
        self._stale = False
        self.tracker: ModeTracker | None = None
        if target.modes is not None:
            self.tracker = ModeTracker(target.modes.to(model.device), target.mode_radius, settings.chains)
        self.settings = settings
        self._potential = model.potential(1.0 / settings.temperature)
        self.state: Any = None
        self.restart()

    def restart(self) -> None:
        """Begin all chains again from the prior, and forget what they did."""
        self.steps = 0
        self.time = 0.0
        self.cost = 0.0
        self.nonfinite = 0
        self._start(self._model.prior(self.settings.chains, self._generator))
        if self.tracker is not None:
            self.tracker.restart()
        self._forget()

    def _start(self, position: Tensor) -> None:
        """Begin the settings' algorithm at positions (N, d), its step size adapting where that is wished."""
        settings = self.settings
        self._calibrate()
        self._sampler = samplers.make(settings)
        self._adaptation: samplers.DualAveraging | None = None
        target = settings.target_acceptance or samplers.target_of(self._sampler)
        if settings.warmup and target is not None:
            self._adaptation = samplers.DualAveraging(settings.step_size, target)
        self.state = self._sampler.init(position, self._potential, self._generator)
        self.last: samplers.Info | None = None
        self.origin = position

    def _calibrate(self) -> None:
        """Fit the calibration that the settings ask for to the model as it is."""
        self._calibration = calibrated(self.settings.calibrated, self._model, self._target.held_out)
        self._potential.calibration = self._calibration
        self._fitted_for = 0

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
        """E(G(z)) of every chain, (N,)."""
        return self._potential.look(self.position)[1]

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

    @property
    def law(self) -> samplers.Law:
        """Whether the algorithm's law is ν_β."""
        law: samplers.Law = self._sampler.LAW
        return law

    @property
    def adapting(self) -> float:
        """The step size while it adapts, else NaN."""
        return self._adaptation.step_size if self._adaptation is not None else math.nan

    def configure(self, settings: schema.Sampler) -> None:
        """Take changed settings; the chains go on from where they are, unless these only matter at a start."""
        old, self.settings = self.settings, settings
        if settings.temperature != old.temperature:
            self._potential = self._model.potential(1.0 / settings.temperature, self._calibration)
        position, velocity = self.position, self.velocity
        if settings.chains != len(position):
            fresh = self._model.prior(max(settings.chains - len(position), 0), self._generator)
            position = torch.cat((position[: settings.chains], fresh))
            if self.tracker is not None:
                self.tracker.resize(settings.chains)
        if settings.velocity != old.velocity:
            self.restart()
        elif any(getattr(settings, name) != getattr(old, name) for name in _AT_START):
            self._start(position)
            if velocity is not None and self.velocity is not None:
                kept = min(len(velocity), len(position))
                self.state = self.state._replace(velocity=torch.cat((velocity[:kept], self.velocity[kept:])))
            self.film, self._stride = [], 1
        else:
            self._sampler = samplers.make(settings)
            if settings.step_size != old.step_size:
                self._adaptation = None
        self.model_moved()
        self.histogram.zero_()

    def model_moved(self) -> None:
        """Tell that cached energies and gradients belong to a model of the past."""
        self._stale = True
        self._potential.forget()

    def advance(self, steps: int) -> None:
        """Take some steps with every chain, then record where they are."""
        if steps < 1:
            return
        self._fitted_for += self._stale
        # A model that has come to rest is judged once more.
        if self._calibration is not None and self._fitted_for >= (REFIT_EVERY if self._stale else 1):
            self._calibrate()
            self._stale = True
        if self._stale:
            self.state = self._sampler.refresh(self.state, self._potential)
            # What a moving model leaves in the histogram fades; a model at rest fills it for good.
            self.histogram *= 0.95
            self._stale = False
        for _ in range(steps):
            self.origin = self.position
            self.state, info = self._sampler.step(self.state, self._potential, self._generator)
            self.last = info
            self.steps += 1
            self.cost += info.cost
            self.nonfinite += int(info.nonfinite.sum())
            if self._adaptation is not None:
                self._adapt(self._adaptation, info)
            if self.tracker is not None:
                self.tracker.update(self._potential.look(self.position)[0].flatten(1))
        time = self._sampler.time_per_step()
        self.time += 0.0 if math.isnan(time) else steps * time
        self._record()

    def _adapt(self, adaptation: samplers.DualAveraging, info: samplers.Info) -> None:
        step_size = adaptation.update(float(info.acceptance.mean()))
        if adaptation.count >= self.settings.warmup:
            step_size, self._adaptation = adaptation.final, None
            self.settings = self.settings.model_copy(update={"step_size": step_size})
        self._sampler = replace(self._sampler, step_size=step_size)

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
        found["spent"] = torch.tensor([self.time, self.cost], dtype=torch.float64)
        if self._adaptation is not None:
            found["adaptation"] = torch.tensor(self._adaptation.numbers(), dtype=torch.float64)
        found["stale"] = torch.tensor(self._stale)
        if self._calibration is not None:
            found |= {f"calibration.{name}": value for name, value in vars(self._calibration).items()}
        found["fitted_for"] = torch.tensor(self._fitted_for)
        if self.tracker is not None:
            found |= {f"tracker.{name}": value for name, value in self.tracker.state().items()}
        return found

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave."""
        device = self._model.device
        names = {key.split(".", 1)[1]: value.to(device) for key, value in tensors.items() if key.startswith("state.")}
        self.state = type(self.state)(**names)
        self.steps, self.nonfinite = (int(count) for count in tensors["counts"])
        self.time, self.cost = tensors["spent"].tolist()
        if "adaptation" in tensors:
            self._adaptation = samplers.DualAveraging.restored(tuple(tensors["adaptation"].tolist()))
            self._sampler = replace(self._sampler, step_size=self._adaptation.step_size)
        else:
            self._adaptation = None
        self._stale = bool(tensors["stale"])
        prefix = "calibration."
        fitted = {k[len(prefix) :]: v.to(device) for k, v in tensors.items() if k.startswith(prefix)}
        self._calibration = Calibration(**fitted) if fitted else None
        self._potential.calibration, self._fitted_for = self._calibration, int(tensors["fitted_for"])
        self.last, self.origin = None, self.position
        if self.tracker is not None:
            prefix = "tracker."
            self.tracker.load({k[len(prefix) :]: v.to(device) for k, v in tensors.items() if k.startswith(prefix)})
        self._potential.forget()
        self._forget()


class SampleRun:
    """Draws of ν_β by fresh chains that start from the prior.

    Iterating yields how many of `total` steps are done; `position` (count, d) is where the chains are.
    Where the settings wish for it, the step size adapts over the first half of the steps at most.
    """

    def __init__(
        self,
        model: Gebm,
        target: Target,
        settings: schema.Sampler,
        count: int,
        steps: int,
        generator: torch.Generator,
    ) -> None:
        self._model, self._generator, self.total = model, generator, steps
        self._sampler = samplers.make(settings)
        calibration = calibrated(settings.calibrated, model, target.held_out)
        self._potential = model.potential(1.0 / settings.temperature, calibration)
        aim = settings.target_acceptance or samplers.target_of(self._sampler)
        self._warmup = min(settings.warmup, steps // 2) if aim is not None else 0
        self._adaptation = samplers.DualAveraging(settings.step_size, aim) if self._warmup and aim else None
        self.position = model.prior(count, generator)

    def __iter__(self) -> Iterator[int]:
        state = self._sampler.init(self.position, self._potential, self._generator)
        for done in range(1, self.total + 1):
            state, info = self._sampler.step(state, self._potential, self._generator)
            self.position = state.position
            if self._adaptation is not None and done <= self._warmup:
                step_size = self._adaptation.update(float(info.acceptance.mean()))
                frozen = done == self._warmup
                self._sampler = replace(self._sampler, step_size=self._adaptation.final if frozen else step_size)
            yield done
