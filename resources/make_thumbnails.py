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
from gebm_studio.engine.image_sheet import coloured
from gebm_studio.experiments import Comparison, DivergenceLab, Experiment, ParticleFlow, Training, begin
from gebm_studio.files import written_aside
from gebm_studio.messages import (
    Bytes,
    DataLine,
    DataPart,
    Extent,
    FlowPart,
    Frame,
    GalleryPart,
    PairPart,
    Part,
    PlanPart,
    Pull,
    StepOnce,
)
from gebm_studio.models import pretrained
from gebm_studio.schema import Preset, TrainingPreset
from gebm_studio.schema.images import Reel

SIZE, FINE = 192, 4
ITERATIONS = {"none": 150, "both": 900}
IMAGE_ITERATIONS = 300
FLOW_STEPS, FLOW_PARTICLES = 1500, 240
"""Steps of so many particles; of more, which take longer and spread sooner, fewer in proportion."""
LAB_STEPS = 400
DATA, BASE, GEBM = (140, 140, 140), (204, 121, 167), (0, 158, 115)
PALE = (236, 200, 220)
MORE, LESS = (213, 94, 0), (0, 114, 178)
FOLDER = Path(__file__).resolve().parent / "thumbnails"


def main(names: list[str]) -> None:
    """Draw the named presets, or all."""
    for entry in presets.listing()[0]:
        if names and entry.name not in names:
            continue
        preset = ready(entry.preset)
        picture = thumbnail(begin(preset, torch.device("cpu"), str(entry.path.parent))) if preset else awaited()
        with written_aside(FOLDER / f"{entry.name}.png") as aside:
            picture.save(aside, format="PNG", optimize=True)
        sys.stdout.write(f"{entry.name}\n")


def ready(preset: Preset) -> Preset | None:
    """The preset as it is drawn: a recipe with the weights that ship for it; None where its images do not ship."""
    if not isinstance(preset, TrainingPreset) or len(preset.target.shape or ()) != 3:
        return preset
    if preset.target.kind == "images":
        return None
    trained = {"training.train": "none", "training.pretrained": preset.target.kind}
    return presets.changed(preset, trained) if pretrained.path_of(preset.target.kind).exists() else preset


def thumbnail(run: Experiment) -> Image.Image:
    """What a preset of any kind looks like after a while."""
    if isinstance(run, DivergenceLab):
        run.step(StepOnce("iteration", LAB_STEPS))
        return lab(run)
    if isinstance(run, ParticleFlow):
        run.step(StepOnce("iteration", FLOW_STEPS * FLOW_PARTICLES // max(FLOW_PARTICLES, len(run.scene.source))))
        frame = settled(run, "flow")
        if frame.flow is None:
            raise ValueError(f"{run.preset.title}: no flow is shown")
        return flow(frame.flow)
    if not isinstance(run, Training | Comparison):
        raise TypeError(f"no thumbnail is drawn of a {type(run).__name__}")
    training = run.front
    learning = training.preset.training.train
    if len(training.target.shape) != 3:
        run.train(ITERATIONS.get(learning, 300))
    elif learning != "none":
        run.train(IMAGE_ITERATIONS)
    while (frame := settled(run, "gallery")).gallery is not None:
        if frame.rests:
            return grid(seen(frame.gallery, about_film=training.preset.reel.frames > Reel().frames))
    frame = settled(run, "data")
    if frame.data is None:
        raise ValueError(f"{run.preset.title}: no data are shown")
    if frame.data.line is not None:
        return densities(frame.data.line, frame.data.home)
    return cloud(frame.data, by_weight=training.preset.view.colour == "log_weight")


def settled(run: Experiment, *needs: Part) -> Frame:
    """One frame of a run that rests."""
    return run.frame(Pull(needs=frozenset(needs)), run_id=1, state="paused", rate=0.0, device="cpu")


def lab(run: DivergenceLab) -> Image.Image:
    """What a lab is about: a tangent, a plan, a climb, KALE over KL, or else the pair itself."""
    docks, swept = run.preset.view.docks, run.preset.swept
    frame = settled(run, "pair", "tangent", "plan", "bound")
    if "tangent" in docks and frame.tangent is not None:
        part = frame.tangent
        line = part.value_there + part.slope * (part.u - part.touches)
        return curves(part.u, [(part.generator, DATA), (line, BASE)])
    if "plan" in docks and frame.plan is not None:
        return bands(frame.plan)
    if (
        "bound" in docks
        and "swept" not in docks
        and frame.bound is not None
        and len(frame.bound.rows) > 2
        and not frame.bound.fits
    ):
        steps, bound = frame.bound.rows.T
        later = len(bound) // 20  # the first steps may come from far below
        return curves(steps[later:], [(np.full(len(steps) - later, frame.bound.exact), DATA), (bound[later:], GEBM)])
    if "swept" in docks and swept.against == "kl":
        found = run.swept().table()
        kl = found["kl"]
        return curves(kl, [(kl, DATA), (found["kale"], GEBM)], top=0.6 * float(kl.max()))
    if frame.pair is None:
        raise ValueError(f"{run.preset.title}: the lab shows no pair")
    return pair(frame.pair, run.preset.view.lower)


def curves(
    x: NDArray[Any], wanted: list[tuple[NDArray[Any], tuple[int, int, int]]], top: float | None = None
) -> Image.Image:
    """Functions over x, to one scale."""
    picture, draw, side = blank()
    order = np.argsort(x)
    low = min(float(np.nanmin(values)) for values, _ in wanted)
    high = max(float(np.nanmax(values)) for values, _ in wanted) if top is None else top
    across = side * (0.04 + 0.92 * (x[order] - x.min()) / (x.max() - x.min()))
    for values, colour in wanted:
        down = side * (0.94 - 0.88 * (np.asarray(values, dtype=float)[order] - low) / (high - low))
        draw.line(list(zip(across, down, strict=True)), fill=(*colour, 255), width=6 * FINE, joint="curve")
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def bands(part: PlanPart) -> Image.Image:
    """Where mass goes: straight from above to below."""
    picture, draw, side = blank()
    pieces = part.plan[:: max(1, len(part.plan) // 40), :2].astype(float)
    places = side * (0.05 + 0.9 * (pieces - pieces.min()) / (pieces.max() - pieces.min()))
    for start, end in places:
        draw.line([(start, 0.12 * side), (end, 0.88 * side)], fill=(*BASE, 200), width=2 * FINE)
    for down, colour in ((0.12, DATA), (0.88, BASE)):
        draw.line([(0.04 * side, down * side), (0.96 * side, down * side)], fill=(*colour, 255), width=5 * FINE)
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def pair(part: PairPart, lower: str) -> Image.Image:
    """Two laws: their densities on the line, with the lower picture's first function; their points in the plane."""
    if not len(part.x):
        return scatter(part.home, [(part.p.points, DATA), (part.q.points, BASE)])
    picture, draw, side = blank()
    left, right = part.home[:2]
    across = (part.x.astype(float) - left) / (right - left) * side
    split = 0.6 * side if lower in ("kale_witness", "kale_critic", "mmd_witness") else 0.95 * side
    known = [law.density for law in (part.p, part.q) if len(law.density)]
    highest = 1.1 * max((float(values.max()) for values in known), default=1.0)
    for law, colour in ((part.p, DATA), (part.q, BASE)):
        if len(law.density):
            heights = split * (1 - 0.9 * np.minimum(law.density, highest) / highest)
            shape = list(zip(across, heights, strict=True))
            draw.polygon([(across[0], split), *shape, (across[-1], split)], fill=(*colour, 90))
            draw.line(shape, fill=(*colour, 255), width=4 * FINE, joint="curve")
    for fit in part.fits:
        heights = split * (1 - 0.9 * np.minimum(fit.values, highest) / highest)
        draw.line(list(zip(across, heights, strict=True)), fill=(*GEBM, 255), width=3 * FINE, joint="curve")
    if split < 0.9 * side and part.below:
        values = np.nan_to_num(part.below[0].values.astype(float))
        spread = max(float(np.abs(values).max()), 1e-9)
        draw.line(
            list(zip(across, 0.8 * side - 0.17 * side * values / spread, strict=True)), fill=(*GEBM, 255),
            width=5 * FINE, joint="curve",
        )  # fmt: skip
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def flow(part: FlowPart) -> Image.Image:
    """The target in grey, the first cloud with its trail."""
    first = part.clouds[0]
    trail = first.trail.reshape(-1, 2)[:: max(1, len(first.trail.reshape(-1, 2)) // 1500)]
    return scatter(part.home, [(part.target[:400], DATA), (trail, PALE), (first.points[:400], BASE)])


def scatter(home: Extent, layers: list[tuple[NDArray[Any], tuple[int, int, int]]]) -> Image.Image:
    """Points in the colours of their layers."""
    picture, draw, side = blank()
    left, right, bottom, top = home
    radius = 1.6 * FINE
    for points, colour in layers:
        for x, y in points:
            across, down = (x - left) / (right - left) * side, (top - y) / (top - bottom) * side
            draw.ellipse((across - radius, down - radius, across + radius, down + radius), fill=(*colour, 255))
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def blank() -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    """A transparent picture, what draws on it, and its side."""
    side = SIZE * FINE
    picture = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    return picture, ImageDraw.Draw(picture), side


def cloud(part: DataPart, by_weight: bool) -> Image.Image:
    """Data in grey; the base by role or by weight; the GEBM on top unless weights are the point."""
    picture, draw, side = blank()
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
    picture, draw, side = blank()
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


def seen(part: GalleryPart, about_film: bool) -> Bytes:
    """Sixteen images of the GEBM; where its film is the point, as many states of one chain from early to late."""
    if not about_film or part.film is None:
        return part.gebm[:16]
    states: Bytes = part.film.images[np.linspace(0, len(part.film.images) - 1, 16).round().astype(int)]
    return states


def grid(images: Bytes) -> Image.Image:
    """Sixteen images, four by four."""
    tiles = coloured(images)
    tiles = np.pad(tiles, ((0, 0), (1, 1), (1, 1), (0, 0)))  # a dark pixel between two of them
    height, width = tiles.shape[1:3]
    picture = tiles.reshape(4, 4, height, width, 3).transpose(0, 2, 1, 3, 4).reshape(4 * height, 4 * width, 3)
    large = Image.fromarray(picture).resize((SIZE * FINE, SIZE * FINE), Image.Resampling.NEAREST)
    return large.resize((SIZE, SIZE), Image.Resampling.LANCZOS).convert("RGBA")


def awaited() -> Image.Image:
    """Nine empty tiles and an arrow that points down to them: images that are not here yet."""
    picture, draw, side = blank()
    tile, gap, edge = 0.28 * side, 0.05 * side, 0.03 * side
    for row in range(3):
        for column in range(3):
            left, top = edge + column * (tile + gap), edge + row * (tile + gap)
            draw.rounded_rectangle(
                (left, top, left + tile, top + tile), 0.03 * side, (*DATA, 70), (*DATA, 200), 2 * FINE
            )
    middle = side / 2
    draw.line([(middle, 0.26 * side), (middle, 0.62 * side)], fill=(*GEBM, 255), width=round(0.07 * side))
    draw.polygon([(0.34 * side, 0.56 * side), (0.66 * side, 0.56 * side), (middle, 0.77 * side)], fill=(*GEBM, 255))
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main(sys.argv[1:])
