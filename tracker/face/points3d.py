"""The 70 points in the head frame: the 2D landmarks at the depth of the posed head."""

from __future__ import annotations

import math

import numpy as np

from tracker import topology as t
from tracker.face.head import REFERENCE_HEAD
from tracker.intrinsics import CameraIntrinsics
from tracker.types import FloatArray, HeadPose

EYEBALL_DEPTH = 0.385
"""Distance of an eyeball's centre behind the midpoint of the eye's corners, in eye widths."""
EYE_CORNERS = np.array([t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER, t.LEFT_EYE_OUTER, t.LEFT_EYE_INNER])
WIDTHS = np.array([[0, 16], [t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER], [t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER]])
MIN_SCALE, MAX_SCALE = 0.5, 2.0
_REFERENCE_BRIDGE = float(REFERENCE_HEAD[t.NASION, 1] - REFERENCE_HEAD[t.NOSE_TIP, 1])
_REFERENCE_WIDTHS = np.abs(REFERENCE_HEAD[WIDTHS[:, 0], 0] - REFERENCE_HEAD[WIDTHS[:, 1], 0]).tolist()
_MEASURED = np.array([t.NOSE_TIP, t.NASION, *WIDTHS.ravel()])
Point = list[float]


def lift(xy: FloatArray, pupils: FloatArray, pose: HeadPose, head: FloatArray, camera: CameraIntrinsics) -> FloatArray:
    """(70, 3) head-frame points, not normalised yet.

    xy: (66, 2) and pupils: (2, 2), pixels. head: (>= 66, 3) the head that the pose was solved with.
    """
    observed = np.empty((68, 3))  # in C
    observed[:66, :2], observed[66:, :2] = xy, pupils
    observed[:66, 2] = pose.translation[2] - head[:66] @ pose.rotation[2]
    right_outer, right_inner, left_outer, left_inner = observed[EYE_CORNERS].tolist()
    right_pupil, left_pupil = pupils.tolist()
    observed[66, 2] = _depth_between(right_outer, right_inner, right_pupil)
    observed[67, 2] = _depth_between(left_outer, left_inner, left_pupil)
    observed[:, :2] = (observed[:, :2] - camera.centre) * (observed[:, 2:] / camera.focal_px)
    points = np.empty((70, 3))
    points[:68] = (pose.translation - observed) @ pose.rotation
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
    """(70, 3) float32 scaled to the reference head's proportions, so that x and y differ from it by expression only.

    The origin in x and y is the nose tip, the line from there to the nasion is vertical; y is scaled by the height of
    the nose bridge, x by the widths of jaw and eyes.
    """
    (tip_x, tip_y), (up_x, up_y), *ends = points[_MEASURED, :2].tolist()
    up_x, up_y = up_x - tip_x, up_y - tip_y
    bridge = math.hypot(up_x, up_y)
    cos, sin = (up_y / bridge, up_x / bridge) if bridge > 1e-6 else (1.0, 0.0)
    xs = [cos * x - sin * y for x, y in ends]  # upright
    widths = zip(xs[::2], xs[1::2], _REFERENCE_WIDTHS, strict=True)
    scale_x = sum(reference / max(abs(a - b), 1e-6) for a, b, reference in widths) / len(WIDTHS)
    scale_x = min(max(scale_x, MIN_SCALE), MAX_SCALE)
    scale_y = min(max(_REFERENCE_BRIDGE / max(bridge, 1e-6), MIN_SCALE), MAX_SCALE)
    upright = np.array([[scale_x * cos, scale_y * sin, 0], [-scale_x * sin, scale_y * cos, 0], [0, 0, 1]])
    normalised: FloatArray = ((points - (tip_x, tip_y, 0)) @ upright).astype(np.float32)
    return normalised
