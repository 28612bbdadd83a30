"""The critic itself: on a line, between data and samples, layer by layer, and its singular values."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gebm_studio.messages import CriticPart, Frame
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.critic_line import READINGS, CriticLineView
from gebm_studio.ui.panels.critic_slopes import LayersView, SegmentsView
from gebm_studio.ui.panels.critic_spectra import SpectraView
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.panel import ThrottledPanel

View = CriticLineView | SegmentsView | LayersView | SpectraView
VIEWS = (
    ("line", "on a line"),
    ("segments", "slopes on segments"),
    ("layers", "gradient a layer"),
    ("spectra", "singular values"),
)
ALONG = (("modes", "through modes"), ("across", "across"), ("up", "upwards"))


class CriticPanel(ThrottledPanel[TrainingPreset]):
    """One view of the critic at a time."""

    part = "critic"
    title = "Critic"
    empty = "The critic V appears here once training runs: on a line, its slopes, its layers. Open a preset, press run."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: CriticPart | None = None
        self._at: tuple[float, float] | None = None
        header = self.header
        self._view = header.choice(VIEWS, "What of the critic is shown.", self._chosen)
        self._reading = header.choice(
            READINGS,
            "How the critic is read: V, as it was trained; D = σ(log ratio), what a discriminator would say; the log "
            "ratio that it stands for; T = g(V), with its output activation.",
            lambda _reading: self.redraw(),
        )
        self._along = header.choice(
            ALONG,
            "The line, for data in the plane: through two neighbouring modes, across or up through the data's median.",
            self._turned,
        )
        header.home("Show everything (double-click in the picture)", self._go_home)
        self.views: dict[str, View] = {
            "line": CriticLineView(),
            "segments": SegmentsView(),
            "layers": LayersView(),
            "spectra": SpectraView(),
        }
        self._stack = QStackedWidget(self.canvas)
        self._legend = FlowBar(self.canvas)
        for view in self.views.values():
            self._stack.addWidget(view)
            view.pointed.connect(self._point)
            for entry in view.make_entries(self._legend):
                entry.hide()
                self._legend.add(entry)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self._legend)
        column.addWidget(self._stack, 1)
        self._show_view()

    def take(self, part: CriticPart, frame: Frame) -> None:
        # A view that was chosen a moment ago has not reached the engine yet.
        if part.view == self._view.value():
            self._part = part
            self.throttle.request()

    def clear(self) -> None:
        self.throttle.stop()
        self._part = None
        for view in self.views.values():
            view.forget()
        self._show_entries()

    def update_settings(self, preset: TrainingPreset) -> None:
        super().update_settings(preset)
        wished = preset.view.critic
        shown = "line" if wished == "none" else wished
        if shown != self._view.value():
            self._view.choose(shown)
            self._show_view()
        plane = preset.target.shape == (2,)
        self._along.setVisible(plane and shown == "line")

    def pull_fields(self) -> dict[str, object]:
        return {"critic_along": self._along.value()}

    def restyle(self, look: theme.Theme) -> None:
        for view in self.views.values():
            view.restyle(look)
        self.redraw()

    def redraw(self) -> None:
        part = self._part
        if part is None or part.view != self._view.value():
            return
        view = self.current_view()
        view.show_part(part, self._reading.value())
        if part.note:
            self.say_empty(part.note)
            return
        self.show_canvas()
        self._show_entries()
        self._say()

    def current_view(self) -> View:
        """The view that is chosen."""
        return self.views[self._view.value()]

    def _chosen(self, value: str) -> None:
        self._part = None
        self._show_view()
        self.say_empty("…")
        self.setting_changed.emit("view.critic", value)

    def _turned(self, _along: str) -> None:
        self.views["line"].forget()
        self.hovered.emit(None)

    def _show_view(self) -> None:
        chosen = self._view.value()
        self._stack.setCurrentWidget(self.views[chosen])
        self._reading.setVisible(chosen == "line")
        plane = self.preset is not None and self.preset.target.shape == (2,)
        self._along.setVisible(chosen == "line" and plane)
        self._show_entries()

    def _show_entries(self) -> None:
        for view in self.views.values():
            for entry, wanted in view.entries_wanted():
                entry.setVisible(wanted and view is self.current_view())

    def _go_home(self) -> None:
        for view in self.views.values():
            view.go_home()

    def _point(self, at: tuple[float, float] | None) -> None:
        self._at = at
        view = self.current_view()
        if isinstance(view, SpectraView):
            view.point_at(at)
        else:
            view.crosshair.point_at(at)
        self._say()

    def _say(self) -> None:
        view = self.current_view()
        if self._part is None:
            self.readout.say("")
        else:
            self.readout.say(view.say() if self._at is None else view.read(self._at))
