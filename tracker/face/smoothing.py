"""Smoothing that removes jitter at rest without delaying motion.

The One Euro filter (Casiez, Roussel, Vogel 2012, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input
in Interactive Systems") is a low-pass filter whose cut-off rises with speed. Here all points of a group share one
speed, the group's root mean square less what noise alone causes, so that a single noisy point does not open its own
filter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

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
        self._tuning = min_cutoff_hz, gain, dead_zone
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
        self._speed += (value - self._raw) * (weight / elapsed)
        self._raw = value
        squares = self._average.dot(np.square(self._speed)).tolist()
        weights = [_weight_at(math.sqrt(sum(square)) / unit, self._tuning, elapsed) for square in squares]
        self._value = self._value + np.array(weights)[self._groups, None] * (value - self._value)
        return self._value


class RowFilter:
    """The same filter for a few short rows, each a group of its own: in plain numbers, which cost less than arrays."""

    def __init__(self, min_cutoff_hz: float, gain: float, dead_zone: float) -> None:
        self._tuning = min_cutoff_hz, gain, dead_zone
        self._rows: list[_Row] = []  # value, speed and last unfiltered value of each number
        self._last_s = 0.0

    def reset(self) -> None:
        """Forget the past; the next rows pass unchanged."""
        self._rows = []

    def filter(self, rows: Sequence[Sequence[float]], now_s: float) -> list[list[float]]:
        """The filtered rows at media time `now_s`."""
        elapsed = now_s - self._last_s
        self._last_s = now_s
        if not self._rows or elapsed <= 0:
            self._rows = [[(value, 0.0, value) for value in row] for row in rows]
            return [list(row) for row in rows]
        follow = _weight(SPEED_CUTOFF_HZ, elapsed)
        keep, rate = 1 - follow, follow / elapsed
        self._rows = [
            self._filtered(last, row, keep, rate, elapsed) for last, row in zip(self._rows, rows, strict=True)
        ]
        return [[value for value, _, _ in row] for row in self._rows]

    def _filtered(self, last: _Row, row: Sequence[float], keep: float, rate: float, elapsed: float) -> _Row:
        speeds = [keep * speed + rate * (new - raw) for (_, speed, raw), new in zip(last, row, strict=True)]
        weight = _weight_at(math.sqrt(sum([speed * speed for speed in speeds])), self._tuning, elapsed)
        return [
            (value + weight * (new - value), speed, new)
            for (value, _, _), speed, new in zip(last, speeds, row, strict=True)
        ]


_Row = list[tuple[float, float, float]]


def _weight(cutoff_hz: float, elapsed_s: float) -> float:
    """Weight of a new value in a first-order low-pass filter."""
    phase = 2 * math.pi * cutoff_hz * elapsed_s
    return phase / (1 + phase)


def _weight_at(speed: float, tuning: tuple[float, float, float], elapsed_s: float) -> float:
    """The weight at a group's `speed`."""
    min_cutoff_hz, gain, dead_zone = tuning
    return _weight(min_cutoff_hz + gain * max(speed - dead_zone, 0.0), elapsed_s)
