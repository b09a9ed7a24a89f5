"""Gaze from hand-made readings of both eyes."""

import numpy as np
import pytest

from tracker.face.eyes import EyeReading
from tracker.face.gaze import corners_of
from tracker.face.gaze_direction import MOST_REST_DEG, GazeMemory, looks
from tracker.face.head import REFERENCE_HEAD
from tracker.intrinsics import CameraIntrinsics
from tracker.look import look_angles, look_vectors
from tracker.rotations import matrix_from_euler
from tracker.types import HeadPose

CAMERA = CameraIntrinsics(640, 360, 640.0)
OPEN, SHUT = np.ones(2), np.zeros(2)


def pose_of(pitch=0.0, yaw=0.0, roll=0.0, at=(0.0, 0.0, 6.0)):
    return HeadPose.from_rotation(matrix_from_euler(pitch, yaw, roll), np.array(at), 0.0)


def points_of(pose):
    seen = pose.to_camera(REFERENCE_HEAD[:66])
    return CAMERA.project(seen).astype(np.float32)


def reading(pose, gaze, apart=0.0):
    """Of a perfect eye network, for eyes that look `gaze` degrees to the subject's left and up in the head."""
    xy, places = points_of(pose), pose.to_camera(REFERENCE_HEAD[[68, 69]])
    in_head = np.array([[gaze[0] + apart, gaze[1]], [gaze[0] - apart, gaze[1]]])
    in_image, upright = [], []
    for angles, place, (start, end) in zip(in_head, places, ((36, 39), (42, 45)), strict=True):
        x, y, z = pose.rotation @ -look_vectors(np.array([angles]))[0]
        line = (xy[end] - xy[start]) / np.linalg.norm(xy[end] - xy[start])
        sight = place / np.linalg.norm(place)
        axis = np.cross(sight, (0, 0, 1))
        cos, sin = sight[2], np.linalg.norm(axis)
        v = np.array([x, y, z])
        if sin > 1e-12:
            k = axis / sin
            v = v * cos + np.cross(k, v) * sin + k * (k @ v) * (1 - cos)
        across, down = line[0] * v[0] + line[1] * v[1], -line[1] * v[0] + line[0] * v[1]
        in_image.append(np.degrees([np.arctan2(across, -v[2]), np.arcsin(-down)]))
        upright.append(complex(*line))
    pair = np.ones(2)
    return EyeReading(
        np.zeros((12, 2)), (0j, 0j), 0.3 * pair, 0 * pair, pair, in_head, np.array(in_image), upright, pair,
        0 * pair, pair,
    )  # fmt: skip


@pytest.mark.parametrize(
    "pose", [pose_of(), pose_of(15, 25, 0), pose_of(-20, -30, 35), pose_of(10, -10, -20, (1.5, -0.8, 5.0))]
)
def test_a_gaze_seen_from_the_camera_is_turned_back_into_the_head(pose):
    for gaze in ((0.0, 0.0), (15.0, -10.0), (-20.0, 12.0)):
        found = looks(reading(pose, gaze), corners_of(points_of(pose)), pose, CAMERA, OPEN)
        assert (found.head_yaw, found.head_pitch) == pytest.approx(gaze, abs=1e-6)
        assert (found.seen_yaw, found.seen_pitch) == pytest.approx(gaze, abs=0.5)  # corners are not the eyes' centres


def test_angles_and_vectors_are_each_others_inverse():
    angles = np.array([[0.0, 0.0], [25.0, -10.0], [-30.0, 20.0]])
    np.testing.assert_allclose(look_angles(look_vectors(angles)), angles, atol=1e-9)
    left_up = look_vectors(np.array([[45.0, 30.0]]))[0]
    assert left_up[0] < 0 < left_up[1]  # x is to the subject's right


def follow(memory, gaze, seconds, start_s=0.0, usable=OPEN, learn=True, pose=None, apart=0.0):
    pose = pose or pose_of()
    for k in range(max(1, round(seconds * 30))):
        now_s = start_s + k / 30
        corners = corners_of(points_of(pose))
        angles = memory.update(reading(pose, gaze, apart), usable, corners, pose, CAMERA, now_s, learn)
    return np.array(angles)


def test_gaze_holds_while_the_eyes_are_closed_and_both_follow_an_open_one():
    memory = GazeMemory(0.0, 0.0)
    before = follow(memory, (12.0, 0.0), 0)
    np.testing.assert_array_equal(follow(memory, (-30.0, -20.0), 0, 0.1, SHUT), before)
    wink = follow(memory, (-15.0, 0.0), 0, 0.2, np.array([0.0, 1.0]))
    assert wink[:, 0].max() < -5


def test_crossed_eyes_are_seen_as_such():
    memory = GazeMemory(0.0, 0.0)
    right, left = follow(memory, (0.0, 0.0), 1, apart=-4.0)
    assert right[0] == pytest.approx(left[0], abs=0.1), "what is usual is no squint"
    right, left = follow(memory, (0.0, 0.0), 0, 1.1, apart=10.0)
    assert right[0] - left[0] > 5


def test_where_somebody_mostly_looks_slowly_becomes_straight_ahead():
    memory = GazeMemory(0.0, 0.0)
    first = follow(memory, (0.0, -5.0), 0)[:, 1].mean()
    later = follow(memory, (0.0, -5.0), 120, 0.1)[:, 1].mean()
    assert abs(later) < 0.4 * abs(first)
    assert follow(memory, (0.0, -25.0), 0, 200)[:, 1].mean() < first - 5, "a look down is still one"


def test_a_rest_is_bounded_and_a_glance_teaches_nothing():
    memory, untaught = GazeMemory(0.0, 0.0), GazeMemory(0.0, 0.0)
    once = follow(untaught, (20.0, 0.0), 0)[:, 0].mean()
    follow(memory, (20.0, 0.0), 60)
    assert follow(memory, (20.0, 0.0), 0, 61)[:, 0].mean() == pytest.approx(once), "too far away to be a rest"
    follow(memory, (11.0, 0.0), 600, 70)
    rested = follow(memory, (20.0, 0.0), 0, 700)[:, 0].mean()
    assert once - rested <= MOST_REST_DEG + 1e-6
