"""Waiting between attempts: longer each time, up to a limit, and interruptible."""

from __future__ import annotations

import threading


class Backoff:
    """Pauses that double from `first_s` to `longest_s` seconds."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def reset(self) -> None:
        """An attempt succeeded: the next pause is the first one again."""
        self._next_s = self._first_s

    def next_s(self) -> float:
        """The length of the next pause; the one after that is twice as long."""
        pause_s, self._next_s = self._next_s, min(2 * self._next_s, self._longest_s)
        return pause_s

    def wait(self, stopping: threading.Event) -> bool:
        """Pause, or return early when `stopping` is set. Returns whether it is set."""
        return stopping.wait(self.next_s())
