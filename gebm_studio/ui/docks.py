"""The docks and their place: the default layout, and the one that a person made."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

EVEN, WIDE, IMAGES = 0.5, 0.66, 0.72
"""Share of the upper row for data space: beside latent space, for three pictures, for grids of images."""
NEAR = 8
"""Widths that differ by no more than this many pixels count as the same."""
VERSION = 1
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
        self._images = self._wide = False
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
        self.tabifyDockWidget(docks["data"], docks["gallery"])
        self.tabifyDockWidget(docks["curves"], docks["log"])
        for dock in docks.values():
            dock.show()
        docks["curves"].raise_()
        self._show_gallery()
        self._share_out()

    def show_images(self, images: bool) -> None:
        """Bring the gallery to the front for images, and put it away for points, when that changes."""
        if images != self._images:
            self._images = images
            self._show_gallery()
            self._share_upper_soon()

    def show_wide(self, wide: bool) -> None:
        """Give data space more width for three pictures side by side, when that changes."""
        if wide != self._wide:
            self._wide = wide
            self._share_upper_soon()

    def state(self) -> QByteArray:
        """The layout as bytes."""
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
        self._show_gallery()
        self._share_upper_soon()  # the last window may have ended on a preset of another kind

    def _show_gallery(self) -> None:
        self.docks["gallery"].setVisible(self._images)
        self.docks["gallery" if self._images else "data"].raise_()

    def _share_out(self) -> None:
        """The widths and heights of the default layout, as shares of the window."""
        docks, width, height = self.docks, max(self.width(), 800), max(self.height(), 500)
        left = min(max(192, round(0.18 * width)), 304)
        right = min(max(264, round(0.20 * width)), 320)
        middle = width - left - right
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.resizeDocks([docks["presets"], docks["data"], docks["controls"]], [left, middle, right], horizontal)
        self._share_upper(middle)
        curves = round((0.6 if middle > 640 else 0.5) * middle)
        self.resizeDocks([docks["curves"], docks["diagnostics"]], [curves, middle - curves], horizontal)
        upper = round((0.6 if height > 640 else 0.55) * height)
        self.resizeDocks([docks["data"], docks["curves"]], [upper, height - upper], vertical)

    def _share_upper(self, middle: int) -> None:
        share = IMAGES if self._images else WIDE if self._wide else EVEN
        front, latent = self.docks["gallery" if self._images else "data"], self.docks["latent"]
        left = min(round(share * middle), middle - latent.minimumSizeHint().width())
        self.resizeDocks([front, latent], [left, middle - left], Qt.Orientation.Horizontal)

    def _share_upper_soon(self) -> None:
        """Share the upper row anew once the right dock is in front, unless a person has chosen the widths."""
        if self._shown:
            QTimer.singleShot(0, self, self._share_upper_again)

    def _share_upper_again(self) -> None:
        front, latent = self.docks["gallery" if self._images else "data"], self.docks["latent"]
        if front.isFloating() or latent.isFloating() or not latent.isVisible():
            return
        middle = front.width() + latent.width()
        least = middle - latent.minimumSizeHint().width()
        usual = [min(round(share * middle), least) for share in (EVEN, WIDE, IMAGES)]
        if min(abs(front.width() - width) for width in usual) <= NEAR:
            self._share_upper(middle)
