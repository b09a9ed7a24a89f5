"""Steadies what the networks read of one face: its points and its coefficients, in one filter."""

from __future__ import annotations

import math

import numpy as np

from tracker import topology as t
from tracker.face.smoothing import OneEuroFilter
from tracker.types import FloatArray

_POINT_GROUPS = np.zeros(t.N_LANDMARKS, np.intp)  # 0: jaw and nose, which move with the head
for _number, _members in enumerate((t.RIGHT_BROW, t.LEFT_BROW, t.RIGHT_EYE, t.LEFT_EYE, np.arange(48, 66)), start=1):
    _POINT_GROUPS[_members] = _number
_N_POINT_GROUPS = int(_POINT_GROUPS.max()) + 1
_REGIONS = ("eye", "brow", "nose", "cheek", "jaw", "mouth", "tongue")
_COEFFICIENT_GROUPS = [
    _N_POINT_GROUPS + next(k for k, part in enumerate(_REGIONS) if name.startswith(part)) for name in t.BLENDSHAPE_NAMES
]
_GROUPS = np.concatenate([_POINT_GROUPS.repeat(2), _COEFFICIENT_GROUPS])  # of each number
_N_COORDINATES = 2 * t.N_LANDMARKS


def _for_groups(of_points: float, of_coefficients: float) -> list[float]:
    return [of_points] * _N_POINT_GROUPS + [of_coefficients] * len(_REGIONS)


class FaceFilter:
    """For one face. smoothing: 1 = default; more is steadier. Speeds are in face sizes and whole coefficients."""

    def __init__(self, smoothing: float) -> None:
        self._filter = OneEuroFilter(
            _GROUPS,
            min_cutoff_hz=_for_groups(0.75 / smoothing, 1.5 / smoothing),
            gain=_for_groups(20.0, 6.0),
            dead_zone=_for_groups(0.05, 0.25),
        )

    def reset(self) -> None:
        """Forget the past; the next values pass unchanged."""
        self._filter.reset()

    def filter(
        self, xy: FloatArray, coefficients: FloatArray, now_s: float, size: float
    ) -> tuple[FloatArray, FloatArray]:
        """The steadied points (66, 2) and coefficients (52,), float64, at media time `now_s`.

        size: of the face, in the units of `xy`.
        """
        read = np.concatenate((xy.reshape(-1, 1), coefficients.reshape(-1, 1)), dtype=np.float64)
        # A point's squared speed is the sum of its coordinates', not their mean.
        steady = self._filter.filter(read, now_s, _for_groups(size / math.sqrt(2), 1.0))[:, 0]
        return steady[:_N_COORDINATES].reshape(xy.shape), np.minimum(np.maximum(steady[_N_COORDINATES:], 0.0), 1.0)
