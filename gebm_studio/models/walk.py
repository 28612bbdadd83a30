"""MLPs walked by hand: forwards, backwards, and along the derivative of their slope.

Autograd gives the same numbers with several times the bookkeeping. Examples are columns here: all products are then
ones that their kernel takes without copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from gebm_studio.models.derivatives import DERIVATIVES, Derivatives
from gebm_studio.models.networks import Residual
from gebm_studio.models.products import back, outer, times

Weights = Sequence[tuple[Tensor, Tensor]]
"""W (out, in) and b (out,) of each layer."""


@dataclass(frozen=True)
class Layer:
    """h′ = W y + b, or h + W y + b where it adds, with y = σ(h) of what the layer before gave.

    Attributes:
        linear: Holds W and b.
        activation: σ; None for the first layer, whose y is the example.
        adds: Whether h is added.
    """

    linear: nn.Linear
    activation: Derivatives | None
    adds: bool


@dataclass(frozen=True)
class Pass:
    """What a pass over N examples leaves, one entry a layer.

    Attributes:
        inputs: y, (in, N).
        slopes: σ′(h), (in, N), of the layers after the first.
        kept: What σ″(h) is made of, (in, N), likewise.
    """

    inputs: list[Tensor]
    slopes: list[Tensor]
    kept: list[Tensor]

    def columns(self, first: int, last: int) -> Pass:
        """The same for some of the examples, without copies."""
        return Pass(*([tensor[:, first:last] for tensor in part] for part in (self.inputs, self.slopes, self.kept)))


class Walk:
    """A network of linear layers and activations as `networks.mlp` makes them.

    Everything here is to be called without a graph.

    Arguments:
        layers: From the example on.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers

    @staticmethod
    def of(net: nn.Module) -> Walk | None:
        """The walk of a network; None where it is made of anything else."""
        layers: list[Layer] = []
        activation: Derivatives | None = None
        for part, adds in _parts(net):
            if type(part) is nn.Linear or (isinstance(part, nn.Linear) and is_parametrized(part)):
                if part.bias is None or (layers and activation is None):
                    return None
                layers.append(Layer(part, activation, adds))
                activation = None
            elif layers and activation is None and type(part) in DERIVATIVES:
                activation = DERIVATIVES[type(part)]
            else:
                return None
        return Walk(layers) if layers and activation is None else None

    def weights(self) -> Weights:
        """W and b now; a weight that is computed from others is computed here, with a graph where that is on."""
        return [(layer.linear.weight, layer.linear.bias) for layer in self.layers]

    def forward(self, weights: Weights, x: Tensor) -> tuple[Tensor, Pass]:
        """The network's values (out, N) at examples (in, N), and what the ways back need."""
        passed = Pass([], [], [])
        h = x
        for layer, (weight, bias) in zip(self.layers, weights, strict=True):
            y = h
            if layer.activation is not None:
                y, slope, kept = layer.activation.first(h.clone() if layer.adds else h)
                passed.slopes.append(slope)
                passed.kept.append(kept)
            passed.inputs.append(y)
            after = times(weight, y).add_(bias.unsqueeze(1))
            h = after.add_(h) if layer.adds else after
        return h, passed

    def values(self, weights: Weights, x: Tensor) -> Tensor:
        """The network's values (out, N) at examples (in, N) alone."""
        h = x
        for layer, (weight, bias) in zip(self.layers, weights, strict=True):
            y = h if layer.activation is None else layer.activation.value(h.clone() if layer.adds else h)
            after = times(weight, y).add_(bias.unsqueeze(1))
            h = after.add_(h) if layer.adds else after
        return h

    def deltas(
        self,
        weights: Weights,
        passed: Pass,
        seed: Tensor,
        bends: Sequence[Tensor | None] = (),
        first: int = 0,
        *,
        keep: bool = True,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The way back of a gradient at the values, seed (out, N).

        Arguments:
            weights: Those of the pass.
            passed: The pass.
            seed: ∂f/∂values.
            bends: What joins on the way, from `bends`.
            first: The first of the columns where it does.
            keep: Whether ∂f/∂y is asked for.

        Returns:
            δ = ∂f/∂h′ (out, N) of each layer, and ∂f/∂y (in, N) of each after the first.
        """
        deltas, raised = [seed], list[Tensor]()
        for index in range(len(self.layers) - 1, 0, -1):
            up = back(weights[index][0], deltas[-1])
            slope = passed.slopes[index - 1]
            below = up * slope if keep else up.mul_(slope)
            if self.layers[index].adds:
                below += deltas[-1]
            bend = bends[index - 1] if bends else None
            if bend is not None:
                below[:, first : first + bend.shape[1]] += bend
            if keep:
                raised.append(up)
            deltas.append(below)
        return deltas[::-1], raised[::-1]

    def tangents(self, weights: Weights, passed: Pass, direction: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Where everything moves when the examples move along a direction (in, N).

        Returns:
            ẏ (in, N) of each layer, and ḣ (in, N) of each after the first.
        """
        moved, before = [direction], list[Tensor]()
        for layer, (weight, _), slope in zip(self.layers, weights, passed.slopes, strict=False):
            h = times(weight, moved[-1])
            if layer.adds:
                h += before[-1]
            before.append(h)
            moved.append(h * slope)
        return moved, before

    def bends(self, passed: Pass, before: Sequence[Tensor], raised: Sequence[Tensor]) -> list[Tensor | None]:
        """σ″(h) ḣ ∂f/∂y (in, N) of each layer after the first: how ḟ changes with h itself; None where σ″ = 0.

        Arguments:
            passed: The pass.
            before: ḣ, from `tangents`.
            raised: ∂f/∂y, from `deltas`.
        """
        found: list[Tensor | None] = []
        for layer, slope, kept, moved, up in zip(
            self.layers[1:], passed.slopes, passed.kept, before, raised, strict=True
        ):
            second = None if layer.activation is None else layer.activation.second
            found.append(None if second is None else second(slope, kept).mul_(moved).mul_(up))
        return found

    def gradients(self, passed: Pass, deltas: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """∂f/∂W and ∂f/∂b of each layer, of δ from `deltas`."""
        return [(outer(delta, y), delta.sum(1)) for delta, y in zip(deltas, passed.inputs, strict=True)]


def _parts(net: nn.Module) -> list[tuple[nn.Module, bool]]:
    """Modules in turn, and whether what they give is added to what their block was given."""
    parts: list[tuple[nn.Module, bool]] = []
    for module in net if type(net) is nn.Sequential else ():
        if type(module) is Residual and len(module) == 2:
            parts += [(part, True) for part in module]
        elif not (isinstance(module, nn.Flatten) and not parts):  # examples come flat
            parts += _parts(module) if type(module) is nn.Sequential else [(module, False)]
    return parts
