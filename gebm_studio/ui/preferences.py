"""What the window remembers between starts; a file that cannot be read is put aside, not fatal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

FILE = "window.ini"


class Preferences:
    """An INI file in the settings folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.problem = ""
        """One line when the file could not be read or written, else empty."""
        self._settings = self._open()
        if self._broken():
            aside = self.path.with_suffix(".ini.bak")
            try:
                self.path.replace(aside)
                self.problem = f"{self.path} cannot be read and was put aside as {aside.name}; the layout starts afresh"
            except OSError as error:
                self.problem = f"{self.path} cannot be read: {error.strerror}; the layout starts afresh"
            self._settings = self._open()

    def get(self, key: str, default: Any = None) -> Any:
        """A value, the default where there is none."""
        return self._settings.value(key, default)

    def bytes(self, key: str) -> QByteArray:
        """Bytes that Qt made, empty where there are none."""
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def put(self, key: str, value: Any) -> None:
        """Remember a value; None forgets it."""
        if value is None:
            self._settings.remove(key)
        else:
            self._settings.setValue(key, value)

    def write(self) -> None:
        """Write the file now."""
        self._settings.sync()
        if self._settings.status() != QSettings.Status.NoError:
            self.problem = f"{self.path} cannot be written; the layout will not be remembered"

    def _open(self) -> QSettings:
        return QSettings(str(self.path), QSettings.Format.IniFormat)

    def _broken(self) -> bool:
        """Whether a file stands there from which Qt can read nothing sensible."""
        if not self.path.is_file():
            return False
        if self._settings.status() != QSettings.Status.NoError:
            return True
        try:
            text = self.path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return True
        return bool(text.strip()) and not self._settings.allKeys()
