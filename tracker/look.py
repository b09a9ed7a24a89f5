"""Directions of eyes in the head frame, as vectors and as angles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from tracker.types import FloatArray


def look_vectors(angles: Iterable[Sequence[float]]) -> FloatArray:
    """(N, 3) unit vectors of N gazes: degrees to the subject's left, and up."""
    turns = [(math.radians(yaw), math.radians(pitch)) for yaw, pitch in angles]
    return np.array([(-math.sin(y) * math.cos(p), math.sin(p), math.cos(y) * math.cos(p)) for y, p in turns])


def look_angles(vectors: FloatArray) -> list[tuple[float, float]]:
    """Degrees to the subject's left and up of vectors (N, 3), such as `Face.gaze`."""
    return [
        (math.degrees(math.atan2(-x, z)), math.degrees(math.atan2(y, math.hypot(x, z)))) for x, y, z in vectors.tolist()
    ]
