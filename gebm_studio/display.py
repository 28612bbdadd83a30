"""Whether a window can be opened here, found out before Qt is started: Qt ends the process where it cannot."""

from __future__ import annotations

import ctypes
import os
import sys

_ALWAYS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libX11.so.6": "libx11-6",
}
_ON_X11 = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""Libraries of the system that Qt loads, each with the Debian and Ubuntu package that brings it."""

_INSTEAD = "use --headless PRESET to run without a window"


def problem() -> str:
    """One line that says why no window can be opened and what to do; empty where one can."""
    if not sys.platform.startswith("linux"):
        return ""
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if missing := _missing(_ALWAYS):
        return missing
    if platform not in ("", "xcb", "wayland", "wayland-egl"):
        return ""  # offscreen, vnc and their like need no display
    if platform != "xcb" and _wayland_answers():
        return ""
    name = os.environ.get("DISPLAY", "")
    if platform.startswith("wayland") or not name:
        return f"no display: neither DISPLAY nor WAYLAND_DISPLAY names a screen that answers; {_INSTEAD}"
    if missing := _missing(_ON_X11):
        return missing
    if not _x11_answers():
        return f"no display: the screen that DISPLAY={name} names does not answer; {_INSTEAD}"
    return ""


def _missing(libraries: dict[str, str]) -> str:
    """One line with the packages to install; empty where every library can be loaded."""
    packages = [package for library, package in libraries.items() if not _loads(library)]
    if not packages:
        return ""
    plural = "ies are" if len(packages) > 1 else "y is"
    return f"no window: system librar{plural} missing; install {' '.join(packages)} (Debian, Ubuntu), or {_INSTEAD}"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _wayland_answers() -> bool:
    import socket

    name = os.environ.get("WAYLAND_DISPLAY", "")
    if not name:
        return False
    path = os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/"), name)
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError:
            return False
    return True


def _x11_answers() -> bool:
    """Whether the X server lets us in, asked through the library that Qt asks."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    fault = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not fault
