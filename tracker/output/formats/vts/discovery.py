"""Finds the port of VTube Studio from its broadcasts, in case the user changed it."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time

from protocol import vtubestudio

LISTEN_S = 2.5
"""VTube Studio announces itself every two seconds."""
_SLICE_S = 0.1


def find_port(host: str, stop: threading.Event, port: int = vtubestudio.DISCOVERY_PORT) -> int | None:
    """The port that a VTube Studio on `host` announces within `LISTEN_S`; None without one, or if listening fails.

    stop: ends the wait. port: the port announcements are sent to.
    """
    try:
        wanted = {entry[4][0] for entry in socket.getaddrinfo(host, None, socket.AF_INET)}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # other plug-ins listen there too
            listening.bind(("", port))
            listening.settimeout(_SLICE_S)
            return _listen(listening, {str(address) for address in wanted}, stop)
    except (OSError, UnicodeError):
        return None


def _listen(listening: socket.socket, wanted: set[str], stop: threading.Event) -> int | None:
    until = time.monotonic() + LISTEN_S
    while time.monotonic() < until and not stop.is_set():
        try:
            datagram, sender = listening.recvfrom(8192)
        except TimeoutError:
            continue
        except OSError:  # an oversized datagram, as Windows reports it
            continue
        found = vtubestudio.announced_port(datagram)
        if found is not None and (sender[0] in wanted or _both_here(sender[0], wanted)):
            return found
    return None


def _both_here(sender: str, wanted: set[str]) -> bool:
    """Whether a loopback host was requested and the sender is this machine, whose broadcasts carry its own address."""
    return any(ipaddress.ip_address(address).is_loopback for address in wanted) and _is_ours(sender)


def _is_ours(address: str) -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
            attempt.bind((address, 0))
    except OSError:
        return False
    return True
