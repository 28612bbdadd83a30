"""Small networks that bases and energies are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}

Pullback = Callable[[Tensor], Tensor]
"""Takes ∂f/∂y (N, ...) back to ∂f/∂x (N, ...)."""
_Derivative = Callable[[Tensor, Tensor], Tensor]
"""Takes a gradient and what was kept of the forward pass one layer back."""


class Residual(nn.Sequential):
    """x ↦ x + f(x): a hidden layer that adds to what it is given."""

    def forward(self, x: Tensor) -> Tensor:
        added = x
        for layer in self:
            added = layer(added)
        return x + added


def mlp(widths: Sequence[int], activation: str, *, normalised: bool = False, residual: bool = False) -> nn.Sequential:
    """Linear layers of the given widths with an activation between them.

    Arguments:
        widths: Input width, hidden widths, output width.
        activation: A name in `ACTIVATIONS`.
        normalised: Spectral normalisation of every layer.
        residual: Each hidden layer after the first adds to what it is given: h ← h + W σ(h) + b.

    References:
        Identity mappings in deep residual networks (He et al., 2016), arXiv 1603.05027: activation first.
    """
    layers: list[nn.Module] = []
    for index, (width_in, width_out) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
        layer: nn.Module = nn.Linear(width_in, width_out)
        if normalised:
            layer = spectral_norm(layer)
        if residual and 0 < index < len(widths) - 2:
            layers.append(Residual(ACTIVATIONS[activation](), layer))
            continue
        if index:
            layers.append(ACTIVATIONS[activation]())
        layers.append(layer)
    return nn.Sequential(*layers)


def pullback(net: nn.Module, x: Tensor) -> tuple[Tensor, Pullback]:
    """net(x) and the map that takes gradients with respect to it back to x; parameters are constants.

    For what `mlp` makes without residual blocks and normalisation this walks the layers by hand: the same bits as
    autograd without its bookkeeping, which at 64 rows costs as much as the products. All else goes through autograd.
    """
    layers = list(net) if isinstance(net, nn.Sequential) else []
    by_turns = [type(layer) is nn.Linear if place % 2 == 0 else type(layer) in _DERIVATIVES
                for place, layer in enumerate(layers)]  # fmt: skip
    if not layers or not all(by_turns):
        return autograd_pullback(net, x)
    steps: list[tuple[_Derivative, Tensor]] = []
    with torch.no_grad():
        for layer in layers:
            if isinstance(layer, nn.Linear):
                steps.append((torch.matmul, layer.weight))
                x = torch.nn.functional.linear(x, layer.weight, layer.bias)
            else:
                apply, of_output, derivative = _DERIVATIVES[type(layer)]
                y = apply(x)
                steps.append((derivative, y if of_output else x))
                x = y

    def back(gradient: Tensor) -> Tensor:
        with torch.no_grad():
            for derivative, kept in reversed(steps):
                gradient = derivative(gradient, kept)
        return gradient

    return x, back


def autograd_pullback(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Pullback]:
    """As `pullback`, for any differentiable function."""
    leaf = x.detach().requires_grad_(True)
    with torch.enable_grad():
        y = function(leaf)

    def back(gradient: Tensor) -> Tensor:
        if not y.requires_grad:  # a constant pulls nowhere
            return torch.zeros_like(leaf)
        (pulled,) = torch.autograd.grad(y, leaf, gradient)
        return pulled

    return y.detach(), back


@contextmanager
def constant(module: nn.Module) -> Iterator[None]:
    """Let the parameters of a module be constants in here, so that a graph keeps nothing for their gradients."""
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    try:
        for parameter in learning:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


_aten = torch.ops.aten
_DERIVATIVES: dict[type[nn.Module], tuple[Callable[[Tensor], Tensor], bool, _Derivative]] = {
    # In place where the derivative needs the output alone: the input is a linear layer's own result.
    nn.ReLU: (torch.relu_, True, lambda g, y: _aten.threshold_backward(g, y, 0)),
    nn.Tanh: (torch.tanh_, True, _aten.tanh_backward),
    nn.ELU: (nn.functional.elu, False, lambda g, x: _aten.elu_backward(g, 1.0, 1.0, 1.0, False, x)),
    nn.GELU: (nn.functional.gelu, False, _aten.gelu_backward),
    nn.LeakyReLU: (nn.LeakyReLU(), False, lambda g, x: _aten.leaky_relu_backward(g, x, 0.01, False)),
    nn.SiLU: (nn.functional.silu, False, _aten.silu_backward),
    nn.Softplus: (nn.functional.softplus, False, lambda g, x: _aten.softplus_backward(g, x, 1.0, 20.0)),
}
"""Activations as `mlp` makes them: function, whether its derivative is of the output, and autograd's derivative."""
