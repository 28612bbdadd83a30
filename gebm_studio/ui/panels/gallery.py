"""Images: data, base and GEBM side by side, and the film of a chain or of the way between two images."""

from __future__ import annotations

from typing import ClassVar, cast

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from gebm_studio.messages import FilmMode, Frame, GalleryPart
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.film_choice import FilmChoice, FilmWish
from gebm_studio.ui.panels.film_player import FilmPlayer
from gebm_studio.ui.panels.gallery_bar import GalleryBar
from gebm_studio.ui.panels.gallery_board import GalleryBoard
from gebm_studio.ui.panels.numbers import count
from gebm_studio.ui.panels.panel import ThrottledPanel

NO_IMAGES = (
    "Images of data, base and GEBM appear here, and the film of a chain. "
    "This preset learns points, not images: open one on images, such as digits."
)
Key = Qt.Key


class GalleryPanel(ThrottledPanel[TrainingPreset]):
    """Three grids, and below them the states that one latent chain went through."""

    part = "gallery"
    title = "Gallery"
    empty = (
        "Images of data, base and GEBM and the film of a chain appear here. Open a preset on images, such as digits."
    )
    INTERVAL: ClassVar[int] = 33

    export_wished = Signal(object)
    """The film that is looked at is to be written: a `FilmWish`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: GalleryPart | None = None
        self._refusal = ""
        self._pointed: tuple[str, int] | None = None
        self.choice = FilmChoice()
        self.bar, self.player, self.board = GalleryBar(self), FilmPlayer(self), GalleryBoard(self.canvas)
        self.grids, self.film = self.board.grids, self.board.film
        self.header.hide()
        self.readout.hide()  # readings stand above the film
        self._place()
        self._connect()

    def _place(self) -> None:
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.board)
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):  # outside the canvas: an export holds no buttons
            layout.insertWidget(0, self.bar)
            layout.insertWidget(layout.indexOf(self.readout), self.player)
        for part in (self.bar, self.player):
            part.hide()

    def _connect(self) -> None:
        self.bar.mode_chosen.connect(self.set_mode)
        self.bar.zoom_chosen.connect(self.board.set_zoom)
        self.bar.edited.connect(self.setting_changed)
        self.bar.held.connect(self.held)
        self.bar.refused.connect(self._refuse)
        self.bar.export_button.clicked.connect(lambda _checked: self.ask_export())
        self.board.clicked.connect(self._choose)
        self.board.pointed.connect(self._point)
        self.board.zoom_wished.connect(lambda zoom: self.bar.zoom.pick(str(zoom)))
        self.film.picked.connect(self.player.look_at)
        self.player.moved.connect(self.film.show_frame)

    # What comes from the run

    def take(self, part: GalleryPart, frame: Frame) -> None:
        self._part = part
        self.throttle.request()

    def clear(self) -> None:
        self.throttle.stop()
        self._part = self._pointed = None
        self._refusal = ""
        self.choice.first = 0
        self.choice.set_mode(self.choice.mode, 0)
        self.film.show_part(None, 0)
        self.player.forget()
        for part in (self.bar, self.player):
            part.hide()

    def change_front(self) -> None:
        """What comes now is of another run of a comparison, of which the same images are looked at."""
        self.throttle.stop()
        self._part = None

    def update_settings(self, preset: TrainingPreset) -> None:
        super().update_settings(preset)
        self.bar.show_settings(preset)
        if self._part is None and len(preset.target.shape or ()) != 3:
            self.say_empty(NO_IMAGES)

    def pull_fields(self) -> dict[str, object]:
        part = self._part
        held = part is not None and self.choice.fits(part.film)
        return self.choice.fields() | {"gallery_version": part.version if part is not None and held else -1}

    def redraw(self) -> None:
        part = self._part
        if part is None:
            return
        if not (len(part.data) or len(part.base) or len(part.gebm)):
            self.say_empty(NO_IMAGES)
            return
        self.show_canvas()
        self.bar.show()
        self.board.show_images(part)
        self.choice.keep_within(len(part.gebm))
        self.board.mark(self.choice.marks)
        frames = self.preset.reel.frames if self.preset is not None else 0
        self.film.show_part(part, frames)
        reel = self.film.reel
        self.player.show_frames(0 if reel is None else reel.ready)
        self.player.setVisible(reel is not None and reel.total > 1)
        self.film.show_frame(self.player.at)
        self._say()

    def restyle(self, look: theme.Theme) -> None:
        self.player.restyle()
        for part in (self, self.board, self.film, *self.grids.values()):
            part.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.bar.fit(self.width(), self.height())

    # What a person does

    def set_mode(self, mode: FilmMode) -> None:
        """Show the film of a chain, or one of the ways between two images."""
        self.bar.show_mode(mode)
        self.choice.set_mode(mode, self._images)
        self._ask()

    def ask_export(self) -> None:
        """Ask for the film that is looked at to be written."""
        choice, images = self.choice, self.grids["gebm"].images
        frames = self.preset.reel.frames if self.preset is not None else 0
        height, width = images.shape[1:3]
        wish = FilmWish(choice.mode, choice.first, choice.second, len(images), frames, width, height)
        self.export_wished.emit(wish)

    def event(self, event: QEvent) -> bool:
        # The window's own Space runs and pauses; with the focus in here it plays the film.
        if event.type() == QEvent.Type.ShortcutOverride and self._plays(cast(QKeyEvent, event)):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Key(event.key())
        if self._plays(event):
            self.player.play(not self.player.playing)
        elif key in (Key.Key_Plus, Key.Key_Equal, Key.Key_Minus):
            self.board.zoom_by(-1 if key == Key.Key_Minus else 1)
        elif key == Key.Key_0:
            self.bar.zoom.pick("0")
        elif not (self._move_image(event) if self._in_grids() else self._move_frame(key)):
            super().keyPressEvent(event)

    def _plays(self, event: QKeyEvent) -> bool:
        return event.key() == Key.Key_Space and not event.modifiers() and self.player.isVisible()

    def _in_grids(self) -> bool:
        return QApplication.focusWidget() in self.grids.values()

    def _move_image(self, event: QKeyEvent) -> bool:
        across = self.board.grid.across
        moves = {Key.Key_Left: -1, Key.Key_Right: 1, Key.Key_Up: -across, Key.Key_Down: across}
        by = moves.get(Key(event.key()))
        if by is None:
            return False
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.board.bring_into_view(self.choice.move(by, self._images, second=shift))
        self._ask()
        return True

    def _move_frame(self, key: Qt.Key) -> bool:
        at, last = self.player.at, 10**6
        frames = {Key.Key_Left: at - 1, Key.Key_Right: at + 1, Key.Key_Home: 0, Key.Key_End: last}
        if key not in frames or not self.player.isVisible():
            return False
        self.player.look_at(frames[key])
        return True

    @property
    def _images(self) -> int:
        return 0 if self._part is None else len(self._part.gebm)

    def _choose(self, place: int, shift: bool) -> None:
        if place < self._images:
            self.choice.choose(place, as_second=shift)
            self._ask()

    def _ask(self) -> None:
        """Frame what is chosen and ask for its film."""
        self.board.mark(self.choice.marks)
        self.hovered.emit(None)

    def _point(self, pointed: tuple[str, int] | None) -> None:
        self._pointed = pointed
        self._say()

    def _refuse(self, why: str) -> None:
        self._refusal = why
        self._say()

    def _say(self) -> None:
        reading = _reading(self._part, *self._pointed) if self._part and self._pointed else ""
        self.film.say(self._refusal or reading, refused=bool(self._refusal))


def _reading(part: GalleryPart, name: str, place: int) -> str:
    """What the image under the pointer is, and what became of it."""
    hops = ""
    if place < len(part.hops):
        number = int(part.hops[place])
        hops = f", {count(number)} hop" + ("" if number == 1 else "s")
    if name == "base":
        return f"base {place}: after {count(part.done)} steps its chain is at GEBM {place}{hops}"
    return f"GEBM {place}: {count(part.done)} steps from base {place}{hops}"
