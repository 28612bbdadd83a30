"""Feature spaces in which images are compared, each by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.diagnostics.classifier import FEATURES, Classifier
from gebm_studio.diagnostics.resampling import Features
from gebm_studio.presets import PresetError

CHUNK = 256
"""Images that are looked at at once, where a caller says nothing."""
COMPONENTS = 16
_DENSE = 1024
"""Pixels up to which all principal axes are computed; of more, where images are fewer, only those that are kept."""
INCEPTION_URL = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
)

Rows = Tensor | NDArray[Any]
"""Images (n, ...) with n first, or rows of pixels (n, D)."""


class FeatureSpace(Protocol):
    """Maps images to rows of numbers.

    Attributes:
        name: What stands beside a number that was taken here: the network or method with its version, and the width.
        width: k.
    """

    @property
    def name(self) -> str: ...

    @property
    def width(self) -> int: ...

    def __call__(self, images: Tensor, chunk: int = CHUNK) -> Features:
        """Features (n, k), float64 on the CPU, of images (n, C, H, W) in [−1, 1], `chunk` at a time.

        Raises:
            ValueError: For images of another shape, or pixels that are not finite.
        """


class ClassifierFeatures:
    """The features that a shipped classifier tells classes by."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self.name, self.width = classifier.name, FEATURES

    def __call__(self, images: Tensor, chunk: int = CHUNK) -> Features:
        """As `FeatureSpace`."""
        parts = [self.classifier.features(part).double().cpu().numpy() for part in images.split(chunk)]
        return np.concatenate([np.empty((0, self.width)), *parts])


class PixelComponents:
    """Principal components of training images.

    Arguments:
        training: Images (N, ...), N ≥ 3; D pixels each.
        components: How many principal components, at most 16, D and N − 1.

    Raises:
        ValueError: For too few images, or numbers that are not finite.
    """

    def __init__(self, training: Rows, components: int = COMPONENTS) -> None:
        if not 1 <= components <= COMPONENTS:
            raise ValueError(f"components must lie from 1 to {COMPONENTS}, got {components}")
        pixels = _pixels(training, "training")
        if len(pixels) < 3:
            raise ValueError(f"at least 3 training images are needed, got {len(pixels)}")
        self._mean: Features = pixels.mean(axis=0)
        self.width = min(components, pixels.shape[1], len(pixels) - 1)
        self._axes = _principal_axes(pixels - self._mean, self.width)
        self.name = f"PCA-{self.width} of pixels"

    def __call__(self, images: Rows, chunk: int = CHUNK) -> Features:
        """As `FeatureSpace`, of images or rows of pixels."""
        parts = [self._project(images[start : start + chunk]) for start in range(0, len(images), chunk)]
        return np.concatenate([np.empty((0, self.width)), *parts])

    def _project(self, images: Rows) -> Features:
        pixels = _pixels(images, "images")
        if pixels.shape[1] != len(self._mean):
            raise ValueError(f"images of {len(self._mean)} pixels are needed, got {pixels.shape[1]}")
        features: Features = (pixels - self._mean) @ self._axes.T
        return features


class InceptionFeatures:
    """The 2,048 features of the Inception network of the published Fréchet Inception distances.

    Grey images are looked at as colour ones with three equal channels.

    Raises:
        PresetError: Where torch-fidelity is not installed, or the weights are not there or not what they should be.

    References:
        GANs trained by a two time-scale update rule converge to a local Nash equilibrium (Heusel et al., 2017),
        arXiv 1706.08500; in the form of torch-fidelity (Obukhov et al., 2020), doi 10.5281/zenodo.4957738.
    """

    width = 2048

    def __init__(self, device: torch.device) -> None:
        try:
            import torch_fidelity
            from torch_fidelity import FeatureExtractorInceptionV3
        except ImportError as error:
            said = "quality.features: inception needs torch-fidelity; pip install 'gebm-studio[inception]'"
            raise PresetError([said]) from error
        weights = inception_weights()
        if not weights.is_file():
            said = f"quality.features: the weights of inception are not there; put {INCEPTION_URL} at {weights}"
            raise PresetError([said])
        try:
            # torch-fidelity unpickles without restraint: what holds more than tensors is refused before.
            torch.load(weights, map_location="cpu", weights_only=True)
            network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(weights))
        except Exception as error:
            said = f"quality.features: {weights} does not hold the weights of inception ({error}); fetch it again"
            raise PresetError([said.replace("\n", " ")]) from error
        self._network, self._device = network.to(device), device
        self.name = f"Inception-v3 by torch-fidelity {torch_fidelity.__version__}, {self.width} features"

    @torch.no_grad()
    def __call__(self, images: Tensor, chunk: int = 32) -> Features:
        """As `FeatureSpace`."""
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise ValueError(f"images (n, 1 or 3, H, W) are needed, got {tuple(images.shape)}")
        if not torch.isfinite(images).all():
            raise ValueError(f"{int((~torch.isfinite(images)).sum())} pixels are not finite")
        parts = []
        for part in images.split(chunk):
            levels = ((part.clamp(-1, 1) + 1) * 127.5).round().byte().expand(-1, 3, -1, -1).to(self._device)
            parts.append(self._network(levels)[0].double().cpu().numpy())
        return np.concatenate([np.empty((0, self.width)), *parts])


def inception_weights() -> Path:
    """Where the weights of the Inception network lie: where torch keeps what it downloads."""
    return Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_URL.rpartition("/")[2]


def _pixels(images: Rows, name: str) -> Features:
    """Images (N, ...) as rows (N, D), float64."""
    array = images.detach().cpu().numpy() if isinstance(images, Tensor) else np.asarray(images)
    if array.ndim < 2:
        raise ValueError(f"{name}: images (N, ...) are needed, got shape {array.shape}")
    pixels: Features = array.astype(np.float64).reshape(len(array), -1)
    if not np.isfinite(pixels).all():
        raise ValueError(f"{name}: {int((~np.isfinite(pixels)).sum())} pixels are not finite")
    return pixels


def _principal_axes(centred: Features, kept: int) -> Features:
    """Orthonormal directions (kept, D) in which centred rows (N, D) vary most, most first."""
    if centred.shape[1] <= max(_DENSE, len(centred)):
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        found: Features = axes[:kept]
        return found
    from scipy.linalg import eigh

    # By products of rows: a tenth of the time where rows are few, and nobody keeps the thousands of other axes.
    last = len(centred) - 1
    _, weights = eigh(centred @ centred.T, subset_by_index=[last - kept + 1, last])
    spanned: Features = weights.T[::-1] @ centred
    lengths = np.linalg.norm(spanned, axis=1, keepdims=True)
    unit: Features = spanned / np.maximum(lengths, np.finfo(np.float64).tiny)  # zero where images do not vary at all
    return unit
