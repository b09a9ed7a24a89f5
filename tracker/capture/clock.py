"""Timestamps: the three times of a `Frame`, and media time from a decoder's positions."""

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
    """Numbers images and timestamps them. One per input, so that numbers and times continue when a device is reopened.

    `stamp` may be called from any thread: a reader that was abandoned can still return once while its successor runs.
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
        """Make a `Frame` of an image.

        bgr: (H, W, 3) uint8; becomes read-only.
        media_s: position in the recording; None = live: seconds since the first image.
        captured_ns: monotonic time at which the image arrived, if that was before decoding; None = now.
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
    """Converts the positions that a decoder reports into media time, which increases strictly.

    Decoders report 0 for every frame, start late, step back at damage or jump by hours; a repeated video starts over.
    After an implausible position the clock advances by the duration of one frame, and later positions count from there.
    """

    LONGEST_STEP_S = 10.0
    """A longer gap is taken for a damaged timestamp."""

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
