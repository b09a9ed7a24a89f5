"""A listener on 127.0.0.1 that admits callers by a token, however many others call."""

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
"""So many callers may be about to say hello; the one that has waited longest gives way to the next."""
MAX_HELLO_BYTES = 4096
CLOSE_LIMIT_S = 1.0


@dataclass(eq=False, slots=True)
class _Caller:
    """Somebody who has not shown the token yet."""

    connection: socket.socket
    deadline_s: float
    splitter: LineSplitter = field(default_factory=lambda: LineSplitter(MAX_HELLO_BYTES))


class AuthenticatedListener:
    """Listens on 127.0.0.1 and serves each caller whose hello has the token.

    One thread hears all who have not shown it, so that they cost next to nothing, and silent ones keep nobody out.
    serve: called in a separate thread with the connection and the hello; the connection is closed afterwards.
    """

    def __init__(self, name: str, serve: Callable[[JsonLineConnection, Message], None]) -> None:
        self._name = name
        self._serve = serve
        self._listening = socket.create_server((LOOPBACK, 0), backlog=MAX_UNAUTHENTICATED)
        self._listening.setblocking(False)
        self._wake, self._woken = socket.socketpair()
        self._callers: list[_Caller] = []  # who has waited longest first
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
                        self._hear(selector, key.data)
                # Who has called is heard before the next is let in, so that a flood does not drive out who was quick.
                if any(key.fileobj is self._listening for key in ready):
                    self._accept(selector)
                while self._callers and self._callers[0].deadline_s <= time.monotonic():
                    self._hang_up(selector, self._callers[0])
            for caller in self._callers:
                caller.connection.close()

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:  # the caller has left
            return
        except OSError:
            time.sleep(0.1)  # for instance out of file handles, which passes
            return
        connection.setblocking(False)
        caller = _Caller(connection, time.monotonic() + HELLO_LIMIT_S)
        if len(self._callers) >= MAX_UNAUTHENTICATED:
            self._hang_up(selector, self._callers[0])
        self._callers.append(caller)
        selector.register(connection, selectors.EVENT_READ, caller)

    def _hear(self, selector: selectors.BaseSelector, caller: _Caller) -> None:
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
            self._hang_up(selector, caller)
            return
        selector.unregister(caller.connection)
        self._callers.remove(caller)
        connection = JsonLineConnection(caller.connection, caller.splitter, lines[1:])
        threading.Thread(target=self._converse, args=(connection, hello), name=self._name, daemon=True).start()

    def _admitted(self, caller: _Caller, line: bytes | None) -> Message | None:
        """The hello in `line` when it has the token; else the caller may be told what is wrong."""
        if line is None:  # it left, or went on and on
            return None
        try:
            hello = decode(line)
        except ControlMessageError as error:
            logger.debug("%s: no hello: %s", self._name, error)
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

    def _hang_up(self, selector: selectors.BaseSelector, caller: _Caller) -> None:
        selector.unregister(caller.connection)
        self._callers.remove(caller)
        caller.connection.close()

    def _converse(self, connection: JsonLineConnection, hello: Message) -> None:
        try:
            self._serve(connection, hello)
        except OSError as error:
            logger.debug("%s: %s", self._name, error)
        finally:
            connection.close()
