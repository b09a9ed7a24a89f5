"""What the 52 coefficients are made of: lengths on the face, heights of the lids and angles of the gaze, freed of the
head's pose.

Lengths are taken between normalised head points and given in millimetres of the reference head, whose outer eye
corners are 90 mm apart. A head that nods or turns still moves them a little, because the depth of its points is
the reference head's and not its own; what that does on average is known and taken out. The lids are the eye network's:
it sees them far closer than the landmarks do.

The figures in `MEASURES` come from `python -m training.blendshape_prior`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tracker import topology as t
from tracker.face.head import REFERENCE_HEAD
from tracker.topology import gaze_vectors
from tracker.types import FloatArray, HeadPose

MILLIMETRES = 90.0 / float(REFERENCE_HEAD[t.RIGHT_EYE_OUTER, 0] - REFERENCE_HEAD[t.LEFT_EYE_OUTER, 0])
"""Millimetres per face unit."""
X, Y = 0, 1
_LARGEST_SINE = 0.7
"""Beyond this turn or nod the average effect of the pose is not known."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The mean of the points `plus` less that of `minus`, along `axis`.

    axis: X, to the subject's right, or Y, up. sided: given for the right half of the face; the left one is its
    mirror image, with X pointing to the left.
    neutral: of the average neutral face. spread: standard deviation of neutral faces between people.
    pose: what the sines of pitch and yaw and their squares add, in mm.
    """

    name: str
    axis: int
    plus: tuple[int, ...]
    minus: tuple[int, ...]
    sided: bool
    neutral: float
    spread: float
    pose: tuple[float, float, float, float]

    def weights(self, mirrored: bool = False) -> FloatArray:
        """(132,) what the product with the flattened x and y of the 66 points gives the measure."""
        weights = np.zeros((t.N_LANDMARKS, 2))
        for members, share in ((self.plus, 1.0), (self.minus, -1.0)):
            if members:
                points = t.MIRROR[list(members)] if mirrored else np.array(members)
                weights[points, self.axis] += share / len(members)
        flat: FloatArray = weights.ravel() * (-MILLIMETRES if mirrored and self.axis == X else MILLIMETRES)
        return flat


_EYE = (t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER)
_NOSE_BASE = tuple(t.NOSE_BASE.tolist())
_LIPS_MIDDLE = (50, 60, 64, 55)
MEASURES = (
    Measure("brow_inner", Y, (20, 21), _EYE, True, 19.2, 2.6, (-4.7, -0.7, -2.3, 0.4)),
    Measure("brow_outer", Y, (17, 18, 19), _EYE, True, 18.6, 2.7, (-2.2, 1.1, -1.3, 0.4)),
    Measure("corner_out", X, (58,), _LIPS_MIDDLE, True, 26.7, 2.3, (3.6, 1.4, 3.6, 1.3)),
    Measure("corner_up", Y, (58,), _NOSE_BASE, True, -20.6, 2.9, (8.4, -0.5, 11.2, -3.1)),
    Measure("corner_lift", Y, (58,), _LIPS_MIDDLE, True, 2.1, 1.9, (1.6, -0.5, 6.6, -1.9)),
    Measure("upper_lip", Y, (48, 49, 59), _NOSE_BASE, True, -17.7, 1.7, (4.9, -0.1, 5.9, -2.2)),
    Measure("lower_lip", Y, (65, 56, 57), _NOSE_BASE, True, -25.9, 2.7, (7.8, -0.1, 5.3, -1.2)),
    Measure("upper_thickness", Y, (48, 49), (59,), True, 4.6, 0.3, (1.7, 0.0, -1.1, -0.1)),
    Measure("lower_thickness", Y, (65,), (56, 57), True, 5.5, 0.5, (-0.5, 0.0, -2.4, 0.2)),
    Measure("gap", Y, (59, 60, 61), (63, 64, 65), False, 1.7, 1.8, (-3.3, 0.0, 2.9, -1.2)),
    Measure("width", X, (58,), (62,), False, 53.4, 4.3, (7.2, 0.0, 7.3, 2.5)),
    Measure("mouth_right", X, tuple(range(48, 66)), (), False, 0.0, 1.2, (0.0, 1.3, 0.0, 0.0)),
    Measure("jaw_right", X, (54, 55, 56, 64), (49, 50, 51, 60), False, 0.0, 0.5, (0.0, -0.7, 0.0, 0.0)),
)
"""Of a side, the subject's right one is described."""
LIDS = (
    Measure("upper_lid", Y, (), (), True, 4.9, 1.2, (-1.8, 0.3, -3.9, 0.8)),
    Measure("lower_lid", Y, (), (), True, -2.4, 0.8, (0.0, -1.1, 1.4, -1.0)),
)
"""Over the eye's corners; not from points, but from the eye network's contour of the lids."""
EYE_MM = MILLIMETRES * abs(float(REFERENCE_HEAD[t.RIGHT_EYE_OUTER, 0] - REFERENCE_HEAD[t.RIGHT_EYE_INNER, 0]))
"""Width of the reference head's eyes, millimetres."""
GAZE_NEUTRAL = {"gaze_out": 1.6, "gaze_up": 10.1}
"""Degrees between an eyeball's axis and a pupil that looks straight ahead, outwards and up: the ball's centre is
placed from the eye's corners, which lie lower than the pupil."""
GAZE_SPREAD = {"gaze_out": 5.0, "gaze_up": 6.0}
"""Not that of photographs, whose eyes wander: what the placing of the ball may be wrong by, and how far beside the
camera somebody's screen may be."""
_SIDES = ("right", "left")
NAMES: tuple[str, ...] = tuple(
    name
    for measure in (*MEASURES, *LIDS)
    for name in ([f"{measure.name}_{side}" for side in _SIDES] if measure.sided else [measure.name])
) + tuple(f"{name}_{side}" for name in GAZE_NEUTRAL for side in _SIDES)
"""Names of what `measure` returns, in order."""
INDEX = {name: place for place, name in enumerate(NAMES)}

_WEIGHTS = np.stack([m.weights(mirrored) for m in MEASURES for mirrored in ((False, True) if m.sided else (False,))])
_LIDS = len(_WEIGHTS)
_GAZE = _LIDS + 2 * len(LIDS)
_EACH = [(m, flip) for m in (*MEASURES, *LIDS) for flip in ((1.0, -1.0) if m.sided else (1.0,))]
NEUTRAL: FloatArray = np.array([m.neutral for m, _ in _EACH] + [v for v in GAZE_NEUTRAL.values() for _ in _SIDES])
SPREAD: FloatArray = np.array([m.spread for m, _ in _EACH] + [v for v in GAZE_SPREAD.values() for _ in _SIDES])
POSE: FloatArray = np.array([[m.pose[0], flip * m.pose[1], *m.pose[2:]] for m, flip in _EACH] + [[0.0] * 4] * 4)
"""(N, 4) what the head's pose adds. Eyes that turn against a turning head really do so."""


def pose_terms(pose: HeadPose) -> FloatArray:
    """(4,) sines of pitch and yaw, and their squares, towards the line of sight and not the camera's axis.

    A head in a corner of the picture is seen from the side without being turned.
    """
    x, y, z = (pose.translation @ pose.rotation).tolist()
    yaw = -x / max(math.sqrt(x * x + y * y + z * z), 1e-6)
    pitch = y / max(math.hypot(y, z), 1e-6)
    pitch, yaw = (min(max(sine, -_LARGEST_SINE), _LARGEST_SINE) for sine in (pitch, yaw))
    return np.array([pitch, yaw, pitch * pitch, yaw * yaw])


def measure(points: FloatArray, lids: FloatArray, terms: FloatArray) -> FloatArray:
    """(N,) float64, see `NAMES`.

    points: (70, 3) normalised head points; lids: (2, 2) of each eye the height of its upper and its lower lid, eye
    widths; terms: the `pose_terms` of the head.
    """
    values = np.empty(len(NAMES))
    values[_LIDS:_GAZE] = EYE_MM * lids.T.ravel()
    values[:_LIDS] = _WEIGHTS @ points[: t.N_LANDMARKS, :2].ravel()
    for eye, (x, y, z) in enumerate(gaze_vectors(points).tolist()):
        outwards = -x if eye else x
        values[_GAZE + eye] = math.degrees(math.atan2(outwards, z))
        values[_GAZE + 2 + eye] = math.degrees(math.atan2(y, math.hypot(x, z)))
    values -= POSE @ terms
    return values
