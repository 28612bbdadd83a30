"""Descending is Adam's step, bit for bit."""

from __future__ import annotations

import torch

from gebm_studio.experiments.adam import Adam


def test_descending_gives_the_bits_of_the_step() -> None:
    draws = torch.Generator().manual_seed(0)
    shapes = [(4, 3), (4,), (2, 4)]
    start = [torch.randn(shape, generator=draws) for shape in shapes]
    ours, theirs = ([torch.nn.Parameter(tensor.clone()) for tensor in start] for _ in range(2))
    descending = Adam(ours, lr=0.01, betas=(0.5, 0.999), fused=True)
    stepping = torch.optim.Adam(theirs, lr=0.01, betas=(0.5, 0.999), fused=True)
    descending.descend([None, None, None])
    for turn in range(6):
        gradients = [torch.randn(shape, generator=draws) for shape in shapes]
        # The last parameter has no part at first, and later the first has none.
        taken = [None if turn == 3 else gradients[0], gradients[1], None if turn < 2 else gradients[2]]
        descending.param_groups[0]["lr"] = stepping.param_groups[0]["lr"] = 0.01 / (1 + turn)
        descending.descend(taken)
        for parameter, gradient in zip(theirs, taken, strict=True):
            parameter.grad = gradient
        stepping.step()
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    for a, b in zip(ours, theirs, strict=True):
        assert descending.state[a].keys() == stepping.state[b].keys()
        assert all(torch.equal(descending.state[a][key], stepping.state[b][key]) for key in stepping.state[b])
        assert a.grad is None


def test_the_layout_of_weights_and_gradients_makes_no_difference() -> None:
    """Torch's own fused step pairs numbers by their place in memory, and is wrong where the two differ."""
    draws = torch.Generator().manual_seed(0)
    start = torch.randn(4, 3, 5, 5, generator=draws)
    layouts = (torch.contiguous_format, torch.channels_last)
    weights = [torch.nn.Parameter(start.clone(memory_format=layout)) for layout in layouts]
    steps = [Adam([weight], lr=0.01, fused=True) for weight in weights]
    for _ in range(3):
        gradient = torch.randn(4, 3, 5, 5, generator=draws)
        for step in steps:
            step.descend([gradient])
    assert torch.equal(*weights)
    assert weights[1].is_contiguous(memory_format=torch.channels_last)
