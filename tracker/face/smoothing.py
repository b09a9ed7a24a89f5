"""Smoothing that removes jitter at rest without delaying motion.

The One Euro filter (Casiez, Roussel, Vogel 2012, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input
in Interactive Systems") is a low-pass filter whose cut-off rises with speed. Here all points of a group share one
speed, the group's root mean square less what noise alone causes, so that a single noisy point does not open its own
filter.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tracker.types import FloatArray

SPEED_CUTOFF_HZ = 6.0
"""Low-pass on the speed estimate."""


class OneEuroFilter:
    """Filters (P, D) arrays.

    groups: (P,) the group of each point. min_cutoff_hz: cut-off at rest. gain: increase of the cut-off in Hz per unit
    of speed. dead_zone: speed caused by noise alone. Speeds are in units per second, see `filter`.
    """

    def __init__(self, groups: npt.NDArray[np.intp], min_cutoff_hz: float, gain: float, dead_zone: float) -> None:
        self._groups = groups
        members = groups[None, :] == np.arange(groups.max() + 1)[:, None]
        self._average = members / members.sum(axis=1, keepdims=True)
        self._min_cutoff_hz, self._gain, self._dead_zone = min_cutoff_hz, gain, dead_zone
        self._value: FloatArray | None = None
        self._last_s = 0.0

    def reset(self) -> None:
        """Forget the past; the next value passes unchanged."""
        self._value = None

    def filter(self, value: FloatArray, now_s: float, unit: float = 1.0) -> FloatArray:
        """The filtered value at media time `now_s`. unit: the length that speeds are measured in, in the units of
        `value`.
        """
        if self._value is None or now_s <= self._last_s:
            self._value = value.astype(np.float64)
            self._speed = np.zeros_like(self._value)
            self._raw = self._value
            self._last_s = now_s
            return value
        elapsed = now_s - self._last_s
        self._last_s = now_s
        weight = _weight(SPEED_CUTOFF_HZ, elapsed)
        self._speed *= 1 - weight
        self._speed += (weight / elapsed) * (value - self._raw)
        self._raw = value
        weights = []
        for squares in (self._average @ np.square(self._speed)).tolist():
            speed = math.sqrt(sum(squares)) / unit
            cutoff_hz = self._min_cutoff_hz + self._gain * max(speed - self._dead_zone, 0.0)
            weights.append(_weight(cutoff_hz, elapsed))
        self._value = self._value + np.array(weights)[self._groups, None] * (value - self._value)
        return self._value


def _weight(cutoff_hz: float, elapsed_s: float) -> float:
    """Weight of a new value in a first-order low-pass filter."""
    phase = 2 * math.pi * cutoff_hz * elapsed_s
    return phase / (1 + phase)
