"""The docks and their place: the default layout, and the one that a person made."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStyle, QTabWidget, QWidget

EVEN, WIDE, IMAGES = 0.5, 0.66, 0.72
"""Share of the upper row for data space: beside latent space, for three pictures, for grids of images."""
CURVES = 0.5, 0.6
"""Share of the lower row for curves beside diagnostics: in a narrow window, and where the row is wider than `ROOMY`."""
QUALITY = 0.62, 0.68
"""The same for the quality of images, which has more to say than curves."""
ROOMY = 640
NEAR = 8
"""Widths that differ by no more than this many pixels count as the same."""
TALL = 0.4
"""Share of the height for the upper row where the lower one holds a table."""
HIGH = 0.7
"""The same where the upper one holds pictures over a table."""
LAB = 0.54
"""The same for laws in the hand, whose curves are as much of the picture."""
FLOWS = 0.64
"""The same for particle flows, whose squares are as large as the row is high."""
LOG = 0.3
"""Share of the lower row's width for a run log that stands alone beside something."""
LEAST = 234
"""Pixels that pictures over a table leave for curves: three lines of legend and a plot with its axes."""
OPTIONAL = {
    "gallery": "data", "race": "curves", "decay": "curves", "sweep": "curves", "critic": "latent", "compare": "data",
    "pair": "data", "bars": "latent", "bound": "diagnostics", "tangent": "diagnostics", "plan": "diagnostics",
    "swept": "curves", "flow": "data", "flow_curves": "curves", "quality": "curves",
}  # fmt: skip
"""Docks that only some presets need, each with the one that it stands before; of several at a place the first named."""
GIVES_WAY = {
    "race": ("diagnostics",), "sweep": ("diagnostics",), "compare": ("latent",),
    "pair": ("data", "latent", "curves", "diagnostics"), "flow": ("data", "latent", "curves", "diagnostics"),
}  # fmt: skip
"""Docks that leave their room to an optional one while it is needed."""
ACROSS, DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


class Split(NamedTuple):
    """Where the middle is divided: the places on each side, and the shares of the first side that nobody chose."""

    sides: tuple[tuple[str, ...], tuple[str, ...]]
    usual: tuple[float, ...]
    direction: Qt.Orientation


SPLITS = {
    "upper": Split((("data",), ("latent",)), (EVEN, WIDE, IMAGES), ACROSS),
    "lower": Split((("curves",), ("diagnostics",)), (LOG, EVEN, *CURVES, *QUALITY), ACROSS),
    "rows": Split((("data", "latent"), ("curves", "diagnostics")), (0.55, 0.6, TALL, HIGH, LAB, FLOWS), DOWN),
}
VERSION = 6
"""Raised whenever docks come or go, so that an old layout is not forced on a new set."""

Area = Qt.DockWidgetArea


class Docks(QMainWindow):
    """A main window inside the main window, made of docks only, so that messages fit above all of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setTabPosition(Area.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.docks: dict[str, QDockWidget] = {}
        self._wanted: frozenset[str] = frozenset()
        self._gave_way: set[str] = set()
        self._wide = False
        self._chosen: dict[str, float] | None = None
        self._shown = self._restored = False

    def add(self, name: str, title: str, widget: QWidget) -> QDockWidget:
        """Put a widget into a dock; `arrange` gives it its place."""
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(widget)
        self.docks[name] = dock
        wish = getattr(widget, "wide_wished", None)
        if wish is not None:
            wish.connect(self.show_wide)
        return dock

    def arrange(self) -> None:
        """The default layout."""
        docks = self.docks
        for dock in docks.values():
            dock.setFloating(False)
            self.removeDockWidget(dock)
        self.addDockWidget(Area.LeftDockWidgetArea, docks["presets"])
        self.splitDockWidget(docks["presets"], docks["data"], ACROSS)
        self.splitDockWidget(docks["data"], docks["controls"], ACROSS)
        self.splitDockWidget(docks["data"], docks["curves"], DOWN)
        self.splitDockWidget(docks["data"], docks["latent"], ACROSS)
        self.splitDockWidget(docks["curves"], docks["diagnostics"], ACROSS)
        for name, before in OPTIONAL.items():
            if name in docks:
                self.tabifyDockWidget(docks[before], docks[name])
        self.tabifyDockWidget(docks["curves"], docks["log"])
        for dock in docks.values():
            dock.show()
        self._gave_way.clear()
        docks["curves"].raise_()
        self._show_wanted()
        self._share_out()

    def show_for(self, wanted: frozenset[str]) -> None:
        """Bring the optional docks that a preset needs to the front, and put the others away, when that changes."""
        if wanted != self._wanted:
            self._remember()
            left = ({OPTIONAL[name] for name in self._wanted - wanted} | self._gave_way) - {"log"}
            self._wanted = wanted
            self._show_wanted()
            for place in left:
                self.docks[self._front(place)].raise_()
            self._share_soon()

    def show_wide(self, wide: bool) -> None:
        """Give data space more width for three pictures side by side, when that changes."""
        if wide != self._wide:
            self._remember()
            self._wide = wide
            self._share_soon()

    def state(self) -> QByteArray:
        """The layout as bytes, as it is where no optional dock is needed: what gave way to one is not lost."""
        wanted = self._wanted
        self.show_for(frozenset())
        QCoreApplication.sendPostedEvents(self, QEvent.Type.LayoutRequest)
        self._share_again()
        state = self.saveState(VERSION)
        self.show_for(wanted)
        return state

    def restore(self, state: QByteArray) -> bool:
        """Take up a layout; False, with nothing changed, where it is of another version or broken."""
        if state.isEmpty() or not self.restoreState(state, VERSION):
            return False
        self._restored = True
        return True

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            # Sizes mean something only once the window has one, and tabs can be raised only then.
            if not self._restored:
                self._share_out()
            QTimer.singleShot(0, self, self._show_front)

    def _show_front(self) -> None:
        self._remember()
        self._show_wanted()
        self._share_soon()  # the last window may have ended on a preset of another kind

    def _front(self, place: str) -> str:
        """The dock that stands in front at the place of one that is always there."""
        chosen = [
            name for name, before in OPTIONAL.items() if before == place and name in self._wanted & set(self.docks)
        ]
        if chosen:
            return chosen[0]
        return "log" if place == "curves" and self.docks["curves"].isHidden() else place

    def _show_wanted(self) -> None:
        for name in OPTIONAL:
            if name in self.docks:
                self.docks[name].setVisible(name in self._wanted)
        giving = {name for wish in self._wanted for name in GIVES_WAY.get(wish, ())}
        if "curves" in giving and not any(OPTIONAL[name] == "curves" for name in self._wanted):
            giving.add("log")  # alone it would take half of the row; messages still come above, and View brings it back
        for name in self._gave_way - giving:
            self.docks[name].show()
        self._gave_way &= giving
        for name in giving:
            if not self.docks[name].isHidden():
                self.docks[name].hide()
                self._gave_way.add(name)
        self.docks[self._front("data")].raise_()
        for place in ("latent", "curves", "diagnostics"):
            if self._front(place) != place:  # else the run log may stay where a person put it
                self.docks[self._front(place)].raise_()

    def _share_out(self) -> None:
        """The widths and heights of the default layout, as shares of the window."""
        width, height = max(self.width(), 800), max(self.height(), 500)
        left = min(max(192, round(0.18 * width)), 304)
        right = min(max(264, round(0.20 * width)), 320)
        middle = width - left - right
        front, beside, below, last = (self._front(place) for place in ("data", "latent", "curves", "diagnostics"))
        self._resize(["presets", front, "controls"], [left, middle, right], ACROSS)
        for name, docks in (("upper", [front, beside]), ("lower", [below, last])):
            first = round(self._share(name, middle) * middle)
            self._resize(docks, [first, middle - first], ACROSS)
        upper = round(self._rows_share(height) * height)
        row = last if self.docks[below].isHidden() else below
        self._resize([front, row], [upper, height - upper], DOWN)

    def _resize(self, names: list[str], sizes: list[int], direction: Qt.Orientation) -> None:
        """Give docks their sizes; where one of them is away, its share would go to the columns beside."""
        docks = [self.docks[name] for name in names]
        if not any(dock.isHidden() for dock in docks):
            self.resizeDocks(docks, sizes, direction)

    def _rows_share(self, height: int) -> float:
        if {"race", "sweep"} & self._wanted:
            return TALL
        if "compare" in self._wanted:
            return max(0.6, min(HIGH, 1 - LEAST / height))
        if "pair" in self._wanted:
            return LAB
        if "flow" in self._wanted:
            return FLOWS
        return 0.6 if height > 640 else 0.55

    def _upper_share(self, middle: int) -> float:
        share = IMAGES if "gallery" in self._wanted else WIDE if self._wide else EVEN
        return min(share, 1 - self.docks[self._front("latent")].minimumSizeHint().width() / middle)

    def _lower_share(self, middle: int) -> float:
        if "pair" in self._wanted:
            log = max(LOG, self.docks["log"].minimumSizeHint().width() / middle)
            return log if self._front("curves") == "log" else EVEN
        return (QUALITY if self._front("curves") == "quality" else CURVES)[middle > ROOMY]

    def _share_soon(self) -> None:
        """Share the rows anew once the right docks are in front, unless a person has chosen their sizes."""
        if self._shown:
            QTimer.singleShot(0, self, self._share_again)

    def _share_again(self) -> None:
        if self._chosen is None:  # nothing has come or gone since the last time
            return
        chosen, self._chosen = self._chosen, None
        for name, split in SPLITS.items():
            docks = self._sides(split)
            if docks is not None:
                room = self._room(docks, split.direction)
                first = round(chosen.get(name, self._share(name, room)) * room)
                self.resizeDocks(docks, [first, room - first], split.direction)

    def _remember(self) -> None:
        """Look which shares a person has chosen, before docks come and go and take room from each other."""
        if self._chosen is not None or not self._shown:
            return
        self._chosen = {}
        for name, split in SPLITS.items():
            docks = self._sides(split)
            if docks is not None:
                room, first = self._room(docks, split.direction), _size(docks[0], split.direction)
                if min(abs(first - share * room) for share in (*split.usual, self._share(name, room))) > NEAR:
                    self._chosen[name] = first / room

    def _share(self, name: str, room: int) -> float:
        shares = {"upper": self._upper_share, "lower": self._lower_share, "rows": self._rows_share}
        return shares[name](room)

    def _room(self, docks: list[QDockWidget], direction: Qt.Orientation) -> int:
        """What both sides of a split have together, from the near edge of one dock to the far edge of the other."""
        near, far = docks[0].geometry(), docks[1].geometry()
        between = self.style().pixelMetric(QStyle.PixelMetric.PM_DockWidgetSeparatorExtent, None, self)
        across = far.x() + far.width() - near.x()
        return (across if direction == ACROSS else far.y() + far.height() - near.y()) - between

    def _sides(self, split: Split) -> list[QDockWidget] | None:
        """The docks that can be seen on both sides of a split, None where there are none."""
        first, second = ([dock for place in side if (dock := self._seen(place))] for side in split.sides)
        return [first[0], second[0]] if first and second else None

    def _seen(self, place: str) -> QDockWidget | None:
        """The dock at a place that can be seen."""
        names = [self._front(place), place, *(name for name, before in OPTIONAL.items() if before == place)]
        docks = [
            self.docks[name] for name in [*names, "log"] if name in self.docks and (name != "log" or place == "curves")
        ]
        return next((dock for dock in docks if not (dock.isFloating() or dock.visibleRegion().isEmpty())), None)


def _size(dock: QDockWidget, direction: Qt.Orientation) -> int:
    return dock.width() if direction == ACROSS else dock.height()
