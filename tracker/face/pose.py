"""Head pose from landmarks: perspective-n-point (PnP) against the head model."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from tracker import topology as t
from tracker.face.crop import bounds
from tracker.face.plane import to_complex
from tracker.intrinsics import CameraIntrinsics
from tracker.rotations import euler_from_matrix
from tracker.types import FloatArray, Landmarks

ERROR_POINTS = np.array([*t.JAW, t.NOSE_TIP])
OPENSEEFACE_PNP_POINTS = 14
_CHECKED_POINTS = np.concatenate([t.RIGID_POINTS, ERROR_POINTS])
_N_RIGID = len(t.RIGID_POINTS)
CONFIDENT, CONFIDENT_WEIGHT = 0.4, 3
"""A landmark with at least this confidence has this weight, the others 1."""
MIN_DISTANCE = 0.3
"""Smallest plausible distance of the nose tip, face units."""
MIN_FACING = math.cos(math.radians(110))
"""Cosine of the largest plausible angle between the face and the direction to the camera plane."""
MAX_STEPS, MIN_STEP = 10, 5e-4
"""Refinement stops when a step rotates by less than this many radians and translates by less than this many face units:
what is left is then a fifth of it at most, 0.006 degrees. It fails after this many steps."""
MAX_RESIDUAL = 0.12
"""Mean residual of the rigid points, over the face's size in pixels, above which a pose is rejected."""

RvecTvec = tuple[FloatArray, FloatArray]
"""OpenCV's rotation vector (3, 1) and translation vector (3, 1)."""


class SolvedPose(NamedTuple):
    """A plausible pose, not corrected.

    rotation: (3, 3), translation: (3,), error_px, euler_deg: as of a `HeadPose`. residual_px: mean of the rigid points.
    """

    rvec_tvec: RvecTvec
    rotation: FloatArray
    residual_px: float
    error_px: float

    @property
    def translation(self) -> FloatArray:
        return self.rvec_tvec[1][:, 0]

    @property
    def euler_deg(self) -> tuple[float, float, float]:
        """Pitch, yaw and roll."""
        return euler_from_matrix(self.rotation)


class PoseSolver:
    """Solves from the last pose of the same face, and from scratch where that does not fit."""

    def __init__(self) -> None:
        self._last: SolvedPose | None = None
        self._prepared: tuple[FloatArray, CameraIntrinsics] | None = None

    def reset(self) -> None:
        """Solve from scratch next time."""
        self._last = None

    def solve(
        self, landmarks: Landmarks, head: FloatArray, camera: CameraIntrinsics, size_px: float | None = None
    ) -> SolvedPose | None:
        """The pose in which `head` (at least 66, 3; frame M) appears at `landmarks`; None where none fits.

        size_px: longer side of the box around the landmarks, where it is known.
        """
        self._prepare(head, camera)
        seen = landmarks.xy.take(_CHECKED_POINTS, axis=0)
        size = max(bounds(landmarks.xy)[2:]) if size_px is None else size_px
        # OpenCV's solvers take no weights; repeating a point has the same effect. Mostly all are confident; repeating
        # all of them would give the same sum for more work.
        confidence, rows = landmarks.confidence.take(t.RIGID_POINTS), None
        if min(confidence.tolist()) < CONFIDENT:
            rows = np.repeat(np.arange(_N_RIGID), np.where(confidence >= CONFIDENT, CONFIDENT_WEIGHT, 1))
        best = None if self._last is None else self._follow(self._last.rvec_tvec, seen, rows)
        if best is None or best.residual_px > MAX_RESIDUAL / 2 * size:
            fresh = self._search(seen.astype(np.float64), slice(_N_RIGID) if rows is None else rows)
            if fresh is not None and (best is None or fresh.residual_px < best.residual_px):
                best = fresh
        if best is None or best.residual_px > MAX_RESIDUAL * size:
            self._last = None
            return None
        self._last = best
        return best

    def _prepare(self, head: FloatArray, camera: CameraIntrinsics) -> None:
        """What depends on head and camera alone, and so is the same in most frames."""
        if self._prepared is not None and self._prepared[0] is head and self._prepared[1] is camera:
            return
        self._prepared = head, camera
        self._model = -head[_CHECKED_POINTS]  # for a frontal head C's axes are M's reversed
        self._matrix = camera.matrix()

    def _follow(self, initial: RvecTvec, seen: FloatArray, rows: npt.NDArray[np.intp] | None) -> SolvedPose | None:
        """The pose with the smallest reprojection error near `initial`; None if there is none nearby.

        One to three Gauss-Newton steps suffice from the last frame's pose. OpenCV's refinement takes two to five times
        as long, because it continues until nothing changes.

        seen: (31, 2) the checked points, pixels. rows: which of the rigid points count, and how often; None for each
        once.
        """
        rvec, tvec = initial
        for _ in range(MAX_STEPS):
            projected, jacobian = cv2.projectPoints(self._model, rvec, tvec, self._matrix, None)
            residual = seen - projected[:, 0]
            # The first six columns are the derivatives by rvec and tvec.
            slopes = jacobian[:, :6]
            if rows is None:
                system = slopes[: 2 * _N_RIGID], residual[:_N_RIGID].reshape(-1, 1)
            else:
                system = slopes.reshape(-1, 2, 6)[rows].reshape(-1, 6), residual[rows].reshape(-1, 1)
            ok, step = cv2.solve(*system, flags=cv2.DECOMP_NORMAL | cv2.DECOMP_CHOLESKY)
            if not ok:
                return None
            rvec, tvec = rvec + step[:3], tvec + step[3:]
            if cv2.norm(step, cv2.NORM_INF) < MIN_STEP:
                # For so small a step, projecting once more would tell nothing else than the slopes do.
                return _checked((rvec, tvec), residual - slopes.dot(step).reshape(-1, 2))
        return None

    def _search(self, seen: FloatArray, rows: npt.NDArray[np.intp] | slice) -> SolvedPose | None:
        """The pose that fits best, wherever it is. Arguments as for `_follow`."""
        # SQPnP (Terzakis and Lourakis 2020) needs no initial pose and finds the global optimum of an algebraic
        # error. The reprojection error is then minimised from there, by OpenCV since the minimum may be far.
        model, image = self._model[:_N_RIGID][rows], seen[:_N_RIGID][rows]
        found: RvecTvec | None = None
        for method in (cv2.SOLVEPNP_SQPNP, cv2.SOLVEPNP_ITERATIVE):
            found = _solve_pnp(model, image, self._matrix, method, found)
            if found is None:
                return None
            projected, _ = cv2.projectPoints(self._model, *found, self._matrix, None)
            solution = _checked(found, seen - projected[:, 0])
            if solution is None:
                return None
        return solution


def _checked(rvec_tvec: RvecTvec, residual: FloatArray) -> SolvedPose | None:
    """A solver's result with its errors; None unless it is finite, in front of the camera and facing it.

    residual: (31, 2) of the checked points, pixels.
    """
    rvec, tvec = rvec_tvec
    rotation = cv2.Rodrigues(rvec)[0]
    if not (MIN_DISTANCE < tvec[2, 0] < math.inf and rotation[2, 2] > MIN_FACING):
        return None
    residual_px = sum(map(abs, to_complex(residual[:_N_RIGID]))) / _N_RIGID
    if not math.isfinite(residual_px):
        return None
    error_px = cv2.norm(residual[_N_RIGID:]) / math.sqrt(2 * OPENSEEFACE_PNP_POINTS)
    return SolvedPose(rvec_tvec, np.asarray(rotation, np.float64), residual_px, error_px)


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
