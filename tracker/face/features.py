"""The 14 raw expression values: geometry on the normalised head points, before it is fitted to the user.

Definitions follow OpenSeeFace's; where its code does not do what its name says (the brow quirk), this does.
Lengths are over `step`, the mean step of the nose bridge, or `width`, the mean width of the jaw's ends.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from tracker import topology as t
from tracker.types import Expression, FloatArray

NAMES = tuple(field.name for field in fields(Expression))
"""In wire order."""

_EYES = np.array([t.LEFT_EYE, t.RIGHT_EYE])
_UPPER_LIDS = np.array([[43, 44], [37, 38]])
_LOWER_LIDS = np.array([[46, 47], [40, 41]])
_CORNERS = np.array([[t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER], [t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER]])
_BROWS = np.array([t.LEFT_BROW, t.RIGHT_BROW[::-1]])  # both from the inner to the outer end
_MOUTH_CORNERS = np.array([t.LEFT_MOUTH_CORNER, t.RIGHT_MOUTH_CORNER])


def raw_features(points: FloatArray) -> FloatArray:
    """(14,) float64 in wire order from the (70, 3) normalised head points."""
    xy = points[:, :2].astype(np.float64)
    step = np.abs(np.diff(xy[t.NOSE_BRIDGE, 1])).mean()
    width = 0.5 * (abs(xy[0, 0] - xy[16, 0]) + abs(xy[1, 0] - xy[15, 0]))

    across = xy[_CORNERS[:, 1]] - xy[_CORNERS[:, 0]]
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    gap = xy[_UPPER_LIDS].mean(axis=1) - xy[_LOWER_LIDS].mean(axis=1)
    # x falls from the image's left to its right here, so the corner line's upward normal is (y, -x).
    eyes = (gap[:, 0] * across[:, 1] - gap[:, 1] * across[:, 0]) / step

    brows = xy[_BROWS]
    chord = brows[:, -1] - brows[:, 0]
    # The inner end higher than the outer is a positive slope, on either side.
    steepness = np.degrees(np.arctan2(-chord[:, 1], np.abs(chord[:, 0])))
    updown = (0.5 * (brows[:, 0, 1] + brows[:, -1, 1]) - xy[t.NASION, 1]) / step
    length = np.maximum(np.linalg.norm(chord, axis=1), 1e-6)
    to_middle = brows[:, 1:4] - brows[:, :1]
    # How far the middle arches above the chord; the sign makes up positive on both sides.
    arch = (to_middle[:, :, 1] * chord[:, :1] - to_middle[:, :, 0] * chord[:, 1:]) / length[:, None]
    quirk = arch.mean(axis=1) * np.sign(chord[:, 0]) / step

    upper_lip = xy[[49, 50, 51], 1].mean()
    corner_updown = (upper_lip - xy[_MOUTH_CORNERS, 1]) / step
    middle = xy[[50, 60, t.NASION, t.NOSE_TIP, 64, 55], 0].mean()
    corner_inout = np.abs(middle - xy[_MOUTH_CORNERS, 0]) / width
    mouth_open = abs(xy[t.INNER_UPPER_LIP, 1].mean() - xy[t.INNER_LOWER_LIP, 1].mean()) / step
    mouth_wide = abs(xy[t.RIGHT_MOUTH_CORNER, 0] - xy[t.LEFT_MOUTH_CORNER, 0]) / width
    return np.array(
        [
            eyes[0], eyes[1],
            steepness[0], updown[0], quirk[0],
            steepness[1], updown[1], quirk[1],
            corner_updown[0], corner_inout[0],
            corner_updown[1], corner_inout[1],
            mouth_open, mouth_wide,
        ]
    )  # fmt: skip
