"""The control channel between a launcher and the tracker: its address and its framing.

A launcher listens on 127.0.0.1 and puts the address and a random token into the environment of the tracker it starts.
The tracker connects, sends a hello, and from then on answers each JSON line with a JSON line.
``docs/CONTROL.md`` describes the messages. Standard library only.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from protocol.foreign_json import ForeignJsonError, dump_json, parse_object

VERSION = 1
"""Increased when a message changes its meaning; new commands and fields do not change it."""
VARIABLE = "FACETRACKER_CONTROL"
"""The environment variable that holds ``HOST:PORT:TOKEN``."""
MAX_LINE_BYTES = 4 << 20
"""Longer lines are refused; a picture of 640 pixels' width is much shorter."""
MAX_COMMAND_BYTES = 64 << 10
"""The longest line that the tracker accepts."""
MAX_DEPTH = 16

Message = dict[str, Any]


class ControlMessageError(ValueError):
    """A line is not a valid message, or an address is invalid."""


@dataclass(frozen=True, slots=True)
class ControlAddress:
    """Where the launcher listens. host: a loopback address; token: authenticates the tracker."""

    host: str
    port: int
    token: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}:{self.token}"

    @classmethod
    def parse(cls, text: str) -> ControlAddress:
        """The reverse of ``str``. Raises ControlMessageError for anything else and for other hosts."""
        host, _, rest = text.strip().partition(":")
        port, _, token = rest.partition(":")
        try:
            loopback = ipaddress.IPv4Address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise ControlMessageError(f"{host!r} is not a loopback address such as 127.0.0.1")
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise ControlMessageError(f"{port!r} is not a port number between 1 and 65535")
        if not token:
            raise ControlMessageError("there is no token after the port")
        return cls(host, int(port), token)


def encode(message: Message) -> bytes:
    """`message` as one line with a line feed. Raises ValueError for a number that JSON lacks (NaN)."""
    return dump_json(message).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """The object in `line`. Raises ControlMessageError for anything else."""
    try:
        return parse_object(line, max_bytes=MAX_LINE_BYTES, max_depth=MAX_DEPTH)
    except ForeignJsonError as error:
        raise ControlMessageError(f"the line cannot be read: {error}") from None


class LineSplitter:
    """Splits a stream of bytes into lines; buffers at most `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """The lines that `data` completes, without their ends; None for one that was too long."""
        *ends, rest = data.split(b"\n")
        lines: list[bytes | None] = []
        for end in ends:
            self._keep(end)
            lines.append(None if self._overlong else bytes(self._kept))
            self._kept.clear()
            self._overlong = False
        self._keep(rest)
        return lines

    def _keep(self, data: bytes) -> None:
        if self._overlong or len(self._kept) + len(data) > self.limit:
            self._overlong = True
            self._kept.clear()
        else:
            self._kept += data
