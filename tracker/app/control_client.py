"""The tracker's end of the control channel: dials the launcher that started it and does what it asks.

In a thread of its own, which tracking never waits for. ``docs/CONTROL.md`` describes the messages.
"""

from __future__ import annotations

import base64
import logging
import math
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

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
from tracker import version
from tracker.app.run_control import RunControl

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
"""Between attempts to dial; each pause is twice the one before."""
CONNECT_LIMIT_S, SEND_LIMIT_S = 2.0, 5.0
IDLE_S = 0.25
"""How often a quiet conversation looks whether it should end."""
PICTURE_POLL_S = 0.02
PICTURE_INTERVAL_S = 0.1
PICTURE_LIMIT_S = 2.0
"""After so long without a frame a wish for a picture is refused."""
PICTURE_WIDTH, PICTURE_QUALITY = 640, 80
SHORTEST_REPORT_S = 0.1
MAX_ID_LENGTH = 64
_CHUNK = 1 << 14


class CommandError(Exception):
    """The answer to a command that cannot be followed, in words."""


def address_from_environment(environment: Mapping[str, str] = os.environ) -> ControlAddress | None:
    """Where to dial; None without a launcher, and after a warning for an address that is none."""
    text = environment.get(VARIABLE)
    if not text:
        return None
    try:
        return ControlAddress.parse(text)
    except ControlMessageError as error:
        logger.warning("the control channel is off: %s is wrong: %s", VARIABLE, error)
        return None


class ControlClient:
    """Keeps a conversation with the launcher at `address` for as long as the tracker runs."""

    def __init__(
        self, address: ControlAddress, run_control: RunControl, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = address
        self._run_control = run_control
        self._monotonic = monotonic
        self._closing = threading.Event()
        self._refused = False
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Dial, and dial again whenever the launcher hangs up."""
        self._thread.start()

    def close(self) -> None:
        """Hang up. Safe to call twice."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(2 * IDLE_S)

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._closing.is_set() and not self._refused:
            try:
                with socket.create_connection((self._address.host, self._address.port), CONNECT_LIMIT_S) as connection:
                    pause_s = FIRST_PAUSE_S
                    logger.debug("the control channel is open")
                    _Conversation(connection, self._address.token, self._run_control, self._monotonic).hold(
                        self._closing
                    )
            except _RefusedError as error:
                logger.warning("the launcher refused the control channel: %s", error)
                return
            except OSError as error:
                logger.debug("the control channel is closed: %s", error)
            except Exception:  # whatever it is, the tracker goes on
                logger.warning("the control channel failed; it is opened again")
                logger.debug("control", exc_info=True)
            self._closing.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


class _RefusedError(Exception):
    """The launcher does not know us; asking again would not help."""


class _Conversation:
    """One connection, from hello to its end."""

    def __init__(
        self, connection: socket.socket, token: str, run_control: RunControl, monotonic: Callable[[], float]
    ) -> None:
        connection.settimeout(SEND_LIMIT_S)
        self._connection = connection
        self._token = token
        self._run_control = run_control
        self._monotonic = monotonic
        self._report_every_s: float | None = None
        self._next_report_s = 0.0
        self._picture_ids: list[Any] = []  # of those who wait for one
        self._picture_asked_s = 0.0
        self._next_picture_s = 0.0
        self._picture_ordered = False
        self._commands: dict[str, Callable[[Message], Message]] = {
            "recentre": self._recentre,
            "reset_calibration": self._reset_calibration,
            "pause": lambda message: self._pause(True),
            "resume": lambda message: self._pause(False),
            "statistics": self._statistics,
            "quit": self._quit,
        }

    def hold(self, closing: threading.Event) -> None:
        """Answer until `closing` or until the launcher hangs up. Raises OSError for the rest of what can happen."""
        self._send(
            {"type": "hello", "protocol": VERSION, "token": self._token, "pid": os.getpid(), "version": version.VERSION}
        )
        splitter = LineSplitter(MAX_COMMAND_BYTES)
        try:
            while not closing.is_set():
                readable, _, _ = select.select([self._connection], [], [], self._patience_s())
                if readable:
                    data = self._connection.recv(_CHUNK)
                    if not data:
                        return
                    for line in splitter.feed(data):
                        self._answer(line)
                self._report()
                self._show()
        finally:
            self._run_control.forget_picture()

    def _patience_s(self) -> float:
        """Until there is something to do besides listening."""
        if self._picture_ids:
            return PICTURE_POLL_S
        if self._report_every_s is None:
            return IDLE_S
        return min(max(self._next_report_s - self._monotonic(), 0.0), IDLE_S)

    def _answer(self, line: bytes | None) -> None:
        number: Any = None
        try:
            if line is None:
                raise CommandError(f"the line is longer than {MAX_COMMAND_BYTES} bytes")
            message = decode(line)
            if message.get("type") == "refused":
                raise _RefusedError(str(message.get("error"))[:200])
            number = _identity(message.get("id"))
            command = message.get("command")
            if command == "picture":
                self._want_picture(number)
                return
            known = self._commands.get(command) if isinstance(command, str) else None
            if known is None:
                names = ", ".join(sorted([*self._commands, "picture"]))
                raise CommandError(f"there is no command {str(command)[:40]!r}; there are {names}")
            values = known(message)
        except (CommandError, ControlMessageError) as error:
            self._send({"type": "reply", "id": number, "ok": False, "error": str(error)})
        else:
            self._send({"type": "reply", "id": number, "ok": True, **values})

    def _recentre(self, message: Message) -> Message:
        clear = message.get("clear", False)
        if not isinstance(clear, bool):
            raise CommandError("'clear' is true or false")
        if clear:
            self._run_control.clear_recentring()
        elif not self._run_control.recentre():
            raise CommandError("tracking has not begun yet")
        return {}

    def _reset_calibration(self, message: Message) -> Message:
        if not self._run_control.reset_calibration():
            raise CommandError("tracking has not begun yet")
        return {}

    def _pause(self, paused: bool) -> Message:
        self._run_control.pause(paused)
        return {}

    def _quit(self, message: Message) -> Message:
        self._run_control.quit()
        return {}

    def _statistics(self, message: Message) -> Message:
        if "every_s" in message:
            self._report_every_s = _interval(message["every_s"])
            self._next_report_s = self._monotonic() + (self._report_every_s or 0.0)
        return self._run_control.statistics()

    def _report(self) -> None:
        """Statistics for who subscribed, when they are due."""
        if self._report_every_s is None or self._monotonic() < self._next_report_s:
            return
        self._next_report_s = self._monotonic() + self._report_every_s
        self._send({"type": "statistics", **self._run_control.statistics()})

    def _want_picture(self, number: Any) -> None:
        if len(self._picture_ids) >= 100:
            raise CommandError("too many pictures were asked for at once")
        if not self._picture_ids:
            self._picture_asked_s = self._monotonic()
        self._picture_ids.append(number)

    def _show(self) -> None:
        """Order a picture once it may be, and send it to everybody who waits once it came."""
        if not self._picture_ids:
            return
        now_s = self._monotonic()
        if not self._picture_ordered:
            if now_s < self._next_picture_s:
                return
            self._run_control.want_picture()
            self._picture_ordered = True
            return
        picture = self._run_control.take_picture()
        if picture is None and now_s - self._picture_asked_s < PICTURE_LIMIT_S:
            return
        values: Message
        if picture is None:
            self._run_control.forget_picture()
            values = {"ok": False, "error": "the camera delivers no picture now"}
        else:
            values = {"ok": True, **_as_jpeg(picture)}
        numbers, self._picture_ids = self._picture_ids, []
        self._picture_ordered = False
        self._next_picture_s = now_s + PICTURE_INTERVAL_S
        for number in numbers:
            self._send({"type": "reply", "id": number, **values})

    def _send(self, message: Message) -> None:
        self._connection.sendall(encode(message))


def _identity(number: Any) -> Any:
    """What a reply repeats of a request. Raises CommandError for what it cannot."""
    if number is None or isinstance(number, int) or (isinstance(number, str) and len(number) <= MAX_ID_LENGTH):
        return number
    raise CommandError(f"'id' is a whole number or a text of at most {MAX_ID_LENGTH} letters")


def _interval(seconds: Any) -> float | None:
    """Seconds between reports; None for 0, which ends them. Raises CommandError for what is no interval."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise CommandError("'every_s' is a number of seconds")
    if seconds == 0:
        return None
    if not SHORTEST_REPORT_S <= seconds <= 3600:
        raise CommandError(f"'every_s' is 0, or {SHORTEST_REPORT_S} to 3600 seconds, not {seconds}")
    return float(seconds)


def _as_jpeg(picture: npt.NDArray[np.uint8]) -> Message:
    """The fields of a reply that carries `picture` (H, W, 3) BGR, made small enough to look at."""
    height, width = picture.shape[:2]
    if width > PICTURE_WIDTH:
        size = PICTURE_WIDTH, max(1, round(height * PICTURE_WIDTH / width))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, PICTURE_QUALITY])
    if not done:
        return {"ok": False, "error": "the picture cannot be encoded"}
    return {
        "jpeg": base64.b64encode(data.tobytes()).decode("ascii"),
        "width": int(picture.shape[1]),
        "height": int(picture.shape[0]),
    }
