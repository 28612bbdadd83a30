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
