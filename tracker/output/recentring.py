"""Recentring: takes the pose a user holds now for straight and centred, in everything that is sent.

The log and the library interface keep the poses the camera saw.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tracker.types import Face, FrameResult, HeadPose

WINDOW_S = 0.3
"""A neutral pose is the mean of those of so long: one frame alone has noise, and nobody holds still for long."""
MIN_POSES = 3
"""A window ends no sooner than with so many poses."""


@dataclass(frozen=True, slots=True, eq=False)
class NeutralPose:
    """Moves the camera, in effect, to where a given pose is seen straight on, at the same distance.

    A head at that pose then counts as frontal and centred, and it is turned and moved along its own axes from
    there. So a user who looks at a screen beside the camera nods when nodding and comes nearer when leaning in.

    rotation: (3, 3), translation: (3,) of the neutral pose in C.
    """

    rotation: npt.NDArray[np.floating]
    translation: npt.NDArray[np.floating]
    quaternion_xyzw: npt.NDArray[np.floating]

    @classmethod
    def from_pose(cls, pose: HeadPose) -> NeutralPose:
        """Take `pose` for neutral."""
        return cls(pose.rotation, pose.translation, pose.quaternion_xyzw)

    @classmethod
    def from_poses(cls, poses: Sequence[HeadPose]) -> NeutralPose:
        """Take the mean of `poses` for neutral; at least one, within a few degrees of each other."""
        quaternions = np.array([pose.quaternion_xyzw for pose in poses], np.float64)
        quaternions[quaternions @ quaternions[0] < 0] *= -1.0  # q and -q are one rotation
        mean = quaternions.sum(axis=0)
        mean /= np.linalg.norm(mean)
        translation = np.mean([pose.translation for pose in poses], axis=0)
        return cls(_matrix(mean), translation, mean)

    def apply(self, pose: HeadPose) -> HeadPose:
        """`pose` as the moved camera would see it."""
        distance = float(np.linalg.norm(self.translation))
        back = self.rotation.T
        rotation = back @ pose.rotation
        quaternion = _product(_conjugate(self.quaternion_xyzw), pose.quaternion_xyzw)
        return HeadPose(
            rotation=rotation,
            translation=back @ (pose.translation - self.translation) + (0.0, 0.0, distance),
            quaternion_xyzw=quaternion if quaternion[3] >= 0 else -quaternion,
            euler_deg=_pitch_yaw_roll(rotation),
            error_px=pose.error_px,
        )


@dataclass(slots=True)
class _Window:
    """The poses of one face since it was first seen after a request."""

    start_s: float
    poses: list[HeadPose] = field(default_factory=list)


class Recentring:
    """The neutral pose of each face, taken from the frames that follow a request.

    A request concerns the faces with a pose in the first frame that has any: with nobody there it waits. Until a
    face's new neutral pose is known its old one holds. `request` and `reset` may be called from any thread, `apply`
    from one.
    """

    def __init__(self) -> None:
        self._neutral: dict[int, NeutralPose] = {}
        self._windows: dict[int, _Window] = {}
        self._requested = False
        self._lock = threading.Lock()

    def request(self) -> None:
        """Take what comes next for neutral."""
        with self._lock:
            self._requested = True

    def reset(self) -> None:
        """Send poses as the camera sees them again."""
        with self._lock:
            self._requested = False
            self._windows.clear()
            self._neutral.clear()

    def apply(self, result: FrameResult) -> FrameResult:
        """`result` with the poses that should be sent. Frames must come in the order of their media time."""
        with self._lock:
            if self._requested:
                posed = [face.face_id for face in result.faces if face.pose is not None]
                if posed:
                    self._windows = {face_id: _Window(result.media_s) for face_id in posed}
                    self._requested = False
            if not self._windows and not self._neutral:
                return result
            return replace(result, faces=tuple(self._moved(face, result.media_s) for face in result.faces))

    def _moved(self, face: Face, now_s: float) -> Face:
        if face.pose is None:
            return face
        window = self._windows.get(face.face_id)
        if window is not None:
            window.poses.append(face.pose)
            if now_s - window.start_s >= WINDOW_S and len(window.poses) >= MIN_POSES:
                self._neutral[face.face_id] = NeutralPose.from_poses(window.poses)
                del self._windows[face.face_id]
        neutral = self._neutral.get(face.face_id)
        return face if neutral is None else replace(face, pose=neutral.apply(face.pose))


def _pitch_yaw_roll(rotation: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """(3,) degrees with rotation = Rz(roll) Ry(yaw) Rx(pitch)."""
    (r00, _, _), (r10, _, _), (r20, r21, r22) = rotation.tolist()
    return np.degrees([math.atan2(r21, r22), math.atan2(-r20, math.hypot(r21, r22)), math.atan2(r10, r00)])


def _matrix(quaternion: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """(3, 3) of a unit quaternion x, y, z, w."""
    x, y, z, w = quaternion.tolist()
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _conjugate(quaternion: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return quaternion * (-1.0, -1.0, -1.0, 1.0)


def _product(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Hamilton product of two quaternions in the order x, y, z, w: first b's rotation, then a's."""
    scalar = a[3] * b[3] - a[:3] @ b[:3]
    vector = a[3] * b[:3] + b[3] * a[:3] + np.cross(a[:3], b[:3])
    return np.append(vector, scalar)
