"""Which film is asked for, and what is said and shown of it while it is made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gebm_studio.messages import Film, frozen
from gebm_studio.ui.panels.film_choice import FilmChoice
from gebm_studio.ui.panels.film_reel import Reel, evenly_written, followed, heading, nearest_text
from tests.ui import frames


def test_between_two_images_choices_go_to_a_and_b_in_turn() -> None:
    choice = FilmChoice()
    choice.choose(5)
    assert choice.fields() == {"film_mode": "chain", "film_chain": 5, "film_second": -1}
    assert choice.marks == {5: ""}
    choice.set_mode("latent", 36)
    assert choice.fields() == {"film_mode": "latent", "film_chain": 5, "film_second": 6}  # something is seen at once
    choice.choose(9)
    assert (choice.first, choice.second) == (5, 9) and choice.marks == {5: "A", 9: "B"}
    choice.choose(2)
    assert (choice.first, choice.second) == (2, 9)
    choice.choose(7)
    assert (choice.first, choice.second) == (2, 7)
    choice.choose(7)  # as A, where it is B: they change places
    assert (choice.first, choice.second) == (7, 2)
    choice.choose(7)  # B cannot be A
    assert (choice.first, choice.second) == (7, 2)
    choice.choose(11, as_second=True)
    choice.choose(12, as_second=True)
    assert (choice.first, choice.second) == (7, 12)
    choice.set_mode("chain", 36)
    assert choice.fields()["film_second"] == -1


def test_arrows_move_a_or_b_and_never_onto_the_other() -> None:
    choice = FilmChoice()
    assert choice.move(-1, 36) == 0 and choice.move(6, 36) == 6 and choice.move(30, 36) == 6
    choice.set_mode("carried", 36)
    assert (choice.first, choice.second) == (6, 7)
    assert choice.move(1, 36) == 8
    assert choice.move(-1, 36, second=True) == 6
    assert (choice.first, choice.second) == (8, 6)


def test_a_choice_keeps_within_fewer_images() -> None:
    choice = FilmChoice()
    choice.choose(20)
    choice.set_mode("latent", 36)
    choice.keep_within(10)
    assert (choice.first, choice.second) == (9, 0)
    choice.keep_within(1)
    assert (choice.first, choice.second) == (0, 0)
    assert choice.fits(None) and choice.fits(frames.film(mode="latent", second=0))
    assert not choice.fits(frames.film())


def said(**changes: Any) -> str:
    part = frames.gallery_part(hops=frozen(np.array([0, 1, 2, 0], dtype=np.int32)), total=200, done=200)
    fields = {name: value for name, value in changes.items() if name in ("done", "hops")}
    rest = {name: value for name, value in changes.items() if name not in fields}
    number = rest.pop("film_hops", 2)
    return heading(frames.changed(part, **fields, film=frames.film(chain=5, hops=number, **rest)))


def test_a_heading_says_what_the_film_is_of() -> None:
    assert said() == "chain 5: 2 hops in 200 steps; all chains 0.75 on average"
    assert said(film_hops=1, done=120) == "chain 5: 1 hop in 120 of 200 steps; all chains 0.75 on average"
    nothing = frozen(np.zeros(0, dtype=np.int32))
    assert said(film_hops=-1, labels=(), hops=nothing) == "chain 5: 200 steps"
    assert said(mode="latent", second=9, film_hops=3) == "between 5 (A) and 9 (B), in latent space: 3 hops"
    carried = "between 5 (A) and 9 (B), each carried by its chain: "
    assert said(mode="carried", second=9, film_hops=0) == carried + "0 hops"
    assert said(mode="carried", second=9, film_hops=-1) == carried + "200 steps"
    assert heading(frames.gallery_part(film=None)) == ""


def test_distances_are_said_only_where_they_are_known() -> None:
    assert nearest_text(frames.film()) == "nearest training image: 21 grey levels; held-out images: 18"
    assert nearest_text(frames.film(usual=float("nan"))) == "nearest training image: 21 grey levels"
    assert nearest_text(frames.film(distance=float("nan"))) == ""
    assert nearest_text(frames.film(nearest=frozen(np.zeros((0, 8), dtype=np.uint8)))) == ""


def of(film: Film) -> Reel:
    return followed(film, None, 200, 200, 10)


def test_captions_and_changes_of_the_word() -> None:
    reel = of(frames.film())
    assert reel.captions[3] == ("step 60", "E 0.10", "3")
    assert of(frames.film(labels=())).captions[0] == ("step 0", "E 2.00")
    assert of(frames.film(mode="latent")).captions[5][0] == "t 0.10"
    assert reel.turns == {5}
    assert of(frames.film(labels=())).turns == frozenset()


@pytest.mark.parametrize(
    ("energy", "texts"),
    [
        ([0.106, 0.0797, -0.00829], ["0.106", "0.080", "−0.008"]),
        ([2.0, 0.104, -0.923], ["2.00", "0.10", "−0.92"]),
        ([150.0, -40.2, 0.0], ["150", "−40", "0"]),
        ([-0.0001, 2.0], ["0.00", "2.00"]),
        ([1.5, 1.5], ["1.500", "1.500"]),
        ([float("nan"), float("inf"), 1.0], ["—", "∞", "1.000"]),
        ([1e6, 2e30], ["1.00e6", "2.00e30"]),
        ([], []),
    ],
)
def test_energies_have_equally_many_decimals(energy: list[float], texts: list[str]) -> None:
    assert evenly_written(frames.floats(energy)) == texts


def first_states(film: Film, states: int) -> Film:
    fields = {name: getattr(film, name)[:states] for name in ("images", "at", "energy", "potential", "latents")}
    return frames.changed(film, **fields, labels=film.labels[:states], nearest=frozen(film.nearest[:0]), regime="")


def test_states_that_a_pass_has_not_come_to_are_those_of_the_pass_before() -> None:
    whole = followed(frames.film(regime="gradient flow"), None, 200, 200, 10)
    assert (whole.fresh, whole.total, whole.ready) == (10, 10, 10)
    energy = frames.floats(np.full(10, -7.0))
    after = followed(first_states(frames.film(energy=energy), 4), whole, 80, 200, 10)
    assert (after.fresh, after.total, after.ready) == (4, 10, 10)
    assert after.film.energy[:4].tolist() == [-7.0] * 4
    assert np.array_equal(after.film.energy[4:], whole.film.energy[4:])
    assert len(after.film.labels) == len(after.film.images) == 10
    assert after.film.regime == "gradient flow" and not after.film.nearest.size
    done = followed(frames.film(energy=energy), after, 200, 200, 10)
    assert (done.fresh, done.film.regime) == (10, "")


@pytest.mark.parametrize("changes", [{"chain": 3}, {"mode": "carried"}, {"size": 9}, {"labels": ()}])
def test_another_film_begins_empty_in_the_room_that_it_will_have(changes: dict[str, Any]) -> None:
    before = followed(frames.film(), None, 200, 200, 10)
    reel = followed(first_states(frames.film(**changes), 4), before, 80, 200, 10)
    assert reel == Reel(reel.film, 4, 4 if changes.get("mode") else 10) and reel.ready == 4


def test_a_pass_over_other_steps_does_not_mix_with_the_one_before() -> None:
    before = followed(frames.film(), None, 200, 200, 10)
    other = frames.film(at=frozen((np.arange(10) * 100).astype(np.int32)))
    assert followed(first_states(other, 4), before, 80, 1000, 10).ready == 4
