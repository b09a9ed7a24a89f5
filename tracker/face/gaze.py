"""Pupil positions that stay plausible: kept while an eye is closed, following the open eye in a wink."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker import topology as t
from tracker.face.plane import Points, to_array, to_complex
from tracker.types import FloatArray

CORNERS = np.array([t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER, t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER])
"""The corners of both eyes, from the image's left to its right in an upright face."""
Corners = tuple[tuple[complex, complex], tuple[complex, complex]]
"""Those of `CORNERS`, pixels: of each eye, right first, from the image's left to its right."""
MIN_OPENNESS = 0.25
"""Openness below which a measured pupil is ignored."""


class PupilMemory:
    """Remembers the position of each pupil in its eye: along and across the corner line, in eye widths."""

    def __init__(self) -> None:
        self._positions: Points = (0j, 0j)

    def update(self, measured: Points, openness: Sequence[float]) -> Points:
        """The positions of both pupils, taken from the eyes that are open.

        measured: as read in this frame. openness: of the right and the left eye, 0 to 1.
        """
        right_open, left_open = openness[0] >= MIN_OPENNESS, openness[1] >= MIN_OPENNESS
        right, left = self._positions
        # Eyes move together: a closed one follows an open one.
        if right_open and left_open:
            right, left = measured
        elif right_open:
            right, left = measured[0], left + measured[0] - right
        elif left_open:
            right, left = right + measured[1] - left, measured[1]
        self._positions = right, left
        return self._positions


def corners_of(xy: FloatArray) -> Corners:
    """Of the face with landmarks `xy` (66, 2)."""
    right_outer, right_inner, left_inner, left_outer = to_complex(xy.take(CORNERS, axis=0))
    return (right_outer, right_inner), (left_inner, left_outer)


def to_pixels(corners: Corners, positions: Points) -> FloatArray:
    """(2, 2) float32 pixels of the pupils at `positions` in eyes with these `corners`."""
    pupils = [(a + b) / 2 + place * (b - a) for (a, b), place in zip(corners, positions, strict=True)]
    return to_array(pupils).astype(np.float32)


def eye_centres(corners: Corners) -> FloatArray:
    """(2, 2) the midpoint of each eye's corners, pixels."""
    return to_pixels(corners, (0j, 0j))


def eyes_inside(corners: Corners, width: int, height: int) -> list[bool]:
    """Whether each eye lies inside a picture of this size, corners included."""
    right, bottom = width - 1, height - 1
    return [
        0 <= a.real <= right and 0 <= b.real <= right and 0 <= a.imag <= bottom and 0 <= b.imag <= bottom
        for a, b in corners
    ]
