"""Energies: critics E(x), low on data, that say how much mass goes where."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gebm_studio.models import bases, convolutional
from gebm_studio.models.bases import Base, Density
from gebm_studio.models.convolutional.memory import widest
from gebm_studio.models.flows import Flow
from gebm_studio.models.networks import Pullback, autograd_pullback, constant, mlp, pullback
from gebm_studio.schema.model import (
    ConvEnergy,
    FlowEnergy,
    LinearEnergy,
    MlpEnergy,
    QuadraticEnergy,
    RatioEnergy,
)

Function = Callable[[Tensor], Tensor]
Pointwise = MlpEnergy | ConvEnergy | LinearEnergy | QuadraticEnergy | RatioEnergy | FlowEnergy
"""Energies that judge each example by itself."""


class Energy(nn.Module):
    """A critic from examples (N, *shape) to energies (N,).

    Attributes:
        unit: How many times its own measure the energy is; an integral metric is measured in it.
        references: How many data and samples it compares examples with; 0 for what judges each by itself.
        widest: Numbers of the largest map on the way of one example, where they bound how many are computed at once.
    """

    unit = 1.0
    references = 0
    widest = 0

    def judge(self, data: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
        """e of data (N, *shape) and of samples (M, *shape), as an objective takes them."""
        values: Tensor = self(torch.cat((data, samples)))
        return values[: len(data)], values[len(data) :]

    def remember(self, data: Tensor, samples: Tensor) -> None:
        """Compare with these data and samples, `references` of each, from now on."""

    def pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """E(x) and the map that takes gradients (N,) with respect to it back to x (N, *shape)."""
        return autograd_pullback(self, x)


class Network(Energy):
    """E(x) = net(x), raised to a floor where one is set."""

    def __init__(self, net: nn.Module, floor: float | None) -> None:
        super().__init__()
        self.net, self.floor = net, floor

    def forward(self, x: Tensor) -> Tensor:
        return self.raised(self.net(x))

    def raised(self, value: Tensor) -> Tensor:
        """E (N,) of what the network gives, (N, 1)."""
        energy = value.squeeze(1)
        return energy if self.floor is None else energy.clamp(min=self.floor)

    def pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        shape = x.shape
        layers = list(self.net) if isinstance(self.net, nn.Sequential) else []
        if len(layers) == 2 and isinstance(layers[0], nn.Flatten):
            value, back = pullback(layers[1], x.flatten(1))
        else:
            value, back = pullback(self.net, x)
        energy = value.squeeze(1)
        if self.floor is None:
            return energy, lambda gradient: back(gradient.unsqueeze(1)).reshape(shape)
        above = energy >= self.floor  # a floor stops the gradient of what it has raised
        raised = energy.clamp(min=self.floor)
        return raised, lambda gradient: back((gradient * above).unsqueeze(1)).reshape(shape)


class Convolutional(Network):
    """A network of convolutions; see `models.convolutional`.

    Arguments:
        net: From images (N, *shape) to values (N, 1).
        floor: Below which no energy goes.
        shape: Of one image.
    """

    def __init__(self, net: nn.Module, floor: float | None, shape: tuple[int, ...]) -> None:
        super().__init__(net, floor)
        self.widest = widest(net, torch.zeros(1, *shape))

    def pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        with constant(self):
            return autograd_pullback(self, x)


class Linear(Energy):
    """E(x) = −⟨w, x⟩."""

    def __init__(self, section: LinearEnergy) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(section.weights))

    def forward(self, x: Tensor) -> Tensor:
        return -(x @ self.weights)


class Quadratic(Energy):
    """E(x) = ½ (x − m)ᵀ M (x − m); M is kept symmetric."""

    def __init__(self, section: QuadraticEnergy) -> None:
        super().__init__()
        self.precision = nn.Parameter(torch.tensor(section.precision))
        self.mean = nn.Parameter(torch.tensor(section.mean))

    def forward(self, x: Tensor) -> Tensor:
        offset = x - self.mean
        symmetric = 0.5 * (self.precision + self.precision.T)
        return 0.5 * (offset @ symmetric * offset).sum(1)


class Read(Energy):
    """E(x) = reading(e(x)): the energy that a critic stands for which was trained to give something else.

    Arguments:
        critic: e, with the parameters that learn.
        reading: e (N,) to E (N,).
    """

    def __init__(self, critic: Energy, reading: Function) -> None:
        super().__init__()
        self.critic, self.reading = critic, reading

    def forward(self, x: Tensor) -> Tensor:
        return self.reading(self.critic(x))

    def pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        value, back = self.critic.pullback(x)
        energy, slope = autograd_pullback(self.reading, value)
        return energy, lambda gradient: back(slope(gradient))


class Ratio(Energy):
    """E(x) = log g(x) − log p(x) + k: the GEBM is the target itself, and log Z = −k."""

    def __init__(self, log_base: Function, log_target: Function, offset: float) -> None:
        super().__init__()
        self._log_base, self._log_target, self.offset = log_base, log_target, offset

    def forward(self, x: Tensor) -> Tensor:
        return self._log_base(x) - self._log_target(x) + self.offset


class Normalised(Energy):
    """E(x) = log g(x) − log q(x) + k with a normalising flow q: the GEBM's density is q, and log Z = −k.

    g is a constant of the energy, also while the base learns. On a Gaussian base the flow is of the base's first
    latents, q(x) = q₀(A⁻¹(x − b))/|det A|, so that q begins as g: far from it few of the base's draws would count.
    """

    matrix: Tensor
    shift: Tensor

    def __init__(self, section: FlowEnergy, base: Base) -> None:
        super().__init__()
        dim = base.latent_dim
        self.flow = Flow(section, dim)
        self.offset = section.offset
        matrix, shift = torch.eye(dim), torch.zeros(dim)
        if isinstance(base, bases.Linear):
            matrix, shift = base.matrix.detach().clone(), base.shift.detach().clone()
        self.register_buffer("matrix", matrix)
        self.register_buffer("shift", shift)
        # In a tuple, it is no part of this module, yet a copy of the model refers to the copied base.
        self._density = (Density(base),)

    def forward(self, x: Tensor) -> Tensor:
        return self._density[0].at_rest(x) - self.log_density(x) + self.offset

    def log_density(self, x: Tensor) -> Tensor:
        """log q(x), (N,), of examples (N, *shape): the GEBM's own density, without an estimate of log Z."""
        matrix = self.matrix.to(x)
        z: Tensor = torch.linalg.solve(matrix, (x.flatten(1) - self.shift.to(x)).T).T
        log_density: Tensor = self.flow.log_density(z) - torch.linalg.slogdet(matrix)[1]
        return log_density


def build(section: Pointwise, shape: tuple[int, ...], base: Base, log_base: Function, log_target: Function) -> Energy:
    """The energy that a preset describes, for examples of the given shape.

    Arguments:
        section: The preset's energy.
        shape: Shape of one example.
        base: The model's base, with a density for a flow energy.
        log_base: log g on examples, used by the exact ratio alone.
        log_target: log p on examples, with respect to the same measure as `log_base`.

    Raises:
        ValueError: Where the energy cannot judge examples of that shape.
    """
    if isinstance(section, MlpEnergy):
        widths = [math.prod(shape), *[section.hidden] * section.depth, 1]
        net = mlp(widths, section.activation, normalised=section.spectral_norm, residual=section.residual)
        return Network(nn.Sequential(nn.Flatten(), net) if len(shape) > 1 else net, section.floor)
    if isinstance(section, ConvEnergy):
        return Convolutional(convolutional.critic(section, shape), section.floor, shape)
    if isinstance(section, LinearEnergy):
        if shape != (len(section.weights),):
            raise ValueError(f"energy.weights: the target has shape {shape}, got {len(section.weights)} entries")
        return Linear(section)
    if isinstance(section, QuadraticEnergy):
        if shape != (len(section.mean),):
            raise ValueError(f"energy.mean: the target has shape {shape}, got {len(section.mean)} entries")
        return Quadratic(section)
    if isinstance(section, FlowEnergy):
        if not base.has_density:
            raise ValueError("energy: kind flow needs a base with a density; use a base of kind flow, gaussian or ppca")
        return Normalised(section, base)
    return Ratio(log_base, log_target, section.offset)
