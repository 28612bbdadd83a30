"""What is said of a film, and which of its states are shown while it is made anew."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import Film, Floats, GalleryPart, frozen
from gebm_studio.ui.panels.numbers import MINUS, count, short


@dataclass(frozen=True)
class Reel:
    """A film of which the first `fresh` states are of the present pass, the others still of the pass before.

    `total` is how many states it has when the pass is done; what is not there yet keeps its place.
    """

    film: Film
    fresh: int
    total: int

    @cached_property
    def captions(self) -> tuple[tuple[str, ...], ...]:
        """The lines under each state: where it is, its energy, and the classifier's word where there is one."""
        film = self.film
        return tuple(
            (place_text(film, frame), f"E {energy}", *film.labels[frame : frame + 1])
            for frame, energy in enumerate(evenly_written(film.energy))
        )

    @cached_property
    def turns(self) -> frozenset[int]:
        """The states whose word is not that of the one before."""
        words = self.film.labels
        return frozenset(frame for frame in range(1, len(words)) if words[frame] != words[frame - 1])

    @property
    def ready(self) -> int:
        """States that can be shown."""
        return len(self.film.images)


def followed(film: Film, before: Reel | None, done: int, total: int, frames: int) -> Reel:
    """A film as it is shown, after `done` of `total` steps of a pass that keeps `frames` states.

    While a pass is under way, states that it has not come to are those of the pass before, and so is the note of its
    regime: a person who drags a slider sees the film change from its begin, and never a hole.
    """
    ready = len(film.images)
    old = None if before is None or not _alike(before.film, film) else before.film
    if done >= total:
        return Reel(film, ready, ready)
    if old is None:
        return Reel(film, ready, frames if film.mode == "chain" and frames > ready else ready)
    film = replace(film, regime=old.regime)
    if len(old.images) <= ready:
        return Reel(film, ready, ready)

    def joined(new: NDArray[Any], rest: NDArray[Any]) -> NDArray[Any]:
        whole: NDArray[Any] = frozen(np.concatenate((new, rest[ready:])))
        return whole

    whole = replace(
        old,
        images=joined(film.images, old.images),
        at=joined(film.at, old.at),
        energy=joined(film.energy, old.energy),
        potential=joined(film.potential, old.potential),
        latents=joined(film.latents, old.latents),
        labels=film.labels + old.labels[ready:],
        hops=film.hops,
        nearest=film.nearest,
        distance=film.distance,
    )
    return Reel(whole, ready, len(whole.images))


def _alike(old: Film, new: Film) -> bool:
    """Whether two films show the same, one pass after the other."""
    return (
        (old.mode, old.first, old.second) == (new.mode, new.first, new.second)
        and old.images.shape[1:] == new.images.shape[1:]
        and bool(old.labels) == bool(new.labels)
        and np.array_equal(old.at[: len(new.at)], new.at[: len(old.at)])
    )


def place_text(film: Film, frame: int) -> str:
    """Where along the film a state is."""
    at = int(film.at[frame])
    return f"step {count(at)}" if film.mode == "chain" else f"t {at / 1000:.2f}"


def evenly_written(energy: Floats) -> list[str]:
    """Energies (f,) with equally many decimals, as many as tell hundredths of their range apart."""
    finite = energy[np.isfinite(energy)]
    if len(finite) and float(np.abs(finite).max()) >= 10**5:
        return [short(float(value)) for value in energy]
    span = float(np.ptp(finite)) if len(finite) else 0.0
    places = min(max(2 - math.floor(math.log10(span)), 0), 4) if span > 0 else 3
    rounded = np.round(energy.astype(np.float64), places) + 0.0  # + 0.0: a zero has no sign
    return [
        f"{value:.{places}f}".replace("-", MINUS) if math.isfinite(value) else short(value)
        for value in rounded.tolist()
    ]


def heading(part: GalleryPart) -> str:
    """What the film is of, how long, and how often the classifier's word changes in it."""
    film = part.film
    if film is None:
        return ""
    taken = f"{count(part.done)} of " if part.done < part.total else ""
    steps = f"{taken}{count(part.total)} steps"
    between = f"between {film.first} (A) and {film.second} (B)"
    name = {
        "chain": f"chain {film.first}",
        "latent": f"{between}, in latent space",
        "carried": f"{between}, each carried by its chain",
    }[film.mode]
    if film.hops < 0:
        return name if film.mode == "latent" else f"{name}: {steps}"
    hops = f"{film.hops} hop" + ("" if film.hops == 1 else "s")
    if film.mode != "chain":
        return f"{name}: {hops}"
    usual = f"; all chains {short(float(part.hops.mean()), 2)} on average" if len(part.hops) else ""
    return f"{name}: {hops} in {steps}{usual}"


def nearness(film: Film) -> tuple[str, str]:
    """How far the last state is from its nearest training image, and how far held-out images are; empty if unknown."""
    if not film.nearest.size or math.isnan(film.distance):
        return "", ""
    return f"{film.distance:.0f} grey levels", "" if math.isnan(film.usual) else f"{film.usual:.0f}"


def nearest_text(film: Film) -> str:
    """The distances in one sentence."""
    distance, usual = nearness(film)
    if not distance:
        return ""
    return f"nearest training image: {distance}" + (f"; held-out images: {usual}" if usual else "")
