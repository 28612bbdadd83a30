"""Adam without the bookkeeping of its step, which for a small network takes longer than the step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam(torch.optim.Adam):
    """Adam over one group of parameters, fed with gradients: `descend` gives the bits of `step`."""

    @torch.no_grad()
    def descend(self, gradients: Sequence[Tensor | None]) -> None:
        """One step down gradients, one for each parameter; where there is None, the parameter stays."""
        (group,) = self.param_groups
        pairs = [(p, laid_out_as(p, g)) for p, g in zip(group["params"], gradients, strict=True) if g is not None]
        if not pairs:
            return
        parameters, taken = [p for p, _ in pairs], [g for _, g in pairs]
        states = [self.state[parameter] for parameter in parameters]
        if not all(states):  # the first step makes them
            for parameter, gradient in pairs:
                parameter.grad = gradient
            self.step()
            for parameter in parameters:
                parameter.grad = None
            return
        beta1, beta2 = group["betas"]
        adam(
            parameters,
            taken,
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            fused=group["fused"],
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=group["maximize"],
        )


def laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """A value in the memory layout of its parameter: fused kernels pair numbers by their place in memory."""
    return value if value.stride() == parameter.stride() else torch.empty_like(parameter).copy_(value)
