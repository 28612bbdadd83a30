"""What the panels show of a training run, computed only when a frame asks for it.

Everything here draws from a generator of its own and changes nothing of the run: opening a
panel leaves every result as it is.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gebm_studio import schema
from gebm_studio.experiments.chains import BINS, RANGE, Chains
from gebm_studio.experiments.data_line import data_line, line_histogram, places
from gebm_studio.experiments.home import home_of
from gebm_studio.experiments.maps import MapBudget, density_histogram, evaluated, robust_levels
from gebm_studio.experiments.pulls import base_step, force
from gebm_studio.messages import (
    DataLine,
    DataPart,
    Extent,
    Floats,
    LatentPart,
    Map,
    Reading,
    frozen,
)
from gebm_studio.models import Gebm, ess_fraction, log_mean_exp, tilt
from gebm_studio.targets import Target

POINTS, IMAGE_POINTS = 768, 256
"""Points shown: an image costs a hundred times what a point of the plane costs."""
ARROWS = 160
HISTOGRAM_DRAWS, LINE_DRAWS = 16384, 4096
LATENT_HOME: Extent = (-RANGE, RANGE, -RANGE, RANGE)
PROPOSALS, PATHS, PATH_POINTS = 256, 12, 64
"""Chains whose last proposal, and whose way to it, are shown, and about how many points a way has at most."""


class Views:
    """Pictures of a model, its target and its chains.

    The same latents, data points and resampling draws serve every frame, so that what moves on
    screen is the model and not the noise. `home` is where data space is looked at first.
    """

    def __init__(self, model: Gebm, target: Target, seed: int) -> None:
        self._model, self._target = model, target
        generator = torch.Generator(model.device).manual_seed(seed)
        points = IMAGE_POINTS if len(target.shape) == 3 else POINTS
        self._z = model.prior(points, generator)
        self._data = target.held_out[:points]
        self._z_histogram = model.prior(HISTOGRAM_DRAWS, generator)
        # One jittered point for each of as many equal shares: systematic resampling.
        jitter = torch.rand(points, generator=generator, device=model.device)
        self._shares = (torch.arange(points, device=model.device) + jitter) / points
        _, _, self._axes = target.projection()
        self.home = self._first_home()
        self._counted: np.ndarray | None = None
        self._data_budget, self._latent_budget = MapBudget(), MapBudget()

    @torch.no_grad()
    def _first_home(self) -> Extent:
        if self._target.dim != 2:
            return self._target.home
        return home_of(self._target, self._target.to_plane(self._model.base(self._z)))

    def show_anew(self) -> None:
        """Give each map again, also one that has been given: whoever looks now has not seen it."""
        self._data_budget, self._latent_budget = MapBudget(), MapBudget()

    def plane(self, x: Tensor) -> Floats:
        """Examples (n, *shape) on the plane of view, (n, 2)."""
        return _floats(self._target.to_plane(x))

    @torch.no_grad()
    def data(
        self, chains: Chains, *, map_name: str, arrows: str, extent: Extent | None, version: int, iteration: int,
        running: bool, objective: schema.Objective | None = None, fitted: bool = False,
    ) -> DataPart:  # fmt: skip
        """The data-space panel's part; arrows of the base's step need the `objective` that it descends.

        `fitted` tells that the base learns, so that its best fit is worth showing.
        """
        model, beta = self._model, chains.beta
        x = model.base(self._z)
        energy = model.energy(x)
        exponents = tilt(energy, beta)
        log_weight = exponents - log_mean_exp(exponents)[0]
        home = self.home
        drawn, unweighted = self._arrows(arrows, objective, x)
        return DataPart(
            data=self.plane(self._data),
            base=self.plane(x),
            base_latent=_floats(self._z),
            base_energy=_floats(energy),
            log_weight=_floats(log_weight),
            chains=self.plane(model.base(chains.position)),
            gebm=self.plane(x[self._resampled(exponents)]),
            arrows=drawn,
            map=self._data_map(map_name, beta, extent or home, (version, beta), iteration, running),
            home=home,
            axes=self._axes,
            ess_fraction=ess_fraction(exponents),
            unweighted=unweighted,
            line=self._over_line(beta, objective if fitted else None) if self._target.dim == 1 else None,
        )

    def _over_line(self, beta: float, objective: schema.Objective | None) -> DataLine:
        if self._counted is None:
            x = self._target.held_out.flatten().double().cpu().numpy()
            self._counted = line_histogram(x, places(self._target).numpy(), None)
        name = "" if objective is None else objective.name
        return data_line(self._model, self._target, beta, self._z_histogram[:LINE_DRAWS], self._counted, name)

    def _resampled(self, exponents: Tensor) -> Tensor:
        cumulative = torch.softmax(exponents.double(), 0).cumsum(0)
        return torch.searchsorted(cumulative, self._shares.double()).clamp(max=len(self._z) - 1)

    def _arrows(
        self, wished: str, objective: schema.Objective | None, x: Tensor
    ) -> tuple[Floats | None, Floats | None]:
        """Arrows on base draws in the plane, and the unweighted ones beside the base's step; None elsewhere."""
        if self._target.dim != 2 or wished == "none":
            return None, None
        # A step of the base weighs each draw against all others: it is taken on all, and shown on some.
        step = base_step(self._model, objective, x) if wished == "base" and objective is not None else None
        pulls = torch.cat((x, force(self._model, x)), 1)[:ARROWS]
        if wished == "energy":
            return _floats(pulls), None
        return (None, None) if step is None else (_floats(torch.cat((x, step), 1)[:ARROWS]), _floats(pulls))

    def _data_map(
        self, name: str, beta: float, extent: Extent, state: tuple[int, float], iteration: int, running: bool
    ) -> Map | None:
        if name == "none" or self._target.dim != 2:
            return None
        key = (name, extent, state)
        resolution = self._data_budget.resolution(key, running)
        if resolution is None:
            return None
        began = time.perf_counter()
        if name == "energy":
            values = evaluated(self._model.energy, extent, resolution, self._model.device)
            made = Map("energy", values, extent, robust_levels(values, 1, 95), iteration)
        elif name == "critic":
            values = evaluated(lambda x: -self._model.critic(x), extent, resolution, self._model.device)
            made = Map("critic", values, extent, robust_levels(values, 5, 99), iteration, "V, as it was trained")
        else:
            values, note = self._density(beta, extent, resolution)
            made = Map("density", values, extent, (0.0, robust_levels(values, 0, 99.8)[1]), iteration, note)
        self._data_budget.made(key, resolution, time.perf_counter() - began)
        return made

    def _density(self, beta: float, extent: Extent, resolution: int) -> tuple[Floats, str]:
        """The GEBM's density: exact where the base has one, else a histogram of weighted base draws."""
        model = self._model
        exponents = tilt(model.energies(self._z_histogram), beta)
        if model.base.has_density:
            log_z = log_mean_exp(exponents)[0]
            values = evaluated(lambda x: model.log_density(x, log_z, beta).exp(), extent, resolution, model.device)
            return values, "e^{−βE} g / Z_β"
        weights = torch.softmax(exponents.double(), 0).cpu().numpy()
        points = self.plane(model.samples(self._z_histogram))
        note = f"histogram of {HISTOGRAM_DRAWS} weighted base draws, smoothed"
        return density_histogram(points, weights, extent, resolution), note

    @torch.no_grad()
    def latent(
        self, chains: Chains, *, extent: Extent | None, version: int, iteration: int, running: bool
    ) -> LatentPart:
        """The latent panel's part."""
        d = self._model.base.latent_dim
        potential = self._model.potential(chains.beta)
        made, line = None, None
        if d == 1:
            line = self._line(chains)
        else:
            area = extent or LATENT_HOME
            key = (area, version, chains.beta)
            resolution = self._latent_budget.resolution(key, running)
            if resolution is not None:
                began = time.perf_counter()

                def on_plane(points: Tensor) -> Tensor:
                    return potential(torch.nn.functional.pad(points, (0, d - 2)))

                values = evaluated(on_plane, area, resolution, self._model.device)
                made = Map("potential", values, area, robust_levels(values, 0, 75), iteration)
                self._latent_budget.made(key, resolution, time.perf_counter() - began)
        return LatentPart(
            dim=d,
            chains=_floats(chains.position[:, :2]),
            energy=_floats(chains.energies),
            map=made,
            line=line,
            home=LATENT_HOME,
            **last_step(chains),
        )

    def _line(self, chains: Chains) -> Floats:
        """Rows z, U(z), ν_β(z) and the chains' histogram, (4, BINS), for a latent of one dimension."""
        width = 2 * RANGE / BINS
        z = torch.linspace(-RANGE + width / 2, RANGE - width / 2, BINS, device=self._model.device)
        u = self._model.potential(chains.beta)(z.unsqueeze(1)).double().cpu()
        density = torch.softmax(-u, 0) / width
        total = chains.histogram.sum().clamp(min=1.0)
        return _floats(torch.stack((z.double().cpu(), u, density, chains.histogram / (total * width))))

    @torch.no_grad()
    def reading(self, probe: tuple[str, tuple[float, ...]], beta: float) -> Reading | None:
        """The exact energy and log weight at a point; None where the point has no place."""
        space, coordinates = probe
        model = self._model
        point = torch.tensor([coordinates], dtype=torch.float32, device=model.device)
        log_z = log_mean_exp(tilt(model.energies(self._z), beta))[0]
        if space == "data":
            if self._target.dim > 2 or len(coordinates) != self._target.dim:
                return None
            energy = float(model.energy(point))
            return Reading("data", coordinates, energy, -beta * energy - log_z)
        d = model.base.latent_dim
        if not 1 <= len(coordinates) <= d:
            return None
        z = torch.nn.functional.pad(point, (0, d - len(coordinates)))
        potential = model.potential(beta)
        u = float(potential(z))
        samples, energies = potential.look(z)
        energy = float(energies)
        x = tuple(float(value) for value in self.plane(samples)[0])
        return Reading("latent", x, energy, -beta * energy - log_z, coordinates, u)


def last_step(chains: Chains) -> dict[str, Any]:
    """Origins, proposals, choices and paths of the last step, by the names of `LatentPart`."""
    last, width = chains.last, min(2, chains.position.shape[1])
    nowhere = _floats(torch.empty(0, width))
    found = {"origins": nowhere, "proposals": nowhere, "accepted": frozen(np.zeros(0, dtype=np.bool_))}
    if last is not None and last.proposal is not None and last.accepted is not None:
        found["origins"] = _floats(chains.origin[:PROPOSALS, :2])
        found["proposals"] = _floats(last.proposal[:PROPOSALS, :2])
        found["accepted"] = frozen(last.accepted[:PROPOSALS].cpu().numpy().copy())
    paths = torch.empty(0, 0, 2)
    if last is not None and last.path and width == 2:
        # Every so many points, counted from the end: a path must arrive at its proposal.
        stride = -(-len(last.path) // PATH_POINTS)
        places = [0, *range((len(last.path) - 1) % stride or stride, len(last.path), stride)]
        paths = torch.stack([last.path[place][:PATHS, :2] for place in places])
    return found | {"paths": _floats(paths)}


def _floats(tensor: Tensor) -> Floats:
    published: Floats = frozen(tensor.detach().float().cpu().numpy().copy())
    return published
