"""Editors of choices, switches, texts and rows of numbers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gebm_studio.schema import Setting
from gebm_studio.schema.field import Grouped
from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import Editor, ValueLine, calm, number_text


class ChoiceEditor(Editor):
    """One of a few names."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.combo = QComboBox()
        if setting.grouped:
            self._add_groups(setting.grouped)
        else:
            for choice in setting.choices:
                self.combo.addItem(choice.replace("_", " "), choice)
        self.combo.setMinimumContentsLength(8)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.activated.connect(lambda index: self.edited.emit(self.combo.itemData(index)))
        calm(self.combo)
        _alone(self, self.combo)

    def show_value(self, value: Any) -> None:
        self.combo.setCurrentIndex(self.combo.findData(value))

    def held(self) -> bool:
        return self.combo.view().isVisible()

    def _add_groups(self, grouped: Grouped) -> None:
        """Choices under headings that cannot be chosen; each tells in its tooltip what it is."""
        model = self.combo.model()
        for heading, choices in grouped:
            self.combo.addItem(heading)
            item = model.item(self.combo.count() - 1)  # type: ignore[attr-defined]
            item.setEnabled(False)
            for choice, note in choices:
                self.combo.addItem(choice.replace("_", " "), choice)
                self.combo.setItemData(self.combo.count() - 1, note, Qt.ItemDataRole.ToolTipRole)
        self.combo.setMaxVisibleItems(self.combo.count())
        # The list may be wider than the box: a heading is cut nowhere.
        self.combo.view().setMinimumWidth(self.combo.view().sizeHintForColumn(0) + 2 * theme.GRID)


class ChoicesEditor(Editor):
    """Some of a few names, in the order in which they were chosen."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self._value: tuple[str, ...] = ()
        self.button = QToolButton()
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.list = QMenu(self.button)
        self.actions_by_name = {choice: self.list.addAction(choice.replace("_", " ")) for choice in setting.choices}
        for choice, action in self.actions_by_name.items():
            action.setCheckable(True)
            action.triggered.connect(lambda on, choice=choice: self._toggled(choice, on))
        self.button.setMenu(self.list)
        calm(self.button)
        _alone(self, self.button)

    def show_value(self, value: Any) -> None:
        self._value = tuple(value)
        for choice, action in self.actions_by_name.items():
            action.setChecked(choice in self._value)
        first = self._value[0].replace("_", " ") if self._value else "none chosen"
        self.button.setText(first if len(self._value) < 2 else f"{first} and {len(self._value) - 1} more")

    def held(self) -> bool:
        return self.list.isVisible()

    def _toggled(self, choice: str, on: bool) -> None:
        kept = tuple(name for name in self._value if name != choice)
        self.edited.emit((*kept, choice) if on else kept)
        self.show_value(self._value)  # a list that was refused keeps its ticks


class SwitchEditor(Editor):
    """True or false."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.box = QCheckBox()
        self.box.clicked.connect(lambda on: self.edited.emit(bool(on)))
        calm(self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        row.addStretch(1)

    def show_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))


class TextEditor(Editor):
    """A line of text."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.line = ValueLine()
        self.line.taken.connect(self._typed)
        _alone(self, self.line)

    def show_value(self, value: Any) -> None:
        self.line.show_text(str(value))

    def held(self) -> bool:
        return self.line.unfinished()

    def _typed(self, text: str) -> None:
        self.line.accept()
        self.edited.emit(text)


class NumbersEditor(Editor):
    """A row of numbers `1, 0.5, 2`, or a matrix with its rows parted by semicolons `1, 0; 0, 1`.

    Where nothing is known of its rows yet, as of an empty one, a semicolon makes it a matrix.
    """

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self._matrix = isinstance(setting.default, tuple) and bool(setting.default and _is_row(setting.default[0]))
        self._written: tuple[Any, str] = (None, "")  # a value and its text: of thousands of points it takes a while
        self._value: Any = ()
        self._first_only = False
        self.line = ValueLine()
        self.line.setFont(theme.current().number_font)
        self.line.setPlaceholderText("1, 0; 0, 1" if self._matrix else "1, 0.5, 2")
        self.line.taken.connect(self._typed)
        _alone(self, self.line)

    def show_first(self, only: bool) -> None:
        """Show the first number of a row alone, and keep the others as they are, or show all."""
        if only != self._first_only:
            self._first_only, self._written = only, (None, "")
            self.show_value(self._value)

    def show_value(self, value: Any) -> None:
        self._value = value
        rows = value if value and _is_row(value[0]) else [value[:1] if self._first_only else value]
        self._matrix = rows is value
        if value != self._written[0]:
            self._written = value, "; ".join(", ".join(number_text(entry) for entry in row) for row in rows)
        self.line.show_text(self._written[1])

    def held(self) -> bool:
        return self.line.unfinished()

    def _typed(self, text: str) -> None:
        plain = text.replace("−", "-").strip()
        is_matrix = self._matrix or (";" in plain and not self._value)
        try:
            rows = [_row(part) for part in plain.removesuffix(";").split(";")] if plain or not is_matrix else []
        except ValueError as error:
            self.refused.emit(f"{self.setting.label} must be numbers parted by commas: {error}")
            return
        if not is_matrix and ";" in plain:
            self.refused.emit(f"{self.setting.label} is one row of numbers; no semicolon")
            return
        if self._first_only and len(rows[0]) == 1:
            rows[0] += tuple(self._value[1:])
        self.line.accept()
        self.edited.emit(tuple(rows) if is_matrix else rows[0])


def _is_row(value: Any) -> bool:
    return isinstance(value, tuple | list)


def _row(text: str) -> tuple[float | int, ...]:
    """The numbers of a text; whole ones stay whole, since some settings take no others."""
    entries: list[float | int] = []
    for part in text.replace(",", " ").split():
        try:
            entries.append(int(part) if part.lstrip("+-").isdecimal() else float(part))
        except ValueError:
            raise ValueError(f"{part!r} is no number") from None
    return tuple(entries)


def _alone(editor: QWidget, widget: QWidget) -> None:
    column = QVBoxLayout(editor)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(widget)
