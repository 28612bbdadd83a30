"""Fonts for pictures that are files."""

from __future__ import annotations

from functools import cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FONTS = ("DejaVuSans.ttf", "Arial.ttf", "segoeui.ttf", "Helvetica.ttc", "LiberationSans-Regular.ttf")
_PLAIN = str.maketrans(
    {"λ": "lambda", "ℓ": "l", "δ": "delta", "β": "beta", "ε": "epsilon", "₂": "2", "²": "^2", "−": "-"}
    | {digit: f"^{value}" for value, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
)
"""For the font that Pillow brings, which knows no Greek."""


def font(size: int) -> Font:
    """A font of the system, or else the one that Pillow brings; `size` in pixels."""
    return _found(size)[0]


def spelled(text: str, size: int) -> str:
    """A text as `font` of that size can write it."""
    return text if _found(size)[1] else text.translate(_PLAIN)


@cache
def _found(size: int) -> tuple[Font, bool]:
    """The font, and whether it knows Greek."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size), True
        except OSError:
            continue
    return ImageFont.load_default(size), False
