"""Fit the features to the user: 1 and -1 are what this person does, not what the average face could.

The reach of the average face stands in from the first frame and gives way to a wider or narrower one as it is seen.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tracker.face.kept import kept_array
from tracker.types import FloatArray

N = 14
SMALLEST_REACH, LARGEST_REACH = 0.7, 1.6
"""Bounds of a user's reach, in that of the average face: noise of a still face must not fill the scale."""
FORGET_S = 300.0
"""Time constant with which an extreme that is not repeated gives way."""
APPROACH_S = 0.08
"""Time constant with which a new extreme is believed: one bad frame moves the range little."""
_BELOW_AND_ABOVE = np.array([-1.0, 1.0])


class FeatureCalibration:
    """One person's reach. `update_seconds`: learning stops this long after the first frame; 0 = never."""

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._reach: FloatArray = np.ones((N, 2))  # largest recent distance below and above rest
        self._first_s: float | None = None
        self._last_s = 0.0

    def update(self, raw: FloatArray, now_s: float, learn: bool) -> FloatArray:
        """(14,) values in -1 to 1 for `raw` (14,) at media time `now_s`; the reach follows only where `learn`."""
        if self._first_s is None:
            self._first_s = self._last_s = now_s
        elapsed = max(0.0, now_s - self._last_s)
        self._last_s = now_s
        if learn and (self._update_seconds <= 0 or now_s - self._first_s <= self._update_seconds):
            beyond = raw[:, None] * _BELOW_AND_ABOVE - self._reach
            self._reach += (1 - math.exp(-elapsed / APPROACH_S)) * np.maximum(beyond, 0)
            self._reach *= math.exp(-elapsed / FORGET_S)
            self._reach = np.minimum(np.maximum(self._reach, SMALLEST_REACH), LARGEST_REACH)
        shares = raw / np.where(raw < 0, self._reach[:, 0], self._reach[:, 1])
        return np.minimum(np.maximum(shares, -1.0), 1.0)

    def export(self) -> dict[str, Any]:
        """What a profile keeps."""
        return {"reach": self._reach.tolist()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Begin with an earlier run's result. Raises ValueError when it does not fit."""
        self._reach = kept_array(kept, "reach", (N, 2), SMALLEST_REACH, LARGEST_REACH)
