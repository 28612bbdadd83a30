"""The help page and the about box, beside the window and never in its way."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

import gebm_studio
from gebm_studio.ui import theme

HELP = """
# GEBM Studio

A generalized energy-based model (GEBM) joins a **base**, a generator that learns *where* the data lives, and an
**energy**, a critic that says *how much* mass goes there. The studio trains both while you watch, and samples the
model with chains in latent space. Drag temperature and friction in the Sampler controls: the chains answer at once.

## Keys

| Key | What it does |
|---|---|
| Space | run or pause |
| . | one step, then pause |
| R | reset: begin again with the present settings |
| Shift+R | restart the chains from the prior; the model stays as it is |
| Ctrl+O | open a preset or a saved run; dropping the file on the window does the same |
| Ctrl+S | save the run |
| Ctrl+E | export a grid of samples |
| Ctrl+Z, Ctrl+Shift+Z | undo and redo changes of settings |
| F11 | full screen |
| F1 | this page |

## Panels

- **Data space**: data (grey), base samples (reddish purple), GEBM samples (bluish green) and the chains seen through
  the generator, on a map of the energy or of the density. Hover to read the energy and the log weight exactly.
- **Latent space**: the potential U(z) = |z|²/2 + βE(G(z)) and the chains moving in it, with trails.
- **Curves**: the KALE bound and its gaps, distances to the truth where it is known, c and log Z. All points are kept.
- **Diagnostics**: which law the chains have, acceptance, effective sample size and R-hat of their energies, kinetic
  temperature, hops between modes and dwell times, share of each mode, the ladder of tempering. Counts and draws are
  those since the last change of a setting. Hover a number for how it was measured.
- **Gallery**: for images, grids of data, base and GEBM. Click an image for the film of its chain, or choose two for the
  way between them; β and κ make the film anew. Arrows choose, Space plays, + and − zoom, 0 fits.
- **Quality**: how near the images of base and GEBM are to held-out ones, as a verdict with its 95 % interval, scores,
  factors, calibration of the energy and copies of training images. Measured at rest, or by *Measure now*; hover a
  number for its protocol.
- **Race**: samplers side by side from one start at equal cost; of images, bars of 100 FD/FD(base), below 100 is better.
- **Sweep**: many small trainings, one after another beside the run, and a table of their scores that fills as it goes.
  Move the threshold to count other successes; point at a dot or a cell to read what was trained.
- **Controls**: every setting of the run. Most act at once; those that need a restart wait behind *Apply and restart*.
  Hover for the formula, double-click a name for its default, type an exact value and press Enter; Escape gives it up.
- **Run log**: every message, with its time.

Panels are docks: drag them by their title, drop one on another to make tabs, close them, and bring them back from the
View menu. *View, Reset layout* puts everything back.

## Words

- **Temperature** T and β = 1/T: the chains aim at η(z) exp(−βE(G(z))). T = 1 is the GEBM; T = ∞ (β = 0) is the base.
- **Friction** κ: how fast kinetic chains forget their velocity. Low friction glides, high friction diffuses.
- **Log weight** −βE − log Z: how much more (orange) or less (blue) mass the GEBM puts there than the base.
- **KALE**: a lower bound that the energy raises and the base lowers; zero when the model is the data.
"""


class HelpWindow(QWidget):
    """The help page in a window of its own."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("GEBM Studio help")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.page = QTextBrowser()
        self.page.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.page.document().setDocumentMargin(2 * theme.GRID)
        self.page.document().setDefaultStyleSheet("td, th { padding: 2px 12px 2px 0px; }")
        self.page.setMarkdown(HELP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        self.resize(80 * theme.GRID, 80 * theme.GRID)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.close)


def about_text() -> str:
    """What the program is, with its version."""
    return (
        f"GEBM Studio {gebm_studio.__version__}: watch generalized energy-based models train, sample and be measured. "
        "MIT licence."
    )
