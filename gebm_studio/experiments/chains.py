"""Persistent latent chains that run beside training."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gebm_studio import samplers, schema
from gebm_studio.diagnostics import ModeTracker
from gebm_studio.experiments.draws import time_of_step
from gebm_studio.experiments.history import PLANE, SHOWN, History, Round
from gebm_studio.models import Calibration, Gebm, calibrated
from gebm_studio.targets import Target

_AT_START = ("name", "chains", "warmup", "target_acceptance", "replicas", "calibration")
"""Settings whose change begins the algorithm anew where the chains are."""
REFIT_EVERY = 20
"""Rounds of a moving model after which a calibration is fitted again."""
BINS = 160
RANGE = 4.0


class Chains:
    """Chains on ν_β(z) ∝ η(z) e^{−βE(G(z))} that follow the model as it learns.

    All that they remember of the past (histories, histogram) is bounded.
    """

    def __init__(self, model: Gebm, target: Target, settings: schema.Sampler, generator: torch.Generator) -> None:
        self._model, self._target, self._generator = model, target, generator
        self._stale = self._moved = False
        self.tracker: ModeTracker | None = None
        if target.modes is not None:
            self.tracker = ModeTracker(target.modes.to(model.device), target.mode_radius, settings.chains)
        self.settings = settings
        self._potential = model.potential(1.0 / settings.temperature)
        self.state: Any = None
        self.restart()

    def restart(self) -> None:
        """Begin all chains again from the prior, and forget what they did."""
        self.steps = self.nonfinite = 0
        self.time = self.cost = 0.0
        self._start(self._model.prior(self.settings.chains, self._generator))
        if self.tracker is not None:
            self.tracker.restart()
        self._forget()
        self._count_anew()

    def _start(self, position: Tensor) -> None:
        """Begin the settings' algorithm at positions (N, d), its step size adapting where that is wished."""
        settings = self.settings
        self._calibrate()
        self._sampler = samplers.make(settings)
        self._adaptation = samplers.adaptation_of(settings, self._sampler)
        self.state = self._sampler.init(position, self._potential, self._generator)
        self.last: samplers.Info | None = None
        self.origin = position
        self._samples: Tensor | None = None

    def _calibrate(self) -> None:
        """Fit the calibration that the settings ask for to the model as it is."""
        self._calibration = calibrated(self.settings.calibrated, self._model, self._target.held_out)
        self._potential.calibration = self._calibration
        self._fitted_for = 0

    def _forget(self) -> None:
        self.history = History()
        self.histogram = torch.zeros(BINS, dtype=torch.float64)
        self.learning = False

    def _count_anew(self) -> None:
        """Begin the counts that only mean something under one law and one algorithm."""
        self.history.mark()
        self._counted_from = self.steps, self.cost
        self.ladder_before = self.ladder
        if self.tracker is not None:
            self.tracker.count_anew()

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
    def beta(self) -> float:
        """Inverse temperature."""
        return self._potential.beta

    @property
    def law(self) -> samplers.Law:
        """Whether the chains' law is ν_β; that of a calibrated energy is another one."""
        law: samplers.Law = "other" if self._calibration is not None else self._sampler.LAW
        return law

    @property
    def counted(self) -> tuple[int, float]:
        """Steps of each chain, and their cost in gradient evaluations, since its counts began."""
        return self.steps - self._counted_from[0], self.cost - self._counted_from[1]

    @property
    def has_time(self) -> bool:
        """Whether steps have a length in time."""
        return not math.isnan(self._sampler.time_per_step())

    @property
    def ladder(self) -> samplers.TemperingState | None:
        """The rungs of parallel tempering, None for other samplers."""
        return self.state if isinstance(self.state, samplers.TemperingState) else None

    @property
    def climbing(self) -> bool:
        """Whether the ladder still adapts."""
        return self.ladder is not None and int(self.ladder.done) < self.settings.warmup

    @property
    def _adapts(self) -> bool:
        return self._adaptation is not None or self.climbing

    @property
    def adapting(self) -> float:
        """The step size while it adapts, else NaN."""
        return self._adaptation.step_size if self._adaptation is not None else math.nan

    def configure(self, settings: schema.Sampler) -> None:
        """Take changed settings; the chains go on from where they are, unless these only matter at a start.

        Counts begin anew: hops and draws under other settings are those of another algorithm or law.
        """
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
        else:
            self._sampler = samplers.make(settings)
            if settings.step_size != old.step_size:
                self._adaptation = None
            elif self._adaptation is not None:
                self._sampler = replace(self._sampler, step_size=self._adaptation.step_size)
        self._forget_cached()
        self._count_anew()
        self.histogram.zero_()

    def model_moved(self) -> None:
        """Tell that cached energies and gradients belong to a model of the past."""
        self._forget_cached()
        self._moved = True

    def _forget_cached(self) -> None:
        self._stale = True
        self._samples = None
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
        cost, adapted, accepted, failed = self.cost, self._adapts, [], []
        for _ in range(steps):
            self.origin = self.position
            self.state, info = self._sampler.step(self.state, self._potential, self._generator)
            self.last = info
            self.steps += 1
            self.cost += info.cost
            self.time += time_of_step(self._sampler, self.state) if self.has_time else 0.0
            accepted.append(info.acceptance.mean())
            failed.append(info.nonfinite.sum())
            if self._adaptation is not None:
                self._adapt(self._adaptation, info)
            if self.tracker is not None:
                self._samples = self._seen_samples(info)
                self.tracker.update(self._samples.flatten(1))
        # Read from the device once a round.
        self.nonfinite += int(torch.stack(failed).sum())
        self._record(self.cost - cost, torch.stack(accepted).mean())
        if adapted and not self._adapts:
            self._count_anew()  # what was drawn meanwhile is of no one law

    def _seen_samples(self, info: samplers.Info) -> Tensor:
        """G(z) of all chains after a step, of whose evaluations as many are used again as can be."""
        if info.proposal is None or info.accepted is None or self.ladder is not None or self._samples is None:
            return self._potential.image(self.position)
        proposed = self._potential.image(info.proposal)
        return torch.where(info.accepted.view(-1, *[1] * (proposed.ndim - 1)), proposed, self._samples)

    def _adapt(self, adaptation: samplers.DualAveraging, info: samplers.Info) -> None:
        step_size = adaptation.update(float(info.acceptance.mean()))
        if adaptation.count >= self.settings.warmup:
            # A number that a person can read and type again; its further digits are noise.
            step_size, self._adaptation = float(f"{adaptation.final:.3g}"), None
            self.settings = self.settings.model_copy(update={"step_size": step_size})
        self._sampler = replace(self._sampler, step_size=step_size)

    def _record(self, cost: float, acceptance: Tensor) -> None:
        """Remember where the chains are after a round that cost each so much."""
        energies, position, velocity = self.energies, self.position, self.velocity
        nothing = acceptance.new_tensor(math.nan)
        numbers = (
            energies.mean(),
            nothing if velocity is None else velocity.square().mean(),
            position.var(0).mean() if len(position) > 1 else nothing,
            acceptance,
        )
        shown: dict[str, Any] = {
            "energies": energies[:SHOWN].cpu().numpy(),
            "latents": position[:SHOWN, :PLANE].cpu().numpy(),
        }
        if self.tracker is not None:
            shown["modes"] = self.tracker.mode[:SHOWN].cpu().numpy()
        if self.ladder is not None:
            shown["walkers"] = self.ladder.walker[:, 0].cpu().numpy()
        self.learning, self._moved = self._moved, False
        if self.learning:
            self.history.mark()
        self.history.append(Round(self.steps, cost, *torch.stack(numbers).tolist(), **shown))
        if self._model.base.latent_dim == 1:
            line = position[:, 0].double().cpu().clamp(-RANGE, RANGE)
            self.histogram += torch.histc(line, BINS, -RANGE, RANGE)

    def tensors(self) -> dict[str, Tensor]:
        """All that a checkpoint needs to go on bit for bit."""
        found = {f"state.{name}": value for name, value in self.state._asdict().items()}
        steps_before, cost_before = self._counted_from
        found["counts"] = torch.tensor([self.steps, self.nonfinite, steps_before], dtype=torch.int64)
        found["spent"] = torch.tensor([self.time, self.cost, cost_before], dtype=torch.float64)
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
        self.state = type(self.state)(**_under("state.", tensors, device))
        self.steps, self.nonfinite, steps_before = tensors["counts"].tolist()
        self.time, self.cost, cost_before = tensors["spent"].tolist()
        if "adaptation" in tensors:
            self._adaptation = samplers.DualAveraging.restored(tuple(tensors["adaptation"].tolist()))
            self._sampler = replace(self._sampler, step_size=self._adaptation.step_size)
        else:
            self._adaptation = None
        self._stale = bool(tensors["stale"])
        fitted = _under("calibration.", tensors, device)
        self._calibration = Calibration(**fitted) if fitted else None
        self._potential.calibration, self._fitted_for = self._calibration, int(tensors["fitted_for"])
        self.last, self.origin = None, self.position
        if self.tracker is not None:
            self.tracker.load(_under("tracker.", tensors, device))
        self._samples = None
        self._potential.forget()
        self._forget()
        self._counted_from, self.ladder_before = (steps_before, cost_before), self.ladder


def _under(prefix: str, tensors: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """The tensors whose names begin so, by the rest of their names."""
    return {key.removeprefix(prefix): value.to(device) for key, value in tensors.items() if key.startswith(prefix)}
