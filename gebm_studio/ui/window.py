"""The main window: puts the parts together and carries what happens from one to the other."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from gebm_studio import files, presets
from gebm_studio.engine.host import Mode, Options
from gebm_studio.messages import Frame, MeasureQuality, Part
from gebm_studio.schema import DivergencesPreset, ParticlesPreset, Preset, TrainingPreset
from gebm_studio.ui import autosaves, menus
from gebm_studio.ui import theme as themes
from gebm_studio.ui.announcer import Announcer
from gebm_studio.ui.controls.panel import ControlsPanel
from gebm_studio.ui.docks import Docks
from gebm_studio.ui.file_actions import OPENABLE, FileActions
from gebm_studio.ui.help import HelpWindow, about_text
from gebm_studio.ui.icons import icon
from gebm_studio.ui.panels import PANELS, Panel
from gebm_studio.ui.preferences import Preferences
from gebm_studio.ui.preset_list import PresetList
from gebm_studio.ui.session import Session
from gebm_studio.ui.status import StatusLine
from gebm_studio.ui.transport import Transport
from gebm_studio.ui.undo import UndoableChanges

SIZE = (1440, 900)


class StudioWindow(QMainWindow):
    """The studio, open on a preset that runs at once (or on a saved run, paused).

    Arguments:
        preset: What to open.
        folder: Where relative file names in the preset start.
        engine: "process", or "thread" for an engine inside this process.
        device: "auto" or a device of the engine.
        settings_folder: Where layout and preferences are kept, the platform's place by default.
        restore: A saved run to continue instead.
        theme: "system" (or what was chosen last), "light", "dark".
    """

    def __init__(
        self,
        preset: Preset,
        *,
        folder: str = "",
        engine: str = "process",
        device: str = "auto",
        settings_folder: Path | None = None,
        restore: Path | None = None,
        theme: str = "system",
    ) -> None:
        super().__init__()
        self.setObjectName("studio")
        self.setWindowIcon(icon("studio"))
        self.setAcceptDrops(True)
        self.preferences = Preferences(settings_folder or files.settings_folder())
        self.theme_name = theme if theme != "system" else str(self.preferences.get("theme", "system"))
        self._apply_theme()
        self.autosave_folder = autosaves.own_folder(settings_folder or files.state_folder())
        options = Options(device=device, autosave_folder=str(self.autosave_folder))
        self.session = Session(preset, cast(Mode, engine), options, parent=self)
        self.session.begin()  # first of all: the engine starts while the window is being built
        self.changes = UndoableChanges(self.session)
        self._help: HelpWindow | None = None
        self._front = _front(preset)
        self._build()
        self._connect()
        self._recall()
        self.setFocus()  # else Qt gives the keyboard to the first control, which would take the arrow keys
        if restore is not None:
            self.session.restore(restore)
        else:
            self.session.load(preset, name=self._name_of(preset), folder=folder)

    # What a person asks for

    def set_theme(self, name: str) -> None:
        """Change between light, dark and the system's choice, and remember it."""
        self.theme_name = name
        self.preferences.put("theme", name)
        self._apply_theme()

    def reset_layout(self) -> None:
        """Put all docks back to where they were at the first start."""
        self.docks.arrange()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or come back from it."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def revert(self) -> None:
        """Bring all settings back to the preset that was opened."""
        for path, value in self.session.settings.differences():
            self.changes.change(path, value)

    def new_seed(self) -> None:
        """Run again from another seed."""
        self.session.change("seed", random.randrange(2**31))
        self.controls.apply()

    def restart_engine(self) -> None:
        """End the engine and continue from the last good state on a new one."""
        self.banner.dismiss("stopped")
        self.banner.dismiss("busy")
        self.log.say("info", "engine restarted", topic="engine")
        self.session.restart_from_last_good()

    def show_help(self) -> None:
        """Open the help page beside the window."""
        page = self._help or HelpWindow(self)
        if self._help is None:
            self._help = page
            page.destroyed.connect(self._forget_help)
        page.show()
        page.raise_()
        page.activateWindow()

    def show_about(self) -> None:
        """Say what the program is."""
        self.banner.say("info", about_text(), topic="about")

    # Parts and their wires

    def _build(self) -> None:
        self.docks = Docks()
        self.panels: dict[str, Panel[Any]] = {name: panel() for name, panel in PANELS.items()}
        entries, self._broken = presets.listing()
        self._names = {entry.preset.title: entry.name for entry in reversed(entries)}  # of equal titles the first
        self.presets = PresetList(entries)
        self.controls = ControlsPanel(self.session, self.changes.change)
        self.announcer = Announcer(self.session, self.restart_engine, parent=self)
        self.banner, self.log = self.announcer.banner, self.announcer.log
        self.docks.add("presets", "Presets", self.presets)
        for name, panel in self.panels.items():
            self.docks.add(name, panel.title, panel)
        self.docks.add("controls", "Controls", self.controls)
        self.docks.add("log", "Run log", self.log)
        self.docks.show_for(_wanted(self.session.preset))
        self.docks.arrange()
        self.transport = Transport(self.session, self.changes)
        self.addToolBar(self.transport)
        self.status = StatusLine(self.session)
        self.setStatusBar(self.status)
        self.files = FileActions(self, self.session, self.preferences, self.announcer)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.docks, 1)
        self.setCentralWidget(whole)
        menus.build(self)

    def _connect(self) -> None:
        session = self.session
        session.pull_fields = self._pull_fields
        session.run_started.connect(self._start_run)
        session.frame.connect(self._show_frame)
        session.settings_changed.connect(self._show_settings)
        session.progress.connect(self.status.show_progress)
        session.stopped.connect(lambda _reason: self.status.show_progress(None))
        self.presets.chosen.connect(self._open_entry)
        for panel in self.panels.values():
            panel.hovered.connect(lambda _probe: session.hurry())
            panel.setting_changed.connect(self.changes.change)
            panel.settings_changed.connect(self.changes.change_together)
            panel.held.connect(self.changes.hold)
        data, latent = cast(Any, self.panels["data"]), cast(Any, self.panels["latent"])
        data.base_point_hovered.connect(latent.mark_latent)
        latent.point_hovered_in_data.connect(data.mark_data)
        race = cast(Any, self.panels["race"])
        race.restart_wished.connect(session.restart_chains)
        race.export_wished.connect(self.files.ask_export_race)
        cast(Any, self.panels["compare"]).export_wished.connect(self.files.ask_export_compare)
        cast(Any, self.panels["sweep"]).export_wished.connect(self.files.ask_export_sweep)
        quality = cast(Any, self.panels["quality"])
        quality.measure_wished.connect(lambda: session.send(MeasureQuality()))
        quality.export_wished.connect(self.files.ask_export_quality)
        cast(Any, self.panels["gallery"]).export_wished.connect(self.files.show_film_export)
        flow = cast(Any, self.panels["flow"])
        flow.export_wished.connect(self.files.ask_export_flow)
        flow.scrubbed.connect(cast(Any, self.panels["flow_curves"]).mark_step)
        for dock in self.docks.docks.values():
            dock.visibilityChanged.connect(lambda _visible: session.hurry())

    def _pull_fields(self) -> tuple[frozenset[Part], dict[str, Any]]:
        """What the visible panels need; a hidden one costs nothing."""
        if self.isMinimized():
            return frozenset(), {}
        # A dock behind another tab counts as visible to Qt, but no part of it can be seen.
        visible = [panel for panel in self._speaking() if not panel.visibleRegion().isEmpty()]
        fields: dict[str, Any] = {}
        for panel in visible:
            fields.update(panel.pull_fields())
        return frozenset(panel.part for panel in visible), fields

    def _speaking(self) -> list[Panel[Any]]:
        """The panels that speak of the kind of preset that is open."""
        return [panel for panel in self.panels.values() if panel.kind == self.session.preset.kind]

    def _open_entry(self, entry: presets.Entry) -> None:
        self.files.open(entry.path)

    # What comes from the session

    def _start_run(self, preset: Preset) -> None:
        self.changes.stack.clear()
        self.docks.show_for(_wanted(preset))
        self._front = _front(preset)
        for panel in self._speaking():
            panel.start_run(preset)
        self._show_settings()
        self.presets.show_open(self.session.name, preset)

    def _show_frame(self, frame: Frame) -> None:
        if frame.front != self._front:
            self._front = frame.front
            for panel in self._speaking():
                panel.change_front()
        for panel in self._speaking():
            panel.show_frame(frame)
            panel.show_reading(frame.reading)
        self.transport.show_frame(frame)
        self.status.show_frame(frame)

    def _show_settings(self) -> None:
        self.setWindowTitle(f"{self.session.preset.title} — GEBM Studio")
        for panel in self._speaking():
            panel.update_settings(self.session.preset)

    # Layout, theme, closing

    def _recall(self) -> None:
        """Take up the layout of the last time."""
        self.resize(*SIZE)
        if not self.preferences.bytes("geometry").isEmpty():
            self.restoreGeometry(self.preferences.bytes("geometry"))
        self.docks.restore(self.preferences.bytes("docks"))
        for line in self._broken:
            self.log.say("warning", line)
        if self.preferences.problem:
            self.log.say("warning", self.preferences.problem)

    def _apply_theme(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            themes.apply(app, cast(themes.Name, self.theme_name if self.theme_name in menus.THEMES else "system"))

    def _name_of(self, preset: Preset) -> str:
        """The name of a shipped preset, also with some settings changed; else its title."""
        return self._names.get(preset.title, preset.title)

    def _forget_help(self) -> None:
        self._help = None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest:
            self.session.painting_starts()
        return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(Path(url.toLocalFile()).suffix.lower() in OPENABLE for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls()[:1]:
            event.acceptProposedAction()
            self.files.open(Path(url.toLocalFile()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout and end the engine; nothing is asked."""
        self.preferences.put("geometry", self.saveGeometry())
        self.preferences.put("docks", self.docks.state())
        self.preferences.write()
        self.files.close()
        if self._help is not None:
            self._help.close()
        self.session.close()
        # The run ended as it was meant to: nothing to recover.
        autosaves.discard(self.autosave_folder)
        super().closeEvent(event)


def _front(preset: Preset) -> int:
    """Which run of a comparison the panels show."""
    return preset.compare.front if isinstance(preset, TrainingPreset) else 0


def _wanted(preset: Preset) -> frozenset[str]:
    """The optional docks that a preset fills."""
    if isinstance(preset, DivergencesPreset):
        return frozenset({"pair", *preset.view.docks})
    if isinstance(preset, ParticlesPreset):
        return frozenset({"flow", "flow_curves"})
    if not isinstance(preset, TrainingPreset):
        return frozenset()
    images = len(preset.target.shape or ()) == 3
    fills = {
        "gallery": images,
        "quality": images,
        "race": bool(preset.race.lanes),
        "decay": bool(preset.decay.dimensions),
        "sweep": preset.sweep.study != "none",
        "critic": preset.view.critic != "none",
        "compare": bool(preset.compare.runs),
    }
    return frozenset(name for name, filled in fills.items() if filled)
