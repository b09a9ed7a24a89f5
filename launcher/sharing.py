"""Finds other launchers of this user whose tracker sends to the same receiver, which would mix two faces."""

from __future__ import annotations

import argparse
import ipaddress
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from launcher.errors import LauncherError
from launcher.instances import running_launchers
from launcher.options import OPENSEEFACE, Receiver, TrackerOptions
from protocol import facejson, ifacialmocap, livelink, opentrack, vmc, vtubestudio

Place = tuple[str, int]
DEFAULT_PORTS = {
    OPENSEEFACE: Receiver().port,
    "vmc": vmc.PERFORMER_PORT,
    "ifacialmocap": ifacialmocap.DEFAULT_PORT,
    "ifacialmocap+listen": ifacialmocap.DEFAULT_PORT,
    "livelink": livelink.DEFAULT_PORT,
    "opentrack": opentrack.DEFAULT_PORT,
    "vts": vtubestudio.DEFAULT_PORT,
    "json": facejson.UDP_PORT,
    "json+ws": facejson.WEBSOCKET_PORT,
}
"""Where a ``--target`` without a port sends, by its format; those of a newer tracker are not known."""
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


class _Parser(argparse.ArgumentParser):
    """Finds the options that name receivers, abbreviated or not, among others."""

    def __init__(self) -> None:
        super().__init__(add_help=False)
        self.add_argument("-i", "--ip")
        self.add_argument("-p", "--port")
        self.add_argument("--target", action="append", default=[])

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _places(words: Sequence[str]) -> set[Place]:
    """The receivers of a tracker with these arguments; what the tracker would refuse is left out."""
    try:
        given, _ = _Parser().parse_known_args(list(words))
    except ValueError:  # the tracker will not start
        return set()
    default = Receiver()
    texts = list(given.target)
    if not texts or given.ip is not None or given.port is not None:
        host = default.host if given.ip is None else given.ip.strip("[]")
        texts.append(f"{f'[{host}]' if ':' in host else host}:{default.port if given.port is None else given.port}")
    places = set()
    for text in texts:
        with suppress(ValueError):  # no valid port
            places.add(_place(text))
    return places


def _place(target: str) -> Place:
    """The receiver of a ``--target``. Raises ValueError for one that has no port, of its own or by its format."""
    parts = urlsplit(target.strip() if "://" in target else f"//{target.strip()}")
    port = DEFAULT_PORTS.get(parts.scheme) if parts.port is None else parts.port
    if not parts.hostname or port is None:
        raise ValueError("no receiver")
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
    with suppress(ValueError):  # a name
        host = str(ipaddress.ip_address(host))  # however it is written
    return host, port
