"""Head pose from landmarks: perspective-n-point (PnP) against the head model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from tracker import topology as t
from tracker.face.crop import bounds
from tracker.intrinsics import MIN_DEPTH, CameraIntrinsics
from tracker.types import FloatArray, HeadPose, Landmarks

ERROR_POINTS = np.array([*t.JAW, t.NOSE_TIP])
OPENSEEFACE_PNP_POINTS = 14
_CHECKED_POINTS = np.concatenate([t.RIGID_POINTS, ERROR_POINTS])
CONFIDENT, CONFIDENT_WEIGHT = 0.4, 3
"""A landmark with at least this confidence has this weight, the others 1."""
MIN_DISTANCE = 0.3
"""Smallest plausible distance of the nose tip, face units."""
MIN_FACING = math.cos(math.radians(110))
"""Cosine of the largest plausible angle between the face and the direction to the camera plane."""
MAX_STEPS, MIN_STEP = 10, 1e-4
"""Refinement stops when a step rotates by less than this many radians and translates by less than this many face units;
it fails after this many steps."""
MAX_RESIDUAL = 0.12
"""Mean residual of the rigid points, over the face's size in pixels, above which a pose is rejected."""

RvecTvec = tuple[FloatArray, FloatArray]
"""OpenCV's rotation vector (3, 1) and translation vector (3, 1)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Solution:
    """A plausible pose. rotation: (3, 3). residual_px: mean over the rigid points. error_px: OpenSeeFace's."""

    rvec_tvec: RvecTvec
    rotation: FloatArray
    residual_px: float
    error_px: float


class PoseSolver:
    """Solves from the last pose of the same face, and from scratch where that does not fit."""

    def __init__(self) -> None:
        self._last: _Solution | None = None
        self._prepared: tuple[FloatArray, CameraIntrinsics] | None = None

    def reset(self) -> None:
        """Solve from scratch next time."""
        self._last = None

    def solve(
        self, landmarks: Landmarks, head: FloatArray, camera: CameraIntrinsics, size_px: float | None = None
    ) -> HeadPose | None:
        """The pose in which `head` (at least 66, 3; frame M) appears at `landmarks`; None where none fits.

        size_px: longer side of the box around the landmarks, where it is known.
        """
        # OpenCV's solvers take no weights; repeating a point has the same effect.
        self._prepare(head, camera)
        seen = landmarks.xy[_CHECKED_POINTS].astype(np.float64)
        model, image = self._model, seen[: len(t.RIGID_POINTS)]
        # Mostly all are confident; repeating all of them would give the same sum for more work.
        confident = landmarks.confidence[t.RIGID_POINTS]
        if not np.minimum.reduce(confident) >= CONFIDENT:
            repeats = np.where(confident >= CONFIDENT, CONFIDENT_WEIGHT, 1)
            model, image = np.repeat(model, repeats, axis=0), np.repeat(image, repeats, axis=0)
        matrix = self._matrix
        size = max(bounds(landmarks.xy)[2:]) if size_px is None else size_px
        best = None
        if self._last is not None:
            best = self._check(_refine(self._last.rvec_tvec, model, image, matrix), seen)
        if best is None or best.residual_px > MAX_RESIDUAL / 2 * size:
            # SQPnP (Terzakis and Lourakis 2020) needs no initial pose and finds the global optimum of an algebraic
            # error. The reprojection error is then minimised from there, by OpenCV since the minimum may be far.
            fresh = self._check(_solve_pnp(model, image, matrix, cv2.SOLVEPNP_SQPNP), seen)
            if fresh is not None:
                refined = _solve_pnp(model, image, matrix, cv2.SOLVEPNP_ITERATIVE, fresh.rvec_tvec)
                fresh = self._check(refined, seen)
            if fresh is not None and (best is None or fresh.residual_px < best.residual_px):
                best = fresh
        if best is None or best.residual_px > MAX_RESIDUAL * size:
            self._last = None
            return None
        self._last = best
        return HeadPose.from_rotation(best.rotation, best.rvec_tvec[1].reshape(3).copy(), best.error_px)

    def _prepare(self, head: FloatArray, camera: CameraIntrinsics) -> None:
        """What depends on head and camera alone, and so is the same in most frames."""
        if self._prepared is not None and self._prepared[0] is head and self._prepared[1] is camera:
            return
        self._prepared = head, camera
        self._points = head[_CHECKED_POINTS]
        self._model = -self._points[: len(t.RIGID_POINTS)]  # for a frontal head C's axes are M's reversed
        self._matrix, self._centre = camera.matrix(), np.array(camera.centre)
        self._focal_px = camera.focal_px

    def _check(self, rvec_tvec: RvecTvec | None, seen: FloatArray) -> _Solution | None:
        """A solver's result with its errors; None unless it is finite, in front of the camera and facing it.

        seen: (31, 2) the checked points, pixels.
        """
        if rvec_tvec is None:
            return None
        rvec, tvec = rvec_tvec
        rotation = np.asarray(cv2.Rodrigues(rvec)[0], np.float64)
        if not (MIN_DISTANCE < tvec[2, 0] < math.inf and rotation[2, 2] > MIN_FACING):
            return None
        posed = tvec[:, 0] - self._points @ rotation.T
        # As `CameraIntrinsics.project` does it.
        residual = posed[:, :2] * self._focal_px / np.maximum(posed[:, 2:], MIN_DEPTH)
        residual += self._centre
        residual -= seen
        rigid, others = residual[: len(t.RIGID_POINTS)], residual[len(t.RIGID_POINTS) :]
        residual_px = float(np.add.reduce(np.hypot(rigid[:, 0], rigid[:, 1]))) / len(rigid)
        if not math.isfinite(residual_px):
            return None
        error_px = cv2.norm(others) / math.sqrt(2 * OPENSEEFACE_PNP_POINTS)
        return _Solution(rvec_tvec, rotation, residual_px, error_px)


def _solve_pnp(
    model: FloatArray, image: FloatArray, matrix: FloatArray, method: int, initial: RvecTvec | None = None
) -> RvecTvec | None:
    """The result of OpenCV's `method`, starting from `initial` where one is given."""
    if initial is None:
        ok, rvec, tvec = cv2.solvePnP(model, image, matrix, None, flags=method)
    else:
        # OpenCV writes into the initial pose, hence the copies.
        ok, rvec, tvec = cv2.solvePnP(model, image, matrix, None, initial[0].copy(), initial[1].copy(), True, method)
    return (np.asarray(rvec, np.float64), np.asarray(tvec, np.float64)) if ok else None


def _refine(initial: RvecTvec, model: FloatArray, image: FloatArray, matrix: FloatArray) -> RvecTvec | None:
    """The pose with the smallest reprojection error near `initial`; None if there is none nearby.

    One to three Gauss-Newton steps suffice from the last frame's pose. OpenCV's refinement takes two to five times as
    long, because it continues until nothing changes.
    """
    rvec, tvec = initial
    for _ in range(MAX_STEPS):
        projected, jacobian = cv2.projectPoints(model, rvec, tvec, matrix, None)
        residual = (image - projected[:, 0]).reshape(-1, 1)
        # The first six columns are the derivatives by rvec and tvec.
        ok, step = cv2.solve(jacobian[:, :6], residual, flags=cv2.DECOMP_NORMAL | cv2.DECOMP_CHOLESKY)
        if not ok:
            return None
        rvec, tvec = rvec + step[:3], tvec + step[3:]
        if cv2.norm(step, cv2.NORM_INF) < MIN_STEP:
            return rvec, tvec
    return None
