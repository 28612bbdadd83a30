"""How images are made to fit: cropped, resized, in grey or colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from gebm_studio.schema.images import ImageFiles


@dataclass(frozen=True)
class Fit:
    """From images of any size to (C, S, S) of 8 bits.

    Attributes:
        side: S.
        channels: C: 1 for luma (ITU-R 601), 3 for red, green and blue.
        crop: Whether the middle square is taken; else what is not square is stretched.
    """

    side: int
    channels: int
    crop: bool

    @classmethod
    def of(cls, section: ImageFiles) -> Fit:
        """What a section asks for."""
        return cls(section.side, section.channels, section.crop == "centre")

    def describe(self) -> str:
        """What is done, in one line."""
        square = "middle square" if self.crop else "stretched to a square"
        colour = "luma (ITU-R 601)" if self.channels == 1 else "RGB"
        filtered = f"by the Lanczos filter of Pillow {PIL.__version__}"
        return f"{square}, {colour}, resized to {self.side}×{self.side}, where it differs, {filtered}"

    def image(self, image: Image.Image) -> NDArray[np.uint8]:
        """One image (C, S, S). What is transparent is seen on white."""
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        elif image.mode.startswith("I;16"):
            # Pillow would cut 16 bits off at 255; the upper eight are the image.
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        image = image.convert("L" if self.channels == 1 else "RGB")
        width, height = image.size
        if self.crop and width != height:
            short = min(width, height)
            left, top = (width - short) // 2, (height - short) // 2
            image = image.crop((left, top, left + short, top + short))
        if image.size != (self.side, self.side):
            image = image.resize((self.side, self.side), Image.Resampling.LANCZOS)
        pixels = np.asarray(image)
        return pixels[None] if self.channels == 1 else pixels.transpose(2, 0, 1)

    def images(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Images (n, C, S, S) of (n, H, W) or (n, H, W, 3)."""
        grey = pixels.ndim == 3
        if pixels.shape[1:3] == (self.side, self.side) and grey == (self.channels == 1):
            return pixels[:, None] if grey else pixels.transpose(0, 3, 1, 2)
        fitted = np.empty((len(pixels), self.channels, self.side, self.side), np.uint8)
        for row, image in zip(fitted, pixels, strict=True):
            row[:] = self.image(Image.fromarray(image))
        return fitted
