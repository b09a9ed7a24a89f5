"""Events in the life of a tracker process, and their dispatch to subscribers."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from launcher.output_log import LogLine, Transcript
from launcher.statistics import Statistics

logger = logging.getLogger(__name__)

MAX_WAITING = 1000


@dataclass(frozen=True, slots=True)
class Started:
    """A process was started."""

    pid: int


@dataclass(frozen=True, slots=True)
class Connected:
    """The tracker opened its control channel and takes commands. version: the tracker's."""

    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """It ended on request, or its input ended; it is not restarted."""

    exit_code: int


@dataclass(frozen=True, slots=True)
class Crashed:
    """It ended unexpectedly. explanation: a sentence for the user. `Restarting` follows."""

    exit_code: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Restarting:
    """It will be restarted in `seconds`. attempt: counts from 1 for restarts in a row."""

    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot work with these settings and is not restarted. explanation: a sentence for the user."""

    exit_code: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Lines:
    """It printed something. left_out: lines dropped because they arrived too fast."""

    lines: tuple[LogLine, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class StatisticsCame:
    """The tracker reported its performance."""

    statistics: Statistics


Event = Started | Connected | Stopped | Crashed | Restarting | Refused | Lines | StatisticsCame
Callback = Callable[[Event], object]


class EventDispatcher:
    """Calls the subscribers with each event, in order, in a separate thread.

    A callback that is slow or fails delays neither the tracker nor the emitter. Lines are not queued: when the
    callbacks are ready, everything new in the transcript is passed on at once.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._dispatched_lines = 0
        self._callbacks: list[Callback] = []
        self._events: deque[Event] = deque(maxlen=MAX_WAITING)
        self._changed = threading.Condition()
        self._dispatching = False
        self._thread: threading.Thread | None = None

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call `callback` with each event from now on. Returns a function that unsubscribes it."""
        with self._changed:
            if not self._callbacks:
                self._dispatched_lines = self._transcript.count
            self._callbacks.append(callback)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="launcher-events", daemon=True)
                self._thread.start()

        def unsubscribe() -> None:
            with self._changed:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)
                self._changed.notify_all()

        return unsubscribe

    def emit(self, event: Event) -> None:
        """Queue `event` for the callbacks."""
        with self._changed:
            if self._callbacks:
                self._events.append(event)
                self._changed.notify_all()

    def lines_came(self) -> None:
        """The transcript has new lines."""
        with self._changed:
            if self._callbacks:
                self._changed.notify_all()

    def flush(self, timeout_s: float) -> None:
        """Wait until every event so far was dispatched, at most `timeout_s` seconds."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._callbacks or not (self._dispatching or self._events or self._has_lines()), timeout_s
            )

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._callbacks or self._events or self._has_lines())
                if not self._callbacks:
                    self._thread = None  # the next subscriber starts another
                    return
                self._dispatching = True
                callbacks = self._callbacks.copy()
                events = list(self._events)
                self._events.clear()
            # Lines first: a tracker's last words come before its end.
            lines, count = self._transcript.since(self._dispatched_lines)
            if lines:
                _call(callbacks, Lines(lines, count - self._dispatched_lines - len(lines)))
            self._dispatched_lines = count
            for event in events:
                _call(callbacks, event)
            with self._changed:
                self._dispatching = False
                self._changed.notify_all()

    def _has_lines(self) -> bool:
        return self._transcript.count > self._dispatched_lines


def _call(callbacks: list[Callback], event: Event) -> None:
    for callback in callbacks:
        try:
            callback(event)
        except Exception:  # a failing callback must not affect the others
            logger.exception("a callback failed on %s", type(event).__name__)
