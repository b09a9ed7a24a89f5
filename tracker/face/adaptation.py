"""Slow adaptation of the head model to the user (`--no-3d-adapt 0`)."""

from __future__ import annotations

import numpy as np

from tracker import topology as t
from tracker.face.head import REFERENCE_HEAD
from tracker.face.pose import SolvedPose
from tracker.intrinsics import CameraIntrinsics
from tracker.types import FloatArray

RATE = 0.01
"""Fraction of a residual applied per frame."""
MAX_CHANGE = 0.12
"""Largest distance of a point from its position in the reference head, per axis (face units)."""
_FLIP = np.array([-1.0, 1.0, 1.0])


class HeadAdaptation:
    """A head that starts as the reference head and follows what the pose leaves unexplained.

    Each frame moves the rigid points a little along their reprojection residual, rotated back into the head frame.
    Frontal views adapt width and height, turned heads depth. The head stays symmetric, with the reference head's eye
    distance and its nose tip fixed: what pose and distance can explain must not be learned as shape.
    """

    def __init__(self) -> None:
        self.head: FloatArray = REFERENCE_HEAD.copy()

    def reset(self) -> None:
        """Return to the reference head."""
        self.head = REFERENCE_HEAD.copy()

    def update(self, xy: FloatArray, confidence: FloatArray, pose: SolvedPose, camera: CameraIntrinsics) -> None:
        """Adapt to one frame. xy: (66, 2) pixels. confidence: (66,)."""
        points = pose.translation - self.head[t.RIGID_POINTS] @ pose.rotation.T
        residual = xy[t.RIGID_POINTS] - camera.project(points)
        # Pixels to face units at the point's depth, in the image plane.
        unit = points[:, 2:] / camera.focal_px
        step = np.zeros((len(t.RIGID_POINTS), 3))
        step[:, :2] = residual * unit * confidence[t.RIGID_POINTS, None]
        head = self.head.copy()
        head[t.RIGID_POINTS] += RATE * -(step @ pose.rotation)
        head = 0.5 * (head + (head * _FLIP)[t.MIRROR_70])
        head -= head[t.NOSE_TIP]
        head *= self._eye_distance(REFERENCE_HEAD) / self._eye_distance(head)
        change = np.clip(head - REFERENCE_HEAD, -MAX_CHANGE, MAX_CHANGE)
        self.head = REFERENCE_HEAD + change

    @staticmethod
    def _eye_distance(head: FloatArray) -> float:
        return float(np.linalg.norm(head[t.RIGHT_EYE_OUTER] - head[t.LEFT_EYE_OUTER]))
