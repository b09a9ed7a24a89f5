"""Slowly fit the head to the user (`--no-3d-adapt 0`)."""

from __future__ import annotations

import numpy as np

from tracker import topology as t
from tracker.face.head import REFERENCE_HEAD
from tracker.intrinsics import CameraIntrinsics
from tracker.types import FloatArray, HeadPose

RATE = 0.01
"""Share of a residual that is taken in per frame."""
LARGEST_CHANGE = 0.12
"""No point leaves its place in the reference head by more than this (face units)."""
MIRROR_70 = np.concatenate([t.MIRROR, [67, 66, 69, 68]])
_FLIP = np.array([-1.0, 1.0, 1.0])


class HeadAdaptation:
    """A head that starts as the reference head and follows what the pose leaves unexplained.

    Each frame moves the rigid points a little along the image residual, turned back into the head. Seen from
    the front that teaches width and height; a turned head teaches depth. Kept symmetric, at the reference
    head's eye distance, the nose tip fixed: what pose and distance can explain must not be learnt as shape.
    """

    def __init__(self) -> None:
        self.head: FloatArray = REFERENCE_HEAD.copy()

    def reset(self) -> None:
        self.head = REFERENCE_HEAD.copy()

    def update(self, xy: FloatArray, confidence: FloatArray, pose: HeadPose, camera: CameraIntrinsics) -> None:
        """Take in one frame: xy (66, 2) pixels, confidence (66,)."""
        points = pose.to_camera(self.head[t.RIGID_POINTS])
        missed = xy[t.RIGID_POINTS] - camera.project(points)
        # Pixels to face units at the point's depth, in the picture plane.
        unit = points[:, 2:] / camera.focal_px
        step = np.zeros((len(t.RIGID_POINTS), 3))
        step[:, :2] = missed * unit * confidence[t.RIGID_POINTS, None]
        head = self.head.copy()
        head[t.RIGID_POINTS] += RATE * -(step @ pose.rotation)
        head = 0.5 * (head + (head * _FLIP)[MIRROR_70])
        head -= head[t.NOSE_TIP]
        head *= self._eye_distance(REFERENCE_HEAD) / self._eye_distance(head)
        change = np.clip(head - REFERENCE_HEAD, -LARGEST_CHANGE, LARGEST_CHANGE)
        self.head = REFERENCE_HEAD + change

    @staticmethod
    def _eye_distance(head: FloatArray) -> float:
        return float(np.linalg.norm(head[t.RIGHT_EYE_OUTER] - head[t.LEFT_EYE_OUTER]))
