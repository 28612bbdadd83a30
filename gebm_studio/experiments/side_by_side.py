"""What a window shows of several trainings at once: small pictures on shared axes, and all their curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gebm_studio.experiments.home import shared_home
from gebm_studio.experiments.scoring import LAWS, SCORES, Scoring
from gebm_studio.experiments.training import PREVIEW_SEED, Training
from gebm_studio.experiments.views import Views
from gebm_studio.messages import ComparedRun, ComparePart, DataPart, Extent, LawScores
from gebm_studio.schema import TrainingPreset


class SideBySide:
    """Pictures of all runs, one of them made anew for each frame, so that four cost no more than one.

    Everything here draws from generators of its own, the same for each run, and changes nothing.
    """

    def __init__(self, runs: Sequence[Training], preset: TrainingPreset) -> None:
        self._runs = runs
        self._views = [Views(run.model, run.target, preset.seed + PREVIEW_SEED) for run in runs]
        together = shared_home([views.home for views in self._views])
        for views in self._views:
            views.home = together
        self._turn = 0
        self._shown = [False] * len(runs)

    def part(
        self,
        preset: TrainingPreset,
        stopped: Mapping[int, str],
        since: Sequence[int],
        scoring: Scoring,
        *,
        extent: Extent | None,
        running: bool,
    ) -> ComparePart:
        """The frame's part.

        Arguments:
            preset: The settings of the whole.
            stopped: Why a run stands still, by its number.
            since: Rows of the curves that the window holds of each run; empty for none.
            scoring: The score table.
            extent: What the maps should cover; None for what shows the data.
            running: Whether the engine has other work to do.
        """
        if not any(since):
            self._shown = [False] * len(self._runs)  # whoever looks now has seen nothing
        found = []
        for index, (variant, run) in enumerate(zip(preset.compare.runs, self._runs, strict=True)):
            found.append(
                ComparedRun(
                    label=variant.label,
                    law=variant.law,
                    changes=tuple(f"{path} = {value}" for path, value in variant.changes.items()),
                    iteration=run.iteration,
                    stopped=stopped.get(index, ""),
                    picture=self._picture(index, preset, extent, running),
                    curves=run.curves_part(since[index] if index < len(since) else 0),
                    scores=_scores(scoring, index),
                )
            )
        self._turn = (self._turn + 1) % len(self._runs)
        floor = LawScores("data", -1, tuple(scoring.floor.items())) if scoring.floor else None
        notes = tuple((scoring.judge.protocol() | _kl_notes(self._runs)).items())
        return ComparePart(tuple(found), preset.compare.front, floor, notes, scoring.busy)

    def _picture(self, index: int, preset: TrainingPreset, extent: Extent | None, running: bool) -> DataPart | None:
        """The picture of the run whose turn it is, and of one that has not been shown."""
        if index != self._turn and self._shown[index]:
            return None
        run = self._runs[index]
        if not self._shown[index]:
            self._views[index].show_anew()
        self._shown[index] = True
        return self._views[index].data(
            run.chains,
            map_name=preset.view.map,
            arrows="none",
            extent=extent,
            version=run.model_version,
            iteration=run.iteration,
            running=running,
            objective=run.preset.objective,
            fitted=run.preset.training.train in ("both", "base"),
        )


def _scores(scoring: Scoring, index: int) -> tuple[LawScores, ...]:
    """The newest scores of one run."""
    found = []
    for law in LAWS:
        row = scoring.newest.get((index, law))
        if row is not None:
            values = [(name, (row[name], row[f"{name}_low"], row[f"{name}_high"])) for name in SCORES if name in row]
            found.append(LawScores(law, int(row["iteration"]), tuple(values)))
    return tuple(found)


def _kl_notes(runs: Sequence[Training]) -> dict[str, str]:
    """How the newest KL of each run was found, which may differ between them."""
    found = [run.evaluation.notes.get("kl_gebm", "") for run in runs]
    return {"kl": "; ".join(dict.fromkeys(note for note in found if note))} if any(found) else {}
