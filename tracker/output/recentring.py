"""Recentring: takes the pose a user holds now for straight and centred, in everything that is sent.

The log and the library interface keep the poses the camera saw.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tracker.rotations import matrix_from_quaternion, mean_quaternion
from tracker.sample_window import SampleWindow
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

    @classmethod
    def from_pose(cls, pose: HeadPose) -> NeutralPose:
        """Take `pose` for neutral."""
        return cls(pose.rotation, pose.translation)

    @classmethod
    def from_poses(cls, poses: Sequence[HeadPose]) -> NeutralPose:
        """Take the mean of `poses` for neutral; at least one, within a few degrees of each other."""
        mean = mean_quaternion([pose.quaternion_xyzw for pose in poses])
        translation = np.mean([pose.translation for pose in poses], axis=0)
        return cls(matrix_from_quaternion(mean), translation)

    def apply(self, pose: HeadPose) -> HeadPose:
        """`pose` as the moved camera would see it."""
        distance = float(np.linalg.norm(self.translation))
        to_neutral = self.rotation.T
        translation = to_neutral @ (pose.translation - self.translation) + (0.0, 0.0, distance)
        return HeadPose.from_rotation(to_neutral @ pose.rotation, translation, pose.error_px)


class Recentring:
    """The neutral pose of each face, taken from the frames that follow a request.

    A request concerns the faces with a pose in the first frame that has any: with nobody there it waits. Until a
    face's new neutral pose is known its old one holds. `request` and `reset` may be called from any thread, `apply`
    from one.
    """

    def __init__(self) -> None:
        self._neutral: dict[int, NeutralPose] = {}
        self._windows: dict[int, SampleWindow[HeadPose]] = {}
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
                    self._windows = {face_id: SampleWindow(WINDOW_S, MIN_POSES) for face_id in posed}
                    self._requested = False
            if not self._windows and not self._neutral:
                return result
            return replace(result, faces=tuple(self._moved(face, result.media_s) for face in result.faces))

    def _moved(self, face: Face, now_s: float) -> Face:
        if face.pose is None:
            return face
        window = self._windows.get(face.face_id)
        if window is not None:
            window.add(face.pose, now_s)
            if window.is_complete(now_s):
                self._neutral[face.face_id] = NeutralPose.from_poses(window.samples)
                del self._windows[face.face_id]
        neutral = self._neutral.get(face.face_id)
        return face if neutral is None else replace(face, pose=neutral.apply(face.pose))
