"""Pupils that behave: held while an eye is closed, led by the open eye in a wink."""

from __future__ import annotations

import numpy as np

from tracker import topology as t
from tracker.types import FloatArray

CORNERS = np.array([[t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER], [t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER]])
"""Of each eye, from the image's left to its right in an upright face."""
HOLD_BELOW = 0.25
"""Openness under which a pupil is not believed."""


class PupilMemory:
    """Remembers where each pupil stood in its eye: along and across the corner line, in eye widths."""

    def __init__(self) -> None:
        self._positions: FloatArray = np.zeros((2, 2))

    def update(self, measured: FloatArray, openness: FloatArray) -> FloatArray:
        """(2, 2) where the pupils stand in their eyes, believing those that can be seen.

        measured: (2, 2) where they were read in this frame, openness: (2,) 0 to 1.
        """
        right_open, left_open = (openness >= HOLD_BELOW).tolist()
        if right_open and left_open:
            self._positions = measured
        elif right_open or left_open:
            # Both eyes look at one thing: the closed one moves as the open one does.
            seen, hidden = (0, 1) if right_open else (1, 0)
            place = self._positions.copy()
            place[hidden] += measured[seen] - place[seen]
            place[seen] = measured[seen]
            self._positions = place
        return self._positions


def to_pixels(xy: FloatArray, positions: FloatArray) -> FloatArray:
    """(2, 2) float32 pixels of pupils that stand at `positions` in the eyes of the face `xy` (66, 2)."""
    eyes = zip(xy[CORNERS].tolist(), positions.tolist(), strict=True)
    return np.array([_to_pixel(*corners, *stands) for corners, stands in eyes], np.float32)


def _to_pixel(left: list[float], right: list[float], along: float, across: float) -> tuple[float, float]:
    """Of one eye. Number by number: NumPy's calls would cost several times this arithmetic."""
    x, y = right[0] - left[0], right[1] - left[1]
    middle_x, middle_y = (left[0] + right[0]) / 2, (left[1] + right[1]) / 2
    return middle_x + along * x - across * y, middle_y + along * y + across * x


def eye_centres(xy: FloatArray) -> FloatArray:
    """(2, 2) the middle of each eye's corners, pixels."""
    return to_pixels(xy, np.zeros((2, 2)))
