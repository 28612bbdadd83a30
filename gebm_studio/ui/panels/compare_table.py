"""The scores of all runs with their intervals, a column for each run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from gebm_studio.messages import ComparedRun, ComparePart, Interval, LawScores
from gebm_studio.ui import theme
from gebm_studio.ui.panels.numbers import MINUS, short, with_error


@dataclass(frozen=True)
class Row:
    """One score: its name in the engine's table, and on screen."""

    name: str
    title: str
    share: bool = False
    """Written in per cent."""


ROWS = (
    Row("w1", "W₁"),
    Row("kl", "KL"),
    Row("mmd2", "MMD²"),
    Row("coverage", "modes reached", True),
    Row("mass_error", "mass error", True),
    Row("off_manifold", "off the manifold", True),
    Row("ess", "effective draws", True),
)


class ScoreTable(QTableWidget):
    """Read-only; what is selected, or all of it, can be copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setFrameShape(self.Shape.NoFrame)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Scores of all runs")
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.verticalHeader().setHighlightSections(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._shown: tuple[object, ...] = ()
        self._heads: list[str] = []
        self._titles: list[str] = []
        self.setMinimumSize(1, 1)

    def show_part(self, part: ComparePart) -> None:
        """Show the newest scores; nothing is done where none has changed."""
        floor = () if part.floor is None else (part.floor,)
        state = (
            tuple((run.label, run.law, run.scores, bool(run.stopped)) for run in part.runs), floor, theme.current().name
        )  # fmt: skip
        if state == self._shown:
            return
        self._shown = state
        notes = dict(part.protocol)
        columns = [(run.label, _of(run, run.law), run) for run in part.runs]
        measured = {name for _, scores, _ in columns if scores for name, value in scores.values if not _missing(value)}
        rows = [row for row in ROWS if row.name in measured]
        heads = [label for label, _, _ in columns] + ["data"] * bool(floor) if rows else []
        self.setRowCount(len(rows))
        self.setColumnCount(len(heads))
        self._heads, self._titles = heads, [row.title for row in rows]
        height = theme.line_height(theme.current().number_font) + theme.GRID // 2
        self.verticalHeader().setDefaultSectionSize(height)
        for down, row in enumerate(rows):
            self.setVerticalHeaderItem(down, _named(row.title, _wrapped(notes.get(row.name, ""))))
            for across, (_, scores, run) in enumerate(columns):
                self.setItem(down, across, self._cell(row, scores, run, notes))
            if floor:
                self.setItem(down, len(columns), self._cell(row, floor[0], None, notes))
        tips = [*(_head(run, notes) for _, _, run in columns), _wrapped(notes.get("data", ""))][: len(heads)]
        for across, (head, tip) in enumerate(zip(heads, tips, strict=True)):
            self.setHorizontalHeaderItem(across, _named(head, tip))

    def _cell(
        self, row: Row, scores: LawScores | None, run: ComparedRun | None, notes: dict[str, str]
    ) -> QTableWidgetItem:
        value = _value(scores, row.name)
        item = QTableWidgetItem(shown(value, row.share))
        item.setFont(theme.current().number_font)
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tip = notes.get(row.name, "")
        if run is not None and scores is not None:
            tip = f"Iteration {scores.iteration}. {tip}"
            base = _of(run, "base")
            if run.law == "gebm" and base is not None and not _missing(_value(base, row.name)):
                tip += f"\n\nIts base alone: {shown(_value(base, row.name), row.share)}"
        item.setToolTip(_wrapped(tip))
        if run is None or run.stopped:
            item.setForeground(QColor(theme.current().muted))
        return item

    def text(self, selected: bool = False) -> str:
        """The table as text with tabs between columns."""
        places = {(index.row(), index.column()) for index in self.selectedIndexes()} if selected else set()
        rows = sorted({row for row, _ in places}) or range(self.rowCount())
        columns = sorted({column for _, column in places}) or range(self.columnCount())
        lines = [["", *(self._heads[column] for column in columns)]]
        for row in rows:
            cells = [self.item(row, column) for column in columns]
            lines.append([self._titles[row], *(cell.text() if cell else "" for cell in cells)])
        return "\n".join("\t".join(line) for line in lines)

    def copy(self) -> None:
        """Put what is selected, or all of it, on the clipboard."""
        QGuiApplication.clipboard().setText(self.text(selected=len(self.selectedIndexes()) > 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._shown = ()
        self.setRowCount(0)
        self.setColumnCount(0)


def shown(value: Interval, share: bool) -> str:
    """A score with half of its interval; a share that is exactly 0 or 1 in all batches stands without one."""
    middle, low, high = value
    if share and not math.isnan(middle):
        middle, low, high = (100 * x for x in value)
    if high - low <= 0 or not math.isfinite(high - low):
        text = short(middle)
    elif share:
        text = f"{middle:.1f} ± {(high - low) / 2:.1f}".replace("-", MINUS)
    else:
        text = with_error(middle, (high - low) / 2)
    return f"{text} %" if share and text != "—" else text


def _named(text: str, tip: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(tip)
    return item


def _of(run: ComparedRun, law: str) -> LawScores | None:
    return next((scores for scores in run.scores if scores.law == law), None)


def _value(scores: LawScores | None, name: str) -> Interval:
    return dict(scores.values).get(name, (math.nan,) * 3) if scores is not None else (math.nan,) * 3


def _missing(value: Interval) -> bool:
    return math.isnan(value[0])


def _head(run: ComparedRun, notes: dict[str, str]) -> str:
    judged = notes.get("gebm", "") if run.law == "gebm" else "draws of its base alone"
    return _wrapped(f"{run.label}: {judged}" + (f". Stands still: {run.stopped}" if run.stopped else ""))


def _wrapped(text: str) -> str:
    """Rich text, which Qt breaks into lines; plain text would be one long line."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
    return f"<qt>{safe}</qt>" if text else ""
