"""A small sample of everything seen so far, evenly spread over time."""

from __future__ import annotations

import numpy as np

from tracker.types import FloatArray


class History:
    """At most `size` rows; when full every other one is dropped and new ones are taken half as often.

    The median of a whole evening costs no more than that of the first seconds.
    """

    def __init__(self, columns: int, size: int = 128, interval_s: float = 0.1) -> None:
        self._rows = np.empty((size, columns))
        self._count = 0
        self._interval_s = interval_s
        self._next_s = -np.inf
        self._median: FloatArray | None = None

    def add(self, row: FloatArray, now_s: float) -> None:
        """Take `row` (columns,) if it is due at media time `now_s`."""
        if now_s < self._next_s:
            return
        if self._count == len(self._rows):
            kept = self._rows[::2].copy()
            self._rows[: len(kept)] = kept
            self._count = len(kept)
            self._interval_s *= 2
        self._rows[self._count] = row
        self._count += 1
        self._next_s = now_s + self._interval_s
        self._median = None

    @property
    def seconds(self) -> float:
        """How much time the rows stand for."""
        return self._count * self._interval_s

    def median(self) -> FloatArray:
        """(columns,) of the rows; needs at least one."""
        if self._median is None:
            self._median = np.median(self._rows[: self._count], axis=0)
        return self._median
