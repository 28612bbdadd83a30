"""A GEBM in training: base, energy and persistent chains, advanced step by step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gebm_studio import models, schema, targets
from gebm_studio.experiments.average import Average
from gebm_studio.experiments.chains import Chains
from gebm_studio.experiments.critic import CriticLook
from gebm_studio.experiments.curves import CurveTable
from gebm_studio.experiments.diagnosing import Diagnosing
from gebm_studio.experiments.evaluation import COLUMNS, Evaluation
from gebm_studio.experiments.exhibits import BETWEEN_STEPS, EXHIBITS
from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.framing import frame_of
from gebm_studio.experiments.keeping import put_back, tensors_of
from gebm_studio.experiments.learner import Diverged, Learner
from gebm_studio.experiments.quality.study import study_of
from gebm_studio.experiments.reel import Reel
from gebm_studio.experiments.schedule import Schedule
from gebm_studio.experiments.views import Views
from gebm_studio.messages import CriticPart, CurvesPart, Frame, Pull, SetValue, State, Step, StepOnce, frozen
from gebm_studio.models import pretrained
from gebm_studio.presets import PresetError, changed, describe_path
from gebm_studio.schema import TrainingPreset

ROLES = ("data", "latent", "chains", "evaluation")
"""One random generator each, so that no part's draws depend on what another does."""
SNAPSHOT_EVERY = 50
CURVES = "curves"
"""The rows of the curves among the tensors of a saved run."""
PREVIEW_SEED = 7919


class Training:
    """The running thing behind a training preset.

    `advance` does one small piece of work: an energy step, or the base step, the chains' steps and
    the measurements that end an iteration. An iteration is `energy_steps` energy steps and one
    base step, as far as they are not frozen, then `sampler.steps` steps of the chains.

    Arguments:
        preset: The settings.
        device: Where to compute.
        folder: Where relative file names of the preset start.

    Raises:
        PresetError: Where the target's data cannot be had or the parts do not fit it.
    """

    def __init__(self, preset: TrainingPreset, device: torch.device, folder: str = "") -> None:
        self.preset, self.device, self.folder = preset, device, folder
        self.target = targets.build(preset.target, seed=preset.seed, device=device, folder=folder)
        try:
            self.model = models.build(preset, self.target.shape, _log_density(self.target), device, self._training_data)
        except ValueError as error:
            raise PresetError([str(error)]) from error
        if preset.training.pretrained != "none":
            pretrained.load(preset.training.pretrained, self.model, preset)
        self.generators = {
            role: torch.Generator(device).manual_seed(preset.seed * len(ROLES) + index)
            for index, role in enumerate(ROLES)
        }
        draws = self.generators
        self.learner = Learner(self.model, self.target, draws["data"], draws["latent"], preset.speed)
        self.learner.configure(preset.training)
        self.schedule = Schedule(preset.training)
        self.learner.steps.let_base_learn(self.schedule.learns("base"))
        self.average = Average(self.model.base, preset.training.ema)
        self.evaluation = Evaluation(
            self.model, self.target, draws["evaluation"], preset.objective.name, preset.quality.features
        )
        self.model.log_partition.fill_(self.evaluation.starting_constant())
        self.chains = Chains(self.model, self.target, preset.sampler, draws["chains"])
        self.exhibits = {part: make(self.model, self.target, preset) for part, make in EXHIBITS.items()}
        study_of(self.exhibits).follow(self.schedule)
        self.views = Views(self.model, self.target, preset.seed + PREVIEW_SEED)
        self.critic_look = CriticLook(self.model, self.target, preset.seed)
        self.reel = Reel(self.model, self.target, preset.seed)
        self.diagnosing = Diagnosing(self.target)
        self.curves = CurveTable(COLUMNS)
        self._base_rests = self.schedule.base_is_done
        self.settings_version = 0
        self.model_version = 0
        self._measure()
        self.settle()
        self._good: dict[str, Tensor] = self.tensors()
        self._good_counts = self.counts()

    def _training_data(self, count: int) -> Tensor:
        return self.target.training_data(count, self.preset.seed)

    @property
    def iteration(self) -> int:
        """How many base iterations are done."""
        return self.schedule.iteration

    @property
    def resting(self) -> bool:
        """Never: chains move without end."""
        return False

    @property
    def front(self) -> Training:
        """The training that panels and exports show: this one."""
        return self

    @property
    def runs(self) -> dict[str, Training]:
        """This training alone, without a label."""
        return {"": self}

    # What a run does.

    def advance(self) -> None:
        """One small piece of work.

        Raises:
            Diverged: After the last good state was restored, naming the quantity.
        """
        self.curves.go_on()
        try:
            if self.schedule.energy_is_next:
                if self.learner.tries(self.preset.objective, self.preset.training):
                    return
                if self.learner.walks(self.preset.objective, self.preset.training):
                    return
                self._energy_step()
                self.schedule.energy_left -= 1
                # The end of an iteration follows at once: it belongs to the last energy step.
                if self.schedule.energy_left > 0:
                    for part in BETWEEN_STEPS:
                        self.exhibits[part].advance()
                    return
            if self.curves.measuring and self._ends_row():
                return  # it comes to its end a piece at a time, not all at once
            self._end_iteration()
        except Diverged:
            self._restore_good()
            raise

    def step(self, command: StepOnce) -> None:
        """Take single steps of one kind.

        Raises:
            Diverged: After the last good state was restored, naming the quantity.
        """
        try:
            for _ in range(command.count):
                self._single_step(command.what)
            self.settle()
        except Diverged:
            self._restore_good()
            raise

    def _single_step(self, what: Step) -> None:
        if what == "energy":
            self._energy_step()
        elif what == "base":
            self._base_step()
        elif what == "sampler":
            self._advance_chains(1)
            for exhibit in self.exhibits.values():
                exhibit.advance()
        else:
            goal = self.iteration + 1
            while self.iteration < goal:
                self.advance()

    def train(self, iterations: int) -> None:
        """Advance by a number of base iterations.

        Raises:
            Diverged: After the last good state was restored, naming the quantity.
        """
        goal = self.iteration + iterations
        while self.iteration < goal:
            self.advance()
        self.settle()

    def _energy_step(self) -> None:
        self.learner.set_rate("energy", self.schedule.energy_rate)
        self.learner.energy_step(self._objective, self.preset.training)
        self.schedule.energy_step_done()
        self._model_moved()

    @property
    def _objective(self) -> schema.Objective:
        """What the energy learns by now: alone it may have a penalty of another weight."""
        objective, strength = self.preset.objective, self.preset.training.energy_only_strength
        if strength is None or not self.schedule.energy_is_alone:
            return objective
        return objective.model_copy(update={"strength": strength})

    def _base_step(self) -> None:
        self.learner.base_step(self.preset.objective, self.preset.training)
        self.average.follow()
        self.schedule.base_step_done()
        self._model_moved()

    def _settle_base(self) -> None:
        """Once the base rests, its average takes its place: what the energy learns from then on is about that one."""
        rested, self._base_rests = self._base_rests, self.schedule.base_is_done
        averaged = self._base_rests and not rested and self.average.take_its_place()
        # After that: the statistics of batches become those of the weights that stay.
        if self.learner.steps.let_base_learn(self.schedule.learns("base")) or averaged:
            self._model_moved()

    def _model_moved(self) -> None:
        self.model_version += 1
        self.chains.model_moved()
        for exhibit in self.exhibits.values():
            exhibit.model_moved()

    def _advance_chains(self, steps: int) -> None:
        self.chains.advance(steps)
        if self.chains.settings is not self.preset.sampler:  # a step size has adapted: say so
            self.preset = self.preset.model_copy(update={"sampler": self.chains.settings})
            self.settings_version += 1
            for exhibit in self.exhibits.values():
                exhibit.configure(self.preset)

    def _end_iteration(self) -> None:
        if self.schedule.learns("base"):
            self._base_step()
        self._advance_chains(self.preset.sampler.steps)
        for exhibit in self.exhibits.values():
            exhibit.advance()
        self.schedule.iteration_done()
        self._settle_base()
        study_of(self.exhibits).iteration_done()
        if self.iteration % SNAPSHOT_EVERY == 0:
            self.settle()
            self._good, self._good_counts = self.tensors(), self.counts()
        self._measure_if_due()

    def _ends_row(self) -> bool:
        """Whether the end of this iteration needs the row of the curves whole that is being measured."""
        following = self.iteration + 1
        return following % SNAPSHOT_EVERY == 0 or following % self.preset.training.metrics_every == 0

    def _measure_if_due(self) -> None:
        if self.iteration % self.preset.training.metrics_every == 0:
            self._measure()

    def _measure(self) -> None:
        """Begin a row of the curves; comparisons with the truth follow in pieces."""
        self.settle()
        row = self.evaluation.bounds()
        row |= {
            "iteration": self.iteration,
            "energy_chains": float(self.chains.energies.mean()),
            "overflows": self.learner.overflows,
            "penalty": self.learner.penalty,
            "base_gradient": self.learner.base_gradient,
        }
        batch = self.preset.training.batch
        self.evaluation.notes["base_gradient"] = f"|∇| of the base's loss in its last step, on a batch of {batch}"
        compares = self.iteration % self.preset.training.truth_every == 0
        self.curves.begin(row, self.evaluation.truth_in_pieces(self.model_version) if compares else iter(()))

    def settle(self) -> None:
        """Finish what is being measured, and a walk of negative chains, so that a file holds everything up to now.

        Raises:
            Diverged: After the last good state was restored, where a negative chain is lost.
        """
        self.curves.settle()
        try:
            self.learner.settle(self.preset.objective, self.preset.training)
        except Diverged:
            self._restore_good()
            raise

    def _restore_good(self) -> None:
        rows = self._good_counts["rows"]
        # What an exhibit has found does not depend on the run: it stays.
        good = {name: value for name, value in self._good.items() if not name.startswith("exhibit.")}
        self.load_tensors(good, self._good_counts)
        self.curves.replace(self.curves.since(0)[:rows])
        if self.curves.latest().get("iteration") != self.iteration:  # else its row is there
            self._measure_if_due()

    # What a person changes.

    def set_value(self, command: SetValue) -> None:
        """Change one live setting.

        Raises:
            PresetError: Where there is no such setting, the value is out of range, or it needs a restart.
        """
        setting = describe_path(self.preset, command.path)
        if not setting.live:
            raise PresetError([f"{command.path}: needs a restart; apply it with reset"])
        self.adopt(changed(self.preset, {command.path: command.value}))

    def restart_chains(self) -> None:
        """Begin all chains again from the prior, and with them all that runs beside them."""
        self.chains.restart()
        for exhibit in self.exhibits.values():
            exhibit.restart()

    def adopt(self, preset: TrainingPreset) -> None:
        """Take the live settings of a preset that differs in nothing else."""
        self.evaluation.take_features(preset.quality.features)
        old, self.preset = self.preset, preset
        self.settings_version += 1
        if preset.sampler != old.sampler:
            self.chains.configure(preset.sampler)
        for exhibit in self.exhibits.values():
            exhibit.configure(preset)
        if preset.training != old.training:
            self.learner.configure(preset.training)
            self.schedule.configure(preset.training)
            self._settle_base()

    # What a person sees.

    def frame(self, pull: Pull, *, run_id: int, state: State, rate: float, device: str) -> Frame:
        """The answer to a pull: only the parts that it names are computed."""
        return frame_of(self, pull, run_id=run_id, state=state, rate=rate, device=device)

    def critic_part(self, pull: Pull, running: bool) -> CriticPart | None:
        """The critic's part of a frame; None until it is ready."""
        return self.critic_look.part(
            self.preset, pull.critic_along, version=self.model_version, iteration=self.iteration, running=running
        )

    def curves_part(self, since: int = 0) -> CurvesPart:
        """All rows of the curves from an index on."""
        since = min(since, len(self.curves))
        return CurvesPart(since, COLUMNS, frozen(self.curves.since(since)), tuple(self.evaluation.notes.items()))

    def take_notices(self) -> list[str]:
        """Nothing: what happens to one training stops it, and is raised."""
        return []

    # What a file keeps.

    def saved(self) -> Saved:
        """Tensors with all curves, and what only text can hold.

        Raises:
            Diverged: As `settle`.
        """
        self.settle()
        curves = torch.from_numpy(self.curves.since(0))
        facts = {"counts": self.counts(), "curves": list(self.curves.columns), "notes": self.evaluation.notes}
        return Saved(self.tensors() | {CURVES: curves}, facts)

    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: Where it belongs to other settings.
        """
        tensors = dict(saved.tensors)
        rows = tensors.pop(CURVES).numpy()
        if list(self.curves.columns) == saved.facts["curves"]:
            self.curves.replace(rows)
        self.load_tensors(tensors, saved.facts["counts"])
        self.evaluation.notes.update({str(name): str(text) for name, text in saved.facts["notes"].items()})
        self._good, self._good_counts = self.tensors(), self.counts()

    def counts(self) -> dict[str, int]:
        """The numbers that tell where in the schedule the run is."""
        return self.schedule.counts() | {"overflows": self.learner.overflows, "rows": len(self.curves)}

    def tensors(self) -> dict[str, Tensor]:
        """Weights, optimisers, chains and generators: with `counts`, all that goes on bit for bit."""
        return tensors_of(self)

    def load_tensors(self, tensors: dict[str, Tensor], counts: dict[str, int]) -> None:
        """Take back what `tensors` and `counts` gave.

        Raises:
            KeyError, RuntimeError, TypeError: Where they belong to another model.
        """
        put_back(self, tensors)
        self.schedule.take_back(counts)
        self._base_rests = self.schedule.base_is_done
        self.learner.steps.let_base_learn(self.schedule.learns("base"))
        self.learner.overflows = counts["overflows"]
        self.model_version += 1
        for exhibit in self.exhibits.values():
            exhibit.model_moved()


def _log_density(target: targets.Target) -> Callable[[Tensor], Tensor]:
    """log p of examples (N, *shape), (N,); a function of its own, so that copies of a model share the target."""

    def log_density(x: Tensor) -> Tensor:
        if isinstance(target, targets.VonMises):
            return target.angle_log_density(target.angle(x))
        return target.log_density(x)

    return log_density
