"""Dialogs that never stop the run: files to open and to write, and the export of a sample grid."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
    """Ask for a file to write; the suffix of the proposal, then of a chosen filter, is added where there is none."""
    dialog = _dialog(parent, title, filters, proposal.parent)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(proposal.suffix.lstrip("."))
    dialog.selectFile(proposal.name)
    dialog.filterSelected.connect(partial(_follow_filter, dialog))
    return _open(dialog, chosen)


def _follow_filter(dialog: QFileDialog, chosen: str) -> None:
    """Give the file that is named the suffix of the filter that a person chose."""
    suffix = chosen.rpartition("*.")[2].rstrip(")")
    dialog.setDefaultSuffix(suffix)
    for name in dialog.selectedFiles()[:1]:
        dialog.selectFile(Path(name).with_suffix(f".{suffix}").name)


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


class ExportForm(QDialog):
    """Rows of settings, a format, a file, and a button that writes it; stays open beside the running window.

    Arguments:
        parent: The window.
        title: What is written.
        formats: What a person reads, and the suffix of each format.
        proposal: The file that is proposed.
    """

    def __init__(self, parent: QWidget, title: str, formats: tuple[tuple[str, str], ...], proposal: Path) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.format = QComboBox()
        for text, suffix in formats:
            self.format.addItem(text, suffix)
        self.path = QLineEdit(str(proposal))
        self.path.setMinimumWidth(36 * theme.GRID)
        browse = QPushButton("Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        self._where = QHBoxLayout()
        self._where.addWidget(self.path, 1)
        self._where.addWidget(browse)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        self.form.addRow("Format", self.format)
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
        column.addLayout(self.form)
        column.addWidget(self.size_text)
        column.addWidget(self.buttons)

    @property
    def suffix(self) -> str:
        """The suffix of the chosen format."""
        return str(self.format.currentData())

    @property
    def file(self) -> str:
        """Where to."""
        return str(Path(self.path.text()).expanduser())

    def check(self) -> None:
        """Say what would be written, or what is missing."""
        missing = self.missing() or ("" if self.path.text().strip() else "Name a file.")
        self.export_button.setEnabled(not missing)
        self.size_text.setText(missing or self.summary())

    def missing(self) -> str:
        """What has to be chosen first, empty if nothing."""
        return ""

    def summary(self) -> str:
        """What would be written."""
        raise NotImplementedError

    def write(self) -> None:
        """Have it written."""
        raise NotImplementedError

    def change_format(self) -> None:
        """Enable what the chosen format has; called before the check."""

    def _finish(self) -> None:
        """Put the file below all other rows, and begin to follow what a person enters."""
        self.form.addRow("File", self._where)
        self.format.currentIndexChanged.connect(self._format_changed)
        self.path.textChanged.connect(self.check)
        self.change_format()
        self.check()

    def _format_changed(self) -> None:
        self.path.setText(str(Path(self.path.text()).with_suffix(self.suffix)))
        self.change_format()
        self.check()

    def _accept(self) -> None:
        self.write()
        self.close()

    def _browse(self) -> None:
        proposal = Path(self.path.text() or f"export{self.suffix}")
        texts = [(self.format.itemText(row), self.format.itemData(row)) for row in range(self.format.count())]
        filters = ";;".join(f"{text.split(maxsplit=1)[0]} (*{suffix})" for text, suffix in texts)
        ask_save(self, self.windowTitle(), filters, proposal, self._take_path)

    def _take_path(self, path: Path) -> None:
        row = self.format.findData(path.suffix.lower())
        self.format.setCurrentIndex(max(row, 0))
        self.path.setText(str(path))


class ExportDialog(ExportForm):
    """What a sample grid holds and where it goes."""

    def __init__(self, parent: QWidget, folder: Path, export: Callable[[ExportSamples], None], *, images: bool) -> None:
        formats = (("PNG picture", ".png"), ("NPZ arrays: data, base, gebm", ".npz"))
        super().__init__(parent, "Export samples", formats, folder / "samples.png")
        self._export, self._images = export, images
        self.rows, self.columns = spin(1, 64, 8), spin(1, 64, 8)
        self.scale = spin(1, 8, 4)
        self.scale.setSuffix("×")
        self.padding = QCheckBox("gaps between the samples")
        self.padding.setChecked(True)
        self.steps = spin(0, 100000, 200)
        self.steps.setToolTip("Sampler steps that fresh chains take on their way to the GEBM.")
        self.which = {name: QCheckBox(label) for name, label in (("data", "data"), ("base", "base"), ("gebm", "GEBM"))}
        boxes = QHBoxLayout()
        for box in self.which.values():
            box.setChecked(True)
            box.toggled.connect(self.check)
            boxes.addWidget(box)
        boxes.addStretch(1)
        self.form.addRow("Rows", self.rows)
        self.form.addRow("Columns", self.columns)
        self.form.addRow("Scale", self.scale)
        self.form.addRow("Padding", self.padding)
        self.form.addRow("Parts", boxes)
        self.form.addRow("Sampler steps", self.steps)
        for number in (self.rows, self.columns):
            number.valueChanged.connect(self.check)
        self._finish()

    def command(self) -> ExportSamples:
        """The export as it is set up now."""
        return ExportSamples(
            path=self.file,
            rows=self.rows.value(),
            columns=self.columns.value(),
            scale=self.scale.value(),
            padding=self.padding.isChecked(),
            steps=self.steps.value(),
            which=tuple(name for name, box in self.which.items() if box.isChecked()),
        )

    def write(self) -> None:
        self._export(self.command())

    def change_format(self) -> None:
        for widget in (self.scale, self.padding, *self.which.values()):
            widget.setEnabled(self.suffix == ".png")

    def missing(self) -> str:
        parts = any(box.isChecked() for box in self.which.values())
        return "" if parts or self.suffix != ".png" else "Choose at least one part."

    def summary(self) -> str:
        drawn = ", drawn as points" if self.suffix == ".png" and not self._images else ""
        return f"{self.rows.value() * self.columns.value()} samples of each part{drawn}."


def spin(low: int, high: int, value: int) -> QSpinBox:
    """A field for a whole number."""
    field = QSpinBox()
    field.setRange(low, high)
    field.setValue(value)
    field.setMinimumWidth(12 * theme.GRID)
    return field
