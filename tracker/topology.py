"""The 66-point layout: names, groups and mirror pairs.

Right and left are the subject's. The order is OpenSeeFace's: iBUG 68 with the inner mouth corners
merged into the outer ones, the outer lip first and the corners after it.
"""

from __future__ import annotations

import numpy as np

N_LANDMARKS = 66

JAW = np.arange(0, 17)  # from the right ear over the chin (8) to the left ear
RIGHT_BROW = np.arange(17, 22)  # outer to inner
LEFT_BROW = np.arange(22, 27)  # inner to outer
NOSE_BRIDGE = np.arange(27, 31)  # nasion down to the tip
NOSE_BASE = np.arange(31, 36)  # right to left
RIGHT_EYE = np.arange(36, 42)  # outer corner, upper lid, inner corner, lower lid back
LEFT_EYE = np.arange(42, 48)  # inner corner, upper lid, outer corner, lower lid back
OUTER_UPPER_LIP = np.arange(48, 53)  # right to left
OUTER_LOWER_LIP = np.arange(53, 58)  # left to right
INNER_UPPER_LIP = np.arange(59, 62)  # right to left
INNER_LOWER_LIP = np.arange(63, 66)  # left to right

CHIN, NASION, NOSE_TIP = 8, 27, 30
RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER = 58, 62
RIGHT_EYE_OUTER, RIGHT_EYE_INNER, LEFT_EYE_INNER, LEFT_EYE_OUTER = 36, 39, 42, 45
RIGHT_PUPIL, LEFT_PUPIL = 66, 67  # in the 68 points of a record
RIGHT_EYEBALL, LEFT_EYEBALL = 68, 69  # in the 70 points in 3D

RIGID_POINTS = np.array(
    [*NOSE_BRIDGE, *NOSE_BASE, RIGHT_EYE_OUTER, RIGHT_EYE_INNER, LEFT_EYE_INNER, LEFT_EYE_OUTER], dtype=np.intp
)
"""What expression moves little. The jaw is left out: annotators, and networks after them, let its points slide
along the outline when the head nods, which flattened the pitch by a third."""
INNER_49 = np.arange(17, 66)  # everything but the jaw: what landmark error is measured on

MIRROR = np.array(
    # jaw
    [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    # brows
    + [26, 25, 24, 23, 22, 21, 20, 19, 18, 17]
    # nose
    + [27, 28, 29, 30, 35, 34, 33, 32, 31]
    # eyes
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    # outer lip: upper right to left, lower left to right
    + [52, 51, 50, 49, 48, 57, 56, 55, 54, 53]
    # right corner, inner upper, left corner, inner lower
    + [62, 61, 60, 59, 58]
    + [65, 64, 63],
    dtype=np.intp,
)
"""MIRROR[i] is the point that i becomes when the picture is flipped left to right."""

# iBUG 68 index of each of the 66 points. The merged corners 58 and 62 take the outer corners 48 and 54.
IBUG_68 = np.array([*range(48), *range(49, 54), *range(55, 60), 48, 61, 62, 63, 54, 65, 66, 67], dtype=np.intp)
