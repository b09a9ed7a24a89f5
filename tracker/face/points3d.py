"""The 70 points in the head frame: what the 2D landmarks say, at the depth the posed head gives them."""

from __future__ import annotations

import numpy as np

from tracker import topology as t
from tracker.face.head import REFERENCE_HEAD
from tracker.face.pose import Camera
from tracker.types import FloatArray, HeadPose

EYEBALL_DEPTH = 0.385
"""An eyeball's centre lies this many corner distances behind the middle of the eye's corners."""
EYE_CORNERS = np.array([[t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER], [t.LEFT_EYE_OUTER, t.LEFT_EYE_INNER]])
WIDTHS = np.array([[0, 16], [t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER], [t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER]])
MIN_SCALE, MAX_SCALE = 0.5, 2.0
_REFERENCE_BRIDGE = float(REFERENCE_HEAD[t.NASION, 1] - REFERENCE_HEAD[t.NOSE_TIP, 1])
_REFERENCE_WIDTHS = np.abs(REFERENCE_HEAD[WIDTHS[:, 0], 0] - REFERENCE_HEAD[WIDTHS[:, 1], 0])


def lift(xy: FloatArray, pupils: FloatArray, pose: HeadPose, head: FloatArray, camera: Camera) -> FloatArray:
    """(70, 3) head-frame points, not yet normalised.

    xy: (66, 2), pupils: (2, 2), both pixels; head: (>= 66, 3) the head the pose was solved with.
    """
    depth = (-head[:66] @ pose.rotation.T + pose.translation)[:, 2]
    corners = xy[EYE_CORNERS]
    across = corners[:, 1] - corners[:, 0]
    along = ((pupils - corners[:, 0]) * across).sum(axis=1) / np.maximum(np.square(across).sum(axis=1), 1e-6)
    along = np.clip(along, 0, 1)
    pupil_depth = (1 - along) * depth[EYE_CORNERS[:, 0]] + along * depth[EYE_CORNERS[:, 1]]
    pixels = np.concatenate([xy, pupils])
    depth = np.concatenate([depth, pupil_depth])
    rays = (pixels - ((camera.width - 1) / 2, (camera.height - 1) / 2)) / camera.focal_px
    seen = np.concatenate([rays * depth[:, None], depth[:, None]], axis=1)
    points = np.empty((70, 3))
    points[:68] = -(seen - pose.translation) @ pose.rotation
    points[68:] = 0.5 * (points[EYE_CORNERS[:, 0]] + points[EYE_CORNERS[:, 1]])
    points[68:, 2] -= EYEBALL_DEPTH * np.linalg.norm(points[EYE_CORNERS[:, 1]] - points[EYE_CORNERS[:, 0]], axis=1)
    return points


def normalise(points: FloatArray) -> FloatArray:
    """(70, 3) float32 with the reference head's proportions, so that only expression is left in x and y.

    Origin at the nose tip in x and y, the line from tip to nasion upright; y scaled by the height of the
    nose bridge, x by the widths of jaw and eyes.
    """
    moved = points.copy()
    moved[:, :2] -= points[t.NOSE_TIP, :2]
    up = moved[t.NASION, :2]
    length = np.hypot(up[0], up[1])
    cos, sin = (up[1] / length, up[0] / length) if length > 1e-6 else (1.0, 0.0)
    moved[:, :2] = moved[:, :2] @ np.array([[cos, sin], [-sin, cos]])
    bridge = abs(float(moved[t.NASION, 1] - moved[t.NOSE_TIP, 1]))
    widths = np.abs(moved[WIDTHS[:, 0], 0] - moved[WIDTHS[:, 1], 0])
    scale_x = float((_REFERENCE_WIDTHS / np.maximum(widths, 1e-6)).sum()) / len(WIDTHS)
    moved[:, 1] *= min(max(_REFERENCE_BRIDGE / max(bridge, 1e-6), MIN_SCALE), MAX_SCALE)
    moved[:, 0] *= min(max(scale_x, MIN_SCALE), MAX_SCALE)
    return moved.astype(np.float32)
