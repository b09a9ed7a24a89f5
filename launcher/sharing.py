"""Finds other launchers of this user whose tracker sends to the same receiver, which would mix two faces."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from launcher.errors import LauncherError
from launcher.instances import running_launchers
from launcher.options import Receiver, TrackerOptions

Place = tuple[str, int]
_RUNNING = ("running", "waiting")


def shared_receivers(options: TrackerOptions, folder: Path | None = None) -> tuple[str, ...]:
    """One sentence for each other launcher that runs a tracker for one of the receivers of `options`."""
    ours = _places(options.arguments())
    sentences = []
    for launcher in running_launchers(folder):
        if launcher.pid == os.getpid():
            continue
        with suppress(LauncherError):
            status = launcher.ask("status")
            arguments = status.get("arguments")
            if status.get("state") in _RUNNING and isinstance(arguments, list):
                sentences += [
                    f"the launcher with process id {launcher.pid} already runs a tracker that sends to "
                    f"{host}:{port}; two at once make the avatar jump"
                    for host, port in sorted(ours & _places(list(map(str, arguments))))
                ]
    return tuple(sentences)


def _places(words: Sequence[str]) -> set[Place]:
    """The receivers of a tracker with these arguments; without a target, the default one."""
    places = set()
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--target" or word.startswith("--target="):
            text = following if word == "--target" else word.removeprefix("--target=")
            with suppress(ValueError):  # no valid port
                parts = urlsplit(text if "://" in text else f"//{text}")
                if parts.hostname and parts.port:
                    places.add((parts.hostname.replace("localhost", "127.0.0.1"), parts.port))
    return places or {(Receiver().host, Receiver().port)}
