"""A listener on 127.0.0.1 that admits callers by a token and withstands floods of others."""

from __future__ import annotations

import hmac
import logging
import secrets
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from launcher.connection import JsonLineConnection
from protocol.control import VERSION, ControlAddress, ControlMessageError, LineSplitter, Message, decode, encode

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
HELLO_LIMIT_S = 5.0
"""How long a caller may take to send its hello."""
MAX_UNAUTHENTICATED = 64
"""Beyond this many callers without a hello, the one that has waited longest is dropped."""
MAX_HELLO_BYTES = 4096
CLOSE_LIMIT_S = 1.0


@dataclass(eq=False, slots=True)
class _Caller:
    """A caller that has not sent the token yet."""

    connection: socket.socket
    deadline_s: float
    splitter: LineSplitter = field(default_factory=lambda: LineSplitter(MAX_HELLO_BYTES))


class AuthenticatedListener:
    """Listens on 127.0.0.1 and serves each caller whose hello has the token.

    One thread reads from all callers that have not sent it, so that they cost little and silent ones block nobody.
    serve: called in a separate thread with the connection and the hello; the connection is closed afterwards.
    """

    def __init__(self, name: str, serve: Callable[[JsonLineConnection, Message], None]) -> None:
        self._name = name
        self._serve = serve
        self._listening = socket.create_server((LOOPBACK, 0), backlog=MAX_UNAUTHENTICATED)
        self._listening.setblocking(False)
        self._wake, self._woken = socket.socketpair()
        self._callers: list[_Caller] = []  # the longest-waiting first
        self.address = ControlAddress(LOOPBACK, self._listening.getsockname()[1], secrets.token_urlsafe(24))
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Accept no more callers; open connections stay. Safe to call twice."""
        self._wake.close()
        self._thread.join(CLOSE_LIMIT_S)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector, self._listening, self._woken:
            selector.register(self._listening, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                pause_s = self._callers[0].deadline_s - time.monotonic() if self._callers else None
                ready = [key for key, _ in selector.select(None if pause_s is None else max(pause_s, 0.0))]
                if any(key.fileobj is self._woken for key in ready):
                    break
                for key in ready:
                    if isinstance(key.data, _Caller) and key.data in self._callers:
                        self._read(selector, key.data)
                # Callers are read before new ones are accepted, so that a flood does not drop those that were quick.
                if any(key.fileobj is self._listening for key in ready):
                    self._accept(selector)
                while self._callers and self._callers[0].deadline_s <= time.monotonic():
                    self._drop(selector, self._callers[0])
            for caller in self._callers:
                caller.connection.close()

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:  # the caller has disconnected
            return
        except OSError:
            time.sleep(0.1)  # for instance out of file handles, which passes
            return
        connection.setblocking(False)
        caller = _Caller(connection, time.monotonic() + HELLO_LIMIT_S)
        if len(self._callers) >= MAX_UNAUTHENTICATED:
            self._drop(selector, self._callers[0])
        self._callers.append(caller)
        selector.register(connection, selectors.EVENT_READ, caller)

    def _read(self, selector: selectors.BaseSelector, caller: _Caller) -> None:
        try:
            data = caller.connection.recv(MAX_HELLO_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        lines = caller.splitter.feed(data)
        if data and not lines:
            return
        hello = self._admitted(caller, lines[0] if lines else None)
        if hello is None:
            self._drop(selector, caller)
            return
        selector.unregister(caller.connection)
        self._callers.remove(caller)
        connection = JsonLineConnection(caller.connection, caller.splitter, lines[1:])
        threading.Thread(target=self._serve_one, args=(connection, hello), name=self._name, daemon=True).start()

    def _admitted(self, caller: _Caller, line: bytes | None) -> Message | None:
        """The hello in `line` if it has the token; otherwise the caller is sent the reason."""
        if line is None:  # it disconnected, or its line was too long
            return None
        try:
            hello = decode(line)
        except ControlMessageError as error:
            logger.debug("%s: invalid hello: %s", self._name, error)
            return None
        token = hello.get("token")
        known = isinstance(token, str) and hmac.compare_digest(token.encode(), self.address.token.encode())
        if hello.get("type") != "hello" or not known:
            refusal = "the token is wrong"
        elif hello.get("protocol") != VERSION:
            refusal = f"this launcher speaks version {VERSION} of the protocol"
        else:
            return hello
        with suppress(OSError):
            caller.connection.send(encode({"type": "refused", "error": refusal}))
        return None

    def _drop(self, selector: selectors.BaseSelector, caller: _Caller) -> None:
        selector.unregister(caller.connection)
        self._callers.remove(caller)
        caller.connection.close()

    def _serve_one(self, connection: JsonLineConnection, hello: Message) -> None:
        try:
            self._serve(connection, hello)
        except OSError as error:
            logger.debug("%s: %s", self._name, error)
        finally:
            connection.close()
