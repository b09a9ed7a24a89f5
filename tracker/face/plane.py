"""Points of the picture as complex numbers x + iy: for a handful, their arithmetic takes less time than arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker.types import FloatArray

Points = Sequence[complex]


def to_complex(xy: FloatArray) -> list[complex]:
    """Of points (..., 2), in order."""
    points: list[complex] = xy.astype(np.float64).view(np.complex128).ravel().tolist()
    return points


def to_array(points: Points) -> FloatArray:
    """(N, 2) float64 of N points."""
    return np.array(points, np.complex128).view(np.float64).reshape(-1, 2)
