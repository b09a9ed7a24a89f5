"""Refines the eyes' landmarks with the eye network, which sees each eye with many more pixels.

A linear map, fitted by `training.eyes.points`, predicts how far each of an eye's six landmarks should move from the
landmark network's points and the eye network's contour.

Both are given in the *eye frame*, defined by the corners of the landmark network: origin at their midpoint, x from the
outer to the inner corner, y down, in eye widths; left eyes are mirrored. Points are complex numbers x + iy.
"""

from __future__ import annotations

import operator
from pathlib import Path

import numpy as np

from tracker import topology as t
from tracker.shipped_arrays import load_arrays
from tracker.types import FloatArray

ASSET = Path(__file__).with_name("eye_points.npz")
OUTER, INNER = 0, 3
EYES = np.array([t.RIGHT_EYE, t.LEFT_EYE[[3, 2, 1, 0, 5, 4]]])
"""(2, 6) landmarks from the outer corner over the upper lid to the inner corner and back, so that rows correspond."""
N_COORDINATES = 2 * EYES.shape[1]
LARGEST_STEP = 0.2
"""Largest movement of a point, in eye widths; on held-out photographs one eye in a thousand reaches 0.17."""
TINY = 1e-3
_MIRRORED = (False, True)
EyeFrame = tuple[complex, complex, bool]
"""Midpoint of the corners, vector from the outer to the inner corner (both in pixels), and whether it is mirrored."""
Points = list[complex]
"""Points of one eye, in its frame or in the image."""


def eye_frames(xy: FloatArray) -> tuple[list[EyeFrame], list[Points]]:
    """The frames of both eyes of the face with landmarks `xy` (66, 2), and each eye's landmarks in its frame."""
    frames, landmarks = [], []
    eyes = xy.take(EYES, axis=0).astype(np.float64).view(np.complex128)[..., 0].tolist()
    for pixels, mirrored in zip(eyes, _MIRRORED, strict=True):
        frame = eye_frame(pixels, mirrored)
        frames.append(frame)
        landmarks.append(to_eye_frame(pixels, frame))
    return frames, landmarks


def eye_frame(points: Points, mirrored: bool) -> EyeFrame:
    """The frame of an eye with these six points. Coinciding corners are treated as a tiny eye."""
    outer, inner = points[OUTER], points[INNER]
    return (outer + inner) / 2, (inner - outer) or TINY, mirrored


def to_eye_frame(points: Points, frame: EyeFrame) -> Points:
    """Transform image points to an eye's frame."""
    middle, across, mirrored = frame
    places = [(point - middle) / across for point in points]
    return [place.conjugate() for place in places] if mirrored else places


def to_image(places: Points, frame: EyeFrame) -> Points:
    """The inverse of `to_eye_frame`."""
    middle, across, mirrored = frame
    return [middle + across * (place.conjugate() if mirrored else place) for place in places]


def features(landmarks: list[Points], contours: FloatArray) -> FloatArray:
    """(N, 44) the map's input: x and y of each eye's landmarks and of the 16 points of its contour.

    contours: (N, 16, 2) in the eyes' frames.
    """
    return np.concatenate([np.array(landmarks).view(np.float64), contours.reshape(len(contours), -1)], axis=1)


class EyeLandmarkMap:
    """The linear map, read from the package. Raises ModelError when its file is missing or damaged.

    contour_widths: what a contour's 0 to 1 across and down are, in eye widths, 0.5 being the eye's middle; None for
    contours in the eyes' frames.
    """

    def __init__(self, contour_widths: tuple[float, float] | None = None) -> None:
        (stored,) = load_arrays(ASSET, "weights")
        weights: FloatArray = stored.astype(np.float64)
        self._from_landmarks, self._from_contour = weights[:N_COORDINATES], weights[N_COORDINATES:]
        self._constant: FloatArray = np.zeros(weights.shape[1])
        if contour_widths is not None:
            self._from_contour = self._from_contour * np.tile(contour_widths, len(self._from_contour) // 2)[:, None]
            self._constant = -0.5 * self._from_contour.sum(axis=0)

    def predict(self, landmarks: list[Points], contours: FloatArray) -> list[Points]:
        """The six landmarks of each eye in its frame, in the order of `EYES`. Arguments as for `features`."""
        # What `features` would make one array of is multiplied apart.
        steps = np.array(landmarks).view(np.float64).dot(self._from_landmarks)
        steps += contours.reshape(len(contours), -1).dot(self._from_contour)
        steps += self._constant
        moves = steps.view(np.complex128).tolist()
        return [_moved(places, move) for places, move in zip(landmarks, moves, strict=True)]


def _moved(places: Points, steps: Points) -> Points:
    largest = max(map(abs, steps))
    if largest <= LARGEST_STEP:
        return list(map(operator.add, places, steps))
    share = LARGEST_STEP / largest
    return [place + share * step for place, step in zip(places, steps, strict=True)]
