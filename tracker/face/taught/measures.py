"""What an expression is recognised by: numbers about the face in which the head's pose has no part."""

from __future__ import annotations

import math

import numpy as np

from tracker import topology as t
from tracker.types import Face, FloatArray

_EYES = ("opennessRight", "opennessLeft", "gazeRightX", "gazeRightY", "gazeLeftX", "gazeLeftY")
_POINTS = slice(0, 66)
MEASURES: tuple[str, ...] = (
    *t.BLENDSHAPE_NAMES,
    *_EYES,
    *(f"point{k}{axis}" for k in range(_POINTS.start, _POINTS.stop) for axis in "XY"),
)
"""Their names, in order: ARKit's 52 coefficients, how open the eyes are, where they look (sines), and where jaw, brows,
nose, eyes and mouth are in the head (face units). The coefficients say what the network has learnt to name; the points
also say what it has no name for, and what it reads too weakly. The 14 features would say nothing new."""

_COEFFICIENTS, _FIRST_POINT = len(t.BLENDSHAPE_NAMES), len(t.BLENDSHAPE_NAMES) + len(_EYES)
MIN_CONFIDENCE = 0.4
"""Mean landmark confidence below which a face is neither learnt from nor judged."""


def measured(face: Face) -> FloatArray | None:
    """(N,) float64 in the order of `MEASURES`; None for a face without pose or coefficients, or one that is unsure."""
    if face.blendshapes is None or face.points_3d is None or face.landmarks.mean_confidence < MIN_CONFIDENCE:
        return None
    # Number by number: NumPy's calls would cost several times the arithmetic.
    looks = [0.0] * 4
    if face.gaze is not None:
        looks = [part / max(math.hypot(x, y, z), 1e-6) for x, y, z in face.gaze.tolist() for part in (x, y)]
    values = np.empty(len(MEASURES))
    values[:_COEFFICIENTS] = face.blendshapes
    values[_COEFFICIENTS:_FIRST_POINT] = (*face.eyes.openness.tolist(), *looks)
    values[_FIRST_POINT:] = face.points_3d[_POINTS, :2].ravel()
    return values
