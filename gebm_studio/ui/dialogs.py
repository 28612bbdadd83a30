"""Dialogs that never stop the run: files to open and to write, and the export of a sample grid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gebm_studio.messages import ExportSamples
from gebm_studio.ui import theme

Chosen = Callable[[Path], object]


def ask_open(parent: QWidget, title: str, filters: str, folder: Path, chosen: Chosen) -> QFileDialog:
    """Ask for a file to read; `chosen` is called with it later."""
    dialog = _dialog(parent, title, filters, folder)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return _open(dialog, chosen)


def ask_save(parent: QWidget, title: str, filters: str, proposal: Path, chosen: Chosen) -> QFileDialog:
    """Ask for a file to write; the suffix of the proposal is added where a person gives none."""
    dialog = _dialog(parent, title, filters, proposal.parent)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(proposal.suffix.lstrip("."))
    dialog.selectFile(proposal.name)
    return _open(dialog, chosen)


def _dialog(parent: QWidget, title: str, filters: str, folder: Path) -> QFileDialog:
    dialog = QFileDialog(parent, title, str(folder), filters)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    return dialog


def _open(dialog: QFileDialog, chosen: Chosen) -> QFileDialog:
    dialog.fileSelected.connect(lambda name: chosen(Path(name)))
    dialog.open()
    return dialog


class ExportDialog(QDialog):
    """What a sample grid holds and where it goes; stays open beside the running window."""

    def __init__(self, parent: QWidget, folder: Path, export: Callable[[ExportSamples], None], *, images: bool) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export samples")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self._export = export
        self.rows, self.columns = _spin(1, 64, 8), _spin(1, 64, 8)
        self.scale = _spin(1, 8, 4)
        self.scale.setSuffix("×")
        self.padding = QCheckBox("gaps between the samples")
        self.padding.setChecked(True)
        self.steps = _spin(0, 100000, 200)
        self.steps.setToolTip("Sampler steps that fresh chains take on their way to the GEBM.")
        self.which = {name: QCheckBox(label) for name, label in (("data", "data"), ("base", "base"), ("gebm", "GEBM"))}
        self.format = QComboBox()
        self.format.addItem("PNG picture", ".png")
        self.format.addItem("NPZ arrays: data, base, gebm", ".npz")
        self.path = QLineEdit(str(folder / "samples.png"))
        self.path.setMinimumWidth(36 * theme.GRID)
        browse = QPushButton("Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        boxes = QHBoxLayout()
        for box in self.which.values():
            box.setChecked(True)
            box.toggled.connect(self._check)
            boxes.addWidget(box)
        boxes.addStretch(1)
        where = QHBoxLayout()
        where.addWidget(self.path, 1)
        where.addWidget(browse)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        form.addRow("Format", self.format)
        form.addRow("Rows", self.rows)
        form.addRow("Columns", self.columns)
        form.addRow("Scale", self.scale)
        form.addRow("Padding", self.padding)
        form.addRow("Parts", boxes)
        form.addRow("Sampler steps", self.steps)
        form.addRow("File", where)
        self.size_text = QLabel()
        self.size_text.setForegroundRole(self.size_text.palette().ColorRole.PlaceholderText)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.export_button = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.export_button.setDefault(True)
        for button in self.buttons.buttons():
            button.setIcon(QIcon())  # words are enough
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(*4 * (2 * theme.GRID,))
        column.setSpacing(2 * theme.GRID)
        column.addLayout(form)
        column.addWidget(self.size_text)
        column.addWidget(self.buttons)
        self._images = images
        self.format.currentIndexChanged.connect(self._change_format)
        for spin in (self.rows, self.columns):
            spin.valueChanged.connect(self._check)
        self.path.textChanged.connect(self._check)
        self._check()

    def command(self) -> ExportSamples:
        """The export as it is set up now."""
        return ExportSamples(
            path=str(Path(self.path.text()).expanduser()),
            rows=self.rows.value(),
            columns=self.columns.value(),
            scale=self.scale.value(),
            padding=self.padding.isChecked(),
            steps=self.steps.value(),
            which=tuple(name for name, box in self.which.items() if box.isChecked()),
        )

    def _accept(self) -> None:
        self._export(self.command())
        self.close()

    def _change_format(self) -> None:
        suffix = self.format.currentData()
        self.path.setText(str(Path(self.path.text()).with_suffix(suffix)))
        for widget in (self.scale, self.padding, *self.which.values()):
            widget.setEnabled(suffix == ".png")
        self._check()

    def _check(self) -> None:
        count = self.rows.value() * self.columns.value()
        parts = [label.text() for label in self.which.values() if label.isChecked()]
        picture = self.format.currentData() == ".png"
        usable = bool(self.path.text().strip()) and (bool(parts) or not picture)
        self.export_button.setEnabled(usable)
        if picture and not parts:
            self.size_text.setText("Choose at least one part.")
        elif not self.path.text().strip():
            self.size_text.setText("Name a file.")
        elif picture and not self._images:
            self.size_text.setText(f"{count} samples of each part, drawn as points.")
        else:
            self.size_text.setText(f"{count} samples of each part.")

    def _browse(self) -> None:
        proposal = Path(self.path.text() or "samples.png")
        ask_save(self, "Export samples", "PNG (*.png);;NPZ (*.npz)", proposal, self._take_path)

    def _take_path(self, path: Path) -> None:
        self.format.setCurrentIndex(1 if path.suffix.lower() == ".npz" else 0)
        self.path.setText(str(path))


def _spin(low: int, high: int, value: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setMinimumWidth(12 * theme.GRID)
    return spin
