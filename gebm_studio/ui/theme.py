"""Light and dark: one colour for each role, two text sizes, pens and brushes made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPalette, QPen
from PySide6.QtWidgets import QApplication

Name = Literal["light", "dark", "system"]

GRID = 8
"""All margins and gaps are whole parts or multiples of this many pixels."""

TEXT_POINTS = 9.0
HEADING_POINTS = 11.0


@dataclass(frozen=True)
class Theme:
    """The colours of one look, by role; all are `#rrggbb`.

    `data`, `base`, `gebm` and `chains` are the four point sets; `more` and `less` the ends of the
    diverging scale of log weights and `neutral` its middle; `map_low` and `map_high` the ends of
    the ramp behind the points, where `map_high` marks where mass is likely.
    """

    name: Literal["light", "dark"]
    window: str
    plot: str
    control: str
    text: str
    muted: str
    line: str
    axis: str
    accent: str
    on_accent: str
    warning: str
    error: str
    data: str
    base: str
    gebm: str
    chains: str
    more: str
    less: str
    neutral: str
    first: str
    second: str
    map_low: str
    map_high: str

    @property
    def dark(self) -> bool:
        """Whether text is lighter than what it stands on."""
        return self.name == "dark"

    @property
    def text_font(self) -> QFont:
        """The font of all running text."""
        return _font(TEXT_POINTS, False, False)

    @property
    def heading_font(self) -> QFont:
        """The font of headings."""
        return _font(HEADING_POINTS, True, False)

    @property
    def number_font(self) -> QFont:
        """The text font with figures of equal width, for numbers that change."""
        return _font(TEXT_POINTS, False, True)

    def pen(self, colour: str, width: float = 1.0, dashed: bool = False) -> QPen:
        """A pen whose width no zoom changes; equal calls give the same object."""
        return _pen(colour, width * screen_ratio(), dashed)

    def brush(self, colour: str, alpha: int = 255) -> QBrush:
        """A brush; equal calls give the same object."""
        return _brush(colour, alpha)


LIGHT = Theme(
    name="light",
    window="#f3f4f6",
    plot="#ffffff",
    control="#e6e8ec",
    text="#1c2026",
    muted="#565e69",
    line="#d4d8de",
    axis="#8b939e",
    accent="#0b62a4",
    on_accent="#ffffff",
    warning="#8f5200",
    error="#b3261e",
    data="#6f7680",
    base="#CC79A7",
    gebm="#009E73",
    chains="#14171b",
    more="#d65a00",
    less="#1f66b5",
    neutral="#a3a8af",
    first="#0072B2",
    second="#C75B00",
    map_low="#ffffff",
    map_high="#93abd0",
)

DARK = Theme(
    name="dark",
    window="#1c1f24",
    plot="#131518",
    control="#2b2f36",
    text="#e7e9ec",
    muted="#a1a9b4",
    line="#343a43",
    axis="#6c7581",
    accent="#6cb2ee",
    on_accent="#0d1014",
    warning="#f2b44c",
    error="#ff8d83",
    data="#9ba2ac",
    base="#CC79A7",
    gebm="#009E73",
    chains="#f4f6f8",
    more="#ff9a3d",
    less="#58aaff",
    neutral="#8a9099",
    first="#56B4E9",
    second="#E69F00",
    map_low="#131518",
    map_high="#41598c",
)

_current: Theme = LIGHT
_follows_system = False


def current() -> Theme:
    """The theme in force."""
    return _current


def apply(app: QApplication, name: Name) -> Theme:
    """Give the program one look; `system` follows the platform from now on, light where it is silent."""
    global _follows_system  # noqa: PLW0603 (one program has one theme)
    hints = app.styleHints()
    if name == "system" and not _follows_system:
        hints.colorSchemeChanged.connect(_follow)
    elif name != "system" and _follows_system:
        hints.colorSchemeChanged.disconnect(_follow)
    _follows_system = name == "system"
    scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(name, hints.colorScheme())
    return _put(app, DARK if scheme == Qt.ColorScheme.Dark else LIGHT)


def palette(theme: Theme) -> QPalette:
    """The colours of a theme as Qt's widgets use them."""
    roles = QPalette.ColorRole
    result = QPalette()
    for role, colour in {
        roles.Window: theme.window,
        roles.WindowText: theme.text,
        roles.Base: theme.plot,
        roles.AlternateBase: theme.window,
        roles.Text: theme.text,
        roles.Button: theme.control,
        roles.ButtonText: theme.text,
        roles.BrightText: theme.error,
        roles.ToolTipBase: theme.control,
        roles.ToolTipText: theme.text,
        roles.PlaceholderText: theme.muted,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.on_accent,
        roles.Accent: theme.accent,
        roles.Link: theme.accent,
        roles.LinkVisited: theme.accent,
        roles.Light: theme.control,
        roles.Midlight: theme.control,
        roles.Mid: theme.line,
        roles.Dark: theme.axis,
        roles.Shadow: "#000000",
    }.items():
        result.setColor(role, QColor(colour))
    faint = QColor(mixed(theme.muted, theme.window, 0.35))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, faint)
    result.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, QColor(theme.line))
    return result


def mixed(first: str, second: str, share: float) -> str:
    """The colour that lies `share` of the way from the first to the second."""
    ends = QColor(first), QColor(second)
    parts = [
        round(a + (b - a) * share)
        for a, b in zip(ends[0].getRgb()[:3], ends[1].getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return "#{:02x}{:02x}{:02x}".format(*parts)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2, relative luminance)."""
    lights = sorted((_luminance(first), _luminance(second)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def text_width(font: QFont, text: str) -> float:
    """Width of a text in device-independent pixels."""
    return QFontMetricsF(font).horizontalAdvance(text)


def line_height(font: QFont) -> int:
    """Height of one line in whole device-independent pixels."""
    return int(QFontMetricsF(font).height() + 0.999)


def _put(app: QApplication, theme: Theme) -> Theme:
    global _current  # noqa: PLW0603
    _current = theme
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setFont(theme.text_font)
    app.setPalette(palette(theme))
    return theme


def _follow(scheme: Qt.ColorScheme) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        _put(app, DARK if scheme == Qt.ColorScheme.Dark else LIGHT)


def screen_ratio() -> float:
    """Pixels of the screen for one device-independent pixel; Qt does not apply it to cosmetic pens."""
    app = QApplication.instance()
    return app.devicePixelRatio() if isinstance(app, QApplication) else 1.0


def on_page(pen: QPen) -> QPen:
    """The same pen as a page has it, where it scales with all the rest."""
    scaled = QPen(pen)
    scaled.setCosmetic(False)
    scaled.setWidthF(pen.widthF() / screen_ratio())
    return scaled


@cache
def _font(points: float, bold: bool, tabular: bool) -> QFont:
    font = QFont()
    font.setPointSizeF(points)
    font.setBold(bold)
    if tabular:
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


@cache
def _pen(colour: str, width: float, dashed: bool) -> QPen:
    pen = QPen(QColor(colour), width)
    pen.setCosmetic(True)
    if dashed:
        pen.setDashPattern([4.0, 3.0])
    return pen


@cache
def _brush(colour: str, alpha: int) -> QBrush:
    fill = QColor(colour)
    fill.setAlpha(alpha)
    return QBrush(fill)


def _luminance(colour: str) -> float:
    channels = QColor(colour).getRgbF()[:3]  # type: ignore[index]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
