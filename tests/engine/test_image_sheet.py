"""Images on a sheet, and what they are as bytes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gebm_studio.engine.image_sheet import coloured, sheet, zoomed
from gebm_studio.experiments.pixels import pixels


def test_pixels_are_grey_or_colour_and_always_numbers() -> None:
    grey = pixels(torch.tensor([-1.0, 0.0, 1.0, math.nan, 9.0, -math.inf]).view(1, 1, 2, 3))
    assert grey.tolist() == [[[0, 128, 255], [0, 255, 0]]] and not grey.flags.writeable
    x = torch.stack((torch.full((2, 2), -1.0), torch.full((2, 2), 1.0), torch.tensor([[-1.0, 1.0], [1.0, -1.0]])))
    assert pixels(x.unsqueeze(0))[0].tolist() == [[[0, 255, 0], [0, 255, 255]], [[0, 255, 255], [0, 255, 0]]]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("columns", "gap", "rows"), [(2, 0, 0), (3, 2, 0), (2, 1, 4)])
def test_a_sheet_holds_every_image_in_its_place(channels: int, columns: int, gap: int, rows: int) -> None:
    images = np.random.default_rng(0).integers(0, 255, (5, 3, 4, channels), dtype=np.uint8)  # no white
    images = images[..., 0] if channels == 1 else images
    picture = sheet(images, columns, gap, rows=rows)
    assert picture.shape == ((rows or -(-5 // columns)) * (3 + gap) - gap, columns * (4 + gap) - gap, 3)
    for index, image in enumerate(coloured(images)):
        top, left = (index // columns) * (3 + gap), (index % columns) * (4 + gap)
        assert np.array_equal(picture[top : top + 3, left : left + 4], image)
    assert (picture.astype(int).sum(2) == 3 * 255).sum() == picture[..., 0].size - 5 * 12, "white everywhere else"


def test_zoom_repeats_pixels() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (3, 4, 3), dtype=np.uint8)
    large = zoomed(picture, 3)
    assert large.shape == (9, 12, 3)
    assert all(np.array_equal(large[down::3, across::3], picture) for down in range(3) for across in range(3))
