"""The window: a page in the user's browser, served on 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from launcher.errors import LauncherError, UsageError
from launcher.instances import RemoteAccess, running_launchers

if TYPE_CHECKING:
    from launcher.options import TrackerOptions

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
PORT = 11580
BROWSER_LIMIT_S = 10.0
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
    another: bool = False,
) -> int:
    """Serve the window until Ctrl-C or SIGTERM, then stop the tracker. Returns the exit code.

    host, port: where to listen; another port is used if that one is taken. token: admits any number of browsers,
    besides the single-use keys; never pass it as an argument of a process. program: the command that starts the
    tracker; None = find it. options: initial content of the form; None = the last settings used. another: open a
    second window although this user has one, which is shown otherwise.

    Raises LauncherError when libraries are missing or the host is not an address of this machine.
    """
    missing = [name for name in REQUIREMENTS if importlib.util.find_spec(name) is None]
    if missing:
        wanted = " ".join(f'"{REQUIREMENTS[name]}"' for name in missing)
        raise LauncherError(
            f"the window needs {', '.join(missing)}: run 'pip install {wanted}', or use 'facetracker-launcher run'"
        )
    if not 0 <= port <= 65535:
        raise UsageError(f"the window's port must be between 0 and 65535, got {port}")
    _log_in_one_line()
    if not another and (code := _show_running(open_browser, out)) is not None:
        return code
    from launcher.web.access_keys import AccessKeys
    from launcher.web.controller import Controller
    from launcher.web.entry_page import EntryPages
    from launcher.web.server import Server, build_app, listen

    listening = listen(host, port)
    asked_port, port = port, listening.getsockname()[1]
    controller = Controller(program, options)
    entries = EntryPages(_address(host, port))
    keys = AccessKeys(token, entries.used)

    def enter(with_file: bool = True) -> dict[str, str]:
        """The link and the file that admit one more browser."""
        ticket = keys.new_ticket()
        file = str(entries.write(ticket)) if with_file else ""
        return {"link": entries.link(ticket), "file": file}

    server = Server(build_app(controller, keys, host, port))
    with contextlib.ExitStack() as cleaning:
        cleaning.callback(listening.close)
        cleaning.callback(controller.close)
        cleaning.callback(entries.close)
        try:
            cleaning.enter_context(RemoteAccess(controller.process, on_window=enter, on_avatar=controller.stage.switch))
        except LauncherError as error:
            logger.warning("%s", error)
        if asked_port not in (0, port):
            logger.warning("port %d is taken by another program; the window uses port %d", asked_port, port)
        try:
            entry = enter(open_browser)
        except LauncherError as error:
            logger.warning("%s", error)
            entry = enter(with_file=False)
        _show(entry, open_browser, out)
        out.write("Ctrl-C closes it and stops the tracker.\n")
        out.flush()
        asyncio.run(server.serve([listening]))
    return 0


def _show_running(open_browser: bool, out: TextIO) -> int | None:
    """Show the window that this user already has. Returns the exit code, or None when there is no window."""
    for launcher in running_launchers():
        try:
            entry = launcher.ask("window")
        except LauncherError:  # it has no window
            continue
        out.write(f"Process {launcher.pid} already has a window; 'window --another' opens a second one.\n")
        opening = _show({name: str(entry.get(name, "")) for name in ("link", "file")}, open_browser, out)
        if opening is not None:
            opening.join(BROWSER_LIMIT_S)
        return 0
    return None


def _show(entry: dict[str, str], open_browser: bool, out: TextIO) -> threading.Thread | None:
    """Open the browser, in a thread, or print how to.

    The secret is never in the browser's command line, which other users can read.
    """
    opening = None
    if open_browser and entry["file"]:
        page = Path(entry["file"]).as_uri()
        out.write(f"The window is at {entry['link'].partition('#')[0]}\nIf no browser opens, open {page} in one.\n")
        opening = threading.Thread(target=_open_browser, args=(page,), name="browser", daemon=True)
        opening.start()
    else:
        out.write(f"The window is at {entry['link']}\nThe part after # admits one browser, once.\n")
    out.flush()
    return opening


def _address(host: str, port: int) -> str:
    """The URL to open. A server on all addresses is reached on this machine as 127.0.0.1."""
    shown = {"0.0.0.0": HOST, "::": "[::1]", "": HOST}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}/"


def _open_browser(address: str) -> None:
    try:
        opened = webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        logger.warning("no browser could be started; open the file named above in one")


class _OneLine(logging.Formatter):
    """Formats errors as one line; FACETRACKER_DEBUG=1 adds the traceback."""

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
