"""Sets of images: what they all offer, and the handwritten digits that ship with scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from gebm_studio.schema import images as schema
from gebm_studio.targets.finite import FiniteTarget
from gebm_studio.targets.target import Target

FactorMasses = Mapping[str, tuple[tuple[str, ...], tuple[float, ...]]]
"""By factor, the names of its values and their masses under P, which sum to one."""

_SPLIT_STREAM = 0x44494749


class ImageTarget(Target):
    """A set of images (C, S, S) with values in [−1, 1].

    Attributes:
        factor_masses: What is known exactly of P: the values of each factor, and their masses. Empty where nothing is.
    """

    factor_masses: FactorMasses = MappingProxyType({})

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""
        return self.shape[0]

    @property
    def side(self) -> int:
        """Height and width in pixels."""
        return self.shape[1]


class Digits(FiniteTarget, ImageTarget):
    """1,797 images (1, 8, 8) with values in [−1, 1], from the 17 grey levels of the original.

    P is the law of the 1,200 training images, so that `factor_masses` are the shares of the digits among them.
    `labels` (1200,) and `held_out_labels` (m,), int64, tell the digit of each example. The split is the same for
    every seed, which is taken as by every target: what was fitted to the training images elsewhere has never seen a
    held-out one.

    References:
        Optical recognition of handwritten digits (Alpaydin and Kaynak, 1998), UCI repository.
    """

    def __init__(self, section: schema.Digits, *, seed: int, device: torch.device) -> None:
        from sklearn.datasets import load_digits  # slow to import

        pixels, digits = load_digits(return_X_y=True)
        images = torch.from_numpy(np.asarray(pixels, dtype=np.float32) / 8 - 1).reshape(-1, 1, 8, 8)
        labels = np.asarray(digits, dtype=np.int64)
        order = stratified_order(labels)
        kept_apart = schema.DIGITS - schema.DIGITS_TRAINING
        training, held_out = order[kept_apart:], order[: section.held_out]
        super().__init__(images[training], images[held_out], device)
        self.labels = torch.from_numpy(labels[training]).to(device)
        self.held_out_labels = torch.from_numpy(labels[held_out]).to(device)
        counts = np.bincount(labels[training], minlength=10)
        shares = tuple(float(share) for share in counts / counts.sum())
        self.factor_masses = {"digit": (tuple("0123456789"), shares)}


def stratified_order(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """An order of 0…n−1, always the same, any first part of which has about the shares of all labels (n,)."""
    # Raw bits of a bit generator are the one stream that numpy promises not to change.
    shuffled = np.random.PCG64(_SPLIT_STREAM).random_raw(len(labels)).argsort(kind="stable")
    place = np.empty(len(labels))
    for label in np.unique(labels):
        of = shuffled[labels[shuffled] == label]
        place[of] = (np.arange(len(of)) + 0.5) / len(of)
    return place.argsort(kind="stable")
