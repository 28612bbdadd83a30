"""A film as a person looks at it: what it is of, the stage, the strip, and the energy along it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.messages import GalleryPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.film_curve import LEAST, FilmCurve
from gebm_studio.ui.panels.film_reel import Reel, followed, heading, nearest_text
from gebm_studio.ui.panels.film_stage import FilmStage
from gebm_studio.ui.panels.film_strip import FilmStrip
from gebm_studio.ui.panels.image_sheet import Sheet
from gebm_studio.ui.panels.tiles import fitted
from gebm_studio.ui.theme import GRID

STAGE_WIDTH, STAGE_HEIGHT = 380, 84
"""Below this size the strip needs all the room, and frames the state that is looked at."""
STAGE_SHARE = 0.5
"""Of the width, for the stage."""
TWO_LINES = 100
"""Above this height the note of the regime may stand on a line of its own."""
BAR = 2
"""Height of the line that tells how far a pass is."""
HINT = "Click an image of base or GEBM to see the film of its chain."


class FilmView(QWidget):
    """Stage, strip and curve; the strip comes first where there is room for one of them only."""

    picked = Signal(int)
    """A state that a person clicked, in the strip or on the curve."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reel: Reel | None = None
        self._part: GalleryPart | None = None
        self._sheet = Sheet()
        self._heading = self._regime = self._reading = ""
        self._refused = False
        self._share = 1.0
        self._shape: tuple[object, ...] = ()
        self.stage, self.strip, self.curve = FilmStage(self), FilmStrip(self), FilmCurve(self)
        self.strip.picked.connect(self.picked)
        self.curve.picked.connect(self.picked)
        self.setMinimumSize(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    @property
    def reel(self) -> Reel | None:
        """The film that is shown."""
        return self._reel

    @property
    def heading(self) -> str:
        """What stands above the film."""
        return self._heading

    @property
    def regime(self) -> str:
        """The note that the chain is too short for equilibrium, empty where it is not."""
        return self._regime

    @property
    def share(self) -> float:
        """How far the pass is, from 0 to 1."""
        return self._share

    @property
    def reading(self) -> str:
        """What stands in place of the heading."""
        return self._reading

    def say(self, reading: str, *, refused: bool = False) -> None:
        """Say something in place of the heading: of what is pointed at, or why an entry is `refused`."""
        if (reading, refused) != (self._reading, self._refused):
            self._reading, self._refused = reading, refused
            self.update()

    def show_part(self, part: GalleryPart | None, frames: int) -> None:
        """Show the film of a part; `frames` states are kept of a chain when its pass is done."""
        if part is self._part or (part is not None and part.film is None and self._reel is not None):
            return  # a film that is yet to come leaves the one before in its place
        self._part = part
        film = None if part is None else part.film
        if part is None or film is None:
            self._reel, self._sheet = None, Sheet()
        else:
            self._reel = followed(film, self._reel, part.done, part.total, frames)
            self._sheet = self._sheet.showing(self._reel.film.images)
        self.stage.show_reel(self._reel, self._sheet)
        self.strip.show_reel(self._reel, self._sheet)
        self.curve.show_reel(self._reel)
        self._heading = "" if part is None else heading(part)
        self._regime = "" if self._reel is None else self._reel.film.regime
        self._share = 1.0 if part is None or part.done >= part.total else part.done / max(part.total, 1)
        said = ". ".join(filter(None, (self._heading, self._regime, nearest_text(film) if film else "")))
        if said != self.accessibleDescription():
            self.setAccessibleDescription(said)
            self.setToolTip(said)
        shape = (
            *(self._sheet.width, self._sheet.height, self.strip.caption_width, self._lines()),
            *(self._reel and self._reel.total, bool(film and film.labels)),
        )
        if shape != self._shape:
            self._shape = shape
            self._arrange()
        self.update()

    def show_frame(self, frame: int) -> None:
        """Show the state that is looked at."""
        self.stage.show_frame(frame)
        self.strip.show_frame(frame, self.stage.isHidden())
        self.curve.show_frame(frame)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._arrange()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setFont(look.text_font)
        line = theme.line_height(look.text_font)
        if self._reel is None:
            painter.setPen(look.pen(look.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), flags, HINT)
            painter.end()
            return
        text = self._reading or self._heading
        painter.setPen(look.pen(look.error if self._refused else look.text))
        painter.drawText(QRectF(0, 0, self.width(), line), fitted(text, look, self.width()))
        if self._regime:
            row = int(self._lines() > 1)
            left = 0.0 if row else theme.text_width(look.text_font, text) + 2 * GRID
            room = QRectF(left, row * line, self.width() - left, line)
            painter.setPen(look.pen(look.warning))
            painter.drawText(room, fitted(self._regime, look, room.width()) if room.width() > 0 else "")
        if self._share < 1.0:
            top = self._lines() * line
            painter.fillRect(QRectF(0, top, self.width(), BAR), look.brush(look.line))
            painter.fillRect(QRectF(0, top, self.width() * self._share, BAR), look.brush(look.accent))
        painter.end()

    def _lines(self) -> int:
        """Lines of the heading: the regime has its own where it does not fit beside, and the film can spare it."""
        look = theme.current()
        both = theme.text_width(look.text_font, self._heading + self._regime) + 2 * GRID
        return 2 if self._regime and both > self.width() and self.height() >= TWO_LINES else 1

    def _arrange(self) -> None:
        shown = self._reel is not None
        look = theme.current()
        top = self._lines() * theme.line_height(look.text_font) + BAR + 2
        width, height = self.width(), self.height() - top
        stage = 0
        if shown and width >= STAGE_WIDTH and height >= STAGE_HEIGHT:
            stage = int(self.stage.wished_width(height, STAGE_SHARE * width))
        self.stage.setVisible(stage > 0)
        self.stage.setGeometry(QRect(0, top, stage, height))
        left = stage + 2 * GRID if stage else 0
        room = width - left
        below = LEAST + GRID // 2
        strip = int(self.strip.wished_height(room, height - below)) if shown else 0
        curve = height - strip - GRID // 2
        with_curve = shown and curve >= LEAST
        self.curve.setVisible(with_curve)
        self.strip.setVisible(shown)
        self.strip.setGeometry(QRect(left, top, room, strip if with_curve else height))
        self.curve.setGeometry(QRect(left, top + strip + GRID // 2, room, curve))
        self.strip.show_frame(self.stage.at, stage == 0)
