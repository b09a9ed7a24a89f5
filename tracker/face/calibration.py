"""Fit the features to the user: 1 and -1 are what this person does, not what the average face could.

The reach of the average face stands in from the first frame and gives way to a wider or narrower one as it is seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tracker.face.kept import kept_array

N = 14
SMALLEST_REACH, LARGEST_REACH = 0.7, 1.6
"""Bounds of a user's reach, in that of the average face: noise of a still face must not fill the scale."""
FORGET_S = 300.0
"""Time constant with which an extreme that is not repeated gives way."""
APPROACH_S, MOST_APPROACH_S = 0.08, 0.05
"""Time constant with which a new extreme is believed, and the most that a frame counts for, also after an absence: one
bad frame moves the range little."""
FADE_S = 0.5
"""What fades so slowly is let fade this often."""


class FeatureCalibration:
    """One person's reach. `update_seconds`: learning stops this long after the first frame; 0 = never."""

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        # The largest recent distances below and above rest. Plain numbers: arrays of 14 take twice as long.
        self._below, self._above = [1.0] * N, [1.0] * N
        self._first_s: float | None = None
        self._last_s = 0.0
        self._unfaded_s = 0.0

    def update(self, raw: Sequence[float], now_s: float, learn: bool) -> list[float]:
        """14 values in -1 to 1 for the 14 of `raw` at media time `now_s`; the reach follows only where `learn`."""
        if self._first_s is None:
            self._first_s = self._last_s = now_s
        elapsed = max(0.0, now_s - self._last_s)
        self._last_s = now_s
        shares = self._shares(raw)
        if learn and (self._update_seconds <= 0 or now_s - self._first_s <= self._update_seconds):
            self._unfaded_s += elapsed
            goes_beyond = max(shares) > 1 or min(shares) < -1
            if goes_beyond:
                self._approach(raw, elapsed)
            if goes_beyond or self._unfaded_s >= FADE_S:
                self._fade()
                shares = self._shares(raw)
        return [min(max(share, -1.0), 1.0) for share in shares]

    def _shares(self, raw: Sequence[float]) -> list[float]:
        """`raw` over the reach on its side."""
        sides = zip(raw, self._below, self._above, strict=True)
        return [value / (below if value < 0 else above) for value, below, above in sides]

    def _approach(self, raw: Sequence[float], elapsed_s: float) -> None:
        share = 1 - math.exp(-min(elapsed_s, MOST_APPROACH_S) / APPROACH_S)
        for k, value in enumerate(raw):
            self._below[k] += share * max(-value - self._below[k], 0.0)
            self._above[k] += share * max(value - self._above[k], 0.0)

    def _fade(self) -> None:
        keep, self._unfaded_s = math.exp(-self._unfaded_s / FORGET_S), 0.0
        for side in (self._below, self._above):
            side[:] = [min(max(keep * reach, SMALLEST_REACH), LARGEST_REACH) for reach in side]

    def export(self) -> dict[str, Any]:
        """What a profile keeps."""
        return {"reach": [list(sides) for sides in zip(self._below, self._above, strict=True)]}

    def restore(self, kept: dict[str, Any]) -> None:
        """Begin with an earlier run's result. Raises ValueError when it does not fit."""
        self._below, self._above = kept_array(kept, "reach", (N, 2), SMALLEST_REACH, LARGEST_REACH).T.tolist()
