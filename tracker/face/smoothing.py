"""Smoothing that removes jitter at rest without delaying motion.

The One Euro filter (Casiez, Roussel, Vogel 2012, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input
in Interactive Systems") is a low-pass filter whose cut-off rises with speed. Here all points of a group share one
speed, the group's root mean square less what noise alone causes, so that a single noisy point does not open its own
filter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from tracker.types import FloatArray

SPEED_CUTOFF_HZ = 6.0
"""Low-pass on the speed estimate."""
_TURN = 2 * math.pi


class _Tuning(NamedTuple):
    """See `OneEuroFilter`."""

    min_cutoff_hz: float
    gain: float
    dead_zone: float

    def weight(self, speed: float, elapsed_s: float) -> float:
        """Of a new value, at a group's `speed`."""
        cutoff_hz, gain, dead_zone = self
        if speed > dead_zone:
            cutoff_hz += gain * (speed - dead_zone)
        phase = _TURN * cutoff_hz * elapsed_s
        return phase / (1 + phase)


_AT_ANY_SPEED = _Tuning(SPEED_CUTOFF_HZ, 0.0, 0.0)


class OneEuroFilter:
    """Filters (P, D) arrays.

    groups: (P,) the group of each point. min_cutoff_hz: cut-off at rest. gain: increase of the cut-off in Hz per unit
    of speed. dead_zone: speed caused by noise alone. Speeds are in units per second, see `filter`. Each may be given
    for every group.
    """

    def __init__(
        self,
        groups: npt.NDArray[np.intp],
        min_cutoff_hz: float | Sequence[float],
        gain: float | Sequence[float],
        dead_zone: float | Sequence[float],
    ) -> None:
        self._members = groups[None, :] == np.arange(groups.max() + 1)[:, None]
        columns = np.broadcast_arrays(*np.atleast_1d(min_cutoff_hz, gain, dead_zone), np.zeros(len(self._members)))[:3]
        self._tunings = [_Tuning(*tuning) for tuning in np.transpose(columns).tolist()]
        self._value: FloatArray | None = None
        self._raw: FloatArray = np.empty(0)
        self._last_s = 0.0

    def reset(self) -> None:
        """Forget the past; the next value passes unchanged."""
        self._value = None

    def filter(self, value: FloatArray, now_s: float, unit: float | Sequence[float] = 1.0) -> FloatArray:
        """The filtered value at media time `now_s`. unit: the length that speeds are measured in, in the units of
        `value`; may be given for every group.
        """
        if self._value is None or now_s <= self._last_s:
            self._value = self._start(value, now_s)
            return value
        elapsed = now_s - self._last_s
        self._last_s = now_s
        weight = _AT_ANY_SPEED.weight(0.0, elapsed)
        speed, step = self._speed, self._step
        speed *= 1 - weight
        np.subtract(value, self._raw, out=step)
        step *= weight / elapsed
        speed += step
        self._raw = value
        np.multiply(speed, speed, out=step)
        squares = self._average.dot(step.reshape(-1)).tolist()
        units = unit if isinstance(unit, Sequence) else [unit] * len(squares)
        weights = [
            tuning.weight(math.sqrt(square) / unit, elapsed)
            for tuning, square, unit in zip(self._tunings, squares, units, strict=True)
        ]
        np.subtract(value, self._value, out=step)
        step *= self._spread.dot(weights).reshape(step.shape)
        self._value = self._value + step
        return self._value

    def _start(self, value: FloatArray, now_s: float) -> FloatArray:
        """Take `value` for what was before, and return it."""
        self._speed: FloatArray = np.zeros(value.shape)
        self._step: FloatArray = np.empty(value.shape)
        self._raw = value
        self._last_s = now_s
        # Which numbers of `value`, row by row, make a group's mean square; and back.
        of_numbers = self._members.repeat(value.shape[1], axis=1)
        self._average: FloatArray = of_numbers / self._members.sum(axis=1, keepdims=True)
        self._spread: FloatArray = np.ascontiguousarray(of_numbers.T, np.float64)
        return value.astype(np.float64)


Number = TypeVar("Number", float, complex)


class NumberFilter(Generic[Number]):
    """The same filter for a few numbers or points x + iy, each a group of its own; without arrays, which cost more."""

    def __init__(self, min_cutoff_hz: float, gain: float, dead_zone: float) -> None:
        self._tuning = _Tuning(min_cutoff_hz, gain, dead_zone)
        self._states: list[tuple[Number, Number, Number]] = []  # value, speed and the last unfiltered value
        self._last_s = 0.0

    def reset(self) -> None:
        """Forget the past; the next numbers pass unchanged."""
        self._states = []

    def filter(self, numbers: Sequence[Number], now_s: float) -> list[Number]:
        """The filtered numbers at media time `now_s`."""
        elapsed = now_s - self._last_s
        self._last_s = now_s
        if not self._states or elapsed <= 0:
            self._states = [(new, 0 * new, new) for new in numbers]
            return list(numbers)
        follow = _AT_ANY_SPEED.weight(0.0, elapsed)
        keep, rate, weight_at = 1 - follow, follow / elapsed, self._tuning.weight
        states = []
        for (value, speed, last), new in zip(self._states, numbers, strict=True):
            speed = keep * speed + rate * (new - last)
            value += weight_at(abs(speed), elapsed) * (new - value)
            states.append((value, speed, new))
        self._states = states
        return [value for value, _, _ in states]
