"""A network as a function of its weights, so that what makes the weights is computed once and in full precision."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.parametrize import is_parametrized

Weights = Mapping[str, Tensor]
"""Weights by name, as the layers multiply by them."""


class Form:
    """f(θ, x) of a network, θ the weights that its layers multiply by.

    Spectral normalisation makes θ of the parameters, at its own cost and, in bfloat16, not at all: here it stands
    outside of f, which then is layers alone and can be computed in lower precision, or compiled.

    Arguments:
        net: The network; its parameters and the state of its normalisation stay its own.
    """

    def __init__(self, net: nn.Module) -> None:
        self._net = net
        self._twin = copy.deepcopy(net).eval().requires_grad_(False)
        for module in list(self._twin.modules()):
            if is_parametrized(module):
                _make_plain(module)
        self._places = [name.rpartition(".") for name, _ in self._twin.named_parameters()]

    def weights(self) -> dict[str, Tensor]:
        """θ now, with a graph back to the parameters where that is on; in training, after a power iteration."""
        return {
            f"{place}{dot}{name}": getattr(self._net.get_submodule(place), name) for place, dot, name in self._places
        }

    @torch.no_grad()
    def constants(self) -> dict[str, Tensor]:
        """θ now, without a graph."""
        return {name: weight.detach() for name, weight in self.weights().items()}

    def __call__(self, weights: Weights, x: Tensor) -> Tensor:
        """f(θ, x)."""
        value: Tensor = functional_call(self._twin, dict(weights), (x,), strict=True)
        return value


def _make_plain(layer: nn.Module) -> None:
    """Take a layer's parametrisation off; torch's own way would take it off all copies, which share a class."""
    weight: Tensor = layer.weight  # type: ignore[assignment]  # a property, of which the stubs do not know
    layer.__class__ = type(layer).__bases__[0]
    del layer.parametrizations
    layer.register_parameter("weight", nn.Parameter(weight.detach(), requires_grad=False))
