"""The race: samplers side by side, a row each, live."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gebm_studio.messages import Frame, RacePart
from gebm_studio.schema import Lane, TrainingPreset
from gebm_studio.schema.sampling import TITLES
from gebm_studio.ui import theme
from gebm_studio.ui.labels import Line
from gebm_studio.ui.panels.colours import CATEGORIES
from gebm_studio.ui.panels.header import MenuButton
from gebm_studio.ui.panels.panel import Panel
from gebm_studio.ui.panels.race_bars import RaceBars
from gebm_studio.ui.panels.race_columns import Column, Slot, place, progress, shown_pairs
from gebm_studio.ui.panels.race_row import CHIP, Heads, RaceRow

CHIPS = tuple(colour for colour in CATEGORIES if colour not in (theme.LIGHT.base, theme.LIGHT.gebm))
"""Colours of lanes: none that has a role elsewhere."""
LOWEST, HIGHEST = 33, 96
"""Heights between which a row stretches."""
MOST = 12
TABLE, BARS = "table", "bars"
"""Two forms of the race; the second one once there are scores."""
EMPTY = (
    "Samplers race here side by side: one seed, one start, equal cost. Open F11, or add samplers with the button above."
)


class RacePanel(Panel[TrainingPreset]):
    """Rows of samplers under the exact law."""

    part = "race"
    title = "Race"
    empty = EMPTY

    restart_wished = Signal()
    export_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: RacePart | None = None
        self._lanes: tuple[Lane, ...] = ()
        self._pairs: list[list[Column]] = []
        self._slots: list[Slot] = []
        self._form_chosen = False
        self.bars = RaceBars(self.canvas)
        self.bars.hide()
        self._fill_header()
        self.readout.hide()
        self.heads = Heads(self.canvas)
        self._board = QWidget()
        self.exact = RaceRow(parent=self._board)
        self.rows: list[RaceRow] = []
        self._scroll = QScrollArea(self.canvas)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._board)
        self._scroll.setMinimumSize(1, 1)
        self._board.installEventFilter(self)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.heads)
        column.addWidget(self._scroll, 1)
        column.addWidget(self.bars, 1)

    def _fill_header(self) -> None:
        self.add_button = MenuButton("Add a sampler with its default settings; it catches up", self.header)
        self.add_button.setText("Add sampler ▾")
        self.header.add(self.add_button)
        menu = QMenu(self)
        for name, text in TITLES.items():
            action = QAction(text, menu)
            action.triggered.connect(lambda _checked=False, name=name: self.add_lane(name))
            menu.addAction(action)
        self.add_button.setMenu(menu)
        self.restart_button = self.header.button("Restart", "Begin all chains again from the same start and seed")
        self.restart_button.clicked.connect(lambda _checked: self.restart_wished.emit())
        self.export_button = self.header.button("Export table…", "Write the numbers of all samplers as CSV")
        self.export_button.clicked.connect(lambda _checked: self.export_wished.emit())
        self.form = self.header.choice(
            ((TABLE, "Table"), (BARS, "Bars")), "All numbers in a table, or the scores as large bars", self._choose_form
        )
        self.published = self.header.switch(
            "Published", "Published scores behind the bars: remembered, not verified, and of other data",
            self.bars.show_published,
        )  # fmt: skip
        self.published.setChecked(True)
        for button in (self.form, self.published):
            button.hide()
        look = theme.current()
        self.progress = QLabel(self.header)
        self.progress.setFont(look.number_font)
        self.header.add(self.progress)
        self.notice = Line(look.text_font, parent=self)
        self.notice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.notice.hide()
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertWidget(1, self.notice)

    # What a person changes.

    def _choose_form(self, form: str) -> None:
        self._form_chosen = True
        self._show_form(form)

    def _show_form(self, form: str) -> None:
        self.form.choose(form)
        self.bars.setVisible(form == BARS)
        for part in (self.heads, self._scroll):
            part.setVisible(form == TABLE)
        self.published.setVisible(form == BARS)
        self._place()

    def add_lane(self, name: str) -> None:
        """Add a sampler of the registry."""
        if len(self._lanes) < MOST:
            self._change((*self._lanes, Lane(name=name)))  # type: ignore[arg-type]

    def remove_lane(self, place_: int) -> None:
        """Take a sampler out."""
        self._change(self._lanes[:place_] + self._lanes[place_ + 1 :])

    def edit_lane(self, place_: int, name: str, value: Any) -> None:
        """Change a setting of one sampler."""
        lane = self._lanes[place_].model_copy(update={name: value})
        self._change((*self._lanes[:place_], lane, *self._lanes[place_ + 1 :]))

    def _change(self, lanes: tuple[Lane, ...]) -> None:
        self.setting_changed.emit("race.lanes", [lane.model_dump() for lane in lanes])

    def _say_refused(self, text: str) -> None:
        self._show_notice(text or (self._part.note if self._part is not None else ""))

    # What comes from the run.

    def clear(self) -> None:
        self._part = None
        self.progress.setText("")
        self._show_notice("")
        self._form_chosen = False
        self.form.hide()
        self._show_form(TABLE)

    def update_settings(self, preset: TrainingPreset) -> None:
        super().update_settings(preset)
        lanes = preset.race.lanes
        if len(lanes) != len(self.rows):
            self._make_rows(len(lanes))
        if lanes != self._lanes:
            self._lanes = lanes
            self._place()
        for row, lane in zip(self.rows, lanes, strict=True):
            row.show_lane(lane)
        self.add_button.setEnabled(len(lanes) < MOST)
        self.export_button.setEnabled(bool(lanes))
        self.restart_button.setEnabled(bool(lanes))
        if not lanes:
            self._part = None
            self.progress.setText("")
            self.say_empty(EMPTY)

    def _make_rows(self, count: int) -> None:
        while len(self.rows) > count:
            row = self.rows.pop()
            row.setParent(None)
            row.deleteLater()
        while len(self.rows) < count:
            at = len(self.rows)
            row = RaceRow(CHIPS[at % len(CHIPS)], self._board)
            row.edited.connect(partial(self._edited, row))
            row.removed.connect(partial(self._removed, row))
            row.refused.connect(self._say_refused)
            self.rows.append(row)
            row.show()
        self._board.setMinimumHeight((count + 1) * LOWEST)

    def _edited(self, row: RaceRow, name: str, value: Any) -> None:
        self.edit_lane(self.rows.index(row), name, value)

    def _removed(self, row: RaceRow) -> None:
        self.remove_lane(self.rows.index(row))

    def take(self, part: RacePart, frame: Frame) -> None:
        if len(part.lanes) != len(self.rows):
            return  # a lane was just added or removed, of which this frame does not know yet
        fresh = part.note != (self._part.note if self._part is not None else "")
        self._part = part
        self.show_canvas()
        pairs = shown_pairs(part)
        if pairs != self._pairs:
            self._pairs = pairs
            self._place()
        if self.progress.text() != progress(part):
            self.progress.setText(progress(part))
        if fresh:
            self._show_notice(part.note)
        if self.form.isHidden() and any(not math.isnan(lane.score[0]) for lane in part.lanes):
            self.form.show()
            if not self._form_chosen:
                self._show_form(BARS)
        self._show_part(part)

    def _show_part(self, part: RacePart) -> None:
        if self.form.value() == BARS:
            self.bars.show_part(part, self._lanes)
            return
        highest = float(part.exact_density.max(initial=0.0))
        if not highest:
            highest = max((float(lane.density.max(initial=0.0)) for lane in part.lanes), default=0.0)
        self.heads.show_slots(self._slots, self.exact, part)
        self.exact.show_exact(part, self._slots, highest)
        for row, lane in zip(self.rows, part.lanes, strict=True):
            row.show_result(lane, part, self._slots, highest)

    def _show_notice(self, text: str) -> None:
        self.notice.show_text(text)
        self.notice.setVisible(bool(text))

    def restyle(self, look: theme.Theme) -> None:
        for widget in (self.exact, self.bars, *self.rows):
            widget.update()

    # Place.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._board and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """Rows of equal height, columns that stand below each other."""
        rows = [self.exact, *self.rows]
        width, height = self._board.width(), self._board.height()
        each = max(LOWEST, min(HIGHEST, height // len(rows)))
        look = theme.current()
        fields = theme.text_width(look.number_font, "0.0000") * 2 + theme.text_width(look.text_font, "δ κ") + 22
        names = max(theme.text_width(look.text_font, row.name.text()) for row in rows) + theme.GRID
        left = int(CHIP + theme.GRID + max(names, fields))
        side = each - 4
        images = self._part is not None and any(len(lane.images) for lane in self._part.lanes)
        for at, row in enumerate(rows):
            row.setGeometry(0, at * each, width, each)
            row.arrange(left, side, 2 * side if images else side)
        self._slots = place(self._pairs, float(self.exact.numbers.width()))
        if self._part is not None and len(self._part.lanes) == len(self.rows):
            self._show_part(self._part)
