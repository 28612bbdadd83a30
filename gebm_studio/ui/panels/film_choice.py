"""Which film is asked for: that of one chain, or the way between two."""

from __future__ import annotations

from dataclasses import dataclass

from gebm_studio.messages import Film, FilmMode


@dataclass(frozen=True)
class FilmWish:
    """A film that is to be written.

    `frames` states of `width` × `height` pixels, of one of `count` chains; `mode`, `first` and `second` as in
    `messages.ExportFilm`.
    """

    mode: FilmMode
    first: int
    second: int
    count: int
    frames: int
    width: int
    height: int

    @property
    def name(self) -> str:
        """What it is of."""
        between = f"between {self.first} and {self.second}"
        names = {"latent": f"{between}, in latent space", "carried": f"{between}, each carried by its chain"}
        return names.get(self.mode, f"chain {self.first}")


class FilmChoice:
    """The mode and the images that a person has chosen.

    In a chain's film a choice is its chain. Between two images, A and B, choices go to the one and the other in turn.
    """

    def __init__(self) -> None:
        self.mode: FilmMode = "chain"
        self.first = 0
        self._second = -1
        self._b_is_next = True

    @property
    def second(self) -> int:
        """Image B, −1 in the film of one chain."""
        return -1 if self.mode == "chain" else self._second

    @property
    def marks(self) -> dict[int, str]:
        """The chosen images, with their letters where they are two."""
        return {self.first: ""} if self.mode == "chain" else {self.second: "B", self.first: "A"}

    def fields(self) -> dict[str, object]:
        """What is asked for, by the names of `messages.Pull`."""
        return {"film_mode": self.mode, "film_chain": self.first, "film_second": self.second}

    def fits(self, film: Film | None) -> bool:
        """Whether a film is the one that is asked for."""
        return film is None or (film.mode, film.first, film.second) == (self.mode, self.first, self.second)

    def set_mode(self, mode: FilmMode, count: int) -> None:
        """Change what a film shows; of `count` images the next one is B until it is chosen."""
        self.mode, self._b_is_next = mode, True
        self.keep_within(count)

    def choose(self, place: int, *, as_second: bool = False) -> None:
        """Take an image: as the chain, or as A or B, whichever is next; B cannot be A."""
        if self.mode == "chain":
            self.first = place
        elif not (as_second or self._b_is_next):
            if place == self._second:
                self._second = self.first
            self.first, self._b_is_next = place, True
        elif place != self.first:
            self._second, self._b_is_next = place, False

    def move(self, by: int, count: int, *, second: bool = False) -> int:
        """Go so many images on from A, or from B, and say where that is; beyond the ends nothing changes."""
        second = second and self.mode != "chain"
        here, other = (self._second, self.first) if second else (self.first, self.second)
        place = here + by
        if place == other:
            place += 1 if by > 0 else -1
        if not 0 <= place < count:
            return here
        if second:
            self._second = place
        else:
            self.first = place
        return place

    def keep_within(self, count: int) -> None:
        """Choose other images where there are fewer than before."""
        if count:
            self.first = min(self.first, count - 1)
            if not 0 <= self._second < count or self._second == self.first:
                self._second = (self.first + 1) % count
