"""Head pose from landmarks: perspective-n-point against the reference head."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from tracker import topology as t
from tracker.face.crop import bounds
from tracker.intrinsics import CameraIntrinsics
from tracker.types import FloatArray, HeadPose, Landmarks

ERROR_POINTS = np.array([*t.JAW, t.NOSE_TIP])
OPENSEEFACE_PNP_POINTS = 14
_JUDGED_POINTS = np.concatenate([t.RIGID_POINTS, ERROR_POINTS])
SURE, SURE_WEIGHT = 0.4, 3
"""A point of this confidence counts as much as this many that are less sure."""
NEAREST = 0.3
"""Smallest believable distance of the nose tip, face units."""
FURTHEST_TURN = float(np.cos(np.radians(110)))
"""Cosine of the largest believable angle between the face and the way to the camera's plane."""
MAX_STEPS, SMALL_STEP = 10, 1e-4
"""From the last pose: refined until a step turns by less than so many radians and moves by less than so many face
units, or that often."""
MAX_RESIDUAL = 0.12
"""Mean residual of the rigid points, over the face's size in pixels, above which a pose is not believed."""


Guess = tuple[FloatArray, FloatArray]
"""OpenCV's rotation vector (3, 1) and translation (3, 1)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Solution:
    """A pose that can be: as OpenCV has it, its rotation (3, 3), the mean residual of the rigid points and
    OpenSeeFace's error, both in pixels."""

    guess: Guess
    rotation: FloatArray
    residual_px: float
    error_px: float


class PoseSolver:
    """Solves from the last pose of the same face, and from scratch where that does not fit."""

    def __init__(self) -> None:
        self._last: _Solution | None = None

    def reset(self) -> None:
        """Start from scratch next time."""
        self._last = None

    def solve(self, landmarks: Landmarks, head: FloatArray, camera: CameraIntrinsics) -> HeadPose | None:
        """The pose of `head` (at least 66, 3; frame M) seen at `landmarks`, or None where none fits."""
        # OpenCV's solvers take no weights; saying a point several times is one.
        sure = landmarks.confidence[t.RIGID_POINTS] >= SURE
        # Nearly always all are sure, and three times all of them would be the same sum for more work.
        points = t.RIGID_POINTS if sure.all() else np.repeat(t.RIGID_POINTS, np.where(sure, SURE_WEIGHT, 1))
        model = -head[points]  # a head seen from the front: M's axes reversed are C's
        image = landmarks.xy[points].astype(np.float64)
        matrix = camera.matrix()
        size = max(bounds(landmarks.xy)[2:])
        found = None
        if self._last is not None:
            found = _judge(_refine(self._last.guess, model, image, matrix), landmarks.xy, head, camera)
        if found is None or found.residual_px > MAX_RESIDUAL / 2 * size:
            # SQPnP (Terzakis and Lourakis 2020) needs no start and finds the global optimum of an algebraic error;
            # the reprojection error is then refined from there, by OpenCV because this may be far.
            fresh = _judge(_solved(model, image, matrix, cv2.SOLVEPNP_SQPNP), landmarks.xy, head, camera)
            if fresh is not None:
                near = _solved(model, image, matrix, cv2.SOLVEPNP_ITERATIVE, fresh.guess)
                fresh = _judge(near, landmarks.xy, head, camera)
            if fresh is not None and (found is None or fresh.residual_px < found.residual_px):
                found = fresh
        if found is None or found.residual_px > MAX_RESIDUAL * size:
            self._last = None
            return None
        self._last = found
        return HeadPose.from_rotation(found.rotation, found.guess[1].reshape(3).copy(), found.error_px)


def _solved(
    model: FloatArray, image: FloatArray, matrix: FloatArray, method: int, guess: Guess | None = None
) -> Guess | None:
    """What OpenCV's `method` finds, from `guess` where one is given."""
    if guess is None:
        ok, turn, shift = cv2.solvePnP(model, image, matrix, None, flags=method)
    else:
        # OpenCV writes into the guess it is given, hence the copies.
        ok, turn, shift = cv2.solvePnP(model, image, matrix, None, guess[0].copy(), guess[1].copy(), True, method)
    return (np.asarray(turn, np.float64), np.asarray(shift, np.float64)) if ok else None


def _refine(guess: Guess, model: FloatArray, image: FloatArray, matrix: FloatArray) -> Guess | None:
    """The pose of smallest reprojection error near `guess`; None where it is not near.

    One to three Gauss-Newton steps reach it from the last frame's pose. OpenCV's own refinement takes two to five
    times as long, because it goes on until nothing changes.
    """
    turn, shift = guess
    for _ in range(MAX_STEPS):
        seen, jacobian = cv2.projectPoints(model, turn, shift, matrix, None)
        missed = (image - seen[:, 0]).reshape(-1, 1)
        # The first six columns are by rotation vector and translation.
        ok, step = cv2.solve(jacobian[:, :6], missed, flags=cv2.DECOMP_NORMAL | cv2.DECOMP_CHOLESKY)
        if not ok:
            return None
        turn, shift = turn + step[:3], shift + step[3:]
        if cv2.norm(step, cv2.NORM_INF) < SMALL_STEP:
            return turn, shift
    return None


def _judge(guess: Guess | None, xy: FloatArray, head: FloatArray, camera: CameraIntrinsics) -> _Solution | None:
    """A solver's answer where it is finite, in front of the camera, and not a face seen from behind."""
    if guess is None:
        return None
    turn, shift = guess
    rotation = np.asarray(cv2.Rodrigues(turn)[0], np.float64)
    if not (NEAREST < shift[2, 0] < math.inf and rotation[2, 2] > FURTHEST_TURN):
        return None
    posed = shift[:, 0] - head[_JUDGED_POINTS] @ rotation.T
    missed = camera.project(posed) - xy[_JUDGED_POINTS]
    rigid, others = missed[: len(t.RIGID_POINTS)], missed[len(t.RIGID_POINTS) :]
    residual_px = float(np.hypot(rigid[:, 0], rigid[:, 1]).sum()) / len(rigid)
    if not math.isfinite(residual_px):
        return None
    error_px = math.sqrt(float(np.square(others).sum()) / (2 * OPENSEEFACE_PNP_POINTS))
    return _Solution(guess, rotation, residual_px, error_px)
