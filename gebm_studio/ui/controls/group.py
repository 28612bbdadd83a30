"""A group of settings that folds away under its heading; a group with kinds has a choice on top."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from gebm_studio.schema import Preset, Section, Setting, describe, settings_of
from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import calm
from gebm_studio.ui.controls.row import Change, Row
from gebm_studio.ui.run_settings import kinds_of


class Heading(QAbstractButton):
    """The title of a group with a triangle; a click folds the group away."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setCheckable(True)
        self.setChecked(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        calm(self)

    def sizeHint(self) -> QSize:
        return QSize(12 * theme.GRID, theme.line_height(theme.current().heading_font) + theme.GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        if self.underMouse() or self.hasFocus():
            painter.fillRect(rect, look.brush(look.control))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.brush(look.muted))
        x, y = 0.75 * theme.GRID, rect.height() / 2
        corners = [(-4, -2), (4, -2), (0, 3)] if self.isChecked() else [(-2, -4), (-2, 4), (3, 0)]
        painter.drawPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))
        painter.setPen(look.pen(look.text))
        painter.setFont(look.heading_font)
        painter.drawText(rect.adjusted(2 * theme.GRID, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()


class Group(QWidget):
    """The settings of one section of a kind of preset."""

    def __init__(
        self, name: str, title: str, preset: type[Preset], change: Change, *, first: tuple[str, ...] = (),
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.name = name
        self._change = change
        self._first = first
        self._preset = preset
        self._kinds = kinds_of(name, preset)
        self._section: type[Section] | None = None
        self.rows: dict[str, Row] = {}
        self.kind_row: Row | None = None
        self._extras: list[tuple[str, QWidget]] = []
        self.heading = Heading(title)
        self.heading.toggled.connect(self._fold)
        self.body = QWidget()
        self._column = QVBoxLayout(self.body)
        self._column.setContentsMargins(theme.GRID, 0, 0, theme.GRID)
        self._column.setSpacing(theme.GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.heading)
        column.addWidget(self.body)

    def add_extra(self, widget: QWidget, after: str) -> None:
        """Put a widget of its own kind below the row of the setting `after`."""
        self._extras.append((after, widget))

    def show_values(self, preset: Preset, pending: dict[str, Any], shown: Callable[[str], Any]) -> None:
        """Show the settings in force and those that wait, with the fields of the kind that is chosen."""
        current = getattr(preset, self.name)
        kind = str(pending.get(self.name) or getattr(current, "kind", ""))
        section = self._kinds[kind] if self._kinds else type(current)
        if section is not self._section:
            self._build(section)
        if self.kind_row is not None:
            self.kind_row.show_value(kind, self.name in pending)
        changing = self.name in pending

        def value(path: str) -> Any:
            return pending.get(path, self.rows[path].setting.default) if changing else shown(path)

        for path, row in self.rows.items():
            row.show_value(value(path), path in pending)
            if row.setting.when is not None:
                sibling, values = row.setting.when
                row.setVisible(value(f"{self.name}.{sibling}") in values)

    def set_open(self, is_open: bool) -> None:
        """Unfold or fold the group."""
        self.heading.setChecked(is_open)

    def _fold(self, is_open: bool) -> None:
        self.body.setVisible(is_open)

    def _build(self, section: type[Section]) -> None:
        """Make the rows of a kind; the rows of the one before go."""
        self._section = section
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None and widget not in [extra for _, extra in self._extras]:
                widget.setParent(None)
                widget.deleteLater()
        self.rows, self.kind_row = {}, None
        if self._kinds:
            described = describe(self.name, self._preset.model_fields[self.name])
            choice = Setting(
                path=self.name,
                label="Kind",
                kind="choice",
                default=next(iter(self._kinds)),
                help=described.help,
                choices=tuple(self._kinds),
            )
            self.kind_row = Row(choice, self._change)
            self._column.addWidget(self.kind_row)
        settings = {setting.path: setting for setting in settings_of(section, self.name) if setting.kind != "sections"}
        order = [f"{self.name}.{name}" for name in self._first]
        for path in [*order, *(path for path in settings if path not in order)]:
            self.rows[path] = Row(settings[path], self._change)
            self._column.addWidget(self.rows[path])
            for after, extra in self._extras:
                if after == path:
                    self._column.addWidget(extra)
