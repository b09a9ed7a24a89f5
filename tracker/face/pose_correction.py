"""Pitch and yaw as known renders say that a landmark network's points look under them.

A network draws its points towards an average view: a face that nods by 20 degrees gets the points of one that nods by
15, and a solver that believes them reads a nod that is too small. How a head is turned also shows in how all its points
lie, the jaw and the brows as much as the few rigid ones. A linear map per network, fitted by `training.make_pose` on
renders with exact poses, tells pitch and yaw from that, and a second one adds what is not linear. The solved pose keeps
its place, its distance and its roll.
"""

from __future__ import annotations

import math
import operator
from pathlib import Path

import numpy as np

from tracker import topology as t
from tracker.face.crop import ROLL_POINTS, face_roll, roll_between
from tracker.shipped_arrays import load_arrays
from tracker.types import FloatArray, HeadPose

ASSET = Path(__file__).with_name("pose_correction.npz")
N_POINTS = 48
"""The outline, brows, nose and eyes; the mouth moves too much."""
N_LINEAR, N_CURVED = 2 + 2 * N_POINTS, 10
UNIT_DEG = 30.0
TYPICAL_DISTANCE = 6.0
"""Face units; nearer faces show more perspective."""
LARGEST_STEP_DEG = 15.0
FADES_FROM_DEG, FADED_DEG = 55.0, 80.0
"""No render is turned further than 60 degrees; beyond that the solver is believed again."""
_RIGID = np.zeros(N_POINTS)
_RIGID[t.RIGID_POINTS] = 1 / len(t.RIGID_POINTS)
_SQUARES = np.zeros(2 * t.N_LANDMARKS)
_SQUARES[: 2 * N_POINTS] = np.repeat(_RIGID, 2)
_ROLL_AND_MIDDLE = np.zeros((4, t.N_LANDMARKS))
_ROLL_AND_MIDDLE[:3], _ROLL_AND_MIDDLE[3, :N_POINTS] = ROLL_POINTS, _RIGID


def linear_features(xy: FloatArray) -> FloatArray:
    """(98,) of the points `xy` (66, 2) upright and in their own size, the roll among them."""
    points = np.ascontiguousarray(xy[:N_POINTS], np.float64).view(np.complex128)[:, 0]
    roll = face_roll(xy)
    points = points - _RIGID @ points
    size = math.sqrt(float(_RIGID @ (points.real**2 + points.imag**2))) or 1.0
    features = np.empty(N_LINEAR)
    features[:2] = 1.0, math.degrees(roll) / UNIT_DEG
    features[2:] = (points * complex(math.cos(roll) / size, -math.sin(roll) / size)).view(np.float64)
    return features


def curved_features(pitch: float, yaw: float, distance: float) -> FloatArray:
    """(10,) of the angles that the linear part found (degrees) and the distance of the face."""
    return np.array(curved_values(pitch, yaw, distance))


def curved_values(pitch: float, yaw: float, distance: float) -> list[float]:
    """The ten of `curved_features`."""
    p, y, near = pitch / UNIT_DEG, yaw / UNIT_DEG, TYPICAL_DISTANCE / distance - 1.0
    return [p * p, y * y, p * y, p * y * y, p**3, y**3, y * p * p, near * p, near * y, near]


class PoseCorrection:
    """For one landmark network. Raises ModelError when its file is missing or damaged, or lacks that network."""

    def __init__(self, network: str) -> None:
        (stored,) = load_arrays(ASSET, network)
        weights: FloatArray = stored.astype(np.float64)
        linear = weights[:, :N_LINEAR], weights[:, N_LINEAR : 2 * N_LINEAR]
        self._constants: list[list[float]] = np.concatenate([part[:, :2] for part in linear]).tolist()
        self._curved: list[list[float]] = weights[:, 2 * N_LINEAR :].tolist()
        # What the weights of a point's x and y make of it is the real part of a complex product.
        rows = np.zeros((len(_ROLL_AND_MIDDLE) + 4, t.N_LANDMARKS), np.complex128)
        rows[: len(_ROLL_AND_MIDDLE)] = _ROLL_AND_MIDDLE
        rows[-4:, :N_POINTS] = np.concatenate([part[:, 2::2] - 1j * part[:, 3::2] for part in linear])
        self._rows, self._sums = rows, rows[-4:].sum(axis=1).tolist()

    def angles(self, xy: FloatArray, distance: float) -> tuple[float, float]:
        """Pitch and yaw in degrees of a face `distance` face units away.

        The weights' products with `linear_features`, the features never written down: their turn and size are taken
        out of the products, which one matrix gives, with the means that they are made of.
        """
        flat = xy.astype(np.float64).ravel()
        right, left, mouth, middle, *products = self._rows.dot(flat.view(np.complex128)).tolist()
        size = math.sqrt(max(float(_SQUARES.dot(flat * flat)) - abs(middle) ** 2, 0.0)) or 1.0
        roll = roll_between(right, left, mouth)
        upright, angle = complex(math.cos(roll) / size, -math.sin(roll) / size), math.degrees(roll) / UNIT_DEG
        pitch, yaw, more_pitch, more_yaw = (
            constant + slope * angle + ((product - middle * total) * upright).real
            for (constant, slope), product, total in zip(self._constants, products, self._sums, strict=True)
        )
        curved = curved_values(pitch, yaw, distance)
        for_pitch, for_yaw = (sum(map(operator.mul, row, curved)) for row in self._curved)
        return more_pitch + for_pitch, more_yaw + for_yaw

    def apply(self, pose: HeadPose, xy: FloatArray) -> HeadPose:
        """The pose `pose`, solved from the points `xy` (66, 2), with its pitch and yaw corrected."""
        solved_pitch, solved_yaw, roll = pose.euler_deg.tolist()
        pitch, yaw = self.angles(xy, float(pose.translation[2]))
        turn = max(abs(solved_pitch), abs(solved_yaw))
        share = min(max((FADED_DEG - turn) / (FADED_DEG - FADES_FROM_DEG), 0.0), 1.0)
        pitch = solved_pitch + share * _limited(pitch - solved_pitch)
        yaw = solved_yaw + share * _limited(yaw - solved_yaw)
        return HeadPose.from_euler((pitch, yaw, roll), pose.translation, pose.error_px)


def _limited(step: float) -> float:
    return min(max(step, -LARGEST_STEP_DEG), LARGEST_STEP_DEG)
