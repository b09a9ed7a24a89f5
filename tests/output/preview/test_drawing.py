from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.output.results import FOCAL_PX, HEIGHT, WIDTH, a_face, a_frame, a_pose, a_result, head_points
from tracker.intrinsics import CameraIntrinsics
from tracker.output.preview.drawing import draw_faces
from tracker.types import Eyes, Face, FrameResult, HeadPose


def drawn(result: FrameResult, level: int, pnp_level: int = 0) -> np.ndarray:
    """(H, W) bool: where anything was drawn."""
    image = a_frame(width=result.width, height=result.height).bgr.copy()
    draw_faces(image, result, level, pnp_level)
    return np.any(image != 90, axis=2)


def near(mask: np.ndarray, point: np.ndarray, radius: int = 4) -> bool:
    x, y = np.round(point).astype(int)
    return bool(mask[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1].any())


def close_by(**changes: float) -> HeadPose:
    return a_pose(translation=(0.0, 0.0, 2.5), **changes)


def test_projected_head_points_fall_on_the_landmarks() -> None:
    face = a_face(pose=a_pose(20, -10, 15, (0.4, -0.2, 3.0)))
    assert face.pose is not None
    camera = CameraIntrinsics(WIDTH, HEIGHT, FOCAL_PX)
    seen = camera.project(face.pose.to_camera(head_points()[:66]))
    assert seen == pytest.approx(face.landmarks.xy - 0.5, abs=1e-3)  # the centre of pixel 0 is at 0, not at 0.5


def test_every_landmark_is_drawn_where_it_is_and_nothing_far_from_the_face() -> None:
    face = a_face(pose=close_by())
    mask = drawn(a_result(face), level=1)
    for point in face.landmarks.xy:
        assert near(mask, point, radius=1)
    rows, columns = np.nonzero(mask)
    x, y, width, height = face.bounding_box
    assert x - 10 < columns.min() and columns.max() < x + width + 10
    assert y - 10 < rows.min() and rows.max() < y + height + 10


def test_each_level_adds_something() -> None:
    result = a_result(a_face(pose=close_by()))
    pixels = [int(drawn(result, level).sum()) for level in (1, 2, 3, 4)]
    assert pixels == sorted(set(pixels))


def test_pnp_level_draws_the_rigid_points_or_all_of_them() -> None:
    face = a_face(pose=close_by())
    plain, rigid, every = (drawn(a_result(face), 1, pnp_level) for pnp_level in (0, 1, 2))
    assert plain.sum() < rigid.sum() < every.sum()
    assert near(rigid & ~plain, face.landmarks.xy[30])
    assert near(every & ~rigid, face.landmarks.xy[50])
    assert not near(rigid & ~plain, face.landmarks.xy[50])


def test_pupil_and_gaze_of_a_closed_eye_are_not_drawn() -> None:
    openness = (1.0, 0.05)
    face = a_face(pose=close_by(), gaze=(0.0, 0.05), openness=openness)
    away = Eyes(np.array([[20, 20], [620, 20]], np.float32), face.eyes.openness, face.eyes.confidence)
    mask = drawn(a_result(dataclasses.replace(face, eyes=away)), level=1)
    assert near(mask, np.array([20, 20]))
    assert not near(mask, np.array([620, 20]), radius=15)


def test_gaze_line_points_where_the_subject_looks() -> None:
    def columns(gaze: tuple[float, float]) -> float:
        face = a_face(pose=close_by(), gaze=gaze)
        away = Eyes(np.array([[320, 40], [320, 40]], np.float32), face.eyes.openness, face.eyes.confidence)
        mask = drawn(a_result(dataclasses.replace(face, eyes=away)), level=1)[:70]
        return float(np.nonzero(mask)[1].mean())

    assert columns((0.06, 0.0)) < 315  # the subject's right is the image's left
    assert columns((-0.06, 0.0)) > 325


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_face_without_a_pose_is_drawn_without_what_needs_one(level: int) -> None:
    face = a_face(pose=close_by(), with_pose=False)
    assert drawn(a_result(face), level, pnp_level=2).any()


def test_face_partly_or_far_outside_the_picture_is_no_trouble() -> None:
    outside = [a_pose(translation=(2.0, 0.0, 2.0)), a_pose(translation=(300.0, 0.0, 2.0)), a_pose(90, 80, 0)]
    behind: Face = a_face(pose=a_pose(translation=(0.0, 0.0, 0.2)))
    for face in (*(a_face(pose=pose) for pose in outside), behind):
        draw_faces(a_frame().bgr.copy(), a_result(face), 4, 2)


def test_frame_without_a_face_stays_as_it_is() -> None:
    assert not drawn(a_result(), level=4).any()
