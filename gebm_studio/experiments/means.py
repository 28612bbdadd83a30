"""The means by which steps of convolutional networks are computed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

Compiling = Literal["off", "on", "graphs"]
Function = Callable[..., Tensor]


@dataclass(frozen=True)
class Means:
    """Precision, layout and compilation of the steps of base and energy; chains are none of its business.

    Weights, losses and gradients of weights are float32 whatever the means; so is all of a slope penalty, whose second
    derivatives are neither compiled nor taken in lower precision.

    Attributes:
        device: Type of the device.
        mixed: Compute layers in bfloat16.
        channels_last: Keep the channels of a pixel together.
        compiling: Fuse kernels, and record them as CUDA graphs.
    """

    device: str = "cpu"
    mixed: bool = False
    channels_last: bool = False
    compiling: Compiling = "off"

    def precision(self) -> AbstractContextManager[object]:
        """Where layers are computed."""
        return torch.autocast(self.device, torch.bfloat16) if self.mixed else nullcontext()

    def lay_out(self, model: nn.Module) -> None:
        """Give the weights of convolutions their layout in memory; values stay."""
        if self.channels_last:
            model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it

    def compiled(self, function: Function) -> Function:
        """The function, compiled where that is asked for."""
        if self.compiling == "off":
            return function
        mode = "reduce-overhead" if self.compiling == "graphs" else None
        fused: Function = torch.compile(function, dynamic=False, mode=mode)
        if mode is None:
            return fused
        # The memory of a graph is written again when it runs next: what leaves it is copied.
        return lambda *given: fused(*given).clone()

    def begin_step(self) -> None:
        """Tell recorded graphs that what they gave in the step before is needed no more."""
        if self.compiling == "graphs":
            torch.compiler.cudagraph_mark_step_begin()


EAGER = Means()
