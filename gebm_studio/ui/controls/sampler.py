"""What the sampler group says beside its settings: β as a slider of its own, and the paper's symbols."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from gebm_studio.schema import Setting
from gebm_studio.schema.sampling import Sampler
from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import number_text
from gebm_studio.ui.controls.number import NumberEditor
from gebm_studio.ui.controls.row import Change

BETA = Setting(
    path="sampler.temperature",
    label="Inverse temperature",
    kind="float",
    default=1.0,
    symbol="β",
    help="β = 1/T in ν_β(z) ∝ η(z) e^{−βE(G(z))}: β = 1 is the GEBM, β = 0 (T = ∞) is the base.",
    low=0.0,
    high=1000.0,
    slider=(0.0, 2.0),
    live=True,
)


def temperature_of(beta: float) -> float:
    """T = 1/β; ∞ at β = 0, where the law is the base."""
    return math.inf if beta == 0 else 1.0 / beta


class BetaRow(QWidget):
    """The temperature once more, as β = 1/T on a linear slider from 0 to 2."""

    def __init__(self, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._change = change
        self.editor = NumberEditor(BETA)
        self.editor.edited.connect(self._edited)
        self.editor.refused.connect(self._refused)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setStyleSheet(f"color: {theme.current().error}")
        self.problem.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 4)
        column.addWidget(QLabel("Inverse temperature  <i>β = 1/T</i>"))
        column.addWidget(self.editor)
        column.addWidget(self.problem)
        self.setToolTip(f"<p>{BETA.help}<br>Acts at once.</p>")

    def show_temperature(self, temperature: float) -> None:
        """Show the β of a temperature."""
        if not self.editor.held():
            self.problem.hide()
            self.editor.show_value(float(f"{1.0 / temperature:.6g}"))

    def _edited(self, beta: float) -> None:
        self._refused("\n".join(self._change("sampler.temperature", temperature_of(beta))))

    def _refused(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


Rows = tuple[tuple[str, float], ...]
"""What is said of a step: name and value."""


def conversions(sampler: Sampler, step: float) -> Rows:
    """A step of a sampler's settings in the symbols of the paper, and what else it means; none where nothing does.

    The paper's γ is δ = γ/2 in ULA, δ = γ in MALA and h = 2√γ in kinetic Langevin, whose overdamped limit is
    ULA with δ = h²/2 = 2γ. The sphere takes ULA's step, each rung of tempering that of MALA.
    """
    kinetic = (
        ("share of velocity kept  <i>a = e<sup>−κh</sup></i>", math.exp(-sampler.friction * step)),
        ("the paper's  <i>γ = h²/4</i>", step * step / 4),
        ("overdamped limit  <i>δ = 2γ</i>", step * step / 2),
    )
    overdamped = (("the paper's  <i>γ = 2δ</i>", 2 * step),)
    adjusted = (("the paper's  <i>γ = δ</i>", step),)
    rows: dict[str, Rows] = {
        "ula": overdamped,
        "sphere": overdamped,
        "mala": adjusted,
        "tempering": adjusted,
        "random_walk": (("deviation of a proposal  <i>√(2δ)</i>", math.sqrt(2 * step)),),
        "hmc": (("mean length of a path  <i>Lh</i>", sampler.leapfrog_steps * step),),
        "kinetic": kinetic,
        "ghmc": kinetic,
        "dgflow": (("deviation of the noise  <i>√(2δγ)</i>", math.sqrt(2 * step * sampler.noise)),),
    }
    return rows.get(sampler.name, ())


def rounded(value: float) -> str:
    """A number in three digits; just below 1 it is what is missing to 1 that matters, and has two."""
    if 0.99 < value < 1:
        return f"{1 - float(f'{1 - value:.2g}'):.12g}"
    return number_text(float(f"{value:.3g}"))


class Conversions(QWidget):
    """The same step in the symbols of the paper and the slides."""

    MOST = 3

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = [QLabel() for _ in range(self.MOST)]
        self._values = [QLabel() for _ in range(self.MOST)]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID // 4)
        for row, (name, value) in enumerate(zip(self._names, self._values, strict=True)):
            value.setFont(theme.current().number_font)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(name, row, 0)
            grid.addWidget(value, row, 1)
        grid.setColumnStretch(0, 1)
        self.setToolTip("What a step of this size is in the paper's symbols. γ is its one step size for all samplers.")
        self._restyle()

    def show_sampler(self, sampler: Sampler, step: float) -> None:
        """Show the conversions of a sampler's settings with the step size that is used now."""
        rows = conversions(sampler, step)
        self.setVisible(bool(rows))
        for index, (name, value) in enumerate(zip(self._names, self._values, strict=True)):
            used = index < len(rows)
            name.setVisible(used)
            value.setVisible(used)
            if used:
                name.setText(rows[index][0])
                value.setText(rounded(rows[index][1]))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_values"):
            self._restyle()
        super().changeEvent(event)

    def _restyle(self) -> None:
        for label in [*self._names, *self._values]:
            label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
