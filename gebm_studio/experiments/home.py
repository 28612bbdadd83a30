"""Where data space is looked at before a person moves the picture."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from gebm_studio.targets import Extent, Target
from gebm_studio.targets.target import square, square_around


def home_of(target: Target, samples: Tensor) -> Extent:
    """The target's own square, or one around it and the samples where most of these lie outside of it.

    Arguments:
        target: A target of the plane.
        samples: The base at the start, on the plane of view, (n, 2); points that are not finite do not count.
    """
    left, right, bottom, top = target.home
    samples = samples[samples.isfinite().all(1)]
    across, up = samples[:, 0], samples[:, 1]
    inside = (across > left) & (across < right) & (up > bottom) & (up < top)
    if 2 * int(inside.sum()) >= len(samples):
        return target.home
    return square(*shared_home((target.home, square_around(samples))))


def shared_home(homes: Iterable[Extent]) -> Extent:
    """The least extent that holds all of some."""
    left, right, bottom, top = zip(*homes, strict=True)
    return (min(left), max(right), min(bottom), max(top))
