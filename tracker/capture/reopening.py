"""A live source that is opened again, for as long as it takes, whenever it is lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from tracker.capture.source import FrameSource
from tracker.errors import CaptureError
from tracker.types import Frame

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
PAUSE_GROWTH = 2.0


class ReopeningSource:
    """Reads from `source`; once that was opened, losing it only makes `read` take longer.

    One warning says that it was lost, one line that a picture came again. The pauses between attempts grow
    from 0.2 to 5 seconds.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        give_up_s: float | None = None,
        wait: Callable[[float], bool] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """give_up_s: raise CaptureError when the source stays away that long; None = never.

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
        """The first opening is not repeated: a wrong name should be told, not waited for."""
        self._closed.clear()
        granted = self._source.open()
        self.name, self.frame_count = self._source.name, self._source.frame_count
        return granted

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
        """The first frame after the source came back; None when closed meanwhile."""
        lost_s = self._monotonic()
        logger.warning("%s; trying to open it again until it is back", reason)
        pause_s = FIRST_PAUSE_S
        while True:
            self._source.close()
            if self._wait(self._next_pause(pause_s, lost_s)):
                return None
            pause_s = min(pause_s * PAUSE_GROWTH, LONGEST_PAUSE_S)
            try:
                granted = self._source.open()
                if self._closed.is_set():  # too early to close what was only being opened
                    self._source.close()
                    return None
                frame = self._source.read()
            except CaptureError as error:
                if self._closed.is_set():
                    return None
                logger.debug("%s is still lost: %s", self.name, error)
                continue
            logger.info("%s is back after %.1f s: %s", self.name, self._monotonic() - lost_s, granted)
            return frame

    def _next_pause(self, pause_s: float, lost_s: float) -> float:
        """`pause_s`, cut where patience ends. Raises CaptureError when it has."""
        if self._give_up_s is None:
            return pause_s
        left_s = self._give_up_s - (self._monotonic() - lost_s)
        if left_s <= 0:
            raise CaptureError(f"{self.name} was lost and did not come back within {self._give_up_s:g} seconds")
        return min(pause_s, left_s)
