"""Draw the thumbnail of every preset from a real run of it: `python resources/make_thumbnails.py [NAME …]`.

Run it again after a preset was added or changed. A picture of 96 × 96 points in device pixels of twice
the density, transparent, so that it fits light and dark.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gebm_studio import presets
from gebm_studio.experiments import Training
from gebm_studio.files import written_aside
from gebm_studio.messages import DataLine, DataPart, Extent, GalleryPart, Pull

SIZE, FINE = 192, 4
ITERATIONS = {"none": 150, "both": 900}
IMAGE_ITERATIONS = 300
DATA, BASE, GEBM = (140, 140, 140), (204, 121, 167), (0, 158, 115)
MORE, LESS = (213, 94, 0), (0, 114, 178)
FOLDER = Path(__file__).resolve().parent / "thumbnails"


def main(names: list[str]) -> None:
    """Draw the named presets, or all."""
    for entry in presets.listing()[0]:
        if names and entry.name not in names:
            continue
        run = Training(entry.preset, torch.device("cpu"), str(entry.path.parent))
        images = len(run.target.shape) == 3
        run.train(IMAGE_ITERATIONS if images else ITERATIONS.get(entry.preset.training.train, 300))
        frame = run.frame(Pull(needs=frozenset({"data", "gallery"})), run_id=1, state="paused", rate=0.0, device="cpu")
        if frame.gallery is not None:
            picture = grid(frame.gallery)
        elif frame.data is not None and frame.data.line is not None:
            picture = densities(frame.data.line, frame.data.home)
        elif frame.data is not None:
            picture = cloud(frame.data, by_weight=entry.preset.view.colour == "log_weight")
        with written_aside(FOLDER / f"{entry.name}.png") as aside:
            picture.save(aside, format="PNG", optimize=True)
        sys.stdout.write(f"{entry.name}\n")


def cloud(part: DataPart, by_weight: bool) -> Image.Image:
    """Data in grey; the base by role or by weight; the GEBM on top unless weights are the point."""
    side = SIZE * FINE
    picture = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    draw = ImageDraw.Draw(picture)
    left, right, bottom, top = part.home

    def dots(points: NDArray[Any], colours: list[tuple[int, int, int]], radius: float) -> None:
        for (x, y), colour in zip(points, colours, strict=True):
            across, down = (x - left) / (right - left) * side, (top - y) / (top - bottom) * side
            draw.ellipse((across - radius, down - radius, across + radius, down + radius), fill=(*colour, 255))

    radius = 1.5 * FINE
    if by_weight:
        shades = np.clip(part.log_weight / 1.5, -1, 1)
        order = np.argsort(shades)
        dots(part.data[:200], [DATA] * len(part.data[:200]), radius)
        dots(part.base[order], [shade(value) for value in shades[order]], 1.4 * radius)
    else:
        dots(part.base, [BASE] * len(part.base), radius)
        dots(part.data, [DATA] * len(part.data), radius)
        dots(part.gebm, [GEBM] * len(part.gebm), radius)
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def densities(line: DataLine, home: Extent) -> Image.Image:
    """Data of one dimension: its density filled, those of base and GEBM as lines."""
    side = SIZE * FINE
    picture = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    draw = ImageDraw.Draw(picture)
    known = line.histogram if np.isnan(line.p).any() else line.p
    across = (line.x - home[0]) / (home[1] - home[0]) * side
    highest = 1.1 * max(float(known.max()), float(line.q.max()))
    curves = [side * (0.95 - 0.9 * values / highest) for values in (known, line.g, line.q)]
    draw.polygon([(0.0, 0.95 * side), *zip(across, curves[0], strict=True), (side, 0.95 * side)], fill=(*DATA, 120))
    for down, colour in zip(curves[1:], (BASE, GEBM), strict=True):
        draw.line(list(zip(across, down, strict=True)), fill=(*colour, 255), width=5 * FINE, joint="curve")
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def shade(value: float) -> tuple[int, int, int]:
    """Orange for more mass, blue for less, grey between."""
    end, share = (MORE, value) if value > 0 else (LESS, -value)
    red, green, blue = (round(share * a + (1 - share) * 200) for a in end)
    return red, green, blue


def grid(part: GalleryPart) -> Image.Image:
    """Sixteen digits of the GEBM."""
    tiles = np.pad(part.gebm[:16], ((0, 0), (1, 1), (1, 1)))  # a dark pixel between two of them
    height, width = tiles.shape[1:]
    sheet = tiles.reshape(4, 4, height, width).transpose(0, 2, 1, 3).reshape(4 * height, 4 * width)
    large = Image.fromarray(sheet).resize((SIZE * FINE, SIZE * FINE), Image.Resampling.NEAREST)
    return large.resize((SIZE, SIZE), Image.Resampling.LANCZOS).convert("RGBA")


if __name__ == "__main__":
    main(sys.argv[1:])
