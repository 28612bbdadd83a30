"""The self-test in a window of its own: a table that fills line by line, beside the studio."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QCloseEvent, QColor, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gebm_studio.messages import Cancel, CheckResult, SelfTest, SelfTested
from gebm_studio.ui import theme
from gebm_studio.ui.labels import Line
from gebm_studio.ui.panels.numbers import MINUS, short
from gebm_studio.ui.session import Session

COLUMNS = ("Sampler", "Quantity", "Expected", "Measured", "± error", "z", "Tolerance", "")
TOOLTIPS = (
    "The algorithm, as it is named in the settings",
    "What is compared with theory",
    "What theory says, exactly",
    "What the sampler gave",
    "Standard error of what was measured, from independent chains; empty for what must hold to rounding",
    "(measured − expected) / error",
    "How far measured may lie from expected: 4.5 standard errors, or a bound of its own",
    "Whether the line holds",
)
EXPLANATION = (
    "Every sampler against numbers that theory knows exactly. A line with an error holds within 4.5 standard errors: "
    "right samplers would fail any line by chance less than once in 2,000 runs. The run waits meanwhile and is not "
    "changed."
)
Index = QModelIndex | QPersistentModelIndex


def cells(line: CheckResult) -> tuple[str, ...]:
    """A line as it is shown and copied."""
    error, z = (short(line.error, 2), f"{line.z:+.2f}".replace("-", MINUS)) if line.error else ("", "")
    numbers = short(line.expected, 4), short(line.measured, 4), error, z, short(line.tolerance, 2)
    return (line.sampler, line.quantity, *numbers, "holds" if line.passed else "FAILS")


class SelfTestModel(QAbstractTableModel):
    """The lines so far, in the order in which they were found."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[CheckResult, ...] = ()

    def show(self, lines: tuple[CheckResult, ...]) -> None:
        """Take lines that begin with those that are shown already."""
        shown = len(self.lines)
        if len(lines) > shown:
            self.beginInsertRows(QModelIndex(), shown, len(lines) - 1)
            self.lines = lines
            self.endInsertRows()

    def clear(self) -> None:
        """Forget all lines."""
        self.beginResetModel()
        self.lines = ()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (likewise)
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, side: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if side != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return TOOLTIPS[section]
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        line = self.lines[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return cells(line)[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ForegroundRole and not line.passed:
            return QColor(theme.current().warning)
        return None


class SelfTestWindow(QWidget):
    """Runs the self-test at once and shows what comes; closing it ends what is under way."""

    def __init__(self, parent: QWidget, session: Session) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Self-test of the samplers")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session = session
        self.going = False
        look = theme.current()
        self.model = SelfTestModel()
        self.model.setParent(self)
        explanation = QLabel(EXPLANATION)
        explanation.setWordWrap(True)
        self.table = self._table()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumWidth(20 * theme.GRID)
        self.status = Line(look.number_font)
        self.cancel, self.again, self.copy = QPushButton("Cancel"), QPushButton("Run again"), QPushButton("Copy table")
        self.cancel.clicked.connect(self.stop)
        self.again.clicked.connect(self.start)
        self.copy.clicked.connect(self.copy_table)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addWidget(self.bar)
        buttons.addWidget(self.status, 1)
        for button in (self.cancel, self.again, self.copy):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*4 * (2 * theme.GRID,))
        column.setSpacing(theme.GRID)
        column.addWidget(explanation)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        self.resize(115 * theme.GRID, 78 * theme.GRID)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.close)
        session.tested.connect(self.take)
        session.stopped.connect(self._stop)
        self.start()

    def start(self) -> None:
        """Begin the test from its first line."""
        self.model.clear()
        self._session.send(SelfTest())
        if self._session.state == "stopped":
            self._finish("The engine has stopped; restart it from the Tools menu, then run the test again.")
        else:
            self._set_going(True)
            self.bar.setRange(0, 0)
            self.status.show_text("Waiting for the engine…")

    def stop(self) -> None:
        """Ask for the end; an engine that was restarted meanwhile knows of no test, and would not answer."""
        self._session.send(Cancel())
        self._finish("Cancelled.")

    def take(self, tested: SelfTested) -> None:
        """Show the lines so far."""
        bar = self.table.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 2
        self.model.show(tested.results)
        if follows:
            self.table.scrollToBottom()
        self.bar.setRange(0, max(tested.total, 1))
        self.bar.setValue(tested.done)
        failed = sum(not line.passed for line in tested.results)
        lines = f"{len(tested.results)} line{'' if len(tested.results) == 1 else 's'}"
        verdict = f"{lines}, {failed} FAIL" if failed else f"{lines}, none fails"
        if tested.state == "going":
            self._set_going(True)
            self.status.show_text(f"Check {tested.done + 1} of {tested.total}; {verdict}")
        elif tested.state == "done":
            self._finish(f"Done: {verdict}.")
        elif tested.state == "failed":
            self._finish(f"A fault ended the test after {tested.done} checks; the run log says what happened.")
        elif tested.total:
            self._finish(f"Cancelled after {tested.done} of {tested.total} checks; {verdict}.")
        else:
            self._finish("An export is under way; run the test again once it is done.")

    def copy_table(self) -> None:
        """Put all lines on the clipboard, with tabs between the columns."""
        rows = [(*COLUMNS[:-1], "Result"), *(cells(line) for line in self.model.lines)]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in rows))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.going:
            self._session.send(Cancel())
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "table"):
            self.table.viewport().update()
        super().changeEvent(event)

    def _table(self) -> QTableView:
        look = theme.current()
        table = QTableView()
        table.setModel(self.model)
        table.setFont(look.number_font)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(theme.line_height(look.number_font) + theme.GRID // 2)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        widest = ("zero_temperature", "", "−0.00000", "0.000e−00", "0.00000", "−00.00", "0.0000000", "FAILS")
        for section, text in enumerate(widest):
            if text:
                wider = max(theme.text_width(look.number_font, words) for words in (text, COLUMNS[section]))
                table.setColumnWidth(section, round(wider) + 3 * theme.GRID)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        return table

    def _stop(self, _reason: str) -> None:
        if self.going:
            self._finish("The engine stopped before the test was complete.")

    def _finish(self, text: str) -> None:
        self._set_going(False)
        if self.bar.maximum() == 0:
            self.bar.setRange(0, 1)
        self.status.show_text(text)

    def _set_going(self, going: bool) -> None:
        self.going = going
        self.cancel.setEnabled(going)
        self.again.setEnabled(not going)


def show(parent: QWidget, session: Session) -> SelfTestWindow:
    """Open the self-test, or bring the open one to the front."""
    opened = parent.findChild(SelfTestWindow)
    window = opened if isinstance(opened, SelfTestWindow) else SelfTestWindow(parent, session)
    window.show()
    window.raise_()
    window.activateWindow()
    return window


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if 2 <= column <= 6 else Qt.AlignmentFlag.AlignLeft
    return Qt.AlignmentFlag.AlignVCenter | side
