"""Connections that exchange JSON lines."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress

from protocol.control import MAX_LINE_BYTES, ControlMessageError, LineSplitter, Message, decode, encode

SEND_LIMIT_S = 5.0
"""A peer that does not read for this long is disconnected."""
_CHUNK = 1 << 16


class JsonLineConnection:
    """A connection that exchanges JSON lines. `send` may be called from any thread, `receive` from one.

    splitter, lines: what has been read from it already.
    """

    def __init__(
        self, connection: socket.socket, splitter: LineSplitter | None = None, lines: Iterable[bytes | None] = ()
    ) -> None:
        connection.settimeout(SEND_LIMIT_S)
        self._connection = connection
        self._splitter = splitter or LineSplitter(MAX_LINE_BYTES)
        self._splitter.limit = MAX_LINE_BYTES
        self._lines = list(lines)
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Raises OSError when the peer is gone or does not read; the connection is closed then."""
        data = encode(message)
        try:
            with self._sending:
                self._connection.sendall(data)
        except OSError:
            self.close()
            raise

    def receive(self, deadline_s: float | None = None) -> Message | None:
        """The next message, or None at the end of the connection. deadline_s: on `time.monotonic`.

        Raises ControlMessageError for an invalid line; the next one may be valid. Raises TimeoutError at the deadline.
        """
        while not self._lines:
            if deadline_s is not None and time.monotonic() >= deadline_s:
                raise TimeoutError
            try:
                data = self._connection.recv(_CHUNK)
            except TimeoutError:
                continue
            except OSError:
                return None
            if not data:
                return None
            self._lines = self._splitter.feed(data)
        line = self._lines.pop(0)
        if line is None:
            raise ControlMessageError("a line was too long")
        return decode(line)

    def limit(self, seconds: float, line_bytes: int) -> None:
        """Set the time-out of each socket operation and the longest line that is accepted."""
        self._connection.settimeout(seconds)
        self._splitter.limit = line_bytes

    def close(self) -> None:
        """Disconnect; a blocked `receive` returns None. Safe to call twice."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
