"""The menu bar."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from gebm_studio.messages import Cancel
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import selftest
from gebm_studio.ui.announcer import open_folder

if TYPE_CHECKING:
    from gebm_studio.ui.window import StudioWindow

Keys = QKeySequence | QKeySequence.StandardKey | str
THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}


def build(window: StudioWindow) -> None:
    """Fill the window's menu bar."""
    bar = window.menuBar()
    _file(window, bar.addMenu("&File"))
    _edit(window, bar.addMenu("&Edit"))
    _view(window, bar.addMenu("&View"))
    _run(window, bar.addMenu("&Run"))
    _tools(window, bar.addMenu("&Tools"))
    _help(window, bar.addMenu("&Help"))


def _add(menu: QMenu, text: str, do: Callable[[], object], keys: Keys = "") -> QAction:
    action = QAction(text, menu)
    if keys:
        action.setShortcut(QKeySequence(keys))
    action.triggered.connect(lambda _=False: do())
    menu.addAction(action)
    return action


def _file(window: StudioWindow, menu: QMenu) -> None:
    files = window.files
    _add(menu, "&Open preset…", files.ask_open, QKeySequence.StandardKey.Open)
    _add(menu, "Open &run…", files.ask_open_run)
    menu.addSeparator()
    _add(menu, "&Save run…", files.ask_save_run, QKeySequence.StandardKey.Save)
    _add(menu, "Save se&ttings as TOML…", files.ask_save_settings)
    menu.addSeparator()
    of_kind: dict[QAction, tuple[str, ...]] = {
        _add(menu, "&Export sample grid…", files.show_export, "Ctrl+E"): ("training",),
    }
    film = _add(menu, "Export f&ilm…", cast(Any, window.panels["gallery"]).ask_export)
    panels = menu.addMenu("Export &panel")
    for panel in window.panels.values():
        of_kind[_add(panels, f"{panel.title}…", partial(files.ask_export_panel, panel))] = (panel.kind,)
    of_kind |= {
        _add(menu, "Export &curves as CSV…", files.ask_export_curves): ("training", "particles"),
        _add(menu, "Export rac&e as CSV…", files.ask_export_race): ("training",),
        _add(menu, "Export qualit&y…", files.ask_export_quality): ("training",),
        _add(menu, "Export co&mparison as CSV…", files.ask_export_compare): ("training",),
        _add(menu, "Export s&weep as CSV…", files.ask_export_sweep): ("training",),
        _add(menu, "Export &divergences as CSV…", files.ask_export_values): ("divergences",),
        _add(menu, "Export particle &flow…", files.ask_export_flow): ("particles",),
    }

    def show_what_there_is() -> None:
        for action, kinds in of_kind.items():
            action.setVisible(window.session.preset.kind in kinds)
        preset = window.session.preset
        film.setVisible(isinstance(preset, TrainingPreset) and len(preset.target.shape or ()) == 3)

    window.session.settings_changed.connect(show_what_there_is)
    show_what_there_is()
    menu.addSeparator()
    quit_action = _add(menu, "&Quit", window.close, "Ctrl+Q")
    quit_action.setMenuRole(QAction.MenuRole.QuitRole)


def _edit(window: StudioWindow, menu: QMenu) -> None:
    stack = window.changes.stack
    undo = stack.createUndoAction(menu, "&Undo")
    undo.setShortcut(QKeySequence(QKeySequence.StandardKey.Undo))
    redo = stack.createRedoAction(menu, "&Redo")
    redo.setShortcut(QKeySequence("Ctrl+Shift+Z"))
    menu.addActions([undo, redo])
    menu.addSeparator()
    _add(menu, "Reset all settings to the &preset", window.revert)


def _view(window: StudioWindow, menu: QMenu) -> None:
    for dock in window.docks.docks.values():
        menu.addAction(dock.toggleViewAction())
    menu.addSeparator()
    _add(menu, "Reset &layout", window.reset_layout)
    themes = menu.addMenu("&Theme")
    group = QActionGroup(themes)
    for name, text in THEMES.items():
        action = _add(themes, text, partial(window.set_theme, name))
        action.setCheckable(True)
        action.setChecked(name == window.theme_name)
        group.addAction(action)
    menu.addSeparator()
    full = _add(menu, "&Full screen", window.toggle_full_screen, "F11")
    full.setCheckable(True)


def _run(window: StudioWindow, menu: QMenu) -> None:
    transport = window.transport
    menu.addAction(transport.run_action)
    menu.addActions(list(transport.step_actions.values()))
    menu.addActions([transport.reset_action, transport.restart_chains_action])
    menu.addSeparator()
    menu.addAction(transport.slow_action)
    menu.addSeparator()
    apply = _add(menu, "&Apply changes and restart", window.controls.apply, "Ctrl+Return")
    _add(menu, "&Cancel the export or the self-test", lambda: window.session.send(Cancel()))
    # An action that cannot act says so by being grey.
    menu.aboutToShow.connect(lambda: apply.setEnabled(bool(window.session.settings.pending)))


def _tools(window: StudioWindow, menu: QMenu) -> None:
    _add(menu, "Restart the &engine from the last good state", window.restart_engine)
    _add(menu, "Run again with another &seed", window.new_seed)
    _add(menu, "Self-&test of the samplers…", lambda: selftest.show(window, window.session))
    menu.addSeparator()
    _add(menu, "&Copy the run log", window.log.copy_all)
    _add(menu, "Open the &autosave folder", lambda: open_folder(window.autosave_folder))


def _help(window: StudioWindow, menu: QMenu) -> None:
    _add(menu, "&Help", window.show_help, "F1")
    about = _add(menu, "&About GEBM Studio", window.show_about)
    about.setMenuRole(QAction.MenuRole.AboutRole)
