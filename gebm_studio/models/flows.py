"""Normalising flows: invertible networks with an exact density."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call

from gebm_studio.models.networks import ACTIVATIONS
from gebm_studio.schema.model import FlowBase, FlowEnergy


class Flow(nn.Module):
    """z = f(x), z ~ N(0, I), with f⁻¹ and log q(x) = log η(f(x)) + log |det ∂f/∂x|.

    Before training f is the identity, so that q is the standard normal.

    Arguments:
        section: Architecture and size.
        dim: Dimension D of x.

    References:
        Density estimation using Real NVP (Dinh, Sohl-Dickstein, Bengio, 2017), arXiv 1605.08803.
        Masked autoregressive flow for density estimation (Papamakarios, Pavlakou, Murray, 2017), arXiv 1705.07057.
    """

    def __init__(self, section: FlowBase | FlowEnergy, dim: int) -> None:
        from zuko.flows import MAF, RealNVP  # late: most runs have no flow

        super().__init__()
        # In one dimension both are a single affine map, for which the autoregressive one is made.
        architecture = RealNVP if section.architecture == "realnvp" and dim > 1 else MAF
        network: dict[str, Any] = {}
        if dim > 1:
            network["hidden_features"] = [section.hidden] * section.depth
            network["activation"] = ACTIVATIONS[section.activation]
        self.dim = dim
        self.transform: nn.Module = architecture(dim, transforms=section.transforms, **network).transform
        self._begin_as_identity()

    def _begin_as_identity(self) -> None:
        for module in self.transform.modules():
            net = getattr(module, "hyper", None)
            parameters = net[-1].parameters() if isinstance(net, nn.Sequential) else ()
            for parameter in (*parameters, *getattr(module, "phi", ())):
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """log q(x), (N,), of points (N, D)."""
        z, log_slope = self.transform().call_and_ladj(x)
        log_density: Tensor = log_slope - 0.5 * z.square().sum(1) - 0.5 * self.dim * math.log(2 * math.pi)
        return log_density

    def log_density(self, x: Tensor) -> Tensor:
        """log q(x), (N,), of points (N, D), in their precision."""
        if all(parameter.dtype == x.dtype for parameter in self.parameters()):
            return self(x)  # type: ignore[no-any-return]
        return in_precision_of(x, self)

    def encode(self, x: Tensor) -> Tensor:
        """z = f(x), (N, D)."""
        z: Tensor = self.transform()(x)
        return z

    def decode(self, z: Tensor) -> Tensor:
        """x = f⁻¹(z), (N, D)."""
        x: Tensor = self.transform().inv(z)
        return x


def in_precision_of(x: Tensor, module: nn.Module, *, at_rest: bool = False) -> Tensor:
    """module(x), its parameters taken in the precision of x.

    Arguments:
        x: What the module is called with.
        module: The module.
        at_rest: Take the parameters as constants, so that gradients go through x alone.
    """
    tensors = {}
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        held = tensor.detach() if at_rest else tensor
        tensors[name] = held.to(x.dtype) if held.is_floating_point() else held
    called: Tensor = functional_call(module, tensors, (x,))
    return called
