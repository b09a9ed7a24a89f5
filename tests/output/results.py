"""Made-up results for the tests of sinks and mapping: a plain face at any pose."""

from __future__ import annotations

import math

import numpy as np

from tracker.intrinsics import CameraIntrinsics
from tracker.topology import gaze_vectors
from tracker.types import Expression, Eyes, Face, Frame, FrameResult, HeadPose, Landmarks

WIDTH, HEIGHT = 640, 360
FOCAL_PX = 640.0

# A head of the right proportions in the head frame: rough curves, exact enough to be recognised when drawn.
_JAW = [
    (0.455 * math.cos(a), 0.27 - 0.89 * math.sin(a), -0.76 + 0.47 * math.sin(a)) for a in np.linspace(0, math.pi, 17)
]
_RIGHT_BROW = [(0.40 - 0.07 * i, 0.43 + 0.04 * math.sin(math.pi * i / 4), -0.2) for i in range(5)]
_NOSE = [(0.0, 0.293 * (1 - i / 3), -0.15 + 0.05 * i) for i in range(4)]
_BASE = [(0.09 - 0.045 * i, -0.07 - 0.02 * math.sin(math.pi * i / 4), -0.1) for i in range(5)]
_RIGHT_EYE = [(0.316, 0.28), (0.26, 0.325), (0.18, 0.325), (0.131, 0.275), (0.18, 0.25), (0.26, 0.25)]
_LIPS = [
    *((0.12 - 0.06 * i, -0.22 + 0.02 * math.sin(math.pi * i / 4), -0.1) for i in range(5)),
    *((-0.12 + 0.06 * i, -0.34 - 0.03 * math.sin(math.pi * i / 4), -0.1) for i in range(5)),
    (0.18, -0.27, -0.15), (0.08, -0.255, -0.1), (0.0, -0.25, -0.1), (-0.08, -0.255, -0.1),
    (-0.18, -0.27, -0.15), (-0.08, -0.3, -0.1), (0.0, -0.305, -0.1), (0.08, -0.3, -0.1),
]  # fmt: skip
_EYEBALLS = [(0.224, 0.276, -0.35), (-0.224, 0.276, -0.35)]


def mirrored(points: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    return [(-x, y, z) for x, y, z in points]


def head_points(gaze: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """(70, 3) float32 in the head frame; gaze: how far the pupils are to the subject's right and up."""
    right_eye = [(x, y, -0.26) for x, y in _RIGHT_EYE]
    left_eye = [mirrored(right_eye)[i] for i in (3, 2, 1, 0, 5, 4)]
    pupils = [(x + gaze[0], y + gaze[1], z + 0.1) for x, y, z in _EYEBALLS]
    points = [*_JAW, *_RIGHT_BROW, *reversed(mirrored(_RIGHT_BROW)), *_NOSE, *_BASE, *right_eye, *left_eye, *_LIPS]
    return np.array([*points, *pupils, *_EYEBALLS], np.float32)


def turn(axis: int, degrees: float) -> np.ndarray:
    """The rotation matrix about one axis."""
    angle = math.radians(degrees)
    matrix = np.eye(3)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix[a, a] = matrix[b, b] = math.cos(angle)
    matrix[b, a], matrix[a, b] = math.sin(angle), -math.sin(angle)
    return matrix


def quaternion_of(rotation: np.ndarray) -> np.ndarray:
    """x, y, z, w with w >= 0, by the eigenvector of Bar-Itzhack's matrix: slow, and nothing to get wrong."""
    m = rotation
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]],
            [m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m[0, 0] + m[1, 1] + m[2, 2]],
        ]
    )
    quaternion = np.linalg.eigh(k)[1][:, -1]
    return quaternion if quaternion[3] >= 0 else -quaternion


def a_pose(
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    translation: tuple[float, float, float] = (0.0, 0.0, 4.0),
) -> HeadPose:
    rotation = turn(2, roll) @ turn(1, yaw) @ turn(0, pitch)
    return HeadPose(rotation, np.array(translation), quaternion_of(rotation), np.array([pitch, yaw, roll]), 1.5)


def a_face(
    face_id: int = 0,
    pose: HeadPose | None = None,
    with_pose: bool = True,
    gaze: tuple[float, float] = (0.0, 0.0),
    openness: tuple[float, float] = (1.0, 0.75),
) -> Face:
    """A face whose landmarks are the head's points as the camera sees them."""
    pose = a_pose() if pose is None else pose
    points_3d = head_points(gaze)
    in_camera = -points_3d.astype(np.float64) @ pose.rotation.T + pose.translation
    xy = (in_camera[:, :2] / in_camera[:, 2:] * FOCAL_PX + (WIDTH / 2, HEIGHT / 2)).astype(np.float32)
    (x0, y0), (x1, y1) = xy[:66].min(axis=0), xy[:66].max(axis=0)
    return Face(
        face_id=face_id,
        bounding_box=(float(x0), float(y0), float(x1 - x0), float(y1 - y0)),
        landmarks=Landmarks(xy[:66].copy(), np.linspace(0.5, 0.95, 66, dtype=np.float32)),
        eyes=Eyes(xy[66:68].copy(), np.array(openness, np.float32), np.array([0.8, 0.7], np.float32)),
        pose=pose if with_pose else None,
        points_3d=points_3d if with_pose else None,
        expression=Expression(*(i / 20 - 0.3 for i in range(14))),
        gaze=gaze_vectors(points_3d) if with_pose else None,
    )


def a_result(*faces: Face, index: int = 0, width: int = WIDTH, height: int = HEIGHT) -> FrameResult:
    camera = CameraIntrinsics(width, height, FOCAL_PX * width / WIDTH)
    return FrameResult(index, index * 33_000_000, 1_700_000_000.0 + index / 30, index / 30, camera, faces)


def a_frame(index: int = 0, width: int = WIDTH, height: int = HEIGHT, grey: int = 90) -> Frame:
    bgr = np.full((height, width, 3), grey, np.uint8)
    return Frame(index, bgr, index * 33_000_000, 1_700_000_000.0 + index / 30, index / 30)
