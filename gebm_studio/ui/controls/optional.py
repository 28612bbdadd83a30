"""A value that may be absent: a check box before its editor."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from gebm_studio.ui import theme
from gebm_studio.ui.controls.editor import Editor, calm


class OptionalEditor(Editor):
    """Absent while the box is not checked; checked, it brings back the last value."""

    def __init__(self, inner: Editor, parent: QWidget | None = None) -> None:
        super().__init__(inner.setting, parent)
        self.inner = inner
        self._last: Any = self._first()
        self.box = QCheckBox()
        self.box.setToolTip("Use this setting")
        self.box.clicked.connect(self._switched)
        calm(self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID // 2)
        row.addWidget(self.box)
        row.addWidget(inner, 1)
        inner.edited.connect(self.edited)
        inner.refused.connect(self.refused)

    def show_value(self, value: Any) -> None:
        self.box.setChecked(value is not None)
        self.inner.setEnabled(value is not None)
        if value is not None:
            self._last = value
        self.inner.show_value(self._last)

    def held(self) -> bool:
        return self.inner.held()

    def _switched(self, on: bool) -> None:
        self.edited.emit(self._last if on else None)

    def _first(self) -> Any:
        """The value on first use: a hundredth of the range away from the bound that is nearer to zero."""
        setting = self.setting
        if setting.default is not None:
            return setting.default
        if setting.low is None or setting.high is None:
            return setting.low if setting.low is not None else setting.high or 0.0
        near, far = sorted((setting.low, setting.high), key=abs)
        value = near + (far - near) / 100
        return round(value) if setting.kind == "int" else value
