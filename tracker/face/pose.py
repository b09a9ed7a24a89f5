"""Head pose from landmarks: perspective-n-point against the reference head."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tracker import topology as t
from tracker.types import FloatArray, HeadPose, Landmarks

ERROR_POINTS = np.array([*t.JAW, t.NOSE_TIP])
OPENSEEFACE_PNP_POINTS = 14
SURE, SURE_WEIGHT = 0.4, 3
"""A point of this confidence counts as much as this many that are less sure."""
NEAREST = 0.3
"""Smallest believable distance of the nose tip, face units."""
FURTHEST_TURN = float(np.cos(np.radians(110)))
"""Cosine of the largest believable angle between the face and the way to the camera's plane."""
MAX_RESIDUAL = 0.12
"""Mean residual of the rigid points, over the face's size in pixels, above which a pose is not believed."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera without distortion: square pixels, principal point in the middle."""

    width: int
    height: int
    focal_px: float

    @classmethod
    def from_fov(cls, width: int, height: int, fov_deg: float) -> Camera:
        """From the horizontal field of view in degrees."""
        return cls(width, height, width / (2 * np.tan(np.radians(fov_deg) / 2)))

    def matrix(self) -> FloatArray:
        # Pixel centres are at whole numbers, so the middle of W pixels is (W - 1) / 2.
        return np.array(
            [[self.focal_px, 0, (self.width - 1) / 2], [0, self.focal_px, (self.height - 1) / 2], [0, 0, 1]]
        )

    def project(self, points: FloatArray) -> FloatArray:
        """(N, 3) points in C -> (N, 2) pixels."""
        image: FloatArray = points @ self.matrix().T
        return image[:, :2] / image[:, 2:]


@dataclass(frozen=True, slots=True, eq=False)
class _Solution:
    """A candidate pose: OpenCV's rotation vector (3, 1) and translation (3, 1), the rotation (3, 3), and the mean
    residual in pixels."""

    turn: FloatArray
    shift: FloatArray
    rotation: FloatArray
    residual_px: float


class PoseSolver:
    """Solves from the last pose of the same face, and from scratch where that does not fit."""

    def __init__(self) -> None:
        self._last: _Solution | None = None

    def forget(self) -> None:
        """Start from scratch next time."""
        self._last = None

    def solve(self, landmarks: Landmarks, head: FloatArray, camera: Camera) -> HeadPose | None:
        """The pose of `head` (at least 66, 3; frame M) seen at `landmarks`, or None where none fits."""
        # OpenCV's solvers take no weights; saying a point several times is one.
        repeats = np.where(landmarks.confidence[t.RIGID_POINTS] >= SURE, SURE_WEIGHT, 1)
        points = np.repeat(t.RIGID_POINTS, repeats)
        model = -head[points]  # a head seen from the front: M's axes reversed are C's
        image = landmarks.xy[points].astype(np.float64)
        size = float((landmarks.xy.max(axis=0) - landmarks.xy.min(axis=0)).max())
        found = None
        if self._last is not None:
            # OpenCV writes into the guess it is given, hence the copies.
            guess = self._last.turn.copy(), self._last.shift.copy()
            found = _check(
                model, image, camera,
                *cv2.solvePnP(model, image, camera.matrix(), None, *guess, True, cv2.SOLVEPNP_ITERATIVE),
            )  # fmt: skip
        if found is None or found.residual_px > MAX_RESIDUAL / 2 * size:
            fresh = _solve_from_scratch(model, image, camera)
            if fresh is not None and (found is None or fresh.residual_px < found.residual_px):
                found = fresh
        if found is None or found.residual_px > MAX_RESIDUAL * size:
            self._last = None
            return None
        self._last = found
        translation = found.shift.reshape(3).copy()
        seen = camera.project(-head[ERROR_POINTS] @ found.rotation.T + translation)
        squares = float(np.square(seen - landmarks.xy[ERROR_POINTS]).sum())
        return HeadPose(
            rotation=found.rotation,
            translation=translation,
            quaternion_xyzw=quaternion_of(found.rotation),
            euler_deg=euler_of(found.rotation),
            error_px=float(np.sqrt(squares / (2 * OPENSEEFACE_PNP_POINTS))),
        )


def _solve_from_scratch(model: FloatArray, image: FloatArray, camera: Camera) -> _Solution | None:
    """SQPnP (Terzakis and Lourakis 2020) needs no start and finds the global optimum of an algebraic error; the
    reprojection error is then refined from there."""
    matrix = camera.matrix()
    ok, turn, shift = cv2.solvePnP(model, image, matrix, None, flags=cv2.SOLVEPNP_SQPNP)
    if _check(model, image, camera, ok, turn, shift) is None:
        return None
    return _check(
        model, image, camera, *cv2.solvePnP(model, image, matrix, None, turn, shift, True, cv2.SOLVEPNP_ITERATIVE)
    )


def _check(
    model: FloatArray, image: FloatArray, camera: Camera, ok: bool, turn: object, shift: object
) -> _Solution | None:
    """A solver's answer where it is finite, in front of the camera, and not a face seen from behind."""
    rotation_vector, translation = np.asarray(turn, np.float64), np.asarray(shift, np.float64)
    if not (ok and np.isfinite(rotation_vector).all() and np.isfinite(translation).all()):
        return None
    rotation = np.asarray(cv2.Rodrigues(rotation_vector)[0], np.float64)
    if translation[2, 0] <= NEAREST or rotation[2, 2] <= FURTHEST_TURN:
        return None
    offset = camera.project(model @ rotation.T + translation[:, 0]) - image
    return _Solution(rotation_vector, translation, rotation, float(np.hypot(offset[:, 0], offset[:, 1]).mean()))


def euler_of(rotation: FloatArray) -> FloatArray:
    """(3,) pitch, yaw, roll in degrees of rotation = Rz(roll) Ry(yaw) Rx(pitch)."""
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    yaw = np.arctan2(-rotation[2, 0], np.hypot(rotation[2, 1], rotation[2, 2]))
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return np.degrees(np.array([pitch, yaw, roll]))


def quaternion_of(rotation: FloatArray) -> FloatArray:
    """(4,) x, y, z, w of a proper rotation, w >= 0."""
    m = rotation
    # Shepperd 1978: of four equal forms take the one without a small divisor.
    squares = np.array([m[0, 0], m[1, 1], m[2, 2], m.trace()])
    k = int(squares.argmax())
    if k == 3:
        q = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], 1 + squares[3]])
    else:
        i, j = (k + 1) % 3, (k + 2) % 3
        q = np.empty(4)
        q[k] = 1 - squares[3] + 2 * m[k, k]
        q[i], q[j] = m[i, k] + m[k, i], m[j, k] + m[k, j]
        q[3] = m[j, i] - m[i, j]
    q /= np.linalg.norm(q)
    return -q if q[3] < 0 else q
