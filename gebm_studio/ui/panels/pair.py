"""The pair in the hand: two laws that are dragged, drawn and seen beside each other."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gebm_studio.messages import Frame, PairPart
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.law import MOST_POINTS
from gebm_studio.ui import theme
from gebm_studio.ui.panels.handles import NAMES, Grip, Name, Stand
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import count, short, vector
from gebm_studio.ui.panels.pair_hands import Hands
from gebm_studio.ui.panels.pair_line import DensitiesPlot, PairLineView
from gebm_studio.ui.panels.pair_plane import PairPlanePlot, PairPlaneView
from gebm_studio.ui.panels.pair_tools import DrawingTools, PairChoices
from gebm_studio.ui.panels.panel import Panel

TIPS = {
    "p": "The law P: in a GEBM, the data. Drag it; or click here and move it with the arrow keys, with Shift its "
    "width, with Ctrl its angle.",
    "q": "The law Q: in a GEBM, the base or the model. Drag it; or click here and move it with the arrow keys, with "
    "Shift its width, with Ctrl its angle.",
}


HINT = "Drag P and Q: circles move them, bars widen them."


class PairPanel(Panel[DivergencesPreset]):
    """Both laws on the line or in the plane, with handles, and what is between them.

    A handle follows the hand in the same event; the engine hears of it at the rate of frames, and what it computes
    follows. Frames that are still on their way do not pull a handle out of the hand.
    """

    kind = "divergences"
    part = "pair"
    title = "Pair"
    empty = "The laws P and Q appear here, to be dragged with the mouse. Open a preset of a divergence lab."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: PairPart | None = None
        self._at: Any = None
        self._notice = ""
        self.hands = Hands(self)
        self.hands.sent.connect(self.setting_changed)
        self._build_canvas()
        self.choices = PairChoices(self.header, self.setting_changed.emit)
        self.tools = DrawingTools(self.header, self._take_brush, self._wish_points, self._clear_points)
        self.header.home("Show everything (double-click in the picture)", self._go_home)

    @property
    def plot(self) -> DensitiesPlot | PairPlanePlot:
        """The plot with the handles: of the line or of the plane."""
        return self.plane.plot if self._is_plane else self.line.densities

    def take(self, part: PairPart, frame: Frame) -> None:
        new = self._part is None or part.version != self._part.version
        settled = self.hands.meet(part)
        self._part = part
        self._spaces.setCurrentWidget(self.line if len(part.x) else self.plane)
        self.show_canvas()
        if new or settled:
            self._redraw()
        self._place_handles()
        self._say()

    def clear(self) -> None:
        self._part = self._at = None
        self._notice = ""
        self.hands.forget()
        self.line.forget()
        self.plane.plot.forget()

    def update_settings(self, preset: DivergencesPreset) -> None:
        super().update_settings(preset)
        self.hands.follow(preset)
        self.choices.follow(preset)
        self.tools.follow(preset)
        self._place_handles()

    def pull_fields(self) -> dict[str, object]:
        return {} if self.is_empty else {"pair_extent": self.plot.extent}

    def restyle(self, look: theme.Theme) -> None:
        self.line.restyle(look)
        self.plane.plot.restyle(look)

    def hideEvent(self, event: QHideEvent) -> None:
        if self.plot.busy:
            self.plot.let_go()
            self._drop()
        super().hideEvent(event)

    @property
    def _is_plane(self) -> bool:
        return self._spaces.currentWidget() is self.plane

    def _build_canvas(self) -> None:
        self.line, self.plane = PairLineView(), PairPlaneView()
        self._spaces = QStackedWidget(self.canvas)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._spaces)
        self.entries: dict[Name, list[Entry]] = {name: [] for name in NAMES}
        spaces: tuple[tuple[PairLineView | PairPlaneView, DensitiesPlot | PairPlanePlot], ...]
        spaces = (self.line, self.line.densities), (self.plane, self.plane.plot)
        for view, plot in spaces:
            self._spaces.addWidget(view)
            view.pointed.connect(self._point)
            plot.moved.connect(lambda _extent: self.hovered.emit(None))
            plot.grasped.connect(lambda: self.held.emit(True))
            plot.dragged.connect(self._drag)
            plot.dropped.connect(self._drop)
            plot.brushed.connect(self._brush)
            for name in NAMES:
                self._add_entry(plot, name)
        self.line.functions.moved.connect(lambda _extent: self.hovered.emit(None))
        self.plane.plot.legend.add(self.plane.plot.key)

    def _add_entry(self, plot: DensitiesPlot | PairPlanePlot, name: Name) -> None:
        entry = Entry(name.upper(), "data" if name == "p" else "base", parent=plot.legend)
        entry.setToolTip(TIPS[name])
        entry.clicked.connect(lambda: self._choose(plot, name))
        plot.legend.add(entry)
        self.entries[name].append(entry)

    def _choose(self, plot: DensitiesPlot | PairPlanePlot, name: Name) -> None:
        plot.handles.choose(name)
        plot.setFocus()

    def _go_home(self) -> None:
        self.line.go_home()
        self.plane.plot.go_home()
        self.hovered.emit(None)

    def _redraw(self) -> None:
        if self._part is not None:
            part, held = self.hands.drawn(self._part), self.plot.busy
            (self.plane.plot if self._is_plane else self.line).show_part(part, held)

    def _place_handles(self) -> None:
        """Put handles and legends where the hand wishes the laws, and else where the newest frame has them."""
        for name in NAMES:
            stand = self.hands.stand(name, turned=self._is_plane)
            self.plot.handles.set_stand(name, stand)
            if stand is not None:
                for entry in self.entries[name]:
                    entry.set_value(self._standing(name, stand))

    def _standing(self, name: Name, stand: Stand) -> str:
        """Where a law stands, in words."""
        place = vector((stand.x, stand.y)) if self._is_plane else short(stand.x)
        width = self.hands.setting(name, "width")
        return f"at {place}" + ("" if width is None else f", width {short(width)}")

    # The hand

    def _drag(self, name: Name, grip: Grip, to: Any) -> None:
        self.hands.drag(name, grip, to, self._pixel)
        self._place_handles()
        self._say()

    def _drop(self) -> None:
        self.hands.drop()
        self.held.emit(False)
        self._redraw()  # the picture stood still while it was held
        self._place_handles()
        self._say()

    def _brush(self, at: tuple[float, float], erases: bool) -> None:
        law = self.tools.law
        if law is not None:
            self._notice = self.hands.brush(law, at, erases, self._pixel)
            self._redraw()
            self._say()

    @property
    def _pixel(self) -> float:
        """What a pixel is on the picture."""
        return float(self.plot.view.viewPixelSize()[0])

    def _take_brush(self) -> None:
        for plot in (self.line.densities, self.plane.plot):
            if plot.brush != self.tools.brush:
                self._notice = ""
                plot.set_brush(self.tools.brush)
        self._say()

    def _wish_points(self, name: Name) -> None:
        self.setting_changed.emit(name, "points")
        self._notice = (
            f"{name.upper()} becomes points to draw once the change is applied: Apply and restart, in the controls."
        )
        self._say()

    def _clear_points(self, name: Name) -> None:
        self.hands.clear_points(name)
        self._redraw()
        self._say()

    # What is said

    def _point(self, at: Any) -> None:
        self._at = at
        self._say()

    def _say(self) -> None:
        part = self._part
        if part is None:
            return
        said = [self._notice, self._drawing()]
        if self._at is not None:
            said.append(self.plane.plot.read(self._at) if self._is_plane else self.line.read(self._at))
        else:
            notes = (("", part.note), ("P: ", part.p.note), ("Q: ", part.q.note))
            said += [who + note for who, note in notes if note]
        self.readout.say(" · ".join(filter(None, said)) or HINT)

    def _drawing(self) -> str:
        """How many points of the law that is being drawn there are."""
        law = self.tools.law
        if law is None:
            return ""
        points = self.hands.count(law)
        full = "all that it can have" if points >= MOST_POINTS else f"of at most {count(MOST_POINTS)}"
        return f"{law.upper()}: {count(points)} points, {full}; drag adds, the right button rubs out"
