"""Both looks: contrast, fonts, pens, and following the system."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import SHADES, map_table, mode_table, to_oklab, weight_shades, weight_table

BOTH = pytest.mark.parametrize("look", [theme.LIGHT, theme.DARK], ids=lambda look: look.name)


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Iterator[None]:
    yield
    theme.apply(qapp, "light")


@BOTH
@pytest.mark.parametrize("role", ["text", "muted", "accent", "warning", "error"])
@pytest.mark.parametrize("ground", ["window", "plot", "control"])
def test_text_can_be_read_on_every_ground(look: theme.Theme, role: str, ground: str) -> None:
    assert theme.contrast(getattr(look, role), getattr(look, ground)) >= 4.5


@BOTH
@pytest.mark.parametrize("role", ["first", "second", "chains", "data", "more", "less"])
def test_marks_stand_out_from_the_plot(look: theme.Theme, role: str) -> None:
    assert theme.contrast(getattr(look, role), look.plot) >= 3


def test_contrast_is_the_published_ratio() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@BOTH
def test_the_roles_that_are_fixed_are_the_same_in_both(look: theme.Theme) -> None:
    assert (look.base, look.gebm) == ("#CC79A7", "#009E73")


def test_apply_sets_the_palette(qapp: QApplication) -> None:
    for name, look in (("light", theme.LIGHT), ("dark", theme.DARK)):
        assert theme.apply(qapp, name) is look  # type: ignore[arg-type]
        assert theme.current() is look
        assert qapp.palette().color(QPalette.ColorRole.Window).name() == look.window
        assert qapp.style().objectName().lower() == "fusion"


def test_system_falls_back_to_light_where_the_platform_is_silent(qapp: QApplication) -> None:
    theme.apply(qapp, "dark")
    assert theme.apply(qapp, "system") is theme.LIGHT


def test_pens_and_brushes_are_made_once() -> None:
    assert theme.LIGHT.pen("#123456", 2.0) is theme.LIGHT.pen("#123456", 2.0)
    assert theme.LIGHT.brush("#123456", 9) is theme.LIGHT.brush("#123456", 9)
    assert theme.LIGHT.pen("#123456").isCosmetic()
    assert not theme.on_page(theme.LIGHT.pen("#123456")).isCosmetic()


def test_there_are_two_sizes_of_text_and_figures_of_one_width(qapp: QApplication) -> None:
    look = theme.LIGHT
    assert {look.text_font.pointSizeF(), look.number_font.pointSizeF()} == {theme.TEXT_POINTS}
    assert look.heading_font.pointSizeF() == theme.HEADING_POINTS
    assert len({theme.text_width(look.number_font, figure) for figure in "0123456789"}) == 1


@BOTH
@pytest.mark.parametrize("low_is_likely", [True, False])
def test_a_map_is_even_to_the_eye(look: theme.Theme, low_is_likely: bool) -> None:
    table = map_table(look, low_is_likely)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    lightness = to_oklab(table)[:, 0]
    # Means over whole bands leave out their faint steps.
    steps = np.diff(lightness.reshape(8, 32).mean(axis=1))
    assert np.ptp(steps) < 0.25 * np.abs(steps).mean()
    likely = 0 if low_is_likely else 255
    assert (abs(lightness[likely] - lightness[255 - likely])) > 0.15


@BOTH
def test_log_weights_diverge_from_a_neutral_zero(look: theme.Theme) -> None:
    table = weight_table(look)
    lab = to_oklab(table)
    assert np.hypot(lab[SHADES // 2, 1], lab[SHADES // 2, 2]) < 0.02
    assert lab[-1, 2] > 0.08 > -0.08 > lab[0, 2]
    shades = weight_shades(np.array([-9.0, -1.0, 0.0, 1.0, np.inf, -np.inf, np.nan], dtype=np.float32), 1.0)
    assert shades.tolist() == [0, 0, SHADES // 2, SHADES - 1, SHADES - 1, 0, SHADES // 2]


@BOTH
def test_modes_have_colours_of_their_own(look: theme.Theme) -> None:
    table = mode_table(look)
    assert len(np.unique(table, axis=0)) == len(table) == 25


def test_mixed_goes_from_one_end_to_the_other() -> None:
    assert theme.mixed("#000000", "#ff8000", 0.0) == "#000000"
    assert theme.mixed("#000000", "#ff8000", 1.0) == "#ff8000"
    assert theme.mixed("#000000", "#ffffff", 0.5) == "#808080"
