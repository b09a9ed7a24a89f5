"""Thins results out to a rate, by the time of the pictures."""

from __future__ import annotations

_EARLY = 0.1
"""A frame that comes this share of an interval too early still counts, as cameras are not exactly even."""


class RateLimiter:
    """Says which frames to send. fps: the most a second; None = all.

    The media clock decides, not the time of sending: a file gives the same datagrams at any speed, and a burst of
    late frames is thinned out like any other.
    """

    def __init__(self, fps: float | None) -> None:
        self._interval_s = 0.0 if fps is None else 1.0 / fps
        self._due_s: float | None = None

    def allows(self, media_s: float) -> bool:
        """Whether the frame of that time is to be sent. Ask once for every frame, in their order."""
        if not self._interval_s:
            return True
        if self._due_s is None:
            self._due_s = media_s
        if media_s < self._due_s - _EARLY * self._interval_s:
            return False
        # From the due time, not from this frame's: so 20 a second of 30 are 20 and not 15. After a gap anew.
        missed = media_s - self._due_s >= self._interval_s
        self._due_s = (media_s if missed else self._due_s) + self._interval_s
        return True
