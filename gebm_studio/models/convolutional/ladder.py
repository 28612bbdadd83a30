"""The sizes that the maps of a network take, from the smallest to the image."""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST = {8: 2, 16: 4, 28: 7, 32: 4, 64: 4}
"""Side of the smallest map by the side of the image, pixels; each doubling leads to the next."""


@dataclass(frozen=True)
class Ladder:
    """What an image's shape says of the networks that make or judge it.

    Attributes:
        part: Whose network it is, as errors name it.
        colours: Channels of the image.
        side: Of the image, pixels.
        smallest: Side of the smallest map.
        doublings: How often the side doubles between the two.
    """

    part: str
    colours: int
    side: int
    smallest: int
    doublings: int

    @staticmethod
    def of(shape: tuple[int, ...], part: str) -> Ladder:
        """The ladder of images (C, H, H).

        Raises:
            ValueError: Where there is none.
        """
        side = shape[-1]
        if len(shape) != 3 or shape[1] != side or side not in SMALLEST:
            sides = ", ".join(map(str, SMALLEST))
            raise ValueError(
                f"{part}: kind conv is for square images of {sides} pixels a side, the target has shape {shape}; "
                "resize the images or use kind mlp"
            )
        return Ladder(part, shape[0], side, SMALLEST[side], (side // SMALLEST[side]).bit_length() - 1)

    def halved(self, channels: int, times: int) -> list[int]:
        """Channels of the smallest map and of those above it, each half of the one before, rounded down.

        Raises:
            ValueError: Where none would be left.
        """
        if channels >> times == 0:
            raise ValueError(
                f"{self.part}.channels: must be at least {2**times} at {self.side} pixels, where they halve {times} "
                f"times, got {channels}; raise them or use architecture resnet"
            )
        return [channels >> index for index in range(times + 1)]
