"""Pupil positions that stay plausible: kept while an eye is closed, following the open eye in a wink."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker import topology as t
from tracker.types import FloatArray

CORNERS = np.array([[t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER], [t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER]])
"""The corners of each eye, from the image's left to its right in an upright face."""
Pair = Sequence[float]
"""x, y."""
Corners = Sequence[Sequence[Pair]]
"""Those of `CORNERS`, pixels: of each eye, right first, from the image's left to its right."""
MIN_OPENNESS = 0.25
"""Openness below which a measured pupil is ignored."""


class PupilMemory:
    """Remembers the position of each pupil in its eye: along and across the corner line, in eye widths."""

    def __init__(self) -> None:
        self._positions: Sequence[Pair] = ((0.0, 0.0), (0.0, 0.0))

    def update(self, measured: Sequence[Pair], openness: Sequence[float]) -> Sequence[Pair]:
        """The positions of both pupils, taken from the eyes that are open.

        measured: as read in this frame. openness: of the right and the left eye, 0 to 1.
        """
        right_open, left_open = openness[0] >= MIN_OPENNESS, openness[1] >= MIN_OPENNESS
        right, left = self._positions
        # Eyes move together: a closed one follows an open one.
        if right_open and left_open:
            right, left = measured
        elif right_open:
            right, left = measured[0], _moved(left, right, measured[0])
        elif left_open:
            right, left = _moved(right, left, measured[1]), measured[1]
        self._positions = right, left
        return self._positions


def _moved(place: Pair, start: Pair, end: Pair) -> Pair:
    return place[0] + end[0] - start[0], place[1] + end[1] - start[1]


def corners_of(xy: FloatArray) -> Corners:
    """Of the face with landmarks `xy` (66, 2)."""
    corners: Corners = xy[CORNERS].tolist()
    return corners


def to_pixels(corners: Corners, positions: Sequence[Pair]) -> FloatArray:
    """(2, 2) float32 pixels of the pupils at `positions` in eyes with these `corners`."""
    eyes = zip(corners, positions, strict=True)
    return np.array([_to_pixel(left, right, *position) for (left, right), position in eyes], np.float32)


def _to_pixel(left: Pair, right: Pair, along: float, across: float) -> tuple[float, float]:
    """One eye's pupil. Plain floats: NumPy calls would cost several times this arithmetic."""
    x, y = right[0] - left[0], right[1] - left[1]
    middle_x, middle_y = (left[0] + right[0]) / 2, (left[1] + right[1]) / 2
    return middle_x + along * x - across * y, middle_y + along * y + across * x


def eye_centres(corners: Corners) -> FloatArray:
    """(2, 2) the midpoint of each eye's corners, pixels."""
    return to_pixels(corners, ((0.0, 0.0), (0.0, 0.0)))


def eyes_inside(corners: Corners, width: int, height: int) -> list[bool]:
    """Whether each eye lies inside a picture of this size, corners included."""
    right, bottom = width - 1, height - 1
    return [all([0 <= x <= right and 0 <= y <= bottom for x, y in eye]) for eye in corners]
