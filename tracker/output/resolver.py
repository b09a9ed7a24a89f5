"""Resolves host names in a thread of its own, because a name server may take seconds to answer."""

from __future__ import annotations

import errno
import ipaddress
import logging
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

from tracker.errors import SettingsError
from tracker.output.target import Target

SocketAddress = tuple[Any, ...]
"""What `socket.sendto` takes: (address, port) for IPv4, (address, port, flow, scope) for IPv6."""

Resolution = tuple[socket.AddressFamily, SocketAddress]
Resolve = Callable[[Target], Resolution]

CLOSE_LIMIT_S = 0.2

# Users copy the address that means "every interface" from a receiver's settings. Linux sends it to the loopback
# interface; other systems refuse.
_UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def resolve(target: Target) -> Resolution:
    """Family and socket address of `target`, IPv4 where it has both. Raises OSError when the host is unknown."""
    host = _UNSPECIFIED.get(target.host, target.host)
    try:
        found = socket.getaddrinfo(host, target.port, type=socket.SOCK_DGRAM)
    except UnicodeError as error:  # a label that is empty or longer than 63 characters
        raise OSError(f"'{host}' is not a host name") from error
    # OpenSeeFace's receivers listen on IPv4 only, while localhost often resolves to ::1 first.
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


class Resolver:
    """A daemon thread that resolves one host name after another.

    A look-up cannot be interrupted, so `close` waits briefly and abandons one that hangs.
    """

    def __init__(self, resolve: Resolve = resolve) -> None:
        self._resolve = resolve
        self._questions: queue.SimpleQueue[Target | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Target, Resolution | OSError]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="udp-resolver", daemon=True)
        self._thread.start()

    def ask(self, target: Target) -> None:
        """Resolve `target`; a later call of `answers` returns the result."""
        self._questions.put(target)

    def answers(self) -> list[tuple[Target, Resolution | OSError]]:
        """Results since the last call: an address, or the reason why there is none."""
        found = []
        while not self._answers.empty():
            found.append(self._answers.get())
        return found

    def close(self) -> None:
        """End the thread, waiting at most `CLOSE_LIMIT_S`. Safe to call twice."""
        self._questions.put(None)
        self._thread.join(CLOSE_LIMIT_S)

    def _run(self) -> None:
        while (target := self._questions.get()) is not None:
            answer: Resolution | OSError
            try:
                answer = self._resolve(target)
            except OSError as error:
                answer = error
            self._answers.put((target, answer))


logger = logging.getLogger(__name__)


def listening_address(target: Target) -> Resolution:
    """Family and socket address to bind to. Logs a line when other machines can connect. Raises OSError."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    except UnicodeError as error:  # a label that is empty or longer than 63 characters
        raise OSError(f"'{target.host}' is not a host name") from error
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        logger.info("%s: other machines on this network can connect", target)
    return family, address


def cannot_listen(target: Target, error: OSError, advice: str = "") -> SettingsError:
    """The error for the user. advice: what to do instead, where the port is the reason."""
    if error.errno not in (errno.EADDRINUSE, errno.EACCES):
        advice = ""
    return SettingsError(f"cannot listen at {target} ({error.strerror or error}){advice and '; '}{advice}")
