"""The 14 raw features: geometry of the normalised head points, before calibration.

Definitions follow OpenSeeFace's; where its code does not do what the name says (the brow quirk), ours does. Lengths are
relative to `step`, a third of the nose bridge, or `width`, the mean width of the jaw's ends.
"""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from tracker import topology as t
from tracker.types import Expression, FloatArray

NAMES = tuple(field.name for field in fields(Expression))
"""In wire order."""


def _difference(plus: npt.ArrayLike, minus: npt.ArrayLike) -> FloatArray:
    """(66,) weights whose product with the points is the mean of `plus` minus the mean of `minus`."""
    weights = np.zeros(t.N_LANDMARKS)
    for members, sign in ((np.atleast_1d(plus), 1.0), (np.atleast_1d(minus), -1.0)):
        weights[members] += sign / len(members)
    return weights


_MIDDLE = [50, 60, t.NASION, t.NOSE_TIP, 64, 55]
_UPPER_LIP = [49, 50, 51]
# All differences in one matrix: one product instead of forty small means, which would cost more than a network.
_DIFFERENCES = np.stack(
    [
        _difference(t.NASION, t.NOSE_TIP),
        _difference(0, 16),
        _difference(1, 15),
        # left, then right
        _difference([43, 44], [46, 47]),
        _difference(t.LEFT_EYE_OUTER, t.LEFT_EYE_INNER),
        _difference([37, 38], [40, 41]),
        _difference(t.RIGHT_EYE_INNER, t.RIGHT_EYE_OUTER),
        _difference(26, 22),
        _difference([23, 24, 25], 22),
        _difference([22, 26], t.NASION),
        _difference(17, 21),
        _difference([18, 19, 20], 21),
        _difference([17, 21], t.NASION),
        _difference(_UPPER_LIP, t.LEFT_MOUTH_CORNER),
        _difference(_MIDDLE, t.LEFT_MOUTH_CORNER),
        _difference(_UPPER_LIP, t.RIGHT_MOUTH_CORNER),
        _difference(_MIDDLE, t.RIGHT_MOUTH_CORNER),
        _difference(t.INNER_UPPER_LIP, t.INNER_LOWER_LIP),
        _difference(t.RIGHT_MOUTH_CORNER, t.LEFT_MOUTH_CORNER),
    ]
)
_BRIDGE_STEPS = 3
Pair = tuple[float, float]


def raw_features(points: FloatArray) -> FloatArray:
    """(14,) float64 in wire order from the (70, 3) normalised head points."""
    (
        bridge, jaw_0, jaw_1,
        lid_gap_l, eye_l, lid_gap_r, eye_r,
        brow_l, arch_l, raised_l, brow_r, arch_r, raised_r,
        lip_l, corner_l, lip_r, corner_r,
        lips, mouth,
    ) = (_DIFFERENCES @ points[: t.N_LANDMARKS, :2]).tolist()  # fmt: skip
    step = max(abs(bridge[1]) / _BRIDGE_STEPS, 1e-6)
    width = max(0.5 * (abs(jaw_0[0]) + abs(jaw_1[0])), 1e-6)
    return np.array(
        [
            _lid_gap(lid_gap_l, eye_l) / step,
            _lid_gap(lid_gap_r, eye_r) / step,
            _steepness(brow_l), raised_l[1] / step, _arch(arch_l, brow_l) / step,
            _steepness(brow_r), raised_r[1] / step, _arch(arch_r, brow_r) / step,
            lip_l[1] / step, abs(corner_l[0]) / width,
            lip_r[1] / step, abs(corner_r[0]) / width,
            abs(lips[1]) / step,
            abs(mouth[0]) / width,
        ]
    )  # fmt: skip


def _lid_gap(gap: Pair, across: Pair) -> float:
    """The distance between the lids, perpendicular to the corner line `across`."""
    # x falls from the image's left to its right here, so the corner line's upward normal is (y, -x).
    return (gap[0] * across[1] - gap[1] * across[0]) / max(math.hypot(*across), 1e-6)


def _steepness(chord: Pair) -> float:
    """Slope in degrees of a brow's chord, positive when the inner end is higher."""
    return math.degrees(math.atan2(-chord[1], abs(chord[0])))


def _arch(to_middle: Pair, chord: Pair) -> float:
    """Height of a brow's middle above its chord. to_middle: from the inner end."""
    above = to_middle[1] * chord[0] - to_middle[0] * chord[1]
    return math.copysign(1.0, chord[0]) * above / max(math.hypot(*chord), 1e-6)
