"""Patches of photographs: training and held-out ones share no pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_images

from gebm_studio.schema import images as schema
from gebm_studio.targets import Patches
from gebm_studio.targets.patches import BLOCK, EVERY, SIDE
from tests.targets.cases import CPU, generator


@pytest.fixture(scope="module")
def patches() -> Patches:
    return Patches(schema.Patches(), seed=0, device=CPU)


def test_blocks_tile_both_photographs_and_every_fifth_is_held_out(patches: Patches) -> None:
    pictures = load_sample_images().images
    owners = np.zeros((2, *pictures[0].shape[:2]), dtype=int)
    for number, blocks in ((1, patches.training_blocks), (2, patches.held_out_blocks)):
        for photograph, top, left in blocks.tolist():
            owners[photograph, top : top + BLOCK[0], left : left + BLOCK[1]] += number
    assert set(np.unique(owners)) == {1, 2}, "each pixel belongs to one block"
    assert (owners == 2).mean(axis=(1, 2)) == pytest.approx([1 / EVERY] * 2)
    of_blocks = owners[:, :: BLOCK[0], :: BLOCK[1]] == 2
    assert not (of_blocks[:, 1:] & of_blocks[:, :-1]).any() and not (of_blocks[:, :, 1:] & of_blocks[:, :, :-1]).any()


def test_each_patch_is_a_piece_of_a_block_of_its_own_part(patches: Patches) -> None:
    pictures = np.stack(load_sample_images().images)
    for images, blocks in (
        (patches.sample(40, generator()), patches.training_blocks),
        (patches.held_out[:40], patches.held_out_blocks),
    ):
        pieces = torch.stack(
            [torch.from_numpy(pictures[p, t : t + BLOCK[0], a : a + BLOCK[1]]) for p, t, a in blocks.tolist()]
        ).permute(0, 3, 1, 2)
        windows = pieces.unfold(2, SIDE, 1).unfold(3, SIDE, 1)
        pixels = ((images + 1) * 127.5).round().byte()
        torch.testing.assert_close(pixels.float() / 127.5 - 1, images, rtol=0, atol=1e-6)
        for image in pixels:
            corners = (windows[..., 0, 0] == image[:, 0, 0].reshape(1, 3, 1, 1)).all(1).nonzero()
            assert any(torch.equal(windows[b, :, y, x], image) for b, y, x in corners.tolist())


def test_held_out_patches_are_all_different_places_and_of_any_number(patches: Patches) -> None:
    most = Patches(schema.Patches(held_out=5000), seed=0, device=CPU)
    assert most.held_out.shape == (5000, 3, SIDE, SIDE)
    assert torch.equal(most.held_out[:1000], patches.held_out)
    assert patches.training_data(300, 4).shape == (300, 3, SIDE, SIDE)
    assert torch.equal(patches.training_data(300, 4), patches.training_data(300, 4))


def test_patches_come_from_all_places_alike(patches: Patches) -> None:
    """The mean of many patches is that of the training blocks' windows; five standard errors, p below 1e-6."""
    images = patches.sample(4000, generator(1)).mean(dim=(2, 3))
    pictures = np.stack(load_sample_images().images)
    means = []
    for p, t, a in patches.training_blocks.tolist():
        block = torch.from_numpy(pictures[p, t : t + BLOCK[0], a : a + BLOCK[1]]).permute(2, 0, 1).double()
        means.append(torch.nn.functional.avg_pool2d(block, SIDE, stride=1).mean(dim=(1, 2)) / 127.5 - 1)
    error = images.std(dim=0) / len(images) ** 0.5
    assert ((images.mean(dim=0) - torch.stack(means).mean(dim=0)).abs() < 5 * error).all()
