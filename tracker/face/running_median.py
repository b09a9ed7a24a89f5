"""The median of everything measured so far, from a small sample spread evenly over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker.types import FloatArray


class RunningMedian:
    """Keeps at most `size` rows. When full, every other row is dropped and new ones are added half as often, so that
    the median of a whole evening costs no more than that of the first seconds.

    prior: (columns,) the value before anything was measured. prior_seconds: after this time prior and median have equal
    weight.
    """

    def __init__(self, prior: FloatArray, prior_seconds: float, size: int = 128, interval_s: float = 0.1) -> None:
        self._prior, self._prior_seconds = prior, prior_seconds
        self._rows = np.empty((size, len(prior)))
        self._count = 0
        self._interval_s = interval_s
        self._next_s = -np.inf
        self._value: list[float] | None = prior.tolist()

    def add(self, row: FloatArray | Sequence[float], now_s: float) -> None:
        """Add `row` (columns,) if one is due at media time `now_s`."""
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
        self._value = None

    def value(self) -> list[float]:
        """The median of each column of the rows, blended with the prior."""
        if self._value is None:
            # Not np.median, which loads masked arrays on its first call: 15 ms in the middle of tracking.
            ranked = np.sort(self._rows[: self._count], axis=0)
            median = 0.5 * (ranked[(self._count - 1) // 2] + ranked[self._count // 2])
            seconds = self._count * self._interval_s
            value = self._prior + seconds / (seconds + self._prior_seconds) * (median - self._prior)
            self._value = value.tolist()
        return self._value
