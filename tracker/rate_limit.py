"""Rate limits: `RateLimiter` skips what comes too soon, `Pacer` waits until it is due."""

from __future__ import annotations

import time
from collections.abc import Callable

SEND_TOLERANCE = 0.1
CAMERA_TOLERANCE = 0.5
"""Fractions of an interval by which an event may be early. Frames of a file are nearly even; a camera that runs at the
requested rate jitters around its beat, and none of its frames should be lost."""


class RateLimiter:
    """Decides which events pass so that at most `fps` a second do; None or 0 lets all pass.

    The caller supplies the time. Given the media time, a file yields the same selection at any speed, and a burst of
    late frames is thinned out like any other.
    """

    def __init__(self, fps: float | None, tolerance: float = SEND_TOLERANCE) -> None:
        self._interval_s = 1.0 / fps if fps else 0.0
        self._early_s = tolerance * self._interval_s
        self._due_s: float | None = None

    def allows(self, now_s: float) -> bool:
        """Whether the event at `now_s` passes. Call it once for every event, in order."""
        if not self._interval_s:
            return True
        if self._due_s is None or now_s - self._due_s >= self._interval_s:
            self._due_s = now_s  # the first event, or the first after a gap: there is no backlog
        if now_s < self._due_s - self._early_s:
            return False
        # From the due time and not from this event's, so that 20 out of 30 a second are 20 and not 15.
        self._due_s += self._interval_s
        return True


class Pacer:
    """Delays a loop so that it runs at most `fps` times a second; 0 never delays.

    sleep: called with a number of seconds; may return early, for instance when the source is closed.
    """

    def __init__(
        self, fps: float, sleep: Callable[[float], object], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval_s = 1.0 / fps if fps > 0 else 0.0
        self._sleep = sleep
        self._monotonic = monotonic
        self._due_s = monotonic()

    def restart(self) -> None:
        """Make the next iteration due now."""
        self._due_s = self._monotonic()

    def wait(self) -> None:
        """Sleep until the next iteration is due."""
        early_s = self._due_s - self._monotonic()
        if early_s > 0:
            self._sleep(early_s)
        # A loop that fell behind does not catch up in a burst.
        self._due_s = max(self._due_s + self._interval_s, self._monotonic())
