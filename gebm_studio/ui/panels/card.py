"""A part of a board: a title with a number or a legend, a picture below, and an explanation of each thing in it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.panels.tiles import LEFT, RIGHT, fitted
from gebm_studio.ui.theme import GRID, Theme

CHIP = 8
"""Side of the square of a legend."""
PAD = GRID / 2 + 2
Names = tuple[tuple[str, str], ...]
"""Names of a legend, each with the role of its colour."""


class Card(QWidget):
    """What is painted says where it stands and what it means: `explain` while painting, a tooltip later."""

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.tip = title, tip
        self._value = ""
        self._legend: Names = ()
        self._why = ""
        self._warns = False
        self._tips: list[tuple[QRectF, str]] = []
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(104, 48)

    @property
    def value(self) -> str:
        """What stands at the right of the title."""
        return self._value

    @property
    def why_empty(self) -> str:
        """Why there is no picture; empty where there is one."""
        return self._why

    @property
    def tips(self) -> list[str]:
        """The explanations of what was painted last."""
        return [text for _, text in self._tips]

    def say(self, value: str = "", why_empty: str = "", legend: Names = (), warns: bool = False) -> None:
        """Set what stands at the right of the title, and why there is no picture where there is none."""
        self._value, self._why, self._legend, self._warns = value, why_empty, legend, warns
        self.setAccessibleName(f"{self.title} {value or ' '.join(name for name, _ in legend)}".strip())
        self.update()

    def explain(self, room: QRectF, text: str) -> None:
        """Say what stands in a room of the picture that is being painted; later ones lie over earlier ones."""
        self._tips.append((room, text))

    def tip_at(self, spot: QPoint) -> str:
        """What is explained at a point."""
        over = (text for room, text in reversed(self._tips) if room.contains(QPointF(spot)))
        return next(over, self.tip)

    def body(self) -> QRectF:
        """The room below the title."""
        head = 3 + theme.line_height(theme.current().text_font)
        return QRectF(PAD, head + 3, self.width() - 2 * PAD, self.height() - head - PAD - 2)

    def sizeHint(self) -> QSize:
        return QSize(240, 120)

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        """Draw the picture into its room."""

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        self._tips.clear()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(self.rect()), look.brush(look.plot))
        self._paint_head(painter, look)
        room = self.body()
        if self._why:
            painter.setFont(look.text_font)
            painter.setPen(look.pen(look.muted))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._why)
        elif room.height() > 4 and room.width() > 4:
            self.paint_body(painter, room, look)
        painter.end()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return super().event(event)

    def _paint_head(self, painter: QPainter, look: Theme) -> None:
        """The title, and at its right the legend or the number as far as it fits."""
        head = QRectF(PAD, 3, self.width() - 2 * PAD, theme.line_height(look.text_font))
        used = 0.0
        if self._legend:
            beside = head.width() - theme.text_width(look.text_font, self.title) - GRID
            if legend_width(self._legend, look) <= beside:
                used = paint_legend(painter, head, self._legend, look)
        elif self._value:
            beside = head.width() - theme.text_width(look.text_font, self.title) - GRID
            text = fitted(self._value, look, max(beside, head.width() * 0.5))
            painter.setFont(look.number_font)
            painter.setPen(look.pen(look.warning if self._warns else look.muted))
            painter.drawText(head, RIGHT, text)
            used = theme.text_width(look.number_font, text) + GRID
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text))
        painter.drawText(head, LEFT, fitted(self.title, look, head.width() - used))


def legend_width(legend: Names, look: Theme) -> float:
    """Room that a legend takes."""
    return sum(CHIP + 4 + theme.text_width(look.text_font, name) for name, _ in legend) + GRID * (len(legend) - 1)


def paint_legend(painter: QPainter, room: QRectF, legend: Names, look: Theme) -> float:
    """Squares with their names at the right end of a line; the room that they took."""
    width = legend_width(legend, look)
    x, middle = room.right() - width, room.center().y()
    painter.setFont(look.text_font)
    painter.setPen(look.pen(look.muted))
    for name, role in legend:
        painter.fillRect(QRectF(x, middle - CHIP / 2, CHIP, CHIP), look.brush(getattr(look, role)))
        x += CHIP + 4
        painter.drawText(QRectF(x, room.top(), room.right() - x + 2, room.height()), LEFT, name)
        x += theme.text_width(look.text_font, name) + GRID
    return width + GRID


def paint_whisker(painter: QPainter, look: Theme, ends: tuple[QPointF, QPointF], cap: float = 3.0) -> None:
    """An interval as a line with caps across its ends, with a rim that parts it from a bar."""
    first, last = ends
    along = last - first
    if abs(along.x()) + abs(along.y()) < 1.0:
        return
    across = QPointF(0, cap) if along.y() == 0 else QPointF(cap, 0)
    for colour, width in ((look.plot, 3.0), (look.text, 1.2)):
        painter.setPen(theme.on_page(look.pen(colour, width)))
        painter.drawLine(first, last)
        for end in ends:
            painter.drawLine(end - across, end + across)
