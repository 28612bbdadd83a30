"""The training image that is nearest to a generated one, and how near held-out images come."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
import torch
from torch import Tensor

from gebm_studio.diagnostics.neighbours import nearest_in_pieces
from gebm_studio.experiments.pixels import pixels
from gebm_studio.messages import Bytes
from gebm_studio.targets import FiniteTarget, Target

TRAINING, HELD_OUT = 4096, 128
"""Training images that are looked through, and held-out images whose nearest ones are, at most."""
AT_ONCE = 128
"""Training images that are drawn in one piece."""


class Neighbours:
    """Nearest training images in pixels, found in small pieces.

    Attributes:
        usual: The median distance of held-out images to their nearest training image, NaN until it is known.
    """

    def __init__(self, target: Target, seed: int) -> None:
        self._target, self._seed = target, seed
        self._training: Tensor | None = None
        self.usual = math.nan
        self._pieces = self._measured()

    def nearest_in_pieces(self, image: Tensor) -> Generator[None, None, tuple[Bytes, float]]:
        """The training image nearest to one image (1, C, h, w), as bytes (h, w) or (h, w, 3), and its distance.

        A distance is the root mean square difference of the pixels in grey levels of 255.
        """
        training = yield from self._training_images()
        found = yield from nearest_in_pieces(image, training)
        (place,), (distance,) = found
        return pixels(training[place : place + 1])[0], float(distance)

    def work(self) -> bool:
        """One piece of measuring what is usual; False where that is done."""
        return next(self._pieces, self) is None

    def _measured(self) -> Generator[None, None, None]:
        training = yield from self._training_images()
        found = yield from nearest_in_pieces(self._target.held_out[:HELD_OUT], training)
        self.usual = float(np.median(found.distance))

    def _training_images(self) -> Generator[None, None, Tensor]:
        """All training images of a small set, else so many draws of them."""
        if self._training is None and isinstance(self._target, FiniteTarget):
            self._training = self._target.training[:TRAINING]
        if self._training is None:
            generator = torch.Generator(self._target.device).manual_seed(self._seed)
            drawn = []
            for _ in range(TRAINING // AT_ONCE):
                drawn.append(self._target.sample(AT_ONCE, generator))
                yield
            self._training = torch.cat(drawn)
        return self._training
