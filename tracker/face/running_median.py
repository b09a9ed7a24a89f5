"""The median of everything measured so far, from a small sample spread evenly over time."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

from tracker.types import FloatArray


class RunningMedian:
    """Keeps at most `size` rows. When full, every other row is dropped and new ones are added half as often, so that
    the median of a whole evening costs no more than that of the first seconds.

    prior: (columns,) the value before anything was measured. prior_seconds: after this time prior and median have equal
    weight.
    """

    def __init__(self, prior: FloatArray, prior_seconds: float, size: int = 128, interval_s: float = 0.1) -> None:
        self._prior: list[float] = prior.tolist()
        self._prior_seconds = prior_seconds
        self._size = size
        self._rows: list[Sequence[float]] = []
        # Each column in order: to put one more number in its place takes less than to sort them for each median.
        self._ranked: list[list[float]] = [[] for _ in self._prior]
        self._interval_s = interval_s
        self._next_s = -math.inf
        self._value: list[float] | None = self._prior

    def add(self, row: Sequence[float], now_s: float) -> None:
        """Add `row` (columns,) if one is due at media time `now_s`."""
        if now_s < self._next_s:
            return
        if len(self._rows) == self._size:
            self._rows = self._rows[::2]
            self._ranked = [sorted(column) for column in zip(*self._rows, strict=True)]
            self._interval_s *= 2
        self._rows.append(row)
        for column, number in zip(self._ranked, row, strict=True):
            bisect.insort(column, number)
        self._next_s = now_s + self._interval_s
        self._value = None

    def value(self) -> list[float]:
        """The median of each column of the rows, blended with the prior."""
        if self._value is None:
            count = len(self._rows)
            seconds = count * self._interval_s
            share = seconds / (seconds + self._prior_seconds)
            medians = [0.5 * (column[(count - 1) // 2] + column[count // 2]) for column in self._ranked]
            self._value = [p + share * (median - p) for p, median in zip(self._prior, medians, strict=True)]
        return self._value
