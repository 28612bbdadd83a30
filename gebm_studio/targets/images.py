"""Handwritten digits, which ship with scikit-learn."""

from __future__ import annotations

import numpy as np
import torch

from gebm_studio.schema import target as schema
from gebm_studio.targets.finite import FiniteTarget, split


class Digits(FiniteTarget):
    """1,797 images (1, 8, 8) with values in [−1, 1], from the 17 grey levels of the original.

    `labels` (n,) and `held_out_labels` (m,) tell the digit of each example.

    References:
        Optical recognition of handwritten digits (Alpaydin and Kaynak, 1998), UCI repository.
    """

    def __init__(self, section: schema.Digits, *, seed: int, device: torch.device) -> None:
        from sklearn.datasets import load_digits  # slow to import

        pixels, digits = load_digits(return_X_y=True)
        images = torch.from_numpy(np.asarray(pixels, dtype=np.float32) / 8 - 1).reshape(-1, 1, 8, 8)
        labels = torch.from_numpy(np.asarray(digits, dtype=np.int64))
        training, held_out = split(len(images), section.held_out, seed)
        super().__init__(images[training], images[held_out], device)
        self.labels = labels[training].to(device)
        self.held_out_labels = labels[held_out].to(device)
