"""How good the images of base and GEBM are: a verdict with its numbers, and what it rests on."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from gebm_studio.messages import Frame, Measured, QualityPart
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.card import Card
from gebm_studio.ui.panels.facts import Facts
from gebm_studio.ui.panels.panel import Panel, Readout
from gebm_studio.ui.panels.quality_factors import FactorsCard
from gebm_studio.ui.panels.quality_pairs import PairsCard
from gebm_studio.ui.panels.quality_plots import CalibrationCard, HistoryCard
from gebm_studio.ui.panels.quality_scores import ScoresCard
from gebm_studio.ui.panels.quality_verdict import ProgressLine, Verdict
from gebm_studio.ui.panels.quality_words import (
    Reference,
    Shown,
    compared,
    facts_of,
    protocol_facts,
    tone_of,
    verdict,
    verdict_tip,
    why_not_compared,
)

WIDTH, HEIGHT, MOST_COLUMNS, MOST_ROWS = 270, 180, 3, 2
"""Pixels that a card needs where it has others beside or below it, and how many stand in a row and a column."""
TABS_FROM, WORDS_FROM, PROTOCOL_FROM = 2 * WIDTH, 400, 250
"""Widths of the panel from which sections are tabs and buttons have all their words, and the height from which the
protocol stands in the picture."""
MEASURING = "The images of base and GEBM are being measured."
NOT_IMAGES = "How good images are is measured here. Open F14, F60 or F62, or choose a target of images."
KEEP, KEPT, BRIEFLY = "Keep as reference", "Reference kept", "Reference"


class QualityPanel(Panel[TrainingPreset]):
    """Scores, factors, calibration, copies and history of the measurements of a run."""

    part = "quality"
    title = "Quality"
    empty = "How good the images are appears here once they were measured. Press “Measure now”."

    measure_wished = Signal()
    export_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: QualityPart | None = None
        self._picked: int | None = None
        self._reference: Reference | None = None
        self._chosen = "scores"
        self._placed: tuple[str, ...] = ()
        self.scores, self.factors = ScoresCard(self.canvas), FactorsCard(self.canvas)
        self.calibration, self.pairs, self.history = CalibrationCard(), PairsCard(), HistoryCard()
        self.cards: dict[str, Card] = {
            "scores": self.scores, "factors": self.factors, "calibration": self.calibration, "copies": self.pairs,
            "history": self.history,
        }  # fmt: skip
        self.history.picked.connect(self._pick)
        self._fill_header()
        self._fill_canvas()

    def _fill_header(self) -> None:
        self.tabs = {
            name: self.header.switch(card.title, card.tip, partial(self._click, name))
            for name, card in self.cards.items()
        }
        self.section = self.header.choice(
            [(name, card.title) for name, card in self.cards.items()], "What of the quality is shown", self.choose
        )
        self.measure_button = self.header.button(
            "Measure now", "Measure the images of base and GEBM on a copy of the model as it is; the run goes on"
        )
        self.measure_button.clicked.connect(lambda _checked: self.measure_wished.emit())
        self.keep_button = self.header.switch(
            KEEP, "Compare later measurements of the same protocol with this one; again: let it go", self._keep
        )
        self.export_button = self.header.button("Export…", "Write the measurements as CSV, or the bars as PNG")
        self.export_button.clicked.connect(lambda _checked: self.export_wished.emit())
        self.progress = ProgressLine(self)
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertWidget(1, self.progress)

    def _fill_canvas(self) -> None:
        self.verdict = Verdict(self.canvas)
        self.facts = Facts(self.canvas)
        self.beside = Readout(self.canvas)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.GRID // 2)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for widget in (self.verdict, self.facts, self.beside):
            column.addWidget(widget)
        column.addLayout(self._grid, 1)
        for card in self.cards.values():
            card.setParent(self.canvas)
            card.hide()
        self.readout.hide()
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(700, 320)

    @property
    def reference(self) -> Reference | None:
        """The measurement that others are compared with; it outlives runs."""
        return self._reference

    @property
    def shown_cards(self) -> tuple[str, ...]:
        """The names of the cards that have room."""
        return self._placed

    # What a person does.

    def choose(self, name: str) -> None:
        """Bring a section to where it can be seen."""
        self._chosen = name
        self._fit()

    def _click(self, name: str, _down: bool) -> None:
        self.choose(name)

    def _keep(self, down: bool) -> None:
        measured = self._measured_now()
        if down and measured is not None and self.preset is not None:
            self._reference = Reference(measured, self.preset.title)
        elif not down:
            self._reference = None
        self._show()

    def _measured_now(self) -> Measured | None:
        """The measurement that is shown."""
        measured = self._part.measured if self._part is not None else ()
        return measured[-1 if self._picked is None else self._picked] if measured else None

    def _pick(self, place: int | None) -> None:
        if place != self._picked:
            self._picked = place
            self._show()

    # What comes from the run.

    def clear(self) -> None:
        self._part = self._picked = None
        self.progress.show_share(0.0)
        self.measure_button.setEnabled(True)
        self._show_reference()
        self._fit()

    def pull_fields(self) -> dict[str, object]:
        return {"quality_version": -1 if self._part is None else self._part.version}

    def update_settings(self, preset: TrainingPreset) -> None:
        super().update_settings(preset)
        images = len(preset.target.shape or ()) == 3
        for button in (self.measure_button, self.export_button):
            button.setEnabled(images)
        if not images:
            self._part = None
            self.say_empty(NOT_IMAGES)

    def take(self, part: QualityPart, frame: Frame) -> None:
        if self._part is not None and part.version == self._part.version:
            return
        if self._part is not None and len(part.measured) != len(self._part.measured):
            self._picked = None  # a pick is of a place in the list, which may have moved
        self._part = part
        going = 0.0 < part.progress < 1.0
        self.progress.show_share(part.progress if going else 0.0)
        self.measure_button.setEnabled(not going)
        self._show()

    def _show(self) -> None:
        part = self._part
        self._show_reference()
        if part is None or self.preset is None:
            return
        measured = self._measured_now()
        if measured is None:
            self.say_empty(part.note or (MEASURING if part.progress else self.empty))
            self._fit()
            return
        self.show_canvas()
        refused = ""
        if self._reference is not None:
            refused = why_not_compared(measured, self._reference)
            same = measured is self._reference.measured or measured == self._reference.measured
            self.beside.say(refused or ("" if same else compared(measured, self._reference)))
        beside = self._reference.measured if self._reference is not None and not refused else None
        shown = Shown(measured, beside)
        self.verdict.show_verdict(verdict(measured), tone_of(measured), verdict_tip(measured))
        self.readout.say(" · ".join(text for text in (part.note, measured.protocol) if text))
        self.scores.show_measured(shown)
        self.factors.show_measured(shown)
        self.calibration.show_measured(shown)
        self.pairs.show_pairs(shown, part)
        if self._picked is None:
            self.history.show_history(part.measured)
        self._fit()

    def _show_reference(self) -> None:
        kept = self._reference is not None
        self.keep_button.setChecked(kept)
        self._name_buttons()
        self.keep_button.setEnabled(kept or (self._part is not None and bool(self._part.measured)))
        if self._reference is not None:
            self.keep_button.setToolTip(f"Kept: {self._reference.name}. Click to let it go.")
        self.beside.setVisible(kept and bool(self.beside.text))

    def restyle(self, look: theme.Theme) -> None:
        self._show()
        for card in self.cards.values():
            card.update()

    # Place.

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As many sections as have room; of the rest one is chosen."""
        low = self.height() < PROTOCOL_FROM
        measured = self._measured_now()
        if measured is not None:
            self.facts.show_facts(facts_of(measured, few=low) + ([] if low else protocol_facts(measured)))
        self.beside.setVisible(self._reference is not None and bool(self.beside.text))
        self.readout.setVisible(low and not self.is_empty)
        self.verdict.fit(self.canvas.width(), low)
        above = self.header.sizeHint().height() + (60 if low else 80)
        columns = min(max(self.width() // WIDTH, 1), MOST_COLUMNS)
        rows = min(max((self.height() - above) // HEIGHT, 1), MOST_ROWS)
        names = in_view(tuple(self.cards), self._chosen, columns * rows)
        all_shown = len(names) == len(self.cards)
        tabs, some = self.width() >= TABS_FROM, not self.is_empty
        for name, tab in self.tabs.items():
            tab.setVisible(tabs and some and not all_shown and not (name == "scores" and len(names) > 1))
            tab.setChecked(name in names)
        self.section.setVisible(not tabs and some and not all_shown)
        self.section.choose(self._chosen)
        self._name_buttons()
        if names != self._placed or columns != self._grid.columnCount():
            self._place(names, columns)

    def _name_buttons(self) -> None:
        """Whole words where there is room for them."""
        wide = self.width() >= WORDS_FROM
        self.measure_button.setText("Measure now" if wide else "Measure")
        self.keep_button.setText((KEPT if self._reference is not None else KEEP) if wide else BRIEFLY)

    def _place(self, names: tuple[str, ...], columns: int) -> None:
        self._placed = names
        for name, card in self.cards.items():
            self._grid.removeWidget(card)
            card.setVisible(name in names)
        for place, name in enumerate(names):
            span = columns - place % columns if place == len(names) - 1 else 1
            self._grid.addWidget(self.cards[name], place // columns, place % columns, 1, span)
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


def in_view(names: tuple[str, ...], chosen: str, room: int) -> tuple[str, ...]:
    """The sections that are seen where there is room for so many: the chosen one, the first, the next ones."""
    wanted = [chosen] if room == 1 else list(dict.fromkeys((names[0], chosen, *names)))[:room]
    return tuple(name for name in names if name in wanted)
