"""Common random numbers: chains that differ in their start alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class SharedNoise(torch.Generator):
    """A generator by which every chain draws what one certain chain would draw; `of` makes one.

    Chains under the same noise are coupled: where they end differs because they began elsewhere.

    Attributes:
        chains: How many chains there are by the noise's count; each draw is made for all of them.
        which: The chain whose draws all get, from 0.
        sharing: How many chains there really are.
    """

    chains: int
    which: int
    sharing: int

    @classmethod
    def of(cls, which: int, chains: int, sharing: int, device: torch.device | str = "cpu") -> SharedNoise:
        """The noise of one of `chains` chains, for as many as share it.

        Raises:
            ValueError: Where there is no such chain, or none that shares.
        """
        if not 0 <= which < chains or sharing < 1:
            raise ValueError(f"`which` must lie from 0 to {chains - 1}, `sharing` above 0; got {which} and {sharing}")
        made = cls(device)
        made.which, made.chains, made.sharing = which, chains, sharing
        return made


def drawn(draw: Any, like: Tensor, generator: torch.Generator) -> Tensor:
    """Noise of the shape, type and device of a tensor (N, ...), by `torch.randn` or `torch.rand`.

    With `SharedNoise` the rows are whole sets of chains, such as the rungs of a ladder, and each set has one draw.
    """
    shape: tuple[int, ...] = tuple(like.shape)
    options = {"generator": generator, "dtype": like.dtype, "device": like.device}
    if not isinstance(generator, SharedNoise):
        found: Tensor = draw(shape, **options)
        return found
    sets, rest = shape[0] // generator.sharing, shape[1:]
    all_chains = draw((sets, generator.chains, *rest), **options)
    one = all_chains[:, generator.which : generator.which + 1]
    shared: Tensor = one.expand(sets, generator.sharing, *rest).reshape(shape)
    return shared
