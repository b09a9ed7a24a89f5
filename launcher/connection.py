"""Doors on 127.0.0.1 that let in who knows the token, and the conversations behind them."""

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
"""How long somebody may take to say who they are."""
SEND_LIMIT_S = 5.0
"""Who does not read for so long is hung up on."""
MAX_AT_THE_DOOR = 16
MAX_HELLO_BYTES = 4096
_CHUNK = 1 << 16


class JsonLineConnection:
    """One conversation in JSON lines. `send` may be called from any thread, `receive` from one."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(SEND_LIMIT_S)
        self._connection = connection
        self._splitter = LineSplitter(MAX_LINE_BYTES)
        self._lines: list[bytes | None] = []
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Raises OSError when the other side is gone or does not read; the channel is closed then."""
        data = encode(message)
        try:
            with self._sending:
                self._connection.sendall(data)
        except OSError:
            self.close()
            raise

    def receive(self, deadline_s: float | None = None) -> Message | None:
        """The next message, or None at the end of the conversation. deadline_s: of `time.monotonic`.

        Raises ControlMessageError for a line that is none; the next one may be. Raises TimeoutError at the deadline.
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
        """Look for a deadline, and give up sending, after so long; take lines of so many bytes."""
        self._connection.settimeout(seconds)
        self._splitter.limit = line_bytes

    def close(self) -> None:
        """Hang up; a `receive` that waits returns None. Safe to call twice."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class AuthenticatedListener:
    """Listens on 127.0.0.1 and hands over each caller that says hello with the token.

    converse: called in a thread of its own with the channel and the hello; the channel is closed afterwards.
    """

    def __init__(self, name: str, converse: Callable[[JsonLineConnection, Message], None]) -> None:
        self._name = name
        self._converse = converse
        self._places = threading.BoundedSemaphore(MAX_AT_THE_DOOR)
        self._listening = socket.create_server((LOOPBACK, 0))
        self._closed = False
        self.address = ControlAddress(LOOPBACK, self._listening.getsockname()[1], secrets.token_urlsafe(24))
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more; those inside stay. Safe to call twice."""
        self._closed = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # or `accept` would go on waiting
        self._listening.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                if self._closed:
                    return
                time.sleep(0.1)  # out of file handles, say: that passes
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
                self._converse(channel, hello)
        except OSError as error:
            logger.debug("%s: %s", self._name, error)
        finally:
            channel.close()

    def _hello(self, channel: JsonLineConnection) -> Message | None:
        channel.limit(HELLO_LIMIT_S / 5, MAX_HELLO_BYTES)  # little is spent on who has not shown the token
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
