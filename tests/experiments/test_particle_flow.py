"""Flows side by side: lockstep, record, live changes, what goes wrong, and going on from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.divergences import Gaussian, mmd2, rkhs_kale, w2
from gebm_studio.engine import storage
from gebm_studio.experiments import Diverged, ParticleFlow
from gebm_studio.experiments.flows import measuring
from gebm_studio.experiments.flows import record as recording
from gebm_studio.presets import PresetError
from tests.experiments.flows import CPU, FOUR, MIXTURE, flow, frame, go, preset


def set_value(run: ParticleFlow, path: str, value: Any) -> None:
    run.set_value(m.SetValue(path, value))


def test_all_flows_begin_at_the_same_draws_and_keep_step() -> None:
    run = flow(others=FOUR)
    assert len(run.clouds) == 4
    assert all(torch.equal(cloud.state.position, run.scene.source) for cloud in run.clouds)
    seen = set()
    while run.iteration < 5:
        run.advance()
        seen.add(max(c.state.steps for c in run.clouds) - min(c.state.steps for c in run.clouds))
    assert seen == {0, 1}
    assert [cloud.state.steps for cloud in run.clouds] == [5] * 4
    assert all(cloud.velocity.abs().max() > 0 for cloud in run.clouds)


def test_the_same_seed_gives_the_same_flow_and_a_flow_does_not_see_the_others() -> None:
    alone, again, beside = (go(flow(**more), 6) for more in ({}, {}, {"others": FOUR}))
    assert torch.equal(alone.clouds[0].state.position, again.clouds[0].state.position)
    assert torch.equal(alone.clouds[0].state.position, beside.clouds[0].state.position)
    other = go(flow(seed=1), 6)
    assert not torch.equal(alone.clouds[0].state.position, other.clouds[0].state.position)


def test_a_frame_shows_clouds_velocities_and_trails() -> None:
    run = go(flow(others=FOUR[:1], view__trail=3), 6)
    part = frame(run).flow
    assert part is not None and part.live and part.at == 6
    assert part.steps.tolist() == list(range(7)) and part.target.shape == (30, 2)
    assert [cloud.label for cloud in part.clouds] == ["KALE flow", "MMD flow"]
    for shown, cloud in zip(part.clouds, run.clouds, strict=True):
        assert shown.points.dtype == np.float32 and not shown.points.flags.writeable
        assert np.allclose(shown.points, cloud.state.position.numpy(), atol=1e-6)
        assert np.allclose(shown.velocity, cloud.velocity.numpy(), rtol=1e-5)
        assert shown.trail.shape == (3, 20, 2) and not shown.note
    left, right, bottom, top = part.home
    assert right - left == pytest.approx(top - bottom)
    points = np.concatenate([part.target, run.scene.source.numpy()])
    inside = (points > [left, bottom]).all(axis=1) & (points < [right, top]).all(axis=1)
    assert inside.mean() > 0.9


def test_one_can_scrub_back() -> None:
    run = flow(view__trail=4)
    positions = [run.clouds[0].points]
    for _ in range(6):
        go(run, 1)
        positions.append(run.clouds[0].points)
    part = frame(run, flow_at=2).flow
    assert part is not None and not part.live and part.at == 2
    assert np.array_equal(part.clouds[0].points, positions[2])
    assert np.array_equal(part.clouds[0].trail, positions[:2])
    # The velocity recorded with a frame is what moved the particles to it.
    step = run.preset.flow.step_size * part.clouds[0].velocity
    assert np.allclose(positions[2] - positions[1], step, atol=1e-6)
    newest = frame(run, flow_at=99).flow
    assert newest is not None and newest.live
    assert np.array_equal(newest.clouds[0].trail, positions[2:6])
    assert run.seen(2)[0] == 2 and run.seen(-1)[0] == 6


def test_the_record_thins_itself_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "FRAMES", 8)
    monkeypatch.setattr(recording, "_FEWEST", 4)
    run = go(flow(flow__name="mmd"), 40)
    part = frame(run).flow
    assert part is not None
    assert part.steps.tolist() == [0, 8, 16, 24, 32, 40] and run.record.thinned == 8
    assert np.array_equal(part.clouds[0].trail[-1], run.record.positions(4)[0])
    assert part.clouds[0].trail.shape[0] == 5


def test_curves_are_exact_and_come_from_where_the_window_asks() -> None:
    run = go(flow(others=FOUR), 4)
    part = frame(run).flow_curves
    assert part is not None and part.since == 0
    assert part.measures == ("kale", "mmd", "w2", "kl", "apart")
    assert part.labels == ("KALE flow", "MMD flow", "Langevin", "Sinkhorn flow")
    assert part.rows.shape == (3, 21) and part.rows[:, 0].tolist() == [0, 2, 4]
    settings, x = run.preset.measure, run.scene.goal.points
    kernel = Gaussian(settings.scale)
    langevin = run.clouds[2].state.position
    few = run.measuring._few
    for cloud, values in zip(run.clouds, part.rows[-1, 1:].reshape(4, 5), strict=True):
        y = cloud.state.position
        kale = rkhs_kale(y, x, kernel, settings.regularisation).value
        expected = [kale, mmd2(y, x, kernel, unbiased=False)]
        assert values[:2] == pytest.approx(expected, rel=1e-5)
        assert values[2] == pytest.approx(w2(y[few].numpy(), run.measuring._draws[:20].numpy()), rel=1e-12)
        assert values[4] == pytest.approx(w2(y.numpy(), langevin.numpy()), abs=1e-12)
    assert dict(part.notes).keys() == set(part.measures) and "20 particles" in dict(part.notes)["w2"]
    later = frame(go(run, 2), flow_since=3).flow_curves
    assert later is not None and later.since == 3 and later.rows.shape == (1, 21)
    assert "apart" not in go(flow(), 2).measuring.measures


def test_large_clouds_are_measured_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "MOST", 12)
    run = go(flow(), 2)
    notes = dict(run.measuring.notes(run.preset.measure))
    assert "on 12 of 20 particles, 12 of 30 draws" in notes["kale"]
    assert np.isfinite(run.measuring.table.since(0)).all()


def test_beginning_again_forgets_what_was() -> None:
    run = go(flow(others=FOUR[:1]), 6)
    ended = run.clouds[1].state.position
    frame(run)
    run.restart_chains()
    assert run.iteration == 0 and len(run.record) == 1
    assert torch.equal(run.clouds[0].state.position, run.scene.source)
    part = frame(go(run, 6), flow_since=4).flow_curves
    assert part is not None and part.since == 0, "what the window holds is of before"
    assert torch.equal(run.clouds[1].state.position, ended), "the same noise again"


def test_numbers_of_a_rule_act_at_once_and_another_rule_begins_again() -> None:
    run, plain = go(flow(others=FOUR[:1]), 3), go(flow(others=FOUR[:1]), 3)
    set_value(run, "flow.regularisation", 10.0)
    set_value(run, "others", ({**FOUR[0], "step_size": 0.2},))
    assert run.iteration == 3
    before = run.clouds[1].state.position
    go(run, 1)
    assert torch.allclose(run.clouds[1].state.position - before, 0.2 * run.clouds[1].velocity)
    assert not torch.equal(run.clouds[0].state.position, go(plain, 1).clouds[0].state.position)
    set_value(run, "others", FOUR)
    assert run.iteration == 0 and len(run.clouds) == 4
    set_value(run, "others", ())
    assert run.iteration == 0 and len(run.clouds) == 1


def test_a_moved_target_is_followed_and_a_moved_source_begins_again() -> None:
    run = go(flow(), 3)
    set_value(run, "target.at", (5.0, 0.0))
    assert run.iteration == 3
    assert run.scene.goal.points.mean(0)[0] == pytest.approx(5.0, abs=0.6)
    go(run, 2)
    assert run.measuring.table.since(0)[-1, 3] > 4, "W₂ to where the target is now"
    set_value(run, "start.at", (2.0, 2.0))
    assert run.iteration == 0
    assert run.clouds[0].state.position.mean(0).tolist() == pytest.approx([2.0, 2.0], abs=0.05)


def test_the_rhythm_of_the_record_can_change() -> None:
    run = go(flow(flow__name="mmd"), 4)
    set_value(run, "view.record", 3)
    assert go(run, 8).record.steps == [0, 1, 2, 3, 4, 6, 9, 12]


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "rings"},
        {"kind": "uniform"},
        {"kind": "shape"},
        {"kind": "point"},
        {"kind": "gaussian", "width": 0.0},
        {"kind": "toy", "name": "checkerboard"},
        {"kind": "points", "points": [[0.0, 0.0], [1.0, 0.0]]},
    ],
)
def test_langevin_needs_a_smooth_density_before_any_work(target: dict[str, Any]) -> None:
    with pytest.raises(PresetError, match=r"others\.0\.name: langevin needs a target with a smooth density"):
        flow(others=FOUR[1:2], target=target)
    run = flow(target=target)
    with pytest.raises(PresetError, match="smooth density"):
        set_value(run, "others", FOUR[1:2])
    assert run.preset.others == () and len(go(run, 1).clouds) == 1


def test_sinkhorn_takes_no_more_points_than_it_can() -> None:
    with pytest.raises(PresetError, match=r"others\.0\.name: a step of sinkhorn takes too long for 2001 points"):
        flow(others=FOUR[2:], cloud__targets=2001)
    run = flow(cloud__particles=2001)
    with pytest.raises(PresetError, match="at most 2000 particles"):
        set_value(run, "others", FOUR[2:])
    assert len(run.clouds) == 1


@pytest.mark.parametrize(
    "law",
    [
        *({"kind": kind} for kind in ("gaussian", "uniform", "mixture", "rings", "point")),
        *({"kind": "toy", "name": name} for name in ("ring", "moons", "checkerboard", "pinwheel", "spiral", "funnel")),
        *({"kind": "shape", "name": name} for name in ("heart", "crescent", "cross")),
        {"kind": "shape", "name": "picture", "path": "dark.png"},
        {"kind": "points", "points": [[0.0, 0.0], [1.0, 2.0]]},
        {"kind": "file", "path": "points.csv"},
    ],
)
def test_any_law_of_the_plane_is_a_source_and_a_target(tmp_path: Path, law: dict[str, Any]) -> None:
    picture = np.full((12, 12), 255, dtype=np.uint8)
    picture[3:9, 2:6] = 0
    Image.fromarray(picture).save(tmp_path / "dark.png")
    np.savetxt(tmp_path / "points.csv", np.random.default_rng(0).random((25, 2)), delimiter=",")
    if law["kind"] == "mixture":
        law = MIXTURE
    run = go(ParticleFlow(preset(start=law, target={**law, "at": [0.5, 0.5]}, others=FOUR[:1]), CPU, str(tmp_path)), 2)
    assert all(bool(torch.isfinite(cloud.state.position).all()) and not cloud.stopped for cloud in run.clouds)
    kale, mmd, far = run.measuring.table.since(0)[-1, 1:4]
    assert np.isfinite([kale, mmd, far]).all()


@pytest.mark.parametrize("place", ["start", "target"])
def test_a_drawing_without_points_is_refused(place: str) -> None:
    with pytest.raises(PresetError, match=f"{place}: a drawing without points"):
        flow(**{place: {"kind": "points"}})


def test_a_broken_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.csv").write_text("0,1\nnan,2\n", encoding="utf-8")
    with pytest.raises(PresetError, match=r"target: .*broken\.csv"):
        ParticleFlow(preset(target={"kind": "file", "path": "broken.csv"}), CPU, str(tmp_path))


def test_a_drawing_is_taken_point_by_point() -> None:
    points = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    run = go(flow(target={"kind": "points", "points": points}), 3)
    assert sorted(run.scene.goal.points.tolist()) == sorted(points)
    set_value(run, "target.points", (*points, [2.0, 2.0]))
    assert len(run.scene.goal.points) == 4 and go(run, 2).iteration == 5


def test_particles_that_coincide_have_no_kl() -> None:
    run = go(flow(start={"kind": "point", "at": [0.5, 0.5]}), 2)
    kale, mmd, far, kl = run.measuring.table.since(0)[-1, 1:]
    assert np.isfinite([kale, mmd, far]).all() and np.isnan(kl)


def test_a_flow_that_flies_off_stops_and_the_others_go_on() -> None:
    run = flow(others=({"name": "langevin", "step_size": 90.0},), target__stds=(0.01, 0.01))
    go(run, 8)
    assert run.clouds[1].stopped and not run.clouds[0].stopped
    assert run.clouds[0].state.steps == 8 and bool(torch.isfinite(run.clouds[1].state.position).all())
    notices = run.take_notices()
    assert len(notices) == 1 and "Langevin stopped at step" in notices[0] and "The others go on" in notices[0]
    part = frame(run).flow
    assert part is not None and "lower the step" in part.clouds[1].note
    assert np.isnan(run.measuring.table.since(0)[-1, 6:]).all()
    set_value(run, "others", ({"name": "langevin", "step_size": 1e-5},))
    assert not run.clouds[1].stopped and not go(run, 1).clouds[1].stopped


def test_particles_that_are_thrown_far_away_are_told() -> None:
    run = go(flow(flow__step_size=100.0, flow__regularisation=1e-3), 3)
    part = frame(run).flow
    assert part is not None and not run.clouds[0].stopped
    assert "of 20 particles are far away; a smaller step" in part.clouds[0].note


def test_where_all_have_stopped_the_run_says_so_again_and_again() -> None:
    run = flow(flow__name="langevin", flow__step_size=90.0, target__stds=(0.01, 0.01))
    for _ in range(2):
        with pytest.raises(Diverged, match="no flow is left to go on: Langevin stopped at step"):
            go(run, 50)
    set_value(run, "flow.step_size", 1e-5)
    assert not go(run, 1).clouds[0].stopped


@pytest.mark.parametrize("pieces", [0, 3, 5, 38, 41])
def test_a_saved_run_goes_on_bit_for_bit(tmp_path: Path, pieces: int) -> None:
    """Also in the middle of a round of flows and of a measurement; the saving itself changes nothing."""
    run, untouched = flow(others=FOUR), flow(others=FOUR)
    for _ in range(pieces):
        run.advance()
        untouched.advance()
    storage.save(run, tmp_path / "run.gebm")
    restored: Any = storage.load(tmp_path / "run.gebm", CPU)
    assert isinstance(restored, ParticleFlow) and restored.iteration == run.iteration
    for one in (run, restored, untouched):
        go(one, 12 - one.iteration)
    expected = untouched.saved()
    for one in (run, restored):
        found = one.saved()
        assert found.facts == expected.facts and found.tensors.keys() == expected.tensors.keys()
        for name, value in expected.tensors.items():
            assert torch.equal(found.tensors[name].nan_to_num(), value.nan_to_num()), name


@pytest.mark.parametrize("change", [{"cloud__particles": 21}, {"others": FOUR[:2]}])
def test_a_file_of_other_settings_is_refused(change: dict[str, Any]) -> None:
    saved = go(flow(), 2).saved()
    with pytest.raises((KeyError, ValueError)):
        flow(**change).take_back(saved)


def test_single_steps_and_rest() -> None:
    run = flow(others=FOUR[:1])
    run.step(m.StepOnce(count=3))
    assert run.iteration == 3 and not run.resting
    with pytest.raises(PresetError, match="only a training"):
        run.step(m.StepOnce("energy"))
    shown = run.frame(m.Pull(needs=frozenset({"flow_curves"})), run_id=1, state="paused", rate=0.0, device="cpu")
    assert shown.flow is None and shown.flow_curves is not None
    assert len(shown.flow_curves.rows) == 2, "a measurement that was left is finished at rest"


@pytest.mark.parametrize("path", ["flow.scale", "measure.scale"])
def test_a_length_that_no_kernel_can_have_is_refused(path: str) -> None:
    with pytest.raises(PresetError, match=rf"{path}: must lie from 1e-6 to 100, got 1e-300"):
        presets.changed(preset(), {path: 1e-300})


def test_a_step_far_too_large_stops_its_flow_alone() -> None:
    run = go(flow(flow__name="mmd", others=({"name": "langevin", "step_size": 100.0},), target=MIXTURE), 12)
    first, second = run.clouds
    assert second.stopped.startswith("stopped at step") and second.said(run.scene.home) == second.stopped
    assert not first.stopped and first.state.steps == 12
