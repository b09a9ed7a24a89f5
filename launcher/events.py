"""What happens to a tracker, and how those who want to know are told."""

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
    """The tracker dialled in: it can be recentred, paused and asked. version: the tracker's."""

    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """It ended as it was asked to, or its input came to its end; it is not started again."""

    exit_code: int


@dataclass(frozen=True, slots=True)
class Crashed:
    """It ended by itself. explanation: in the user's words. `Restarting` follows."""

    exit_code: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Restarting:
    """It will be started again in `seconds`. attempt: 1 for the first time in a row."""

    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot work with these settings and is not started again. explanation: in the user's words."""

    exit_code: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Lines:
    """It printed something. left_out: lines that came faster than they could be handed on."""

    lines: tuple[LogLine, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class StatisticsCame:
    """The tracker told how it does."""

    statistics: Statistics


Event = Started | Connected | Stopped | Crashed | Restarting | Refused | Lines | StatisticsCame
Callback = Callable[[Event], object]


class EventDispatcher:
    """Hands events to callbacks, in order, in a thread of its own.

    So a callback that is slow or fails holds up neither the tracker nor those who emit. Lines are not queued: what
    the transcript holds by the time the callbacks are ready is handed over at once.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._told_lines = 0
        self._callbacks: list[Callback] = []
        self._events: deque[Event] = deque(maxlen=MAX_WAITING)
        self._changed = threading.Condition()
        self._telling = False
        self._thread: threading.Thread | None = None

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call `callback` with each event from now on. Returns what ends that."""
        with self._changed:
            if not self._callbacks:
                self._told_lines = self._transcript.count
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
        """Tell it to everybody, soon."""
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
        """Wait until everything that happened was told, but not for a callback that hangs."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._callbacks or not (self._telling or self._events or self._has_lines()), timeout_s
            )

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._callbacks or self._events or self._has_lines())
                if not self._callbacks:
                    self._thread = None  # the next subscriber starts another
                    return
                self._telling = True
                callbacks = self._callbacks.copy()
                events = list(self._events)
                self._events.clear()
            # Lines first: what a tracker said comes before what became of it.
            lines, count = self._transcript.since(self._told_lines)
            if lines:
                _tell(callbacks, Lines(lines, count - self._told_lines - len(lines)))
            self._told_lines = count
            for event in events:
                _tell(callbacks, event)
            with self._changed:
                self._telling = False
                self._changed.notify_all()

    def _has_lines(self) -> bool:
        return self._transcript.count > self._told_lines


def _tell(callbacks: list[Callback], event: Event) -> None:
    for callback in callbacks:
        try:
            callback(event)
        except Exception:  # one listener's mistake is not another's
            logger.exception("a callback failed on %s", type(event).__name__)
