"""Commands to the running tracker, over the connection that it opens to the launcher."""

from __future__ import annotations

import base64
import binascii
import logging
import math
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from launcher.connection import JsonLineConnection
from launcher.errors import LauncherError
from launcher.listener import AuthenticatedListener
from launcher.standing_requests import StandingRequests
from launcher.statistics import Statistics
from protocol.control import ControlAddress, ControlMessageError, Message

logger = logging.getLogger(__name__)

REPLY_LIMIT_S = 3.0


class ControlError(LauncherError):
    """The tracker is not connected, did not answer, or refused."""


class _UnansweredError(ControlError):
    """The command may have arrived or not."""


class TrackerControl:
    """Controls one tracker. Every method may be called from any thread and raises ControlError when it fails.

    A tracker that connects later is told again to pause and to mute the mouth, until `standing` is told to forget it.

    on_hello: called with the tracker's hello when it has connected. on_statistics: called with each report.
    statistics_every_s: interval of the reports; None = none.
    """

    def __init__(
        self,
        on_hello: Callable[[Message], object] = lambda hello: None,
        on_statistics: Callable[[Statistics], object] = lambda statistics: None,
        statistics_every_s: float | None = None,
    ) -> None:
        self._on_hello = on_hello
        self._on_statistics = on_statistics
        self._statistics_every_s = statistics_every_s
        self.standing = StandingRequests()
        """What was asked for and still holds."""
        self._listener: AuthenticatedListener | None = None
        self._channel: JsonLineConnection | None = None
        self._waiting: dict[int, Future[Message]] = {}
        self._last_id = 0
        self._lock = threading.Lock()

    def open(self) -> ControlAddress:
        """Listen for a tracker, with a new token. An earlier connection ends."""
        self.close()
        listener = AuthenticatedListener("launcher-control", self._serve)
        with self._lock:
            self._listener = listener
        return listener.address

    def close(self) -> None:
        """Disconnect. Safe to call twice."""
        with self._lock:
            listener, self._listener = self._listener, None
            channel, self._channel = self._channel, None
        if listener is not None:
            listener.close()
        if channel is not None:
            channel.close()

    @property
    def connected(self) -> bool:
        """Whether the tracker is connected."""
        return self._channel is not None

    def recentre(self) -> None:
        """Take the user's current pose and expression as neutral."""
        self.request("recentre")

    def clear_recentring(self) -> None:
        """Send poses as the camera sees them again."""
        self.request("recentre", clear=True)

    def reset_calibration(self) -> None:
        """Forget the range of each expression."""
        self.request("reset_calibration")

    def mute_mouth(self, muted: bool = True) -> None:
        """Hold the mouth closed in everything that is sent, or let it move again."""
        self.request("mute_mouth" if muted else "unmute_mouth")

    def change_sensitivity(self, settings: Mapping[str, Mapping[str, float]]) -> None:
        """Change how strongly each of ARKit's coefficients moves what is sent; ``docs/CONTROL.md`` has the values."""
        self.request("sensitivity", settings=settings)

    def pause(self) -> None:
        """Send nothing until `resume`. The camera stays open."""
        self.request("pause")

    def resume(self) -> None:
        """Continue after `pause`."""
        self.request("resume")

    def quit(self) -> None:
        """Ask the tracker to end. `TrackerProcess.stop` does that and makes sure of it."""
        self.request("quit")

    def statistics(self) -> Statistics:
        """Current performance figures."""
        try:
            return Statistics.from_message(self.request("statistics"))
        except ValueError as error:
            raise ControlError(str(error)) from error

    def report_every(self, seconds: float | None) -> None:
        """Subscribe to statistics at this interval; None unsubscribes."""
        self._statistics_every_s = seconds
        self.request("statistics", every_s=seconds or 0)

    def picture(self) -> bytes:
        """The current camera picture as JPEG, at most 640 pixels wide; at most ten per second."""
        answer = self.request("picture")
        try:
            return base64.b64decode(str(answer["jpeg"]), validate=True)
        except (KeyError, binascii.Error) as error:
            raise ControlError("the tracker sent an invalid picture") from error

    def request(self, command: str, limit_s: float = REPLY_LIMIT_S, **values: Any) -> Message:
        """Send `command` with `values` and return the reply; `protocol.control_commands` lists the commands."""
        try:
            reply = self._exchange(command, limit_s, values)
        except _UnansweredError:
            self.standing.unanswered(command)
            raise
        if reply.get("ok") is not True:
            raise ControlError(str(reply.get("error") or "the tracker gave no reason"))
        self.standing.executed(command)
        return reply

    def _exchange(self, command: str, limit_s: float, values: Mapping[str, Any]) -> Message:
        """Send `command` and return the reply, whatever it says."""
        future: Future[Message] = Future()
        with self._lock:
            channel = self._channel
            self._last_id += 1
            number = self._last_id
            if channel is not None:
                self._waiting[number] = future
        if channel is None:
            raise ControlError("the tracker is not connected")
        try:
            channel.send({"id": number, "command": command, **values})
            return future.result(limit_s)
        except OSError as error:
            if isinstance(error, FutureTimeoutError):  # the same class from Python 3.11 on, and an OSError
                raise _UnansweredError(f"the tracker did not answer within {limit_s:g} seconds") from error
            raise _UnansweredError("the tracker has disconnected") from error
        except FutureTimeoutError as error:
            raise _UnansweredError(f"the tracker did not answer within {limit_s:g} seconds") from error
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def _serve(self, channel: JsonLineConnection, hello: Message) -> None:
        """Receive from the tracker until it disconnects. Runs in a separate thread."""
        for command in self.standing.commands():  # first of all: its camera is not open yet
            channel.send({"id": 0, "command": command})
        with self._lock:
            previous, self._channel = self._channel, channel
        if previous is not None:
            previous.close()  # the tracker reconnected: its previous connection is dead
        self._on_hello(hello)
        if self._statistics_every_s is not None and math.isfinite(self._statistics_every_s):
            channel.send({"id": 0, "command": "statistics", "every_s": self._statistics_every_s})
        try:
            while True:
                try:
                    message = channel.receive()
                except ControlMessageError as error:
                    logger.debug("invalid message from the tracker: %s", error)
                    continue
                if message is None:
                    return
                self._receive(message)
        finally:
            with self._lock:
                if self._channel is channel:
                    self._channel = None
                    waiting, self._waiting = self._waiting, {}
                else:
                    waiting = {}
            for future in waiting.values():
                future.set_exception(ConnectionResetError("the tracker disconnected"))

    def _receive(self, message: Message) -> None:
        kind = message.get("type")
        if kind == "reply":
            number = message.get("id")
            with self._lock:
                future = self._waiting.pop(number, None) if isinstance(number, int) else None
            if future is not None:
                future.set_result(message)
        elif kind == "statistics":
            try:
                statistics = Statistics.from_message(message)
            except ValueError as error:
                logger.debug("%s", error)
                return
            self.standing.reported(statistics)
            self._on_statistics(statistics)
