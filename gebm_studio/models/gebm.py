"""The generalized energy-based model: a base and an energy, joined."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gebm_studio.models.bases import Base
from gebm_studio.models.convolutional.memory import at_once
from gebm_studio.models.energies import Energy, Read

Map = Callable[[Tensor], Tensor]
"""Energies (N,) to energies (N,)."""


class Gebm(nn.Module):
    """dQ = e^{−E} dG / Z: a base G, an energy E, and c, the learned estimate of log Z.

    References:
        Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033.
    """

    log_partition: Tensor

    def __init__(self, base: Base, energy: Energy) -> None:
        super().__init__()
        self.base, self.energy = base, energy
        self.register_buffer("log_partition", torch.zeros(()))

    @property
    def device(self) -> torch.device:
        """Where the model lives."""
        return self.log_partition.device

    @property
    def critic(self) -> Energy:
        """What the objective trains: the energy itself, or the critic that is read as one."""
        return self.energy.critic if isinstance(self.energy, Read) else self.energy

    def read(self, critic_values: Tensor) -> Tensor:
        """Energies E (N,) of the critic's values e (N,)."""
        return self.energy.reading(critic_values) if isinstance(self.energy, Read) else critic_values

    def prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Latents z ~ N(0, I), (N, d)."""
        return torch.randn(count, self.base.latent_dim, generator=generator, device=self.device)

    def at_once(self, most: int) -> int:
        """Examples to compute in one piece, `most` at the most: fewer where their maps are large."""
        width = max(self.base.widest, self.critic.widest)
        return min(most, at_once(width, self.device)) if width else most

    @torch.no_grad()
    def samples(self, z: Tensor, chunk: int = 4096) -> Tensor:
        """G(z), (N, *shape), for latents (N, d), without a graph and in pieces that fit in memory."""
        return torch.cat([self.base(part) for part in z.split(self.at_once(chunk))])

    @torch.no_grad()
    def energies(self, z: Tensor, chunk: int = 8192) -> Tensor:
        """E(G(z)), (N,), for latents (N, d), without a graph and in pieces that fit in memory."""
        return torch.cat([self.energy(self.base(part)) for part in z.split(self.at_once(chunk))])

    def log_z(self, count: int, generator: torch.Generator, beta: float = 1.0) -> tuple[float, float]:
        """A Monte-Carlo estimate of log Z_β = log E_G e^{−βE} and its standard error (delta method)."""
        return log_mean_exp(tilt(self.energies(self.prior(count, generator)), beta))

    def log_weights(self, x: Tensor, log_z: float, beta: float = 1.0) -> Tensor:
        """log dQ_β/dG = −βE(x) − log Z_β of examples (N, *shape), (N,)."""
        return tilt(self.energy(x), beta) - log_z

    def log_density(self, x: Tensor, log_z: float, beta: float = 1.0) -> Tensor:
        """log of e^{−βE(x)} g(x) / Z_β, (N,), −∞ outside the support.

        Raises:
            ValueError: Where the base has no density.
        """
        log_density = self.base.log_density(x) + self.log_weights(x, log_z, beta)
        # Far outside, log g = −∞ meets E = −∞: no mass all the same.
        return torch.nan_to_num(log_density, nan=-math.inf, posinf=math.inf, neginf=-math.inf)

    def potential(self, beta: float = 1.0, calibration: Map | None = None) -> LatentPotential:
        """U_β(z) = ½|z|² + βE(G(z)), the potential of ν_β; β = 1 is the GEBM and β = 0 the base."""
        return LatentPotential(self, beta, calibration=calibration)


class LatentPotential:
    """U_β(z) = ½|z|² + βE(G(z)) for latents (N, d), up to a constant −log ν_β.

    Arguments:
        model: The GEBM.
        beta: β.
        chunk: How many latents samplers may evaluate at once, so that memory is bounded.
        calibration: What takes the place of E in U, as a function of E (N,); it can be set anew.
    """

    def __init__(self, model: Gebm, beta: float, chunk: int = 4096, calibration: Map | None = None) -> None:
        self._model, self.beta, self.chunk, self.calibration = model, beta, chunk, calibration
        self._seen: tuple[Tensor, Tensor, Tensor] | None = None

    def __call__(self, z: Tensor) -> Tensor:
        x, energy = self._forward(z)
        self._seen = z.detach(), x.detach(), energy.detach()
        judged = energy if self.calibration is None else self.calibration(energy)
        return 0.5 * z.square().sum(1) - tilt(judged, self.beta)

    def value_and_gradient(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """U (N,) and ∇U (N, d) at latents (N, d); the parameters of the networks take no part."""
        z = z.detach()
        x, energy, value, gradient = _joined([self._pulled(piece) for piece in self._pieces(z)])
        self._seen = z, x, energy
        return value, gradient

    def _pulled(self, z: Tensor) -> tuple[Tensor, ...]:
        """G(z), E(G(z)), U and ∇U of one piece."""
        x, back_to_z = self._model.base.pullback(z)
        energy, back_to_x = self._model.energy.pullback(x)
        judged, slope = self._judged(energy)
        value = 0.5 * z.square().sum(1) - tilt(judged, self.beta)
        if self.beta == 0:  # the energy pulls nowhere, also where it is infinite
            return x, energy, value, z.clone()
        return x, energy, value, z + back_to_z(back_to_x(slope))

    def _forward(self, z: Tensor) -> tuple[Tensor, ...]:
        """G(z) and E(G(z))."""
        images: list[Tensor] = [self._model.base(piece) for piece in self._pieces(z)]
        return _joined([(x, self._model.energy(x)) for x in images])

    def _pieces(self, z: Tensor) -> tuple[Tensor, ...]:
        """Latents (N, d) in pieces that the model computes at once, all together where it does not mind."""
        pieces: tuple[Tensor, ...] = z.split(max(1, self._model.at_once(len(z))))
        return pieces

    def _judged(self, energy: Tensor) -> tuple[Tensor, Tensor]:
        """E_cal and β dE_cal/dE of energies (N,), (N,) each; E and β where nothing is calibrated."""
        if self.calibration is None:
            return energy, torch.full_like(energy, self.beta)
        with torch.enable_grad():
            leaf = energy.detach().requires_grad_(True)
            judged = self.calibration(leaf)
            (slope,) = torch.autograd.grad(self.beta * judged.sum(), leaf)
        return judged.detach(), slope

    def forget(self) -> None:
        """Tell that the model has moved."""
        self._seen = None

    @torch.no_grad()
    def look(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """G(z) (N, *shape) and E(G(z)) (N,).

        Free where `z` is what was evaluated last: watching such a chain in data space costs nothing.
        """
        seen = self._seen_at(z)
        if seen is None:
            x = self._model.samples(z, self.chunk)
            energy = torch.cat([self._model.energy(part) for part in x.split(self._model.at_once(self.chunk))])
            self._seen = seen = z.clone(), x, energy
        return seen[1], seen[2]

    def image(self, z: Tensor) -> Tensor:
        """G(z) (N, *shape) alone, as free as `look`."""
        seen = self._seen_at(z)
        return self._model.samples(z, self.chunk) if seen is None else seen[1]

    def _seen_at(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor] | None:
        seen = self._seen
        return seen if seen is not None and (seen[0] is z or torch.equal(seen[0], z)) else None


def _joined(pieces: list[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """What pieces have found, put together."""
    return pieces[0] if len(pieces) == 1 else tuple(torch.cat(parts) for parts in zip(*pieces, strict=True))


def tilt(energies: Tensor, beta: float) -> Tensor:
    """−βE, the logarithm of the weight that tilts the base; zero at β = 0 even where E is infinite."""
    return torch.zeros_like(energies) if beta == 0 else -beta * energies


def log_mean_exp(exponents: Tensor) -> tuple[float, float]:
    """log of the mean of e^{exponents} over (N,), and its standard error by the delta method.

    Computed in float64 with the largest exponent taken out, so that nothing overflows.
    """
    values = exponents.detach().double().cpu() if exponents.device.type == "mps" else exponents.detach().double()
    count = len(values)
    largest = values.max()
    if not torch.isfinite(largest):
        return float(largest), math.nan
    weights = (values - largest).exp()
    mean = weights.mean()
    spread = weights.std() / mean / math.sqrt(count) if count > 1 else torch.tensor(math.nan)
    return float(largest + mean.log()), float(spread)


def ess_fraction(exponents: Tensor) -> float:
    """(Σw)² / (N Σw²) of the weights w = e^{exponents}, (N,): the share of draws that still count."""
    log_weights = exponents.detach().double().cpu()
    first = torch.logsumexp(log_weights, 0)
    second = torch.logsumexp(2 * log_weights, 0)
    return float((2 * first - second).exp() / len(log_weights))
