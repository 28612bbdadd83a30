"""One flow: its name over its colour, its numbers, and the plane as its particles see it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from gebm_studio.schema import Setting, settings_of
from gebm_studio.schema.particles import RULES, Flow
from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import number_text
from gebm_studio.ui.panels.particle_picture import FlowPicture

FIRST = ("regularisation", "scale", "step_size")
"""The numbers that are written first: where room is short the others are cut off."""
BAR = 4
"""Height of the colour under the numbers of a flow whose numbers are being edited; else it is half as high."""
LIVE = sorted(
    (setting for setting in settings_of(Flow) if setting.live),
    key=lambda setting: FIRST.index(setting.path) if setting.path in FIRST else len(FIRST),
)


def live_settings(flow: Flow) -> list[Setting]:
    """What a person may change of a flow while it runs; their paths are names of its fields."""
    return [setting for setting in LIVE if setting.when is None or getattr(flow, setting.when[0]) in setting.when[1]]


def short_name(setting: Setting) -> str:
    """What stands before the number of a setting: its symbol, or the first word of its label."""
    return setting.symbol or setting.label.split()[0].lower()


def parameters(flow: Flow) -> str:
    """The numbers of a flow in a line; those that are zero have no effect and are left out."""
    shown = [setting for setting in live_settings(flow) if getattr(flow, setting.path)]
    if not flow.noise:
        shown = [setting for setting in shown if setting.path != "noise_decay"]
    return " · ".join(f"{short_name(setting)} {number_text(getattr(flow, setting.path))}" for setting in shown)


def _named(label: str, rule: str) -> bool:
    """Whether a name tells the rule, as "KALE, small λ" tells KALE's flow."""
    return rule.split(maxsplit=1)[0].lower() in label.lower() if rule else True


class Caption(QAbstractButton):
    """Name, numbers and colour of a flow; in place of the numbers a note, where there is one. A click edits it."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour, self._note, self._numbers, self._rule = colour, "", "", ""
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def numbers(self) -> str:
        """The line of numbers."""
        return self._numbers

    @property
    def line(self) -> str:
        """The numbers, after the rule where the name does not tell it: a person may have chosen another."""
        return self._numbers if _named(self.text(), self._rule) else f"{self._rule} · {self._numbers}"

    @property
    def note(self) -> str:
        """What is to be said of the flow; empty where there is nothing."""
        return self._note

    def show_flow(self, flow: Flow) -> None:
        """Take over the settings of the flow."""
        self._show(self.text(), parameters(flow), self._note, RULES[flow.name])

    def show_state(self, label: str, note: str) -> None:
        """Take over its name, and what is to be said of it."""
        self._show(label, self._numbers, note, self._rule)

    def _show(self, label: str, numbers: str, note: str, rule: str) -> None:
        if (label, numbers, note, rule) == (self.text(), self._numbers, self._note, self._rule):
            return
        self.setText(label)
        self._numbers, self._note, self._rule = numbers, note, rule
        self.setAccessibleName(", ".join(filter(None, (label, numbers, note))))
        what = f"{label}: {rule}" if rule and not _named(label, rule) else label
        self.setToolTip("\n".join(filter(None, (what, numbers, note, "", "Click to change its numbers."))))
        self.update()

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(120, theme.line_height(look.text_font) + theme.line_height(look.number_font) + BAR + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look, chosen = theme.current(), self.isChecked()
        painter = QPainter(self)
        line = theme.line_height(look.text_font)
        bold = type(look.text_font)(look.text_font)
        bold.setBold(chosen)
        painter.setFont(bold)
        self._write(painter, 0, line, look.text, self.text())
        painter.setFont(look.number_font)
        below = self.height() - BAR - 2 - line
        self._write(painter, line, below, look.warning if self._note else look.muted, self._note or self.line)
        height = BAR if chosen else BAR / 2
        painter.fillRect(QRectF(0, self.height() - height, self.width(), height), QColor(self._colour))
        if self.hasFocus():
            painter.setPen(look.pen(look.accent))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _write(self, painter: QPainter, top: float, height: float, colour: str, text: str) -> None:
        painter.setPen(theme.current().pen(colour))
        room = QRectF(0, top, self.width(), height)
        fitting = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fitting)


class FlowTile(QWidget):
    """A flow's picture under its caption."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption = Caption(colour, self)
        self.picture = FlowPicture(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.caption)
        column.addWidget(self.picture, 1)

    @property
    def above(self) -> int:
        """Pixels that stand above the picture."""
        return self.caption.sizeHint().height() + 2

    def forget(self) -> None:
        """Show nothing of the last run."""
        self.caption.show_state("", "")
        self.picture.forget()
        self.picture.go_home()
