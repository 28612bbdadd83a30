"""The docks and their place: the default layout, and the one that a person made."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

EVEN, WIDE, IMAGES = 0.5, 0.66, 0.72
"""Share of the upper row for data space: beside latent space, for three pictures, for grids of images."""
NEAR = 8
"""Widths that differ by no more than this many pixels count as the same."""
TALL = 0.4
"""Share of the height for the upper row where the lower one holds a table."""
HIGH = 0.7
"""The same where the upper one holds pictures over a table."""
LEAST = 234
"""Pixels that pictures over a table leave for curves: three lines of legend and a plot with its axes."""
OPTIONAL = {
    "gallery": "data", "race": "curves", "decay": "curves", "sweep": "curves", "critic": "latent", "compare": "data",
    "pair": "data", "bars": "latent", "bound": "diagnostics", "tangent": "diagnostics", "plan": "diagnostics",
    "swept": "curves", "flow": "data", "flow_curves": "curves",
}  # fmt: skip
"""Docks that only some presets need, each with the one that it stands before."""
GIVES_WAY = {
    "race": ("diagnostics",), "sweep": ("diagnostics",), "compare": ("latent",),
    "pair": ("data", "latent", "curves", "diagnostics"), "flow": ("data", "latent", "curves", "diagnostics"),
}  # fmt: skip
"""Docks that leave their room to an optional one while it is needed."""
VERSION = 5
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
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.splitDockWidget(docks["presets"], docks["data"], horizontal)
        self.splitDockWidget(docks["data"], docks["controls"], horizontal)
        self.splitDockWidget(docks["data"], docks["curves"], vertical)
        self.splitDockWidget(docks["data"], docks["latent"], horizontal)
        self.splitDockWidget(docks["curves"], docks["diagnostics"], horizontal)
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
            left = {OPTIONAL[name] for name in self._wanted - wanted}
            self._wanted = wanted
            self._show_wanted()
            for place in left:
                self.docks[self._front(place)].raise_()
            self._share_soon()

    def show_wide(self, wide: bool) -> None:
        """Give data space more width for three pictures side by side, when that changes."""
        if wide != self._wide:
            self._wide = wide
            self._share_soon()

    def state(self) -> QByteArray:
        """The layout as bytes; what only gave way to another dock comes back first, so that it is not lost."""
        for name in self._gave_way:
            self.docks[name].show()
        self._gave_way.clear()
        return self.saveState(VERSION)

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
        self._show_wanted()
        self._share_soon()  # the last window may have ended on a preset of another kind

    def _front(self, place: str) -> str:
        """The dock that stands in front at the place of one that is always there."""
        chosen = [
            name for name, before in OPTIONAL.items() if before == place and name in self._wanted & set(self.docks)
        ]
        return chosen[0] if chosen else place

    def _show_wanted(self) -> None:
        for name in OPTIONAL:
            if name in self.docks:
                self.docks[name].setVisible(name in self._wanted)
        giving = {name for wish in self._wanted for name in GIVES_WAY.get(wish, ())}
        for name in self._gave_way - giving:
            self.docks[name].show()
        self._gave_way &= giving
        for name in giving:
            if not self.docks[name].isHidden():
                self.docks[name].hide()
                self._gave_way.add(name)
        self.docks[self._front("data")].raise_()
        if self._front("latent") != "latent":
            self.docks[self._front("latent")].raise_()
        if self._front("curves") != "curves":  # else the run log may stay where a person put it
            self.docks[self._front("curves")].raise_()

    def _share_out(self) -> None:
        """The widths and heights of the default layout, as shares of the window."""
        docks, width, height = self.docks, max(self.width(), 800), max(self.height(), 500)
        left = min(max(192, round(0.18 * width)), 304)
        right = min(max(264, round(0.20 * width)), 320)
        middle = width - left - right
        horizontal = Qt.Orientation.Horizontal
        self.resizeDocks([docks["presets"], docks["data"], docks["controls"]], [left, middle, right], horizontal)
        self._share_upper(middle)
        if not docks["diagnostics"].isHidden():  # else its share would go to the columns beside
            curves = round((0.6 if middle > 640 else 0.5) * middle)
            self.resizeDocks([docks["curves"], docks["diagnostics"]], [curves, middle - curves], horizontal)
        self._share_rows(height)

    def _share_rows(self, height: int) -> None:
        upper = round(self._upper_share(height) * height)
        rows = [self.docks[self._front("data")], self.docks[self._front("curves")]]
        self.resizeDocks(rows, [upper, height - upper], Qt.Orientation.Vertical)

    def _upper_share(self, height: int) -> float:
        if {"race", "sweep"} & self._wanted:
            return TALL
        if "compare" in self._wanted:
            return max(0.6, min(HIGH, 1 - LEAST / height))
        return 0.6 if height > 640 else 0.55

    def _share_upper(self, middle: int) -> None:
        share = IMAGES if "gallery" in self._wanted else WIDE if self._wide else EVEN
        front, latent = self.docks[self._front("data")], self.docks[self._front("latent")]
        left = min(round(share * middle), middle - latent.minimumSizeHint().width())
        self.resizeDocks([front, latent], [left, middle - left], Qt.Orientation.Horizontal)

    def _share_soon(self) -> None:
        """Share the rows anew once the right docks are in front, unless a person has chosen their sizes."""
        if self._shown:
            QTimer.singleShot(0, self, self._share_again)

    def _share_again(self) -> None:
        front, below = self.docks[self._front("data")], self.docks[self._front("curves")]
        if not (front.isFloating() or below.isFloating()) and below.isVisible():
            height = front.height() + below.height()
            usual = [round(share * height) for share in (0.6, 0.55, TALL, HIGH, self._upper_share(height))]
            if min(abs(front.height() - upper) for upper in usual) <= 2 * NEAR:
                self._share_rows(height)
        self._share_upper_again()

    def _share_upper_again(self) -> None:
        front, latent = self.docks[self._front("data")], self.docks[self._front("latent")]
        if front.isFloating() or latent.isFloating() or not latent.isVisible():
            return
        middle = front.width() + latent.width()
        least = middle - latent.minimumSizeHint().width()
        usual = [min(round(share * middle), least) for share in (EVEN, WIDE, IMAGES)]
        if min(abs(front.width() - width) for width in usual) <= NEAR:
            self._share_upper(middle)
