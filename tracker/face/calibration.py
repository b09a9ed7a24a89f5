"""Relates raw features to the user: 0 is this person's neutral face, -1 and 1 the ends of this person's range.

A prior from many faces is used from the first frame and gives way within seconds. So nobody has to pull faces first,
and no feature stays at zero waiting for an extreme that never comes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tracker.face.kept import kept_array
from tracker.face.running_median import RunningMedian
from tracker.sample_window import SampleWindow
from tracker.types import Expression, FloatArray

# Neutral value, and how far an expressive face goes below and above it. From `python -m training.feature_prior`
# (median, 2nd and 98th percentile, both sides averaged); photographs smile, so the heights of the mouth's neutral are
# the reference head's, and the eyes' lower end is a closed eye.
_EYE, _STEEPNESS, _UPDOWN, _QUIRK = (0.60, 0.42, 0.17), (7.5, 7.8, 5.9), (1.37, 0.33, 0.45), (0.50, 0.15, 0.15)
_CORNER_UPDOWN, _CORNER_INOUT = (0.42, 0.50, 0.50), (0.203, 0.039, 0.045)
_MOUTH_OPEN, _MOUTH_WIDE = (0.18, 0.15, 1.2), (0.404, 0.073, 0.085)
_BROW = (_STEEPNESS, _UPDOWN, _QUIRK)
PRIOR = np.array(
    [_EYE, _EYE, *_BROW, *_BROW, _CORNER_UPDOWN, _CORNER_INOUT, _CORNER_UPDOWN, _CORNER_INOUT, _MOUTH_OPEN, _MOUTH_WIDE]
)
PRIOR_SECONDS = 2.0
"""Time after which the user's own median weighs as much as the prior."""
PROFILE_SECONDS = 60.0
"""The same for a neutral face kept from an earlier run."""
MIN_RANGE, MAX_RANGE = 0.7, 2.5
"""Limits of a user's range, relative to the prior range: the noise of a still face must not span the scale."""
_MIN_RANGES, _MAX_RANGES = MIN_RANGE * PRIOR[:, 1:], MAX_RANGE * PRIOR[:, 1:]
_BELOW_AND_ABOVE = np.array([-1.0, 1.0])
FORGET_S = 300.0
"""Time constant with which an extreme that is not repeated is forgotten."""
APPROACH_S = 0.08
"""Time constant with which a new extreme is adopted, so that one bad frame moves the range little."""
RETAKE_S, MIN_RETAKEN = 1.0, 5
"""A requested neutral face is the median over this time, and over at least this many frames."""


class FeatureCalibration:
    """One person's neutral face and ranges.

    update_seconds: learning stops this long after the first frame; 0 = never.
    """

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._history = RunningMedian(PRIOR[:, 0].copy(), PRIOR_SECONDS)
        self._ranges = PRIOR[:, 1:].copy()  # (14, 2) largest recent distance below and above neutral
        self._first_s: float | None = None
        self._last_s = 0.0
        self._retaken: SampleWindow[FloatArray] | None = None

    def retake_neutral(self) -> None:
        """Take the features of the next second as this person's neutral face; ranges stay."""
        self._retaken = SampleWindow(RETAKE_S, MIN_RETAKEN)

    def update(self, raw: FloatArray, now_s: float, learn: bool) -> Expression:
        """Calibrate `raw` (14,) measured at media time `now_s`. learn: whether the frame may change the calibration."""
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
        deviation = raw - self.neutral()
        if learn:
            excess = deviation[:, None] * _BELOW_AND_ABOVE - self._ranges
            self._ranges += (1 - math.exp(-elapsed / APPROACH_S)) * np.maximum(excess, 0)
            self._ranges *= math.exp(-elapsed / FORGET_S)
        self._ranges = np.maximum(self._ranges, _MIN_RANGES)
        span = np.minimum(self._ranges, _MAX_RANGES)
        values = deviation / np.where(deviation < 0, span[:, 0], span[:, 1])
        return Expression(*np.minimum(np.maximum(values, -1), 1).tolist())

    def neutral(self) -> FloatArray:
        """(14,) raw features of the neutral face, as far as known."""
        return self._history.value()

    def export(self) -> dict[str, Any]:
        """The values that a profile keeps."""
        return {"neutral": self.neutral().tolist(), "reach": self._ranges.tolist()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Start from an earlier run's values. Raises ValueError when they are damaged."""
        neutral = kept_array(kept, "neutral", (14,))
        reach = kept_array(kept, "reach", (14, 2), 0.0)
        self._history, self._ranges = RunningMedian(neutral, PROFILE_SECONDS), reach
