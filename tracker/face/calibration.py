"""Fit raw expression values to the user: 0 is this person's neutral, -1 and 1 what this person can do.

A prior from many faces stands in from the first frame and gives way within seconds, so nothing has to be
performed first and no feature waits at zero for an extreme that never comes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tracker.face.kept import kept_array
from tracker.face.running_median import RunningMedian
from tracker.sample_window import SampleWindow
from tracker.types import Expression, FloatArray

# Neutral value, and how far a lively face goes below and above it. From `python -m training.feature_prior`
# (median, 2nd and 98th percentile, both sides averaged); photographs smile, so the mouth's neutral is the
# reference head's, and the eyes' lower end is a closed eye.
_EYE, _STEEPNESS, _UPDOWN, _QUIRK = (0.60, 0.42, 0.17), (7.7, 9.0, 6.1), (1.44, 0.37, 0.43), (0.50, 0.15, 0.15)
_CORNER_UPDOWN, _CORNER_INOUT = (0.42, 0.50, 0.50), (0.188, 0.039, 0.045)
_MOUTH_OPEN, _MOUTH_WIDE = (0.18, 0.15, 1.2), (0.376, 0.069, 0.084)
_BROW = (_STEEPNESS, _UPDOWN, _QUIRK)
PRIOR = np.array(
    [_EYE, _EYE, *_BROW, *_BROW, _CORNER_UPDOWN, _CORNER_INOUT, _CORNER_UPDOWN, _CORNER_INOUT, _MOUTH_OPEN, _MOUTH_WIDE]
)
PRIOR_SECONDS = 2.0
"""The user's own median weighs as much as the prior after this time."""
PROFILE_SECONDS = 60.0
"""The weight of a neutral face that was kept from an earlier run."""
SMALLEST_RANGE, LARGEST_RANGE = 0.7, 2.5
"""Bounds of a user's range, in prior ranges: noise of a still face must not fill the scale."""
_SMALLEST_REACH, _LARGEST_REACH = SMALLEST_RANGE * PRIOR[:, 1:], LARGEST_RANGE * PRIOR[:, 1:]
_BELOW_AND_ABOVE = np.array([-1.0, 1.0])
FORGET_S = 300.0
"""Time constant with which an extreme that is not repeated gives way."""
APPROACH_S = 0.08
"""Time constant with which a new extreme is believed: one bad frame moves the range little."""
RETAKE_S, MIN_RETAKEN = 1.0, 5
"""A neutral face that is asked for is the median of so long, and of no fewer frames."""


class FeatureCalibration:
    """One person's ranges. `update_seconds`: learning stops this long after the first frame; 0 = never."""

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._history = RunningMedian(PRIOR[:, 0].copy(), PRIOR_SECONDS)
        self._reach = PRIOR[:, 1:].copy()  # largest recent distance below and above neutral
        self._first_s: float | None = None
        self._last_s = 0.0
        self._retaken: SampleWindow[FloatArray] | None = None

    def retake_neutral(self) -> None:
        """Take what the face shows in the next second for this person's neutral; the reach stays."""
        self._retaken = SampleWindow(RETAKE_S, MIN_RETAKEN)

    def update(self, raw: FloatArray, now_s: float, learn: bool) -> Expression:
        """Values for `raw` (14,) at media time `now_s`; ranges follow only where `learn`."""
        if self._first_s is None:
            self._first_s = self._last_s = now_s
        elapsed = max(0.0, now_s - self._last_s)
        self._last_s = now_s
        if learn and self._retaken is not None:
            self._retaken.add(raw, now_s)
            if self._retaken.is_complete(now_s):
                self._history = RunningMedian(np.median(self._retaken.samples, axis=0), PROFILE_SECONDS)
                self._retaken = None
        learn = learn and (self._update_seconds <= 0 or now_s - self._first_s <= self._update_seconds)
        if learn:
            self._history.add(raw, now_s)
        away = raw - self.neutral()
        if learn:
            beyond = away[:, None] * _BELOW_AND_ABOVE - self._reach
            self._reach += (1 - math.exp(-elapsed / APPROACH_S)) * np.maximum(beyond, 0)
            self._reach *= math.exp(-elapsed / FORGET_S)
        self._reach = np.maximum(self._reach, _SMALLEST_REACH)
        span = np.minimum(self._reach, _LARGEST_REACH)
        values = away / np.where(away < 0, span[:, 0], span[:, 1])
        return Expression(*np.minimum(np.maximum(values, -1), 1).tolist())

    def neutral(self) -> FloatArray:
        """(14,) raw values of the resting face, as far as known."""
        return self._history.value()

    def export(self) -> dict[str, Any]:
        """What a profile keeps."""
        return {"neutral": self.neutral().tolist(), "reach": self._reach.tolist()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Begin with an earlier run's result. Raises ValueError when it does not fit."""
        neutral = kept_array(kept, "neutral", (14,))
        reach = kept_array(kept, "reach", (14, 2), 0.0)
        self._history, self._reach = RunningMedian(neutral, PROFILE_SECONDS), reach
