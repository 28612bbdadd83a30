"""Sets of images that ship: the fixed split of the digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gebm_studio.schema import images as schema
from gebm_studio.targets import Digits, ImageTarget
from gebm_studio.targets.images import stratified_order
from tests.targets.cases import CPU


def digits(held_out: int = 597, seed: int = 0) -> Digits:
    return Digits(schema.Digits(held_out=held_out), seed=seed, device=CPU)


def test_training_digits_are_the_same_whatever_is_held_out_and_whatever_the_seed() -> None:
    few, many = digits(100), digits(597, seed=8)
    assert torch.equal(few.training, many.training) and torch.equal(few.labels, many.labels)
    assert len(few.training) == schema.DIGITS_TRAINING
    assert torch.equal(few.held_out, many.held_out[:100]) and torch.equal(
        few.held_out_labels, many.held_out_labels[:100]
    )
    # This digest changes only where features and models that ship have to be trained again.
    at = torch.arange(1, schema.DIGITS_TRAINING + 1)
    assert int((many.labels * at).sum()) == 3235784


def test_no_held_out_digit_is_among_those_of_training() -> None:
    target = digits()
    everything = torch.cat((target.training, target.held_out)).flatten(1)
    assert len(everything) == schema.DIGITS == len(torch.unique(everything, dim=0))


def test_each_digit_has_its_share_of_training_and_of_any_first_part_held_out() -> None:
    target = digits()
    counts = torch.bincount(torch.cat((target.labels, target.held_out_labels)), minlength=10)
    for first in (100, 360, 597):
        found = torch.bincount(target.held_out_labels[:first], minlength=10)
        assert ((found - counts * first / schema.DIGITS).abs() <= 1).all()
    names, masses = target.factor_masses["digit"]
    assert names == tuple("0123456789") and sum(masses) == pytest.approx(1)
    np.testing.assert_allclose(masses, torch.bincount(target.labels) / len(target.labels), rtol=1e-6)


def test_images_tell_their_channels_and_side() -> None:
    target = digits()
    assert isinstance(target, ImageTarget)
    assert (target.channels, target.side) == (1, 8)


def test_an_order_by_shares_is_a_permutation() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20]).astype(np.int64)
    order = stratified_order(labels)
    assert sorted(order) == list(range(100))
    assert (np.bincount(labels[order[:10]]) == [5, 3, 2]).all()
