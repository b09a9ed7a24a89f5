"""Refines the eyes' landmarks with the eye network, which sees each eye with many more pixels.

A linear map, fitted by `training.eyes.points`, predicts how far each of an eye's six landmarks should move from the
landmark network's points and the eye network's contour.

Both are given in the *eye frame*, defined by the corners of the landmark network: origin at their midpoint, x from the
outer to the inner corner, y down, in eye widths; left eyes are mirrored. Points are complex numbers x + iy.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tracker import topology as t
from tracker.face.plane import Points, to_complex
from tracker.shipped_arrays import load_arrays
from tracker.types import FloatArray

ASSET = Path(__file__).with_name("eye_points.npz")
OUTER, INNER = 0, 3
LANDMARKS = slice(int(t.RIGHT_EYE[0]), int(t.LEFT_EYE[-1]) + 1)
"""Those of both eyes, in their own order."""
_MIRRORED_ORDER = (3, 2, 1, 0, 5, 4)
EYES = np.array([t.RIGHT_EYE, t.LEFT_EYE[list(_MIRRORED_ORDER)]])
"""(2, 6) landmarks from the outer corner over the upper lid to the inner corner and back, so that rows correspond."""
N_COORDINATES = 2 * EYES.shape[1]
LARGEST_STEP = 0.2
"""Largest movement of a point, in eye widths; on held-out photographs one eye in a thousand reaches 0.17."""
TINY = 1e-3
_MIRRORED = (False, True)
EyeFrame = tuple[complex, complex, bool]
"""Midpoint of the corners, vector from the outer to the inner corner (both in pixels), and whether it is mirrored."""


def of_both_eyes(landmarks: Points) -> tuple[Points, Points]:
    """Of the 12 landmarks of both eyes in their own order: each eye's, in the order of `EYES`."""
    return landmarks[:6], _mirrored_order(landmarks[6:])


def in_their_order(right: Points, left: Points) -> list[complex]:
    """The inverse of `of_both_eyes`."""
    return [*right, *_mirrored_order(left)]


_mirrored_order = operator.itemgetter(*_MIRRORED_ORDER)  # its own inverse


def eye_frames(xy: FloatArray) -> tuple[list[EyeFrame], list[Points]]:
    """The frames of both eyes of the face with landmarks `xy` (66, 2), and each eye's landmarks in its frame."""
    frames: list[EyeFrame] = []
    landmarks: list[Points] = []
    for pixels, mirrored in zip(of_both_eyes(to_complex(xy[LANDMARKS])), _MIRRORED, strict=True):
        frame = eye_frame(pixels, mirrored)
        frames.append(frame)
        landmarks.append(to_eye_frame(pixels, frame))
    return frames, landmarks


def eye_frame(points: Points, mirrored: bool) -> EyeFrame:
    """The frame of an eye with these six points. Coinciding corners are treated as a tiny eye."""
    outer, inner = points[OUTER], points[INNER]
    return (outer + inner) / 2, (inner - outer) or TINY, mirrored


def to_eye_frame(points: Points, frame: EyeFrame) -> list[complex]:
    """Transform image points to an eye's frame."""
    middle, across, mirrored = frame
    places = [(point - middle) / across for point in points]
    return [place.conjugate() for place in places] if mirrored else places


def to_image(places: Points, frame: EyeFrame) -> list[complex]:
    """The inverse of `to_eye_frame`."""
    middle, across, mirrored = frame
    if mirrored:
        places = [place.conjugate() for place in places]
    return [middle + across * place for place in places]


def features(landmarks: Sequence[Points], contours: FloatArray) -> FloatArray:
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
        self._weights: FloatArray = np.concatenate([stored, np.zeros((1, stored.shape[1]))])  # and a constant
        if contour_widths is not None:
            contour = self._weights[N_COORDINATES:-1]
            contour *= np.tile(contour_widths, len(contour) // 2)[:, None]
            self._weights[-1] = -0.5 * contour.sum(axis=0)
        self._inputs: FloatArray = np.ones((0, len(self._weights)))

    def predict(self, landmarks: Sequence[Points], contours: FloatArray) -> list[Points]:
        """The six landmarks of each eye in its frame, in the order of `EYES`. Arguments as for `features`."""
        inputs = self._inputs
        if len(inputs) != len(landmarks):
            inputs = self._inputs = np.ones((len(landmarks), len(self._weights)))
        inputs[:, :N_COORDINATES] = np.array(landmarks).view(np.float64)
        inputs[:, N_COORDINATES:-1] = contours.reshape(len(contours), -1)
        moves = inputs.dot(self._weights).view(np.complex128).tolist()
        return [_moved(places, move) for places, move in zip(landmarks, moves, strict=True)]


def _moved(places: Points, steps: Points) -> Points:
    largest = max(map(abs, steps))
    if largest <= LARGEST_STEP:
        return list(map(operator.add, places, steps))
    share = LARGEST_STEP / largest
    return [place + share * step for place, step in zip(places, steps, strict=True)]
