"""The gallery as frames show it: in slices, never in the way of the run, and always the newest that is whole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from gebm_studio import presets
from gebm_studio.diagnostics import classifier
from gebm_studio.experiments import Training
from gebm_studio.experiments.pixels import pixels
from gebm_studio.experiments.reel import begun, reel, showing
from gebm_studio.experiments.reel.neighbours import HELD_OUT
from gebm_studio.messages import Pull, SetValue, regime
from tests.experiments.reel import CPU, looked, part_of, rested, run_of, settle
from tests.typed import training


@pytest.fixture
def one_piece_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reel, "SLICE", 0.0)
    monkeypatch.setattr(reel, "SLICE_LEARNING", 0.0)


def always_soon(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(begun, "SOON", seconds)


def test_looking_changes_nothing_of_a_run() -> None:
    watched, alone = run_of(), run_of()
    for _ in range(3):
        looked(watched, "running")
        for run in (watched, alone):
            for _ in range(3):
                run.advance()
    rested(watched, film_mode="carried", film_second=3)
    assert watched.preset == alone.preset and watched.counts() == alone.counts()
    mine, theirs = watched.tensors(), alone.tensors()
    assert all(torch.equal(value, theirs[name]) for name, value in mine.items())


def test_grids_are_data_base_and_where_the_chains_are() -> None:
    run = run_of()
    part = rested(run)
    assert part.done == part.total == 24
    assert np.array_equal(part.data, pixels(run.target.held_out[:9]))
    plan = run.reel.plan(run.preset, run.model_version)
    chains = plan.chains()
    while not chains.complete:
        chains.advance()
    assert np.array_equal(part.base, pixels(run.model.samples(plan.start)))
    assert np.array_equal(part.gebm, chains.images) and np.array_equal(part.hops, chains.hops)
    assert part.base.shape == (9, 8, 8) and part.base.dtype == np.uint8


def test_a_film_tells_of_every_state_what_is_true() -> None:
    run = run_of(sampler__temperature=0.5)
    film = settle(run, film_chain=4)
    assert (film.mode, film.first, film.second) == ("chain", 4, -1)
    plan = run.reel.plan(run.preset, run.model_version)
    chains = plan.chains()
    while not chains.complete:
        chains.advance()
    z = torch.stack([state.position[4] for state in chains.kept])
    assert film.at.tolist() == [0, 6, 12, 18, 24]
    assert np.allclose(film.latents, z[:, :2], atol=1e-6)
    assert np.allclose(film.energy, run.model.energies(z), atol=1e-5)
    assert np.allclose(film.potential, run.model.potential(2.0)(z).detach(), atol=1e-4)
    assert np.abs(film.images.astype(int) - pixels(run.model.samples(z))).max() <= 1
    told = classifier.load("digits", CPU).labels(run.model.samples(z))["digit"].tolist()
    assert film.labels == tuple(map(str, told))
    assert film.hops == sum(a != b for a, b in pairwise(told))
    assert film.regime == regime(chains.time)


def test_the_nearest_training_image_is_found_by_brute_force() -> None:
    run = run_of()
    film = settle(run, film_chain=2)
    plan = run.reel.plan(run.preset, run.model_version)
    chains = plan.chains()
    while not chains.complete:
        chains.advance()
    training_images = run.target.training_data(4096, 0)

    def away(x: torch.Tensor) -> tuple[int, float]:
        distance = 127.5 * (training_images - x).double().flatten(1).square().mean(1).sqrt()
        return int(distance.argmin()), float(distance.min())

    place, distance = away(run.model.samples(chains.kept[-1].position[2:3]))
    assert np.array_equal(film.nearest, pixels(training_images[place : place + 1])[0])
    assert film.distance == pytest.approx(distance, rel=1e-4)
    held_out = [away(image)[1] for image in run.target.held_out[:HELD_OUT]]
    assert film.usual == pytest.approx(float(np.median(held_out)), rel=1e-6)


def test_interpolations_end_at_the_images_of_the_grids() -> None:
    run = run_of(reel__frames=7)
    grids = rested(run)
    latent = settle(run, film_mode="latent", film_chain=1, film_second=6)
    assert latent.at.tolist() == [0, 167, 333, 500, 667, 833, 1000] and latent.regime == ""
    for image, start in ((latent.images[0], grids.base[1]), (latent.images[-1], grids.base[6])):
        assert np.abs(image.astype(int) - start).max() <= 1
    carried = settle(run, film_mode="carried", film_chain=1, film_second=6)
    assert (carried.mode, carried.first, carried.second) == ("carried", 1, 6)
    assert np.abs(carried.images[0].astype(int) - grids.gebm[1]).max() <= 1, "the noise is that of the first chain"
    assert len(carried.labels) == 7 and carried.hops >= 0 and len(carried.nearest) == 8
    assert not np.array_equal(carried.images, latent.images)


def test_a_way_without_its_end_is_no_film() -> None:
    run = run_of()
    assert rested(run, film_mode="latent", film_chain=1).film is None
    assert settle(run).mode == "chain"


@pytest.mark.parametrize(("asked", "first"), [(-5, 0), (8, 8), (500, 8)])
def test_a_chain_that_is_not_there_is_replaced_by_the_nearest(asked: int, first: int) -> None:
    run = run_of()
    assert settle(run, film_chain=asked).first == first
    film = settle(run, film_chain=asked, film_mode="latent", film_second=99)
    assert (film.first, film.second) == (first, 8)


def test_a_latent_of_one_dimension_lies_on_the_plane() -> None:
    film = settle(run_of(base={"kind": "mlp", "latent_dim": 1, "hidden": 8, "depth": 1}))
    assert film.latents.shape == (5, 2) and not film.latents[:, 1].any()


def test_points_have_no_gallery() -> None:
    run = Training(presets.changed(training("ring"), {"base.hidden": 8, "energy.hidden": 8}), CPU)
    frame = looked(run)
    assert frame.gallery is None and frame.rests


# What is sent, and when there is more to come.


def test_work_goes_on_at_rest_until_all_is_shown(one_piece_a_frame: None) -> None:
    run = run_of()
    frames = [looked(run)]
    while not frames[-1].rests:
        frames.append(looked(run))
    parts = [frame.gallery for frame in frames if frame.gallery is not None]
    assert len(parts) == len(frames) > 24 and run.iteration == 0
    assert all(b.done >= a.done and b.version >= a.version for a, b in pairwise(parts))
    assert parts[0].done == 0 and parts[-1].done == 24
    assert looked(run).rests and looked(run).gallery is parts[-1]
    assert run.frame(Pull(), run_id=1, state="paused", rate=0.0, device="cpu").rests


def test_what_the_window_holds_is_not_sent_again() -> None:
    run = run_of()
    part = rested(run)
    assert looked(run, gallery_version=part.version).gallery is None
    other = looked(run, gallery_version=part.version, film_chain=3).gallery
    assert other is not None and other.version > part.version
    of_another = Pull(needs=frozenset({"gallery"}), run_id=2, film_chain=3, gallery_version=other.version)
    unknown = run.frame(of_another, run_id=1, state="paused", rate=0.0, device="cpu")
    assert unknown.gallery is not None, "it speaks of another run"
    assert part_of(run_of()).version > other.version, "versions of two galleries never meet"


# Settings that change, and models that learn.


def test_films_depend_on_the_settings_and_on_nothing_before_them() -> None:
    run = run_of()
    first = settle(run)
    run.set_value(SetValue("sampler.friction", 5.0))
    bent = settle(run)
    assert np.array_equal(bent.images[0], first.images[0]) and not np.array_equal(bent.energy, first.energy)
    run.set_value(SetValue("sampler.chains", 7))
    assert settle(run) is bent, "how many chains the run has does not matter"
    run.set_value(SetValue("sampler.friction", 1.0))
    again = settle(run)
    assert np.array_equal(again.energy, first.energy) and np.array_equal(again.images, first.images)
    fresh = settle(run_of(sampler__friction=5.0))
    assert np.array_equal(fresh.energy, bent.energy)


@pytest.mark.parametrize(
    ("path", "value", "frames"), [("reel.frames", 9, 9), ("reel.steps", 12, 5), ("reel.chains", 4, 5)]
)
def test_the_reels_own_settings_act_live(path: str, value: int, frames: int) -> None:
    run = run_of()
    rested(run)
    run.set_value(SetValue(path, value))
    part = rested(run)
    assert part.film is not None and len(part.film.images) == frames
    assert (part.total, len(part.gebm)) == (run.preset.reel.steps, run.preset.reel.chains)


def test_quick_chains_are_shown_whole(one_piece_a_frame: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a setting is dragged, whole films follow each other: no frame shows less."""
    always_soon(monkeypatch, 1e9)
    run = run_of()
    before = rested(run)
    shown = []
    for turn in range(80):
        if turn % 4 == 0:
            run.set_value(SetValue("sampler.friction", 1.0 + turn / 10))
        shown.append(part_of(run))
    assert all(part.done == 24 and part.film is not None and len(part.film.images) == 5 for part in shown)
    assert len({part.version for part in shown}) > 3, "it bends while it is dragged"
    assert rested(run).version > before.version


def test_long_chains_begin_again_at_once_and_fill_in(one_piece_a_frame: None, monkeypatch: pytest.MonkeyPatch) -> None:
    always_soon(monkeypatch, 0.0)
    monkeypatch.setattr(showing, "STILL", 0.0)
    run = run_of()
    old = rested(run).film
    run.set_value(SetValue("sampler.friction", 5.0))
    for _ in range(4):
        assert part_of(run).film is old
    run.set_value(SetValue("sampler.friction", 7.0))
    counts = []
    while not (frame := looked(run)).rests:
        assert frame.gallery is not None and frame.gallery.film is not None
        counts.append(None if frame.gallery.film is old else len(frame.gallery.film.images))
    known = [count for count in counts if count is not None]
    assert counts[0] is None and known == sorted(known) and set(known) == {2, 3, 4, 5}
    fresh = settle(run_of(sampler__friction=7.0))
    assert np.array_equal(settle(run).energy, fresh.energy)


def test_long_chains_go_on_while_a_setting_is_dragged(one_piece_a_frame: None, monkeypatch: pytest.MonkeyPatch) -> None:
    always_soon(monkeypatch, 0.0)
    monkeypatch.setattr(showing, "STILL", 1e9)
    run = run_of()
    old, done = rested(run).film, []
    for turn in range(60):
        run.set_value(SetValue("sampler.friction", 2.0 + turn))
        part = part_of(run)
        if part.film is not old:
            done.append(part.done)
    ends = [at for at, (a, b) in enumerate(pairwise(done)) if b < a]
    assert len(ends) == 1 and done[ends[0]] == 24, "each comes to its end before the next is shown"
    assert rested(run).done == 24
    assert np.array_equal(settle(run).energy, settle(run_of(sampler__friction=61.0)).energy)


def test_a_model_that_learns_is_filmed_on_a_copy(one_piece_a_frame: None) -> None:
    run = run_of()
    whole = rested(run)
    run.train(1)
    chains = run.reel.plan(run.preset, run.model_version).chains()
    while not chains.complete:
        chains.advance()
    seen = [whole.version]
    for _ in range(10_000):
        part = part_of(run)
        run.advance()
        assert part.done == 24 and part.film is not None and len(part.film.images) == 5, "only whole ones are shown"
        if part.version != seen[-1]:
            seen.append(part.version)
            if len(seen) == 2:
                assert np.array_equal(part.gebm, chains.images), "of the model as it was when they began"
        if len(seen) == 4:
            return
    raise AssertionError("the gallery does not follow the model")


def test_a_slice_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice stops at the first piece that ends after its time: by a clock that this test winds."""
    now = [0.0]

    def clock() -> float:
        now[0] += 0.001
        return now[0]

    monkeypatch.setattr("time.perf_counter", clock)
    run = run_of(reel__steps=2000)
    for learns, seconds in ((False, reel.SLICE), (True, reel.SLICE_LEARNING)):
        if learns:
            run._model_moved()
        began = now[0]
        looked(run)
        assert seconds <= now[0] - began <= seconds + 0.005
