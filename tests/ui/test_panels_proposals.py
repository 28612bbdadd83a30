"""What the last steps proposed: shown as taken or refused, once, and only for samplers that choose."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QApplication

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.experiments import Training
from gebm_studio.experiments.views import PATHS, PROPOSALS, last_step
from gebm_studio.ui import theme
from gebm_studio.ui.panels.proposals import AGES, FAR
from tests.typed import training
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]


def run_of(**sampler: Any) -> Training:
    return Training(
        presets.changed(training("f03"), {f"sampler.{key}": value for key, value in sampler.items()}),
        torch.device("cpu"),
    )


def latent_of(run: Training) -> m.LatentPart:
    pull = m.Pull(needs=frozenset({"latent"}))
    part = run.frame(pull, run_id=1, state="paused", rate=0.0, device="cpu").latent
    assert part is not None
    return part


def moves(chains: int = 6, dim: int = 2, **changes: Any) -> m.LatentPart:
    """Every other proposal, a little to the right of its chain, was taken."""
    part = frames.latent_part(dim, chains)
    accepted = np.arange(chains) % 2 == 0
    origins = part.chains - 0.1 * accepted[:, None].astype(np.float32)
    fields: dict[str, Any] = dict(
        origins=frames.floats(origins), proposals=frames.floats(origins + 0.1), accepted=m.frozen(accepted)
    )
    return frames.changed(part, **{**fields, **changes})


@pytest.mark.parametrize("name", ["mala", "random_walk", "hmc", "ghmc", "independence", "rejection", "tempering"])
def test_frames_carry_what_was_proposed(name: str) -> None:
    run = run_of(name=name, chains=300, step_size=0.1 if name in ("hmc", "ghmc") else 0.01, steps=5)
    run.train(2)
    part = latent_of(run)
    assert part.proposals.shape == part.origins.shape == (PROPOSALS, 2)
    taken = part.accepted
    assert 0 < taken.sum() < PROPOSALS
    if name != "tempering":  # whose chains may swap places after the choice
        assert np.array_equal(part.chains[:PROPOSALS][taken], part.proposals[taken])
        assert np.array_equal(part.chains[:PROPOSALS][~taken], part.origins[~taken])
    assert part.paths.size == 0 or name == "hmc"


@pytest.mark.parametrize("leapfrog_steps", [4, 300])
def test_paths_lead_from_chains_to_their_proposals(leapfrog_steps: int) -> None:
    run = run_of(name="hmc", chains=20, leapfrog_steps=leapfrog_steps, step_size=0.01, steps=1)
    run.train(1)
    part = latent_of(run)
    assert part.paths.shape[1:] == (PATHS, 2)
    assert len(part.paths) <= 66
    assert np.array_equal(part.paths[0], part.origins[:PATHS])
    assert np.array_equal(part.paths[-1], part.proposals[:PATHS])


@pytest.mark.parametrize("name", ["ula", "kinetic", "importance"])
def test_samplers_that_do_not_choose_send_nothing(name: str) -> None:
    run = run_of(name=name)
    run.train(1)
    part = latent_of(run)
    assert not part.proposals.size and not part.accepted.size and not part.paths.size


def test_a_change_of_algorithm_or_a_restart_leaves_no_old_proposals() -> None:
    run = run_of(name="mala")
    run.train(1)
    assert latent_of(run).accepted.size
    run.restart_chains()
    assert not latent_of(run).accepted.size
    run.train(1)
    run.set_value(m.SetValue("sampler.name", "ula"))
    assert not latent_of(run).accepted.size


def test_taken_moves_are_lines_and_refused_ones_crosses(make_panel: MakePanel) -> None:
    panel = make_panel("latent")
    part = moves()
    panel.show_frame(frames.frame(latent=part))
    refused, taken = panel.plane.moves.lines.bands
    assert np.allclose(taken[0], np.hstack([part.origins, part.proposals])[::2])
    assert np.allclose(refused[0], np.hstack([part.origins, part.proposals])[1::2])
    crosses = panel.plane.moves.refused.crosses
    assert np.allclose(np.sort(crosses.points, axis=0), np.sort(part.proposals[1::2], axis=0))
    assert has_colour(picture(panel), theme.LIGHT.error, 20, 30)


def test_what_was_shown_once_is_not_shown_as_new_and_fades(make_panel: MakePanel) -> None:
    panel = make_panel("latent")
    drawn = panel.plane.moves.refused.crosses
    for step in range(8):
        panel.show_frame(frames.frame(latent=moves(), sampler_steps=step))
    assert len(drawn.points) == AGES * 3
    assert sorted(set(drawn.shades)) == list(range(AGES))
    panel.show_frame(frames.frame(latent=moves(), sampler_steps=7))  # a frame without a step between
    assert len(drawn.points) == AGES * 3
    panel.show_frame(frames.frame(latent=frames.latent_part(), sampler_steps=0))  # the chains began again
    assert len(drawn.points) == 0 and panel.plane.trails.held == 1


def test_far_proposals_have_a_cross_but_no_line(make_panel: MakePanel) -> None:
    panel = make_panel("latent")
    part = moves(proposals=frames.floats(moves().origins + 7 * FAR + 0.1))
    panel.show_frame(frames.frame(latent=part))
    assert not any(len(lines) for lines, _ in panel.plane.moves.lines.bands)
    assert len(panel.plane.moves.refused.crosses.points) == 3


def test_entries_appear_with_what_they_name_and_switch_it(make_panel: MakePanel) -> None:
    panel = make_panel("latent")
    panel.show_frame(frames.frame(latent=frames.latent_part()))
    assert not panel.proposals.isVisible() and not panel.paths.isVisible()
    way = np.linspace(0, 1, 5)[:, None, None] * np.ones((5, 3, 2))
    panel.show_frame(frames.frame(latent=moves(paths=frames.floats(way)), sampler_steps=2481))
    assert panel.proposals.isVisible() and panel.paths.isVisible()
    taken, refused = panel.plane.moves.paths.bands
    assert (len(taken[0]), len(refused[0])) == (2 * 4, 1 * 4)
    assert not np.isin(panel.plane.moves.lines.bands[-1][0], moves().proposals[0]).any(), "the path is its way"
    panel.paths.click()
    assert not panel.plane.moves.paths.isVisible() and panel.plane.moves.lines.isVisible()
    panel.proposals.click()
    assert not panel.plane.moves.lines.isVisible() and not panel.plane.moves.refused.crosses.isVisible()
    panel.proposals.click()
    panel.entry.click()  # without chains, what they proposed would hang in the air
    assert not panel.plane.moves.refused.crosses.isVisible()


def test_on_a_line_refused_proposals_stand_under_the_chains(make_panel: MakePanel) -> None:
    panel = make_panel("latent")
    part = moves(dim=1)
    panel.show_frame(frames.frame(latent=part))
    assert panel.proposals.text() == "rejected"
    crosses = panel.line.refused.crosses.points
    assert np.allclose(np.sort(crosses[:, 0]), np.sort(part.proposals[1::2, 0]))
    assert (crosses[:, 1] < panel.line.rug.points[0, 1]).all()


def test_the_last_step_costs_little(make_panel: MakePanel) -> None:
    """At most 1 ms a frame for 64 chains, in the engine and in the window together; the best of a few."""
    run = run_of(name="hmc", chains=64)
    run.train(1)
    panel = make_panel("latent")
    part = latent_of(run)
    spent = []
    for _ in range(20):
        began = time.perf_counter()
        last_step(run.chains)
        panel.plane.moves.show_step(part)
        spent.append(time.perf_counter() - began)
    QApplication.processEvents()
    assert min(spent) < 1e-3
