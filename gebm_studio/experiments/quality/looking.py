"""One look at all images of a law: their features, classes and energies, without keeping them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.diagnostics import FeatureSpace
from gebm_studio.diagnostics.classifier import Classifier
from gebm_studio.diagnostics.resampling import Features
from gebm_studio.models import Gebm


@dataclass(frozen=True)
class Looked:
    """Of images G(z): features (n, k), how many of each class by head, energies (n,) in float64.

    `lost` of them are not finite; features and classes are then those of the others.
    """

    features: Features
    counts: dict[str, NDArray[np.int64]]
    energies: NDArray[np.float64]
    lost: int


def look_in_pieces(
    model: Gebm, latents: Tensor, space: FeatureSpace, tells: Classifier | None, group: int
) -> Generator[float, None, Looked]:
    """Look at G(z) of latents (n, d), `group` a piece; yields the share that is done.

    Arguments:
        model: The GEBM.
        latents: Where the images are.
        space: Whose features are wanted.
        tells: Whose classes are counted; None for none.
        group: How many images at once.
    """
    features, energies, lost = [np.empty((0, space.width))], [np.empty(0)], 0
    counts = {head: np.zeros(len(names), dtype=np.int64) for head, names in tells.heads.items()} if tells else {}
    parts = latents.split(group)
    for index, z in enumerate(parts):
        images = model.samples(z)
        with torch.no_grad():
            energies.append(model.energy(images).double().cpu().numpy())
        sound = torch.isfinite(images).flatten(1).all(1)
        lost += int((~sound).sum())
        images = images[sound]
        features.append(space(images))
        for head, labels in tells.labels(images).items() if tells else ():
            counts[head] += np.bincount(labels.cpu().numpy(), minlength=len(counts[head]))
        yield (index + 1) / len(parts)
    return Looked(np.concatenate(features), counts, np.concatenate(energies), lost)
