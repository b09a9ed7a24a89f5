"""The 70 points in the head frame: what the 2D landmarks say, at the depth the posed head gives them."""

from __future__ import annotations

import math

import numpy as np

from tracker import topology as t
from tracker.face.head import REFERENCE_HEAD
from tracker.intrinsics import CameraIntrinsics
from tracker.types import FloatArray, HeadPose

EYEBALL_DEPTH = 0.385
"""An eyeball's centre lies this many corner distances behind the middle of the eye's corners."""
EYE_CORNERS = np.array([t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER, t.LEFT_EYE_OUTER, t.LEFT_EYE_INNER])
WIDTHS = np.array([[0, 16], [t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER], [t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER]])
MIN_SCALE, MAX_SCALE = 0.5, 2.0
_REFERENCE_BRIDGE = float(REFERENCE_HEAD[t.NASION, 1] - REFERENCE_HEAD[t.NOSE_TIP, 1])
_REFERENCE_WIDTHS = np.abs(REFERENCE_HEAD[WIDTHS[:, 0], 0] - REFERENCE_HEAD[WIDTHS[:, 1], 0]).tolist()
_MEASURED = np.array([t.NOSE_TIP, t.NASION, *WIDTHS.ravel()])
Point = list[float]


def lift(xy: FloatArray, pupils: FloatArray, pose: HeadPose, head: FloatArray, camera: CameraIntrinsics) -> FloatArray:
    """(70, 3) head-frame points, not yet normalised.

    xy: (66, 2), pupils: (2, 2), both pixels; head: (>= 66, 3) the head the pose was solved with.
    """
    seen = np.empty((68, 3))  # in C
    seen[:66, :2], seen[66:, :2] = xy, pupils
    seen[:66, 2] = pose.translation[2] - head[:66] @ pose.rotation[2]
    right_outer, right_inner, left_outer, left_inner = seen[EYE_CORNERS].tolist()
    right_pupil, left_pupil = pupils.tolist()
    seen[66, 2] = _depth_between(right_outer, right_inner, right_pupil)
    seen[67, 2] = _depth_between(left_outer, left_inner, left_pupil)
    seen[:, :2] = (seen[:, :2] - camera.centre) * (seen[:, 2:] / camera.focal_px)
    points = np.empty((70, 3))
    points[:68] = (pose.translation - seen) @ pose.rotation
    right_outer, right_inner, left_outer, left_inner = points[EYE_CORNERS].tolist()
    points[68:] = _eyeball(right_outer, right_inner), _eyeball(left_outer, left_inner)
    return points


def _depth_between(outer: Point, inner: Point, pupil: Point) -> float:
    """The depth beside `pupil` on the line between an eye's corners, all given as x, y in pixels and depth."""
    across_x, across_y = inner[0] - outer[0], inner[1] - outer[1]
    along = (pupil[0] - outer[0]) * across_x + (pupil[1] - outer[1]) * across_y
    share = min(max(along / max(across_x**2 + across_y**2, 1e-6), 0.0), 1.0)
    return (1 - share) * outer[2] + share * inner[2]


def _eyeball(outer: Point, inner: Point) -> Point:
    """Its centre, from the eye's corners in the head."""
    x, y, z = (0.5 * (a + b) for a, b in zip(outer, inner, strict=True))
    return [x, y, z - EYEBALL_DEPTH * math.dist(outer, inner)]


def normalise(points: FloatArray) -> FloatArray:
    """(70, 3) float32 with the reference head's proportions, so that only expression is left in x and y.

    Origin at the nose tip in x and y, the line from tip to nasion upright; y scaled by the height of the
    nose bridge, x by the widths of jaw and eyes.
    """
    (tip_x, tip_y), (up_x, up_y), *ends = points[_MEASURED, :2].tolist()
    up_x, up_y = up_x - tip_x, up_y - tip_y
    bridge = math.hypot(up_x, up_y)
    cos, sin = (up_y / bridge, up_x / bridge) if bridge > 1e-6 else (1.0, 0.0)
    x_of = [cos * x - sin * y for x, y in ends]  # upright
    widths = zip(x_of[::2], x_of[1::2], _REFERENCE_WIDTHS, strict=True)
    scale_x = sum(wanted / max(abs(a - b), 1e-6) for a, b, wanted in widths) / len(WIDTHS)
    scale_x = min(max(scale_x, MIN_SCALE), MAX_SCALE)
    scale_y = min(max(_REFERENCE_BRIDGE / max(bridge, 1e-6), MIN_SCALE), MAX_SCALE)
    upright = np.array([[scale_x * cos, scale_y * sin, 0], [-scale_x * sin, scale_y * cos, 0], [0, 0, 1]])
    normalised: FloatArray = ((points - (tip_x, tip_y, 0)) @ upright).astype(np.float32)
    return normalised
