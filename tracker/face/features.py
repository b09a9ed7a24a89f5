"""The 14 raw features: geometry of the normalised head points, before calibration.

Definitions follow OpenSeeFace's; where its code does not do what the name says (the brow quirk), ours does. Lengths are
relative to `step`, a third of the nose bridge, or `width`, the mean width of the jaw's ends as the eyes tell it.

A turned head must not pull a face. Points are lifted at the depth of a head of usual proportions; where a person's
depth differs, a turn moves them sideways, most of all the nose. Heights and slopes are therefore measured from the
line of the eyes' corners rather than from the nose, the mouth's corners from the lips' own middle, and widths relative
to the eyes, as the jaw's ends are hidden one by one.
"""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from tracker import topology as t
from tracker.face.head import REFERENCE_HEAD
from tracker.types import Expression, FloatArray

NAMES = tuple(field.name for field in fields(Expression))
"""In wire order."""


def _difference(plus: npt.ArrayLike, minus: npt.ArrayLike) -> FloatArray:
    """(66,) weights whose product with the points is the mean of `plus` minus the mean of `minus`."""
    weights = np.zeros(t.N_LANDMARKS)
    for members, sign in ((np.atleast_1d(plus), 1.0), (np.atleast_1d(minus), -1.0)):
        weights[members] += sign / len(members)
    return weights


_MIDDLE = [50, 60, 64, 55]
_UPPER_LIP = [49, 50, 51]
_RIGHT_EYE_CORNERS = [t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER]
_LEFT_EYE_CORNERS = [t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER]
# All differences in one matrix: one product instead of forty small means, which would cost more than a network.
_DIFFERENCES = np.stack(
    [
        _difference(t.NASION, t.NOSE_TIP),
        _difference(t.RIGHT_EYE_OUTER, t.LEFT_EYE_OUTER),
        # left, then right
        _difference([43, 44], [46, 47]),
        _difference(t.LEFT_EYE_OUTER, t.LEFT_EYE_INNER),
        _difference([37, 38], [40, 41]),
        _difference(t.RIGHT_EYE_INNER, t.RIGHT_EYE_OUTER),
        _difference(26, 22),
        _difference([23, 24, 25], 22),
        _difference([22, 26], _LEFT_EYE_CORNERS),
        _difference(17, 21),
        _difference([18, 19, 20], 21),
        _difference([17, 21], _RIGHT_EYE_CORNERS),
        _difference(_UPPER_LIP, t.LEFT_MOUTH_CORNER),
        _difference(_MIDDLE, t.LEFT_MOUTH_CORNER),
        _difference(_UPPER_LIP, t.RIGHT_MOUTH_CORNER),
        _difference(_MIDDLE, t.RIGHT_MOUTH_CORNER),
        _difference(t.INNER_UPPER_LIP, t.INNER_LOWER_LIP),
        _difference(t.RIGHT_MOUTH_CORNER, t.LEFT_MOUTH_CORNER),
        _difference(_RIGHT_EYE_CORNERS, _LEFT_EYE_CORNERS),
    ]
)
_BRIDGE_STEPS = 3
_WIDTH_PER_EYES = float(
    np.abs(REFERENCE_HEAD[[0, 1], 0] - REFERENCE_HEAD[[16, 15], 0]).mean()
    / abs(REFERENCE_HEAD[t.RIGHT_EYE_OUTER, 0] - REFERENCE_HEAD[t.LEFT_EYE_OUTER, 0])
)
Pair = tuple[float, float]


def raw_features(points: FloatArray) -> FloatArray:
    """(14,) float64 in wire order from the (70, 3) normalised head points."""
    (
        bridge, outer_corners,
        lid_gap_l, eye_l, lid_gap_r, eye_r,
        brow_l, arch_l, raised_l, brow_r, arch_r, raised_r,
        lip_l, corner_l, lip_r, corner_r,
        lips, mouth, eyes,
    ) = (_DIFFERENCES @ points[: t.N_LANDMARKS, :2]).tolist()  # fmt: skip
    step = max(abs(bridge[1]) / _BRIDGE_STEPS, 1e-6)
    width = max(_WIDTH_PER_EYES * abs(outer_corners[0]), 1e-6)
    tilt = eyes[1] / eyes[0] if abs(eyes[0]) > 1e-6 else 0.0
    return np.array(
        [
            _lid_gap(lid_gap_l, eye_l) / step,
            _lid_gap(lid_gap_r, eye_r) / step,
            _steepness(brow_l, tilt), _height(raised_l, tilt) / step, _arch(arch_l, brow_l) / step,
            _steepness(brow_r, tilt), _height(raised_r, tilt) / step, _arch(arch_r, brow_r) / step,
            _height(lip_l, tilt) / step, abs(corner_l[0]) / width,
            _height(lip_r, tilt) / step, abs(corner_r[0]) / width,
            abs(lips[1]) / step,
            abs(mouth[0]) / width,
        ]
    )  # fmt: skip


def _lid_gap(gap: Pair, across: Pair) -> float:
    """The distance between the lids, perpendicular to the corner line `across`."""
    # x falls from the image's left to its right here, so the corner line's upward normal is (y, -x).
    return (gap[0] * across[1] - gap[1] * across[0]) / max(math.hypot(*across), 1e-6)


def _height(difference: Pair, tilt: float) -> float:
    """How far up `difference` goes from the line of the eyes, whose slope is `tilt`."""
    return difference[1] - tilt * difference[0]


def _steepness(chord: Pair, tilt: float) -> float:
    """Slope in degrees of a brow's chord against the line of the eyes, positive when the inner end is higher."""
    return math.degrees(math.atan2(-_height(chord, tilt), abs(chord[0])))


def _arch(to_middle: Pair, chord: Pair) -> float:
    """Height of a brow's middle above its chord. to_middle: from the inner end."""
    above = to_middle[1] * chord[0] - to_middle[0] * chord[1]
    return math.copysign(1.0, chord[0]) * above / max(math.hypot(*chord), 1e-6)
