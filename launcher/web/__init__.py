"""The window: a page in the user's browser, served from 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from launcher.errors import LauncherError, UsageError
from launcher.instances import RemoteAccess

if TYPE_CHECKING:
    from launcher.options import TrackerOptions

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
PORT = 11580
REQUIREMENTS = {
    "nicegui": "nicegui>=3,<4",
    "starlette": "starlette>=0.40",
    "uvicorn": "uvicorn>=0.35",
    "websockets": "websockets>=15",
}
"""Libraries of the window, by the module they install; setup.cfg has the same."""


def main(
    host: str = HOST,
    port: int = PORT,
    token: str | None = None,
    open_browser: bool = True,
    program: Sequence[str] | None = None,
    options: TrackerOptions | None = None,
    out: TextIO = sys.stdout,
) -> int:
    """Serve the window until Ctrl-C or SIGTERM, then stop the tracker. Returns the exit code.

    host, port: where to listen; another port is taken when that one is not free. Anything but a loopback address can
    be reached by others and gets a token, if none is given. program: the words that start the tracker; None = look
    for it. options: what the form shows at first; None = what was used last.

    Raises LauncherError when the extra is missing or the host is not this machine's.
    """
    missing = [name for name in REQUIREMENTS if importlib.util.find_spec(name) is None]
    if missing:
        wanted = " ".join(f'"{REQUIREMENTS[name]}"' for name in missing)
        raise LauncherError(
            f"the window needs {', '.join(missing)}: run 'pip install {wanted}', or use 'facetracker-launcher run'"
        )
    if not 0 <= port <= 65535:
        raise UsageError(f"the window's port is 0 to 65535, not {port}")
    _log_in_one_line()
    from launcher.web.access_control import is_loopback
    from launcher.web.controller import Desk
    from launcher.web.server import Server, build_app, listen

    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    listening = listen(host, port)
    port = listening.getsockname()[1]
    desk = Desk(program, options)
    server = Server(build_app(desk, host, port, token))
    with contextlib.ExitStack() as cleaning:
        cleaning.callback(listening.close)
        cleaning.callback(desk.close)
        try:
            cleaning.enter_context(RemoteAccess(desk.process))
        except LauncherError as error:
            logger.warning("%s", error)
        address = _address(host, port, token)
        out.write(f"The window is at {address}\nCtrl-C closes it and stops the tracker.\n")
        out.flush()
        if open_browser:
            threading.Thread(target=_open_browser, args=(address,), name="browser", daemon=True).start()
        asyncio.run(server.serve([listening]))
    return 0


def _address(host: str, port: int, token: str | None) -> str:
    """What to open. A server on all addresses is reached on this machine as 127.0.0.1."""
    shown = {"0.0.0.0": HOST, "::": "[::1]", "": HOST}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")


def _open_browser(address: str) -> None:
    try:
        opened = webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        logger.warning("no browser could be opened; open the address above yourself")


class _OneLine(logging.Formatter):
    """What goes wrong inside is said in one line; FACETRACKER_DEBUG=1 adds the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        if os.environ.get("FACETRACKER_DEBUG") == "1":
            return super().format(record)
        text = record.getMessage().partition("\n")[0]
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            text += f": {type(error).__name__}: {error}".rstrip(": ").replace("\n", " ")
        return f"facetracker-launcher: {text}"


def _log_in_one_line() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine("facetracker-launcher: %(message)s"))
    for name in ("launcher", "uvicorn", "asyncio"):
        log = logging.getLogger(name)
        if not log.handlers:
            log.addHandler(handler)
            log.setLevel(logging.WARNING)
            log.propagate = False
