"""The presets dock: a gallery with thumbnails and search, and what to look at in the open one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QScrollArea,
    QSplitter,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from gebm_studio.files import shipped
from gebm_studio.presets import Entry
from gebm_studio.schema import Preset
from gebm_studio.ui import theme

ENTRY = Qt.ItemDataRole.UserRole
PICTURE = Qt.ItemDataRole.DecorationRole
THUMBNAIL = 6 * theme.GRID
LEFT = THUMBNAIL + 2 * theme.GRID
"""Where the texts of an entry begin."""
NARROW = 14 * theme.GRID
"""Titles get a third line where they have no more width than this."""
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
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setWordWrap(True)  # else a change of width alone makes no new layout
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
    """Paints an entry: thumbnail; title on two lines or three, figure and source on one, summary on two."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        lines = sum(len(part) for _, _, part in _parts(index.data(ENTRY), self._text_width()))
        height = lines * theme.line_height(theme.current().text_font)
        return QSize(16 * theme.GRID, max(THUMBNAIL, height) + 2 * theme.GRID)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look = theme.current()
        entry: Entry = index.data(ENTRY)
        style = cast(Any, option)  # Qt's stubs leave out the fields of this class
        rect: QRect = style.rect
        if style.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, look.brush(theme.mixed(look.plot, look.accent, 0.18)))
            painter.fillRect(rect.left(), rect.top(), theme.GRID // 2, rect.height(), look.brush(look.accent))
        elif style.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, look.brush(look.control))
        place = QRect(rect.left() + theme.GRID, rect.top() + theme.GRID, THUMBNAIL, THUMBNAIL)
        pixmap = index.data(PICTURE)
        if isinstance(pixmap, QPixmap):
            painter.drawPixmap(place, pixmap)
        else:
            _placeholder(painter, place, entry.preset.figure or "·")
        left, width = rect.left() + LEFT, self._text_width()
        y, height = rect.top() + theme.GRID, theme.line_height(look.text_font)
        for font, colour, lines in _parts(entry, width):
            painter.setFont(font)
            painter.setPen(look.pen(colour))
            for line in lines:
                painter.drawText(QRect(left, y, width, height), Qt.AlignmentFlag.AlignVCenter, line)
                y += height

    def _text_width(self) -> int:
        """Room for the texts: the same whether or not the scroll bar is there, so that heights stay true."""
        view = self.parent()
        if not isinstance(view, QListView):
            return 16 * theme.GRID
        return view.width() - view.verticalScrollBar().sizeHint().width() - LEFT - theme.GRID


def _parts(entry: Entry, width: int) -> list[tuple[QFont, str, list[str]]]:
    """Font, colour and lines of the three texts of an entry."""
    look, preset = theme.current(), entry.preset
    bold = QFont(look.text_font)
    bold.setBold(True)
    where = " · ".join(part for part in (preset.figure, preset.source) if part)
    return [
        (bold, look.text, wrapped(preset.title, bold, width, 2 if width > NARROW else 3)),
        (look.text_font, look.muted, wrapped(where, look.text_font, width, 1)),
        (look.text_font, look.text, wrapped(preset.summary, look.text_font, width, 2)),
    ]


def wrapped(text: str, font: QFont, width: int, most: int) -> list[str]:
    """The text on at most so many lines, the last one cut with an ellipsis where more would follow."""
    metrics = QFontMetrics(font)
    lines: list[str] = []
    rest = text.split()
    while rest:
        count = 1
        while count < len(rest) and metrics.horizontalAdvance(" ".join(rest[: count + 1])) <= width:
            count += 1
        if len(lines) == most - 1:
            count = len(rest)
        lines.append(metrics.elidedText(" ".join(rest[:count]), Qt.TextElideMode.ElideRight, width))
        rest = rest[count:]
    return lines


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
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
    return re.sub(r"\^\{([^{}]*)\}", r"<sup>\1</sup>", escaped)
