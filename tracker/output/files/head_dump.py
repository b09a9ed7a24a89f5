"""``--dump-points``: writes the head model as text, for building avatars or other trackers from it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tracker.errors import FacetrackerError
from tracker.topology import MIRROR_70
from tracker.types import FloatArray


def symmetric(points: FloatArray) -> FloatArray:
    """(70, 3) the mean of `points` (frame M) and their mirror image."""
    mirrored = points[MIRROR_70] * np.array([-1.0, 1.0, 1.0])
    mean: FloatArray = (points + mirrored) / 2
    return mean


def dump_points(points: FloatArray, path: Path) -> None:
    """Write the symmetric head as the `repr` of a NumPy array. Raises FacetrackerError when that fails."""
    with np.printoptions(threshold=sys.maxsize, precision=15):
        text = repr(symmetric(np.asarray(points, np.float64)))
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise FacetrackerError(f"cannot write --dump-points {path}: {error.strerror}") from error
