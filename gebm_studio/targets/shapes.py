"""Filled shapes as masks of cells: drawn by inequalities, or the dark part of a picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from gebm_studio.files import explain
from gebm_studio.presets import PresetError
from gebm_studio.schema import law as schema

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

_CELLS = 384
"""Cells along a side of the square [−1, 1]² of a shape; a picture's longer side is brought down to as many."""
_DARK = 128
"""Grey levels below this carry mass."""
_MOST_PIXELS = 50_000_000


def mask_of(section: schema.Shape, folder: str) -> Mask:
    """Which cells (H, W) of a shape are filled, row 0 on top.

    Raises:
        PresetError: Where a picture cannot be read or has no dark part, in one line.
    """
    if section.name == "picture":
        return _picture(Path(folder).expanduser() / Path(section.path).expanduser())
    line = (np.arange(_CELLS) + 0.5) * (2 / _CELLS) - 1
    x, y = np.meshgrid(line, line[::-1])
    return _INSIDE[section.name](x, y)


def _heart(x: Doubles, y: Doubles) -> Mask:
    """(u² + v² − 1)³ ≤ u² v³, scaled into the square."""
    u, v = 1.2 * x, 1.2 * y + 0.12
    return np.asarray((u**2 + v**2 - 1) ** 3 <= u**2 * v**3)


def _star(x: Doubles, y: Doubles) -> Mask:
    """A pentagram's outline: each fifth turn ends in a tip at radius one, with inner corners at 0.382."""
    angle = np.mod(np.arctan2(x, y) + math.pi / 5, 2 * math.pi / 5) - math.pi / 5
    radius = np.hypot(x, y)
    along, across = radius * np.cos(angle), radius * np.abs(np.sin(angle))
    inner = (3 - math.sqrt(5)) / 2
    corner = inner * math.cos(math.pi / 5), inner * math.sin(math.pi / 5)
    return np.asarray((1 - along) * corner[1] >= across * (1 - corner[0]))


def _crescent(x: Doubles, y: Doubles) -> Mask:
    """A disc without another that covers most of it."""
    return np.asarray((np.hypot(x, y) <= 0.95) & (np.hypot(x - 0.4, y) > 0.75))


def _spiral(x: Doubles, y: Doubles) -> Mask:
    """A band of width 0.16 about r = 0.09 + 0.27 t over t turns from 0 to 2.75."""
    turn, radius = np.arctan2(y, x) / (2 * math.pi), np.hypot(x, y)
    found = np.zeros(x.shape, dtype=bool)
    for k in range(4):
        t = turn + k
        found |= (t >= 0) & (t <= 2.75) & (np.abs(radius - 0.09 - 0.27 * t) <= 0.08)
    return found


def _cross(x: Doubles, y: Doubles) -> Mask:
    """Two bars of a third of the square's side."""
    short, long = np.minimum(np.abs(x), np.abs(y)), np.maximum(np.abs(x), np.abs(y))
    return np.asarray((short <= 0.3) & (long <= 0.9))


_INSIDE: dict[str, Callable[[Doubles, Doubles], Mask]] = {
    "heart": _heart,
    "star": _star,
    "crescent": _crescent,
    "spiral": _spiral,
    "cross": _cross,
}


def _picture(path: Path) -> Mask:
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise PresetError([f"{path}: {picture.width} × {picture.height} pixels are too many; at most "
                                   f"{_MOST_PIXELS // 10**6} million are read"])  # fmt: skip
            grey = _on_white(picture)
    except UnidentifiedImageError as error:
        raise PresetError([f"{path}: not a picture that can be read; save it as PNG or JPEG"]) from error
    except Image.DecompressionBombError as error:
        raise PresetError([f"{path}: has too many pixels; make it smaller"]) from error
    except OSError as error:
        # Pillow also reports damaged content as an OSError, one without a number.
        reason = explain(error, path, "read") if error.errno else f"{path}: a damaged picture: {error}"
        raise PresetError([reason]) from error
    except (ValueError, SyntaxError) as error:
        raise PresetError([f"{path}: cannot be read as a picture: {error}"]) from error
    mask: Mask = grey < _DARK
    if not mask.any():
        raise PresetError([f"{path}: no pixel is darker than half grey, so there is no mass; draw in black on white"])
    return mask


def _on_white(picture: Image.Image) -> NDArray[np.uint8]:
    """Grey levels, what is transparent over white, the longer side at most `_CELLS`."""
    coloured = picture.convert("RGBA")
    ground = Image.new("RGBA", coloured.size, "white")
    grey = Image.alpha_composite(ground, coloured).convert("L")
    grey.thumbnail((_CELLS, _CELLS))
    return np.asarray(grey)
