"""Fréchet distance between image sets, in features learned from the training images alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Images = Tensor | NDArray[Any]
"""Images (n, ...) with n first, or rows of pixels (n, D)."""

Features = NDArray[np.float64]

_MOST = 16


class FrechetReference:
    """Principal components of training images, and Fréchet distances in them.

    |m_x − m_y|² + tr(S_x + S_y − 2(S_x^½ S_y S_x^½)^½) of the feature means and covariances. A distance of n images
    is larger than that of infinitely many by an amount of order 1/n: compare at equal n only, and state n and
    `name` beside it.

    Arguments:
        training: Images (N, ...), N ≥ 3; D pixels each.
        components: How many principal components, at most 16, D and N − 1.

    Raises:
        ValueError: For too few images, or numbers that are not finite.

    References:
        GANs trained by a two time-scale update rule converge to a local Nash equilibrium (Heusel et al.,
        2017), arXiv 1706.08500, eq. (6), with these features in place of a network's.
    """

    def __init__(self, training: Images, components: int = _MOST) -> None:
        if not 1 <= components <= _MOST:
            raise ValueError(f"components must lie from 1 to {_MOST}, got {components}")
        pixels = _pixels(training, "training")
        if len(pixels) < 3:
            raise ValueError(f"at least 3 training images are needed, got {len(pixels)}")
        self._mean: Features = pixels.mean(axis=0)
        kept = min(components, pixels.shape[1], len(pixels) - 1)
        _, _, axes = np.linalg.svd(pixels - self._mean, full_matrices=False)
        self._axes: Features = axes[:kept]
        self.name = f"PCA-{kept} of pixels"

    def distance(self, reference: Images, generated: Images) -> float:
        """The Fréchet distance between two sets of images (n, ...) and (m, ...), in squared pixel units.

        Raises:
            ValueError: For fewer than two images, another number of pixels, or numbers that are not finite.
        """
        return _frechet(self._project(reference, "reference"), self._project(generated, "generated"))

    def interval(
        self, reference: Images, generated: Images, resamples: int, rng: np.random.Generator
    ) -> tuple[float, float]:
        """A 95 % bootstrap interval of `distance` at these n and m: what other draws of them would give.

        Percentiles over resamples of both sets, shifted by the bootstrap's own bias: to resample adds once
        more the excess of order 1/n that the distance has already, and plain percentiles would often lie
        wholly above the distance itself.

        Raises:
            ValueError: As `distance`, or for fewer than 20 resamples.

        References:
            An Introduction to the Bootstrap (Efron and Tibshirani, 1993), chapters 10 and 13.
        """
        if resamples < 20:
            raise ValueError(f"resamples must be 20 or more, got {resamples}")
        x, y = self._project(reference, "reference"), self._project(generated, "generated")
        drawn = np.array(
            [
                _frechet(x[rng.integers(len(x), size=len(x))], y[rng.integers(len(y), size=len(y))])
                for _ in range(resamples)
            ]
        )
        low, high = np.percentile(drawn - (drawn.mean() - _frechet(x, y)), [2.5, 97.5])
        return max(0.0, float(low)), max(0.0, float(high))

    def _project(self, images: Images, name: str) -> Features:
        pixels = _pixels(images, name)
        if len(pixels) < 2 or pixels.shape[1] != len(self._mean):
            raise ValueError(
                f"{name}: two or more images of {len(self._mean)} pixels are needed, "
                f"got {pixels.shape[0]} of {pixels.shape[1]}"
            )
        projected: Features = (pixels - self._mean) @ self._axes.T
        return projected


def _pixels(images: Images, name: str) -> Features:
    """Images (N, ...) as rows (N, D), float64."""
    array = images.detach().cpu().numpy() if isinstance(images, Tensor) else np.asarray(images)
    if array.ndim < 2:
        raise ValueError(f"{name}: images (N, ...) are needed, got shape {array.shape}")
    pixels: Features = array.astype(np.float64).reshape(len(array), -1)
    if not np.isfinite(pixels).all():
        raise ValueError(f"{name}: {int((~np.isfinite(pixels)).sum())} pixels are not finite")
    return pixels


def _frechet(x: Features, y: Features) -> float:
    """The distance between the Gaussians that share the samples' (n, d), (m, d) means and covariances.

    tr(S_x^½ S_y S_x^½)^½ is the sum of the singular values of the product of two factors of the covariances:
    the centred samples themselves, of which triangular factors are enough. No covariance is formed and no
    root of a product is taken, so that near-singular sets lose no digits.
    """
    (n, m), (mean_x, mean_y) = (len(x), len(y)), (x.mean(axis=0), y.mean(axis=0))
    _, X = np.linalg.qr((x - mean_x) / np.sqrt(n - 1))
    _, Y = np.linalg.qr((y - mean_y) / np.sqrt(m - 1))
    cross = np.linalg.svd(X @ Y.T, compute_uv=False).sum()
    return max(0.0, float(((mean_x - mean_y) ** 2).sum() + (X**2).sum() + (Y**2).sum() - 2 * cross))
