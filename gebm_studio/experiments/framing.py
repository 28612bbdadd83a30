"""The frame of one training: only the parts that a pull names are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gebm_studio.experiments.quality.study import study_of
from gebm_studio.messages import Frame, Part, Pull, QualityPart, State

if TYPE_CHECKING:
    from gebm_studio.experiments.training import Training


def frame_of(run: Training, pull: Pull, *, run_id: int, state: State, rate: float, device: str) -> Frame:
    """The answer to a pull of `run_id`; nothing of the run is changed by it.

    Arguments:
        run: The training that is shown.
        pull: What the window asks for, and what it holds already.
        run_id: Of the run, another one after each load.
        state: Whether it advances.
        rate: Iterations a second.
        device: Where it computes, in words.
    """
    preset, chains, views, needs = run.preset, run.chains, run.views, pull.needs
    view, running, known = preset.view, state == "running", pull.run_id == run_id
    where: dict[str, Any] = {"version": run.model_version, "iteration": run.iteration, "running": running}

    def exhibited(part: Part) -> Any:
        return run.exhibits[part].part() if part in needs else None

    return Frame(
        run_id=run_id,
        asked_run_id=pull.run_id,
        state=state,
        iteration=run.iteration,
        energy_steps=run.schedule.energy_steps,
        base_steps=run.schedule.base_steps,
        sampler_steps=chains.steps,
        rate=rate,
        device=device,
        settings_version=run.settings_version,
        overflows=run.learner.overflows,
        preset=None if known and pull.settings_version == run.settings_version else preset,
        data=views.data(
            chains, map_name=view.map, arrows=view.arrows, extent=pull.data_extent, objective=preset.objective,
            fitted=preset.training.train in ("both", "base"), **where,
        ) if "data" in needs else None,
        latent=views.latent(chains, extent=pull.latent_extent, **where) if "latent" in needs else None,
        curves=run.curves_part(pull.curves_since if known else 0) if "curves" in needs else None,
        diagnostics=run.diagnosing.part(chains, _sampler_name(run)) if "diagnostics" in needs else None,
        gallery=run.reel.part(preset, pull, version=run.model_version, known=known) if "gallery" in needs else None,
        quality=_quality(run, pull, running, known) if "quality" in needs else None,
        race=exhibited("race"),
        decay=exhibited("decay"),
        sweep=exhibited("sweep"),
        critic=run.critic_part(pull, running) if "critic" in needs else None,
        rests=not running and not _pending(run, needs),
        reading=views.reading(pull.probe, chains.beta) if known and pull.probe else None,
    )  # fmt: skip


def _pending(run: Training, needs: frozenset[Part]) -> bool:
    """Whether something that is looked at is still to be computed, which goes on at rest too."""
    return ("gallery" in needs and run.reel.pending) or ("quality" in needs and study_of(run.exhibits).pending)


def _quality(run: Training, pull: Pull, running: bool, known: bool) -> QualityPart | None:
    """How good the images are, unless the window holds it; at rest, what is left to measure goes on for a moment.

    Films that are being made for somebody come first: one frame has time for one of the two.
    """
    study = study_of(run.exhibits)
    if not running and not ("gallery" in pull.needs and run.reel.pending):
        study.work()
    part = study.part()
    return None if part is not None and known and part.version == pull.quality_version else part


def _sampler_name(run: Training) -> str:
    sampler = run.preset.sampler
    return f"{sampler.name} {sampler.scheme}" if sampler.name == "kinetic" else sampler.name
