"""The settings of one kind of preset in a column: a group for each section."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gebm_studio.schema import KINDS, DivergencesPreset, Preset, TrainingPreset, describe
from gebm_studio.ui import theme
from gebm_studio.ui.controls.group import Group
from gebm_studio.ui.controls.row import Change, Row
from gebm_studio.ui.controls.sampler import BetaRow, Conversions
from gebm_studio.ui.controls.simple import NumbersEditor
from gebm_studio.ui.run_settings import RunSettings

GROUPS = {
    "training": {
        "sampler": "Sampler", "reel": "Gallery", "quality": "Quality", "race": "Race", "decay": "W₂ decay",
        "sweep": "Sweep", "energy": "Energy", "base": "Base", "objective": "Objective", "training": "Training",
        "speed": "Speed", "target": "Target", "view": "View",
    },
    "divergences": {
        "kernel": "Kernel and KALE", "q": "Law Q", "p": "Law P", "critic": "Critic", "fit": "Fits",
        "swept": "Swept curves", "measure": "Values", "view": "View",
    },
    "particles": {
        "flow": "Flow", "measure": "Measured", "cloud": "Particles", "start": "Start", "target": "Target",
        "view": "View",
    },
}  # fmt: skip
"""The groups of each kind of preset from top to bottom: what a person drags most stands first."""

SEED_AFTER = {
    "training": "training.truth_every", "divergences": "measure.epsilon", "particles": "cloud.targets",
}  # fmt: skip
"""The setting below which the seed stands."""

FIRST = {"sampler": ("name", "temperature", "step_size", "friction"), "kernel": ("regularisation", "scale")}
"""What is dragged most comes first, and what every algorithm has, so that a change of it moves nothing above."""


class SettingsColumn(QWidget):
    """All groups of one kind of preset."""

    def __init__(self, kind: str, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = kind
        preset = KINDS[kind]
        self.groups = {
            name: Group(name, title, preset, change, first=FIRST.get(name, ())) for name, title in GROUPS[kind].items()
        }
        self.seed = Row(describe("seed", preset.model_fields["seed"]), change)
        after = SEED_AFTER[kind]
        self.groups[after.partition(".")[0]].add_extra(self.seed, after)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        inside.setSpacing(theme.GRID)
        for group in self.groups.values():
            inside.addWidget(group)
        inside.addStretch(1)

    def refresh(self, settings: RunSettings) -> None:
        """Show what the run uses and what waits."""
        for group in self.groups.values():
            group.show_values(settings.preset, settings.pending, settings.shown)
        self.seed.show_value(settings.shown("seed"), "seed" in settings.pending)
        for name, wanted in self.wanted(settings).items():
            self.groups[name].setVisible(wanted)
        for path in self.idle(settings.preset):
            rows = self.groups[path.partition(".")[0]].rows
            if path in rows:
                rows[path].hide()
        for name in ("p", "q") if isinstance(settings.preset, DivergencesPreset) else ():
            place = self.groups[name].rows[f"{name}.at"].editor
            if isinstance(place, NumbersEditor):
                place.show_first(_on_line(settings.preset))

    def wanted(self, settings: RunSettings) -> dict[str, bool]:
        """Whether the groups that only some presets need are shown."""
        preset = settings.preset
        if not isinstance(preset, DivergencesPreset):
            return {}
        docks = preset.view.docks
        return {"swept": "swept" in docks, "critic": "bound" in docks, "fit": bool(preset.fit.divergences)}

    def idle(self, preset: Preset) -> tuple[str, ...]:
        """The settings that do nothing in this preset: on the line a law has one axis."""
        return ("p.aspect", "p.angle", "q.aspect", "q.angle") if _on_line(preset) else ()

    def show_adapting(self, step: float) -> None:
        """Follow a step size that adapts, NaN where none does."""


class TrainingColumn(SettingsColumn):
    """The settings of a training, with what stands beside the sampler's own."""

    def __init__(self, kind: str, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(kind, change, parent)
        self.beta = BetaRow(change)
        self.conversions = Conversions()
        self.groups["sampler"].add_extra(self.beta, "sampler.temperature")
        self.groups["sampler"].add_extra(self.conversions, "sampler.friction")
        self._adapting = math.nan
        self._training: TrainingPreset | None = None

    def refresh(self, settings: RunSettings) -> None:
        super().refresh(settings)
        if isinstance(settings.preset, TrainingPreset):
            self._training = settings.preset
            self.beta.show_temperature(settings.preset.sampler.temperature)
            self._show_step()

    def wanted(self, settings: RunSettings) -> dict[str, bool]:
        preset = settings.preset
        if not isinstance(preset, TrainingPreset):
            return {}
        images = len(preset.target.shape or ()) == 3
        return {
            **dict.fromkeys(("reel", "quality", "speed"), images),
            "race": bool(preset.race.lanes),
            "decay": bool(preset.decay.dimensions or settings.shown("decay.dimensions")),
            "sweep": {preset.sweep.study, settings.shown("sweep.study")} != {"none"},
        }

    def show_adapting(self, step: float) -> None:
        if step != self._adapting and not (math.isnan(step) and math.isnan(self._adapting)):
            self._adapting = step
            self._show_step()

    def _show_step(self) -> None:
        if self._training is None:
            return
        sampler, row = self._training.sampler, self.groups["sampler"].rows["sampler.step_size"]
        adapts = not math.isnan(self._adapting)
        step = self._adapting if adapts else sampler.step_size
        row.show_value(step, False)
        row.set_note("adapting" if adapts else "")
        self.conversions.show_sampler(sampler, step)


def _on_line(preset: Preset) -> bool:
    return isinstance(preset, DivergencesPreset) and preset.space == "line"


def column_for(preset: Preset, change: Change) -> SettingsColumn:
    """The column of a preset's kind."""
    return (TrainingColumn if preset.kind == "training" else SettingsColumn)(preset.kind, change)
