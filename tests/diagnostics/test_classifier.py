"""The classifiers that ship: they load, tell what they state, and look at each image by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from gebm_studio import files
from gebm_studio.diagnostics import classifier
from gebm_studio.diagnostics.classifier import FEATURES, KINDS, Classifier, Name, load
from gebm_studio.schema import images as schema
from gebm_studio.targets.images import Digits
from gebm_studio.targets.sprites import draw_factors, render

CPU = torch.device("cpu")
every = pytest.mark.parametrize("kind", KINDS)
LEAST = {"digits": 0.97, "sprites": 0.995}


def held_out(kind: Name) -> tuple[Tensor, dict[str, Tensor]]:
    """The images that the shipped accuracy was measured on, and what they show."""
    if kind == "digits":
        target = Digits(schema.Digits(held_out=schema.DIGITS - schema.DIGITS_TRAINING), seed=0, device=CPU)
        return target.held_out, {"digit": target.held_out_labels}
    factors = draw_factors(schema.Sprites(), 10_000, torch.Generator().manual_seed(1))
    return render(factors), {"shape": factors.shape, "size": factors.size, "colour": factors.colour}


@every
def test_the_stated_accuracy_is_the_measured_one(kind: Name) -> None:
    shipped = load(kind, CPU)
    x, labels = held_out(kind)
    told = shipped.labels(x)
    assert shipped.measured_on == len(x)
    assert shipped.accuracy == {head: (told[head] == labels[head]).double().mean().item() for head in told}
    assert min(shipped.accuracy.values()) >= LEAST[kind]
    assert str(len(x)) in shipped.protocol


@every
def test_a_classifier_is_small_frozen_and_loaded_once(kind: Name) -> None:
    shipped = load(kind, CPU)
    assert shipped is load(kind, CPU)
    assert not shipped.training
    assert not any(weight.requires_grad for weight in shipped.parameters())
    assert shipped.name == f"{kind} classifier v1, 64 features"
    file = files.shipped("resources") / "classifiers" / f"{kind}.safetensors"
    assert file.stat().st_size < 400_000


@every
def test_what_an_image_is_told_to_be_does_not_depend_on_those_beside_it(kind: Name) -> None:
    shipped = load(kind, CPU)
    x = held_out(kind)[0][:700]
    features = shipped.features(x)
    assert features.shape == (len(x), FEATURES)
    for part in (slice(0, 1), slice(100, 503), slice(690, 700)):
        torch.testing.assert_close(shipped.features(x[part]), features[part], atol=2e-5, rtol=1e-5)
    assert features.var(0).mean().item() == pytest.approx(1, abs=0.1)
    backwards = shipped.features(x.flip(0)).flip(0)
    torch.testing.assert_close(backwards, features, atol=2e-5, rtol=1e-5)
    assert torch.equal(shipped.features(x), features)
    assert shipped.features(x[:0]).shape == (0, FEATURES)


@every
def test_heads_agree_with_each_other(kind: Name) -> None:
    shipped = load(kind, CPU)
    x = held_out(kind)[0][:300]
    shares, labels, logits = shipped.probabilities(x), shipped.labels(x), shipped(x)
    sure = torch.ones(len(x))
    for head, names in shipped.heads.items():
        assert shares[head].shape == (len(x), len(names))
        torch.testing.assert_close(shares[head], logits[head].softmax(1), atol=1e-5, rtol=1e-4)
        assert torch.equal(labels[head], shares[head].argmax(1))
        sure = torch.minimum(sure, shares[head].gather(1, labels[head].unsqueeze(1)).squeeze(1))
    assert torch.equal(shipped.confidence(x), sure)
    assert shipped.confidence(x).median() > 0.95


def test_wrong_images_are_refused() -> None:
    shipped = load("digits", CPU)
    with pytest.raises(ValueError, match=r"looks at images \(1, 8, 8\), got \(3, 32, 32\)"):
        shipped.features(torch.zeros(2, 3, 32, 32))
    broken = torch.zeros(2, 1, 8, 8)
    broken[1, 0, 3, 2:5] = float("nan")
    with pytest.raises(ValueError, match="3 pixels are not finite"):
        shipped.labels(broken)
    with pytest.raises(ValueError, match="classifier must be one of digits, sprites, got 'faces'"):
        load("faces", CPU)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"version": "0"}, {"kind": "sprites"}, {"features": "32"}, None])
def test_a_file_of_another_version_is_refused(
    change: dict[str, str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] | None = None if change is None else classifier.description("digits") | change
    (tmp_path / "classifiers").mkdir()
    save_file(Classifier("digits").state_dict(), tmp_path / "classifiers" / "digits.safetensors", told)
    monkeypatch.setattr(classifier, "shipped", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"run resources/train_classifiers\.py again"):
        load.__wrapped__("digits", CPU)
