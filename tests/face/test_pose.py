"""Pose against projections of the reference head, whose pose is known exactly."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.face.head import REFERENCE_HEAD
from tracker.face.points3d import EYEBALL_UP as PUPIL_UP
from tracker.face.points3d import lift, normalise, with_looks
from tracker.face.pose import PoseSolver
from tracker.intrinsics import CameraIntrinsics
from tracker.rotations import euler_from_matrix, quaternion_from_matrix
from tracker.types import Landmarks

CAMERA = CameraIntrinsics.from_fov(640, 360, 53.13010235415598)


def rotation_of(pitch, yaw, roll):
    """Rz(roll) Ry(yaw) Rx(pitch), degrees."""
    x, y, z = (cv2.Rodrigues(np.radians(axis))[0] for axis in ([pitch, 0.0, 0], [0, yaw, 0.0], [0.0, 0, roll]))
    return z @ y @ x


def seen_at(rotation, translation, camera=CAMERA):
    return camera.project(-REFERENCE_HEAD[:66] @ rotation.T + translation)


def solve(xy, solver=None, camera=CAMERA, confidence=1.0):
    sure = np.broadcast_to(np.asarray(confidence, np.float32), (66,)).copy()
    return (solver or PoseSolver()).solve(Landmarks(xy.copy(), sure), REFERENCE_HEAD, camera)


def test_the_default_field_of_view_gives_a_focal_length_of_the_frames_width():
    assert CameraIntrinsics.from_fov(640, 360, 53.13010235415598).focal_px == pytest.approx(640)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-35, 35), st.floats(-65, 65), st.floats(-80, 80), st.floats(-1, 1), st.floats(-0.6, 0.6), st.floats(3, 8)
)
def test_a_projected_pose_is_recovered_from_scratch(pitch, yaw, roll, x, y, z):
    pose = solve(seen_at(rotation_of(pitch, yaw, roll), (x, y, z)))
    assert pose is not None
    np.testing.assert_allclose(pose.euler_deg, (pitch, yaw, roll), atol=0.05)
    np.testing.assert_allclose(pose.translation, (x, y, z), atol=0.01)
    assert pose.error_px < 0.1


def test_a_frame_that_is_not_square_does_not_bias_the_pose():
    for width, height in ((640, 640), (640, 480), (1280, 720), (360, 640)):
        camera = CameraIntrinsics.from_fov(width, height, 53.13)
        pose = solve(seen_at(np.eye(3), (0, 0, 4), camera), camera=camera)
        np.testing.assert_allclose(pose.euler_deg, 0, atol=0.05)
        np.testing.assert_allclose(pose.translation, (0, 0, 4), atol=0.01)


@pytest.mark.parametrize(
    ("angles", "axis", "sign"),
    [((20, 0, 0), 1, 1), ((0, 20, 0), 0, -1)],
    ids=["pitch + nods down", "yaw + turns to the image's left"],
)
def test_the_face_looks_where_its_angles_say(angles, axis, sign):
    outward = rotation_of(*angles) @ np.array([0, 0, -1.0])  # out of the face, in C
    assert np.sign(outward[axis]) == sign


def test_roll_plus_tips_the_top_of_the_head_to_the_images_right():
    top = rotation_of(0, 0, 20) @ np.array([0, -1.0, 0])
    assert top[0] > 0


def test_a_solution_that_fits_nothing_is_not_sent():
    scattered = np.random.default_rng(0).uniform(0, 300, (66, 2))
    assert solve(scattered) is None


def test_a_warm_start_converges_in_one_frame():
    solver = PoseSolver()
    solve(seen_at(rotation_of(0, 0, 0), (0, 0, 5)), solver)
    pose = solve(seen_at(rotation_of(8, 15, -6), (0.2, 0.1, 4.6)), solver)
    np.testing.assert_allclose(pose.euler_deg, (8, 15, -6), atol=0.05)


def test_a_point_that_is_not_believed_moves_the_pose_less():
    xy, sure = seen_at(rotation_of(0, 20, 0), (0, 0, 5)), np.ones(66)
    xy[30] += (8, 12)
    fooled = np.abs(np.subtract(solve(xy).euler_deg, (0, 20, 0))).max()
    sure[30] = 0
    assert np.abs(np.subtract(solve(xy, confidence=sure).euler_deg, (0, 20, 0))).max() < 0.6 * fooled


def test_a_stale_guess_is_retried_from_scratch():
    solver = PoseSolver()
    solve(seen_at(rotation_of(0, 60, 0), (1, 0, 3)), solver)
    pose = solve(seen_at(rotation_of(10, -60, 40), (-1, 0, 7)), solver)
    np.testing.assert_allclose(pose.euler_deg, (10, -60, 40), atol=0.1)


def test_a_head_that_jumps_about_is_never_left_half_way():
    random, solver = np.random.default_rng(0), PoseSolver()
    for _ in range(500):
        angles = random.uniform((-35, -65, -80), (35, 65, 80))
        shift = random.uniform((-1, -0.6, 2.5), (1, 0.6, 9))
        pose = solve(seen_at(rotation_of(*angles), shift), solver)
        np.testing.assert_allclose(pose.euler_deg, angles, atol=0.1)
        np.testing.assert_allclose(pose.translation, shift, atol=0.02)


@given(st.floats(-179, 179), st.floats(-89, 89), st.floats(-179, 179))
@settings(max_examples=100, deadline=None)
def test_euler_angles_and_quaternion_describe_the_rotation(pitch, yaw, roll):
    rotation = rotation_of(pitch, yaw, roll)
    np.testing.assert_allclose(rotation_of(*euler_from_matrix(rotation)), rotation, atol=1e-9)
    x, y, z, w = quaternion_from_matrix(rotation)
    rebuilt = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    np.testing.assert_allclose(rebuilt, rotation, atol=1e-9)
    assert w >= 0


def test_a_neutral_face_lifts_to_the_reference_head_from_any_side():
    for angles in ((0, 0, 0), (15, 40, -20), (-20, -50, 60)):
        xy = seen_at(rotation_of(*angles), (0.3, -0.2, 5))
        pose = solve(xy)
        points = normalise(lift(xy, pose, REFERENCE_HEAD, CAMERA))
        np.testing.assert_allclose(points[:66], REFERENCE_HEAD[:66], atol=2e-3)


def test_an_eyeball_lies_behind_its_eyes_corners():
    xy = seen_at(np.eye(3), (0, 0, 5))
    pose = solve(xy)
    directions = np.array([[0.0, 0.0, 1.0], [0.6, 0.0, 0.8]])
    points, gaze = with_looks(normalise(lift(xy, pose, REFERENCE_HEAD, CAMERA)), directions)
    for k, (pupil, eyeball, corners) in enumerate(((66, 68, (36, 39)), (67, 69, (42, 45)))):
        width = np.linalg.norm(points[corners[0]] - points[corners[1]])
        back = points[list(corners)].mean(axis=0) - points[eyeball]
        assert abs(back[1] + PUPIL_UP * width) < 0.02 * width and back[2] == pytest.approx(0.385 * width, rel=0.05)
        np.testing.assert_allclose(points[pupil] - points[eyeball], gaze[k], atol=1e-6)
        np.testing.assert_allclose(gaze[k] / np.linalg.norm(gaze[k]), directions[k], atol=1e-3)
