"""Nearest training images in pixels: whether images are copies of them."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.diagnostics.intervals import wilson
from gebm_studio.messages import Interval

GREY_LEVELS = 127.5
"""Grey levels of 255 in a unit of pixels in [−1, 1]."""
RARE = 0.01
"""Share of held-out images that are nearer to a training image than a copy may be."""
_PIECE = 2e8
"""Multiplications of one piece."""
_ROWS = 256


class Nearest(NamedTuple):
    """The nearest training image of each image: its place among them (n,), and how far it is (n,).

    A distance is the root mean square difference of the pixels in grey levels of 255.
    """

    places: NDArray[np.int64]
    distance: NDArray[np.float64]


@torch.no_grad()
def nearest_in_pieces(images: Tensor, training: Tensor) -> Generator[None, None, Nearest]:
    """The nearest training image (N, ...) of each image (n, ...), both with pixels in [−1, 1].

    A distance matrix is never held whole, and training images are taken a block at a time, so that they may lie on
    disk. Places are found from products in float32, distances then from differences in float64.

    Raises:
        ValueError: For sets that are empty, or images of another shape.
    """
    if not len(images) or not len(training) or images.shape[1:] != training.shape[1:]:
        wanted, got = tuple(training.shape), tuple(images.shape)
        raise ValueError(f"images of the training images' shape {wanted[1:]} are needed, got {got} against {wanted}")
    pixels = math.prod(images.shape[1:])
    columns = max(1, int(_PIECE / (_ROWS * pixels)))
    best = images.new_full((len(images),), math.inf)
    place = torch.zeros(len(images), dtype=torch.int64, device=images.device)
    for left in range(0, len(training), columns):
        block = training[left : left + columns].to(images).flatten(1)
        squares = block.square().sum(1)
        for top in range(0, len(images), _ROWS):
            part = slice(top, top + _ROWS)
            # |x|² is the same for all: it changes no order.
            away = torch.addmm(squares, images[part].flatten(1), block.T, alpha=-2)
            least, where = away.min(1)
            nearer = least < best[part]
            best[part] = torch.where(nearer, least, best[part])
            place[part] = torch.where(nearer, where + left, place[part])
            yield
    places = place.cpu().numpy()
    distance = np.empty(len(images))
    for top in range(0, len(images), _ROWS):
        part = slice(top, top + _ROWS)
        away = images[part].double() - training[places[part].tolist()].to(images.device).double()
        distance[part] = GREY_LEVELS * away.flatten(1).square().mean(1).sqrt().cpu().numpy()
        yield
    return Nearest(places, distance)


def copies(generated: NDArray[np.float64], held_out: NDArray[np.float64]) -> Interval:
    """The share of distances (n,) below what `RARE` of the held-out ones (m,) stay below, with its 95 % interval.

    A model that draws from the data's law has a share of `RARE`, one that repeats training images a larger one. The
    interval is Wilson's, of other generated images against the same threshold.
    """
    threshold = np.quantile(held_out, RARE, method="lower")
    return wilson(int((generated < threshold).sum()), len(generated))
