"""Nearest training images: found exactly, however the sets are cut, and copies told from chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gebm_studio.diagnostics import neighbours
from gebm_studio.diagnostics.neighbours import GREY_LEVELS, copies, nearest_in_pieces
from gebm_studio.divergences.pieces import finished


def _images(n: int, seed: int) -> torch.Tensor:
    return torch.rand(n, 1, 6, 6, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_the_nearest_is_the_nearest_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    images, training = _images(70, 0), _images(300, 1)
    training[123] = images[5]
    away = (images.double()[:, None] - training.double()[None]).flatten(2).square().mean(2).sqrt()
    for piece, rows in ((2e8, 256), (16 * 36 * 40, 16)):
        monkeypatch.setattr(neighbours, "_PIECE", piece)
        monkeypatch.setattr(neighbours, "_ROWS", rows)
        found = finished(nearest_in_pieces(images, training))
        assert found.places.tolist() == away.argmin(1).tolist()
        assert found.distance == pytest.approx(GREY_LEVELS * away.amin(1).numpy(), rel=1e-12)
        assert found.places[5] == 123 and found.distance[5] == 0


def test_one_grey_level_is_a_distance_of_one() -> None:
    image = torch.zeros(1, 3, 4, 4)
    found = finished(nearest_in_pieces(image, image + 1 / GREY_LEVELS))
    assert found.distance[0] == pytest.approx(1, rel=1e-6)


def test_images_without_numbers_are_infinitely_far() -> None:
    found = finished(nearest_in_pieces(torch.full((2, 1, 6, 6), torch.inf), _images(9, 0)))
    assert np.isinf(found.distance).all()


def test_copies_are_told_from_chance() -> None:
    rng = np.random.default_rng(0)
    held_out = rng.normal(10, 1, 500)
    share, low, high = copies(rng.normal(10, 1, 1000), held_out)
    assert low < 0.03 and share < 0.03
    share, low, high = copies(np.r_[np.zeros(300), rng.normal(10, 1, 700)], held_out)
    assert 0.25 < low < 0.3 <= share < high < 0.35
    assert copies(np.full(50, 11.0), held_out)[:2] == (0.0, 0.0)


def test_sets_must_fit() -> None:
    for images, training in ((_images(0, 0), _images(3, 0)), (_images(3, 0), torch.zeros(3, 1, 5, 5))):
        with pytest.raises(ValueError, match=r"images of the training images' shape \(1, "):
            finished(nearest_in_pieces(images, training))
