"""Files that redirect a browser to the page: readable by the user only, each with a single-use ticket.

A browser is started with the name of such a file, because every user can read its command line.
"""

from __future__ import annotations

import html
import secrets
import sys
from contextlib import suppress
from pathlib import Path

from launcher.errors import LauncherError
from launcher.instances import private_folder
from launcher.profiles import runtime_folder
from protocol.atomic_file import write_atomically

_CONFINED = ("firefox", "chromium", "brave", "opera")
"""Browsers that Ubuntu installs as snaps, which can read the home folder but neither the runtime nor hidden folders."""


class EntryPages:
    """The entry files of one window.

    address: of the page. folder: of the files; None = one that the user's browser can read.
    """

    def __init__(self, address: str, folder: Path | None = None) -> None:
        self._address = address
        self._folder = folder
        self._paths: dict[str, Path] = {}

    def link(self, ticket: str) -> str:
        """The page's address with `ticket` in the part that browsers do not send."""
        return f"{self._address}#{ticket}"

    def write(self, ticket: str) -> Path:
        """A new file that redirects to the page with `ticket`. Raises LauncherError if it cannot be stored safely."""
        name = f"facetracker-window-{secrets.token_hex(4)}.html"
        try:
            path = (self._folder or _readable_folder()) / name
            write_atomically(path, _content(self.link(ticket)), durable=False)
        except OSError as error:
            raise LauncherError(f"the file for the browser cannot be written: {error}") from error
        self._paths[ticket] = path
        return path

    def used(self, ticket: str) -> None:
        """Remove the file of `ticket`, which is no longer valid."""
        path = self._paths.pop(ticket, None)
        if path is not None:
            with suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Remove all files. Safe to call twice."""
        for ticket in list(self._paths):
            self.used(ticket)


def _readable_folder() -> Path:
    if sys.platform == "linux" and any((Path("/snap/bin") / name).exists() for name in _CONFINED):
        return Path.home()
    return private_folder(runtime_folder())


def _content(link: str) -> str:
    target = html.escape(link, quote=True)
    return f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="referrer" content="no-referrer">
  <meta http-equiv="refresh" content="0; url={target}">
  <title>facetracker</title>
</head>
<body><p><a href="{target}">Open the face tracker's window</a></p></body>
</html>
"""
