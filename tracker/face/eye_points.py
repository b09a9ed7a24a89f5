"""The landmarks of the eyes, placed closer by the eye network, which sees each eye in many more pixels.

A linear map, fitted by `training.eyes.points`, takes what the landmark network says of an eye's lids and what the eye
network says of its contour, both in the eye's frame, to the eye's six landmarks in that frame.

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
LIDS = (1, 2, 4, 5)
"""Of an eye's six points, those that are no corners."""
EYES = np.array([t.RIGHT_EYE, t.LEFT_EYE[[3, 2, 1, 0, 5, 4]]])
"""(2, 6) landmarks from the outer corner over the upper lid to the inner corner and back: mirror images."""
LARGEST_STEP = 0.2
"""No point moves further, in eye widths; on held-out photographs one eye in a thousand comes to 0.17."""
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
    """(2, 40) what the map takes: the lids' four landmarks and the 16 points of the contour, x and y of each.

    contours: (2, 16, 2) in the eyes' frames.
    """
    lids = []
    for points, frame in zip(xy[EYES[:, LIDS]].tolist(), frames, strict=True):
        for point in points:
            place = to_eye(complex(*point), frame)
            lids += [place.real, place.imag]
    return np.concatenate([np.reshape(lids, (2, -1)), contours.reshape(2, -1)], axis=1)


class EyePoints:
    """The map, read from the package. Raises ModelError where its file is missing or damaged."""

    def __init__(self) -> None:
        try:
            with np.load(ASSET) as stored:
                self._weights: FloatArray = stored["weights"].astype(np.float64)
                self._offset: FloatArray = stored["offset"].astype(np.float64)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise ModelError(f"{ASSET} is missing or damaged; {REINSTALL}") from error

    def place(self, found: FloatArray) -> list[list[complex]]:
        """The six points of each eye in its frame, in the order of `EYES`, from its `features`."""
        placed = (found @ self._weights + self._offset).tolist()
        return [_bounded(points, lids) for points, lids in zip(placed, found[:, :8].tolist(), strict=True)]


def _bounded(points: list[float], lids: list[float]) -> list[complex]:
    """The points, all nearer to where the landmarks are when one of them is further off than LARGEST_STEP."""
    new = [complex(x, y) for x, y in zip(points[::2], points[1::2], strict=True)]
    upper_outer, upper_inner, lower_inner, lower_outer = (
        complex(x, y) for x, y in zip(lids[::2], lids[1::2], strict=True)
    )
    old = [complex(-0.5), upper_outer, upper_inner, complex(0.5), lower_inner, lower_outer]
    furthest = max(abs(a - b) for a, b in zip(new, old, strict=True))
    if furthest <= LARGEST_STEP:
        return new
    share = LARGEST_STEP / furthest
    return [b + share * (a - b) for a, b in zip(new, old, strict=True)]
