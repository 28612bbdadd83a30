"""Patches of the two colour photographs that ship with scikit-learn, cut on the fly."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gebm_studio.schema import images as schema
from gebm_studio.targets.images import ImageTarget
from gebm_studio.targets.target import Extent, held_out_generator, principal_plane, square_around

SIDE = 32
BLOCK = (61, 64)
"""Height and width in pixels of the blocks, which tile both photographs (427×640) without rest."""
EVERY = 5
"""One block in so many is held out, two of them never side by side."""
_OFFSETS = (BLOCK[0] - SIDE + 1, BLOCK[1] - SIDE + 1)
_PER_BLOCK = _OFFSETS[0] * _OFFSETS[1]
_PLANE_STREAM, _PLANE_DRAWS = 0, 512


class Patches(ImageTarget):
    """Images (3, 32, 32) in [−1, 1], each uniform among all patches inside the blocks of training.

    No patch crosses the border of a block, so that training and held-out patches share no pixel. Held-out ones are
    drawn without replacement. Memory holds the two photographs, 1.6 MB, and the held-out patches.

    Attributes:
        training_blocks, held_out_blocks: Photograph, top and left of each block, (b, 3), int64.
    """

    def __init__(self, section: schema.Patches, *, seed: int, device: torch.device) -> None:
        from sklearn.datasets import load_sample_images  # slow to import

        super().__init__((3, SIDE, SIDE), device)
        pictures = np.stack(load_sample_images().images)
        self._photographs = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().to(device)
        blocks = torch.cartesian_prod(
            torch.arange(len(pictures)),
            torch.arange(0, pictures.shape[1], BLOCK[0]),
            torch.arange(0, pictures.shape[2], BLOCK[1]),
        )
        row, column = blocks[:, 1] // BLOCK[0], blocks[:, 2] // BLOCK[1]
        apart = (2 * row + column) % EVERY == 0
        self.training_blocks, self.held_out_blocks = blocks[~apart], blocks[apart]
        places = torch.randperm(len(self.held_out_blocks) * _PER_BLOCK, generator=held_out_generator(seed))
        self.held_out = self._cut(self.held_out_blocks, places[: section.held_out]).to(device)
        # The same plane whatever the seed, so that pictures of several runs compare.
        drawn = self.sample(_PLANE_DRAWS, held_out_generator(_PLANE_STREAM))
        self._plane = principal_plane(drawn, device)
        self._home = square_around(self.to_plane(drawn.to(device)))

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        among = len(self.training_blocks) * _PER_BLOCK
        places = torch.randint(among, (n,), generator=generator, device=generator.device)
        return self._cut(self.training_blocks, places)

    def projection(self) -> tuple[Tensor, Tensor, tuple[str, str]]:
        """As `Target.projection`: the first two principal components of a fixed draw."""
        return self._plane

    @property
    def home(self) -> Extent:
        return self._home

    def _cut(self, blocks: Tensor, places: Tensor) -> Tensor:
        """The patches (n, 3, 32, 32) at places (n,), which count block by block and row by row."""
        photograph, top, left = blocks.to(places.device)[places // _PER_BLOCK].unbind(1)
        top = top + places % _PER_BLOCK // _OFFSETS[1]
        left = left + places % _OFFSETS[1]
        windows = self._photographs.to(places.device).unfold(2, SIDE, 1).unfold(3, SIDE, 1)  # a view
        return windows[photograph, :, top, left].float() / 127.5 - 1
