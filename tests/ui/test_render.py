"""Panels as files."""

from __future__ import annotations

import errno
import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pyqtgraph import GraphicsView

from gebm_studio.ui import theme
from gebm_studio.ui.panels import PANELS
from gebm_studio.ui.render import MARGIN, export_panel
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn

__all__ = ["make_panel"]
NAMES = sorted(name for name, panel in PANELS.items() if panel.kind == "training")


def filled(make_panel: MakePanel, name: str, **view: Any) -> Any:
    panel = make_panel(name, **view)
    for tick in range(4):
        panel.show_frame(frames.full_frame(tick=tick, points=200))
    return redrawn(panel)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_a_png_has_the_size_and_the_colours_of_the_panel(
    make_panel: MakePanel, tmp_path: Path, name: str, scale: float
) -> None:
    panel = filled(make_panel, name)
    export_panel(panel, tmp_path / "panel.png", scale)
    with Image.open(tmp_path / "panel.png") as image:
        pixels = np.array(image.convert("RGB"))
    size = panel.figure().size()
    # Qt rounds a half away from zero.
    assert pixels.shape[1] == int((size.width() + 2 * MARGIN) * scale + 0.5)
    assert pixels.shape[0] == int((size.height() + 2 * MARGIN) * scale + 0.5)
    assert has_colour(pixels, theme.LIGHT.text, 20, 40)
    roles = {"data": "gebm", "latent": "chains", "curves": "first", "diagnostics": "gebm", "gallery": "base"}
    # A panel that shows no points of a role has its text at least.
    roles |= {"compare": "gebm", "critic": "first", "decay": "text", "sweep": "text", "quality": "base"}
    role = roles.get(name, "chains")
    assert has_colour(pixels, getattr(theme.LIGHT, role), 30)


@pytest.mark.parametrize("name", NAMES)
def test_an_svg_is_well_formed_and_made_of_shapes(make_panel: MakePanel, tmp_path: Path, name: str) -> None:
    panel = filled(make_panel, name, pictures="triptych")
    export_panel(panel, tmp_path / "panel.svg")
    root = ElementTree.parse(tmp_path / "panel.svg").getroot()  # noqa: S314 (our own file)
    size = panel.figure().size()
    assert root.get("viewBox") == f"0 0 {size.width() + 2 * MARGIN} {size.height() + 2 * MARGIN}"
    text = (tmp_path / "panel.svg").read_text(encoding="utf-8")
    assert "<text" in text
    if name in ("data", "latent"):
        assert text.count("<ellipse") + text.count("<circle") >= 64, "points are shapes"
    if name == "curves":
        assert text.count("<polyline") >= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_pdf_is_whole(make_panel: MakePanel, tmp_path: Path, name: str) -> None:
    export_panel(filled(make_panel, name), tmp_path / "panel.pdf", 1.5)
    contents = (tmp_path / "panel.pdf").read_bytes()
    assert contents.startswith(b"%PDF-") and contents.rstrip().endswith(b"%%EOF")


def test_an_empty_panel_can_be_exported(make_panel: MakePanel, tmp_path: Path) -> None:
    for suffix in ("png", "svg", "pdf"):
        export_panel(make_panel("data"), tmp_path / f"empty.{suffix}")
        assert (tmp_path / f"empty.{suffix}").stat().st_size > 300


def test_an_export_leaves_the_window_as_it_was(make_panel: MakePanel, tmp_path: Path) -> None:
    panel = filled(make_panel, "data")
    before = picture(panel)
    export_panel(panel, tmp_path / "panel.svg")
    assert (picture(panel) == before).all()
    for view in panel.findChildren(GraphicsView):
        assert not any(getattr(item, "_exportOpts", False) for item in view.scene().items())


def test_an_unknown_suffix_names_the_known_ones(make_panel: MakePanel, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"panel.bmp: .*\.png, \.svg, \.pdf.*not as \.bmp"):
        export_panel(make_panel("data"), tmp_path / "panel.bmp")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_failed_write_leaves_nothing_and_keeps_what_was_there(
    make_panel: MakePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    panel = filled(make_panel, "curves")
    path = tmp_path / f"panel.{suffix}"
    path.write_bytes(b"what was there")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        export_panel(panel, path)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_an_os_error(make_panel: MakePanel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        export_panel(make_panel("data"), tmp_path / "file" / "panel.png")
