"""Recentring: the user's present pose becomes straight ahead and centred, in everything that is sent.

The CSV log and `Tracker` report poses without recentring.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tracker.rotations import matrix_from_quaternion, mean_quaternion
from tracker.sample_window import SampleWindow
from tracker.types import Face, FrameResult, HeadPose

WINDOW_S = 0.3
"""A neutral pose is the mean over this time: a single frame is noisy, and nobody holds still for long."""
MIN_POSES = 3
"""The window ends no sooner than with this many poses."""


@dataclass(frozen=True, slots=True, eq=False)
class NeutralPose:
    """A pose that counts as frontal and centred.

    In effect the camera is moved to where this pose is frontal, at the same distance. Motion is then measured along the
    head's own axes: a user who looks at a screen beside the camera nods when nodding, and comes closer when leaning in.

    rotation: (3, 3), translation: (3,) of the neutral pose in C.
    """

    rotation: npt.NDArray[np.floating]
    translation: npt.NDArray[np.floating]

    @classmethod
    def from_pose(cls, pose: HeadPose) -> NeutralPose:
        """Take one pose as neutral."""
        return cls(pose.rotation, pose.translation)

    @classmethod
    def from_poses(cls, poses: Sequence[HeadPose]) -> NeutralPose:
        """Take the mean of at least one pose as neutral; all within a few degrees of each other."""
        mean = mean_quaternion([pose.quaternion_xyzw for pose in poses])
        translation = np.mean([pose.translation for pose in poses], axis=0)
        return cls(matrix_from_quaternion(mean), translation)

    def apply(self, pose: HeadPose) -> HeadPose:
        """`pose` relative to the neutral pose: as the moved camera would see it."""
        distance = float(np.linalg.norm(self.translation))
        to_neutral = self.rotation.T
        translation = to_neutral @ (pose.translation - self.translation) + (0.0, 0.0, distance)
        return HeadPose.from_rotation(to_neutral @ pose.rotation, translation, pose.error_px)


class Recentring:
    """The neutral pose of each face, taken from the frames after a request.

    A request applies to the faces in the first frame that has any pose; without a face it waits. Until a new neutral
    pose is known the old one remains in effect. `request` and `reset` may be called from any thread, `apply` from one.
    on_change: called when poses begin to be sent relative to something else.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._neutral: dict[int, NeutralPose] = {}
        self._windows: dict[int, SampleWindow[HeadPose]] = {}
        self._requested = False
        self._lock = threading.Lock()

    def request(self) -> None:
        """Take the poses that come next as neutral."""
        with self._lock:
            self._requested = True

    def reset(self) -> None:
        """Return to poses as the camera sees them."""
        with self._lock:
            self._requested = False
            self._windows.clear()
            self._neutral.clear()
        self._on_change()

    def apply(self, result: FrameResult) -> FrameResult:
        """`result` with recentred poses. Frames must come in order of their media time."""
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
                self._on_change()
        neutral = self._neutral.get(face.face_id)
        return face if neutral is None else replace(face, pose=neutral.apply(face.pose))
