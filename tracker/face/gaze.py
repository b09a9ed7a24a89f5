"""Pupil positions that stay plausible: kept while an eye is closed, following the open eye in a wink."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker import topology as t
from tracker.types import FloatArray

CORNERS = np.array([[t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER], [t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER]])
"""The corners of each eye, from the image's left to its right in an upright face."""
MIN_OPENNESS = 0.25
"""Openness below which a measured pupil is ignored."""


class PupilMemory:
    """Remembers the position of each pupil in its eye: along and across the corner line, in eye widths."""

    def __init__(self) -> None:
        self._positions: FloatArray = np.zeros((2, 2))

    def update(self, measured: FloatArray, openness: FloatArray) -> FloatArray:
        """(2, 2) the positions of both pupils, taken from the eyes that are open.

        measured: (2, 2) as read in this frame. openness: (2,) 0 to 1.
        """
        right_open, left_open = (openness >= MIN_OPENNESS).tolist()
        if right_open and left_open:
            self._positions = measured
        elif right_open or left_open:
            # Eyes move together: the closed one follows the open one.
            visible, hidden = (0, 1) if right_open else (1, 0)
            positions = self._positions.copy()
            positions[hidden] += measured[visible] - positions[visible]
            positions[visible] = measured[visible]
            self._positions = positions
        return self._positions


def to_pixels(xy: FloatArray, positions: FloatArray) -> FloatArray:
    """(2, 2) float32 pixels of the pupils at `positions` in the eyes of the face with landmarks `xy` (66, 2)."""
    eyes = zip(xy[CORNERS].tolist(), positions.tolist(), strict=True)
    return np.array([_to_pixel(*corners, *position) for corners, position in eyes], np.float32)


def _to_pixel(left: list[float], right: list[float], along: float, across: float) -> tuple[float, float]:
    """One eye's pupil. Plain floats: NumPy calls would cost several times this arithmetic."""
    x, y = right[0] - left[0], right[1] - left[1]
    middle_x, middle_y = (left[0] + right[0]) / 2, (left[1] + right[1]) / 2
    return middle_x + along * x - across * y, middle_y + along * y + across * x


def eye_centres(xy: FloatArray) -> FloatArray:
    """(2, 2) the midpoint of each eye's corners, pixels."""
    return to_pixels(xy, np.zeros((2, 2)))


def eyes_inside(xy: FloatArray, width: int, height: int) -> npt.NDArray[np.bool_]:
    """(2,) whether each eye of the face `xy` (66, 2) lies inside a picture of this size, corners included."""
    right, bottom = width - 1, height - 1
    eyes = xy[CORNERS].tolist()
    return np.array([all([0 <= x <= right and 0 <= y <= bottom for x, y in corners]) for corners in eyes])
