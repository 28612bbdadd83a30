"""The score table of a comparison: filled a piece at a time from copies of the models, while training goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from gebm_studio.experiments.curves import CurveTable
from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.judge import METRICS, Interval, Judge, Law, snapshot
from gebm_studio.experiments.training import Training
from gebm_studio.models import Gebm

SCORES = ("w1", "kl", *METRICS[1:], "ess")
LAWS: tuple[Law, ...] = ("gebm", "base")
COLUMNS = ("iteration", "run", "law", *(f"{name}{end}" for name in SCORES for end in ("", "_low", "_high")))
"""Run and law are numbers: places in the preset and in `LAWS`."""
NORMAL = 1.959964
"""Half of a 95 % interval, in standard errors."""


class Scoring:
    """Judges the runs of a comparison as they are when it is told to begin.

    `table` has a row for each iteration, run and law, and `newest` the last of each run and law; `floor` is what the
    data themselves score. What is under way when a file is written ends with the same numbers when it is taken up.

    Arguments:
        runs: The trainings.
        laws: What is judged of each.
        seed: The preset's.
    """

    def __init__(self, runs: Sequence[Training], laws: Sequence[Sequence[Law]], seed: int) -> None:
        self._runs, self._laws = runs, laws
        self.judge = Judge(runs[0].target, seed)
        self.table = CurveTable(COLUMNS)
        self.floor: dict[str, Interval] = {}
        self.newest: dict[tuple[int, Law], dict[str, float]] = {}
        self._rest()

    def _rest(self) -> None:
        self._pieces: Iterator[None] = iter(())
        self._models: dict[int, Gebm] = {}
        self._kl: dict[int, dict[Law, Interval]] = {}
        self._iteration = self._kept = 0

    @property
    def busy(self) -> bool:
        """Whether there is more to do."""
        return bool(self._models)

    @property
    def under_way(self) -> int | None:
        """The iteration whose scores are under way."""
        return self._iteration if self.busy else None

    def begin(self, iteration: int, going: Sequence[int]) -> None:
        """Judge these runs as they are now; what was under way is finished first."""
        self.settle()
        self._take_up(iteration, {index: snapshot(self._runs[index].model) for index in going})

    def _take_up(self, iteration: int, models: dict[int, Gebm]) -> None:
        self._iteration, self._models, self._kept = iteration, models, len(self.table)
        self._pieces = self._all()

    def go_on(self) -> None:
        """Do one piece, of about 10 ms at most."""
        if next(self._pieces, self) is self:
            self._rest()

    def settle(self) -> None:
        """Finish what is under way."""
        while self.busy:
            self.go_on()

    def _all(self) -> Iterator[None]:
        while any(self._runs[index].curves.measuring for index in self._models):
            for index in self._models:
                self._runs[index].curves.go_on()
            yield
        self._take_divergences()
        if not self.floor:
            for floor in self.judge.data_in_pieces():
                self.floor = floor or {}
                yield
        for index, model in self._models.items():
            for law in self._laws[index]:
                scores: dict[str, Interval] = {}
                for piece in self.judge.in_pieces(model, law, self._iteration):
                    scores = piece or {}
                    yield
                kl = {"kl": self._kl[index][law]} if law in self._kl[index] else {}
                self._append(index, law, scores | kl)

    def _take_divergences(self) -> None:
        """KL of each run as its own curves have it, of the same iteration."""
        if not self._kl:
            self._kl = {index: _divergences(self._runs[index]) for index in self._models}

    def _append(self, index: int, law: Law, scores: dict[str, Interval]) -> None:
        row: dict[str, float] = {"iteration": self._iteration, "run": index, "law": LAWS.index(law)}
        for name, (value, low, high) in scores.items():
            row |= {name: value, f"{name}_low": low, f"{name}_high": high}
        self.table.append(row)
        self.newest[index, law] = row

    # What a file keeps.

    def saved(self) -> Saved:
        """The table up to what is under way, and the models that this judges."""
        facts: dict[str, Any] = {"columns": list(COLUMNS)}
        tensors = {"table": torch.from_numpy(self.table.since(0)[: self._kept if self.busy else None])}
        if self.busy:
            self._take_divergences()  # a saved run has finished its row of the curves
            facts |= {"iteration": self._iteration, "kl": {str(index): kl for index, kl in self._kl.items()}}
            for index, model in self._models.items():
                tensors |= {f"model{index}.{name}": value.clone() for name, value in model.state_dict().items()}
        return Saved(tensors, facts)

    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: Where it belongs to other settings.
        """
        self._rest()
        if saved.facts["columns"] == list(COLUMNS):
            self.table.replace(saved.tensors["table"].numpy())
        for row in self.table.since(0):
            values = dict(zip(COLUMNS, map(float, row), strict=True))
            self.newest[int(values["run"]), LAWS[int(values["law"])]] = values
        if "iteration" not in saved.facts:
            return
        judged: dict[str, dict[Law, list[float]]] = saved.facts["kl"]
        models = {int(index): snapshot(self._runs[int(index)].model) for index in judged}
        for index, model in models.items():
            model.load_state_dict(saved.under(f"model{index}."))
        self._take_up(int(saved.facts["iteration"]), models)
        self._kl = {int(index): _intervals(kl) for index, kl in judged.items()}


def _divergences(run: Training) -> dict[Law, Interval]:
    """KL(P‖Q) and KL(P‖G) with their intervals, where the newest truth of a run has them."""
    pair = run.evaluation.divergences
    if pair is None:
        return {}
    return {"gebm": _about(pair.gebm, pair.stderr[1]), "base": _about(pair.base, pair.stderr[0])}


def _about(value: float, stderr: float) -> Interval:
    return value, value - NORMAL * stderr, value + NORMAL * stderr


def _intervals(kl: Mapping[Law, Sequence[float]]) -> dict[Law, Interval]:
    """Intervals as tuples, which JSON does not know."""
    found: dict[Law, Interval] = {}
    for law, (value, low, high) in kl.items():
        found[law] = value, low, high
    return found
