"""The 70 points in the head frame: what the 2D landmarks say, at the depth the posed head gives them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tracker import topology as t
from tracker.face.head import REFERENCE_HEAD
from tracker.face.pose import SolvedPose
from tracker.intrinsics import CameraIntrinsics
from tracker.types import FloatArray, HeadPose

EYE_CORNERS = np.array([t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER, t.LEFT_EYE_OUTER, t.LEFT_EYE_INNER])
WIDTHS = np.array([[0, 16], [t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER], [t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER]])
MIN_SCALE, MAX_SCALE = 0.5, 2.0
_REFERENCE_BRIDGE = float(REFERENCE_HEAD[t.NASION, 1] - REFERENCE_HEAD[t.NOSE_TIP, 1])
_REFERENCE_WIDTHS = np.abs(REFERENCE_HEAD[WIDTHS[:, 0], 0] - REFERENCE_HEAD[WIDTHS[:, 1], 0]).tolist()
_MEASURED = np.array([t.NOSE_TIP, t.NASION, *WIDTHS.ravel()])
Point = Sequence[float]
_OUTER, _INNER = REFERENCE_HEAD[t.RIGHT_EYE_OUTER], REFERENCE_HEAD[t.RIGHT_EYE_INNER]
_EYE_WIDTH = float(np.linalg.norm(_OUTER - _INNER))
EYEBALL_OUT, EYEBALL_UP, EYEBALL_DEPTH = (
    (REFERENCE_HEAD[t.RIGHT_EYEBALL] - (_OUTER + _INNER) / 2) * (1, 1, -1) / _EYE_WIDTH
).tolist()
"""Where an eyeball's centre lies from the middle of its eye's corners, in corner distances: away from the nose, up, and
into the head."""
PUPIL_RADIUS = float(REFERENCE_HEAD[t.RIGHT_PUPIL, 2] - REFERENCE_HEAD[t.RIGHT_EYEBALL, 2]) / _EYE_WIDTH
"""A pupil's distance from that centre, likewise."""
_REFERENCE_RADIUS = PUPIL_RADIUS * _EYE_WIDTH


def lift(xy: FloatArray, pose: HeadPose | SolvedPose, head: FloatArray, camera: CameraIntrinsics) -> FloatArray:
    """(70, 3) head-frame points, not normalised yet; the pupils look straight ahead.

    xy: (66, 2) pixels. head: (>= 66, 3) the head that `pose` was solved with.
    """
    # A point at depth z in C is z * (ray, 1), in M (translation - z * (ray, 1)) @ rotation.
    (x, y), focal_px, rotation, translation = camera.centre, camera.focal_px, pose.rotation, pose.translation
    to_rays = np.array(((1 / focal_px, 0.0, 0.0), (0.0, 1 / focal_px, 0.0), (-x / focal_px, -y / focal_px, 1.0)))
    points = np.ones((70, 3))
    seen = points[:66]
    seen[:, :2] = xy
    seen *= (head[:66].dot(rotation[2]) - translation[2])[:, None]
    seen[:] = seen.dot(to_rays.dot(rotation))
    seen += translation.dot(rotation)
    right_outer, right_inner, left_outer, left_inner = points.take(EYE_CORNERS, axis=0).tolist()
    right, right_radius = _eyeball(right_outer, right_inner, EYEBALL_OUT)
    left, left_radius = _eyeball(left_outer, left_inner, -EYEBALL_OUT)
    points[66:] = (*right[:2], right[2] + right_radius), (*left[:2], left[2] + left_radius), right, left
    return points


def _eyeball(outer: Point, inner: Point, to_right: float) -> tuple[Point, float]:
    """Its centre and the distance of the pupil from it, from the eye's corners in the head."""
    width, (x, y, z), (x1, y1, z1) = math.dist(outer, inner), outer, inner
    x, y, z = (x + x1) / 2 + to_right * width, (y + y1) / 2 + EYEBALL_UP * width, (z + z1) / 2 - EYEBALL_DEPTH * width
    return (x, y, z), PUPIL_RADIUS * width


def normalise(points: FloatArray) -> FloatArray:
    """(70, 3) float32 with the reference head's proportions, so that only expression is left in x and y.

    Origin at the nose tip in x and y, the line from tip to nasion upright; y scaled by the height of the
    nose bridge, x by the widths of jaw and eyes.
    """
    (tip_x, tip_y, _), (up_x, up_y, _), *ends = points.take(_MEASURED, axis=0).tolist()
    up_x, up_y = up_x - tip_x, up_y - tip_y
    bridge = math.hypot(up_x, up_y)
    cos, sin = (up_y / bridge, up_x / bridge) if bridge > 1e-6 else (1.0, 0.0)
    x_of = [cos * x - sin * y for x, y, _ in ends]  # upright
    widths = zip(x_of[::2], x_of[1::2], _REFERENCE_WIDTHS, strict=True)
    scale_x = sum([wanted / max(abs(a - b), 1e-6) for a, b, wanted in widths]) / len(WIDTHS)
    scale_x = min(max(scale_x, MIN_SCALE), MAX_SCALE)
    scale_y = min(max(_REFERENCE_BRIDGE / max(bridge, 1e-6), MIN_SCALE), MAX_SCALE)
    upright = np.array(((scale_x * cos, scale_y * sin, 0.0), (-scale_x * sin, scale_y * cos, 0.0), (0.0, 0.0, 1.0)))
    turned: FloatArray = points.dot(upright)
    turned -= np.array((tip_x, tip_y, 0.0)).dot(upright)
    return turned.astype(np.float32)


def with_looks(points: FloatArray, directions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The normalised `points` (70, 3) with pupils that look along the unit vectors `directions` (2, 3), and the vectors
    (2, 3) from the eyeballs' centres to them."""
    gaze = (directions * _REFERENCE_RADIUS).astype(np.float32)
    points[66:68] = points[68:] + gaze
    return points, gaze
