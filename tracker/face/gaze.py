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
        self._place = np.zeros((2, 2))

    def place(self, xy: FloatArray, pupils: FloatArray, openness: FloatArray) -> FloatArray:
        """(2, 2) where the pupils stand in their eyes, believing those that can be seen.

        xy: (66, 2) and pupils: (2, 2) in pixels as measured in this frame, openness: (2,) 0 to 1.
        """
        centre, axes, width_squared = _frames(xy)
        measured = np.einsum("ej,ekj->ek", pupils - centre, axes) / width_squared[:, None]
        open_eye = openness >= HOLD_BELOW
        if open_eye.all():
            self._place = measured
        elif open_eye.any():
            # Both eyes look at one thing: the closed one moves as the open one does.
            seen, hidden = (0, 1) if open_eye[0] else (1, 0)
            place = self._place.copy()
            place[hidden] += measured[seen] - place[seen]
            place[seen] = measured[seen]
            self._place = place
        return self._place


def to_pixels(xy: FloatArray, place: FloatArray) -> FloatArray:
    """(2, 2) float32 pixels of pupils that stand at `place` in the eyes of the face `xy` (66, 2)."""
    centre, axes, _ = _frames(xy)
    pixels: FloatArray = (centre + np.einsum("ek,ekj->ej", place, axes)).astype(np.float32)
    return pixels


def eye_centres(xy: FloatArray) -> FloatArray:
    """(2, 2) the middle of each eye's corners, pixels."""
    centre: FloatArray = (0.5 * (xy[CORNERS[:, 0]] + xy[CORNERS[:, 1]])).astype(np.float32)
    return centre


def _frames(xy: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Centres (2, 2), axes (2 eyes, along and across, 2) one eye width long, squared widths (2,)."""
    corners = xy[CORNERS].astype(np.float64)
    along = corners[:, 1] - corners[:, 0]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    return (
        0.5 * (corners[:, 0] + corners[:, 1]),
        np.stack([along, across], axis=1),
        np.maximum(np.square(along).sum(axis=1), 1e-6),
    )
