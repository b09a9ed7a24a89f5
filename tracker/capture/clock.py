"""When a picture was taken, on each of the three clocks a `Frame` carries."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tracker.types import Frame
from tracker.unix_clock import UnixClock


class FrameClock:
    """Numbers pictures and stamps them; one per input, so numbers and times go on when a device is re-opened.

    `stamp` may be called from any thread: a reader given up as stuck can still return once while its successor runs.
    """

    def __init__(
        self,
        *,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self._unix_clock = UnixClock(unix)
        self._lock = threading.Lock()
        self._index = 0
        self._first_ns: int | None = None
        self._last_media_s = 0.0

    def stamp(
        self, bgr: npt.NDArray[np.uint8], *, media_s: float | None = None, captured_ns: int | None = None
    ) -> Frame:
        """The picture as a `Frame`.

        bgr: (H, W, 3) uint8; becomes read-only.
        media_s: position in the recording; None = live, seconds since the first picture.
        captured_ns: monotonic time the picture arrived, where that was before decoding it; None = now.
        """
        if captured_ns is None:
            captured_ns = self._monotonic_ns()
        with self._lock:
            if self._first_ns is None:
                self._first_ns = captured_ns
            if media_s is None:
                media_s = (captured_ns - self._first_ns) / 1e9
            self._last_media_s = max(self._last_media_s, media_s)
            index, self._index = self._index, self._index + 1
            return Frame(index, bgr, captured_ns, self._unix_clock.now(), self._last_media_s)


class MediaClock:
    """Turns the positions a decoder reports into a media clock that never stands still or goes back.

    Decoders report 0 for ever, start late, step back at a damaged place or jump by hours; and a repeated
    video starts over. Wherever a position is not a plausible next one, the clock moves on by one frame's
    duration and later positions count from there.
    """

    LONGEST_STEP_S = 10.0
    """A longer gap is a damaged time stamp rather than a slide show."""

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._offset_s = 0.0
        self._last_s: float | None = None

    def advance(self, position_s: float) -> float:
        """The media time in seconds of the frame whose reported position is `position_s`."""
        if self._last_s is None:
            known = math.isfinite(position_s) and 0.0 <= position_s <= self.LONGEST_STEP_S
            now_s = position_s if known else 0.0
        else:
            now_s = position_s + self._offset_s
            if not (math.isfinite(now_s) and self._last_s < now_s <= self._last_s + self.LONGEST_STEP_S):
                now_s = self._last_s + self._frame_s
        if math.isfinite(position_s):
            self._offset_s = now_s - position_s
        self._last_s = now_s
        return now_s
