"""The one table from the kind of a setting to the widget that edits it."""

from __future__ import annotations

from gebm_studio.schema import Setting
from gebm_studio.ui.controls.editor import Editor
from gebm_studio.ui.controls.number import NumberEditor
from gebm_studio.ui.controls.optional import OptionalEditor
from gebm_studio.ui.controls.simple import ChoiceEditor, ChoicesEditor, NumbersEditor, SwitchEditor, TextEditor

EDITORS: dict[str, type[Editor]] = {
    "float": NumberEditor,
    "int": NumberEditor,
    "bool": SwitchEditor,
    "choice": ChoiceEditor,
    "choices": ChoicesEditor,
    "text": TextEditor,
    "numbers": NumbersEditor,
}


def editor_for(setting: Setting) -> Editor:
    """The editor of a setting, with a check box before it where the value may be absent."""
    editor = EDITORS[setting.kind](setting)
    return OptionalEditor(editor) if setting.optional else editor
