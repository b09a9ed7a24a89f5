"""Connections on 127.0.0.1 that exchange JSON lines, and a listener that admits callers by a token."""

from __future__ import annotations

import hmac
import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from protocol.control import (
    MAX_LINE_BYTES,
    VERSION,
    ControlAddress,
    ControlMessageError,
    LineSplitter,
    Message,
    decode,
    encode,
)

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
HELLO_LIMIT_S = 5.0
"""How long a caller may take to send its hello."""
SEND_LIMIT_S = 5.0
"""A peer that does not read for this long is disconnected."""
MAX_UNAUTHENTICATED = 16
MAX_HELLO_BYTES = 4096
_CHUNK = 1 << 16


class JsonLineConnection:
    """A connection that exchanges JSON lines. `send` may be called from any thread, `receive` from one."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(SEND_LIMIT_S)
        self._connection = connection
        self._splitter = LineSplitter(MAX_LINE_BYTES)
        self._lines: list[bytes | None] = []
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


class AuthenticatedListener:
    """Listens on 127.0.0.1 and serves each caller whose hello has the token.

    serve: called in a separate thread with the connection and the hello; the connection is closed afterwards.
    """

    def __init__(self, name: str, serve: Callable[[JsonLineConnection, Message], None]) -> None:
        self._name = name
        self._serve = serve
        self._places = threading.BoundedSemaphore(MAX_UNAUTHENTICATED)
        self._listening = socket.create_server((LOOPBACK, 0))
        self._closed = False
        self.address = ControlAddress(LOOPBACK, self._listening.getsockname()[1], secrets.token_urlsafe(24))
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def close(self) -> None:
        """Accept no more callers; open connections stay. Safe to call twice."""
        self._closed = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # or `accept` would keep waiting
        self._listening.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                if self._closed:
                    return
                time.sleep(0.1)  # for instance out of file handles, which passes
                continue
            if not self._places.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._receive, args=(connection,), name=self._name, daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        channel = JsonLineConnection(connection)
        try:
            try:
                hello = self._hello(channel)
            finally:
                self._places.release()
            if hello is not None:
                self._serve(channel, hello)
        except OSError as error:
            logger.debug("%s: %s", self._name, error)
        finally:
            channel.close()

    def _hello(self, channel: JsonLineConnection) -> Message | None:
        channel.limit(HELLO_LIMIT_S / 5, MAX_HELLO_BYTES)  # callers without the token get few resources
        try:
            hello = channel.receive(time.monotonic() + HELLO_LIMIT_S)
        except (TimeoutError, ControlMessageError) as error:
            logger.debug("%s: no hello: %s", self._name, error)
            return None
        channel.limit(SEND_LIMIT_S, MAX_LINE_BYTES)
        if hello is None:
            return None
        token = str(hello.get("token", "")).encode()
        if hello.get("type") != "hello" or not hmac.compare_digest(token, self.address.token.encode()):
            channel.send({"type": "refused", "error": "the token is wrong"})
            return None
        if hello.get("protocol") != VERSION:
            channel.send({"type": "refused", "error": f"this launcher speaks version {VERSION} of the protocol"})
            return None
        return hello
