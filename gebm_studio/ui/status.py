"""The line at the bottom: state, steps of each part, long work with its progress."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QStatusBar, QWidget

from gebm_studio.messages import Cancel, Frame, Progress
from gebm_studio.ui import theme
from gebm_studio.ui.labels import Line
from gebm_studio.ui.session import Session

WIDEST = "steps: energy 000000 · base 000000 · chains 000000"
STATES = {
    "starting": "Starting the engine…",
    "empty": "No run. Open a preset from the list.",
    "running": "Running",
    "rests": "All is computed. Drag a law or change a setting.",
    "paused": "Paused. Press Space to run.",
    "diverged": "Diverged and paused at the last good state. Lower a rate or a step size, then run or reset.",
    "stopped": "The engine has stopped.",
}


class StatusLine(QStatusBar):
    """State on the left, work under way and counts on the right."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setSizeGripEnabled(False)
        look = theme.current()
        self.state = Line(look.text_font)
        self.work = QLabel()
        self.bar = QProgressBar()
        self.bar.setMaximumWidth(20 * theme.GRID)
        self.bar.setTextVisible(False)
        self.cancel = QPushButton("Cancel")
        self.cancel.clicked.connect(lambda: session.send(Cancel()))
        self.counts = Line(look.number_font, widest=WIDEST, right=True)
        self.counts.setToolTip("Optimisation steps of energy and base, and steps of every chain")
        self.addWidget(self.state, 1)
        for widget in (self.work, self.bar, self.cancel, self.counts):
            self.addPermanentWidget(widget)
        self.show_progress(None)
        session.state_changed.connect(self._show_state)
        self._show_state(session.state)

    def show_frame(self, frame: Frame) -> None:
        """Show how many steps each part has taken, and what had to be guarded."""
        trains = self._session.preset.kind == "training"
        steps = f"energy {frame.energy_steps} · base {frame.base_steps} · chains {frame.sampler_steps}"
        self.counts.show_text(f"steps: {steps}" if trains else "")
        overflows = f"  {frame.overflows} overflows were guarded." if frame.overflows else ""
        state = "rests" if frame.rests and frame.state == "running" else frame.state
        self.state.show_text(STATES.get(state, state) + overflows)

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far a long piece of work is; None or a complete one takes it away."""
        going = progress is not None and progress.done < progress.total
        for widget in (self.work, self.bar, self.cancel):
            widget.setVisible(going)
        if going and progress is not None:
            self.work.setText(progress.title)
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)

    def _show_state(self, state: str) -> None:
        self.state.show_text(STATES.get(state, state))
