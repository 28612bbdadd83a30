"""The controls dock: all groups of settings in one scrolling column, and the bar that restarts."""

from __future__ import annotations

import math
from typing import cast

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gebm_studio.messages import Frame
from gebm_studio.ui import theme
from gebm_studio.ui.controls.column import SettingsColumn, column_for
from gebm_studio.ui.controls.group import Group
from gebm_studio.ui.controls.row import Change, Row
from gebm_studio.ui.session import Session


class PendingBar(QFrame):
    """Says how many changes wait for a restart, and applies or forgets them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setStyleSheet(f"color: {theme.current().error}")
        self.apply_button = QPushButton("Apply and restart")
        self.discard_button = QPushButton("Discard")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addWidget(self.apply_button, 1)
        buttons.addWidget(self.discard_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*4 * (theme.GRID,))
        column.setSpacing(theme.GRID)
        for widget in (self.text, self.problem):
            column.addWidget(widget)
        column.addLayout(buttons)
        self._waiting: dict[str, object] = {}
        self.hide()

    def show_waiting(self, pending: dict[str, object]) -> None:
        """Appear while changes wait; why they were refused stands until they are others."""
        if pending == self._waiting:
            return
        self._waiting = dict(pending)
        count = len(pending)
        noun = "change waits" if count == 1 else "changes wait"
        self.text.setText(f"{count} {noun} for a restart")
        self.show_problems([])
        self.setVisible(count > 0)

    def show_problems(self, problems: list[str]) -> None:
        """Say why the changes could not be applied."""
        self.problem.setText("\n".join(problems))
        self.problem.setVisible(bool(problems))


class Column(QScrollArea):
    """Scrolls up and down only: never narrower than what it holds."""

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)

    def minimumSizeHint(self) -> QSize:
        width = self.widget().minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, 12 * theme.GRID)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The scroll area already watches its content; only the width that it asks for is added here.
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self.updateGeometry()
        return super().eventFilter(watched, event)


class ControlsPanel(QWidget):
    """Shows the settings of a session and sends it what a person changes.

    `change` may be given to go another way than straight to the session, such as through undo.
    """

    def __init__(self, session: Session, change: Change | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._change: Change = change or session.change
        self._columns: dict[str, SettingsColumn] = {}
        self._pages = QStackedWidget()
        self.bar = PendingBar()
        self.bar.apply_button.clicked.connect(self.apply)
        self.bar.discard_button.clicked.connect(session.discard_pending)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._pages, 1)
        whole.addWidget(self.bar)
        session.settings_changed.connect(self.refresh)
        session.frame.connect(self._show_frame)
        self.refresh()

    @property
    def column(self) -> SettingsColumn:
        """The settings of the kind of preset that is open; made when the first of its kind is."""
        preset = self._session.settings.preset
        if preset.kind not in self._columns:
            self._columns[preset.kind] = column_for(preset, self._change)
            self._pages.addWidget(Column(self._columns[preset.kind]))
        return self._columns[preset.kind]

    @property
    def groups(self) -> dict[str, Group]:
        """The groups of settings that are shown, by the name of their section."""
        return self.column.groups

    @property
    def scroller(self) -> Column:
        """What scrolls the column that is shown."""
        return cast(Column, self._pages.currentWidget())

    def refresh(self) -> None:
        """Show what the run uses and what waits."""
        settings, column = self._session.settings, self.column
        self._pages.setCurrentIndex(list(self._columns).index(column.kind))
        column.refresh(settings)
        self.bar.show_waiting(settings.pending)

    def _show_frame(self, frame: Frame) -> None:
        """Follow a step size that adapts: the settings hear of it only in the end."""
        part = frame.diagnostics
        self.column.show_adapting(math.nan if part is None else float(f"{part.adapting:.3g}"))

    def row(self, path: str) -> Row:
        """The row of a setting that is shown now.

        Raises:
            KeyError: Where there is none.
        """
        if path == "seed":
            return self.column.seed
        group = self.groups[path.partition(".")[0]]
        if path == group.name and group.kind_row is not None:
            return group.kind_row
        return group.rows[path]

    def apply(self) -> None:
        """Begin a new run with all waiting changes."""
        self.bar.show_problems(self._session.apply_pending())
