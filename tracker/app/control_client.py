"""The tracker's end of the control channel: connects to the launcher that started it and executes its commands.

Runs in a separate thread, which tracking never waits for. ``docs/CONTROL.md`` describes the messages.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from protocol.control import (
    MAX_COMMAND_BYTES,
    VARIABLE,
    VERSION,
    ControlAddress,
    ControlMessageError,
    LineSplitter,
    Message,
    decode,
    encode,
)
from protocol.control_commands import COMMANDS
from tracker import version
from tracker.app.command_error import CommandError
from tracker.app.picture_requests import PictureRequests, TooManyRequestsError
from tracker.app.run_control import RunControl
from tracker.backoff import Backoff

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
"""Between attempts to connect."""
CONNECT_LIMIT_S, SEND_LIMIT_S = 2.0, 5.0
IDLE_S = 0.25
"""How often an idle connection checks whether it should be closed."""
PICTURE_POLL_S = 0.02
MAX_ID_LENGTH = 64
_CHUNK = 1 << 14


def address_from_environment(environment: Mapping[str, str] = os.environ) -> ControlAddress | None:
    """Launcher address from the environment; None if unset or, with a warning, malformed."""
    text = environment.get(VARIABLE)
    if not text:
        return None
    try:
        return ControlAddress.parse(text)
    except ControlMessageError as error:
        logger.warning("the control channel is off: %s is invalid: %s", VARIABLE, error)
        return None


class ControlClient:
    """Keeps a connection to the launcher at `address` for as long as the tracker runs."""

    def __init__(
        self, address: ControlAddress, run_control: RunControl, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = address
        self._run_control = run_control
        self._monotonic = monotonic
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Connect, and reconnect whenever the launcher closes the connection."""
        self._thread.start()

    def close(self) -> None:
        """Disconnect. Safe to call twice."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(2 * IDLE_S)

    def _run(self) -> None:
        backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while not self._closing.is_set():
            try:
                with socket.create_connection((self._address.host, self._address.port), CONNECT_LIMIT_S) as connection:
                    backoff.reset()
                    logger.debug("the control channel is open")
                    _Session(connection, self._address.token, self._run_control, self._monotonic).serve(self._closing)
            except _RefusedError as error:
                logger.warning("the launcher refused the control channel: %s", error)
                return
            except OSError as error:
                logger.debug("the control channel is closed: %s", error)
            except Exception:  # whatever it is, tracking goes on
                logger.warning("the control channel failed; reconnecting")
                logger.debug("control", exc_info=True)
            backoff.wait(self._closing)


class _RefusedError(Exception):
    """The launcher does not accept this tracker; reconnecting would not help."""


class _Session:
    """One connection, from hello to its end."""

    def __init__(
        self, connection: socket.socket, token: str, run_control: RunControl, monotonic: Callable[[], float]
    ) -> None:
        connection.settimeout(SEND_LIMIT_S)
        self._connection = connection
        self._token = token
        self._run_control = run_control
        self._monotonic = monotonic
        self._report_every_s = 0.0
        self._next_report_s = 0.0
        self._pictures = PictureRequests(run_control, monotonic)

    def serve(self, closing: threading.Event) -> None:
        """Answer until `closing` or until the launcher disconnects. Raises OSError when the connection fails."""
        self._send(
            {"type": "hello", "protocol": VERSION, "token": self._token, "pid": os.getpid(), "version": version.VERSION}
        )
        splitter = LineSplitter(MAX_COMMAND_BYTES)
        try:
            while not closing.is_set():
                readable, _, _ = select.select([self._connection], [], [], self._wait_s())
                if readable:
                    data = self._connection.recv(_CHUNK)
                    if not data:
                        return
                    for line in splitter.feed(data):
                        self._answer(line)
                self._report()
                for reply in self._pictures.replies():
                    self._send(reply)
        finally:
            self._pictures.close()

    def _wait_s(self) -> float:
        """How long to wait for a command before there is something else to do."""
        if self._pictures.pending:
            return PICTURE_POLL_S
        if not self._report_every_s:
            return IDLE_S
        return min(max(self._next_report_s - self._monotonic(), 0.0), IDLE_S)

    def _answer(self, line: bytes | None) -> None:
        request_id: Any = None
        try:
            if line is None:
                raise CommandError(f"the line is longer than {MAX_COMMAND_BYTES} bytes")
            message = decode(line)
            if message.get("type") == "refused":
                raise _RefusedError(str(message.get("error"))[:200])
            request_id = _request_id(message.get("id"))
            values = self._execute(message, request_id)
        except (CommandError, ControlMessageError, TooManyRequestsError) as error:
            self._send({"type": "reply", "id": request_id, "ok": False, "error": str(error)})
        else:
            if values is not None:
                self._send({"type": "reply", "id": request_id, "ok": True, **values})

    def _execute(self, message: Message, request_id: Any) -> Message | None:
        """The values of the reply; None for one that comes later.

        Raises CommandError and ControlMessageError for a command that does not exist or cannot be executed.
        """
        name = message.get("command")
        if name is None:
            raise CommandError("'command' is missing")
        command = COMMANDS.get(name) if isinstance(name, str) else None
        if command is None:
            names = ", ".join(sorted(COMMANDS))
            raise CommandError(f"there is no command {str(name)[:40]!r}; commands are {names}")
        values = command.values(message)
        if command.name == "picture":
            self._pictures.add(request_id)
            return None
        if command.name == "statistics" and "every_s" in values:
            self._report_every_s = values.pop("every_s")
            self._next_report_s = self._monotonic() + self._report_every_s
        method: Callable[..., Message | None] = getattr(self._run_control, command.name)
        return method(**values) or {}

    def _report(self) -> None:
        """Send the statistics that were subscribed to, when they are due."""
        if not self._report_every_s or self._monotonic() < self._next_report_s:
            return
        self._next_report_s = self._monotonic() + self._report_every_s
        self._send({"type": "statistics", **self._run_control.statistics()})

    def _send(self, message: Message) -> None:
        self._connection.sendall(encode(message))


def _request_id(value: Any) -> Any:
    """What the reply repeats of the request. Raises CommandError for an id that cannot be repeated."""
    if value is None or type(value) is int or (isinstance(value, str) and len(value) <= MAX_ID_LENGTH):
        return value
    raise CommandError(f"'id' must be an integer or a text of at most {MAX_ID_LENGTH} characters")
