"""Checks whether a window can be shown; OpenCV aborts the process when it cannot."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from tracker.errors import SettingsError

_CONNECT_LIMIT_S = 2.0
_X11_FOLDER = Path("/tmp/.X11-unix")
_X11_FIRST_PORT = 6000
_AF_UNIX: int = getattr(socket, "AF_UNIX", -1)  # Windows has none, and needs none here


def require_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> None:
    """Raises SettingsError when there is no display. Windows and macOS always have one."""
    if platform in ("win32", "cygwin", "darwin"):
        return
    display, wayland = environment.get("DISPLAY", ""), environment.get("WAYLAND_DISPLAY", "")
    if not display and not wayland:
        raise SettingsError("a preview needs a display: set DISPLAY or omit --visualize")
    # With DISPLAY set, OpenCV uses it even where Wayland runs.
    answers = _x11_answers(display) if display else _wayland_answers(wayland, environment)
    if not answers:
        raise SettingsError(
            f"a preview needs a display, but {display or wayland} does not respond: correct it or omit --visualize"
        )


def _x11_answers(display: str) -> bool:
    """Whether a server listens at ``[host]:number[.screen]``, where X clients look for it."""
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdigit():
        return False
    if host not in ("", "unix"):
        port = _X11_FIRST_PORT + int(number)
        return port <= 65535 and _connects(socket.AF_INET, (host, port))
    path = str(_X11_FOLDER / f"X{number}")
    return _connects(_AF_UNIX, path) or _connects(_AF_UNIX, f"\0{path}")


def _wayland_answers(name: str, environment: Mapping[str, str]) -> bool:
    return _connects(_AF_UNIX, str(Path(environment.get("XDG_RUNTIME_DIR", "/")) / name))


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.settimeout(_CONNECT_LIMIT_S)
            attempt.connect(address)
    except OSError:
        return False
    return True
