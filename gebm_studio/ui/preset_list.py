"""The presets dock: a gallery with thumbnails and search, and what to look at in the open one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView, QFrame, QLabel, QLineEdit, QListView, QScrollArea, QSplitter, QStyle, QStyledItemDelegate,
    QStyleOptionViewItem, QVBoxLayout, QWidget,
)  # fmt: skip

from gebm_studio.files import shipped
from gebm_studio.presets import Entry
from gebm_studio.schema import Preset
from gebm_studio.ui import theme

ENTRY = Qt.ItemDataRole.UserRole
PICTURE = Qt.ItemDataRole.DecorationRole
THUMBNAIL = 6 * theme.GRID
Index = QModelIndex | QPersistentModelIndex


class PresetList(QWidget):
    """All presets; `chosen` carries the entry that a person opens."""

    chosen = Signal(object)

    def __init__(self, entries: list[Entry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search presets")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.model = QStandardItemModel(self)
        for entry in entries:
            item = QStandardItem(entry.preset.title)
            item.setEditable(False)
            item.setData(entry, ENTRY)
            item.setData(entry.preset.title, Qt.ItemDataRole.AccessibleTextRole)
            item.setToolTip(f"<p><b>{entry.preset.title}</b><br>{entry.preset.summary}</p>")
            item.setData(_thumbnail(entry.name), PICTURE)
            self.model.appendRow(item)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(EntryDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._choose)
        self.list.activated.connect(self._choose_again)
        self.nothing = QLabel("No preset matches. Clear the search to see all.")
        self.nothing.setWordWrap(True)
        self.nothing.hide()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.text.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        about = QScrollArea()
        about.setFrameShape(QFrame.Shape.NoFrame)
        about.setWidgetResizable(True)
        about.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        about.setWidget(self.text)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.list)
        split.addWidget(about)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([300, 200])
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.setSpacing(theme.GRID)
        column.addWidget(self.search)
        column.addWidget(self.nothing)
        column.addWidget(split, 1)
        self.setMinimumWidth(22 * theme.GRID)
        self._opened = ""

    def sizeHint(self) -> QSize:
        return QSize(30 * theme.GRID, 60 * theme.GRID)

    def show_open(self, name: str, preset: Preset) -> None:
        """Mark the open preset and say what to look at in it."""
        self._opened = name
        for row in range(self.model.rowCount()):
            index = self.model.index(row, 0)
            if index.data(ENTRY).name == name:
                self.list.setCurrentIndex(index)
                break
        else:
            self.list.clearSelection()
        parts = [f"<p><b>{_escaped(preset.title)}</b></p>"]
        for heading, text in (("What to look at", preset.look), ("What to expect", preset.expect)):
            if text:
                parts.append(f"<p><b>{heading}</b><br>{_escaped(text)}</p>")
        if len(parts) == 1:
            parts.append("<p>This preset says nothing about itself.</p>")
        self.text.setText("".join(parts))

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        shown = 0
        for row in range(self.model.rowCount()):
            entry: Entry = self.model.index(row, 0).data(ENTRY)
            preset = entry.preset
            about = " ".join((entry.name, preset.title, preset.figure, preset.source, preset.summary)).lower()
            matches = all(word in about for word in words)
            self.list.setRowHidden(row, not matches)
            shown += matches
        self.nothing.setVisible(shown == 0)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(ENTRY))

    def _choose_again(self, index: QModelIndex) -> None:
        # A double click has already opened it with its first click; Enter has not.
        if index.data(ENTRY).name != self._opened:
            self._choose(index)


class EntryDelegate(QStyledItemDelegate):
    """Paints an entry: thumbnail, title, figure and source, one line."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(20 * theme.GRID, THUMBNAIL + 2 * theme.GRID)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look = theme.current()
        entry: Entry = index.data(ENTRY)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        rect: QRect = option.rect
        if selected:
            painter.fillRect(rect, look.brush(theme.mixed(look.plot, look.accent, 0.18)))
            painter.fillRect(rect.left(), rect.top(), theme.GRID // 2, rect.height(), look.brush(look.accent))
        elif hovered:
            painter.fillRect(rect, look.brush(look.control))
        inner = rect.adjusted(theme.GRID, theme.GRID, -theme.GRID // 2, -theme.GRID)
        picture = QRect(inner.left(), inner.top(), THUMBNAIL, THUMBNAIL)
        pixmap = index.data(PICTURE)
        if isinstance(pixmap, QPixmap):
            painter.drawPixmap(picture, pixmap)
        else:
            _placeholder(painter, picture, entry.preset.figure or "·")
        preset = entry.preset
        where = " · ".join(part for part in (preset.figure, preset.source) if part)
        metrics = QFontMetrics(look.text_font)
        left = picture.right() + theme.GRID
        width = inner.right() - left
        bold = QFont(look.text_font)
        bold.setBold(True)
        y = inner.top()
        for font, colour, text in (
            (bold, look.text, preset.title), (look.text_font, look.muted, where),
            (look.text_font, look.text, preset.summary),
        ):  # fmt: skip
            painter.setFont(font)
            painter.setPen(look.pen(colour))
            line = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRect(left, y, width, metrics.height()), Qt.AlignmentFlag.AlignVCenter, line)
            y += metrics.height()


def _thumbnail(name: str) -> QPixmap | None:
    path: Path = shipped("resources") / "thumbnails" / f"{name}.png"
    pixmap = QPixmap(str(path)) if path.is_file() else QPixmap()
    return None if pixmap.isNull() else pixmap


def _placeholder(painter: QPainter, rect: QRect, text: str) -> None:
    look = theme.current()
    painter.fillRect(rect, look.brush(look.control))
    painter.setFont(look.text_font)
    painter.setPen(look.pen(look.muted))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
