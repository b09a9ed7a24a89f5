"""The layout of the 66 landmarks, the dense points and the blendshapes: names, groups and mirror pairs.

Right and left are the subject's. The order is OpenSeeFace's: iBUG 68 with the inner mouth corners
merged into the outer ones, the outer lip first and the corners after it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
RIGHT_PUPIL, LEFT_PUPIL = 66, 67  # in the 70 3D points, and in the 68 points of an OpenSeeFace record
RIGHT_EYEBALL, LEFT_EYEBALL = 68, 69  # in the 70 3D points
_PUPILS, _EYEBALLS = slice(66, 68), slice(68, 70)

RIGID_POINTS = np.array(
    [*NOSE_BRIDGE, *NOSE_BASE, RIGHT_EYE_OUTER, RIGHT_EYE_INNER, LEFT_EYE_INNER, LEFT_EYE_OUTER], dtype=np.intp
)
"""Landmarks that expression moves little. The jaw is excluded: annotators, and networks trained on their labels, let
its points slide along the outline when the head nods, which reduced the measured pitch by a third."""
INNER_49 = np.arange(17, 66)  # all but the jaw; landmark error is measured on these

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
"""MIRROR[i] is the index of point i after the image is flipped left to right."""
MIRROR_70 = np.concatenate([MIRROR, np.array([LEFT_PUPIL, RIGHT_PUPIL, LEFT_EYEBALL, RIGHT_EYEBALL], np.intp)])
"""The same for the 70 points in 3D."""

# iBUG 68 index of each of the 66 points. The merged corners 58 and 62 take the outer corners 48 and 54.
IBUG_68 = np.array([*range(48), *range(49, 54), *range(55, 60), 48, 61, 62, 63, 54, 65, 66, 67], dtype=np.intp)

_EYE_SHAPES = ("eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide")
BLENDSHAPE_NAMES: tuple[str, ...] = (
    *(f"{name}Left" for name in _EYE_SHAPES),
    *(f"{name}Right" for name in _EYE_SHAPES),
    *("jawForward", "jawLeft", "jawRight", "jawOpen"),
    *("mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight"),
    *("mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight"),
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut"),
)
"""ARKit's 52 coefficients in the order in which Live Link Face sends them. Left and right are the subject's."""


def _other_side(name: str) -> str:
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    return name.removesuffix("Right") + "Left" if name.endswith("Right") else name


BLENDSHAPE_MIRROR = np.array([BLENDSHAPE_NAMES.index(_other_side(name)) for name in BLENDSHAPE_NAMES], dtype=np.intp)
"""BLENDSHAPE_MIRROR[i] is the index of blendshape i after the image is flipped left to right."""


N_DENSE = 87
"""Number of dense points that a landmark network can provide as well: lips, lids, nose wings, cheeks and chin."""

# Their groups, as indices into those points. Right, then left, where there are two.
DENSE_OUTER_LIP = np.arange(0, 20)  # right corner, over the upper lip to the left corner (10), back along the lower lip
DENSE_INNER_LIP = np.arange(20, 40)  # the same along the inner edge; left corner 30
DENSE_RIGHT_LID = np.arange(40, 56)  # outer corner, upper lid, inner corner (48), lower lid back
DENSE_LEFT_LID = np.arange(56, 72)  # the same: outer corner first, inner corner 64
DENSE_RIGHT_NOSE_WING = np.arange(72, 75)  # side of the wing, its foot, below the nostril
DENSE_LEFT_NOSE_WING = np.arange(75, 78)
DENSE_RIGHT_CHEEK = np.arange(78, 81)  # below the lower lid, cheekbone, hollow of the cheek
DENSE_LEFT_CHEEK = np.arange(81, 84)
DENSE_CHIN = np.arange(84, 87)  # below the lower lip, front of the chin, its lowest point

DENSE_MESH = np.array(
    [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146]
    + [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95]
    + [33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7]
    + [263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249]
    + [48, 64, 98, 278, 294, 327]
    + [117, 50, 205, 346, 280, 425]
    + [18, 200, 152],
    dtype=np.intp,
)
"""Index of each dense point in MediaPipe's canonical mesh of 478 points, whose annotations they were learned from."""

DENSE_MIRROR = np.array(
    [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 19, 18, 17, 16, 15, 14, 13, 12, 11]
    + [30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 39, 38, 37, 36, 35, 34, 33, 32, 31]
    + [*range(56, 72), *range(40, 56)]
    + [75, 76, 77, 72, 73, 74]
    + [81, 82, 83, 78, 79, 80]
    + [84, 85, 86],
    dtype=np.intp,
)
"""DENSE_MIRROR[i] is the index of dense point i after the image is flipped left to right."""


def gaze_vectors(points_3d: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """(2, 3) from each eyeball's centre to its pupil, right then left, of (70, 3) head-frame points."""
    vectors: npt.NDArray[np.floating] = points_3d[_PUPILS] - points_3d[_EYEBALLS]
    return vectors
