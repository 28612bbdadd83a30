"""A transport plan as a matrix."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import PlanPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import ramp
from gebm_studio.ui.panels.labels import Label, Labels
from gebm_studio.ui.panels.plan_pieces import matrix
from gebm_studio.ui.panels.plan_plot import REACH, PiecesPlot
from gebm_studio.ui.panels.primitives import Line

FAINTEST = 0.25
"""Strength of a cell with next to no mass, where the heaviest has 1: only cells without any are as their ground."""


class MatrixPlot(PiecesPlot):
    """The plan as a matrix: how much goes from each stretch of P, across, to each of Q, up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("The plan as a matrix; the arrow keys go from piece to piece", parent)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.image.setZValue(-100)
        self.image.setVisible(False)
        self.diagonal, self.labels = Line(), Labels()
        for item in (self.image, self.diagonal, self.labels):
            self.add(item)
        self._heaviest = 1.0
        self.setToolTip("Across, where mass is taken from P; up, where it is put in Q. On the dashed line it stays.")
        self.restyle(theme.current())

    @property
    def heaviest(self) -> float:
        """The largest mass of a cell."""
        return self._heaviest

    def show_part(self, part: PlanPart) -> None:
        """Draw a plan."""
        self.part = part
        mass, extent = matrix(part.plan)
        left, right, bottom, top = extent
        self._heaviest = float(mass.max()) or 1.0
        self.image.setImage(
            mass.astype(np.float32), autoLevels=False, levels=(0.0, self._heaviest), lut=mass_table(theme.current())
        )
        self.image.setRect(QRectF(left, bottom, right - left, top - bottom))
        self.image.setVisible(True)
        self.set_home(extent)
        ends = np.array([min(left, bottom), max(right, top)])
        self.diagonal.setData(ends, ends)
        across = Label("from P", math.inf, -math.inf, ((-1, 1),), "data")
        self.labels.set_labels(across, Label("to Q", -math.inf, math.inf, ((1, -1),), "base"))

    def find(self, x: float, y: float) -> int | None:
        if self.part is None or not len(self.part.plan):
            return None
        across, up = self.view.viewPixelSize()
        away = np.hypot((self.part.plan[:, 0] - x) / across, (self.part.plan[:, 1] - y) / up)
        best = int(np.argmin(away))
        return best if away[best] <= REACH else None

    def single_out(self, piece: int | None) -> None:
        super().single_out(piece)
        if self.part is None or piece is None:
            self.crosshair.single_out(None)
        else:
            source, target, _ = map(float, self.part.plan[piece])
            self.crosshair.single_out((source, target))

    def forget(self) -> None:
        """Show nothing."""
        self.part = self.piece = None
        self.image.clear()
        self.image.setVisible(False)
        self.diagonal.setData([], [])
        self.labels.set_labels()
        self.crosshair.single_out(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_heaviest"):
            return
        self.labels.restyle(look)
        self.diagonal.setPen(look.pen(look.muted, 1.2, True))
        self.image.setLookupTable(mass_table(look))


@cache
def mass_table(look: theme.Theme) -> NDArray[np.uint8]:
    """The 256 colours of masses."""
    table = ramp((theme.mixed(look.plot, look.first, FAINTEST), look.first), 256)
    table[0] = ramp((look.plot, look.plot), 1)[0]
    return table
