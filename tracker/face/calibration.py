"""Fit raw expression values to the user: 0 is this person's neutral, -1 and 1 what this person can do.

A prior from many faces stands in from the first frame and gives way within seconds, so nothing has to be
performed first and no feature waits at zero for an extreme that never comes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tracker.face.features import NAMES
from tracker.face.history import History
from tracker.types import Expression, FloatArray

# Neutral value, and how far a lively face goes below and above it. From `python -m training.feature_prior`
# (median, 2nd and 98th percentile, both sides averaged); photographs smile, so the mouth's neutral is the
# reference head's, and the eyes' lower end is a closed eye.
_EYE, _STEEPNESS, _UPDOWN, _QUIRK = (0.60, 0.42, 0.16), (8.1, 7.5, 5.6), (1.43, 0.43, 0.58), (0.515, 0.12, 0.13)
_CORNER_UPDOWN, _CORNER_INOUT = (0.42, 0.45, 0.50), (0.188, 0.034, 0.043)
_MOUTH_OPEN, _MOUTH_WIDE = (0.18, 0.15, 1.2), (0.38, 0.063, 0.079)
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
FORGET_S = 300.0
"""Time constant with which an extreme that is not repeated gives way."""
APPROACH_S = 0.08
"""Time constant with which a new extreme is believed: one bad frame moves the range little."""


class FeatureCalibration:
    """One person's ranges. `update_seconds`: learning stops this long after the first frame; 0 = never."""

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._prior_neutral = PRIOR[:, 0].copy()
        self._prior_seconds = PRIOR_SECONDS
        self._history = History(len(NAMES))
        self._reach = PRIOR[:, 1:].copy()  # largest recent distance below and above neutral
        self._first_s: float | None = None
        self._last_s = 0.0

    def update(self, raw: FloatArray, now_s: float, learn: bool) -> Expression:
        """Values for `raw` (14,) at media time `now_s`; ranges follow only where `learn`."""
        if self._first_s is None:
            self._first_s = self._last_s = now_s
        elapsed = max(0.0, now_s - self._last_s)
        self._last_s = now_s
        if learn and (self._update_seconds <= 0 or now_s - self._first_s <= self._update_seconds):
            self._history.add(raw, now_s)
            away = raw - self.neutral()
            beyond = np.stack([-away, away], axis=1) - self._reach
            follow = np.where(beyond > 0, 1 - np.exp(-elapsed / APPROACH_S), 0.0)
            self._reach += follow * beyond
            self._reach *= np.exp(-elapsed / FORGET_S)
        away = raw - self.neutral()
        span = np.clip(self._reach, SMALLEST_RANGE * PRIOR[:, 1:], LARGEST_RANGE * PRIOR[:, 1:])
        self._reach = np.maximum(self._reach, SMALLEST_RANGE * PRIOR[:, 1:])
        values = np.clip(np.where(away < 0, away / span[:, 0], away / span[:, 1]), -1, 1)
        return Expression(*values.tolist())

    def neutral(self) -> FloatArray:
        """(14,) raw values of the resting face, as far as known."""
        seconds = self._history.seconds
        if seconds == 0:
            return self._prior_neutral
        own = seconds / (seconds + self._prior_seconds)
        neutral: FloatArray = self._prior_neutral + own * (self._history.median() - self._prior_neutral)
        return neutral

    def export(self) -> dict[str, Any]:
        """What a profile keeps."""
        return {"neutral": self.neutral().tolist(), "reach": self._reach.tolist()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Begin with an earlier run's result. Raises ValueError when it does not fit."""
        neutral, reach = np.array(kept["neutral"], np.float64), np.array(kept["reach"], np.float64)
        if neutral.shape != (14,) or reach.shape != (14, 2) or not (np.isfinite(neutral).all() and (reach > 0).all()):
            raise ValueError("the profile's feature ranges are damaged")
        self._prior_neutral, self._reach = neutral, reach
        self._prior_seconds = PROFILE_SECONDS
