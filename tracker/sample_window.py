"""Collects what is measured during a short time, for a neutral pose or expression to be taken from."""

from __future__ import annotations

from typing import Generic, TypeVar

Sample = TypeVar("Sample")

PAUSE_S = 2.0


class SampleWindow(Generic[Sample]):
    """Samples since the first one. Complete after `duration_s` of media time and with at least `min_samples`.

    After a pause longer than `PAUSE_S` it begins anew: what was measured before belongs to another moment.
    """

    def __init__(self, duration_s: float, min_samples: int = 1) -> None:
        self._duration_s, self._min_samples = duration_s, min_samples
        self._start_s = self._last_s = 0.0
        self.samples: list[Sample] = []

    def clear(self) -> None:
        """Start again with the next sample."""
        self.samples = []

    def add(self, sample: Sample, now_s: float) -> None:
        """Append a sample measured at media time `now_s`."""
        if now_s - self._last_s > PAUSE_S:
            self.clear()
        if not self.samples:
            self._start_s = now_s
        self._last_s = now_s
        self.samples.append(sample)

    def is_complete(self, now_s: float) -> bool:
        """Whether the window is over at media time `now_s`."""
        return len(self.samples) >= self._min_samples and now_s - self._start_s >= self._duration_s
