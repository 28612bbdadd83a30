"""How many images are computed at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CACHED = 2**20
"""Numbers of a map on the CPU, of all images together, that stay near the processor.

Gradients of 1,024 chains at 32 pixels took 0.55 to 0.75 of the time in such pieces; smaller ones took longer again.
"""
HELD = 2**26
"""The same on other devices, where pieces bound the memory alone: a quarter of a gigabyte a map."""
FEWEST = 16


@torch.no_grad()
def widest(net: nn.Module, example: Tensor) -> int:
    """Numbers of the largest map on the way of one example (1, ...) through a network at rest."""
    sizes = [example.numel()]
    handles = [
        module.register_forward_hook(lambda _, __, y: sizes.append(y.numel()))
        for name, module in net.named_modules()
        if "parametrizations" not in name  # these make weights, not maps
    ]
    was_training = net.training
    net.eval()(example)
    net.train(was_training)
    for handle in handles:
        handle.remove()
    return max(sizes)


def at_once(width: int, device: torch.device) -> int:
    """Images that are computed in one piece, given numbers of the largest map of one."""
    return max(FEWEST, (CACHED if device.type == "cpu" else HELD) // width)
