"""Everything that opens or writes a file from the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QWidget

from gebm_studio import presets
from gebm_studio.files import explain
from gebm_studio.messages import (
    ExportCompare,
    ExportCurves,
    ExportFilm,
    ExportFlow,
    ExportQuality,
    ExportRace,
    ExportSweep,
    ExportValues,
    Save,
)
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui.announcer import Announcer
from gebm_studio.ui.dialogs import ExportDialog, ask_open, ask_save
from gebm_studio.ui.film_dialog import FilmDialog
from gebm_studio.ui.panels import Panel
from gebm_studio.ui.panels.film_choice import FilmWish
from gebm_studio.ui.preferences import Preferences
from gebm_studio.ui.session import Session

PRESET, RUN = ".toml", ".gebm"
OPENABLE = (PRESET, RUN)
LARGE = "PNG at 4 ×"
"""The filter of a file dialog for pictures with four pixels for each of the window."""


class FileActions:
    """Opens presets and runs; writes runs, settings, samples, curves and panels.

    The last folder is remembered. A file that cannot be used is explained, and the run goes on.
    """

    def __init__(self, window: QWidget, session: Session, preferences: Preferences, announcer: Announcer) -> None:
        self._window, self._session, self._preferences = window, session, preferences
        self._say, self._written = announcer.say, announcer.show_written
        self.export_dialog: ExportDialog | None = None
        self.film_dialog: FilmDialog | None = None

    @property
    def folder(self) -> Path:
        """The last folder, at first the person's documents."""
        remembered = Path(str(self._preferences.get("folder", "")) or "-")
        if remembered.is_dir():
            return remembered
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        return Path(documents) if documents and Path(documents).is_dir() else Path.home()

    def open(self, path: Path) -> bool:
        """Open a preset or a saved run; False, with the reason said, where that cannot be."""
        suffix = path.suffix.lower()
        if suffix not in OPENABLE:
            self._say("error", [f"{path.name}: open a preset ({PRESET}) or a saved run ({RUN})"], "open")
            return False
        self._remember(path)
        if suffix == RUN:
            if not path.is_file():
                self._say("error", [f"cannot read {path}: no such file; check the name"], "open")
                return False
            self._session.restore(path, running=False)
            return True
        try:
            preset = presets.load(path)
        except presets.PresetError as error:
            self._say("error", error.problems, "open")
            return False
        self._session.load(preset, name=path.stem, folder=str(path.resolve().parent))
        return True

    def ask_open(self) -> None:
        """Ask for a preset or a run and open it."""
        filters = "Presets and runs (*.toml *.gebm);;Presets (*.toml);;Runs (*.gebm)"
        ask_open(self._window, "Open a preset or a run", filters, self.folder, self.open)

    def ask_open_run(self) -> None:
        """Ask for a saved run and continue it."""
        ask_open(self._window, "Open a run", "Runs (*.gebm)", self.folder, self.open)

    def ask_save_run(self) -> None:
        """Ask where to and save the run."""
        self._ask_save("Save the run", "Runs (*.gebm)", RUN, self.save_run)

    def save_run(self, path: Path) -> None:
        """Save the run."""
        self._remember(path)
        self._session.send(Save(str(path)))

    def ask_save_settings(self) -> None:
        """Ask where to and save the settings."""
        self._ask_save("Save the settings", "Presets (*.toml)", PRESET, self.save_settings)

    def save_settings(self, path: Path) -> None:
        """Write the settings as the run uses them; works without an engine too."""
        self._remember(path)
        try:
            presets.save(self._session.preset, path)
        except OSError as error:
            self._say("error", [explain(error, path)], "file")
            return
        self._written(path, "settings")

    def ask_export_curves(self) -> None:
        """Ask where to and write the curves."""
        self._ask_save("Export the curves", "CSV (*.csv)", ".csv", self.export_curves)

    def export_curves(self, path: Path) -> None:
        """Write all curves as CSV."""
        self._remember(path)
        self._session.send(ExportCurves(str(path)))

    def ask_export_race(self) -> None:
        """Ask where to and write the table of the race."""
        proposal = self.folder / f"{self._session.name or 'run'}-race.csv"
        ask_save(self._window, "Export the race", "CSV (*.csv)", proposal, self.export_race)

    def export_race(self, path: Path) -> None:
        """Write the numbers of all samplers of the race as CSV."""
        self._remember(path)
        self._session.send(ExportRace(str(path)))

    def ask_export_quality(self) -> None:
        """Ask where to and write the measurements of the images' quality, as a table or as bars."""
        proposal = self.folder / f"{self._session.name or 'run'}-quality.csv"
        filters = f"CSV (*.csv);;PNG (*.png);;{LARGE} (*.png)"

        def write(path: Path) -> None:
            self.export_quality(path, 4 if dialog.selectedNameFilter().startswith(LARGE) else 1)

        dialog = ask_save(self._window, "Export the quality", filters, proposal, write)

    def export_quality(self, path: Path, scale: int = 1) -> None:
        """Write the measurements of the images' quality as CSV, or their bars as PNG."""
        self._remember(path)
        self._session.send(ExportQuality(str(path), scale))

    def ask_export_sweep(self) -> None:
        """Ask where to and write the table of the sweep."""
        proposal = self.folder / f"{self._session.name or 'run'}-sweep.csv"
        ask_save(self._window, "Export the sweep", "CSV (*.csv)", proposal, self.export_sweep)

    def export_sweep(self, path: Path) -> None:
        """Write all trainings of the sweep that have ended as CSV."""
        self._remember(path)
        self._session.send(ExportSweep(str(path)))

    def ask_export_compare(self) -> None:
        """Ask where to and write the scores of compared runs."""
        proposal = self.folder / f"{self._session.name or 'run'}-compare.csv"
        ask_save(self._window, "Export the scores", "CSV (*.csv)", proposal, self.export_compare)

    def export_compare(self, path: Path) -> None:
        """Write the scores of compared runs as CSV."""
        self._remember(path)
        self._session.send(ExportCompare(str(path)))

    def ask_export_values(self) -> None:
        """Ask where to and write every divergence of a lab and its swept curves."""
        proposal = self.folder / f"{self._session.name or 'run'}-divergences.csv"
        ask_save(self._window, "Export the divergences", "CSV (*.csv)", proposal, self.export_values)

    def export_values(self, path: Path) -> None:
        """Write every divergence of a lab and its swept curves as CSV."""
        self._remember(path)
        self._session.send(ExportValues(str(path)))

    def ask_export_flow(self, at: int = -1) -> None:
        """Ask where to and write the recorded frames of particle flows; a PNG shows the frame `at`."""
        proposal = self.folder / f"{self._session.name or 'run'}-flow.webp"
        filters = "WebP (*.webp);;GIF (*.gif);;PNG (*.png);;Positions (*.npz)"

        def write(path: Path) -> None:
            self.export_flow(path, at)

        ask_save(self._window, "Export the particle flow", filters, proposal, write)

    def export_flow(self, path: Path, at: int = -1) -> None:
        """Write recorded frames: an animation, one frame, or all positions."""
        self._remember(path)
        self._session.send(ExportFlow(str(path), at))

    def ask_export_panel(self, panel: Panel) -> None:
        """Ask where to and write the picture of a panel."""
        proposal = self.folder / f"{self._session.name or 'run'}-{panel.part}.png"
        filters = f"PNG (*.png);;{LARGE} (*.png);;SVG (*.svg);;PDF (*.pdf)"

        def write(path: Path) -> None:
            self.export_panel(panel, path, 4.0 if dialog.selectedNameFilter().startswith(LARGE) else 1.0)

        dialog = ask_save(self._window, f"Export {panel.title.lower()}", filters, proposal, write)

    def export_panel(self, panel: Panel, path: Path, scale: float = 1.0) -> None:
        """Write the picture of a panel as PNG, SVG or PDF, `scale` pixels for each of the window."""
        from gebm_studio.ui.render import SUFFIXES, export_panel  # only now: it loads Qt's SVG part

        if path.suffix.lower() not in SUFFIXES:
            self._say("error", [f"{path.name}: a panel is written as one of {', '.join(SUFFIXES)}"], "file")
            return
        self._remember(path)
        try:
            export_panel(panel, path, scale)
        except OSError as error:
            self._say("error", [explain(error, path)], "file")
            return
        self._written(path, panel.title.lower())

    def show_export(self) -> None:
        """Open the dialog for sample grids, or bring it to the front."""
        if self.export_dialog is None:
            preset = self._session.preset
            images = isinstance(preset, TrainingPreset) and len(preset.target.shape or ()) == 3
            self.export_dialog = ExportDialog(self._window, self.folder, self._session.send, images=images)
            self.export_dialog.destroyed.connect(self._forget_dialog)
            self.export_dialog.show()
        self.export_dialog.raise_()
        self.export_dialog.activateWindow()

    def show_film_export(self, wish: FilmWish) -> None:
        """Open the dialog for a film of the gallery, or offer another film in it."""
        if self.film_dialog is None:
            self.film_dialog = FilmDialog(self._window, self.folder, self._export_film, wish)
            self.film_dialog.destroyed.connect(self._forget_film)
            self.film_dialog.show()
        self.film_dialog.show_wish(wish)
        self.film_dialog.raise_()
        self.film_dialog.activateWindow()

    def close(self) -> None:
        """Close what is open."""
        for dialog in (self.export_dialog, self.film_dialog):
            if dialog is not None:
                dialog.close()

    def _export_film(self, order: ExportFilm) -> None:
        self._remember(Path(order.path))
        self._session.send(order)

    def _forget_film(self) -> None:
        self.film_dialog = None

    def _forget_dialog(self) -> None:
        self.export_dialog = None

    def _ask_save(self, title: str, filters: str, suffix: str, chosen: Callable[[Path], None]) -> None:
        proposal = self.folder / f"{self._session.name or 'run'}{suffix}"
        ask_save(self._window, title, filters, proposal, chosen)

    def _remember(self, path: Path) -> None:
        self._preferences.put("folder", str(path.parent))
