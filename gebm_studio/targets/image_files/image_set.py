"""A set of images on disk as a target: as much memory as is drawn at a time, however many there are."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gebm_studio.presets import PresetError
from gebm_studio.schema.images import ImageFiles
from gebm_studio.targets.image_files.about import About
from gebm_studio.targets.image_files.prepared import Prepared
from gebm_studio.targets.image_files.preparing import missing
from gebm_studio.targets.images import ImageTarget
from gebm_studio.targets.target import Extent, held_out_generator, principal_plane, square_around

MOST_AT_ONCE = 10_000
"""Images that `training_data` gives at most, and memory holds."""
_PLANE_STREAM, _PLANE_DRAWS = 0, 512


class ImageSet(ImageTarget):
    """The training images (C, S, S) of a set, with values in [−1, 1], drawn with replacement.

    Held out are the first of its own test images or, of a set without them, images drawn by the seed. What must be
    done first, a download or a preparation, is done here, with progress in the terminal.

    Attributes:
        about: What is told of the set.

    Raises:
        PresetError: In one line, where the set cannot be had or holds too few images.
    """

    def __init__(self, section: ImageFiles, *, seed: int, device: torch.device, folder: str = "") -> None:
        super().__init__(section.shape or (), device)
        if needed := missing(section, folder):
            needed.run_with_bar()
        prepared = Prepared(section, folder)
        about = prepared.about()
        if about is None:
            raise PresetError([f"{prepared.root}: changes while it is read; wait until it is complete"])
        self.about = about
        self._pixels = prepared.open(about)
        self._apart = _apart(about, section.held_out, seed)
        first = about.training if about.test else 0
        self.held_out = self._gather(self._apart if not about.test else first + torch.arange(section.held_out))
        self.held_out = self.held_out.to(device)
        if about.counts:
            total = sum(about.counts)
            self.factor_masses = {about.factor: (about.names, tuple(count / total for count in about.counts))}
        drawn = self.sample(_PLANE_DRAWS, held_out_generator(_PLANE_STREAM))
        self._plane = principal_plane(drawn, device)
        self._home = square_around(self.to_plane(drawn.to(device)))

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        among = self.about.training - len(self._apart)
        places = torch.randint(among, (n,), generator=generator, device=generator.device).cpu()
        # The k-th image that is not kept apart: as many further on as kept ones lie before it.
        behind = torch.searchsorted(self._apart - torch.arange(len(self._apart)), places, right=True)
        return self._gather(places + behind).to(generator.device)

    def training_data(self, count: int, seed: int) -> Tensor:
        """As `Target.training_data`, at most 10,000."""
        return super().training_data(min(count, MOST_AT_ONCE), seed)

    def projection(self) -> tuple[Tensor, Tensor, tuple[str, str]]:
        """As `Target.projection`: the first two principal components of a fixed draw."""
        return self._plane

    @property
    def home(self) -> Extent:
        return self._home

    def _gather(self, places: Tensor) -> Tensor:
        """The images (n, C, S, S) at places (n,)."""
        at = places.numpy()
        order = at.argsort()  # from front to back, as a disk likes it
        pixels = np.empty((len(at), *self.shape), np.uint8)
        pixels[order] = self._pixels[at[order]]
        return torch.from_numpy(pixels).float() / 127.5 - 1


def _apart(about: About, held_out: int, seed: int) -> Tensor:
    """The places (m,) among the training images that are kept apart, in order; none of a set with its own test images.

    Raises:
        PresetError: Where there are too few.
    """
    if about.test:
        if held_out > about.test:
            raise PresetError(
                [f"target.held_out = {held_out}, but {about.path} has {about.test:,} test images; give at most that"]
            )
        return torch.empty(0, dtype=torch.int64)
    if held_out > about.training // 2:
        raise PresetError(
            [
                f"target.held_out = {held_out}, but at most half of the {about.training:,} images of {about.path} "
                f"({about.training // 2:,}) can be kept apart"
            ]
        )
    return torch.randperm(about.training, generator=held_out_generator(seed))[:held_out].sort().values
