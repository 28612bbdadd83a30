"""The toolbar: run, step, reset, slow motion, speed; and what is running, where, how far, how fast."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QComboBox, QMenu, QToolBar, QToolButton, QWidget

from gebm_studio.messages import Frame, Step, StepOnce
from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import calm
from gebm_studio.ui.icons import icon
from gebm_studio.ui.labels import Line
from gebm_studio.ui.session import Session
from gebm_studio.ui.undo import UndoableChanges

SLOW = 4.0
"""Iterations a second in slow motion: slow enough to follow one chain by eye."""
PACES = (0.0, 240.0, 120.0, 60.0, 30.0, 15.0, 8.0, SLOW, 2.0, 1.0)
STEPS: dict[Step, str] = {
    "iteration": "Step once",
    "energy": "Step the energy",
    "base": "Step the base",
    "sampler": "Step the sampler",
}
RESTARTS = {
    "training": ("Restart the chains", "Begin all chains again from the prior, on the model as it is (Shift+R)"),
    "divergences": ("Restart the climb", "Begin the critic's climb, and a parameter that runs, again (Shift+R)"),
    "particles": ("Restart the particles", "Begin all flows again from the source, by the present settings (Shift+R)"),
}
"""What begins again without the rest of the run, by the kind of preset."""
PARTS: tuple[Step, ...] = ("energy", "base", "sampler")
"""What only a training can step alone."""


class Transport(QToolBar):
    """Buttons and numbers of the run; its actions also stand in the Run menu."""

    def __init__(self, session: Session, changes: UndoableChanges, parent: QWidget | None = None) -> None:
        super().__init__("Transport", parent)
        self.setObjectName("transport")
        self.setMovable(False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(16, 16))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._session, self._changes = session, changes
        self._pace_before = 0.0
        self.run_action = QAction("Run", self)
        self.run_action.setShortcut(QKeySequence(Qt.Key.Key_Space))
        self.run_action.triggered.connect(session.toggle)
        self.reset_action = QAction("Reset", self)
        self.reset_action.setShortcut(QKeySequence(Qt.Key.Key_R))
        self.reset_action.setToolTip("Begin the run again with the present settings (R)")
        self.reset_action.triggered.connect(session.reset)
        self.restart_chains_action = QAction(RESTARTS["training"][0], self)
        self.restart_chains_action.setShortcut(QKeySequence("Shift+R"))
        self.restart_chains_action.triggered.connect(session.restart_chains)
        self.slow_action = QAction("Slow motion", self)
        self.slow_action.setCheckable(True)
        self.slow_action.setToolTip(f"{SLOW:g} iterations a second, slow enough to follow one chain by eye")
        self.slow_action.triggered.connect(self._slow)
        self.step_actions = self._make_steps()
        self.addAction(self.run_action)
        self.widgetForAction(self.run_action).setMinimumWidth(10 * theme.GRID)
        self.addWidget(self._button(list(self.step_actions.values())))
        self.addWidget(self._button([self.reset_action, self.restart_chains_action]))
        self.addSeparator()
        self.addAction(self.slow_action)
        self.speed = QComboBox()
        self.speed.setToolTip("Most iterations a second")
        for pace in PACES:
            self.speed.addItem(_pace_text(pace), pace)
        self.speed.activated.connect(lambda index: self._changes.change("view.pace", self.speed.itemData(index)))
        calm(self.speed)
        self.addWidget(self.speed)
        self.addSeparator()
        look = theme.current()
        self.name = Line(look.heading_font)
        self.addWidget(self.name)
        self.device = Line(look.number_font, widest="cuda:0", right=True)
        self.iteration = Line(look.number_font, widest="0 000 000 it", right=True)
        self.rate = Line(look.number_font, widest="00 000 it/s", right=True)
        for line in (self.device, self.iteration, self.rate):
            self.addWidget(line)
        session.state_changed.connect(self.show_state)
        session.settings_changed.connect(self.show_settings)
        self.show_state(session.state)
        self.show_settings()
        self._restyle()

    def show_frame(self, frame: Frame) -> None:
        """Show how far and how fast the run is."""
        self.iteration.show_text(f"{_grouped(frame.iteration)} it")
        self.rate.show_text(f"{_grouped(round(frame.rate))} it/s" if frame.rate >= 10 else f"{frame.rate:.1f} it/s")
        self.device.show_text(frame.device)

    def show_state(self, state: str) -> None:
        """Make the buttons fit the state."""
        running = state == "running"
        self.run_action.setText("Pause" if running else "Run")
        self.run_action.setToolTip(f"{'Pause' if running else 'Run'} (Space)")
        self.run_action.setIcon(icon("pause" if running else "run"))
        can_run = state in ("running", "paused", "diverged")
        kind = self._session.preset.kind
        for action in (self.run_action, self.reset_action, self.step_actions["iteration"], self.restart_chains_action):
            action.setEnabled(can_run)
        for what in PARTS:
            self.step_actions[what].setEnabled(can_run and kind == "training")
        text, tip = RESTARTS[kind]
        self.restart_chains_action.setText(text)
        self.restart_chains_action.setToolTip(tip)
        if state == "starting":
            self.rate.show_text("starting…")
        elif state == "stopped":
            self.rate.show_text("stopped")
        elif state == "empty":
            self.rate.show_text("no run")

    def show_settings(self) -> None:
        """Show the name of the run and its pace."""
        self.name.show_text(self._session.preset.title)
        self.show_state(self._session.state)
        pace = self._session.preset.pace
        place = self.speed.findData(pace)
        if place < 0:
            self.speed.addItem(_pace_text(pace), pace)
            place = self.speed.count() - 1
        self.speed.setCurrentIndex(place)
        self.slow_action.setChecked(0 < pace <= SLOW)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "rate"):
            self._restyle()
        super().changeEvent(event)

    def _restyle(self) -> None:
        self.reset_action.setIcon(icon("reset"))
        self.slow_action.setIcon(icon("slow"))
        self.step_actions["iteration"].setIcon(icon("step"))
        self.run_action.setIcon(icon("pause" if self._session.state == "running" else "run"))

    def _make_steps(self) -> dict[Step, QAction]:
        actions: dict[Step, QAction] = {}
        for what, text in STEPS.items():
            actions[what] = QAction(text, self)
            actions[what].triggered.connect(lambda _=False, what=what: self._session.send(StepOnce(what)))
        actions["iteration"].setShortcut(QKeySequence(Qt.Key.Key_Period))
        actions["iteration"].setIconText("Step")
        actions["iteration"].setToolTip("One iteration, then pause (.)")
        return actions

    def _button(self, actions: list[QAction]) -> QToolButton:
        """A button for the first of some actions, with all of them in its menu."""
        menu = QMenu(self)
        menu.addActions(actions)
        button = QToolButton()
        button.setDefaultAction(actions[0])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        button.setMenu(menu)
        return button

    def _slow(self, slow: bool) -> None:
        pace = self._session.preset.pace
        if slow:
            self._pace_before = pace
            self._changes.change("view.pace", SLOW)
        else:
            self._changes.change("view.pace", self._pace_before if not 0 < self._pace_before <= SLOW else 0.0)


def _pace_text(pace: float) -> str:
    return "full speed" if pace == 0 else f"{pace:g} it/s"


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")
