"""The conjugate of a generator: a tangent to φ is turned with the hand, and its intercept is −φ*(v)."""

from __future__ import annotations

import math

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from gebm_studio.messages import Frame, TangentPart
from gebm_studio.presets import describe_path
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import ABOUT, PHI
from gebm_studio.ui import theme
from gebm_studio.ui.panels.caption import Caption, Words
from gebm_studio.ui.panels.echo import Echo
from gebm_studio.ui.panels.numbers import MINUS, short
from gebm_studio.ui.panels.panel import Panel, Throttle
from gebm_studio.ui.panels.sketch import decimals
from gebm_studio.ui.panels.table import nice_step
from gebm_studio.ui.panels.tangent_hand import SlopePlot
from gebm_studio.ui.panels.tangent_lines import Tangent, Tangents
from gebm_studio.ui.panels.tangent_views import ConjugatePlot, GeneratorPlot

SLOPE = "view.slope"
BEAT = 33
"""Milliseconds between two values of one drag: the engine makes no more frames."""
WIDE = 180
"""From so many pixels on a picture has room for more than its formula."""
STEPS = 100
"""Key presses from side to side of φ*."""


class TangentPanel(Panel[DivergencesPreset]):
    """φ on the left and φ* on the right, or below where the panel is narrow; the slope v is held on either."""

    kind = "divergences"
    part = "tangent"
    title = "Conjugate"
    empty = "A generator φ appears here with a tangent to turn, beside its conjugate φ*. Open F24."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: TangentPart | None = None
        self._tangents: Tangents | None = None
        self._echo = Echo()
        self._unsent: float | None = None
        self._sending = Throttle(BEAT, self._send, self)
        self._at: tuple[SlopePlot, tuple[float, float]] | None = None
        self._divergence = self.header.choice(
            [(name, ABOUT[name].label) for name in PHI],
            "The divergence E_Q φ(p/q) whose generator is shown.",
            lambda name: self.setting_changed.emit("view.divergence", name),
        )
        self.header.home("Show everything (double-click in a picture)", self._go_home)
        self.generator, self.conjugate = GeneratorPlot(), ConjugatePlot()
        self.captions = Caption(), Caption()
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, self.canvas)
        self._sides.setContentsMargins(0, 0, 0, 0)
        self._sides.setSpacing(theme.GRID)
        for caption, plot in zip(self.captions, self.plots, strict=True):
            side = QWidget(self.canvas)
            column = QVBoxLayout(side)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addWidget(caption)
            column.addWidget(plot, 1)
            self._sides.addWidget(side, 1)
            plot.pointed.connect(self._point)
            plot.dragged.connect(self._drag)
            plot.dropped.connect(self._drop)
            plot.nudged.connect(self._nudge)
            plot.moved.connect(lambda _extent: self._show_tangent())

    @property
    def plots(self) -> tuple[GeneratorPlot, ConjugatePlot]:
        """Both pictures."""
        return self.generator, self.conjugate

    @property
    def stacked(self) -> bool:
        """Whether φ* is below φ."""
        return self._sides.direction() == QBoxLayout.Direction.TopToBottom

    @property
    def slope(self) -> float:
        """The slope that is shown: the hand's wish, else the engine's."""
        return math.nan if self._part is None else self._echo.shown(SLOPE, (self._part.slope,))[0]

    # What comes from the run

    def take(self, part: TangentPart, frame: Frame) -> None:
        new = self._part is None or part.version != self._part.version
        if self._echo.meet_frame({SLOPE: (part.slope,)}) or new:
            self._part, self._tangents = part, Tangents(part)
            self._draw()

    def clear(self) -> None:
        self._sending.stop()
        self._part = self._tangents = self._unsent = self._at = None
        self._echo.forget()
        for plot in self.plots:
            plot.forget()
        self.readout.say("")  # a picture that is hidden loses the pointer, and then speaks of the last run

    def update_settings(self, preset: DivergencesPreset) -> None:
        super().update_settings(preset)
        self._divergence.choose(preset.view.divergence)
        self._echo.meet_settings({SLOPE: preset.view.slope})
        self._show_tangent()

    def restyle(self, look: theme.Theme) -> None:
        for plot in self.plots:
            plot.restyle(look)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        down = event.size().height() > event.size().width()
        self._sides.setDirection(
            QBoxLayout.Direction.TopToBottom if down else QBoxLayout.Direction.LeftToRight
        )  # fmt: skip
        self._show_tangent()

    def _draw(self) -> None:
        part, tangents = self._part, self._tangents
        if part is None or tangents is None:
            return
        self.show_canvas()
        for plot in self.plots:
            plot.show_part(part, tangents)
        self._show_tangent()

    def _show_tangent(self) -> None:
        """Put the tangent to the slope that is wished."""
        part, tangent = self._part, self._tangent()
        if part is None or tangent is None:
            return
        for plot in self.plots:
            plot.show_tangent(tangent)
        of_generator, of_conjugate = part.formulas
        wide = self.width() / (1 if self.stacked else 2) >= WIDE
        more = Words("φ**", "second", dashed=True), Words(f"v = {short(tangent.slope)}", "text")
        for caption, formula, words in zip(self.captions, (of_generator, of_conjugate), more, strict=True):
            whole = Words(formula, "first"), words
            caption.say(*whole[: 2 if wide else 1], tip=f"{formula} · {words.text}")
        self._say()

    def _tangent(self) -> Tangent | None:
        return None if self._tangents is None else self._tangents.tangent(self.slope)

    # What a person does

    def _drag(self, slope: float) -> None:
        self._wish(round(slope, decimals(self.conjugate.pixel)))

    def _nudge(self, steps: int) -> None:
        left, right, _, _ = self.conjugate.extent
        step = nice_step((right - left) / STEPS)
        self._wish(round(round(self.slope / step + steps) * step, decimals(step)))
        self._drop()

    def _wish(self, slope: float) -> None:
        if self.preset is None or self._part is None:
            return
        setting = describe_path(self.preset, SLOPE)
        low, high = setting.low, setting.high
        value = min(max(slope, -math.inf if low is None else low), math.inf if high is None else high)
        if value != self._echo.value(SLOPE, self.preset.view.slope):
            self._echo.hold(SLOPE, value, (value,))
            self._unsent = value
            self._sending.request()
            self._show_tangent()

    def _drop(self) -> None:
        """Let go: the engine hears the last value at once."""
        if self._unsent is not None:
            self._sending.now()
        self._sending.stop()
        self._echo.release()

    def _send(self) -> None:
        slope, self._unsent = self._unsent, None
        if slope is not None:
            self.setting_changed.emit(SLOPE, slope)

    def _go_home(self) -> None:
        for plot in self.plots:
            plot.go_home()
        self._show_tangent()

    def _point(self, at: tuple[float, float] | None) -> None:
        plot = self.generator if self.sender() is self.generator else self.conjugate
        plot.crosshair.point_at(None if plot.busy else at)
        self._at = None if at is None else (plot, at)
        self._say()

    def _say(self) -> None:
        part, tangent = self._part, self._tangent()
        if part is None or tangent is None:
            return
        if self._at is not None and not any(plot.busy for plot in self.plots):
            plot, at = self._at
            self.readout.say(
                self.generator.read(at, tangent) if plot is self.generator else self.conjugate.read(at)
            )  # fmt: skip
            return
        self.readout.say(sentence(part))


def sentence(part: TangentPart) -> str:
    """What a slope shows, and how well φ** is φ."""
    v = f"v = {short(part.slope, 4)}"
    if math.isinf(part.conjugate_there):
        said = f"{v}: φ*(v) = ∞, since no line of this slope stays below φ; {_domain(part.domain)}"
    elif math.isnan(part.touches):
        said = f"{v}: {MINUS}φ*(v) = {short(-part.conjugate_there, 4)}"
    else:
        said = f"{v}: touches at u = {short(part.touches, 4)}, {MINUS}φ*(v) = {short(-part.conjugate_there, 4)}"
    return said if math.isnan(part.error) else f"{said} · |φ** {MINUS} φ| ≤ {short(part.error, 2)}"


def _domain(domain: tuple[float, float]) -> str:
    low, high = domain
    below, above = (f"{end:.3g}".replace("-", MINUS) for end in (high, low))
    if math.isinf(low):
        return f"φ* is finite below {below}"
    if math.isinf(high):
        return f"φ* is finite above {above}"
    return f"φ* is finite from {above} to {below}"
