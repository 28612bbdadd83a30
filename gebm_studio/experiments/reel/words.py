"""What a classifier says of images, a word each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.diagnostics import classifier
from gebm_studio.targets import Digits, Sprites, Target

Codes = NDArray[np.int64]
"""Words by number, −1 for what nothing can be said of."""
_SAID: dict[type[Target], tuple[classifier.Name, tuple[str, ...]]] = {
    Digits: ("digits", ("digit",)),
    Sprites: ("sprites", ("colour", "shape")),
}
"""The classifier of a target, and which of what it tells makes the word, in this order."""


class Words:
    """The words of a target's classifier; none where it has no classifier.

    Arguments:
        target: What is learned.
        device: Where images will lie.
    """

    def __init__(self, target: Target, device: torch.device) -> None:
        self._classifier: classifier.Classifier | None = None
        self._words: list[str] = []
        if type(target) in _SAID:
            name, self._heads = _SAID[type(target)]
            self._classifier = classifier.load(name, device)
            self._words = [" ".join(parts) for parts in product(*(self._classifier.heads[h] for h in self._heads))]

    @property
    def known(self) -> bool:
        """Whether there is a classifier."""
        return self._classifier is not None

    def codes(self, x: Tensor) -> Codes:
        """The word of each image (n, C, h, w) by number, (n,); (0,) without a classifier."""
        if self._classifier is None:
            return np.zeros(0, dtype=np.int64)
        can_be_told = torch.isfinite(x.flatten(1)).all(1)
        labels = self._classifier.labels(x[can_be_told])
        code = torch.zeros_like(labels[self._heads[0]])
        for head in self._heads:
            code = code * len(self._classifier.heads[head]) + labels[head]
        found = torch.full_like(can_be_told, -1, dtype=torch.int64)
        found[can_be_told] = code
        codes: Codes = found.cpu().numpy()
        return codes

    def spelled(self, codes: Iterable[int]) -> tuple[str, ...]:
        """The words of codes; empty for −1."""
        return tuple(self._words[code] if code >= 0 else "" for code in codes)


def changes(codes: Codes) -> Codes:
    """How often the word changes along the first axis of codes (t, ...), (...)."""
    changed: Codes = (np.diff(codes, axis=0) != 0).sum(axis=0, dtype=np.int64)
    return changed
