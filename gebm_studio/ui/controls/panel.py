"""The controls dock: all groups of settings in one scrolling column, and the bar that restarts."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from gebm_studio.messages import Frame
from gebm_studio.schema import Preset, describe
from gebm_studio.ui import theme
from gebm_studio.ui.controls.group import Group
from gebm_studio.ui.controls.row import Change, Row
from gebm_studio.ui.controls.sampler import BetaRow, Conversions
from gebm_studio.ui.session import Session

GROUPS = {
    "sampler": "Sampler",
    "race": "Race",
    "decay": "W₂ decay",
    "sweep": "Sweep",
    "energy": "Energy",
    "base": "Base",
    "objective": "Objective",
    "training": "Training",
    "target": "Target",
    "view": "View",
}
"""The groups from top to bottom: what a person drags most stands first."""

FIRST = {"sampler": ("name", "temperature", "step_size", "friction")}
"""What every algorithm has comes first, so that a change of it moves nothing above."""


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
        self.hide()

    def show_count(self, count: int) -> None:
        """Appear while changes wait."""
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
        self.groups = {
            name: Group(name, title, self._change, first=FIRST.get(name, ())) for name, title in GROUPS.items()
        }
        self.beta = BetaRow(self._change)
        self.conversions = Conversions()
        self.groups["sampler"].add_extra(self.beta, "sampler.temperature")
        self.groups["sampler"].add_extra(self.conversions, "sampler.friction")
        self.seed = Row(describe("seed", Preset.model_fields["seed"]), self._change)
        self.groups["training"].add_extra(self.seed, "training.truth_every")
        column = QWidget()
        inside = QVBoxLayout(column)
        inside.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        inside.setSpacing(theme.GRID)
        for group in self.groups.values():
            inside.addWidget(group)
        inside.addStretch(1)
        self.scroller = Column(column)
        self.bar = PendingBar()
        self.bar.apply_button.clicked.connect(self.apply)
        self.bar.discard_button.clicked.connect(session.discard_pending)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.scroller, 1)
        whole.addWidget(self.bar)
        self._adapting = math.nan
        session.settings_changed.connect(self.refresh)
        session.frame.connect(self._show_frame)
        self.refresh()

    def refresh(self) -> None:
        """Show what the run uses and what waits."""
        settings = self._session.settings
        pending: dict[str, Any] = settings.pending
        for group in self.groups.values():
            group.show_values(settings.preset, pending, settings.shown)
        self.groups["race"].setVisible(bool(settings.preset.race.lanes))
        self.groups["decay"].setVisible(bool(settings.preset.decay.dimensions or settings.shown("decay.dimensions")))
        studies = {settings.preset.sweep.study, settings.shown("sweep.study")}
        self.groups["sweep"].setVisible(studies != {"none"})
        self.beta.show_temperature(settings.preset.sampler.temperature)
        self._show_step()
        self.seed.show_value(settings.shown("seed"), "seed" in pending)
        self.bar.show_count(len(pending))

    def _show_frame(self, frame: Frame) -> None:
        """Follow a step size that adapts: the settings hear of it only in the end."""
        part = frame.diagnostics
        adapting = math.nan if part is None else float(f"{part.adapting:.3g}")
        if adapting != self._adapting and not (math.isnan(adapting) and math.isnan(self._adapting)):
            self._adapting = adapting
            self._show_step()

    def _show_step(self) -> None:
        sampler, row = self._session.settings.preset.sampler, self.groups["sampler"].rows["sampler.step_size"]
        adapts = not math.isnan(self._adapting)
        step = self._adapting if adapts else sampler.step_size
        row.show_value(step, False)
        row.set_note("adapting" if adapts else "")
        self.conversions.show_sampler(sampler, step)

    def row(self, path: str) -> Row:
        """The row of a setting that is shown now.

        Raises:
            KeyError: Where there is none.
        """
        if path == "seed":
            return self.seed
        group = self.groups[path.partition(".")[0]]
        if path == group.name and group.kind_row is not None:
            return group.kind_row
        return group.rows[path]

    def apply(self) -> None:
        """Begin a new run with all waiting changes."""
        self.bar.show_problems(self._session.apply_pending())
