"""When to look for faces where nobody has been for a while: often while something moves, seldom while nothing does.

Looking costs several milliseconds. Nobody comes into a picture without changing it, so that looking at an unchanged one
again is mostly in vain; it is done now and then because a face may have been missed, or have changed the picture less
than noise does.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from tracker.types import FloatArray

AFTER_S = 5.0
"""Once there was no face for this long, looks become fewer."""
LOOK_S, STILL_LOOK_S = 0.2, 1.0
"""Between two looks while the picture changes, and while it does not."""
KEPT_UP_S = 3.0
"""After a change looks go on as often for this long: by then every roll of a head was searched for."""
ROWS, COLUMNS = 18, 32
"""Of so many pieces the mean brightness is compared, each along one row of pixels."""
LEAST_CHANGE, OVER_NOISE = 3.0, 9.0
"""A piece has changed where it differs by more than so many grey levels, and than so many times the median piece."""


class EmptyScene:
    """A picture with nobody in it, followed from look to look. Times are media time."""

    def __init__(self) -> None:
        self._seen: FloatArray | None = None
        self._changed_s = self._looked_s = -math.inf

    def is_worth_a_look(self, bgr: npt.NDArray[np.uint8], now_s: float) -> bool:
        """Whether to look for faces in `bgr` (H, W, 3); if so, the look is taken to happen."""
        if now_s - self._looked_s < LOOK_S:
            return False
        seen = _pieces(bgr)
        if self._seen is None or _differ(seen, self._seen):
            self._changed_s = now_s
        if now_s - self._changed_s > KEPT_UP_S and now_s - self._looked_s < STILL_LOOK_S:
            return False
        self._seen, self._looked_s = seen, now_s
        return True


def _pieces(bgr: npt.NDArray[np.uint8]) -> FloatArray:
    """(ROWS, COLUMNS, 3) mean brightness."""
    height = bgr.shape[0]
    # Of most rows nothing is read: a whole picture would take as long as a small network.
    rows = bgr[height // (2 * ROWS) :: max(1, height // ROWS)][:ROWS].astype(np.float32)
    return np.asarray(cv2.resize(rows, (COLUMNS, len(rows)), interpolation=cv2.INTER_AREA))


def _differ(now: FloatArray, before: FloatArray) -> bool:
    if now.shape != before.shape:
        return True
    difference = np.abs(now - before)
    noise = float(np.sort(difference, axis=None)[difference.size // 2])  # np.median would load masked arrays
    return noise > LEAST_CHANGE or float(difference.max()) > max(LEAST_CHANGE, OVER_NOISE * noise)
