"""Pitch and yaw as known renders say that a landmark network's points look under them.

A network draws its points towards an average view: a face that nods by 20 degrees gets the points of one that nods by
15, and a solver that believes them reads a nod that is too small. How a head is turned also shows in how all its points
lie, the jaw and the brows as much as the few rigid ones. A map per network, fitted by `training.make_pose` on renders
with exact poses, tells pitch and yaw from that: linear, and hidden units for what is not. The solved pose keeps its
place, its distance and its roll.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tracker import topology as t
from tracker.face.crop import ROLL_POINTS, roll_between
from tracker.face.pose import SolvedPose
from tracker.shipped_arrays import load_arrays
from tracker.types import FloatArray, HeadPose

ASSET = Path(__file__).with_name("pose_correction.npz")
N_POINTS = 48
"""The outline, brows, nose and eyes; the mouth moves too much."""
N_SCALARS, N_HIDDEN = 3, 32
N_FEATURES = N_SCALARS + 2 * N_POINTS
UNIT_DEG = 30.0
TYPICAL_DISTANCE = 6.0
"""Face units; nearer faces show more perspective."""
MOST_NEAR = 1.0
"""Faces nearer than half of that show no more."""
LARGEST_STEP_DEG = 15.0
FADES_FROM_DEG, FADED_DEG = 55.0, 80.0
"""No render is turned further than 60 degrees; beyond that the solver is believed again."""
_ROLL_AND_MIDDLE = np.zeros((4, t.N_LANDMARKS), np.complex128)
_ROLL_AND_MIDDLE[:3], _ROLL_AND_MIDDLE[3, t.RIGID_POINTS] = ROLL_POINTS, 1 / len(t.RIGID_POINTS)


def pose_features(xy: FloatArray, distance: float) -> FloatArray:
    """(99,) a constant, the roll, the nearness, and the points of `xy` (66, 2) upright and in their own size.

    distance: of the face, in face units.
    """
    points = xy.astype(np.float64).view(np.complex128)[:, 0]
    right, left, mouth, middle = _ROLL_AND_MIDDLE.dot(points).tolist()
    roll = roll_between(right, left, mouth)
    points = points - middle
    rigid = points.take(t.RIGID_POINTS)
    size = math.sqrt(np.vdot(rigid, rigid).real / len(rigid)) or 1.0
    points *= complex(math.cos(roll) / size, -math.sin(roll) / size)
    features = np.empty(N_FEATURES)
    features[:N_SCALARS] = 1.0, math.degrees(roll) / UNIT_DEG, _nearness(distance)
    features[N_SCALARS:] = points[:N_POINTS].view(np.float64)
    return features


def _nearness(distance: float) -> float:
    return min(TYPICAL_DISTANCE / max(distance, 1e-6) - 1.0, MOST_NEAR)


class PoseCorrection:
    """For one landmark network. Raises ModelError when its file is missing or damaged, or lacks that network."""

    def __init__(self, network: str) -> None:
        stored, hidden = load_arrays(ASSET, network, f"{network}_hidden")
        self._weights: FloatArray = np.concatenate([stored[:, :N_FEATURES], hidden]).astype(np.float64)
        self._from_hidden: FloatArray = stored[:, N_FEATURES:].astype(np.float64)

    def angles(self, xy: FloatArray, distance: float) -> tuple[float, float]:
        """Pitch and yaw in degrees of a face with points `xy` (66, 2), `distance` face units away."""
        values = self._weights.dot(pose_features(xy, distance))
        pitch, yaw = (values[:2] + self._from_hidden.dot(np.tanh(values[2:]))).tolist()
        return pitch, yaw

    def apply(self, pose: SolvedPose, xy: FloatArray) -> HeadPose:
        """The pose `pose`, solved from the points `xy` (66, 2), with its pitch and yaw corrected."""
        solved_pitch, solved_yaw, roll = pose.euler_deg
        pitch, yaw = self.angles(xy, float(pose.translation[2]))
        turn = max(abs(solved_pitch), abs(solved_yaw))
        share = min(max((FADED_DEG - turn) / (FADED_DEG - FADES_FROM_DEG), 0.0), 1.0)
        pitch = solved_pitch + share * _limited(pitch - solved_pitch)
        yaw = solved_yaw + share * _limited(yaw - solved_yaw)
        return HeadPose.from_euler((pitch, yaw, roll), pose.translation, pose.error_px)


def _limited(step: float) -> float:
    return min(max(step, -LARGEST_STEP_DEG), LARGEST_STEP_DEG)
