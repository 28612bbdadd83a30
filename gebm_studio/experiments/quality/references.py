"""What is measured of the data alone: once a run, whatever the model does."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.diagnostics import FeatureSpace
from gebm_studio.diagnostics.neighbours import nearest_in_pieces
from gebm_studio.diagnostics.precision_recall import Radii, radii_in_pieces
from gebm_studio.diagnostics.resampling import Features
from gebm_studio.experiments.quality.fresh import group_size
from gebm_studio.experiments.quality.spaces import spaces_of, training_in_pieces
from gebm_studio.targets import Sprites, Target

COMPARED = 60_000
"""Training images that are looked through for the nearest one, at most."""
DRAWN = 4096
"""The same of sprites, which are drawn anew: no image is ever met twice."""
_PIXELS = 2**25
"""Pixels of all of them, at most: 134 MB."""
SEED = 0x464C4F4F
GROUP = 64
"""Images that are looked at at once."""

T = TypeVar("T")


class References:
    """Features, radii, labels and distances of the data, each computed when it is first asked for, in pieces."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: dict[tuple[Any, ...], Any] = {}

    def training(self) -> Generator[None, None, Tensor]:
        """Training images (N, C, H, W) that generated ones are compared with one by one."""
        target = self._target
        most = min(DRAWN if isinstance(target, Sprites) else COMPARED, _PIXELS // target.dim)
        return (yield from self._once(("training",), training_in_pieces(target, most)))

    def held_out(self, space: FeatureSpace) -> Generator[None, None, Features]:
        """The features of the held-out images, (m, k)."""
        return (yield from self._once(("held-out", space.name), features_in_pieces(space, self._target.held_out)))

    def floor(self, space: FeatureSpace, n: int) -> Generator[None, None, Features]:
        """The features of n training images, or of as many as there are, each met once."""
        return (yield from self._once(("floor", space.name, n), self._floor(space, n)))

    def _floor(self, space: FeatureSpace, n: int) -> Generator[None, None, Features]:
        target = self._target
        generator = torch.Generator(target.device).manual_seed(SEED)
        there: Any = getattr(target, "training", None)
        if there is not None:
            order = torch.randperm(len(there), generator=generator, device=generator.device)
            return (yield from features_in_pieces(space, there[order[:n].sort().values.tolist()]))
        parts = []
        for start in range(0, n, GROUP):
            parts.append(space(target.sample(min(GROUP, n - start), generator)))
            yield
        return np.concatenate(parts)

    def radii(self, space: FeatureSpace, neighbours: int) -> Generator[None, None, Radii]:
        """The squared distance of each held-out image to its k-th nearest other one, (m,)."""
        held_out = yield from self.held_out(space)
        pieces = radii_in_pieces(held_out, neighbours)
        return (yield from self._once(("radii", space.name, neighbours), pieces))

    def distances(self) -> Generator[None, None, NDArray[np.float64]]:
        """How far each held-out image is from its nearest training image, (m,), as `neighbours.Nearest` has it."""
        return (yield from self._once(("distances",), self._distances()))

    def _distances(self) -> Generator[None, None, NDArray[np.float64]]:
        training = yield from self.training()
        nearest = yield from nearest_in_pieces(self._target.held_out, training)
        return nearest.distance

    def counts(self) -> Generator[None, None, dict[str, NDArray[np.int64]]]:
        """How many held-out images the classifier gives to each class, by head; empty without a classifier."""
        return (yield from self._once(("counts",), self._counts()))

    def _counts(self) -> Generator[None, None, dict[str, NDArray[np.int64]]]:
        tells = spaces_of(self._target).classifier
        if tells is None:
            return {}
        found = {head: np.zeros(len(names), dtype=np.int64) for head, names in tells.heads.items()}
        for part in self._target.held_out.split(group_size(self._target, self._target.device)):
            for head, labels in tells.labels(part).items():
                found[head] += np.bincount(labels.cpu().numpy(), minlength=len(found[head]))
            yield
        return found

    def _once(self, key: tuple[Any, ...], pieces: Generator[None, None, T]) -> Generator[None, None, T]:
        if key not in self._known:
            self._known[key] = yield from pieces
        known: T = self._known[key]
        return known


def features_in_pieces(space: FeatureSpace, images: Tensor) -> Generator[None, None, Features]:
    """The features of images (n, C, H, W), some of them a piece."""
    parts = [np.empty((0, space.width))]
    for part in images.split(GROUP):
        parts.append(space(part))
        yield
    return np.concatenate(parts)
