"""The landmarks of the eyes, placed closer by the eye network, which sees each eye in many more pixels.

A linear map, fitted by `training.eyes.points`, takes what the landmark network says of an eye and what the eye network
says of its contour, both in the eye's frame, to how far each of the eye's six landmarks should move.

The eye's frame is that of the corners as the landmark network sees them: origin in their middle, x from the outer
to the inner corner, y down, in eye widths; left eyes are mirrored. Points are complex numbers x + iy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tracker import topology as t
from tracker.errors import ModelError
from tracker.face.networks import REINSTALL
from tracker.types import FloatArray

ASSET = Path(__file__).with_name("eye_points.npz")
OUTER, INNER = 0, 3
EYES = np.array([t.RIGHT_EYE, t.LEFT_EYE[[3, 2, 1, 0, 5, 4]]])
"""(2, 6) landmarks from the outer corner over the upper lid to the inner corner and back: mirror images."""
N_COORDINATES = 2 * EYES.shape[1]
LARGEST_STEP = 0.2
"""No coordinate moves further, in eye widths; on held-out photographs one eye in a thousand comes to 0.17."""
_MIRRORED = (False, True)
EyeFrame = tuple[complex, complex, bool]
"""The corners' middle, what goes from the outer to the inner corner, and whether the eye is mirrored; frame pixels."""


def eye_frames(xy: FloatArray) -> list[EyeFrame]:
    """The frames of the right and the left eye of the face `xy` (66, 2)."""
    frames = []
    for corners, mirrored in zip(xy[EYES[:, [OUTER, INNER]]].tolist(), _MIRRORED, strict=True):
        outer, inner = (complex(*corner) for corner in corners)
        frames.append(((outer + inner) / 2, inner - outer, mirrored))
    return frames


def to_eye(point: complex, frame: EyeFrame) -> complex:
    """A point of the picture in an eye's frame."""
    middle, across, mirrored = frame
    place = (point - middle) / across
    return place.conjugate() if mirrored else place


def to_picture(place: complex, frame: EyeFrame) -> complex:
    """The inverse of `to_eye`."""
    middle, across, mirrored = frame
    return middle + across * (place.conjugate() if mirrored else place)


def features(xy: FloatArray, frames: list[EyeFrame], contours: FloatArray) -> FloatArray:
    """(2, 44) what the map takes: the landmarks of each eye and the 16 points of its contour, x and y of each.

    contours: (2, 16, 2) in the eyes' frames.
    """
    landmarks = []
    for points, frame in zip(xy[EYES].tolist(), frames, strict=True):
        for point in points:
            place = to_eye(complex(*point), frame)
            landmarks += [place.real, place.imag]
    return np.concatenate([np.reshape(landmarks, (2, N_COORDINATES)), contours.reshape(2, -1)], axis=1)


class EyePoints:
    """The map, read from the package. Raises ModelError where its file is missing or damaged."""

    def __init__(self) -> None:
        try:
            with np.load(ASSET) as stored:
                self._weights: FloatArray = stored["weights"].astype(np.float64)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise ModelError(f"{ASSET} is missing or damaged; {REINSTALL}") from error

    def place(self, found: FloatArray) -> list[list[complex]]:
        """The six points of each eye in its frame, in the order of `EYES`, from its `features`."""
        step = found @ self._weights
        furthest = np.abs(step).max(axis=1, keepdims=True)
        placed = found[:, :N_COORDINATES] + step * np.minimum(1.0, LARGEST_STEP / furthest)
        points: list[list[complex]] = placed.view(np.complex128).tolist()
        return points
