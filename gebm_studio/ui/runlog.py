"""The run log: every message, with its time; repeated ones are counted instead of repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLabel, QListView, QPushButton, QVBoxLayout, QWidget

from gebm_studio.ui import theme

MOST = 1000
Index = QModelIndex | QPersistentModelIndex


@dataclass
class Line:
    """One line of the log."""

    time: datetime
    level: str
    text: str
    topic: str = ""
    iteration: int = 0
    count: int = 1

    def shown(self) -> str:
        """The line as it is shown and copied."""
        at = f" at {self.iteration}" if self.iteration else ""
        times = f" ({self.count}×)" if self.count > 1 else ""
        return f"{self.time:%H:%M:%S}{at}  {self.text}{times}"


class LogModel(QAbstractListModel):
    """The newest lines, at most `MOST`."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []

    def add(self, line: Line) -> None:
        """Append a line; one on the topic of the last line, or with its text, replaces and counts it."""
        if self.lines:
            last = self.lines[-1]
            if last.level == line.level and (last.text == line.text or (line.topic and last.topic == line.topic)):
                line.count = last.count + 1
                self.lines[-1] = line
                index = self.index(len(self.lines) - 1)
                self.dataChanged.emit(index, index)
                return
        if len(self.lines) >= MOST:
            self.beginRemoveRows(QModelIndex(), 0, 0)
            del self.lines[0]
            self.endRemoveRows()
        self.beginInsertRows(QModelIndex(), len(self.lines), len(self.lines))
        self.lines.append(line)
        self.endInsertRows()

    def clear(self) -> None:
        """Forget all lines."""
        self.beginResetModel()
        self.lines.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        line = self.lines[index.row()]
        look = theme.current()
        if role == Qt.ItemDataRole.DisplayRole:
            return line.shown()
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor({"error": look.error, "warning": look.warning}.get(line.level, look.text))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{line.level}: {line.text}"
        return None


class RunLog(QWidget):
    """The log as a panel; follows the newest line unless a person has scrolled up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = LogModel()
        self.model.setParent(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setFont(theme.current().number_font)
        self.view.setWordWrap(True)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.empty = QLabel("Messages appear here: runs that begin, files that are written, what goes wrong.")
        self.empty.setWordWrap(True)
        self.empty.setForegroundRole(self.empty.palette().ColorRole.PlaceholderText)
        copy, clear = QPushButton("Copy all"), QPushButton("Clear")
        copy.clicked.connect(self.copy_all)
        clear.clicked.connect(self.clear)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addWidget(self.empty, 1)
        buttons.addStretch(0)
        for button in (copy, clear):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, theme.GRID // 2)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.view, 1)
        column.addLayout(buttons)
        copy_keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        copy_keys.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy_keys.activated.connect(self._copy_selected)

    def say(self, level: str, text: str, *, topic: str = "", iteration: int = 0) -> None:
        """Add a line, with the time now."""
        bar = self.view.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 2
        self.model.add(Line(datetime.now().astimezone(), level, text.strip(), topic, iteration))
        self._show_empty()
        if follows:
            self.view.scrollToBottom()

    def texts(self) -> list[str]:
        """The texts of all lines, oldest first."""
        return [line.text for line in self.model.lines]

    def clear(self) -> None:
        """Forget all lines."""
        self.model.clear()
        self._show_empty()

    def copy_all(self) -> None:
        """Put the whole log on the clipboard."""
        QGuiApplication.clipboard().setText("\n".join(line.shown() for line in self.model.lines))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "view"):
            self.view.viewport().update()
        super().changeEvent(event)

    def _copy_selected(self) -> None:
        rows = sorted(index.row() for index in self.view.selectedIndexes())
        QGuiApplication.clipboard().setText("\n".join(self.model.lines[row].shown() for row in rows))

    def _show_empty(self) -> None:
        self.empty.setVisible(not self.model.lines)
