"""Divergences over a swept parameter, with a point that runs along and that a hand can take hold of."""

from __future__ import annotations

import math
from typing import Any, cast

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gebm_studio.messages import Frame, SweptPart
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.divergences import MOVED, Moved
from gebm_studio.schema.measures import ABOUT, Measure
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bars_menu import MeasuresButton
from gebm_studio.ui.panels.echo import Echo
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.measure_colours import LOOKS
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.panel import Panel, Throttle
from gebm_studio.ui.panels.swept_axes import against_kl
from gebm_studio.ui.panels.swept_over import possible, setting, sweep_over
from gebm_studio.ui.panels.swept_view import MOST, SweptView

EVERY = 20
"""Milliseconds between two wishes of a hand that drags: frames come more seldom, mice move more often."""
PARAMETER, KL = "parameter", "kl"
LINEAR, LOG = "linear", "log"


class SweptPanel(Panel[DivergencesPreset]):
    """Curves, a legend with the values at the running point, and the choice of what runs."""

    kind = "divergences"
    part = "swept"
    title = "Swept curves"
    empty = "Divergences over a parameter appear here, with a point that runs along. Open F23 or F28, and press run."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: SweptPart | None = None
        self._at: tuple[float, float] | None = None
        self._echo = Echo()
        self._wish: tuple[str, Any] | None = None
        self._send = Throttle(EVERY, self._ask, self)
        self._fill_header()
        self.view = SweptView(self.canvas)
        self.view.pointed.connect(self._point)
        self.view.dragged.connect(self._drag)
        self.view.dropped.connect(self._drop)
        self.legend = FlowBar(self.canvas)
        self.entries = [Entry("", "text", "line", parent=self.legend) for _ in range(MOST)]
        for entry in self.entries:
            entry.hide()
            self.legend.add(entry)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.legend)
        column.addWidget(self.view, 1)

    def _fill_header(self) -> None:
        self._over = self.header.choice(
            tuple(MOVED.items()),
            "What is swept; another parameter runs over its usual range.",
            self._choose_over,
        )
        self._against = self.header.choice(
            ((PARAMETER, "along it"), (KL, "against KL")),
            "The horizontal axis: the parameter, or KL(P‖Q) at it. Below the dashed diagonal a curve is less than KL.",
            lambda value: self.setting_changed.emit("swept.against", value),
        )
        self._scale = self.header.choice(
            ((LINEAR, "linear"), (LOG, "log")),
            "The scale of the curves; against KL that of both axes. A logarithm leaves out what is not positive.",
            lambda _value: self._show(),
        )
        self._curves = MeasuresButton(
            "Curves", "Which divergences are drawn.", lambda names: self.setting_changed.emit("swept.curves", names),
            least=1, most=MOST, parent=self.header,
        )  # fmt: skip
        self.header.add(self._curves)
        self.header.home("Show all curves (double-click in the picture)", self._go_home)

    # What comes from the run

    def take(self, part: SweptPart, frame: Frame) -> None:
        if part is self._part:
            return
        self._part = part
        if self.preset is not None:
            self._echo.meet_frame({self.preset.swept.over: (part.at,)})
        self._show()

    def start_run(self, preset: DivergencesPreset) -> None:
        self._scale.choose(LOG if preset.swept.spacing == "log" else LINEAR)
        super().start_run(preset)

    def clear(self) -> None:
        self._send.stop()
        self._part, self._at, self._wish = None, None, None
        self._echo.forget()
        self.readout.say("")  # the pointer may have left the picture as it went away
        self.view.forget()
        for entry in self.entries:
            entry.hide()

    def update_settings(self, preset: DivergencesPreset) -> None:
        super().update_settings(preset)
        self._over.offer(possible(preset))
        self._over.choose(preset.swept.over)
        self._against.choose(preset.swept.against)
        self._curves.choose(preset.swept.curves)

    def restyle(self, look: theme.Theme) -> None:
        self.view.restyle(look)
        self._show()

    def _show(self) -> None:
        part = self._part
        if part is None or self.preset is None:
            return
        if not len(part.values) or not part.curves:
            self.say_empty(part.note or "No curve yet: the engine is computing the first values.")
            return
        self.show_canvas()
        at = self._echo.shown(self.preset.swept.over, (part.at,))[0]
        self.view.show_part(part, self._scale.value() == LOG, at)
        look = theme.current()
        for place, entry in enumerate(self.entries):
            entry.setVisible(place < len(part.curves))
            if place < len(part.curves):
                self._tell(entry, part.curves[place].name, part.now[place], look)
        self._say()

    @staticmethod
    def _tell(entry: Entry, name: Measure, now: float, look: theme.Theme) -> None:
        entry.set_name(ABOUT[name].label)
        entry.set_colour(LOOKS[name].colour(look))
        entry.set_swatch("dashed" if LOOKS[name].dashed else "line")
        entry.set_value(short(now, 4))
        entry.setToolTip(f"{ABOUT[name].label} = {ABOUT[name].formula}; the number is its value at the running point.")

    # What a person does

    def _drag(self, parameter: float) -> None:
        if self.preset is not None:
            path, value = self._wish = setting(self.preset, parameter)
            self._echo.hold(path, value, (float(value[0] if path.endswith(".at") else value),))
            self._send.request()

    def _drop(self) -> None:
        self._send.now()
        self._echo.release()

    def _ask(self) -> None:
        """Send the newest wish of the hand, of many that a mouse makes in a moment only one."""
        if self._wish is not None:
            wish, self._wish = self._wish, None
            self.setting_changed.emit(*wish)

    def _choose_over(self, path: str) -> None:
        if self.preset is not None and path != self.preset.swept.over:
            self.settings_changed.emit(sweep_over(self.preset, cast(Moved, path)))

    def _go_home(self) -> None:
        self.view.go_home()

    def _point(self, at: tuple[float, float] | None) -> None:
        self._at = at
        self.view.crosshair.point_at(at)
        self._say()

    def _say(self) -> None:
        part, axes, preset = self._part, self.view.axes, self.preset
        if part is None or axes is None or preset is None:
            self.readout.say("")
            return
        name = MOVED[preset.swept.over]
        if self._at is not None:
            place = axes.sample(axes.parameter(self._at[0], part.at))
            texts = [f"{name} = {short(float(part.values[place]))}"]
            if against_kl(part):
                texts.append(f"{part.horizontal_label} {short(float(part.horizontal[place]), 4)}")
            texts += [f"{ABOUT[curve.name].label} {short(float(curve.values[place]), 4)}" for curve in part.curves]
        else:
            texts = [f"{name} = {short(part.at)}", part.note]
            if part.done < 1:
                texts.append(f"{100 * part.done:.0f} % of the curves are computed")
            if against_kl(part) and not math.isnan(part.now_horizontal):
                texts.insert(1, f"{part.horizontal_label} {short(part.now_horizontal, 4)}")
        self.readout.say(" · ".join(text for text in texts if text))
