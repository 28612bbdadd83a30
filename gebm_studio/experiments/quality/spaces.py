"""Which feature space the images of a target are compared in."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal
from weakref import WeakKeyDictionary, ref

import torch
from torch import Tensor

from gebm_studio.diagnostics import FeatureSpace, PixelComponents, classifier
from gebm_studio.diagnostics.features import ClassifierFeatures, InceptionFeatures
from gebm_studio.divergences.pieces import finished
from gebm_studio.presets import PresetError
from gebm_studio.targets import Digits, Sprites, Target

Features = Literal["auto", "classifier", "pixels", "inception"]
TRAINING, WIDE, FEW = 4096, 1024, 1024
"""Training images whose principal components are the features of `pixels`, at most; of more than `WIDE` pixels, `FEW`:
those of thousands would take seconds."""
SEED = 0x46454154
_DRAWN = 128
"""Images of a target without an end that are drawn at once."""


class Spaces:
    """The feature spaces of one target of images, each made once, when it is first asked for."""

    def __init__(self, target: Target) -> None:
        self._held = ref(target)  # weakly: it is the target that holds its spaces
        self._made: dict[str, FeatureSpace] = {}

    @property
    def _target(self) -> Target:
        target = self._held()
        if target is None:
            raise ReferenceError("the target of these feature spaces is gone")
        return target

    @property
    def classifier(self) -> classifier.Classifier | None:
        """The classifier that knows the target's classes or factors; None where there is none."""
        kind = classifier_of(self._target)
        return None if kind is None else classifier.load(kind, self._target.device)

    def of(self, features: Features) -> FeatureSpace:
        """The space of that name.

        Raises:
            PresetError: Where the target has no such space, or what it needs is not there.
        """
        if features == "auto":
            features = "pixels" if classifier_of(self._target) is None else "classifier"
        if features not in self._made:
            self._made[features] = self._make(features)
        return self._made[features]

    def _make(self, features: Features) -> FeatureSpace:
        if features == "classifier":
            found = self.classifier
            if found is None:
                said = "quality.features: classifier is for digits and sprites; use pixels, inception or auto"
                raise PresetError([said])
            return ClassifierFeatures(found)
        if features == "inception":
            return InceptionFeatures(self._target.device)
        return PixelComponents(
            finished(training_in_pieces(self._target, TRAINING if self._target.dim <= WIDE else FEW))
        )


_of_targets: WeakKeyDictionary[Target, Spaces] = WeakKeyDictionary()


def spaces_of(target: Target) -> Spaces:
    """The feature spaces of a target, the same object each time: to make one can take a second."""
    if target not in _of_targets:
        _of_targets[target] = Spaces(target)
    return _of_targets[target]


def classifier_of(target: Target) -> classifier.Name | None:
    """The classifier that knows a target's images."""
    if isinstance(target, Digits):
        return "digits"
    return "sprites" if isinstance(target, Sprites) else None


def training_in_pieces(target: Target, most: int) -> Generator[None, None, Tensor]:
    """Training images (n, C, H, W), at most so many: evenly chosen where they are finite, else always the same draws.

    They may lie on disk: only what is chosen is read.
    """
    there: Any = getattr(target, "training", None)
    if there is None:
        generator, drawn = torch.Generator(target.device).manual_seed(SEED), []
        for start in range(0, most, _DRAWN):
            drawn.append(target.sample(min(_DRAWN, most - start), generator))
            yield
        return torch.cat(drawn)
    places = torch.linspace(0, len(there) - 1, min(most, len(there))).round().long().tolist()
    chosen: Tensor = there[places]
    return chosen
