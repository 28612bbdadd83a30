"""Feature spaces: what they keep, how they are called, and what they refuse."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio.diagnostics import PixelComponents, classifier, features, frechet_distance
from gebm_studio.diagnostics.features import ClassifierFeatures, InceptionFeatures
from gebm_studio.presets import PresetError

CPU = torch.device("cpu")


def test_images_of_any_kind_give_the_same_components() -> None:
    rng = np.random.default_rng(2)
    training, x = rng.normal(size=(2, 50, 1, 8, 8)).astype(np.float32)
    space = PixelComponents(torch.from_numpy(training))
    assert (space.name, space.width) == ("PCA-16 of pixels", 16)
    found = space(torch.from_numpy(x))
    assert found.shape == (50, 16) and found.dtype == np.float64
    assert np.array_equal(space(x.reshape(50, 64)), found)
    assert np.allclose(space(x, chunk=7), found, rtol=0, atol=1e-12)
    assert space(x[:0]).shape == (0, 16)
    assert PixelComponents(training[:9]).name == "PCA-8 of pixels"
    assert PixelComponents(training, components=3).name == "PCA-3 of pixels"


def test_components_are_the_directions_in_which_training_images_vary_most() -> None:
    rng = np.random.default_rng(3)
    space = PixelComponents(rng.normal(size=(300, 20)) * np.r_[5, 4, np.full(18, 0.01)], components=2)
    x = rng.normal(size=(50, 20))
    along, across = np.zeros(20), np.zeros(20)
    along[0], across[7] = 3, 3
    assert frechet_distance(space(x), space(x + along)) == pytest.approx(9, rel=1e-3)
    assert frechet_distance(space(x), space(x + across)) == pytest.approx(0, abs=1e-3)


def test_of_many_pixels_the_same_components_are_found_without_the_others() -> None:
    rng = np.random.default_rng(4)
    training = rng.normal(size=(60, 1200)) * np.linspace(3, 0.01, 1200)
    found, again = PixelComponents(training), PixelComponents(training)
    centred = training - training.mean(axis=0)
    _, spread, axes = np.linalg.svd(centred, full_matrices=False)
    wanted = centred @ axes[:16].T
    assert np.abs(found(training)) == pytest.approx(np.abs(wanted), abs=1e-8 * spread[0])
    assert np.array_equal(found(training), again(training))


def test_a_classifier_is_a_feature_space() -> None:
    space = ClassifierFeatures(classifier.load("digits", CPU))
    x = torch.rand(10, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = space(x)
    assert found.shape == (10, space.width) and found.dtype == np.float64
    assert "digits classifier v" in space.name and str(space.width) in space.name
    assert space(x, chunk=3) == pytest.approx(found, abs=1e-5)
    assert space(x[:0]).shape == (0, space.width)


def test_what_has_no_features_is_refused() -> None:
    good = np.random.default_rng(7).normal(size=(30, 4))
    for call, said in (
        (lambda: PixelComponents(good[:2]), "at least 3 training images are needed, got 2"),
        (lambda: PixelComponents(good, components=17), "components must lie from 1 to 16, got 17"),
        (lambda: PixelComponents(good[:, 0]), "training: images"),
        (lambda: PixelComponents(good * np.nan), "training: 120 pixels are not finite"),
        (lambda: PixelComponents(good)(good[:, :3]), "images of 4 pixels are needed, got 3"),
        (lambda: PixelComponents(good)(good * np.inf), "images: 120 pixels are not finite"),
    ):
        with pytest.raises(ValueError, match=said):
            call()


def test_inception_says_what_is_to_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("torch_fidelity"):
            raise ImportError(name)
        return whole(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PresetError, match=r"quality\.features: inception needs torch-fidelity; pip install 'gebm-st"):
        InceptionFeatures(CPU)


class _Network(torch.nn.Module):
    """In the place of torch-fidelity's: 2,048 means of what it is given."""

    def __init__(self, name: str, wanted: list[str], feature_extractor_weights_path: str) -> None:
        super().__init__()
        self.load_state_dict(torch.load(feature_extractor_weights_path, weights_only=True))
        assert wanted == ["2048"]

    def forward(self, levels: torch.Tensor) -> tuple[torch.Tensor]:
        assert levels.dtype == torch.uint8 and levels.shape[1] == 3
        return (levels.double().flatten(1).mean(1, keepdim=True).expand(-1, 2048).float(),)


def test_inception_takes_weights_that_are_there_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The network itself cannot be had here; what is around it can be tried."""
    library = type(features)("torch_fidelity")
    library.__dict__.update(FeatureExtractorInceptionV3=_Network, __version__="0.4.0")
    monkeypatch.setitem(__import__("sys").modules, "torch_fidelity", library)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    weights = features.inception_weights()
    with pytest.raises(PresetError, match=r"weights of inception are not there; put https://.*\.pth at "):
        InceptionFeatures(CPU)
    weights.parent.mkdir()
    weights.write_bytes(b"cos\nsystem\n(S'true'\ntR.")  # a pickle that would run a program
    with pytest.raises(PresetError, match="does not hold the weights of inception"):
        InceptionFeatures(CPU)
    torch.save({}, weights)
    space = InceptionFeatures(CPU)
    assert space.name == "Inception-v3 by torch-fidelity 0.4.0, 2048 features"
    found = space(torch.tensor([-1.0, 0.0, 1.0]).reshape(3, 1, 1, 1).expand(3, 1, 4, 4))
    assert found.shape == (3, 2048) and found[:, 0].tolist() == [0, 128, 255]
    for wrong in (torch.zeros(3, 2, 4, 4), torch.full((1, 3, 4, 4), torch.nan)):
        with pytest.raises(ValueError, match=r"images|finite"):
            space(wrong)
