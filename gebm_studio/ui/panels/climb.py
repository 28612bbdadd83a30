"""The bound that a critic climbs, and Gaussians that descend to their best fits."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gebm_studio.messages import BoundPart, CurvesPart, Frame
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.divergences import Critic
from gebm_studio.schema.measures import ABOUT, PHI, Measure
from gebm_studio.ui import theme
from gebm_studio.ui.panels.caption import Caption, Words
from gebm_studio.ui.panels.climb_fits import LOWEST, FitsTable
from gebm_studio.ui.panels.climb_view import ClimbView
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.table import CurveTable

STEP, BOUND = "iteration", "bound"
COLUMNS = (STEP, BOUND)
FAMILIES = (
    ("none", "no critic"),
    ("polynomial", "polynomials"),
    ("bumps", "bumps"),
    ("relu", "ReLU features"),
    ("network", "network"),
    ("gaussian", "Gaussian q"),
)
BOUNDED: tuple[Measure, ...] = (*PHI, "kale")
BEGINS = ("restart", "family", "size", "divergence")
"""A change of one of these begins another climb."""
ROOM = 84
"""Pixels that a picture needs under its legend; a table of fits gets what is left, and scrolls where that is less."""

WIDE = 460
"""From so many pixels on the legend says what the bound is."""
QWIDGETSIZE_MAX = (1 << 24) - 1
"""Qt's height without a limit."""


class BoundPanel(ThrottledPanel[DivergencesPreset]):
    """A curve that climbs, and below it, or in its place, the table of fits."""

    INTERVAL = 66
    kind = "divergences"
    part = "bound"
    title = "Bound"
    empty = "The bound that a critic climbs appears here, and fits that descend. Open F25 or F34, and press run."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = CurveTable()
        self._part: BoundPart | None = None
        self._at: tuple[float, float] | None = None
        self._critic: Critic | None = None
        self.caption, self.view, self.fits = Caption(self.canvas), ClimbView(self.canvas), FitsTable()
        self._fill_header()
        self.legend = FlowBar(self.canvas)
        self.entries = {
            "bound": Entry("bound", "first", "line", parent=self.legend),
            "exact": Entry("exact", "second", "dashed", parent=self.legend),
            "gap": Entry("gap", "first", "box", parent=self.legend),
        }
        for entry in self.entries.values():
            self.legend.add(entry)
        self.view.pointed.connect(self._point)
        self._scroll = QScrollArea(self.canvas)
        self._scroll.setWidget(self.fits)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        for widget, stretch in ((self.caption, 0), (self.legend, 0), (self.view, 1), (self._scroll, 0)):
            column.addWidget(widget, stretch)

    def _fill_header(self) -> None:
        self._family = self.header.choice(
            FAMILIES, "The class of functions that the critic is of.", self._choose_family
        )  # fmt: skip
        self._divergence = self.header.choice(
            [(name, ABOUT[name].label) for name in BOUNDED],
            "The divergence whose bound E_P T − E_Q φ*(T) the critic climbs.",
            lambda name: self.setting_changed.emit("critic.divergence", name),
        )
        self.restart = self.header.button("Begin again", "Climb and descend again from the start.")
        self.restart.clicked.connect(self._begin_again)
        self.header.home("Show all steps (double-click in the picture)", self.view.go_home)

    @property
    def row_count(self) -> int:
        """Rows of the bound that are held."""
        return len(self.table)

    # What comes from the run

    def take(self, part: BoundPart, frame: Frame) -> None:
        if self._part is not None and part.climb != self._part.climb:
            self.table.clear()  # rows that lack their beginning are refused, and asked for again from the first on
        new = self.table.add(CurvesPart(columns=COLUMNS, rows=part.rows, since=part.since, notes=()))
        if new or self._part is None or part.version != self._part.version:
            self._part = part
            self.throttle.request()

    def clear(self) -> None:
        self.throttle.stop()
        self.table.clear()
        self._part = self._at = self._critic = None
        self.view.forget()
        self.fits.begin()
        self.fits.show_fits(())
        self.caption.say()
        self.readout.say("")

    def pull_fields(self) -> dict[str, object]:
        return {"bound_since": self.row_count}

    def update_settings(self, preset: DivergencesPreset) -> None:
        super().update_settings(preset)
        critic, before = preset.critic, self._critic
        if before is not None and any(getattr(critic, name) != getattr(before, name) for name in BEGINS):
            self.table.clear()  # what is held is of another climb: ask for all rows of this one
            self.fits.begin()
            self.view.go_home()
        self._critic = critic
        self._family.offer([name for name, _ in FAMILIES if name != "gaussian" or preset.space == "line"])
        self._family.choose(critic.family)
        self._divergence.choose(critic.divergence)
        self._show_divergence(critic.family)

    def restyle(self, look: theme.Theme) -> None:
        self.view.restyle(look)
        self.fits.update()

    def redraw(self) -> None:
        part = self._part
        if part is None:
            return
        climbs = len(self.table) > 0
        if not climbs and not part.fits:
            self.say_empty(part.note or "No step is taken yet: press run.")
            return
        self.show_canvas()
        for widget in (self.legend, self.view):
            widget.setVisible(climbs)
        if climbs:
            self.view.show_rows(self.table.column(STEP), self.table.column(BOUND), part)
            self._tell(part)
        self.fits.show_fits(part.fits)
        self._scroll.setVisible(bool(part.fits))
        self._share_height(climbs)
        said = [text for text in (part.title, part.critic, part.protocol) if text]
        shown = said if self.width() >= WIDE else [part.critic or part.title]
        self.caption.say(*map(Words, shown), tip=" · ".join(said))
        self._say()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._share_height(not self.view.isHidden())

    def _share_height(self, climbs: bool) -> None:
        """Leave the picture what it needs, and the table the rest."""
        legend = self.legend.heightForWidth(self.canvas.width())
        room = self.canvas.height() - self.caption.height() - legend - ROOM
        wanted = min(self.fits.sizeHint().height(), max(room, 3 * LOWEST))
        self._scroll.setMaximumHeight(wanted if climbs else QWIDGETSIZE_MAX)
        self._scroll.setMinimumHeight(wanted if climbs else 1)

    def _tell(self, part: BoundPart) -> None:
        wide = self.width() >= WIDE
        names = {
            "bound": part.bound_label if wide else "bound",
            "exact": part.exact_label if wide else "exact",
            "gap": "gap",
        }
        values = {"bound": part.bound, "exact": part.exact, "gap": part.gap}
        for name, entry in self.entries.items():
            entry.set_name(names[name])
            entry.set_value(short(values[name], 3 if name == "gap" else 4))
        self.entries["bound"].setToolTip(". ".join(filter(None, (part.bound_label, part.critic, part.protocol))))
        self.entries["exact"].setToolTip("What the bound cannot pass, but for errors of sampling.")
        self.entries["gap"].setToolTip("How far the bound is below: what the class, or the climb, leaves undone.")

    # What a person does

    def _choose_family(self, family: str) -> None:
        self._show_divergence(family)
        self.setting_changed.emit("critic.family", family)

    def _show_divergence(self, family: str) -> None:
        self._divergence.setVisible(family not in ("none", "gaussian"))

    def _begin_again(self) -> None:
        if self.preset is not None:
            self.setting_changed.emit("critic.restart", self.preset.critic.restart + 1)

    def _point(self, at: tuple[float, float] | None) -> None:
        self._at = at
        self.view.crosshair.point_at(at)
        self._say()

    def _say(self) -> None:
        part = self._part
        if part is None:
            return
        if self._at is not None:
            self.readout.say(self.view.read(self._at[0]))
            return
        steps = self.table.column(STEP)
        said = [f"step {count(int(steps[-1]))}"] if len(steps) else []
        if math.isinf(part.exact) and len(steps):
            said.append(f"{part.exact_label} = {short(part.exact)}: the bound climbs without end")
        if len(steps) and not np.isfinite(part.bound):
            said.append("the bound is no number now: lower the rate, or begin again")
        self.readout.say(" · ".join([*said, *filter(None, [part.note])]))
