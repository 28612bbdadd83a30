"""The settings of a run as the window knows them: what acts, what waits for a restart, what is on its way."""

from __future__ import annotations

import typing
from typing import Any, NamedTuple

from gebm_studio import presets
from gebm_studio.schema import Preset, Section, settings_of, value_at


class RunSettings:
    """Settings of one run.

    `preset` is what the run uses, live changes already in it; `original` what was opened (None
    until a restored run has shown its settings); `pending`
    the changes, by path, that need a restart. A live change is unsure until the engine has answered
    a pull that was sent after it: until then older frames do not take it back.
    """

    def __init__(self, preset: Preset, original: Preset | None) -> None:
        self.preset = preset
        self.original = original
        self.pending: dict[str, Any] = {}
        self._engine_preset: Preset | None = None
        self._unsure: dict[str, tuple[int, Any]] = {}

    def shown(self, path: str) -> Any:
        """The value that a control shows: the pending one, else the run's; of a kind that waits, its default."""
        if path in self.pending:
            return self.pending[path]
        group, _, name = path.partition(".")
        if name and group in self.pending:
            field = kinds_of(group, type(self.preset))[self.pending[group]].model_fields.get(name)
            if field is not None:
                return field.get_default(call_default_factory=True)
        return value_at(self.preset, path)

    def is_live(self, path: str) -> bool:
        """Whether a change acts at once; not so in a group whose kind is about to change."""
        if path in presets.sections(self.preset) or path.partition(".")[0] in self.pending:
            return False
        return presets.describe_path(self.preset, path).live

    def change_live(self, path: str, value: Any, next_pull: int) -> None:
        """Take a live change, which the answer to pull number `next_pull` will know.

        Raises:
            PresetError: Where the value does not fit; nothing was changed.
        """
        self.preset = presets.changed(self.preset, {path: value})
        self._unsure[path] = (next_pull, value)

    def change_later(self, path: str, value: Any) -> None:
        """Keep a change for the next restart; a change back to the run's value is forgotten."""
        group, dot, _ = path.partition(".")
        if not dot and group in presets.sections(self.preset):
            # Another kind: what was changed in the fields of the old kind is gone with them.
            for other in [key for key in self.pending if key.partition(".")[0] == group]:
                del self.pending[other]
            if value != getattr(self.preset, group).kind:
                self.pending[group] = value
        elif group not in self.pending and _plain(value_at(self.preset, path)) == _plain(value):
            self.pending.pop(path, None)
        else:
            self.pending[path] = value

    def with_pending(self) -> Preset:
        """The settings of the next run.

        Raises:
            PresetError: Where the waiting changes do not fit together.
        """
        return presets.changed(self.preset, self.pending)

    def adopt(self, engine_preset: Preset | None, answered: int) -> bool:
        """Take over what the engine uses (None: as before), save what it cannot have heard of yet.

        Returns whether a shown value may have changed.
        """
        self._engine_preset = engine_preset or self._engine_preset
        self._unsure = {path: (due, value) for path, (due, value) in self._unsure.items() if due > answered}
        if self._engine_preset is None:
            return False
        self.original = self.original or self._engine_preset
        try:
            changes = {path: value for path, (_, value) in self._unsure.items()}
            preset = presets.changed(self._engine_preset, changes) if changes else self._engine_preset
        except presets.PresetError:
            preset = self._engine_preset  # a change that no longer fits; the engine will refuse it too
        before, self.preset = self.preset, preset
        return before != preset

    def differences(self) -> list[tuple[str, Any]]:
        """What to change, in order, to come back to the preset that was opened."""
        changes: list[tuple[str, Any]] = []
        if self.original is None:
            return changes
        for name, section in presets.sections(self.original).items():
            now = getattr(self.preset, name)
            if type(now) is not type(section):
                changes.append((name, getattr(section, "kind", None)))
                now = None
            for setting in settings_of(section, name):
                value = value_at(self.original, setting.path)
                if now is None or value_at(self.preset, setting.path) != value:
                    changes.append((setting.path, value))
        if self.preset.seed != self.original.seed:
            changes.append(("seed", self.original.seed))
        return changes


def kinds_of(group: str, preset: type[Preset]) -> dict[str, type[Section]]:
    """The sections that a group of a kind of preset can be, by kind; empty for a group of one kind only."""
    members = typing.get_args(preset.model_fields[group].annotation)
    return {str(member.model_fields["kind"].default): member for member in members}


def _plain(value: Any) -> Any:
    """Lists as tuples, as the schema holds them."""
    return tuple(_plain(item) for item in value) if isinstance(value, list | tuple) else value


class EarlierRun(NamedTuple):
    """What the window needs to go back to a run."""

    run_id: int
    name: str
    settings: RunSettings
    folder: str
    announced: bool
