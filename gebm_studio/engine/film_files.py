"""Films of the gallery as files: animations, all states side by side, arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gebm_studio.engine.animation import Animation
from gebm_studio.engine.captions import Caption, Tiles, strip
from gebm_studio.engine.exports import write_npz
from gebm_studio.engine.image_sheet import coloured, sheet
from gebm_studio.engine.tasks import Done
from gebm_studio.experiments import Training
from gebm_studio.experiments.pixels import pixels
from gebm_studio.experiments.reel import Plan, RecordedChains, Strip, Wanted
from gebm_studio.experiments.reel.neighbours import Neighbours
from gebm_studio.experiments.reel.strip import Frames
from gebm_studio.files import written_aside
from gebm_studio.messages import Bytes, ExportFilm
from gebm_studio.presets import PresetError

WIDEST_FILM, WIDEST_STRIP = 2048, 4096
"""Pixels across. A grid of many images is zoomed less to stay below, a strip goes on in another row."""
GAP, GRID_GAP = 8, 1
"""Pixels between two states of a strip, and, before the zoom, between two images of a grid."""
SCALES, RATES = (1, 16), (1, 50)


@dataclass(frozen=True)
class _Film:
    """What a file shows: `picture` makes image i (h, w, 3), of which `captions` tells; `taken` steps made it."""

    captions: list[Caption]
    picture: Callable[[int], NDArray[np.uint8]]
    arrays: Callable[[], dict[str, NDArray[Any]]]
    taken: int


def in_pieces(order: ExportFilm, run: Training) -> Iterator[Done | None]:
    """Take the chains to their end on the model as it is now, then write the file, a piece at a time.

    The file is .webp or .gif for an animation, .png for all states side by side, .npz for arrays: `images` (f, h, w) or
    (f, h, w, 3), `at` (f,), `energy` (f,), `potential` (f,), `latents` (f, d), `labels` (f,); of all chains together
    with an axis of chains after the first.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
        PresetError: At once, for a run without images, or chains, a suffix or numbers that are not there.
    """
    _check(order, run)
    return _written(order, run.reel.plan(run.preset, run.model_version), run.reel.neighbours)


def _check(order: ExportFilm, run: Training) -> None:
    suffix, chains = Path(order.path).suffix.lower(), run.preset.reel.chains
    problems = []
    if len(run.target.shape) != 3:
        problems.append(f"{run.preset.title} learns points and has no film; open a preset on images, such as F62")
    if suffix not in (".webp", ".gif", ".png", ".npz"):
        problems.append(f"{order.path}: a film is written as .webp, .gif, .png or .npz, not {suffix or 'this'}")
    if order.first == -1 and (suffix == ".png" or order.mode != "chain"):
        problems.append(f"{order.path}: all chains at once are a .webp, .gif or .npz; choose one of them by a click")
    lowest = -1 if order.mode == "chain" else 0
    for name in ("first",) if order.mode == "chain" else ("first", "second"):
        value = getattr(order, name)
        if not lowest <= value < chains:
            problems.append(f"{name} image of a film: must be from {lowest} to {chains - 1}, got {value}")
    for name, value, (low, high) in (("scale", order.scale, SCALES), ("rate", order.rate, RATES)):
        if not low <= value <= high:
            problems.append(f"{name} of a film: must be from {low} to {high}, got {value}")
    if problems:
        raise PresetError(problems)


def _written(order: ExportFilm, plan: Plan, neighbours: Neighbours) -> Iterator[Done | None]:
    film = yield from (_all_chains(plan) if order.first == -1 else _one(order, plan, neighbours))
    if Path(order.path).suffix.lower() == ".npz":
        write_npz(order.path, film.arrays())
        return
    height, width = film.picture(0).shape[:2]
    captions = film.captions if order.captions else [()] * len(film.captions)
    still = Path(order.path).suffix.lower() == ".png"
    tiles = Tiles(height, width, order.scale if still else max(1, min(order.scale, WIDEST_FILM // width)), captions)
    if still:
        drawn = []
        for at, caption in enumerate(captions):
            drawn.append(tiles.drawn(film.picture(at), caption))
            yield None
        with written_aside(order.path) as aside:
            strip(drawn, GAP, WIDEST_STRIP).save(aside, format="PNG")
        return
    animation = Animation(lambda at: tiles.drawn(film.picture(at), captions[at]), len(captions))
    with written_aside(order.path) as aside:
        for done, total in animation.written(aside, 1000 // order.rate):
            yield film.taken + done, film.taken + total


def _one(order: ExportFilm, plan: Plan, neighbours: Neighbours) -> Generator[Done | None, None, _Film]:
    """One chain, or the way between two starts."""
    chains = plan.chains()
    if order.mode == "chain":
        yield from _to_the_end(chains)
    made = Strip(plan, chains, Wanted(order.mode, order.first, order.second), neighbours)
    while not made.caught_up:
        made.work()
        yield None
    frames = made.frames()
    labels, images = plan.words.spelled(frames.codes.tolist()), coloured(frames.images)
    return _Film(_captions(order, frames, labels), images.__getitem__, lambda: _arrays(frames, labels), chains.done)


def _captions(order: ExportFilm, frames: Frames, labels: tuple[str, ...]) -> list[Caption]:
    """Step or place on the way, energy, and the word where there is one."""
    found: list[Caption] = []
    for index, (at, energy) in enumerate(zip(frames.at, frames.energy.tolist(), strict=True)):
        where = f"step {at}" if order.mode == "chain" else f"{at / 10:.0f} %"
        found.append((where, f"E {_number(energy)}", *labels[index : index + 1]))
    return found


def _arrays(frames: Frames, labels: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    return {
        "images": frames.images,
        "at": np.array(frames.at),
        "energy": np.asarray(frames.energy),
        "potential": np.asarray(frames.potential),
        "latents": frames.latents.cpu().numpy(),
        "labels": np.array(labels, dtype=np.str_),
    }


def _all_chains(plan: Plan) -> Generator[Done | None, None, _Film]:
    """The grid of all chains, a picture for each kept state."""
    chains = plan.chains()
    yield from _to_the_end(chains)
    columns = math.ceil(math.sqrt(len(chains.begun_as)))

    @torch.no_grad()
    def images(at: int) -> Bytes:
        return pixels(plan.model.base(chains.kept[at].position))

    def arrays() -> dict[str, NDArray[Any]]:
        kept = chains.kept
        return {
            "images": np.stack([images(at) for at in range(len(kept))]),
            "at": np.array([state.step for state in kept]),
            "energy": np.stack([state.energy for state in kept]),
            "potential": np.stack([state.potential for state in kept]),
            "latents": torch.stack([state.position for state in kept]).cpu().numpy(),
            "labels": np.array([plan.words.spelled(state.words.tolist()) for state in kept], dtype=np.str_),
        }

    captions = [(f"step {state.step}", f"mean E {_number(float(state.energy.mean()))}") for state in chains.kept]
    return _Film(list(captions), lambda at: sheet(images(at), columns, GRID_GAP), arrays, chains.done)


def _to_the_end(chains: RecordedChains) -> Iterator[Done]:
    frames = len(chains.at)
    while not chains.complete:
        chains.advance()
        # The frames that follow are parts of the work as well.
        yield chains.done, chains.total + frames


def _number(value: float) -> str:
    """A few digits, with a minus sign that is as long as a plus."""
    text = f"{value:.2f}" if abs(value) < 1000 else f"{value:.3g}"
    return text.replace("-", "−")
