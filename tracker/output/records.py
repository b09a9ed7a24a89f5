"""A frame's faces as OpenSeeFace's records: its axes, signs and angles.

The format of that name sends them, the CSV log writes them, and the launcher's page gets them beside JSON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from protocol.openseeface import FEATURE_NAMES, FaceRecord, FieldValues, record_of
from tracker.types import Face, FrameResult, HeadPose

NO_POSE_ERROR = 99999.0
"""The fit error that OpenSeeFace sends without a pose. Receivers ignore records above 100."""

_features = attrgetter(*FEATURE_NAMES)  # of an Expression, in wire order; ten times faster than its as_tuple

_HEAD_TO_WIRE = np.array([1.0, -1.0, -1.0], np.float32)  # M (right, up, out of the face) to (right, down, into it)


@dataclass(frozen=True, slots=True, eq=False)
class WirePose:
    """A head pose in OpenSeeFace's conventions.

    quaternion: (4,) x, y, z, w of R_w transposed, the sign chosen so that x > 0 for every pose a webcam sees.
    euler: (3,) degrees, of R_w as OpenCV's RQDecomp3x3 gives them; (180, 0, 90) for a frontal face.
    translation: (3,) the nose tip: up, image-left, minus the distance, in face units. The log's TVec.
    rotation_vector: (3,) axis times angle (radians) of R_w; the angle runs from 0 to 2 pi, so that nodding
        through the frontal pose, where it is pi, does not make the vector jump. The log's RVec.
    """

    numbers: npt.NDArray[np.float64]
    """(10,) quaternion, euler and translation."""

    @property
    def quaternion(self) -> npt.NDArray[np.float64]:
        return self.numbers[:4]

    @property
    def euler(self) -> npt.NDArray[np.float64]:
        return self.numbers[4:7]

    @property
    def translation(self) -> npt.NDArray[np.float64]:
        return self.numbers[7:]

    @property
    def rotation_vector(self) -> npt.NDArray[np.float64]:
        """See above; computed when it is asked for, as only the log has it."""
        return _rotation_vector(self.quaternion)

    @classmethod
    def from_pose(cls, pose: HeadPose) -> WirePose:
        """Convert `pose` to the wire's axes."""
        x, y, z = pose.translation.tolist()
        return cls(np.array((*_wire_quaternion(pose.quaternion_xyzw), *_wire_euler(pose.rotation), -y, -x, -z)))


def to_records(result: FrameResult, face_id_offset: int = 0) -> list[FaceRecord]:
    """The records OpenSeeFace would send for `result`: one per face.

    face_id_offset: added to every id.
    """
    return [record_of(values) for values in wire_values(result, face_id_offset)]


def wire_values(result: FrameResult, face_id_offset: int = 0) -> list[FieldValues]:
    """The same as plain values, for `protocol.openseeface.encode_values`."""
    return [_values(result, face, face_id_offset) for face in result.faces]


def wire_points_3d(points_3d: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """(n, 3) points in the head frame M as the wire has them: x to the subject's right, y down, z into the head."""
    return np.asarray(points_3d * _HEAD_TO_WIRE, np.float32)


def _values(result: FrameResult, face: Face, face_id_offset: int) -> FieldValues:
    landmarks, eyes = face.landmarks, face.eyes
    if face.pose is None or face.points_3d is None:
        # Landmarks, eyes and features are still valid. Receivers that need a pose skip the record for its fit error.
        fit_error, pose, points_3d = NO_POSE_ERROR, np.zeros(10), np.zeros((70, 3), np.float32)
    else:
        fit_error, pose = face.pose.error_px, WirePose.from_pose(face.pose).numbers
        points_3d = wire_points_3d(face.points_3d)
    right_open, left_open = eyes.openness.tolist()
    face_id = face.face_id + face_id_offset
    got_3d = fit_error != NO_POSE_ERROR
    scalars = result.unix_time, face_id, result.width, result.height, right_open, left_open, got_3d, fit_error
    features = np.array(_features(face.expression))
    return scalars, (pose, landmarks.confidence, eyes.confidence, landmarks.xy, eyes.pupils, points_3d, features)


def _wire_quaternion(head: npt.NDArray[np.floating]) -> tuple[float, float, float, float]:
    """The quaternion of R_w transposed from that of R: the head's turn, half a turn about (1, 1, 0), conjugated."""
    x, y, z, w = head.tolist()
    scale = math.copysign(math.sqrt(0.5), w + z)
    return scale * (w + z), scale * (w - z), scale * (y - x), scale * (x + y)


def _wire_euler(rotation: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    """The angles of R_w in degrees. Its rows are, in R's: the second, the first, minus the third."""
    (r00, _, _), (r10, _, _), (r20, r21, r22) = rotation.tolist()
    e0 = math.atan2(0.0 - r21, -r22)  # 0.0 - 0.0 is +0.0, where -0.0 would make a frontal face -180 instead of 180
    e1 = math.atan2(r20, math.hypot(r21, r22))
    e2 = math.atan2(r00, r10)
    return math.degrees(e0), math.degrees(e1), math.degrees(e2)


def _rotation_vector(wire_quaternion: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Axis times angle of R_w from the quaternion of its transpose, on the branch with the angle in 0 to 2 pi."""
    x, y, z, w = wire_quaternion.tolist()
    sine, cosine = math.sqrt(x * x + y * y + z * z), -w
    angle_over_sine = 2.0 * math.atan2(sine, cosine) / sine if sine > 0.0 else 0.0
    return np.array([x, y, z]) * angle_over_sine
