"""The lab while something climbs: its frames, its steps, its files, and settings that change meanwhile."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gebm_studio.engine import storage
from gebm_studio.experiments import begin
from gebm_studio.experiments.lab import DivergenceLab
from gebm_studio.messages import Part, SetValue, StepOnce
from tests.experiments.lab_cases import CPU, frame, lab_of, preset_of

SEEN: frozenset[Part] = frozenset({"pair", "tangent", "bound", "plan"})
Q = {"kind": "gaussian", "at": (-0.4, 0.0), "width": 1.1}


def climbing(**settings: object) -> DivergenceLab:
    """A lab whose critic climbs and whose swept point stays."""
    usual = {"critic__family": "bumps", "critic__rate": 0.05, "swept__period": 0.0, "view__lower": "critics"}
    return lab_of(preset_of(None, Q, **(usual | settings)))


def test_frames_hold_what_climbs_and_only_the_new_rows() -> None:
    lab = climbing()
    first = frame(lab, needs=SEEN)
    assert first.bound is not None and first.pair is not None and first.tangent is not None and first.plan is not None
    assert len(first.bound.rows) == 1 and not lab.resting
    lab.step(StepOnce("iteration", 7))
    assert lab.iteration == 7
    second = frame(lab, needs=SEEN, run_id=1, bound_since=1)
    assert second.bound is not None and second.pair is not None
    assert second.bound.since == 1 and list(second.bound.rows[:, 0]) == list(range(1, 8))
    assert second.pair.version > first.pair.version
    assert [function.tight for function in second.pair.below] == [False, True]
    assert second.plan is first.plan
    lab.restart_chains()
    third = frame(lab, needs=SEEN, run_id=1, bound_since=8)
    assert third.bound is not None and third.bound.since == 0 and len(third.bound.rows) == 1
    assert first.bound.climb == second.bound.climb != third.bound.climb
    unknown = frame(lab, needs=SEEN, run_id=2, bound_since=1).bound
    assert unknown is not None and unknown.since == 0


def test_at_its_top_a_climb_rests_until_something_changes() -> None:
    lab = climbing(critic__method="newton", critic__size=4, critic__rate=1.0)
    for _ in range(200):
        if lab.resting:
            break
        lab.advance()
    assert lab.resting and lab.iteration < 60
    before = frame(lab, needs=SEEN).pair
    assert frame(lab, needs=SEEN).pair is before
    lab.set_value(SetValue("q.at", (0.5, 0.0)))
    assert not lab.resting
    lab.set_value(SetValue("view.divergence", "hellinger"))
    lab.set_value(SetValue("view.slope", 0.25))
    part = frame(lab, needs=SEEN).tangent
    assert part is not None and (part.name, part.slope) == ("hellinger", 0.25)


def test_a_paused_lab_is_looked_at_until_the_best_fits_are_known() -> None:
    lab = climbing(critic__family="none", fit__divergences=("kl", "reverse_kl"), p__width=0.5)
    found = [frame(lab, needs=SEEN)]
    while not found[-1].rests:
        found.append(frame(lab, needs=SEEN))
    last = found[-1].bound
    assert last is not None and len(found) > 1 and lab.iteration == 0
    assert all(abs(row.best_std - 0.5) < 1e-6 for row in last.fits)


def test_a_point_that_runs_along_takes_the_critic_with_it() -> None:
    lab = lab_of(preset_of(None, Q, critic__family="network", critic__rate=0.02, swept__period=2.0))
    for _ in range(20):
        lab.advance()
    part = frame(lab, needs=SEEN).bound
    assert lab.iteration == 20 and part is not None and len(part.rows) == 21 and part.gap > -1e-9


def test_a_file_goes_on_bit_for_bit(tmp_path: Path) -> None:
    climbs: tuple[dict[str, object], ...] = (
        {"critic__family": "network"},
        {"critic__family": "gaussian"},
        {"fit__divergences": ("kl", "gan")},
    )
    for settings in climbs:
        lab = climbing(**settings)
        for _ in range(10):
            lab.advance()
        lab.set_value(SetValue("q.at", (0.6, 0.0)))
        for _ in range(5):
            lab.advance()
        storage.save(lab, tmp_path / "lab.gebm")
        again = storage.load(tmp_path / "lab.gebm", CPU, begin)
        assert isinstance(again, DivergenceLab) and again.iteration == 15
        for one in (lab, again):
            for _ in range(10):
                one.advance()
        ours, theirs = (frame(one, needs=SEEN).bound for one in (lab, again))
        assert ours is not None and theirs is not None
        assert (ours.rows == theirs.rows).all()
        np.testing.assert_equal([vars(row) for row in ours.fits], [vars(row) for row in theirs.fits])
