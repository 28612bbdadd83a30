"""Every divergence between both laws as a bar: the same pair under each family of measures."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gebm_studio.messages import BarsPart, Frame, Value
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import ABOUT, Measure
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bars_board import BarsBoard
from gebm_studio.ui.panels.bars_menu import MeasuresButton
from gebm_studio.ui.panels.bars_rows import ORDER, Heading, Row, Unit, number, rows_of, sentence, unit_of
from gebm_studio.ui.panels.bars_scale import Span, crowd, scale_of
from gebm_studio.ui.panels.panel import Panel

REST = 1500
"""Milliseconds without a new value after which the scale may shrink."""
UNITS: tuple[Unit, ...] = ("number", "length")
LOG, LINEAR = "log", "linear"


class BarsPanel(Panel[DivergencesPreset]):
    """Bars under headings; a click on a φ-divergence chooses it for the other panels."""

    kind = "divergences"
    part = "bars"
    title = "Divergences"
    empty = "Every divergence between P and Q appears here as a bar. Open F20 or F22, and drag a law."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: BarsPart | None = None
        self._under: Value | None = None
        self._spans = {(unit, scale): Span() for unit in UNITS for scale in (LOG, LINEAR)}
        self._scale = self.header.choice(
            ((LOG, "log scale"), (LINEAR, "linear scale")),
            "The scale of all bars; on the logarithmic one a hollow bar is negative.",
            lambda _value: self._show(),
        )
        self._menu = MeasuresButton(
            "Rows", "Which divergences stand here; none ticked: all that the pair has.", self._choose_rows,
            least=0, most=len(ORDER), parent=self.header,
        )  # fmt: skip
        self.header.add(self._menu)
        self.board = BarsBoard()
        self.board.chosen.connect(lambda name: self.setting_changed.emit("view.divergence", name))
        self.board.hovered.connect(self._hover)
        self._scroll = QScrollArea(self.canvas)
        self._scroll.setWidget(self.board)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusProxy(self.board)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._scroll)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._settle)

    def take(self, part: BarsPart, frame: Frame) -> None:
        if part is self._part:
            return
        self._part = part
        for (unit, scale), span in self._spans.items():
            values = [value.value for value in part.values if unit_of(value.name) == unit]
            span.need(values if scale == LOG else crowd(values))
        self._rest.start()
        self._show()

    def clear(self) -> None:
        self._rest.stop()
        self._part = self._under = None
        for span in self._spans.values():
            span.forget()
        self.board.forget()

    def update_settings(self, preset: DivergencesPreset) -> None:
        marked = self.board.marked
        super().update_settings(preset)
        self._menu.choose(preset.view.bars or ORDER)
        self._show()
        if self.board.marked != marked:
            room = self.board.marked_room().toRect()
            self._scroll.ensureVisible(0, room.center().y(), 0, room.height())

    def restyle(self, look: theme.Theme) -> None:
        self.board.update()

    def figure(self) -> QWidget:
        """All lines, also those that are scrolled out of sight."""
        return super().figure() if self.is_empty else self.board

    def rows(self) -> tuple[Row, ...]:
        """The lines as the preset wishes for them."""
        if self._part is None or self.preset is None:
            return ()
        return rows_of(self._part.values, self.preset.view.bars)

    def _show(self) -> None:
        rows = self.rows()
        if self.preset is None or not rows:
            if self._part is not None:
                self.say_empty("The pair has none of the divergences that are chosen. Tick others under Rows.")
            return
        self.show_canvas()
        chosen = self._scale.value()
        scales = {unit: scale_of(self._spans[unit, chosen].range, chosen == LOG) for unit in UNITS}
        self.board.show_rows(rows, scales, self.preset.view.divergence)
        self._say()

    def _settle(self) -> None:
        """Nothing has come for a while: let the scale shrink, and say all values to those who listen."""
        for span in self._spans.values():
            span.settle()
        self._show()
        said = [f"{ABOUT[row.name].label} {number(row)}" for row in self.board.rows if not isinstance(row, Heading)]
        self.board.setAccessibleDescription("; ".join(said))

    def _choose_rows(self, names: tuple[Measure, ...]) -> None:
        self.setting_changed.emit("view.bars", () if len(names) == len(ORDER) else names)

    def _hover(self, value: Value | None) -> None:
        self._under = value
        self._say()

    def _say(self) -> None:
        """What is under the pointer, else what is chosen, as it is now."""
        if self._part is None or self.preset is None:
            return
        wanted = self._under.name if self._under is not None else self.preset.view.divergence
        self.readout.say(next((sentence(value) for value in self._part.values if value.name == wanted), ""))
