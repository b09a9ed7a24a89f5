"""Supervision of live sources: a watchdog for hanging drivers and networks, and reopening of lost devices.

The device is opened, read and closed in a thread of its own. If that thread hangs it is abandoned (it is a daemon, and
closes the device should it ever return), and the next `open` starts another.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from tracker.backoff import Backoff
from tracker.capture.source import FrameSource
from tracker.errors import CaptureError
from tracker.handoff import HandoffQueue
from tracker.types import Frame

OPEN_TIMEOUT_S = 30.0
"""Windows' Media Foundation has been seen to take 20 seconds."""
READ_TIMEOUT_S = 6.0
"""Longer than the backends' own time-outs, so that theirs apply first."""
RELEASE_S = 0.3
"""How long `close` waits for the release of the device; a working camera releases it with its next frame."""
MAX_ABANDONED = 3
"""Maximum number of hanging threads; while all of them hang, no other is started."""


class WatchdogSource:
    """A live source whose `open` and `read` time out and whose `close` returns soon.

    make: creates the source anew for each opening, so that nothing is shared with an abandoned thread.
    """

    def __init__(
        self,
        make: Callable[[], FrameSource],
        *,
        open_timeout_s: float = OPEN_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
        release_s: float = RELEASE_S,
    ) -> None:
        self._make = make
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._release_s = release_s
        self._session: _Session | None = None
        self._abandoned: list[_Session] = []
        description = make()
        self.name = description.name
        self.is_live = description.is_live
        self.frame_count = description.frame_count

    def open(self) -> str:
        self.close()
        self._abandoned = [session for session in self._abandoned if not session.wait_until_released()]
        if len(self._abandoned) >= MAX_ABANDONED:
            raise CaptureError(f"{self.name} does not answer")
        session = _Session(self._make())
        session.start()
        self._session = session
        negotiated_mode = session.wait_until_open(self._open_timeout_s)
        self.name, self.frame_count = session.source.name, session.source.frame_count
        return negotiated_mode

    def read(self) -> Frame | None:
        session = self._session
        if session is None:
            raise CaptureError(f"{self.name} is not open")
        return session.next_frame(self._read_timeout_s)

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.abandon()
            if not session.wait_until_released(self._release_s):
                self._abandoned.append(session)


class _Session:
    """One opening of the source, in its own thread."""

    def __init__(self, source: FrameSource) -> None:
        self.source = source
        self._thread = threading.Thread(target=self._run, name=f"device: {source.name}", daemon=True)
        self._negotiated_mode: HandoffQueue[str] = HandoffQueue()
        self._frames: HandoffQueue[Frame] = HandoffQueue()

    def start(self) -> None:
        self._thread.start()

    def wait_until_released(self, timeout_s: float = 0.0) -> bool:
        """Wait for the thread to close the source and end. Returns whether it did."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def wait_until_open(self, timeout_s: float) -> str:
        """The source's negotiated mode. Raises what its `open` raised, or CaptureError when it did not open in time."""
        negotiated_mode = self._negotiated_mode.take(timeout_s)
        if negotiated_mode is not None:
            return negotiated_mode
        if self._negotiated_mode.ended:
            raise CaptureError(f"{self.source.name} was closed while opening")
        self.abandon()
        raise CaptureError(f"{self.source.name} did not open within {timeout_s:g} seconds")

    def next_frame(self, timeout_s: float) -> Frame | None:
        """The newest frame not yet returned; None at the end or after `abandon`. Raises what the source raised."""
        frame = self._frames.take(timeout_s)
        if frame is None and not self._frames.ended:
            self.abandon()
            raise CaptureError(f"{self.source.name} gave no picture for {timeout_s:g} seconds")
        return frame

    def abandon(self) -> None:
        """Stop waiting for the thread. It closes the source as soon as its current call returns."""
        self._close()

    def _close(self, failure: BaseException | None = None) -> None:
        self._negotiated_mode.close(failure)
        self._frames.close(failure)

    def _run(self) -> None:
        try:
            if not self._negotiated_mode.put(self.source.open()):
                return
            while (frame := self.source.read()) is not None:
                if not self._frames.put(frame):
                    return
            self._close()
        except BaseException as failure:  # raised in the reader's thread
            self._close(failure)
        finally:
            self.source.close()


logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


class ReopeningSource:
    """Reads from `source` and reopens it when it is lost; `read` then just takes longer.

    Logs one warning when the source is lost and one line when it is back. Pauses between attempts grow from 0.2 to 5
    seconds.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        give_up_s: float | None = None,
        wait: Callable[[float], bool] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """give_up_s: raise CaptureError when the source stays lost that long; None = never.

        wait: pauses for that many seconds, less when `close` is called; returns whether it was.
        """
        self._source = source
        self._give_up_s = give_up_s
        self._closed = threading.Event()
        self._wait = wait or self._closed.wait
        self._monotonic = monotonic
        self.name = source.name
        self.is_live = source.is_live
        self.frame_count = source.frame_count

    def open(self) -> str:
        """Open the source once: a wrong name is an error, not something to wait for."""
        self._closed.clear()
        negotiated_mode = self._source.open()
        self.name, self.frame_count = self._source.name, self._source.frame_count
        return negotiated_mode

    def read(self) -> Frame | None:
        try:
            return self._source.read()
        except CaptureError as reason:
            if self._closed.is_set():
                return None
            return self._recover(reason)

    def close(self) -> None:
        self._closed.set()
        self._source.close()

    def _recover(self, reason: CaptureError) -> Frame | None:
        """The first frame after the source is back; None if it was closed meanwhile."""
        lost_s = self._monotonic()
        logger.warning("%s; reopening it until it is back", reason)
        backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while True:
            self._source.close()
            if self._wait(self._next_pause(backoff.next_s(), lost_s)):
                return None
            try:
                negotiated_mode = self._source.open()
                if self._closed.is_set():  # too early to close what was only being opened
                    self._source.close()
                    return None
                frame = self._source.read()
            except CaptureError as error:
                if self._closed.is_set():
                    return None
                logger.debug("%s is still lost: %s", self.name, error)
                continue
            logger.info("%s is back after %.1f s: %s", self.name, self._monotonic() - lost_s, negotiated_mode)
            return frame

    def _next_pause(self, pause_s: float, lost_s: float) -> float:
        """`pause_s`, cut where patience ends. Raises CaptureError when it has."""
        if self._give_up_s is None:
            return pause_s
        left_s = self._give_up_s - (self._monotonic() - lost_s)
        if left_s <= 0:
            raise CaptureError(f"{self.name} was lost and did not come back within {self._give_up_s:g} seconds")
        return min(pause_s, left_s)
